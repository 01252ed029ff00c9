"""Records that are parsed one by one, as columns: a record costs a hundred times more as Python objects."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

#: Items that are Python objects at a time.
PIECE_ITEMS: Final = 10_000

_Item = TypeVar("_Item")
_Columns = TypeVar("_Columns")


class Pieces(Generic[_Item, _Columns]):
    """Takes items one by one and makes columns of some thousands at a time, so that few are Python objects.

    Args:
        build: Makes columns of items.
    """

    def __init__(self, build: Callable[[Sequence[_Item]], _Columns]) -> None:
        self._build = build
        self._waiting: list[_Item] = []
        self._built: list[_Columns] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, item: _Item) -> None:
        """Take one item more."""
        self._waiting.append(item)
        self._count += 1
        if len(self._waiting) >= PIECE_ITEMS:
            self._flush()

    def finish(self) -> list[_Columns]:
        """The columns of all items, in their order; none for no item."""
        self._flush()
        return self._built

    def _flush(self) -> None:
        if self._waiting:
            self._built.append(self._build(self._waiting))
            self._waiting = []
