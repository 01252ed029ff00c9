"""The styles of a workbook, to which ours are added: every other one keeps its number."""

import re
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.workbook.package import UnknownPackageError
from calltools.reports.workbook.sheet_rows import SEVERITY_FILLS

_MEMBER: Final = {
    "fonts": re.compile(r"<font\s*/>|<font[\s>].*?</font>", re.DOTALL),
    "fills": re.compile(r"<fill\s*/>|<fill[\s>].*?</fill>", re.DOTALL),
    "cellXfs": re.compile(r"<xf(?:\s[^>]*)?/>|<xf(?:\s[^>]*)?>.*?</xf>", re.DOTALL),
}
_TEXT_FORMAT: Final = "49"
_COUNT_FORMAT: Final = "3"
_HEAD_FILL: Final = "2F3E4E"


@dataclass(slots=True)
class _StyleList:
    """The members of one list of the styles."""

    name: str
    members: list[str]
    known: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.known = {member: number for number, member in reversed(list(enumerate(self.members)))}

    @classmethod
    def parse(cls, name: str, text: str) -> "_StyleList":
        found = re.search(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>", text, re.DOTALL)
        if found is None:
            raise UnknownPackageError(name)
        members = _MEMBER[name].findall(found[1])
        if re.sub(r"\s", "", "".join(members)) != re.sub(r"\s", "", found[1]):
            raise UnknownPackageError(name)
        return cls(name, members)

    def number_of(self, member: str) -> int:
        if member not in self.known:
            self.known[member] = len(self.members)
            self.members.append(member)
        return self.known[member]

    def write_into(self, text: str) -> str:
        listed = f'<{self.name} count="{len(self.members)}">{"".join(self.members)}</{self.name}>'
        return re.sub(rf"<{self.name}(?:\s[^>]*)?>.*?</{self.name}>", lambda _: listed, text, count=1, flags=re.DOTALL)


class StyleTable:
    """Styles by number.

    Attributes:
        ours: Numbers of styles with a fill of ours: what an earlier run marked.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._marked: dict[tuple[int, Severity], int] = {}
        self._fonts, self._fills, self._cells = (_StyleList.parse(name, text) for name in ("fonts", "fills", "cellXfs"))
        shades = {
            str(number)
            for number, fill in enumerate(self._fills.members)
            if any(f'"FF{color}"' in fill for color in SEVERITY_FILLS.values())
        }
        self.own_styles = frozenset(
            number for number, cell in enumerate(self._cells.members) if _attribute(cell, "fillId") in shades
        )

    def marked_style(self, base: int, severity: Severity) -> int:
        """A style with another fill."""
        if (base, severity) not in self._marked:
            self._marked[base, severity] = self._derive_style(
                base, fillId=str(self._fill_number(SEVERITY_FILLS[severity])), applyFill="1"
            )
        return self._marked[base, severity]

    def unmarked_style(self, base: int) -> int:
        """A style without fill."""
        return self._derive_style(base, fillId="0", applyFill="0")

    def header_style(self) -> int:
        """Of titles."""
        font = self._fonts.number_of('<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>')
        return self._add_style(font, self._fill_number(_HEAD_FILL), '<alignment vertical="center" wrapText="1"/>')

    def title_style(self) -> int:
        """Of the headline."""
        return self._add_style(self._fonts.number_of('<font><b/><sz val="16"/><name val="Calibri"/></font>'), 0, "")

    def severity_style(self, severity: Severity) -> int:
        """Of the word that says how bad it is."""
        return self._add_style(
            self._plain_font(), self._fill_number(SEVERITY_FILLS[severity]), '<alignment vertical="top"/>'
        )

    def text_style(self, *, wrapped: bool = True, quoted: bool = False) -> int:
        """Of a text; quoted: which stays one whatever it begins with."""
        folding = '<alignment vertical="top" wrapText="1"/>' if wrapped else '<alignment vertical="top"/>'
        return self._add_style(self._plain_font(), 0, folding, ' quotePrefix="1"' if quoted else "")

    def count_style(self) -> int:
        """Of a number of findings."""
        alignment = '<alignment horizontal="center" vertical="top"/>'
        return self._add_style(self._plain_font(), 0, alignment, form=_COUNT_FORMAT)

    def link_style(self) -> int:
        """Of a link."""
        font = '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font>'
        return self._add_style(self._fonts.number_of(font), 0, '<alignment vertical="top"/>')

    def to_xml(self) -> str:
        """The part, with ours."""
        text = self._text
        for members in (self._fonts, self._fills, self._cells):
            text = members.write_into(text)
        return text

    def _plain_font(self) -> int:
        return self._fonts.number_of('<font><sz val="11"/><name val="Calibri"/></font>')

    def _add_style(self, font: int, fill: int, alignment: str, more: str = "", form: str = _TEXT_FORMAT) -> int:
        return self._cells.number_of(
            f'<xf numFmtId="{form}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"{more}'
            f' applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1">{alignment}</xf>'
        )

    def _fill_number(self, color: str) -> int:
        return self._fills.number_of(_fill_xml(color))

    def _derive_style(self, base: int, **attributes: str) -> int:
        if base >= len(self._cells.members):
            raise UnknownPackageError("style")
        member = self._cells.members[base]
        tag = re.match(r"<xf[^>]*?(?=/?>)", member)
        if tag is None:
            raise UnknownPackageError("style")
        head = tag[0]
        for name, value in attributes.items():
            head = re.sub(rf'\s{name}="[^"]*"', "", head) + f' {name}="{value}"'
        return self._cells.number_of(head + member[tag.end() :])


def _fill_xml(color: str) -> str:
    return (
        f'<fill><patternFill patternType="solid"><fgColor rgb="FF{color}"/><bgColor indexed="64"/></patternFill></fill>'
    )


def _attribute(tag: str, name: str) -> str:
    found = re.match(rf'<xf[^>]*?\s{name}="([^"]*)"', tag)
    return found[1] if found else ""
