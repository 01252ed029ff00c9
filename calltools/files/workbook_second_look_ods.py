"""The second look at a sheet of an OpenDocument workbook: error cells, and formulas without a value."""

from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook_odd_cells import OddCells
from calltools.files.workbook_parts import named, parser

CONTENT: Final = "content.xml"
_CELLS: Final = frozenset({"table-cell", "covered-table-cell"})
#: A repeated odd cell is named this often and no more: whole empty columns are written as one repetition.
_REPEATED: Final = 10_000


def ods_odd_cells(path: Path, sheet: str) -> OddCells:
    """The odd cells of one sheet.

    Args:
        path: The workbook.
        sheet: Title of the sheet.

    Raises:
        DoctypeError: The content declares a document type.
        expat.ExpatError: It is not well-formed XML.
    """
    walk = _Content(sheet)
    reader = parser()
    reader.StartElementHandler = walk.start
    reader.EndElementHandler = walk.end
    reader.CharacterDataHandler = walk.text
    with ZipFile(path) as package, package.open(named(package, CONTENT)) as stream:
        reader.ParseFile(stream)
    return walk.found


class _Content:
    """Walks through the content and remembers where it is; rows and cells may be repeated."""

    def __init__(self, sheet: str) -> None:
        self.found = OddCells()
        self._sheet = sheet
        self._inside = False
        self._row, self._rows = 0, 0
        self._column, self._columns = 0, 0
        self._kind = ""
        self._said: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition(" ")[2]
        here = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "table":
            self._inside = here.get("name") == self._sheet
            self._row = self._rows = 0
        elif name == "table-row":
            self._row += self._rows
            self._rows = _count(here.get("number-rows-repeated"))
            self._column = self._columns = 0
        elif name in _CELLS:
            self._column += self._columns
            self._columns = _count(here.get("number-columns-repeated"))
            self._kind = _kind(here, attributes)
            self._said = []

    def text(self, text: str) -> None:
        """Text of an error cell is what it shows."""
        if self._kind == "error":
            self._said.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.rpartition(" ")[2]
        if name == "table":
            self._inside = False
        elif name in _CELLS and self._inside and self._kind:
            self._take()

    def _take(self) -> None:
        text = "".join(self._said).strip()
        for row in range(self._row, self._row + min(self._rows, _REPEATED)):
            for column in range(self._column, self._column + min(self._columns, _REPEATED // self._rows or 1)):
                if self._kind == "error":
                    self.found.add_error(row, column, text)
                else:
                    self.found.add_hollow(row, column)


def _kind(here: dict[str, str], attributes: dict[str, str]) -> str:
    # LibreOffice writes an error as text in ``office:value-type`` and says so in its own namespace beside it.
    if any(key.endswith(" value-type") and value == "error" for key, value in attributes.items()):
        return "error"
    return "hollow" if "formula" in here and "value-type" not in here else ""


def _count(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else 1
