"""The long options as keys of the configuration file and of the environment: types, limits, defaults."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from calltools.cli.options import EngineOptions, FindingOptions, ReadingOptions, WritingOptions
from calltools.cli.typer_app import range_message
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    LoginOptions,
    OutputOptions,
    SendOptions,
)
from calltools.files.remote_path import as_path, is_remote
from calltools.texts.keys import MessageKey

OPTION_GROUPS: Final = (
    ReadingOptions,
    WritingOptions,
    FindingOptions,
    EngineOptions,
    CounterOption,
    SendOptions,
    FollowOptions,
    AbsencePolicy,
    AccessOptions,
    LoginOptions,
    OutputOptions,
)
#: Options of the command line only: for a single run, dangerous if repeated, or about the secret.
COMMAND_LINE_ONLY: Final[Mapping[Any, frozenset[str]]] = MappingProxyType(
    {
        SendOptions: frozenset({"plan", "dry_run", "all", "output_format"}),
        AccessOptions: frozenset({"token_file", "token_stdin"}),
        LoginOptions: frozenset({"list", "read_counters"}),
    }
)
_COMMA_SEPARATED: Final = frozenset({"select", "ignore"})
_PATH_LIKE: Final[dict[str, Callable[[str], bool]]] = {
    "vendor": lambda text: text.endswith(".toml"),
    "identifiers": bool,
    "outcomes": bool,
    "output": lambda text: text != "-",
}
_YES: Final = ("1", "true", "yes", "on")
_FLAGS: Final = {**dict.fromkeys(_YES, True), **dict.fromkeys(("0", "false", "no", "off"), False)}


@dataclass(frozen=True, slots=True)
class OptionKey:
    """An option as a key of the configuration.

    Attributes:
        name: Name of the field in its group: ``fail_on``.
        value_type: Type of the value; of a repeatable option, of each value.
        repeatable: Whether the option takes several values.
        minimum: The smallest number allowed, or ``None``.
        maximum: The largest number allowed, or ``None``.
        default: The value if nobody sets one.
    """

    name: str
    value_type: Any
    repeatable: bool
    minimum: float | None
    maximum: float | None
    default: Any

    @property
    def spelling(self) -> str:
        """Name in messages and files: ``fail-on``."""
        return self.name.replace("_", "-")

    def parse(self, value: Any, folder: Path | None = None) -> Any:
        """The value of the option for a value of TOML.

        Args:
            value: Value of TOML.
            folder: Where relative paths start; ``None``: in the working directory.

        Returns:
            The value, or an ``InvalidValue``.
        """
        if self.name in _COMMA_SEPARATED and isinstance(value, list) and all(isinstance(word, str) for word in value):
            return ",".join(value)
        if not self.repeatable:
            return self._parse_one(value, folder)
        parsed = [self._parse_one(item, folder) for item in (value if isinstance(value, list) else [value])]
        return next((item for item in parsed if isinstance(item, InvalidValue)), parsed)

    def parse_text(self, text: str) -> Any:
        """The value of the option for the text of an environment variable, or an ``InvalidValue``."""
        if self.repeatable:
            return self.parse([word.strip() for word in text.split(",") if word.strip()])
        if self.value_type is bool:
            return self.parse(_FLAGS.get(text.strip().lower(), text))
        if self.value_type in {int, float}:
            return self.parse(_to_number(text))
        return self.parse(text)

    def _parse_one(self, value: Any, folder: Path | None) -> Any:
        if self.value_type is bool:
            return value if isinstance(value, bool) else InvalidValue("config-not-flag", {})
        if self.value_type in {int, float}:
            return self._parse_number(value)
        if issubclass(self.value_type, StrEnum):
            return self._parse_choice(value)
        if not isinstance(value, str):
            return InvalidValue("profile-not-text" if self.repeatable else "config-not-text", {})
        given = self._resolve_path(value, folder)
        return as_path(given) if self.value_type is Path else self.value_type(given)

    def _parse_number(self, value: Any) -> Any:
        least, most = self.minimum or 0, math.inf if self.maximum is None else self.maximum
        types = int if self.value_type is int else int | float
        # For Python True is the number 1.
        if isinstance(value, types) and not isinstance(value, bool) and math.isfinite(value) and least <= value <= most:
            return value
        return InvalidValue(range_message(self.value_type, self.maximum), {"least": least, "most": self.maximum})

    def _parse_choice(self, value: Any) -> Any:
        allowed = [str(choice) for choice in self.value_type]
        if isinstance(value, bool) or str(value) not in allowed:
            return InvalidValue("profile-not-one-of", {"allowed": ", ".join(allowed)})
        return self.value_type(str(value))

    def _resolve_path(self, text: str, folder: Path | None) -> str:
        """The text, or if it is a path, that path from the folder of the file that names it."""
        is_path = self.value_type is Path or (self.name in _PATH_LIKE and _PATH_LIKE[self.name](text))
        return resolve_text(text, folder) if is_path else text


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A value and its origin: a file and path, or a variable."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that an option does not allow.

    Attributes:
        key: Key of the message.
        facts: Facts of the message.
    """

    key: MessageKey
    facts: dict[str, object]


def resolve_text(text: str, folder: Path | None) -> str:
    """A path from the folder of the file that names it; a slash at its end, which means a folder, stays.

    Args:
        text: A path or an address.
        folder: ``None``: the working directory, where a path needs no more.
    """
    if folder is None or is_remote(text):
        return text
    return f"{folder / text}{'/' if text.endswith('/') else ''}"


def configurable_options(group: Any) -> frozenset[str]:
    """Names of the options of a group that the configuration and the environment may set."""
    return frozenset(field.name for field in fields(group)) - COMMAND_LINE_ONLY.get(group, frozenset())


@lru_cache(maxsize=1)
def option_keys() -> dict[str, OptionKey]:
    """Name -> option, in the order of the help; an option that several groups share appears once."""
    found: dict[str, OptionKey] = {}
    for key in (key for group in OPTION_GROUPS for key in _group_keys(group)):
        found.setdefault(key.name, key)
    return found


@lru_cache(maxsize=1)
def command_line_only() -> frozenset[str]:
    """Names of the options that only the command line may set."""
    return frozenset().union(*COMMAND_LINE_ONLY.values()) - option_keys().keys()


def _group_keys(group: Any) -> list[OptionKey]:
    hints, names = get_type_hints(group, include_extras=True), configurable_options(group)
    return [_build_key(field.name, hints[field.name], field.default) for field in fields(group) if field.name in names]


def _build_key(name: str, hint: Any, default: Any) -> OptionKey:
    # Annotated[int | None, typer.Option(min=1)]: the type without None, and the limits of typer.
    annotated, option = get_args(hint)
    is_union = get_origin(annotated) not in {None, list}
    value_type = next(part for part in get_args(annotated) if part is not NoneType) if is_union else annotated
    repeatable = get_origin(value_type) is list
    return OptionKey(
        name, get_args(value_type)[0] if repeatable else value_type, repeatable, option.min, option.max, default
    )


def _to_number(text: str) -> int | float | str:
    """The number that a text says, or the text unchanged."""
    try:
        return int(text) if text.strip().isdecimal() else float(text)
    except ValueError:  # also of a whole number with more digits than Python reads
        return text
