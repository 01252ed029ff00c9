"""Typer as we use it: options in dataclass groups, and values made without pydantic (a tenth of a second)."""

import dataclasses
import inspect
import os
from collections.abc import Callable
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup


def expand_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose dataclass arguments stand for their fields, each an option of its own.

    Typer reads a command's options from its signature; two commands that share thirty options would have to
    repeat them. Here the signature is made of the fields, and the dataclasses are made again for the call.
    """
    groups: dict[str, Any] = {
        name: hint for name, hint in get_type_hints(command).items() if dataclasses.is_dataclass(hint)
    }
    plain = [one for one in inspect.signature(command).parameters.values() if one.name not in groups]
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=one.annotation) for one in plain]
    for group in groups.values():
        parameters += _option_parameters(group)

    @wraps(command)
    def wrapper(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect looks for
    wrapper.__annotations__ = {one.name: one.annotation for one in parameters}
    del wrapper.__wrapped__  # or inspect would see the original
    return wrapper


def _option_parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)
    ]


_LEFT_TO_TYPER: Final = object()
#: Digits; longer ones nobody means, and Python refuses the longest.
_MAX_DIGITS: Final = 18


class App(typer.Typer):
    """typer's own, whose commands make values quickly."""

    def __init__(self, **named: Any) -> None:
        super().__init__(cls=_Group, **named)

    def command(self, name: str | None = None, **named: Any) -> Callable[[Any], Any]:
        """A command, as typer's own."""
        return super().command(name, cls=_Command, **named)


class _FastValues:
    def get_params(self, context: Any) -> list[Any]:
        """The parameters, that of the help among them."""
        parameters: list[Any] = super().get_params(context)  # type: ignore[misc]  # that of the other base
        for one in parameters:
            # Typer before 0.29 describes none, and needs no help.
            if hasattr(one, "type_descriptor") and "process_value" not in vars(one):
                one.process_value = partial(_process_value, one, one.process_value)
        return parameters


class _Command(_FastValues, TyperCommand):
    pass


class _Group(_FastValues, TyperGroup):
    pass


def _process_value(parameter: Any, usual: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    made = _convert(parameter.type_descriptor, value, several=parameter.multiple or parameter.nargs == -1)
    if made is _LEFT_TO_TYPER or (parameter.required and parameter.value_is_missing(made)):
        return usual(context, value)
    return made if parameter.callback is None else parameter.callback(context, parameter, made)


def _convert(described: Any, value: Any, *, several: bool) -> Any:
    if value is None:
        return () if several else None
    kind = described.annotation
    if not several:
        return _convert_one(kind, value, described.parameter_info)
    if get_origin(kind) is not list or not isinstance(value, list | tuple):
        return _LEFT_TO_TYPER
    made = [_convert_one(get_args(kind)[0], one, described.parameter_info) for one in value]
    return _LEFT_TO_TYPER if _LEFT_TO_TYPER in made else made


def _convert_one(kind: Any, value: Any, limits: Any) -> Any:
    """One value."""
    if type(value) is kind:
        return value
    if isinstance(value, str):
        if kind is Path and not _is_unreadable(value):
            return Path(value)
        if kind is int and _is_number(value) and _is_in_range(int(value), limits):
            return int(value)
        if isinstance(kind, type) and issubclass(kind, Enum) and value in {one.value for one in kind}:
            return kind(value)
    return _LEFT_TO_TYPER


def _is_in_range(number: int, limits: Any) -> bool:
    return (limits.min is None or number >= limits.min) and (limits.max is None or number <= limits.max)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def _is_unreadable(name: str) -> bool:
    return Path(name).exists() and not os.access(name, os.R_OK)
