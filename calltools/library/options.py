"""The options of a call as those of a run: each by its name on the command line, a wrong one refused by the nearest."""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import wraps
from typing import Any, Final, Literal, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from calltools.errors import UsageError, nearest_word
from calltools.files.remote_path import as_path
from calltools.library.option_types import is_judged, refuse_other_types, refuse_out_of_range
from calltools.model.batch import Hints
from calltools.reports.reporter import ReportOptions
from calltools.run import OptionArguments, RunOptions, build_hints, parse_as_of
from calltools.texts.keys import LANGUAGES, Language

_P = ParamSpec("_P")
_R = TypeVar("_R")
#: How alike a keyword must be to the one that is named in its place: ``engine`` is not ``region``.
_NEAR: Final = 0.7
_PATHS: Final = ("identifiers", "baseline")
_LISTS: Final = ("own_numbers", "inbound_contexts", "select", "ignore")
_UPPER: Final = ("region", "currency")
_RANGES: Final[dict[str, tuple[float | None, float | None]]] = dict.fromkeys(
    ("header_row", "identifier_window_s", "outcome_window_s"), (0, None)
)
_HINTS: Final = tuple(one.name for one in fields(Hints) if one.name != "quotes")
_FIELDS: Final = tuple(one.name for one in fields(RunOptions))


class LibraryOptions(OptionArguments, total=False):
    """The options of a run, and those of ``Hints`` by their own names."""

    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int | None
    records: str | None


def show_options(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function whose signature lists its options one by one, for ``help`` and for completion in notebooks.

    A keyword argument of its own that has another type than its annotation is refused by a ``UsageError``; the options
    are judged by ``build_options``, and what is read by the reader of it.
    """
    signature = inspect.signature(function)
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    [options] = [one for one in signature.parameters.values() if one.kind is inspect.Parameter.VAR_KEYWORD]
    [group] = get_args(options.annotation)
    usual = RunOptions()
    listed = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(usual, name), annotation=hint)
        for name, hint in get_type_hints(group).items()
        if name not in signature.parameters
    ]
    names = [one.name for one in (*own[1:], *listed)]
    judged = {one.name: one.annotation for one in own[1:] if is_judged(one.annotation) and one.name != "counter"}

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        # Here, where also the arguments of its own are known that may be meant.
        refuse_unknown((word for word in kwargs if word not in {*_FIELDS, *_HINTS, own[0].name}), names)
        for name, value in signature.bind_partial(*args, **kwargs).arguments.items():
            if name in judged:
                refuse_other_types(name, value, judged[name])
        return function(*args, **kwargs)

    called.__signature__ = signature.replace(parameters=[*own, *listed])  # type: ignore[attr-defined]  # functions may
    return called


def _default(usual: RunOptions, name: str) -> Any:
    """What an option is when it is not given; values of several parts are shown as nothing."""
    value = getattr(usual, name, None)
    return value if isinstance(value, str | int | tuple) else None


def build_options(given: Mapping[str, Any]) -> RunOptions:
    """The options of a run from keyword arguments.

    Raises:
        UsageError: There is no such option, or it has no such value; the nearest is named.
    """
    refuse_unknown(given, (*_FIELDS, *_HINTS))
    said = {name: value for name, value in given.items() if value is not None}
    types = get_type_hints(LibraryOptions)
    for name, value in said.items():
        refuse_other_types(name, value, types[name])
        refuse_out_of_range(name, value, *_RANGES.get(name, (None, None)))
    values = {name: _as_option(name, value) for name, value in said.items() if name in _FIELDS}
    hints = {name: value for name, value in said.items() if name in _HINTS}
    if hints or "hints" in values:
        given_hints = values.get("hints", Hints())
        named = {name: getattr(given_hints, name) for name in _HINTS} | hints
        values["hints"] = replace(build_hints(**named), quotes=given_hints.quotes)
    for name, value in values.items():
        refuse_other_words(name, value, _words(types[name]))
    return RunOptions(**values)


def refuse_unknown(given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse a keyword that no option has.

    Raises:
        UsageError: The first such keyword, with the option that is probably meant.
    """
    for word in given:
        if word not in known:
            near = nearest_word(word, known, _NEAR)
            raise UsageError("option-unknown-near" if near else "option-unknown", word=word, near=near)


def _as_option(name: str, value: Any) -> Any:
    """The value as ``RunOptions`` has it: text becomes a path, a list of words, a time."""
    if name in _PATHS:
        return as_path(value)
    if name == "outcomes":
        return tuple(map(as_path, [value] if isinstance(value, str | os.PathLike) else value))
    if name in _LISTS:
        return _split_words(value) if isinstance(value, str) else tuple(value)
    if name in _UPPER:
        return value.upper()
    if name == "as_of":
        return _as_unix_seconds(value)
    # ``static_call=1`` says the same as ``static_call="1"``.
    return str(value) if name == "static_call" else value


def _split_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _as_unix_seconds(moment: int | str | datetime) -> int:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise UsageError("as-of-without-offset", given=moment)
        return int(moment.timestamp())
    return parse_as_of(moment) if isinstance(moment, str) else int(moment)


def _words(hint: Any) -> tuple[str, ...]:
    """The words that an option may be, if it is one of a few."""
    choices = [hint, *get_args(hint)]
    return next((get_args(choice) for choice in choices if get_origin(choice) is Literal), ())


def refuse_other_words(name: str, value: Any, words: Sequence[str]) -> None:
    """Refuse a value that is none of a few words; no words: any value will do.

    Raises:
        UsageError: It is none of them; all are named.
    """
    if words and value not in words:
        choices = ", ".join(words)
        raise UsageError("option-value-wrong", option=name, value=value, choices=choices)


def build_report_options(language: Language, *, show_values: bool) -> ReportOptions:
    """How findings are worded.

    Raises:
        UsageError: There is no such language.
    """
    refuse_other_words("language", language, LANGUAGES)
    return ReportOptions(language, show_values)
