"""Whose turn it is: the service allows three requests of a user at a time, and we send one for a counter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

#: The service's limit.
MAX_PARALLEL_REQUESTS: Final = 3


@final
class RequestSlots:
    """The requests in flight of one user in this process. Processes are kept apart by the lock of the ledger."""

    def __init__(self) -> None:
        self._all_slots = threading.BoundedSemaphore(MAX_PARALLEL_REQUESTS)
        self._counters_guard = threading.Lock()
        self._counter_locks: dict[int, threading.Lock] = {}

    @contextmanager
    def acquire(self, counter: int) -> Iterator[None]:
        """Wait for the turn of a counter, then for one of the three places."""
        with self._counters_guard:
            own = self._counter_locks.setdefault(counter, threading.Lock())
        with own, self._all_slots:
            yield
