"""Runs ``calltools upload`` again and again; SIGKILL comes some steps later each time. Then it is run to its end.

``python -m tests.uploading.kills FOLDER FILE BEHAVIOUR FIRST STRIDE`` prints a JSON line a kill, the last one for the run
that ended untouched. A step is the moment before or after a call into the system, the network or SQLite. The command line is
imported once; each run is a fork, with a counter and a ledger of its own.
"""

import io
import json
import os
import shutil
import signal
import sys
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import calltools.cli.uploading
import calltools.cli.uploads_work  # noqa: F401 - so that no run has to import it
from calltools.cli.app import app

WATCHED = {"execute", "executemany", "fsync", "replace", "rename", "unlink", "mkdir", "open", "write", "flock", "close",
           "connect", "send", "sendall", "recv", "recv_into", "shutdown"}  # fmt: skip
SHORT = ("--timeout", "1")


def trip_after(count):
    """Kill this process at the step with this number."""
    left = count

    def step(_frame, event, what):
        nonlocal left
        if event in {"c_call", "c_return"} and what.__name__ in WATCHED:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


def command(words, trip=0):
    """A run of the command line in a fork: its exit code, -9 when it was killed."""
    child = os.fork()
    if not child:
        code = 70
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            if trip:
                trip_after(trip)
            try:
                app([str(word) for word in words])
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            finally:
                sys.setprofile(None)
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def control(word):
    with urllib.request.urlopen(f"{os.environ['CALLTOOLS_API_URL']}/_control/{word}", timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")


def stored(counter):
    """How often each call of a counter is in the service's store, and the POSTs that were made for it."""
    told = control("state")
    rows = [row for one in told["uploadings"] if one["counter"] == counter for row in one["rows"]]
    posts = sum(one["method"] == "POST" and f"/{counter}/" in one["path"] for one in told["seen"])
    times = [row["DateTime"] for row in rows]
    return {"calls": len(set(times)), "most": max(map(times.count, times), default=0), "posts": posts}


def one_kill(folder, file, behaviour, trip):
    counter = 10_000 + trip
    os.environ["CALLTOOLS_STATE_DIR"] = str(folder / f"state-{trip}")
    upload = ("upload", file, "--counter", counter, "--yes", *SHORT)
    # The file is known to be clean: all steps are those of the upload itself.
    command(("upload", file, "--counter", counter, "--plan"))
    if behaviour != "well":
        control(f"behave?name={behaviour}&times=1")
    code = command(upload, trip)
    control("behave-well")
    codes = [command(words) for words in (upload, ("uploads", "resume", *SHORT), upload)]
    before = stored(counter)["posts"]
    codes.append(command(("uploads", "resume", *SHORT)))
    told = {"trip": trip, "killed": code == -signal.SIGKILL, "code": code, "codes": codes, **stored(counter)}
    told["posts_of_second_resume"] = told["posts"] - before
    told["doctor"] = command(("doctor", *SHORT))
    shutil.rmtree(os.environ["CALLTOOLS_STATE_DIR"])
    return told


def main():
    folder, file, behaviour, first, stride = sys.argv[1:]
    trip = int(first)
    while True:
        told = one_kill(Path(folder), file, behaviour, trip)
        print(json.dumps(told), flush=True)  # noqa: T201 - what the test reads
        if not told["killed"]:
            break
        trip += int(stride)


if __name__ == "__main__":
    main()
