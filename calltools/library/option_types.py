"""The types and ranges of keyword arguments at run time: a wrong one is a sentence, and no traceback from far below."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, Final, Literal, Union, get_args, get_origin

from calltools.errors import UsageError

#: Type of an annotation -> what may be given, and its name in a message.
_FITTING: Final[Mapping[Any, tuple[tuple[type, ...], str]]] = {
    str: ((str,), "str"),
    Path: ((os.PathLike,), "Path"),
    bool: ((bool,), "bool"),
    int: ((Integral,), "int"),
    float: ((Real,), "float"),
    os.PathLike: ((os.PathLike,), "Path"),
    datetime: ((datetime,), "datetime"),
}


def is_judged(hint: Any) -> bool:
    """Whether what fits an annotation can be told from its type."""
    return not any(get_origin(part) is Callable for part in _alternatives(hint))


def refuse_other_types(name: str, value: Any, hint: Any) -> None:
    """Refuse a value whose type an option does not have; what is one of a few words is judged elsewhere.

    Raises:
        UsageError: It has none of the types; all are named. Of a list or a mapping, the first item that does not fit.
    """
    if _fits(value, hint):
        return
    for part in _alternatives(hint):
        if get_origin(part) in {Sequence, Mapping}:
            for key, item in _items(value, get_origin(part)):
                refuse_other_types(f"{name}[{key!r}]", item, get_args(part)[-1])
    wanted = dict.fromkeys(_names(hint))
    raise UsageError("option-type-wrong", option=name, type=type(value).__name__, wanted=", ".join(wanted))


def refuse_out_of_range(name: str, value: Any, least: float | None, most: float | None) -> None:
    """Refuse a number that is too small or too large.

    Raises:
        UsageError: It is; the limit is named.
    """
    if least is not None and value < least:
        raise UsageError("option-too-small", option=name, value=value, least=least)
    if most is not None and value > most:
        raise UsageError("option-too-large", option=name, value=value, most=most)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _items(value: Any, kind: type) -> list[tuple[Any, Any]]:
    """The items of a list or a mapping, each with its index or key; none of another value."""
    if kind is Mapping:
        return list(value.items()) if isinstance(value, Mapping) else []
    return list(enumerate(value)) if _is_list(value) else []


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return True
    if origin is Sequence:
        return _is_list(value) and all(_fits(one, parts[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(one, parts[1]) for one in value.values())
    if hint is BinaryIO:
        return hasattr(value, "write")
    types, _ = _FITTING.get(origin if origin is os.PathLike else hint, ((hint,), ""))
    # For Python True is the number 1.
    return isinstance(value, types) and (hint is bool or not isinstance(value, bool))


def _names(hint: Any) -> list[str]:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return [name for part in parts if part is not NoneType for name in _names(part)]
    if origin is Sequence:
        return [f"list[{' | '.join(_names(parts[0]))}]"]
    if origin is Mapping:
        return ["dict"]
    return [_FITTING.get(origin if origin is os.PathLike else hint, ((), getattr(hint, "__name__", "")))[1]]
