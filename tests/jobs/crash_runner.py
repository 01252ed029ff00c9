"""Runs a job many times; SIGKILL comes some steps later each time, twice, and then it is run to its end.

``python -m tests.jobs.crash_runner FOLDER SINCE STEP...`` prints a JSON line a kill. A step is the moment before or after
a call into the system, the network or SQLite, counted from the first one that is named SINCE; ``2::4`` is the second and
every fourth after it, until a run ends untouched. The command line is imported once, for many steps all that a run imports;
each run is a fork, with a project, a counter and a ledger of its own.
"""

import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from time import time
from zlib import crc32

from calltools.validation.validator import load_pandera
from tests.fake_metrica.control import call_control
from tests.uploading.conftest import call_line, write_csv
from tests.uploading.crash_runner import count_stored, import_modules_of_run, run_forked

RUN = ("run", "--timeout", "2", "--output-format", "json")
GOOD, FILES = 3, ("a.csv", "b.csv", "sub/a.csv")
JOB = """
[[jobs]]
name = "romashka"
inputs = "in/**/*.csv"
counter = {counter}
rejects = "rejects/"
report = "report.json"
archive = "archive/"
"""


def build_project(folder, counter):
    """A job of three inputs, two of one name; each with good calls and a bad one."""
    moment = int(time()) - 3600
    for number, name in enumerate(FILES):
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [call_line(10 * number + one, moment=moment) for one in range(GOOD)]
        write_csv(path, [*lines, lines[0].replace(str(moment + 10 * number), "soon")])
    (folder / "calltools.toml").write_text(JOB.format(counter=counter))


def digests(folder):
    """Of the files in a folder and below it, sorted; hidden ones, too."""
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file())


def run_with_kills(folder, step, since, counter):
    shutil.rmtree(folder, ignore_errors=True)
    build_project(folder, counter)
    os.environ["CALLTOOLS_STATE_DIR"] = str(folder / "state")
    os.chdir(folder)
    before = digests(folder / "in")
    output = folder / "said"
    codes = [run_forked(RUN, step, output, since), run_forked(RUN, step, output, since)]
    while len(codes) < 5 and codes[-1] not in {0, 1}:
        codes.append(run_forked(RUN, output=output))
    codes.append(run_forked(RUN, output=output))
    found = {
        "step": step,
        "codes": codes,
        "before": before,
        "inputs": digests(folder / "in"),
        "archive": digests(folder / "archive"),
        # Who is killed while a file is written leaves a hidden one beside it, which no command takes for rejects.
        "rejects": len(list((folder / "rejects").glob("[!.]*"))),
        "report": (folder / "report.json").is_file(),
        "work": digests(folder / "state" / "jobs"),
        "spool": len(digests(folder / "state" / "spool")),
        **count_stored(counter),
        # Who is killed behind its last line has said it.
        "told": f'"rejected": {len(FILES)}' in output.read_text(encoding="utf-8"),
        "said": output.read_text(encoding="utf-8")[-2000:],
    }
    call_control("clear")
    os.chdir("/")
    shutil.rmtree(folder)
    return found


def main():
    folder, since, *steps = sys.argv[1:]
    load_pandera()
    endless = len(steps) == 1 and "::" in steps[0]
    if endless:
        first = Path(folder) / "modules-of-run"
        build_project(first, 1)
        os.chdir(first)
        assert import_modules_of_run(first, RUN) == [1], "the rejects were not told"
    for step in itertools.count(*map(int, steps[0].split("::"))) if endless else map(int, steps):
        counter = crc32(f"{since} {step}".encode()) % 10**8 + 1000
        found = run_with_kills(Path(folder) / "project", step, since, counter)
        print(json.dumps(found), flush=True)  # noqa: T201 - what the test reads
        if endless and found["codes"][0] != -signal.SIGKILL:
            break


if __name__ == "__main__":
    main()
