"""Runs an upload, or a resume after one, again and again; SIGKILL comes one step later each time. Then it is resumed
and what is left is told.

``python -m tests.ledger.crash_runner FOLDER upload|resume BEHAVIOR STRIDE`` prints a JSON line a kill. A step is the moment before
or after a call into the system or into SQLite, by the ledger or by the oracle that is posted to.
"""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

from calltools import ledger
from tests.ledger.fakes import COUNTER, START, Clock, FakeService, send_part, write_numbered_calls

CALLS = 5
TRACED_CALLS = {
    "execute",
    "executemany",
    "fsync",
    "replace",
    "rename",
    "unlink",
    "mkdir",
    "open",
    "write",
    "flock",
    "close",
}


def run_upload(folder, behavior):
    """An upload as ``uploading.py`` does it."""
    state, oracle = folder / "state", FakeService(folder, folder / "state")
    with ledger.open_ledger_in(state, Clock()) as book, ledger.hold_counter(book, COUNTER):
        plan = ledger.plan_upload(book, folder / "calls.csv", COUNTER)
        for batch in ledger.reserve(book, plan, goal="Звонок"):
            done = send_part(book, batch, lambda sending: oracle.post(sending, behavior))
            if done.held:
                ledger.reconcile(book, COUNTER, oracle.listing(), complete=True)
            ledger.record_status(book, batch.id, "PREPARED")
            ledger.record_status(book, batch.id, "PROCESSED", linked=3)


def kill_at_step(count):
    """Kill this process at the step with this number."""
    left = count

    def step(frame, event, what):
        nonlocal left
        if event in {"c_call", "c_return"} and what.__name__ in TRACED_CALLS:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


def resume_all(folder, clock):
    """``uploads resume`` until everything is decided; a person who looked sends again what is not there."""
    oracle = FakeService(folder, folder / "state")
    with ledger.open_ledger_in(folder / "state", clock) as book, ledger.hold_counter(book, COUNTER):
        for _ in range(3):
            ledger.reconcile(book, COUNTER, oracle.listing(), complete=True)
            clock.at += 900
        for batch in ledger.held_parts(book):
            ledger.resend(book, batch.id)
        for batch in ledger.waiting_parts(book):
            send_part(book, batch, lambda sending: oracle.post(sending, "stored"))
        plan = ledger.plan_upload(book, folder / "calls.csv", COUNTER)
        for batch in ledger.reserve(book, plan, goal="Звонок"):
            send_part(book, batch, lambda sending: oracle.post(sending, "stored"))


def state_after_resume(folder, killed):
    """What an observer finds after the crash was resumed, twice."""
    clock, oracle = Clock(START + 10_000), FakeService(folder, folder / "state")
    posted, stored = len(oracle.posted()), len(oracle.held())
    resume_all(folder, clock)
    first = len(oracle.posted())
    resume_all(folder, clock)
    with ledger.open_ledger_in(folder / "state", clock) as book:
        batches = ledger.list_parts(book)
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
            "faults": ledger.find_faults(book),
            "spool": [path.name for path in (folder / "state" / "spool").iterdir()],
        }


def run_killed_at(folder, victim, step):
    """Run in a child until the step; whether it was killed."""
    child = os.fork()
    if not child:
        kill_at_step(step)
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
        write_numbered_calls(folder / "calls.csv", CALLS)
        upload = partial(run_upload, folder, behavior)
        if what == "resume":
            upload()
        killed = run_killed_at(folder, upload if what == "upload" else partial(resume_all, folder, Clock()), step)
        sys.stdout.write(json.dumps(state_after_resume(folder, killed)) + "\n")
        shutil.rmtree(folder)
        step += stride


if __name__ == "__main__":
    main()
