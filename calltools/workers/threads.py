"""Threads that are busy in kernels."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

_AHEAD: Final = 2

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def quick_turns() -> None:
    """For the whole process: such threads come back to an interpreter that another one holds.

    They would wait five milliseconds for it.
    """
    sys.setswitchinterval(0.001)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item], ahead: int = _AHEAD
) -> Iterator[_Result]:
    """Results in the order of the items, a few items ahead and no more: ``Executor.map`` would take them all."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
