"""Threads that run Arrow kernels, and how this process allocates memory for them."""

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

_MAX_PENDING: Final = 2
# Parameters of mallopt(3), from malloc.h.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def cpu_count() -> int:
    """Processors that this process may use; at least one."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def map_in_order(
    pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item], max_pending: int = _MAX_PENDING
) -> Iterator[_Result]:
    """Results in the order of the items, a few items ahead and no more: ``Executor.map`` would take them all."""
    pending: deque[Future[_Result]] = deque()
    for item in items:
        pending.append(pool.submit(work, item))
        if len(pending) >= max_pending:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def return_freed_memory() -> None:
    """Let Arrow return freed memory to the system: a fifth of the peak.

    For the whole process. Only where Arrow was built with jemalloc, as its wheels for Linux are.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy, and not every importer of this module has loaded it

    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def return_freed_memory_at_once() -> None:
    """The same at once, and not a second later: a process that works all the time holds much meanwhile.

    A tenth of the peak of a conversion, at no cost that a run shows.
    """
    import pyarrow as pa  # noqa: PLC0415 - as above

    return_freed_memory()
    with suppress(NotImplementedError):
        pa.jemalloc_set_decay_ms(0)


def use_single_arena() -> None:
    """Let all threads share one heap; with one each, every heap keeps what its thread has freed.

    For the whole process, before it has threads. Worth 2 to 5 % of the time of a large file.
    """
    _set_mallopt(_ARENA_MAX, 1)


def keep_freed_memory() -> None:
    """Keep freed memory in the process.

    For the whole process. Arrays of a block come and go by the hundred, all of similar size; returning their memory to
    the system and asking for it again takes 4 to 5 % of the time of a large file.
    """
    _set_mallopt(_MMAP_THRESHOLD, 32 << 20)
    _set_mallopt(_TRIM_THRESHOLD, 128 << 20)


def _set_mallopt(parameter: int, value: int) -> None:
    """Set a parameter of the C library's allocator, where the library is glibc."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(parameter, value)
