"""Where the records lie in a JSON document: the one list of objects, at any depth.

A path names keys joined by dots, and ``[]`` for each list on the way: ``data[].list`` are the lists ``list`` of all
objects in the list ``data``, joined in their order. ``.`` is the document itself, a list or one record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from calltools.errors import UnfitFileError

#: The document itself as a path.
ROOT: Final = "."
#: A choice between lists rests on their first objects.
_SAMPLE: Final = 50
#: Digits that a count of calls may have beside an empty list.
_DIGITS_OF_COUNT: Final = 4

#: Whether the keys of objects, with those inside of them, are the titles of a known export.
ExportTest = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class RecordList:
    """The list that holds the records.

    Attributes:
        items: Its items; an object without a list is one record.
        path: Where it lies.
        others: Path -> count of objects, of the filled lists that are no part of it and do not hold it.
        was_chosen: Whether there were other filled lists.
    """

    items: Iterable[Any]
    path: str = ROOT
    others: Mapping[str, int] = field(default_factory=dict)
    was_chosen: bool = False


def choose_records(document: Any, name: str, is_export: ExportTest, path: str | None = None) -> RecordList:
    """The list that holds the records.

    The only list that is a known export counts before all others; so does the document, if it is one record of a known
    export. Else the document must leave no choice: it is a list itself, or holds one list outside of lists, in whose
    items no list has more objects than it. Of a list that only wraps empty lists it is one of these.

    Args:
        document: What was parsed; a list may have any items, which the caller checks.
        name: Name of the file in messages.
        is_export: Knows exports.
        path: What the user says; ``None``: it is found.

    Raises:
        UnfitFileError: Nothing tells which of several lists is meant, or there is no list of objects at the path.
    """
    lists = _find_lists(document)
    if path is not None:
        if path not in lists and isinstance(document, dict) and (path == ROOT or path.startswith("[]")):
            # JSON Lines of one line: more of them are a list, and the path is the same for both.
            document = [document]
            lists = _find_lists(document)
        if path not in lists:
            raise UnfitFileError("json-records-path", path=name, given=path, lists=_format_paths(lists))
        return _record_list(document, path, lists)
    known = [path for path, objects in lists.items() if objects and is_export(_titles(objects))]
    if isinstance(document, dict) and is_export(_titles([document])):
        if not known:
            return RecordList([document])
        known = [ROOT, *known]
    chosen = known[0] if len(known) == 1 else _only_list(document, lists, known, name)
    if chosen is None:
        return RecordList([document])
    empty = [one for one, objects in lists.items() if not objects and _is_inside(one, chosen)]
    if empty and all(map(_holds_nothing, _items_at(document, chosen))):
        chosen = empty[0]
    return _record_list(document, chosen, lists)


def _record_list(document: Any, path: str, lists: Mapping[str, Sequence[dict[str, Any]]]) -> RecordList:
    filled = [one for one, objects in lists.items() if objects and one != path]
    apart = [one for one in filled if not _is_inside(one, path) and not _is_inside(path, one)]
    others = {one: sum(1 for _ in _items_at(document, one)) for one in apart}
    return RecordList(_items_at(document, path), path, others, any(not _is_inside(one, path) for one in filled))


def _is_inside(path: str, outer: str) -> bool:
    return path.startswith("[]" if outer == ROOT else f"{outer}[]")


def _holds_nothing(value: Any) -> bool:
    """Whether an item holds no text and no number that could be a moment or a phone: a call has more digits."""
    if isinstance(value, dict):
        return all(map(_holds_nothing, value.values()))
    if isinstance(value, list):
        return all(map(_holds_nothing, value))
    return not isinstance(value, str) or value == "" or (value.isdecimal() and len(value) <= _DIGITS_OF_COUNT)


def _titles(objects: Sequence[dict[str, Any]]) -> list[str]:
    """The titles that the keys of objects become: those of inner objects with the keys above them."""
    return [*dict.fromkeys(chain.from_iterable(_keys(one, "") for one in objects))]


def _keys(value: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _keys(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


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


def _only_list(
    document: Any, lists: Mapping[str, Sequence[dict[str, Any]]], known: Sequence[str], name: str
) -> str | None:
    """The list that must hold the records, since no other one can; ``None``: there is no list."""
    filled = {path: objects for path, objects in lists.items() if objects}
    if known:
        listed = _format_paths({**dict.fromkeys(known[:1]), **filled} if ROOT in known else filled)
        raise UnfitFileError("json-lists-several", path=name, lists=listed, first=known[0], choices=tuple(known))
    if isinstance(document, list) and ROOT in lists:
        return ROOT
    if len(filled) > 1:
        outer, *inner = filled
        wraps = any(len(filled[path]) > len(filled[outer]) for path in inner if path.startswith(f"{outer}[]"))
        if wraps or any(not path.startswith(f"{outer}[]") for path in inner):
            first = max(filled, key=lambda path: len(filled[path]))
            raise UnfitFileError(
                "json-lists-several", path=name, lists=_format_paths(filled), first=first, choices=tuple(filled)
            )
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
