"""Cells that the library gives as empty and that are not."""

from dataclasses import dataclass, field
from typing import Final

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
    """Cells that calamine gives as empty and that are not.

    Attributes:
        errors: Row from 0 -> column from 0 -> error text.
        hollow: Row from 0 -> columns from 0 with a formula and no stored value.
    """

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    uncached_formulas: dict[int, set[int]] = field(default_factory=dict)

    def add_error(self, row: int, column: int, error: str | int) -> None:
        """Take an error cell: its text, or the code of a binary format."""
        if 0 <= row < _MAX_SHEET_ROWS and 0 <= column < _MAX_SHEET_COLUMNS:
            text = _ERROR_TEXTS.get(error, _UNKNOWN_ERROR) if isinstance(error, int) else error or _UNKNOWN_ERROR
            self.errors.setdefault(row, {})[column] = text

    def add_uncached_formula(self, row: int, column: int) -> None:
        """Take a formula without a stored value."""
        if 0 <= row < _MAX_SHEET_ROWS and 0 <= column < _MAX_SHEET_COLUMNS:
            self.uncached_formulas.setdefault(row, set()).add(column)

    def row_count(self) -> int:
        """How many rows of the sheet reach to the last of them."""
        return max([-1, *self.errors, *self.uncached_formulas]) + 1
