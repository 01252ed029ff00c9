"""Where the records lie in a JSON document: the one list of objects, at any depth.

A path names keys joined by dots, and ``[]`` for each list on the way: ``data[].list`` are the lists ``list`` of all
objects in the list ``data``, joined in their order. ``.`` is the document itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from calltools.errors import UnfitFileError

#: The document itself as a path.
ROOT: Final = "."
#: A choice between lists rests on their first objects.
_SAMPLE: Final = 50
#: Fewer keys of a known export can occur by chance: ``id``, ``duration``.
_MIN_KNOWN_KEYS: Final = 3

#: Counts the titles of a known export among the keys of an object.
KeyCounter = Callable[[Sequence[str]], int]


def choose_records(document: Any, name: str, count_known: KeyCounter, path: str | None = None) -> Iterable[Any]:
    """The items of the list that holds the records.

    One list whose keys are those of a known export counts before all others. Else the document must leave no choice:
    it is a list itself, or holds one list outside of lists, in whose items no list has more objects than it.

    Args:
        document: What was parsed; a list may have any items, which the caller checks.
        name: Name of the file in messages.
        count_known: Counts known titles.
        path: What the user says; ``None``: it is found.

    Returns:
        The items; an object without a list is one record.

    Raises:
        UnfitFileError: Nothing tells which of several lists is meant, or there is no list of objects at the path.
    """
    lists = _find_lists(document)
    if path is not None:
        if path not in lists:
            raise UnfitFileError("json-records-path", path=name, given=path, lists=_format_paths(lists))
        return _items_at(document, path)
    chosen = _known_list(lists, count_known)
    if chosen is None:
        chosen = _only_list(document, lists, name)
    return [document] if chosen is None else _items_at(document, chosen)


def _find_lists(document: Any) -> dict[str, list[dict[str, Any]]]:
    """Path -> first objects of each list of objects, the outer ones first; a list without items is one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, items in _iterate_lists(document, ROOT):
        sample = found.setdefault(path, [])
        sample += islice(items, _SAMPLE - len(sample))
    return dict(sorted(found.items(), key=lambda pair: pair[0].count("[]")))


def _iterate_lists(value: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _iterate_lists(inner, key if path == ROOT else f"{path}.{key}")
    elif isinstance(value, list):
        if all(isinstance(item, dict) for item in islice(value, _SAMPLE)):
            yield path, value
        # One object in fifty thousand tells nothing about the others, so the first ones suffice.
        for item in islice(value, _SAMPLE):
            yield from _iterate_lists(item, "[]" if path == ROOT else f"{path}[]")


def _known_list(lists: Mapping[str, Sequence[dict[str, Any]]], count_known: KeyCounter) -> str | None:
    """The list with most keys of a known export, if it alone has so many."""
    counts = {path: count_known([*dict.fromkeys(chain(*objects))]) for path, objects in lists.items()}
    most = max(counts.values(), default=0)
    best = [path for path, count in counts.items() if count == most]
    return best[0] if most >= _MIN_KNOWN_KEYS and len(best) == 1 else None


def _only_list(document: Any, lists: Mapping[str, Sequence[dict[str, Any]]], name: str) -> str | None:
    """The list that must hold the records, since no other one can; ``None``: there is no list."""
    if isinstance(document, list) and ROOT in lists:
        return ROOT
    filled = {path: objects for path, objects in lists.items() if objects}
    if len(filled) > 1:
        outer, *inner = filled
        wraps = any(len(filled[path]) > len(filled[outer]) for path in inner if path.startswith(f"{outer}[]"))
        if wraps or any(not path.startswith(f"{outer}[]") for path in inner):
            raise UnfitFileError("json-lists-several", path=name, lists=_format_paths(filled), first=outer)
        return outer
    return next(iter([*filled, *lists]), ROOT if isinstance(document, list) else None)


def _format_paths(lists: Iterable[str]) -> str:
    return ", ".join(lists) or "-"


def _items_at(value: Any, path: str) -> Iterator[Any]:
    """The items of all lists at a path, in their order."""
    if path == ROOT:
        yield from value
    elif path.startswith("[]"):
        for item in value if isinstance(value, list) else ():
            yield from _items_at(item, path.removeprefix("[]").removeprefix(".") or ROOT)
    elif isinstance(value, dict):
        # A key may hold dots itself, so the longest key that fits is taken first.
        for key in sorted((key for key in value if _begins_with(path, key)), key=len, reverse=True)[:1]:
            rest = path[len(key) :].removeprefix(".") or ROOT
            if rest != ROOT or isinstance(value[key], list):
                yield from _items_at(value[key], rest)


def _begins_with(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}[]"))
