"""calltools.toml or [tool.calltools]: found in the folder or above it, read whole, all mistakes named at once."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any, Final

from calltools.cli.configuration.keys import InvalidValue, command_line_only, option_keys
from calltools.cli.options import ReadingOptions
from calltools.errors import ConfigError, Problem, UsageError
from calltools.texts.keys import MessageKey

_OWN_FILE: Final = "calltools.toml"
_SHARED_FILE: Final = "pyproject.toml"
_FILES_KEY: Final = "files"
#: What may differ from file to file: how it is read, which rules count, and where its calls go.
PER_FILE_OPTIONS: Final = frozenset(
    {one.name for one in fields(ReadingOptions)} - {"stdin_name", "as_of"}
    | {"select", "ignore", "counter", "goal", "comment", "min_linked"}
)
_SECRETS: Final = frozenset({"token", "token_file", "token_stdin"})
_GLOB_PATTERNS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A value, and where it comes from."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Override:
    """Values for the files that one of the globs fits."""

    globs: tuple[str, ...]
    values: Mapping[str, ConfigValue]


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says.

    Attributes:
        folder: Where it lies; globs start there.
        values: By option.
        overrides: In their order; the last one that fits wins.
    """

    folder: Path = field(default_factory=Path)
    values: Mapping[str, ConfigValue] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def matching_overrides(self, name: str) -> tuple[int, ...]:
        """The numbers of the overrides that fit a file."""
        path = PurePath(os.path.normpath(Path.cwd() / name))
        inside = path.is_relative_to(self.folder)
        seen = (path.relative_to(self.folder) if inside else path).as_posix()
        return tuple(
            number for number, one in enumerate(self.overrides) if any(_glob_matches(glob, seen) for glob in one.globs)
        )


def find_config(folder: Path) -> Config:
    """The configuration of the nearest file, from a folder upward.

    Raises:
        ConfigError: With all mistakes of the file.
        UsageError: It cannot be read.
    """
    for place in (folder, *folder.parents):
        for path in (place / _OWN_FILE, place / _SHARED_FILE):
            if path.is_file() and (told := _read_table(path)) is not None:
                return _ConfigReader(path, "$" if path.name == _OWN_FILE else "$.tool.calltools").read(told)
    return Config()


def _read_table(path: Path) -> Any:
    """The table about us; ``None``: the file is not about us."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as fault:
        raise UsageError("config-unreadable", path=path, reason=fault.strerror) from None
    except UnicodeDecodeError as fault:
        if path.name == _SHARED_FILE:
            return None
        raise ConfigError(path, (("$", "profile-not-toml", {"reason": str(fault.reason)}),)) from None
    if path.name == _SHARED_FILE and "calltools" not in text:
        return None
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(path, (("$", "profile-not-toml", {"reason": str(fault)}),)) from None
    if path.name == _OWN_FILE:
        return told
    tools = told.get("tool")
    return tools.get("calltools") if isinstance(tools, dict) else None


@dataclass(slots=True)
class _ConfigReader:
    """One pass over a file: takes what it can and remembers each problem."""

    path: Path
    root: str
    problems: list[Problem] = field(default_factory=list)

    def read(self, table: Any) -> Config:
        overrides: tuple[Override, ...] = ()
        values: Mapping[str, ConfigValue] = {}
        if isinstance(table, dict):
            plain = {word: value for word, value in table.items() if word != "overrides"}
            values = self._read_values(plain, self.root, ("overrides",))
            overrides = self._read_overrides(table.get("overrides", []))
        else:
            self._wrong(self.root, "profile-not-a-table")
        if self.problems:
            raise ConfigError(self.path, tuple(self.problems))
        return Config(self.path.parent, values, overrides)

    def _read_overrides(self, tables: Any) -> tuple[Override, ...]:
        where = f"{self.root}.overrides"
        if not isinstance(tables, list):
            self._wrong(where, "profile-not-a-list")
            return ()
        return tuple(self._read_override(one, f"{where}[{number}]") for number, one in enumerate(tables))

    def _read_override(self, table: Any, where: str) -> Override:
        if not isinstance(table, dict):
            self._wrong(where, "profile-not-a-table")
            return Override((), {})
        globs = table.get(_FILES_KEY)
        listed = [globs] if isinstance(globs, str) else globs
        if listed is None or listed == []:
            self._wrong(where, "profile-missing", what=_FILES_KEY)
        elif not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self._wrong(f"{where}.{_FILES_KEY}", "profile-not-text")
            listed = []
        values = self._read_values(
            {word: value for word, value in table.items() if word != _FILES_KEY}, where, (_FILES_KEY,)
        )
        for name in values.keys() - PER_FILE_OPTIONS:
            self._wrong(values[name].origin.partition(": ")[2], "config-not-per-file")
        return Override(tuple(listed or ()), values)

    def _read_values(self, table: Mapping[str, Any], where: str, more: Iterable[str]) -> dict[str, ConfigValue]:
        found: dict[str, ConfigValue] = {}
        folder = None if self.path.parent == Path.cwd() else self.path.parent
        for word, value in table.items():
            name, path = word.replace("-", "_"), f"{where}.{word}"
            if name not in option_keys():
                self._add_unknown(name, path, [*(key.spelling for key in option_keys().values()), *more])
            elif name in found:
                self._wrong(path, "config-twice", word=option_keys()[name].spelling)
            elif isinstance(read := option_keys()[name].parse(value, folder), InvalidValue):
                self._wrong(path, read.key, **read.facts)
            else:
                found[name] = ConfigValue(read, f"{self.path.name if folder is None else self.path}: {path}")
        return found

    def _add_unknown(self, name: str, path: str, allowed: Iterable[str]) -> None:
        if name in _SECRETS:
            self._wrong(path, "config-secret")
        elif name in command_line_only():
            self._wrong(path, "config-by-hand", word=name.replace("_", "-"))
        else:
            near = _nearest(name, allowed)
            self._wrong(path, "config-unknown-near" if near else "config-unknown", near=near)

    def _wrong(self, path: str, key: MessageKey, **facts: object) -> None:
        self.problems.append((path, key, facts))


def _nearest(word: str, allowed: Iterable[str]) -> str:
    return "".join(difflib.get_close_matches(word.replace("_", "-"), list(allowed), 1, 0.5))


def _glob_matches(glob: str, path: str) -> bool:
    """Whether a glob fits; one without a slash is about the name alone, as in ``.gitignore``."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./"))
    pattern = "".join(_GLOB_PATTERNS.get(piece, re.escape(piece)) for piece in pieces)
    return re.fullmatch(pattern, path if "/" in glob else path.rpartition("/")[2], re.DOTALL) is not None
