"""Ratios of whole processes to the floor, measured in one run.

``make bench`` runs all of it; ``run.py --only validate --records 1000000`` a part.

Floor and ours take turns; the figures are medians. Machines are shared and noisy: trust ratios, not seconds.
"""

import argparse
import compileall
import math
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).parent
DATA = HERE / "data"
AS_OF = "1773100800"
# As users have it: where a developer has installed hypothesis, pandera loads it, which takes a tenth of a second.
TOOL = [
    sys.executable,
    "-c",
    "import sys; sys.modules['hypothesis'] = None; from calltools.__main__ import main; main()",
]


class StoppedError(Exception):
    """A run failed, or was stopped at a limit; its text says which."""


@dataclass(frozen=True)
class Case:
    """What is measured, the floor that it is compared with, and the aim."""

    name: str
    ours: list[str]
    floor: list[str]
    target: str


def measure_seconds(command: list[str], limit: float = math.inf, highest_exit_code: int = 1) -> float:
    """Seconds that a process takes.

    Raises:
        StoppedError: It took longer than ``limit``, or failed; 1 is how a run ends that has findings.
    """
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=None if math.isinf(limit) else limit,
        )
    except subprocess.TimeoutExpired:
        raise StoppedError(f"> {limit:,.0f} s") from None
    _refuse_failure(done.returncode, highest_exit_code, command)
    return time.perf_counter() - started


def measure_peak(
    command: list[str],
    limit: float = math.inf,
    highest_exit_code: int = 1,
    limit_mib: float = math.inf,
) -> float:
    """The peak in MiB of a process and its children together; memory that they share is counted once.

    This is a run of its own, because reading the memory of processes takes time.

    Raises:
        StoppedError: It took longer than ``limit`` seconds, more memory than ``limit_mib``, or failed.
    """
    highest = 0.0
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        first = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.Error):
                highest = max(highest, sum(map(_own_share, [first, *first.children(recursive=True)])) / (1 << 20))
            too_long = time.perf_counter() - started > limit
            if too_long or highest > limit_mib:
                process.kill()
                raise StoppedError(f"> {limit:,.0f} s" if too_long else f"> {limit_mib:,.0f} MiB")
            time.sleep(0.01)
    _refuse_failure(process.returncode, highest_exit_code, command)
    return highest


def _refuse_failure(exit_code: int, highest: int, command: list[str]) -> None:
    if not 0 <= exit_code <= highest:
        raise StoppedError(f"failed ({exit_code}): {' '.join(command)}")


def _own_share(process: psutil.Process) -> int:
    """Bytes of a process; a page that several processes share counts in part, where the system reports it."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", memory.rss))


def generated_file(kind: str, count: int, ending: str) -> Path:
    """The path of a generated file, which is made once."""
    DATA.mkdir(exist_ok=True)
    path = DATA / f"{kind}-{count}{ending}"
    if not path.exists():
        measure_seconds([sys.executable, str(HERE / "generate.py"), kind, str(count), str(path)], highest_exit_code=0)
    return path


def list_cases(records: int | None) -> list[Case]:
    """All promises of the project about speed."""
    python, tool = sys.executable, TOOL
    report = str(DATA / "findings.csv")
    listed: list[Case] = []
    large = [
        (kind, records or count, target)
        for kind, count, target in (
            ("canonical", 1_000_000, "<= 3x"),
            ("canonical", 5_000_000, "<= 2.8x"),
            ("near_clean", 1_000_000, "<= 2.2x"),
        )
    ]
    for kind, count, target in large if records is None else [large[0], large[2]]:
        path = str(generated_file(kind, count, ".csv"))
        validate = [*tool, "validate", path, "--as-of", AS_OF, "--report", report, "--force", "--max-findings", "20"]
        floor = [python, str(HERE / "floor.py"), path, ",", "utf-8"]
        words = "near-clean records" if kind == "near_clean" else "records"
        listed.append(Case(f"validate {count:,} {words}", validate, floor, target))
    count = records or 1_000_000
    path = str(generated_file("vendor", count, ".csv"))
    convert = [*tool, "convert", path, "--timezone", "Europe/Moscow", "--static-call", "1", "--as-of", AS_OF,
               "-o", str(DATA / "out.csv"), "--force", "--max-findings", "20"]  # fmt: skip
    listed.append(
        Case(f"convert {count:,} records", convert, [python, str(HERE / "floor.py"), path, ";", "cp1251"], "<= 4x")
    )
    listed += _adversarial_cases(tool)
    workbook = str(generated_file("workbook", 100_000, ".xlsx"))
    check = [*tool, "validate", workbook, "--as-of", AS_OF, "--max-findings", "20"]
    listed.append(Case("workbook 100,000 x 15", check, [python, str(HERE / "floor_workbook.py"), workbook], "<= 3x"))
    marked = [*check, "--report", str(DATA / "marked.xlsx"), "--force"]
    listed.append(
        Case("marked workbook 100,000 x 15", marked, [python, str(HERE / "floor_workbook.py"), workbook], "-")
    )
    small = str(generated_file("canonical", 20, ".csv"))
    nothing = [python, "-c", "pass"]
    listed.append(Case("help", [*tool, "--help"], nothing, "<= 150 ms"))
    listed.append(Case("validate 20 records", [*tool, "validate", small, "--as-of", AS_OF], nothing, "<= 300 ms"))
    return listed


def _adversarial_cases(tool: list[str]) -> list[Case]:
    """Damaged and odd files, compared with sound ones."""
    clean, quotes, cell = (
        [*tool, "validate", str(generated_file(kind, count, ".csv")), "--as-of", AS_OF, "--max-findings", "20"]
        for kind, count in (("plain", 200_000), ("quotes", 200_000), ("multiline", 500_000))
    )
    return [
        Case("a bare quote in 200,000 lines", quotes, clean, "<= 10x"),
        Case("a cell of 5 MB, 500,000 lines", cell, clean, "<= 4x"),
    ]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--records", type=int, help="instead of 1,000,000 and 5,000,000")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    # Installed packages have bytecode: otherwise each start would compile the source where bytecode is not written.
    compileall.compile_dir(HERE.parent / "calltools", quiet=1)
    print(f"{'case':<30} {'ours s':>8} {'floor s':>8} {'ratio':>6} {'target':>10} {'peak MiB':>9}")
    for case in list_cases(options.records):
        if options.only not in case.name:
            continue
        rounds = [(measure_seconds(case.floor), measure_seconds(case.ours)) for _ in range(options.rounds)]
        floor, ours = (statistics.median(one[side] for one in rounds) for side in (0, 1))
        memory = measure_peak(case.ours)
        print(
            f"{case.name:<30} {ours:>8.2f} {floor:>8.2f} {ours / floor:>6.2f} {case.target:>10} {memory:>9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
