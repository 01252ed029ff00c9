"""Runs a command of the upload many times; SIGKILL comes some steps later each time. Then the upload is completed.

``python -m tests.uploading.crash_runner FOLDER FILE VICTIM BEHAVIOUR SINCE STEP...`` prints a JSON line a kill. A step is the moment
before or after a call into the system, the network or SQLite, counted from the first such call that is named SINCE: from
``open`` all are counted, from ``getaddrinfo`` those around the request. Without steps each is taken in turn, until a run ends
untouched. What the command line imports is imported once; each run is a fork, with a counter and a ledger of its own.
"""

import gc
import importlib
import itertools
import json
import os
import shutil
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache, partial
from pathlib import Path
from time import time

from typer.main import get_command

import calltools.cli.upload_run  # noqa: F401 - so that no run has to import it
from calltools.cli.app import app
from calltools.ledger import find_faults, list_parts, open_ledger_in
from tests.fake_metrica.control import call_control
from tests.uploading.kills import kill_at_step

SHORT = ("--timeout", "1")
RESUME = ("uploads", "resume", *SHORT)
WATCH = ("uploads", "watch", "L1", *SHORT, "--poll-interval", "0.05")
LIST = ("uploads", "list", *SHORT)


def upload_of(file, counter):
    """The command that uploads a file without a question."""
    return ("upload", file, "--counter", counter, "--yes", *SHORT)


#: For fewer steps it takes longer to import all modules once.
FEW_STEPS = 10
#: Built once, and not by each run: it takes a sixth of one.
COMMAND = get_command(app)


def run_forked(arguments, trip=0, output=Path(os.devnull), since="open", imported=None):
    """A run of the command line in a fork: its exit code, -9 when it was killed. Its output is added to a file.

    Args:
        imported: A file for the names of all modules that are imported at the end.
    """
    child = os.fork()
    if not child:
        code = 70
        with output.open("a", encoding="utf-8") as stream, redirect_stdout(stream), redirect_stderr(stream):
            if trip:
                kill_at_step(trip, since)
            try:
                COMMAND([str(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            finally:
                sys.setprofile(None)
        if imported:
            imported.write_text("\n".join(sys.modules), encoding="utf-8")
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_killed_at(trip, since, arguments, output):
    return run_forked(arguments, trip, output, since)


def count_stored(counter):
    """How often each call of a counter is in the service's store, and the markers of the POSTs that were made for it."""
    store = call_control("state")
    rows = [row for uploading in store["uploadings"] if uploading["counter"] == counter for row in uploading["rows"]]
    posts = [
        request["query"]["comment"]
        for request in store["requests"]
        if request["method"] == "POST" and f"/{counter}/" in request["path"]
    ]
    times = [row["DateTime"] for row in rows]
    return {"calls": len(set(times)), "max_copies": max(map(times.count, times), default=0), "posts": posts}


def ledger_state(state):
    """The state of all parts in the ledger, and how many files are in the spool."""
    with open_ledger_in(state, time) as ledger:
        parts = list_parts(ledger)
        return {
            "faults": find_faults(ledger),
            "held": sum(part.held for part in parts),
            "attempts": [f"ct1{part.mark}A{attempt.n}" for part in parts for attempt in part.attempts],
            "ends": [[str(attempt.state) for attempt in part.attempts] for part in parts],
            "spool": len(list((state / "spool").iterdir())),
        }


def find_leaks(state, output):
    """Canaries in the output and in written files."""
    files = [path for path in state.rglob("*") if path.is_file() and path.parent.name != "spool"]
    text = b"".join(path.read_bytes() for path in [*files, *([output] if output.is_file() else [])])
    canaries = (os.environ["CALLTOOLS_TOKEN"].encode(), b"+7495000", b"4950007", b"1604591025698")
    return [canary.decode() for canary in canaries if canary in text]


@cache
def clean_file_ledger(folder, file):
    """That the file is clean: to check it in every run would cost most of the time."""
    os.environ["CALLTOOLS_STATE_DIR"] = str(folder / "known")
    assert run_forked(("upload", file, "--counter", 1, "--plan")) == 0
    return folder / "known"


def import_modules_of_run(folder, *commands, first=()):
    """Import what commands import, so that no later run has to; each runs once, with one ledger of their own in the folder.

    Args:
        first: A command that runs before them, and of which nothing is imported.

    Returns:
        The exit codes.
    """
    before, names = os.environ.get("CALLTOOLS_STATE_DIR", ""), folder / "modules"
    os.environ["CALLTOOLS_STATE_DIR"] = str(folder / "first")
    codes = []
    if first:
        run_forked(first)
    for command in commands:
        codes.append(run_forked(command, imported=names))
        for name in names.read_text(encoding="utf-8").split("\n"):
            # A library may put objects of its own among the modules.
            with suppress(ImportError):
                importlib.import_module(name)
    os.environ["CALLTOOLS_STATE_DIR"] = before
    # Else each fork copies the pages of what it only looks at for garbage.
    gc.collect()
    gc.freeze()
    return codes


def import_modules_of_upload(folder, file):
    """The same of the upload of a file that is known to be clean, and what follows it: without pandas a fork is faster."""
    upload = upload_of(file, 1)
    return import_modules_of_run(folder, upload, RESUME, WATCH, LIST, first=(*upload, "--plan"))


def run_with_fault(folder, file, victim, behavior, counter, run_disturbed):
    """One run that is killed at a step, and the state of its calls afterwards.

    Args:
        victim: ``upload``, or what comes after one: ``resume``, ``watch``, ``list``.
        run_disturbed: Runs a command, given by its arguments, and disturbs it; returns its exit code.
    """
    state, output = folder / f"state-{counter}", folder / f"said-{counter}"
    # The file is known to be clean: all steps are those of the upload itself.
    shutil.copytree(clean_file_ledger(folder, file), state)
    os.environ["CALLTOOLS_STATE_DIR"] = str(state)
    upload = upload_of(file, counter)
    if behavior != "well":
        call_control(f"behave?name={behavior}&times=1")
    if victim != "upload":
        call_control("behave?name=list-empty")
        run_forked(upload, output=output)
        call_control("behave-well")
    code = run_disturbed({"upload": upload, "resume": RESUME, "watch": WATCH, "list": LIST}[victim], output)
    call_control("behave-well")
    codes = [run_forked(arguments, output=output) for arguments in (upload, RESUME, upload)]
    before = len(count_stored(counter)["posts"])
    codes.append(run_forked(RESUME, output=output))
    found = {
        "code": code,
        "codes": codes,
        **count_stored(counter),
        **ledger_state(state),
        "leaked": find_leaks(state, output),
    }
    found["posts_of_second_resume"] = len(found["posts"]) - before
    # Else every look at the store reads the requests of all runs before.
    call_control("clear")
    shutil.rmtree(state)
    output.unlink(missing_ok=True)
    return found


def main():
    folder, file, victim, behaviour, since, *steps = sys.argv[1:]
    if not 0 < len(steps) < FEW_STEPS:
        assert import_modules_of_upload(Path(folder), file) == [0, 0, 0, 0]
    for trip in map(int, steps) if steps else itertools.count(1):
        run_disturbed = partial(run_killed_at, trip, since)
        found = run_with_fault(Path(folder), file, victim, behaviour, 10_000 + trip, run_disturbed)
        killed = found["code"] == -signal.SIGKILL
        print(json.dumps({"trip": trip, "killed": killed, **found}), flush=True)  # noqa: T201 - what the test reads
        if not (killed or steps):
            break


if __name__ == "__main__":
    main()
