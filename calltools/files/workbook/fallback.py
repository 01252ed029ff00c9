"""In the child process: what calamine cannot open, or not in little memory, by openpyxl, under the same limits.

A cell takes ten times as long.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, cast

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from calltools.files.workbook.cells import CellValue

_EMPTY_ROW: Final[list[CellValue]] = []


class FallbackSheet:
    """A sheet with what is used of calamine's.

    Attributes:
        start: Row and column of A1.
        end: Row and column, from 0, of the last filled cell; ``None``: there is none.
        part: Name of the sheet's part in the package.
    """

    start = (0, 0)

    def __init__(self, worksheet: ReadOnlyWorksheet, most_cells: int) -> None:
        self.part = str(getattr(worksheet, "_worksheet_path", "")).lstrip("/")  # openpyxl says it nowhere else
        self._rows: list[list[CellValue]] = []
        width = filled_rows = 0
        for cells in cast("Iterable[tuple[object, ...]]", worksheet.iter_rows(values_only=True)):  # type: ignore[misc]  # its stub names the class that it is not
            row = _EMPTY_ROW
            # Before a stray cell there may be a million empty rows.
            if cells.count(None) < len(cells):
                row = ["" if cell is None else cast("CellValue", cell) for cell in cells]
                while row and row[-1] == "":
                    row.pop()
            self._rows.append(row)
            if row:
                width, filled_rows = max(width, len(row)), len(self._rows)
            if width * len(self._rows) > most_cells:
                break
        del self._rows[filled_rows:]
        self.end = (filled_rows - 1, width - 1) if filled_rows else None

    def iter_rows(self) -> Iterator[list[CellValue]]:
        """The rows, all of the same length."""
        width = 0 if self.end is None else self.end[1] + 1
        return (row + [""] * (width - len(row)) for row in self._rows)


class FallbackWorkbook:
    """A workbook with what is used of calamine's.

    Attributes:
        sheet_names: Titles of all sheets, those that cannot be read included.
        visible: Titles of the visible ones that can be read.
        hidden: Titles of the hidden ones that can be read.
    """

    def __init__(self, path: Path) -> None:
        # A stream, because openpyxl believes the ending of a path.
        reader = _TolerantReader(path.open("rb"), read_only=True, data_only=True, keep_links=False)
        reader.read()
        # A sheet of charts has no cells.
        self._sheets = {one.title: cast("ReadOnlyWorksheet", one) for one in reader.wb.worksheets}
        self.sheet_names = reader.listed
        self.visible = [title for title, one in self._sheets.items() if one.sheet_state == "visible"]
        self.hidden = [title for title in self._sheets if title not in self.visible]

    def load(self, title: str, most_cells: int) -> FallbackSheet:
        """A sheet with its cells; of one with more cells than these a part."""
        return FallbackSheet(self._sheets[title], most_cells)


class _TolerantReader(ExcelReader):
    """openpyxl's reader, which skips a sheet whose relation is missing instead of giving up."""

    def read_workbook(self) -> None:
        super().read_workbook()
        self.listed = [sheet.name for sheet in self.parser.sheets]
        known = {str(getattr(relation, "Id", relation)) for relation in self.parser.rels}
        self.parser.sheets = [sheet for sheet in self.parser.sheets if not sheet.id or sheet.id in known]
