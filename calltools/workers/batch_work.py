"""Work on the batches of a table, and how threads of one process do it."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from calltools.model.batch import Batch
from calltools.runtime.threads import map_in_order

#: Kernels release the interpreter lock for moments only: more threads than this wait for it longer than they work.
MAX_THREADS: Final = 2

_Result = TypeVar("_Result")


class MapInOrder(Protocol):
    """``map``, or something that runs the calls elsewhere and gives their results in the same order."""

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """Call the function on each item."""


@dataclass(frozen=True, slots=True)
class BatchWork(Generic[_Result]):
    """What is to be done to each batch of a table.

    Attributes:
        read: Gives the batches, in the order of the file; runs its own tasks by the map that it is given.
        process: Does the work on one batch: a pure function, so that it may run in any thread or process.
        outweighs_judging: Whether this takes longer than all that the results still go through.
    """

    read: Callable[[MapInOrder], Iterator[Batch]]
    process: Callable[[Batch], _Result]
    outweighs_judging: bool = False


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
