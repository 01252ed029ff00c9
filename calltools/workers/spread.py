"""Many small pieces of work, spread over forked processes: each takes chunks, and gives the results of each at once.

Which process takes which chunk is fixed beforehand, and the results come in the order of the pieces whatever the
number of processes. The pipe of a process holds it up when nobody takes what it has done.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from calltools.runtime.process import ForkedWorker
from calltools.runtime.threads import keep_freed_memory
from calltools.workers.batch_work import with_traceback_notes

_Result = TypeVar("_Result")


class SpreadWork(Generic[_Result]):
    """Results for numbered pieces of work, taken one after the other; a context manager that ends its processes.

    A process that dies costs the piece at which it died: the others of its chunk are worked on again, one by one.

    Args:
        work: Gives the results for the pieces of a chunk, in their order. It keeps the faults of a piece as its result.
        chunks: The numbers of the pieces, in rising order.
        processes: How many processes to fork; 0: this process works on each chunk when its first result is taken.
        lost: The result for a piece at which a process died.
    """

    def __init__(
        self,
        work: Callable[[Sequence[int]], Sequence[_Result]],
        chunks: Sequence[Sequence[int]],
        processes: int,
        lost: Callable[[int], _Result],
    ) -> None:
        self._work = work
        self._lost = lost
        self._chunks = {numbers[0]: numbers for numbers in chunks}
        self._pieces = {number for numbers in chunks for number in numbers}
        self._ready: dict[int, _Result] = {}
        self._stack = ExitStack()
        self._lines: dict[int, _Line[_Result]] = {}
        count = min(processes, len(chunks)) if ForkedWorker.supported else 0
        for own in (chunks[first::count] for first in range(count)):
            try:
                line = _Line(work, own)
            except OSError:
                break  # no more processes: this one does the rest
            self._stack.callback(line.close)
            self._lines.update((numbers[0], line) for numbers in own)
        self.processes = len({*self._lines.values()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __contains__(self, number: int) -> bool:
        return number in self._pieces

    def take(self, number: int) -> _Result:
        """The result for a piece; pieces are taken in rising order, each once."""
        if number in self._chunks:
            numbers = self._chunks.pop(number)
            line = self._lines.pop(number, None)
            results = self._work(numbers) if line is None else line.take(numbers, self._lost)
            self._ready = dict(zip(numbers, results, strict=True))
        return self._ready.pop(number)


class _Line(Generic[_Result]):
    """The chunks of one process, and the process; when it dies, another one."""

    def __init__(self, work: Callable[[Sequence[int]], Sequence[_Result]], chunks: Sequence[Sequence[int]]) -> None:
        self._work = work
        self._waiting = list(chunks)
        self._worker: ForkedWorker | None = self._fork(self._waiting)

    def take(self, numbers: Sequence[int], lost: Callable[[int], _Result]) -> Sequence[_Result]:
        """The results of the next chunk."""
        self._waiting.pop(0)
        with suppress(EOFError):
            return self._receive()
        results: list[_Result] = []
        while len(results) < len(numbers):
            self._restart([[number] for number in numbers[len(results) :]])
            try:
                while len(results) < len(numbers):
                    results += self._receive()
            except EOFError:
                results.append(lost(numbers[len(results)]))
        self._restart(self._waiting)
        return results

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.close()

    def _fork(self, chunks: Sequence[Sequence[int]]) -> ForkedWorker:
        return ForkedWorker(partial(_work_on_chunks, self._work, chunks))

    def _restart(self, chunks: Sequence[Sequence[int]]) -> None:
        self.close()
        self._worker = None
        # Without a process its pieces are lost as if it had died at once.
        with suppress(OSError):
            self._worker = self._fork(chunks)

    def _receive(self) -> Sequence[_Result]:
        if self._worker is None:
            raise EOFError
        message = self._worker.receive()
        if isinstance(message, BaseException):
            raise message
        results: Sequence[_Result] = message
        return results


def _work_on_chunks(
    work: Callable[[Sequence[int]], Sequence[_Result]],
    chunks: Sequence[Sequence[int]],
    _was_notified: Callable[[], bool],
    send_message: Callable[[object], None],
) -> None:
    """In a forked process: work on its chunks one after the other."""
    keep_freed_memory()
    try:
        for numbers in chunks:
            send_message(work(numbers))
    except BrokenPipeError:
        # The first process has ended, or wants no more.
        return
    except Exception as fault:  # noqa: BLE001 - the first process raises it, whatever it is
        send_message(with_traceback_notes(fault))
