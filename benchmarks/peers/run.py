"""The shared rules by calltools and by its peers, on the same files in the same run.

``make bench-peers`` measures all; ``make bench-peers OPTIONS="--sizes 10M --rounds 1"`` a part, which is merged into
``benchmarks/results/peers.json`` by size and peer. The table and the plot are made of that file. The file of
10,000,000 records takes 1.7 GB of the temporary folder (``TMPDIR``) while it is measured.
"""

import argparse
import compileall
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.peers import gate, plot, table
from benchmarks.peers.participants import PARTICIPANTS
from benchmarks.run import AS_OF, TOOL, StoppedError, measure_peak, measure_seconds

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE.parent / "results"
#: What runs longer is not repeated.
_LONG_S: Final = 60
_GATE_RECORDS: Final = 10_000
_UNITS: Final = {"k": 1_000, "M": 1_000_000}


def command(name: str, file: Path, report: Path) -> list[str]:
    """How a participant is run."""
    if name == "floor":
        return [sys.executable, str(HERE.parent / "floor.py"), str(file), ",", "utf-8"]
    if name == "calltools":
        options = ["--as-of", AS_OF, "--report", str(report), "--force", "--max-findings", "20"]
        return [*TOOL, "validate", str(file), *options]
    return [str(HERE / ".venv" / "bin" / "python"), str(HERE / f"{name}.py"), str(file), str(report)]


def generate(folder: Path, records: int) -> Path:
    """A canonical file; the same bytes for the same number."""
    path = folder / f"{records}.csv"
    maker = [sys.executable, str(HERE.parent / "generate.py"), "canonical", str(records), str(path)]
    measure_seconds(maker, highest_exit_code=0)
    return path


def compare_reports(folder: Path, names: list[str], records: int) -> dict[str, Any]:
    """What each peer reports on a small file, compared with what calltools reports."""
    file = folder / "gate.csv"
    gate.write_file(generate(folder, records), file)
    reports = {name: folder / f"{name}.report.csv" for name in ("calltools", *names)}
    for name, report in reports.items():
        subprocess.run(command(name, file, report), check=name != "calltools", stdout=subprocess.DEVNULL)
    return {
        name: gate.compare(
            gate.reported_by_calltools(reports["calltools"], phones_in_full=PARTICIPANTS[name].phones_in_full),
            gate.reported_by_peer(reports[name]),
        )
        for name in names
    }


def measure(file: Path, names: list[str], rounds: int, limit: float) -> dict[str, Any]:
    """The peak of each participant, then its seconds in turns with the others."""
    report = file.with_suffix(".report.csv")
    memory = psutil.virtual_memory().available * 3 / 4 / (1 << 20)
    load = round(os.getloadavg()[0], 1)
    stopped: dict[str, str] = {}
    peaks: dict[str, float] = {}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            if name in stopped or (turn > 1 and max(seconds[name]) > _LONG_S):
                continue
            # All are compared with the floor, so that it may take what it takes; calltools ends with 1 for findings.
            limits = math.inf if name == "floor" else limit, int(name == "calltools")
            try:
                if turn:
                    seconds[name].append(measure_seconds(command(name, file, report), *limits))
                else:
                    peaks[name] = measure_peak(command(name, file, report), *limits, memory)
            except StoppedError as error:
                stopped[name] = str(error).partition(":")[0]
            said = stopped.get(name) or (f"{seconds[name][-1]:.2f} s" if turn else f"{peaks[name]:,.0f} MiB")
            print(f"  {name}: {said}", flush=True)
    floor = statistics.median(seconds["floor"])
    about = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "load": load}
    return {
        name: about | {"stopped": stopped[name]}
        if name in stopped
        else about
        | {
            "seconds": round(statistics.median(seconds[name]), 3),
            "floor": round(floor, 3),
            "peak_mib": round(peaks[name]),
            "rounds": len(seconds[name]),
        }
        for name in names
    }


def merge(results: dict[str, Any], measured: dict[str, Any], records: int) -> None:
    """Put figures in place of the older ones of the same size and participant."""
    sizes = results.setdefault("sizes", {})
    sizes.setdefault(str(records), {}).update(measured)
    results["sizes"] = {size: sizes[size] for size in sorted(sizes, key=int)}


def write(results: dict[str, Any], folder: Path) -> None:
    """Write the figures, the table and the plot."""
    folder.mkdir(exist_ok=True)
    (folder / "peers.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "peers.md").write_text(table.table(results), encoding="utf-8")
    (folder / "peers.svg").write_text(plot.plot(results), encoding="utf-8")


def _sizes(text: str) -> list[int]:
    return sorted(int(size.rstrip("kM")) * _UNITS.get(size[-1], 1) for size in text.split(",") if size)


def main() -> None:
    """Measure, and write after each size."""
    peers = [name for name in PARTICIPANTS if name not in {"floor", "calltools"}]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", default="10k,100k,1M,10M", type=_sizes, help="numbers of records; '': only table and plot anew"
    )
    parser.add_argument("--peers", default=",".join(peers), help=", ".join(peers))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=300, help="seconds of a run")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder")
    options = parser.parse_args()
    chosen = options.peers.split(",")
    if unknown := sorted(set(chosen) - set(peers)):
        parser.error(f"unknown peers: {', '.join(unknown)}")
    # Installed packages have bytecode: otherwise each start would compile the source where bytecode is not written.
    compileall.compile_dir(HERE.parent.parent / "calltools", quiet=1)
    stored = options.results / "peers.json"
    results = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    left_out: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="calltools-peers-") as place:
        folder = Path(place)
        if options.sizes:
            results.setdefault("gate", {}).update(compare_reports(folder, chosen, _GATE_RECORDS))
        for records in options.sizes:
            print(f"{records:,} records", flush=True)
            names = ["floor", "calltools", *(name for name in chosen if name not in left_out)]
            file = generate(folder, records)
            measured = measure(file, names, options.rounds, options.limit)
            file.unlink()
            left_out |= {name: figures for name, figures in measured.items() if "stopped" in figures}
            merge(results, left_out | measured, records)
            write(results, options.results)
    write(results, options.results)
    print(table.table(results))


if __name__ == "__main__":
    main()
