"""Peaks of memory on damaged files: both processes together, what they share counted once.

``python benchmarks/memory.py`` makes the files in ``data/`` and prints a table; ``--only NAME`` a part of it. The aim
is 600 MiB for each. What is measured is held by tests that count records, bytes and findings, not memory.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path

from openpyxl import Workbook
from run import AS_OF, DATA, measure_peak

_HEADER = "ClientId,DateTime,PhoneNumber,Tag\n"
_CALL = "1604591025698235234,1773014400,+74950001234,x\n"
_AIM_MIB = 600


def text_file(*parts: Iterator[str] | tuple[str, ...]) -> Callable[[Path], None]:
    """What writes the parts, one after the other, into a file."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(chain((_HEADER, _CALL), *parts, (_CALL.replace("400", "401"),)))

    return write


def stray_cell(path: Path) -> None:
    """A workbook of two calls, the second one in the last row there is."""
    book = Workbook()
    sheet = book.active
    sheet.append(_HEADER.strip().split(","))
    for row in (2, 1_048_576):
        for column, cell in enumerate(_CALL.strip().split(","), start=1):
            sheet.cell(row, column, cell)
    book.save(path)


def stray_cell_beside(path: Path) -> None:
    """A workbook of one call, and a cell in column 30 of the last row there is."""
    book = Workbook()
    for line in (_HEADER, _CALL):
        book.active.append(line.strip().split(","))
    book.active["AD1048576"] = "x"
    book.save(path)


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "2,000,000 empty lines": ("blank.csv", text_file(repeat("\n", 2_000_000))),
    "1,000,000 lines of commas": ("commas.csv", text_file(repeat(",,,\n", 1_000_000))),
    "a stray cell in the last row": ("stray.xlsx", stray_cell),
    "a stray cell in column 30 of it": ("beside.xlsx", stray_cell_beside),
    "1,000,000 ragged records": ("ragged.csv", text_file(repeat(_CALL[:-3] + "\n", 1_000_000))),
    "2,000,000 lines of one letter": ("letters.csv", text_file(repeat("a\n", 2_000_000))),
    "an unclosed quote before 6,000,000 lines": (
        "unclosed.csv",
        text_file(('1604591025698235234,1773014400,,"x\n',), repeat("some text\n", 6_000_000)),
    ),
}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    options = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    for name, (file, write) in CASES.items():
        if options.only not in name:
            continue
        path = DATA / file
        if not path.exists():
            write(path)
        report = ["--report", str(DATA / "findings.json"), "--force", "--max-findings", "20", "--as-of", AS_OF]
        peak = measure_peak([sys.executable, "-m", "calltools", "validate", str(path), *report])
        print(f"{name:<45} {peak:>6.0f} MiB{'' if peak <= _AIM_MIB else '  too much'}", flush=True)


if __name__ == "__main__":
    main()
