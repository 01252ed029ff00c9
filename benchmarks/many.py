"""What a further small file costs: CPU seconds of all processes of a run, user and system.

``python benchmarks/many.py [--rounds N] [--only NAME]``. The records are the same in one file and in many; the runs
take turns. The machine may be busy: CPU seconds say more than the clock, and the least of the rounds more than others.
"""

import argparse
import csv
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from run import AS_OF, DATA, generated_file

RECORDS = 200
CONVERT = ("--timezone", "Europe/Moscow", "--static-call", "1", "-o", str(DATA / "many-out.csv"), "--force")


@dataclass(frozen=True)
class Case:
    """Many files, the same records in one file, and the aim."""

    name: str
    one: Path
    many: Path
    files: int
    command: str
    options: tuple[str, ...]
    aim: str


def cpu_seconds(command: list[str]) -> float:
    """CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode > 1:
        sys.exit(f"failed: {' '.join(command)}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def split_file(
    path: Path, encoding: str, delimiter: str, write: "Callable[[Path, list[list[str]]], None]", ending: str
) -> Path:
    """The folder with the records of a CSV in files of 200; made once."""
    folder = path.with_name(f"{path.stem}-split{ending}")
    if folder.exists():
        return folder
    folder.mkdir()
    with path.open(encoding=encoding, newline="") as stream:
        header, *records = csv.reader(stream, delimiter=delimiter)
    for number in range(len(records) // RECORDS):
        rows = [header, *records[number * RECORDS : (number + 1) * RECORDS]]
        write(folder / f"part-{number:05}{ending}", rows)
    return folder


def write_csv(encoding: str, delimiter: str) -> "Callable[[Path, list[list[str]]], None]":
    """A function that writes rows as a CSV."""

    def write(path: Path, rows: list[list[str]]) -> None:
        with path.open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(rows)

    return write


def write_workbook(path: Path, rows: list[list[str]]) -> None:
    """Write rows as a workbook of text cells."""
    import xlsxwriter  # noqa: PLC0415 - heavy, and only here

    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Calls")
        for number, cells in enumerate(rows):
            for position, cell in enumerate(cells):
                sheet.write_string(number, position, cell)


def list_cases() -> list[Case]:
    """A hundred files of each sort, and two thousand."""
    calls, large = (generated_file("canonical", count, ".csv") for count in (100 * RECORDS, 2000 * RECORDS))
    vendor = generated_file("vendor", 100 * RECORDS, ".csv")
    plain = write_csv("utf-8", ",")
    parts = split_file(calls, "utf-8", ",", plain, ".csv")
    exports = split_file(vendor, "cp1251", ";", write_csv("cp1251", ";"), ".csv")
    workbooks = split_file(calls, "utf-8", ",", write_workbook, ".xlsx")
    all_parts = split_file(large, "utf-8", ",", plain, ".csv")
    return [
        Case("validate, 100 CSV", calls, parts, 100, "validate", (), "<= 12 ms"),
        Case("convert, 100 exports", vendor, exports, 100, "convert", CONVERT, "<= 15 ms"),
        Case("validate, 100 workbooks", calls, workbooks, 100, "validate", (), "<= 60 ms"),
        Case("validate, 2,000 CSV", large, all_parts, 2000, "validate", (), "<= 2x"),
    ]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="1")
    options = parser.parse_args()
    alone = "import sys; sys.modules['hypothesis'] = None; from calltools.__main__ import main; main()"
    print(f"{'case':<26} {'one file s':>10} {'many s':>8} {'ratio':>6} {'a further file':>15} {'aim':>9}")
    for case in list_cases():
        if options.only not in case.name:
            continue
        common = ["--as-of", AS_OF, "--jobs", options.jobs, *case.options]
        base = [sys.executable, "-c", alone, case.command]
        rounds = [
            (cpu_seconds([*base, str(case.one), *common]), cpu_seconds([*base, str(case.many), *common]))
            for _ in range(options.rounds)
        ]
        one, many = (statistics.median(each[side] for each in rounds) for side in (0, 1))
        further = 1000 * (many - one) / (case.files - 1)
        print(
            f"{case.name:<26} {one:>10.2f} {many:>8.2f} {many / one:>6.2f} {further:>12.1f} ms {case.aim:>9}",
            flush=True,
        )


if __name__ == "__main__":
    main()
