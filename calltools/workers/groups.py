"""A thread that finishes batches in groups, while the main thread gathers the next group."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

#: Unproven records in a group. pandera takes some milliseconds a call whatever it is given, so groups are large; but
#: everything waits for the last group of a file, so they are not larger.
_MAX_UNPROVEN_PER_GROUP: Final = 150_000
#: Records in a group, proven ones included: numbers and digests of each are held.
_MAX_RECORDS_PER_GROUP: Final = 250_000
#: Records that are enough for a group while the thread has nothing to do.
_IDLE_GROUP_RECORDS: Final = 100_000

_Item = TypeVar("_Item")


class GroupThread(Generic[_Item]):
    """A thread that takes groups of items in the order in which they were added; a context manager.

    A fault of the thread is raised in the main thread by the next call of a method. When the context is left by an
    exception, groups that wait are dropped.

    Args:
        finish: What to do with a group, in the thread.
    """

    def __init__(self, finish: Callable[[Sequence[_Item]], None]) -> None:
        self._finish = finish
        self._pool = ThreadPoolExecutor(1, "groups")
        self._under_way: deque[Future[None]] = deque()
        self._begin_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=fault is not None)

    def is_idle(self) -> bool:
        """Whether the thread has nothing to do."""
        return all(task.done() for task in self._under_way)

    def run(self, task: Callable[[], None]) -> None:
        """Let the thread do something else before the next group."""
        self._under_way.append(self._pool.submit(task))

    def add(self, item: _Item, *, records: int, unproven: int) -> None:
        """Add an item to the group, and hand the group over when it is large enough.

        One group may wait while the thread has another. Then this call blocks until the first one is finished; so the
        readers wait too, and a slow sink does not fill the memory.

        Args:
            item: The item.
            records: How many records it holds.
            unproven: How many of them are expensive to finish.
        """
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        self._group.append(item)
        self._records += records
        self._unproven += unproven
        enough = _MAX_RECORDS_PER_GROUP if self._under_way else _IDLE_GROUP_RECORDS
        if self._unproven >= _MAX_UNPROVEN_PER_GROUP or self._records >= enough:
            self.flush()
        while len(self._under_way) > 1:
            self._under_way.popleft().result()

    def flush(self) -> None:
        """Hand over the group as it is."""
        self._under_way.append(self._pool.submit(self._finish, self._group))
        self._begin_group()

    def wait(self) -> None:
        """Until all groups are finished."""
        while self._under_way:
            self._under_way.popleft().result()

    def _begin_group(self) -> None:
        self._group: list[_Item] = []
        self._records = self._unproven = 0
