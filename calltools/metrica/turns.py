"""Whose turn it is: the service allows three requests of a user at a time, and we send one for a counter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

#: The service's limit.
PARALLEL: Final = 3


@final
class Turns:
    """The requests in flight of one user in this process. Processes are kept apart by the lock of the ledger."""

    def __init__(self) -> None:
        self._all = threading.BoundedSemaphore(PARALLEL)
        self._guard = threading.Lock()
        self._counters: dict[int, threading.Lock] = {}

    @contextmanager
    def of(self, counter: int) -> Iterator[None]:
        """Wait for the turn of a counter, then for one of the three places."""
        with self._guard:
            own = self._counters.setdefault(counter, threading.Lock())
        with own, self._all:
            yield
