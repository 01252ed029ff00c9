"""A second look at a sheet: error cells and formulas without a stored value, which calamine gives as empty.

Taken only where a search of the sheet's bytes found a sign of either. It walks through the XML once with
expat, keeps nothing but those cells, and refuses a document type.
"""

import re
from pathlib import Path
from typing import IO, Final
from zipfile import ZipFile

from calltools.files.workbook_odd_cells import CellIssues
from calltools.files.workbook_parts import resolve_part_name, create_xml_parser

_CELL_ADDRESS: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")


def find_xlsx_issues(path: Path, part: str) -> CellIssues:
    """The odd cells of one sheet of an xlsx or xlsm workbook.

    Args:
        path: The workbook.
        part: Name of the sheet's part, as ``sheet_parts`` gives it.

    Raises:
        DoctypeError: The sheet declares a document type.
        expat.ExpatError: It is not well-formed XML.
    """
    with ZipFile(path) as package, package.open(resolve_part_name(package, part)) as stream:
        return _XlsxSheetWalk().read(stream)


class _XlsxSheetWalk:
    """Walks through one sheet and remembers where it is: addresses may be left out of the XML."""

    def __init__(self) -> None:
        self._issues = CellIssues()
        self._row, self._column = -1, -1
        self._cell_type: str | None = None
        self._has_formula = False
        self._value: list[str] | None = None

    def read(self, stream: IO[bytes]) -> CellIssues:
        """Walk through all of it."""
        reader = create_xml_parser()
        reader.StartElementHandler = self._start
        reader.EndElementHandler = self._end
        reader.CharacterDataHandler = self._text
        reader.ParseFile(stream)
        return self._issues

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._move_to(attributes.get("r"))
            self._cell_type, self._has_formula, self._value = attributes.get("t"), False, None
        elif name == "v":
            self._value = []
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) - 1 if given.isascii() and given.isdigit() else self._row + 1
            self._column = -1

    def _move_to(self, address: str | None) -> None:
        match = _CELL_ADDRESS.fullmatch(address or "")
        if match is None:
            self._column += 1
            return
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        self._row, self._column = int(match[2]) - 1, column - 1

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] != "c":
            return
        value, self._value = "".join(self._value or ()).strip(), None
        if self._cell_type == "e":
            self._issues.add_error(self._row, self._column, value)
        elif self._has_formula and not value and self._cell_type != "str":
            self._issues.add_uncached_formula(self._row, self._column)
