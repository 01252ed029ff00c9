"""What jobs cost beside the conversions that they do: CPU seconds of ``calltools run`` over 200 jobs of a small file.

``python benchmarks/jobs.py [--rounds N]``. The same files converted by one ``calltools convert -o DIR/`` are the
measure; the aim is twice that. The runs take turns, and the least of the rounds counts: the machine may be busy.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from many import cpu_seconds

JOBS = 200
SAMPLE = Path(__file__).parent.parent / "samples" / "sipuni" / "export.csv"
OPTIONS = ("--timezone", "Europe/Moscow", "--static-call", "1")
JOB = """
[[jobs]]
name = "{number}"
inputs = "in/{number}.csv"
output = "jobs/"
timezone = "Europe/Moscow"
static-call = "1"
"""


def build_project(folder: Path) -> None:
    """Jobs of one small file each."""
    (folder / "in").mkdir()
    for number in range(JOBS):
        shutil.copyfile(SAMPLE, folder / "in" / f"{number}.csv")
    (folder / "calltools.toml").write_text("".join(JOB.format(number=number) for number in range(JOBS)))


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    calltools = str(Path(sys.executable).parent / "calltools")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build_project(folder)
        os.chdir(folder)
        os.environ["CALLTOOLS_STATE_DIR"] = str(folder / "state")
        convert = [calltools, "convert", "in/", "-o", "converted/", "--force", "--jobs", "1", *OPTIONS]
        turns = [(cpu_seconds(convert), cpu_seconds([calltools, "run", "--all"])) for _ in range(rounds)]
    converting, running = (min(column) for column in zip(*turns, strict=True))
    print(
        f"{JOBS} jobs: {running:.1f} s of CPU; their conversions alone: {converting:.1f} s; {running / converting:.2f}x"
    )


if __name__ == "__main__":
    main()
