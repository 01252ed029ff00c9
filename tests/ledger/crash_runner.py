"""Run an upload, or a resume after one, many times; kill it one step later each time, resume, and report the state.

``python -m tests.ledger.crash_runner FOLDER upload|resume BEHAVIOR STRIDE`` prints one JSON line for each kill.
A step is the moment before or after a call into the system or into SQLite, by the ledger or by the fake service.
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
    """Upload a file as ``calltools.uploading`` does."""
    state, service = folder / "state", FakeService(folder, folder / "state")
    with ledger.open_ledger_in(state, Clock()) as open_ledger, ledger.hold_counter(open_ledger, COUNTER):
        plan = ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER)
        for part in ledger.reserve(open_ledger, plan, goal="Звонок"):
            done = send_part(open_ledger, part, lambda attempt: service.post(attempt, behavior))
            if done.held:
                ledger.reconcile(open_ledger, COUNTER, service.listing(), complete=True)
            ledger.record_status(open_ledger, part.id, "PREPARED")
            ledger.record_status(open_ledger, part.id, "PROCESSED", linked=3)


def kill_at_step(count):
    """Kill this process with SIGKILL at the step with this number."""
    left = count

    def step(frame, event, function):
        nonlocal left
        if event in {"c_call", "c_return"} and function.__name__ in TRACED_CALLS:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


def resume_all(folder, clock):
    """Resume until every part is decided; parts that the service does not have are sent again, as a person would do."""
    service = FakeService(folder, folder / "state")
    with ledger.open_ledger_in(folder / "state", clock) as open_ledger, ledger.hold_counter(open_ledger, COUNTER):
        for _ in range(3):
            at = ledger.ListingTime(clock.at, clock.at)
            ledger.reconcile(open_ledger, COUNTER, service.listing(), complete=True, at=at)
            clock.at += 900
        for part in ledger.held_parts(open_ledger):
            ledger.resend(open_ledger, part.id)
        for part in ledger.waiting_parts(open_ledger):
            send_part(open_ledger, part, lambda attempt: service.post(attempt, "stored"))
        plan = ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER)
        for part in ledger.reserve(open_ledger, plan, goal="Звонок"):
            send_part(open_ledger, part, lambda attempt: service.post(attempt, "stored"))


def state_after_resume(folder, killed):
    """The state after the crash was resumed twice."""
    clock, service = Clock(START + 10_000), FakeService(folder, folder / "state")
    posted, stored = len(service.posted()), len(service.held())
    resume_all(folder, clock)
    first = len(service.posted())
    resume_all(folder, clock)
    with ledger.open_ledger_in(folder / "state", clock) as open_ledger:
        parts = ledger.list_parts(open_ledger)
        return {
            "killed": killed,
            "posted_before": posted,
            "stored_before": stored,
            "posts": first,
            "posts_of_second_resume": len(service.posted()) - first,
            "intents": all(post["intent"] for post in service.posted()),
            "calls": service.calls(),
            "states": [part.state for part in parts],
            "attempts": [[attempt.state for attempt in part.attempts] for part in parts],
            "faults": ledger.find_faults(open_ledger),
            "spool": [path.name for path in (folder / "state" / "spool").iterdir()],
        }


def run_killed_at(folder, victim, step):
    """Run in a child process that is killed at the step; gives whether it was killed."""
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
    base, command, behavior, stride = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    step, killed = 1, True
    while killed:
        folder = base / str(step)
        folder.mkdir()
        write_numbered_calls(folder / "calls.csv", CALLS)
        upload = partial(run_upload, folder, behavior)
        if command == "resume":
            upload()
        killed = run_killed_at(folder, upload if command == "upload" else partial(resume_all, folder, Clock()), step)
        sys.stdout.write(json.dumps(state_after_resume(folder, killed)) + "\n")
        shutil.rmtree(folder)
        step += stride


if __name__ == "__main__":
    main()
