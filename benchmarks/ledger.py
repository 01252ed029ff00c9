"""Planning an upload against a large ledger: seconds and peak memory of a whole process.

``python benchmarks/ledger.py --known 1000000 --calls 100000``. The promise: at most 3 s and 200 MiB for planning.
The ledger is made by calltools: uploads are planned, reserved and accepted.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADER = "ClientId,DateTime,StaticCall,Price,Currency,PhoneNumber,TalkDuration,HoldDuration,CallMissed,Tag,URL\n"
COUNTER = 12345678
PROGRAM = """
import resource, sys, time
from pathlib import Path
from calltools import ledger
begun = time.perf_counter()
step, folder, file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
with ledger.open_ledger_in(folder, time.time) as open_ledger:
    opened = time.perf_counter()
    plan = ledger.plan_upload(open_ledger, file, {counter})
    planned = time.perf_counter()
    if step != "plan":
        with ledger.hold_counter(open_ledger, {counter}):
            parts = ledger.reserve(open_ledger, plan, goal="g", source="bench.csv")
            reserved = time.perf_counter()
            if step == "accept":
                for n, part in enumerate(parts):
                    ledger.begin_attempt(open_ledger, part.id)
                    ledger.finish_attempt(open_ledger, part.id, ledger.Acked(n + 1, part.rows, part.rows))
    else:
        reserved = planned
heavy = [name for name in ("pandas", "pandera") if name in sys.modules]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"opened {{opened - begun:.2f}} s, planned {{planned - opened:.2f}} s, reserved {{reserved - planned:.2f}} s, "
      f"peak {{peak:.0f}} MiB, sent {{plan.records_to_send}} of {{plan.records}} in {{len(plan.parts)}} part(s), "
      f"loaded {{heavy}}")
"""


def write_calls(path: Path, first: int, count: int) -> None:
    """Invented calls: the number of a call is in its id, its time and its phone."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for n in range(first, first + count):
            stream.write(
                f"160459{n:013d},{1772434800 + n % 900_000},0,{n % 5000}.50,RUB,+7495000{n % 10_000:04d},"
                f'{n % 600},{n % 60},0,"отдел, {n % 7}",https://example.com/catalog/{n % 300}\n'
            )


def run(step: str, folder: Path, file: Path) -> str:
    """Run one step in its own process."""
    start = time.perf_counter()
    program = PROGRAM.format(counter=COUNTER)
    done = subprocess.run([sys.executable, "-c", program, step, folder, file], capture_output=True, check=True)
    return f"whole {time.perf_counter() - start:.2f} s, {done.stdout.decode().strip()}"


def main() -> None:
    """Make the ledger, then measure three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name) / "state", Path(name) / "calls.csv"
        write_calls(file, 0, chosen.known)
        print("the ledger:", run("accept", folder, file))
        for result, first in (("new", chosen.known), ("known", 0), ("half known", chosen.known - chosen.calls // 2)):
            write_calls(file, first, chosen.calls)
            for _ in range(3):
                print(f"{result}:", run("plan", folder, file))
        write_calls(file, chosen.known, chosen.calls)
        print("plan and reserve:", run("reserve", folder, file))
        print("database:", (folder / "ledger.sqlite3").stat().st_size >> 20, "MiB")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
