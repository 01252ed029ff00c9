"""Work on the batches of a table, and how threads of one process do it."""

import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from calltools.errors import CalltoolsError
from calltools.model.batch import Batch, ReadTask
from calltools.runtime.threads import map_in_order

#: Kernels release the interpreter lock for moments only: more threads than this wait for it longer than they work.
MAX_THREADS: Final = 2

_Result = TypeVar("_Result")


class MapInOrder(Protocol):
    """``map``, or something that runs the calls elsewhere and gives their results in the same order."""

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """Call the function on each item."""


@dataclass(frozen=True, slots=True)
class RangeWork(Generic[_Result]):
    """What is to be done to each batch of a table that other machines can read by ranges of bytes, or as a whole.

    Attributes:
        scan: Finds the ranges, in the order of the file; each is small and can be pickled. One that is all of the file
            may be anything.
        process: Does the work on ranges that follow one another, and reads them; its second argument is ``shared``. A
            pure function that can be pickled, so that it may run anywhere, and again where a machine was lost.
        join: Makes of the results of all calls, in the order of the file, the results of the table.
        shared: What may be large and is the same for several tables, so that it is sent once.
    """

    scan: Callable[[], Iterator[Any]]
    process: Callable[[Sequence[Any], Any], list[_Result]]
    join: Callable[[Iterable[Sequence[_Result]]], Iterator[_Result]]
    shared: Any = None


class Cluster(Protocol):
    """Other processes or machines that do the work on tables."""

    def expect(self, table: object, work: RangeWork[Any]) -> None:
        """The results of this table will be wanted after those that were named before: work may begin ahead."""

    def results(self, table: object, work: RangeWork[_Result]) -> Generator[_Result]:
        """The result for each batch of a table, in the order of the file; an object that is none, of other work."""


@dataclass(frozen=True, slots=True)
class PlaceWork(Generic[_Result]):
    """The same for two processes of one machine: a batch that one leaves to the other is sent as its place in the file.

    Attributes:
        tasks: Gives the places, in the order of the file, each with the task that reads its batch from memory.
        read: Reads the batch of a place from the file.
        process: Does the work on one batch whose records count from 1, however many went before.
        join: Makes of the results, in the order of the file, those of the table.
    """

    tasks: Callable[[], Iterator[tuple[Any, ReadTask]]]
    read: Callable[[Any], Batch]
    process: Callable[[Batch], _Result]
    join: Callable[[Iterable[_Result]], Generator[_Result]]


@dataclass(frozen=True, slots=True)
class BatchWork(Generic[_Result]):
    """What is to be done to each batch of a table.

    Attributes:
        read: Gives the batches, in the order of the file; runs its own tasks by the map that it is given.
        process: Does the work on one batch: a pure function, so that it may run in any thread or process.
        outweighs_judging: Whether this takes longer than all that the results still go through.
        ranges: The same and more, by ranges of the file; ``None``: they are not independent of each other.
        places: The same, of a file whose batches have places in it and are independent of each other.
    """

    read: Callable[[MapInOrder], Iterator[Batch]]
    process: Callable[[Batch], _Result]
    outweighs_judging: bool = False
    ranges: RangeWork[_Result] | None = None
    places: PlaceWork[_Result] | None = None


def run_in_threads(work: BatchWork[_Result], threads: int = MAX_THREADS) -> Generator[_Result]:
    """The result for each batch, in the order of the file; reading and processing share the threads."""
    if threads == 1:
        # Without a pool no batch is read ahead, which saves its memory.
        yield from map(work.process, work.read(map))
        return
    with ThreadPoolExecutor(threads, "calltools") as pool:
        run = partial(map_in_order, pool)
        try:
            yield from run(work.process, work.read(run))
        except BaseException:
            # Also when the consumer stops: what is waiting must not run on for nothing.
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def run_ahead(work: BatchWork[_Result]) -> Generator[_Result]:
    """The result for each batch, in the order of the file, by one thread that works while the last one is taken.

    One batch and two results are in memory, not several of both as with two threads.
    """
    results, end = map(work.process, work.read(map)), object()
    with ThreadPoolExecutor(1, "calltools") as pool:
        ahead: Future[Any] = pool.submit(next, results, end)
        while (result := ahead.result()) is not end:
            ahead = pool.submit(next, results, end)
            yield result
            del result


def with_traceback_notes(fault: Exception) -> Exception:
    """A fault with the places of its traceback as notes: a traceback cannot be pickled. No values are in them."""
    if not isinstance(fault, CalltoolsError):
        for frame in traceback.extract_tb(fault.__traceback__):
            fault.add_note(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}")
    return fault
