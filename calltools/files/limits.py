"""Limits: how much memory, time and disk one file may take before the run stops with an error.

Light: imports nothing heavy.
"""

import re
from dataclasses import dataclass, fields
from typing import Final

from calltools.errors import UsageError

_UNITS: Final = {None: 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one file may cost.

    Attributes:
        workbook_unpacked: Unpacked bytes of all parts of a workbook.
        unpacked: Bytes that a packed file, or a member of an archive, may unpack to.
        fetched: Bytes of a file that is read from an address or a pipe.
        fetch_seconds: Seconds that one may take to arrive.
        entry_ratio: Unpacked bytes for each packed byte of a part, or of a file, larger than ``entry_ratio_from``.
        entry_ratio_from: Unpacked bytes up to which a part may have any ratio.
        filled_cells: Cells of the sheets that are read, in the rectangles from A1 to the last filled cell.
        seconds: Seconds to read one workbook.
        child_memory: Bytes of address space of the process that reads a workbook.
        columns: Columns of a table.
        record_bytes: Bytes of a record of a CSV.
        quoted_bytes: Bytes of a quoted cell of a CSV.
    """

    workbook_unpacked: int = 2 << 30
    unpacked: int = 16 << 30
    fetched: int = 16 << 30
    fetch_seconds: int = 3600
    entry_ratio: int = 200
    entry_ratio_from: int = 100 << 10
    filled_cells: int = 50_000_000
    seconds: int = 300
    child_memory: int = 3 << 30
    columns: int = 16_384
    record_bytes: int = 16 << 20
    quoted_bytes: int = 64 << 20


def parse_limits(given: list[str]) -> Limits:
    """The limits of a reader, with those that the user raises.

    Raises:
        UsageError: One is not ``NAME=VALUE`` with a name and an amount that are known.
    """
    names = {field.name.replace("_", "-"): field.name for field in fields(Limits)}
    limits: dict[str, int] = {}
    for text in given:
        name, _, value = text.partition("=")
        size = re.fullmatch(r"([1-9][0-9]{0,15}) ?([KMG]iB)?", value.strip())
        if name.strip() not in names or not size:
            raise UsageError("limit-unreadable", given=text, names=", ".join(names))
        limits[names[name.strip()]] = int(size[1]) * _UNITS[size[2]]
    return Limits(**limits)
