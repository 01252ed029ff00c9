"""A second process that reads records and proves them clean, while this one judges and reports.

Python runs one thread at a time, and handing over costs: two processes do in parallel what two threads do in turns.
The second one is a fork of this one, made when all that both need has been loaded.

What they say to each other: the second process sends results in the order of the file. When the first one has nothing
to judge, it notifies the second, which then leaves one batch for the first to work on, and goes on with the next. So
neither waits for the other as long as there are batches. What is sent of a batch that is left is its place in the file,
so that the first process reads it, too: to send its records takes a twentieth of a run. Only where a batch has no place
of its own, as one whose legs are merged, its records are sent. ``None`` is the end, an exception is a fault.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from calltools.errors import SourceError
from calltools.model.batch import Table
from calltools.runtime.process import ForkedWorker
from calltools.runtime.threads import cpu_count, keep_freed_memory, return_freed_memory_at_once
from calltools.workers.batch_work import (
    MAX_THREADS,
    BatchWork,
    MapInOrder,
    run_ahead,
    run_in_threads,
    with_traceback_notes,
)

#: Bytes of a file from which on there will nearly always be records to judge.
_LARGE_FILE_BYTES: Final = 4 << 20
#: Bytes of a file from which on a second process is worth its start.
FORK_FROM_BYTES: Final = 16 << 20
#: Endings of files whose bytes are read anew by path in the second process, if they turn out to be text.
_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Left:
    """What the second process leaves to the first one: a batch, or its place in the file."""

    item: Any


def is_large_file(path: Path, size: int = _LARGE_FILE_BYTES) -> bool:
    """Whether the path names a file of at least so many bytes."""
    try:
        return path.is_file() and path.stat().st_size >= size
    except (OSError, ValueError):
        return False


def expects_second_process(path: Path) -> bool:
    """Whether this file will probably get a second process; it has not been opened yet."""
    return path.suffix.lower() in _TEXT_SUFFIXES and _is_worthwhile(path)


def start_work(
    work: BatchWork[_Result], table: Table, is_idle: Callable[[], bool] = lambda: False, *, may_fork: bool
) -> "Generator[_Result] | ForkedResults[_Result]":
    """The result for each batch of a table, in the order of the file.

    A second process does the work where that is worth it, and starts at once. Without one, or where the system starts
    no more processes, threads of this process do it.

    Args:
        work: What to do; the same function either way.
        table: The table that it reads.
        is_idle: Whether this process only waits for results; then it processes a batch itself.
        may_fork: Whether the caller owns this process.

    Raises:
        SourceError: The second process was ended from outside.
    """
    if may_fork and table.can_cross_processes and _is_worthwhile(table.source.path):
        try:
            return ForkedResults(ForkedWorker(partial(_run_worker, work)), table.source.name, work, is_idle)
        except OSError:
            pass
    return run_in_threads(work)


class ForkedResults(Iterator[_Result], Generic[_Result]):
    """Results from a second process; it has ended when these are closed or exhausted."""

    def __init__(self, worker: ForkedWorker, name: str, work: BatchWork[_Result], is_idle: Callable[[], bool]) -> None:
        self._worker = worker
        places = work.places
        if places is None:
            self._results = _receive_results(worker, name, work.process, is_idle)
        else:
            process = lambda place: places.process(places.read(place))  # noqa: E731 - as the line above
            self._results = places.join(_receive_results(worker, name, process, is_idle))

    def __next__(self) -> _Result:
        return next(self._results)

    def close(self) -> None:
        """End the second process."""
        # Closing a generator that was never begun does not run its ``finally``.
        self._worker.close()
        self._results.close()


def _is_worthwhile(path: Path) -> bool:
    return ForkedWorker.supported and is_large_file(path, FORK_FROM_BYTES) and cpu_count() > 1


def _receive_results(
    worker: ForkedWorker, name: str, process: Callable[[Any], _Result], is_idle: Callable[[], bool]
) -> Generator[_Result]:
    notified = False
    with worker:
        while True:
            # One notification for each batch: it stays in the pipe until the second process begins another batch.
            if not notified and is_idle():
                worker.notify()
                notified = True
            try:
                message = worker.receive()
            except EOFError:
                raise SourceError("reader-ended", path=name) from None
            if message is None:
                return
            if isinstance(message, BaseException):
                raise message
            if isinstance(message, _Left):
                message, notified = process(message.item), False
            yield message


def _run_worker(work: BatchWork[Any], was_notified: Callable[[], bool], send_message: Callable[[object], None]) -> None:
    """In the second process: process each batch, but leave one to the first process when that has asked for it."""
    keep_freed_memory()
    if work.outweighs_judging:
        # The cells of a block and what is made of them: Arrow would keep much of it.
        return_freed_memory_at_once()
    # One processor is left to the judge, which takes batches to work on where it has nothing else to do.
    threads = min(max(cpu_count() - 1, 1), MAX_THREADS)
    shared = _shared_work(work, was_notified)
    try:
        # Records take longer to send than findings do.
        for result in run_ahead(shared) if threads == 1 and work.outweighs_judging else run_in_threads(shared, threads):
            send_message(result)
    except BrokenPipeError:
        # The first process has ended, or wants no more.
        return
    except Exception as fault:  # noqa: BLE001 - the first process raises it, whatever it is
        send_message(with_traceback_notes(fault))
    else:
        send_message(None)


def _shared_work(work: BatchWork[_Result], was_notified: Callable[[], bool]) -> BatchWork[_Result | _Left]:
    """The work, but for the batches that are left to the first process."""
    places = work.places
    if places is None:
        return BatchWork(work.read, lambda batch: _Left(batch) if was_notified() else work.process(batch))

    def read(run: MapInOrder) -> Iterator[Any]:
        tasks = (partial(_Left, place) if was_notified() else task for place, task in places.tasks())
        return run(lambda task: task(), tasks)

    def process(one: Any) -> _Result | _Left:
        return one if isinstance(one, _Left) else places.process(one)

    return BatchWork(read, process)
