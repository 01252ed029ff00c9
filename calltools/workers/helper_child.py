"""The second process: ``python -m calltools.workers.helper_child``.

It is told a table and a plan, and answers with one batch after the other on which the work is done.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import IO

from calltools.errors import CalltoolsError
from calltools.lean import arrow_without_pandas, lean_start
from calltools.workers import wire
from calltools.workers.processors import processors


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Work on one table after the other, until nobody asks any more."""
    from calltools.workers.threads import quick_turns  # noqa: PLC0415 - without pandas
    from calltools.workers.working import MOST_THREADS, worked  # noqa: PLC0415 - see above

    quick_turns()
    free = max(processors() - 1, 1)
    while True:
        try:
            table, plan = wire.receive(requests)
        except EOFError:
            return
        try:
            # Judging keeps the parent's processor busy as long as proving takes; converting takes twice as long.
            for batch in worked(table, plan, min(free + plan.normalize, MOST_THREADS)):
                wire.send(answers, batch)
        except BrokenPipeError:
            return
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is the parent's
            wire.send(answers, _placed(fault))
        else:
            wire.send(answers, None)


def _placed(fault: Exception) -> Exception:
    """The fault with the places that its traceback names, which does not travel; no value."""
    if not isinstance(fault, CalltoolsError):
        for frame in traceback.extract_tb(fault.__traceback__):
            fault.add_note(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}")
    return fault


if __name__ == "__main__":
    # Nothing but batches may come through the pipe.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    lean_start()
    with arrow_without_pandas():
        serve(sys.stdin.buffer, answers)
