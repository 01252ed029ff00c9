"""Error cells and formulas without a stored value in xlsx and ods.

calamine gives both as empty, so a sheet that shows a sign of either is walked once more with expat. An error cell has a
text such as #N/A; an uncached formula has none.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from zipfile import ZipFile

from calltools.files.workbook.package import ODS_CONTENT, create_xml_parser, resolve_part_name

#: Rows and columns of the largest sheet there is.
_MAX_SHEET_ROWS: Final = 1_048_576
_MAX_SHEET_COLUMNS: Final = 16_384
#: Error codes of the binary formats (BErr in [MS-XLS] 2.5.10 and [MS-XLSB] 2.5.97.2).
_ERROR_TEXTS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
_UNKNOWN_ERROR: Final = "#ERROR"


@dataclass(slots=True)
class CellIssues:
    """Cells that calamine gives as empty, although they are not, or cut.

    Attributes:
        errors: Row from 0 -> column from 0 -> error text.
        uncached_formulas: Row from 0 -> columns from 0 with a formula and no stored value.
        texts: Row from 0 -> column from 0 -> whole text.
    """

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    uncached_formulas: dict[int, set[int]] = field(default_factory=dict)
    texts: dict[int, dict[int, str]] = field(default_factory=dict)

    def add_error(self, row: int, column: int, error: str | int) -> None:
        """Add an error cell.

        Args:
            row: From 0; a damaged file may name one beyond the sheet, which is dropped.
            column: From 0, likewise.
            error: Text of the error, or its code in a binary format.
        """
        if 0 <= row < _MAX_SHEET_ROWS and 0 <= column < _MAX_SHEET_COLUMNS:
            text = _ERROR_TEXTS.get(error, _UNKNOWN_ERROR) if isinstance(error, int) else error or _UNKNOWN_ERROR
            self.errors.setdefault(row, {})[column] = text

    def add_text(self, row: int, column: int, text: str) -> None:
        """Add a text that calamine cuts."""
        self.texts.setdefault(row, {})[column] = text

    def add_uncached_formula(self, row: int, column: int) -> None:
        """Add a formula without a stored value."""
        if 0 <= row < _MAX_SHEET_ROWS and 0 <= column < _MAX_SHEET_COLUMNS:
            self.uncached_formulas.setdefault(row, set()).add(column)

    def row_count(self) -> int:
        """Number of the last row with an issue, from 1; 0: there is none."""
        return max([-1, *self.errors, *self.uncached_formulas]) + 1


_CELL_ADDRESS: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")


def find_xlsx_issues(path: Path, part: str) -> CellIssues:
    """The error cells and uncached formulas of one sheet of an xlsx or xlsm workbook.

    Args:
        path: The workbook.
        part: Name of the sheet's part, as ``find_sheet_parts`` gives it.

    Raises:
        DoctypeError: The sheet declares a document type.
        expat.ExpatError: It is not well-formed XML.
    """
    with ZipFile(path) as package, package.open(resolve_part_name(package, part)) as stream:
        return XlsxSheetWalk().read(stream)


class XlsxSheetWalk:
    """Walks through the XML of one sheet and counts rows and columns: cells need not have an address."""

    def __init__(self) -> None:
        self._issues = CellIssues()
        self._row, self._column = -1, -1
        self._cell_type: str | None = None
        self._has_formula = False
        self._value: list[str] | None = None

    def read(self, stream: IO[bytes]) -> CellIssues:
        """Walk through all of it."""
        reader = create_xml_parser()
        reader.StartElementHandler = self.start
        reader.EndElementHandler = self._end
        reader.CharacterDataHandler = self._text
        reader.ParseFile(stream)
        return self._issues

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the last cell that began, from 0."""
        return self._row, self._column

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Called at the start of an element."""
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
        # Letters are digits to the base 26, from A = 1.
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
        # A formula whose text is empty has type "str" and is no issue.
        if self._cell_type == "e":
            self._issues.add_error(self._row, self._column, value)
        elif self._has_formula and not value and self._cell_type != "str":
            self._issues.add_uncached_formula(self._row, self._column)


_CELL_TAGS: Final = frozenset({"table-cell", "covered-table-cell"})
#: A repeated cell is reported this often at most: ods writes whole empty columns as one cell with a repetition.
_MAX_REPEATS: Final = 10_000


def find_ods_issues(path: Path, sheet: str) -> CellIssues:
    """The error cells and uncached formulas of one sheet of an ods workbook.

    Args:
        path: The workbook.
        sheet: Title of the sheet.

    Raises:
        DoctypeError: The content declares a document type.
        expat.ExpatError: It is not well-formed XML.
    """
    walk = _OdsContentWalk(sheet)
    reader = create_xml_parser()
    reader.StartElementHandler = walk.start
    reader.EndElementHandler = walk.end
    reader.CharacterDataHandler = walk.text
    with ZipFile(path) as package, package.open(resolve_part_name(package, ODS_CONTENT)) as stream:
        reader.ParseFile(stream)
    return walk.issues


class _OdsContentWalk:
    """Walks through the XML of all sheets and counts rows and columns of one; rows and cells may be repeated."""

    def __init__(self, sheet: str) -> None:
        self.issues = CellIssues()
        self._sheet = sheet
        self._in_sheet = False
        self._row, self._row_repeats = 0, 0
        self._column, self._column_repeats = 0, 0
        self._issue = ""
        self._text_parts: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Called at the start of an element."""
        name = tag.rpartition(" ")[2]
        here = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "table":
            self._in_sheet = here.get("name") == self._sheet
            self._row = self._row_repeats = 0
        elif name == "table-row":
            self._row += self._row_repeats
            self._row_repeats = _repeat_count(here.get("number-rows-repeated"))
            self._column = self._column_repeats = 0
        elif name in _CELL_TAGS:
            self._column += self._column_repeats
            self._column_repeats = _repeat_count(here.get("number-columns-repeated"))
            self._issue = _issue_of(here, attributes)
            self._text_parts = []

    def text(self, text: str) -> None:
        """Called with text; of an error cell it is the name of the error."""
        if self._issue == "error":
            self._text_parts.append(text)

    def end(self, tag: str) -> None:
        """Called at the end of an element."""
        name = tag.rpartition(" ")[2]
        if name == "table":
            self._in_sheet = False
        elif name in _CELL_TAGS and self._in_sheet and self._issue:
            self._add_issues()

    def _add_issues(self) -> None:
        text = "".join(self._text_parts).strip()
        for row in range(self._row, self._row + min(self._row_repeats, _MAX_REPEATS)):
            for column in range(
                self._column, self._column + min(self._column_repeats, _MAX_REPEATS // self._row_repeats or 1)
            ):
                if self._issue == "error":
                    self.issues.add_error(row, column, text)
                else:
                    self.issues.add_uncached_formula(row, column)


def _issue_of(here: dict[str, str], attributes: dict[str, str]) -> str:
    # LibreOffice writes an error as text in ``office:value-type``, and as an error in the attribute of that name in its
    # own namespace.
    if any(key.endswith(" value-type") and value == "error" for key, value in attributes.items()):
        return "error"
    return "uncached" if "formula" in here and "value-type" not in here else ""


def _repeat_count(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else 1
