"""How Arrow and the C library allocate memory in this process."""

import ctypes
import sys
from contextlib import suppress
from typing import Final

import pyarrow as pa

# Of malloc.h.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


def return_freed_memory() -> None:
    """For the whole process: what Arrow has freed goes back to the system, a fifth of the peak.

    Where Arrow was built with jemalloc, as it is for Linux.
    """
    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def use_single_arena() -> None:
    """For the whole process, before it has threads: they share a heap; each would keep in its own what it has freed."""
    _set_mallopt(_ARENA_MAX, 1)


def keep_freed_memory() -> None:
    """For the whole process: what has been freed stays with it.

    Arrays of a block come and go by the hundred, all of a size; to give their memory back to the system and to ask for
    it again takes a sixth of the time.
    """
    _set_mallopt(_MMAP_THRESHOLD, 32 << 20)
    _set_mallopt(_TRIM_THRESHOLD, 128 << 20)


def _set_mallopt(what: int, value: int) -> None:
    """Tell the C library, where it is glibc, as it is on most Linux."""
    if sys.platform == "linux" and (choose := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        choose(what, value)
