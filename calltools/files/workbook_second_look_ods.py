"""The second look at a sheet of an OpenDocument workbook: error cells, and formulas without a value."""

from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook_odd_cells import CellIssues
from calltools.files.workbook_parts import resolve_part_name, create_xml_parser

ODS_CONTENT: Final = "content.xml"
_CELL_TAGS: Final = frozenset({"table-cell", "covered-table-cell"})
#: A repeated odd cell is named this often and no more: whole empty columns are written as one repetition.
_MAX_REPEATS: Final = 10_000


def find_ods_issues(path: Path, sheet: str) -> CellIssues:
    """The odd cells of one sheet.

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
    """Walks through the content and remembers where it is; rows and cells may be repeated."""

    def __init__(self, sheet: str) -> None:
        self.issues = CellIssues()
        self._sheet = sheet
        self._in_sheet = False
        self._row, self._row_repeats = 0, 0
        self._column, self._column_repeats = 0, 0
        self._issue = ""
        self._text_parts: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
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
        """Text of an error cell is what it shows."""
        if self._issue == "error":
            self._text_parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.rpartition(" ")[2]
        if name == "table":
            self._in_sheet = False
        elif name in _CELL_TAGS and self._in_sheet and self._issue:
            self._add_issues()

    def _add_issues(self) -> None:
        text = "".join(self._text_parts).strip()
        for row in range(self._row, self._row + min(self._row_repeats, _MAX_REPEATS)):
            for column in range(self._column, self._column + min(self._column_repeats, _MAX_REPEATS // self._row_repeats or 1)):
                if self._issue == "error":
                    self.issues.add_error(row, column, text)
                else:
                    self.issues.add_uncached_formula(row, column)


def _issue_of(here: dict[str, str], attributes: dict[str, str]) -> str:
    # LibreOffice writes an error as text in ``office:value-type`` and says so in its own namespace beside it.
    if any(key.endswith(" value-type") and value == "error" for key, value in attributes.items()):
        return "error"
    return "hollow" if "formula" in here and "value-type" not in here else ""


def _repeat_count(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else 1
