"""The long options of the commands about files and uploads as words of the configuration and of the environment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from calltools.cli.options import Reading, Showing, Writing
from calltools.cli.uploading_options import Absence, Access, Chosen, Following, Going, Speaking

GROUPS: Final = (Reading, Writing, Showing, Chosen, Going, Following, Absence, Access, Speaking)
#: Said on the command line alone: what is for one run, what would double every call, where the secret is.
BY_HAND: Final[Mapping[Any, frozenset[str]]] = MappingProxyType(
    {
        Going: frozenset({"plan", "dry_run", "all", "output_format"}),
        Access: frozenset({"token_file", "token_stdin"}),
    }
)
_BY_COMMAS: Final = frozenset({"select", "ignore"})
_PLACES: Final[dict[str, Callable[[str], bool]]] = {
    "vendor": lambda text: text.endswith(".toml"),
    "identifiers": bool,
    "output": lambda text: text != "-",
}
_YES: Final = ("1", "true", "yes", "on")
_FLAGS: Final = {**dict.fromkeys(_YES, True), **dict.fromkeys(("0", "false", "no", "off"), False)}


@dataclass(frozen=True, slots=True)
class Key:
    """An option.

    Attributes:
        name: As a field of its group: ``fail_on``.
        item: Type of its value, or of each of its values.
        many: Whether it is repeatable.
        least: The smallest number that it takes.
        most: The largest.
        default: What holds when nobody says anything.
    """

    name: str
    item: Any
    many: bool
    least: float | None
    most: float | None
    default: Any

    @property
    def word(self) -> str:
        """As it is written: ``fail-on``."""
        return self.name.replace("_", "-")

    def read(self, told: Any, folder: Path | None = None) -> Any:
        """The option's value for a value of TOML.

        Args:
            told: The value.
            folder: Where relative paths start, if not in the working directory.

        Returns:
            The value, or what is ``Wrong`` with it.
        """
        if self.name in _BY_COMMAS and isinstance(told, list) and all(isinstance(one, str) for one in told):
            return ",".join(told)
        if not self.many:
            return self._one(told, folder)
        listed = [self._one(one, folder) for one in (told if isinstance(told, list) else [told])]
        return next((one for one in listed if isinstance(one, Wrong)), listed)

    def from_text(self, text: str) -> Any:
        """The option's value for a text of the environment, or ``Wrong``."""
        if self.many:
            return self.read([word.strip() for word in text.split(",") if word.strip()])
        if self.item is bool:
            return self.read(_FLAGS.get(text.strip().lower(), text))
        if self.item in {int, float}:
            return self.read(_number_in(text))
        return self.read(text)

    def _one(self, told: Any, folder: Path | None) -> Any:
        if self.item is bool:
            return told if isinstance(told, bool) else Wrong("config-not-flag", {})
        if self.item in {int, float}:
            return self._number(told)
        if issubclass(self.item, StrEnum):
            return self._choice(told)
        if not isinstance(told, str):
            return Wrong("profile-not-text" if self.many else "config-not-text", {})
        return self.item(self._placed(told, folder))

    def _number(self, told: Any) -> Any:
        least, most = self.least or 0, math.inf if self.most is None else self.most
        kinds = int if self.item is int else int | float
        if isinstance(told, kinds) and not isinstance(told, bool) and math.isfinite(told) and least <= told <= most:
            return told
        if self.item is int:
            return Wrong("config-not-number", {"least": least})
        key = "config-not-amount" if self.most is None else "config-not-between"
        return Wrong(key, {"least": least, "most": self.most})

    def _choice(self, told: Any) -> Any:
        allowed = [str(one) for one in self.item]
        if isinstance(told, bool) or str(told) not in allowed:
            return Wrong("profile-not-one-of", {"allowed": ", ".join(allowed)})
        return self.item(str(told))

    def _placed(self, text: str, folder: Path | None) -> str:
        """A path as seen from the folder of the file that names it."""
        is_path = self.item is Path or (self.name in _PLACES and _PLACES[self.name](text))
        return text if folder is None or not is_path else str(folder / text)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that an option does not take."""

    key: str
    facts: dict[str, object]


def told_of(group: Any) -> frozenset[str]:
    """The options of a group that the configuration and the environment may speak of."""
    return frozenset(one.name for one in fields(group)) - BY_HAND.get(group, frozenset())


@lru_cache(maxsize=1)
def keys() -> dict[str, Key]:
    """All options, by the names of their fields, in the order of the help; what several groups share is one."""
    found: dict[str, Key] = {}
    for key in (key for group in GROUPS for key in _keys_of(group)):
        found.setdefault(key.name, key)
    return found


@lru_cache(maxsize=1)
def by_hand() -> frozenset[str]:
    """Options that are only on the command line."""
    return frozenset().union(*BY_HAND.values()) - keys().keys()


def _keys_of(group: Any) -> list[Key]:
    hints, told = get_type_hints(group, include_extras=True), told_of(group)
    return [_key(field.name, hints[field.name], field.default) for field in fields(group) if field.name in told]


def _key(name: str, hint: Any, default: Any) -> Key:
    kind, option = get_args(hint)
    some = [one for one in get_args(kind) if one is not NoneType] if get_origin(kind) not in {None, list} else [kind]
    many = get_origin(some[0]) is list
    return Key(name, get_args(some[0])[0] if many else some[0], many, option.min, option.max, default)


def _number_in(text: str) -> int | float | str:
    """The number that a text is, or the text."""
    if text.strip().isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
