"""Threads that run Arrow kernels, and the number of processors they may use."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar


def cpu_count() -> int:
    """At least one."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else os.cpu_count() or 1


_MAX_PENDING: Final = 2

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def shorten_switch_interval() -> None:
    """For the whole process: such threads come back to an interpreter that another one holds.

    They would wait five milliseconds for it.
    """
    sys.setswitchinterval(0.001)


def map_in_order(
    pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item], max_pending: int = _MAX_PENDING
) -> Iterator[_Result]:
    """Results in the order of the items, a few items ahead and no more: ``Executor.map`` would take them all."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= max_pending:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
