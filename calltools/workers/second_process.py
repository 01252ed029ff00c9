"""A second process that reads records and proves them clean, while this one judges and reports.

Python runs one thread at a time, and handing over costs: two processes do in parallel what two threads do in turns.
The second one is a copy of this one, made when all that both need has been loaded.
"""

import traceback
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError, SourceError
from calltools.model.batch import Batch, Table
from calltools.runtime.allocator import keep_freed_memory
from calltools.runtime.process import ForkedWorker
from calltools.runtime.threads import cpu_count
from calltools.workers import batch_processor
from calltools.workers.batch_processor import MAX_THREADS, BatchProcessor, BatchResult, RunPlan, map_batches

#: Bytes of a file from which on pandera will have something to judge.
_LARGE_FILE_BYTES: Final = 4 << 20
#: Bytes of a file from which on a second process is worth its start.
_FORK_FROM_BYTES: Final = 16 << 20
#: What can be read anew by its path, by its ending; of other files, only those that turn out to be text.
_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})


def is_large_file(path: Path, size: int = _LARGE_FILE_BYTES) -> bool:
    """Whether there is a file of so many bytes."""
    try:
        return path.is_file() and path.stat().st_size >= size
    except (OSError, ValueError):
        return False


def expects_second_process(path: Path) -> bool:
    """Whether this file will probably have a second process."""
    return path.suffix.lower() in _TEXT_SUFFIXES and _is_worthwhile(path)


class ForkedBatchResults(Iterator[BatchResult]):
    """What comes of the work in a second process, which has ended when these are closed or have come to their end."""

    def __init__(self, second: ForkedWorker, name: str, work: BatchProcessor, idle: Callable[[], bool]) -> None:
        self._worker = second
        self._results = _receive_results(second, name, work, idle)

    def __next__(self) -> BatchResult:
        return next(self._results)

    def close(self) -> None:
        """End it."""
        # A generator that was never begun does nothing when it is closed.
        self._worker.close()
        self._results.close()


def process_batches_forked(
    table: Table, plan: RunPlan, idle: Callable[[], bool] = lambda: False
) -> Generator[BatchResult] | ForkedBatchResults:
    """Each batch worked on, as ``working.worked`` gives them, where that is worth it by a second process.

    That one begins at once. Where the system starts no more processes it is done without.

    Args:
        table: What to read.
        plan: How.
        idle: Whether this process has nothing to do but wait; then it does the work on a batch itself.

    Raises:
        SourceError: The process was ended from outside.
    """
    if not table.can_cross_processes or not _is_worthwhile(table.source.path):
        return batch_processor.process_batches(table, plan)
    try:
        second = ForkedWorker(partial(_run_worker, table, plan))
    except OSError:
        return batch_processor.process_batches(table, plan)
    return ForkedBatchResults(second, table.source.name, BatchProcessor(plan), idle)


def _is_worthwhile(path: Path) -> bool:
    return ForkedWorker.supported and is_large_file(path, _FORK_FROM_BYTES) and cpu_count() > 1


def _receive_results(
    worker: ForkedWorker, name: str, processor: BatchProcessor, idle: Callable[[], bool]
) -> Generator[BatchResult]:
    notified = False
    with worker:
        while True:
            if not notified and idle():
                worker.notify()
                notified = True
            try:
                said = worker.receive()
            except EOFError:
                raise SourceError("reader-ended", path=name) from None
            if said is None:
                return
            if isinstance(said, BaseException):
                raise said
            if isinstance(said, Batch):
                said, notified = processor(said), False
            yield said


def _run_worker(
    table: Table, plan: RunPlan, is_idle: Callable[[], bool], send_result: Callable[[object], None]
) -> None:
    """In the second process: work on each batch; one is left to the first process when that is idle and says so."""
    keep_freed_memory()
    work = BatchProcessor(plan)
    # Judging keeps the first one's processor busy as long as proving takes; converting takes twice as long.
    threads = min(max(cpu_count() - 1, 1) + plan.normalize, MAX_THREADS)
    try:
        for done in map_batches(table, plan, lambda batch: batch if is_idle() else work(batch), threads):
            send_result(done)
    except BrokenPipeError:
        return
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the first one's
        send_result(_with_traceback_notes(fault))
    else:
        send_result(None)


def _with_traceback_notes(fault: Exception) -> Exception:
    """The fault with the places that its traceback names, which does not travel; no value."""
    if not isinstance(fault, CalltoolsError):
        for frame in traceback.extract_tb(fault.__traceback__):
            fault.add_note(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}")
    return fault
