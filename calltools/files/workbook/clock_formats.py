"""Which dates of an xlsx are shown with a time of day: of a call at midnight only the format of its cell tells.

calamine gives a date without a fraction of a day alike, whether its cell shows hours or not.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook.error_cells import XlsxSheetWalk
from calltools.files.workbook.package import find_main_part, read_elements, read_relations, resolve_part_name

#: Built-in formats that show hours (ECMA-376, part 1, 18.8.30; the binary formats have the same).
_BUILT_IN: Final = frozenset({18, 19, 20, 21, 22, 46})
#: What a format shows as it is: text in quotes, an escaped character, a color or a language in brackets.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\])[^\]]*\]', re.IGNORECASE)

#: A cell: row and column, from 0.
Cell = tuple[int, int]


def shows_hours(code: str) -> bool:
    """Whether a number format shows hours."""
    return "h" in _LITERAL.sub("", code).lower()


def find_xlsx_clock_cells(path: Path, part: str, wanted: Collection[Cell]) -> frozenset[Cell]:
    """Those of the cells whose format shows hours.

    Args:
        path: The workbook.
        part: Name of the sheet's part, as ``find_sheet_parts`` gives it.
        wanted: Cells to look at.

    Raises:
        DoctypeError: A part declares a document type.
        expat.ExpatError: It is not well-formed XML.
        KeyError: A part is not there.
    """
    with ZipFile(path) as package:
        styles = _clock_styles(package)
        walk = _StyleWalk(wanted)
        with package.open(resolve_part_name(package, part)) as stream:
            walk.read(stream)
    return frozenset(cell for cell, style in walk.styles.items() if style in styles)


def _clock_styles(package: ZipFile) -> frozenset[str]:
    """The numbers of the cell styles whose format shows hours."""
    relations = read_relations(package, find_main_part(package)).values()
    part = next((target for kind, target in relations if kind.endswith("/styles")), None)
    if part is None:
        return frozenset()
    codes = {
        _to_number(one.get("numFmtId", "")): one.get("formatCode", "") for one in read_elements(package, part, "numFmt")
    }
    formats = [_to_number(one.get("numFmtId", "")) for one in read_elements(package, part, "xf", within="cellXfs")]
    return frozenset(map(str, styles_with_hours(formats, codes)))


def _to_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def styles_with_hours(formats: Sequence[int], codes: Mapping[int, str]) -> frozenset[int]:
    """The numbers of the cell styles that show hours.

    Args:
        formats: The number format of each style.
        codes: Number format -> its code, for those that are not built in.
    """
    return frozenset(
        style
        for style, number in enumerate(formats)
        if (shows_hours(codes[number]) if number in codes else number in _BUILT_IN)
    )


class _StyleWalk(XlsxSheetWalk):
    """Notes the style of some cells."""

    def __init__(self, wanted: Collection[Cell]) -> None:
        super().__init__()
        self._wanted = wanted
        self.styles: dict[Cell, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Called at the start of an element."""
        super().start(tag, attributes)
        if tag.endswith(" c") and self.cell in self._wanted:
            self.styles[self.cell] = attributes.get("s", "0")
