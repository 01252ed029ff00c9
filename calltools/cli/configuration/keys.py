"""The long options as keys of the configuration file and of the environment: types, limits, defaults."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from calltools.cli.options import FindingOptions, ReadingOptions, WritingOptions
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    SendOptions,
)
from calltools.texts.keys import MessageKey

OPTION_GROUPS: Final = (
    ReadingOptions,
    WritingOptions,
    FindingOptions,
    CounterOption,
    SendOptions,
    FollowOptions,
    AbsencePolicy,
    AccessOptions,
    OutputOptions,
)
#: Said on the command line alone: what is for one run, what would double every call, where the secret is.
COMMAND_LINE_ONLY: Final[Mapping[Any, frozenset[str]]] = MappingProxyType(
    {
        SendOptions: frozenset({"plan", "dry_run", "all", "output_format"}),
        AccessOptions: frozenset({"token_file", "token_stdin"}),
    }
)
_COMMA_SEPARATED: Final = frozenset({"select", "ignore"})
_PATH_LIKE: Final[dict[str, Callable[[str], bool]]] = {
    "vendor": lambda text: text.endswith(".toml"),
    "identifiers": bool,
    "output": lambda text: text != "-",
}
_YES: Final = ("1", "true", "yes", "on")
_FLAGS: Final = {**dict.fromkeys(_YES, True), **dict.fromkeys(("0", "false", "no", "off"), False)}


@dataclass(frozen=True, slots=True)
class OptionKey:
    """An option.

    Attributes:
        name: As a field of its group: ``fail_on``.
        value_type: Type of its value, or of each of its values.
        repeatable: Whether it is repeatable.
        minimum: The smallest number that it takes.
        maximum: The largest.
        default: What holds when nobody says anything.
    """

    name: str
    value_type: Any
    repeatable: bool
    minimum: float | None
    maximum: float | None
    default: Any

    @property
    def spelling(self) -> str:
        """As it is written: ``fail-on``."""
        return self.name.replace("_", "-")

    def parse(self, value: Any, folder: Path | None = None) -> Any:
        """The option's value for a value of TOML.

        Args:
            value: The value.
            folder: Where relative paths start, if not in the working directory.

        Returns:
            The value, or what is ``Wrong`` with it.
        """
        if self.name in _COMMA_SEPARATED and isinstance(value, list) and all(isinstance(one, str) for one in value):
            return ",".join(value)
        if not self.repeatable:
            return self._parse_one(value, folder)
        listed = [self._parse_one(one, folder) for one in (value if isinstance(value, list) else [value])]
        return next((one for one in listed if isinstance(one, InvalidValue)), listed)

    def parse_text(self, text: str) -> Any:
        """The option's value for a text of the environment, or ``Wrong``."""
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
        return self.value_type(self._resolve_path(value, folder))

    def _parse_number(self, value: Any) -> Any:
        least, most = self.minimum or 0, math.inf if self.maximum is None else self.maximum
        kinds = int if self.value_type is int else int | float
        if isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value) and least <= value <= most:
            return value
        if self.value_type is int:
            return InvalidValue("config-not-number", {"least": least})
        key: MessageKey = "config-not-amount" if self.maximum is None else "config-not-between"
        return InvalidValue(key, {"least": least, "most": self.maximum})

    def _parse_choice(self, value: Any) -> Any:
        allowed = [str(one) for one in self.value_type]
        if isinstance(value, bool) or str(value) not in allowed:
            return InvalidValue("profile-not-one-of", {"allowed": ", ".join(allowed)})
        return self.value_type(str(value))

    def _resolve_path(self, text: str, folder: Path | None) -> str:
        """A path as seen from the folder of the file that names it."""
        is_path = self.value_type is Path or (self.name in _PATH_LIKE and _PATH_LIKE[self.name](text))
        return text if folder is None or not is_path else str(folder / text)


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that an option does not take."""

    key: MessageKey
    facts: dict[str, object]


def configurable_options(group: Any) -> frozenset[str]:
    """The options of a group that the configuration and the environment may speak of."""
    return frozenset(one.name for one in fields(group)) - COMMAND_LINE_ONLY.get(group, frozenset())


@lru_cache(maxsize=1)
def option_keys() -> dict[str, OptionKey]:
    """All options, by the names of their fields, in the order of the help; what several groups share is one."""
    found: dict[str, OptionKey] = {}
    for key in (key for group in OPTION_GROUPS for key in _group_keys(group)):
        found.setdefault(key.name, key)
    return found


@lru_cache(maxsize=1)
def command_line_only() -> frozenset[str]:
    """Options that are only on the command line."""
    return frozenset().union(*COMMAND_LINE_ONLY.values()) - option_keys().keys()


def _group_keys(group: Any) -> list[OptionKey]:
    hints, told = get_type_hints(group, include_extras=True), configurable_options(group)
    return [_build_key(field.name, hints[field.name], field.default) for field in fields(group) if field.name in told]


def _build_key(name: str, hint: Any, default: Any) -> OptionKey:
    kind, option = get_args(hint)
    some = [one for one in get_args(kind) if one is not NoneType] if get_origin(kind) not in {None, list} else [kind]
    many = get_origin(some[0]) is list
    return OptionKey(name, get_args(some[0])[0] if many else some[0], many, option.min, option.max, default)


def _to_number(text: str) -> int | float | str:
    """The number that a text is, or the text."""
    if text.strip().isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
