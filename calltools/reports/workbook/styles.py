"""The styles of a workbook: ours are added behind the user's, which keep their numbers."""

import re
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.workbook.package import UnknownPackageError

#: Fill of a marked cell by severity: pale enough to read black text on, and one step beside the shades that Excel
#: offers, so that a fill of the user is never taken for a mark.
SEVERITY_FILLS: Final = {Severity.ERROR: "FFC8CE", Severity.WARNING: "FFEB9D", Severity.NOTE: "DDEBF8"}
_MEMBER: Final = {
    "fonts": re.compile(r"<font\s*/>|<font[\s>].*?</font>", re.DOTALL),
    "fills": re.compile(r"<fill\s*/>|<fill[\s>].*?</fill>", re.DOTALL),
    "cellXfs": re.compile(r"<xf(?:\s[^>]*)?/>|<xf(?:\s[^>]*)?>.*?</xf>", re.DOTALL),
}
#: Numbers of built-in formats: text, and a number with thousands separators.
_TEXT_FORMAT: Final = "49"
_COUNT_FORMAT: Final = "3"
_HEADER_FILL: Final = "2F3E4E"


@dataclass(slots=True)
class _StyleList:
    """The members of one list of the styles part, as XML; a member is known by its place."""

    name: str
    members: list[str]
    numbers: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {member: number for number, member in reversed(list(enumerate(self.members)))}

    @classmethod
    def parse(cls, name: str, text: str) -> "_StyleList":
        found = re.search(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>", text, re.DOTALL)
        if found is None:
            raise UnknownPackageError(name)
        members = _MEMBER[name].findall(found[1])
        # Anything between the members, a comment or an extension, would be lost when the list is written.
        if re.sub(r"\s", "", "".join(members)) != re.sub(r"\s", "", found[1]):
            raise UnknownPackageError(name)
        return cls(name, members)

    def number_of(self, member: str) -> int:
        if member not in self.numbers:
            self.numbers[member] = len(self.members)
            self.members.append(member)
        return self.numbers[member]

    def write_into(self, text: str) -> str:
        listed = f'<{self.name} count="{len(self.members)}">{"".join(self.members)}</{self.name}>'
        return re.sub(rf"<{self.name}(?:\s[^>]*)?>.*?</{self.name}>", lambda _: listed, text, count=1, flags=re.DOTALL)


class StyleTable:
    """The cell styles of a workbook, by number.

    Attributes:
        own_styles: Numbers of styles with the fill of a mark: an earlier run marked these cells.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._marked: dict[tuple[int, Severity], int] = {}
        self._fonts, self._fills, self._cells = (_StyleList.parse(name, text) for name in ("fonts", "fills", "cellXfs"))
        own_fills = {
            str(number)
            for number, fill in enumerate(self._fills.members)
            if any(f'"FF{color}"' in fill for color in SEVERITY_FILLS.values())
        }
        self.own_styles = frozenset(
            number for number, cell in enumerate(self._cells.members) if _attribute(cell, "fillId") in own_fills
        )

    def marked_style(self, base: int, severity: Severity) -> int:
        """The style ``base`` with the fill of a mark."""
        if (base, severity) not in self._marked:
            self._marked[base, severity] = self._derive_style(
                base, fillId=str(self._fill_number(SEVERITY_FILLS[severity])), applyFill="1"
            )
        return self._marked[base, severity]

    def unmarked_style(self, base: int) -> int:
        """The style ``base`` without fill."""
        return self._derive_style(base, fillId="0", applyFill="0")

    def header_style(self) -> int:
        """The style of titles of columns."""
        font = self._fonts.number_of('<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>')
        return self._add_style(font, self._fill_number(_HEADER_FILL), '<alignment vertical="center" wrapText="1"/>')

    def title_style(self) -> int:
        """The style of the headline."""
        return self._add_style(self._fonts.number_of('<font><b/><sz val="16"/><name val="Calibri"/></font>'), 0, "")

    def severity_style(self, severity: Severity) -> int:
        """The style of a severity in our sheets."""
        return self._add_style(
            self._plain_font(), self._fill_number(SEVERITY_FILLS[severity]), '<alignment vertical="top"/>'
        )

    def text_style(self, *, wrapped: bool = True, quoted: bool = False) -> int:
        """The style of text; quoted text stays text whatever its first character is."""
        alignment = '<alignment vertical="top" wrapText="1"/>' if wrapped else '<alignment vertical="top"/>'
        return self._add_style(self._plain_font(), 0, alignment, ' quotePrefix="1"' if quoted else "")

    def count_style(self) -> int:
        """The style of a number of findings."""
        alignment = '<alignment horizontal="center" vertical="top"/>'
        return self._add_style(self._plain_font(), 0, alignment, form=_COUNT_FORMAT)

    def link_style(self) -> int:
        """The style of a link."""
        font = '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font>'
        return self._add_style(self._fonts.number_of(font), 0, '<alignment vertical="top"/>')

    def to_xml(self) -> str:
        """The styles part with the added styles."""
        text = self._text
        for style_list in (self._fonts, self._fills, self._cells):
            text = style_list.write_into(text)
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
