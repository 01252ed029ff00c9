"""Limits: how much memory, time and disk one file may take before the run stops with an error.

Light: imports nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost.

    Attributes:
        workbook_unpacked: Bytes of all parts of a workbook, unpacked.
        entry_ratio: Unpacked to packed bytes of one part over ``entry_ratio_from`` bytes.
        entry_ratio_from: Parts up to this size may be packed as well as they like.
        filled_cells: Cells of the sheets that are looked at, from the first filled one to the last.
        seconds: Reading one workbook.
        child_memory: Address space of the process that reads a workbook, in bytes.
        columns: Columns of a table.
        record_bytes: One record of a CSV.
        quoted_bytes: One quoted cell of a CSV.
    """

    workbook_unpacked: int = 2 << 30
    entry_ratio: int = 200
    entry_ratio_from: int = 100 << 10
    filled_cells: int = 50_000_000
    seconds: int = 300
    child_memory: int = 3 << 30
    columns: int = 16_384
    record_bytes: int = 16 << 20
    quoted_bytes: int = 64 << 20
