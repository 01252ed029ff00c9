"""CPU seconds of two or more checkouts that take turns with one command: what a change costs on a noisy machine.

``python benchmarks/turns.py --rounds 7 OLD NEW -- validate calls.csv --as-of 1773100800``: OLD and NEW are folders that
hold a ``calltools``. ``NEW:program.py`` runs that program first, in the same process, to switch one setting off.

CPU time (user and system, with child processes) depends far less on what else the machine does than elapsed time.
"""

import argparse
import compileall
import os
import random
import statistics
import sys
from pathlib import Path

# As users have it: where hypothesis is installed, pandera loads it, which takes a tenth of a second.
_PROGRAM = "import sys; sys.modules['hypothesis'] = None\n{first}\nfrom calltools.__main__ import main; main()"


def cpu_seconds(variant: str, command: list[str]) -> float:
    """User and system time of one run with all its children; the run may end with findings."""
    root, _, first = variant.partition(":")
    program = _PROGRAM.format(first=Path(first).read_text(encoding="utf-8") if first else "")
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-c", program, *command],
        os.environ | {"PYTHONPATH": root},
        file_actions=silent,
    )
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in {0, 1}:
        sys.exit(f"failed: {variant}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print the least, the median and the most of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("variants", nargs="+", metavar="FOLDER[:PROGRAM]")
    split = sys.argv.index("--")
    options, command = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]
    for variant in options.variants:
        # Installed packages have bytecode. A run writes none where PYTHONDONTWRITEBYTECODE is set.
        compileall.compile_dir(Path(variant.partition(":")[0]) / "calltools", quiet=1)
        cpu_seconds(variant, command)
    measured: dict[str, list[float]] = {variant: [] for variant in options.variants}
    for _ in range(options.rounds):
        for variant in random.sample(options.variants, len(options.variants)):
            measured[variant].append(cpu_seconds(variant, command))
    for variant, seconds in measured.items():
        print(f"{min(seconds):6.2f} {statistics.median(seconds):6.2f} {max(seconds):6.2f}  {variant}")


if __name__ == "__main__":
    main()
