"""Runs an upload, or a resume after one, again and again; SIGKILL comes one step later each time. Then it is resumed
and what is left is told.

``python -m tests.metrica.ledger.kills FOLDER upload|resume BEHAVIOR STRIDE`` prints a JSON line a kill. A step is the moment before
or after a call into the system or into SQLite, by the ledger or by the oracle that is posted to.
"""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

from calltools.metrica import ledger
from tests.metrica.ledger.calls import COUNTER, START, Clock, Oracle, numbered, send

CALLS = 5
WATCHED = {"execute", "executemany", "fsync", "replace", "rename", "unlink", "mkdir", "open", "write", "flock", "close"}


def run(folder, behavior):
    """An upload as ``uploading.py`` does it."""
    state, oracle = folder / "state", Oracle(folder, folder / "state")
    with ledger.open_book(state, Clock()) as book, ledger.hold(book, COUNTER):
        plan = ledger.plan(book, folder / "calls.csv", COUNTER)
        for batch in ledger.reserve(book, plan, goal="Звонок"):
            done = send(book, batch, lambda sending: oracle.post(sending, behavior))
            if done.held:
                ledger.reconcile(book, COUNTER, oracle.listing(), complete=True)
            ledger.look(book, batch.id, "PREPARED")
            ledger.look(book, batch.id, "PROCESSED", linked=3)


def trip_after(count):
    """Kill this process at the step with this number."""
    left = count

    def step(frame, event, what):
        nonlocal left
        if event in {"c_call", "c_return"} and what.__name__ in WATCHED:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


def resume(folder, clock):
    """``uploads resume`` until everything is decided; a person who looked sends again what is not there."""
    oracle = Oracle(folder, folder / "state")
    with ledger.open_book(folder / "state", clock) as book, ledger.hold(book, COUNTER):
        for _ in range(3):
            ledger.reconcile(book, COUNTER, oracle.listing(), complete=True)
            clock.at += 900
        for batch in ledger.held(book):
            ledger.resend(book, batch.id)
        for batch in ledger.waiting(book):
            send(book, batch, lambda sending: oracle.post(sending, "stored"))
        plan = ledger.plan(book, folder / "calls.csv", COUNTER)
        for batch in ledger.reserve(book, plan, goal="Звонок"):
            send(book, batch, lambda sending: oracle.post(sending, "stored"))


def left_by(folder, killed):
    """What an observer finds after the crash was resumed, twice."""
    clock, oracle = Clock(START + 10_000), Oracle(folder, folder / "state")
    posted, stored = len(oracle.posted()), len(oracle.held())
    resume(folder, clock)
    first = len(oracle.posted())
    resume(folder, clock)
    with ledger.open_book(folder / "state", clock) as book:
        batches = ledger.uploads(book)
        return {
            "killed": killed,
            "posted_before": posted,
            "stored_before": stored,
            "posts": first,
            "posts_of_second_resume": len(oracle.posted()) - first,
            "intents": all(post["intent"] for post in oracle.posted()),
            "calls": oracle.calls(),
            "states": [batch.state for batch in batches],
            "attempts": [[attempt.state for attempt in batch.attempts] for batch in batches],
            "faults": ledger.faults(book),
            "spool": [path.name for path in (folder / "state" / "spool").iterdir()],
        }


def crashed_at(folder, victim, step):
    """Run in a child until the step; whether it was killed."""
    child = os.fork()
    if not child:
        trip_after(step)
        victim()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) not in {0, -signal.SIGKILL}:
        sys.exit(f"step {step}: the child ended with {status}")
    return os.WIFSIGNALED(status)


def main():
    base, what, behavior, stride = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    step, killed = 1, True
    while killed:
        folder = base / str(step)
        folder.mkdir()
        numbered(folder / "calls.csv", CALLS)
        upload = partial(run, folder, behavior)
        if what == "resume":
            upload()
        killed = crashed_at(folder, upload if what == "upload" else partial(resume, folder, Clock()), step)
        sys.stdout.write(json.dumps(left_by(folder, killed)) + "\n")
        shutil.rmtree(folder)
        step += stride


if __name__ == "__main__":
    main()
