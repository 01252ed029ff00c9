"""Marks of faults that a cell written as text would not show: ``[CT209] 1604591025698235000``."""

import re
from collections.abc import Sequence
from typing import Final

#: Rules whose fault is gone when the cell is written as text: what readers saw of quotes, bytes and typed cells, and
#: what only the neighbors of a record show.
MARKED_CODES: Final = frozenset({"CT006", "CT007", "CT008", "CT014", "CT015", "CT020", "CT209", "CT610"})
#: Records of a text file that are marked: writing more takes minutes, and nobody mends so many by hand.
MAX_RECORDS: Final = 250_000
MARK: Final = re.compile(r"\[(CT[0-9]{3})\] ?")


def mark_cells(cells: list[str], faults: Sequence[tuple[str, int | None]], width: int, first: int = 0) -> list[str]:
    """The cells of a record with a mark in each that text alone would make sound.

    Args:
        cells: As they are in the source.
        faults: Code of the rule, and position of the cell; ``None``: a cell with bytes that are no text, or with a
            quote, or the first.
        width: Cells of a complete record; a record of another width needs no mark where that shows.
        first: Position of the first cell of the source: the columns of rejects are before it.
    """
    marked = list(cells)
    for code, position in faults:
        at = position
        if code == "CT008" and len(cells) != width:
            continue  # it shows by itself
        if at is None or at >= len(cells):
            suspect = [number for sign in ("\ufffd", '"') for number, cell in enumerate(cells) if sign in cell]
            at = next(iter(suspect), first)
        if at < len(marked) and not MARK.match(marked[at]):
            marked[at] = f"[{code}] {marked[at]}"
    return marked
