"""The styles of a workbook, to which ours are added: every other one keeps its number."""

import re
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.workbook.listing import FILLS
from calltools.reports.workbook.package import UnknownPackageError

_MEMBER: Final = {
    "fonts": re.compile(r"<font\s*/>|<font[\s>].*?</font>", re.DOTALL),
    "fills": re.compile(r"<fill\s*/>|<fill[\s>].*?</fill>", re.DOTALL),
    "cellXfs": re.compile(r"<xf(?:\s[^>]*)?/>|<xf(?:\s[^>]*)?>.*?</xf>", re.DOTALL),
}
_TEXT_FORMAT: Final = "49"
_COUNT_FORMAT: Final = "3"
_HEAD_FILL: Final = "2F3E4E"


@dataclass(slots=True)
class _Members:
    """The members of one list of the styles."""

    name: str
    members: list[str]
    known: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.known = {member: number for number, member in reversed(list(enumerate(self.members)))}

    @classmethod
    def of(cls, name: str, text: str) -> "_Members":
        found = re.search(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>", text, re.DOTALL)
        if found is None:
            raise UnknownPackageError(name)
        members = _MEMBER[name].findall(found[1])
        if re.sub(r"\s", "", "".join(members)) != re.sub(r"\s", "", found[1]):
            raise UnknownPackageError(name)
        return cls(name, members)

    def number(self, member: str) -> int:
        if member not in self.known:
            self.known[member] = len(self.members)
            self.members.append(member)
        return self.known[member]

    def into(self, text: str) -> str:
        listed = f'<{self.name} count="{len(self.members)}">{"".join(self.members)}</{self.name}>'
        return re.sub(rf"<{self.name}(?:\s[^>]*)?>.*?</{self.name}>", lambda _: listed, text, count=1, flags=re.DOTALL)


class Styles:
    """Styles by number.

    Attributes:
        ours: Numbers of styles with a fill of ours: what an earlier run marked.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._marked: dict[tuple[int, Severity], int] = {}
        self._fonts, self._fills, self._cells = (_Members.of(name, text) for name in ("fonts", "fills", "cellXfs"))
        shades = {
            str(number)
            for number, fill in enumerate(self._fills.members)
            if any(f'"FF{color}"' in fill for color in FILLS.values())
        }
        self.ours = frozenset(
            number for number, cell in enumerate(self._cells.members) if _attribute(cell, "fillId") in shades
        )

    def marked(self, base: int, severity: Severity) -> int:
        """A style with another fill."""
        if (base, severity) not in self._marked:
            self._marked[base, severity] = self._with(base, fillId=str(self._fill(FILLS[severity])), applyFill="1")
        return self._marked[base, severity]

    def plain(self, base: int) -> int:
        """A style without fill."""
        return self._with(base, fillId="0", applyFill="0")

    def head(self) -> int:
        """Of titles."""
        font = self._fonts.number('<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>')
        return self._made(font, self._fill(_HEAD_FILL), '<alignment vertical="center" wrapText="1"/>')

    def title(self) -> int:
        """Of the headline."""
        return self._made(self._fonts.number('<font><b/><sz val="16"/><name val="Calibri"/></font>'), 0, "")

    def shade(self, severity: Severity) -> int:
        """Of the word that says how bad it is."""
        return self._made(self._plain_font(), self._fill(FILLS[severity]), '<alignment vertical="top"/>')

    def text(self, *, wrapped: bool = True, quoted: bool = False) -> int:
        """Of a text; quoted: which stays one whatever it begins with."""
        folding = '<alignment vertical="top" wrapText="1"/>' if wrapped else '<alignment vertical="top"/>'
        return self._made(self._plain_font(), 0, folding, ' quotePrefix="1"' if quoted else "")

    def count(self) -> int:
        """Of a number of findings."""
        alignment = '<alignment horizontal="center" vertical="top"/>'
        return self._made(self._plain_font(), 0, alignment, form=_COUNT_FORMAT)

    def link(self) -> int:
        """Of a link."""
        font = '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font>'
        return self._made(self._fonts.number(font), 0, '<alignment vertical="top"/>')

    def written(self) -> str:
        """The part, with ours."""
        text = self._text
        for members in (self._fonts, self._fills, self._cells):
            text = members.into(text)
        return text

    def _plain_font(self) -> int:
        return self._fonts.number('<font><sz val="11"/><name val="Calibri"/></font>')

    def _made(self, font: int, fill: int, alignment: str, more: str = "", form: str = _TEXT_FORMAT) -> int:
        return self._cells.number(
            f'<xf numFmtId="{form}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"{more}'
            f' applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1">{alignment}</xf>'
        )

    def _fill(self, color: str) -> int:
        return self._fills.number(_fill(color))

    def _with(self, base: int, **attributes: str) -> int:
        if base >= len(self._cells.members):
            raise UnknownPackageError("style")
        member = self._cells.members[base]
        tag = re.match(r"<xf[^>]*?(?=/?>)", member)
        if tag is None:
            raise UnknownPackageError("style")
        head = tag[0]
        for name, value in attributes.items():
            head = re.sub(rf'\s{name}="[^"]*"', "", head) + f' {name}="{value}"'
        return self._cells.number(head + member[tag.end() :])


def _fill(color: str) -> str:
    return (
        f'<fill><patternFill patternType="solid"><fgColor rgb="FF{color}"/><bgColor indexed="64"/></patternFill></fill>'
    )


def _attribute(tag: str, name: str) -> str:
    found = re.match(rf'<xf[^>]*?\s{name}="([^"]*)"', tag)
    return found[1] if found else ""
