"""Groups of options as one argument of a command."""

import dataclasses
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints


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
