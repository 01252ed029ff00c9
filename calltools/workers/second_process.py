"""A second process that reads records and proves them clean, while this one judges and reports.

Python runs one thread at a time, and handing over costs: two processes do in parallel what two threads do in turns.
The second one is a copy of this one, made when all that both need has been loaded.
"""

import traceback
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from calltools.children import Copy
from calltools.errors import CalltoolsError, SourceError
from calltools.model.batch import Batch, Table
from calltools.workers import working
from calltools.workers.memory import keep_memory
from calltools.workers.plan import Plan
from calltools.workers.processors import processors
from calltools.workers.working import MOST_THREADS, Work, Worked, done_to_each

#: Bytes of a file from which on pandera will have something to judge.
_LARGE: Final = 4 << 20
#: Bytes of a file from which on a second process is worth its start.
_WORTH_IT: Final = 16 << 20
#: What can be read anew by its path, by its ending; of other files, only those that turn out to be text.
_TEXTS: Final = frozenset({".csv", ".tsv", ".txt"})


def is_large(path: Path, size: int = _LARGE) -> bool:
    """Whether there is a file of so many bytes."""
    try:
        return path.is_file() and path.stat().st_size >= size
    except (OSError, ValueError):
        return False


def expected(path: Path) -> bool:
    """Whether this file will probably have a second process."""
    return path.suffix.lower() in _TEXTS and _worth_it(path)


class Answers(Iterator[Worked]):
    """What comes of the work in a second process, which has ended when these are closed or have come to their end."""

    def __init__(self, second: Copy, name: str, work: Work, idle: Callable[[], bool]) -> None:
        self._second = second
        self._each = _answers(second, name, work, idle)

    def __next__(self) -> Worked:
        return next(self._each)

    def close(self) -> None:
        """End it."""
        # A generator that was never begun does nothing when it is closed.
        self._second.close()
        self._each.close()


def worked(table: Table, plan: Plan, idle: Callable[[], bool] = lambda: False) -> Generator[Worked] | Answers:
    """Each batch worked on, as ``working.worked`` gives them, where that is worth it by a second process.

    That one begins at once. Where the system starts no more processes it is done without.

    Args:
        table: What to read.
        plan: How.
        idle: Whether this process has nothing to do but wait; then it does the work on a batch itself.

    Raises:
        SourceError: The process was ended from outside.
    """
    if not table.portable or not _worth_it(table.source.path):
        return working.worked(table, plan)
    try:
        second = Copy(partial(_serve, table, plan))
    except OSError:
        return working.worked(table, plan)
    return Answers(second, table.source.name, Work(plan), idle)


def _worth_it(path: Path) -> bool:
    return Copy.possible and is_large(path, _WORTH_IT) and processors() > 1


def _answers(second: Copy, name: str, work: Work, idle: Callable[[], bool]) -> Generator[Worked]:
    told = False
    with second:
        while True:
            if not told and idle():
                second.nudge()
                told = True
            try:
                said = second.answer()
            except EOFError:
                raise SourceError("reader-ended", path=name) from None
            if said is None:
                return
            if isinstance(said, BaseException):
                raise said
            if isinstance(said, Batch):
                said, told = work(said), False
            yield said


def _serve(table: Table, plan: Plan, nudged: Callable[[], bool], answer: Callable[[object], None]) -> None:
    """In the second process: work on each batch; one is left to the first process when that is idle and says so."""
    keep_memory()
    work = Work(plan)
    # Judging keeps the first one's processor busy as long as proving takes; converting takes twice as long.
    threads = min(max(processors() - 1, 1) + plan.normalize, MOST_THREADS)
    try:
        for done in done_to_each(table, plan, lambda batch: batch if nudged() else work(batch), threads):
            answer(done)
    except BrokenPipeError:
        return
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the first one's
        answer(_placed(fault))
    else:
        answer(None)


def _placed(fault: Exception) -> Exception:
    """The fault with the places that its traceback names, which does not travel; no value."""
    if not isinstance(fault, CalltoolsError):
        for frame in traceback.extract_tb(fault.__traceback__):
            fault.add_note(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}")
    return fault
