"""Runs ``calltools upload`` under strace: at the n-th call of one kind into the system it is killed, or the call fails.

``python -m tests.uploading.strace_runner FOLDER FILE CALL FAULT NUMBER...`` prints a JSON line per run; the numbers say at
which n, none: at every n, until nothing happens to a run. FAULT is ``signal=SIGKILL``, ``error=EIO`` or ``error=ENOSPC``. These are the calls that the
system really sees, those of SQLite among them, of which Python knows nothing.
"""

import json
import subprocess
import sys
from functools import partial
from itertools import count
from pathlib import Path

from tests.uploading.crash_runner import import_modules_of_upload, run_with_fault

COMMAND = [sys.executable, "-X", "utf8", "-m", "calltools"]


def run_traced(inject, log, arguments, output):
    """The exit code of a command, -9 when it was killed."""
    call = inject.partition(":")[0]
    tracing = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call}", "-e", f"inject={inject}"]
    with output.open("a", encoding="utf-8") as stream:
        done = subprocess.run(
            [*tracing, *COMMAND, *map(str, arguments)], stdout=stream, stderr=stream, check=False, timeout=120
        )
    return done.returncode


def main():
    folder, file, call, fault, *numbers = sys.argv[1:]
    log = Path(folder) / f"{call}.strace"
    if not numbers:
        assert import_modules_of_upload(Path(folder), file) == [0, 0, 0, 0]
    for number in map(int, numbers) if numbers else count(1):
        run_disturbed = partial(run_traced, f"{call}:{fault}:when={number}", log)
        found = run_with_fault(Path(folder), file, "upload", "well", 10_000 + number, run_disturbed)
        text = log.read_text(encoding="utf-8", errors="replace")
        hit = "(INJECTED)" in text or "killed by SIGKILL" in text
        print(json.dumps({"number": number, "hit": hit, **found}), flush=True)  # noqa: T201 - what the test reads
        if not (hit or numbers):
            break


if __name__ == "__main__":
    main()
