"""Typed reading of TOML, for vendor profiles and the configuration: each problem is recorded with its path.

No problem stops the reading, so that a user sees all mistakes of a file at once. Values are written here, too.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from calltools.errors import Problem, nearest_word
from calltools.texts.keys import MessageKey


@dataclass(frozen=True, slots=True)
class TomlReader:
    """Reads values of one document; a value of a wrong type becomes a problem and an empty value.

    Paths look like ``$.overrides[0].vendor``.

    Attributes:
        problems: Path, key of the message, facts of the message.
    """

    problems: list[Problem] = field(default_factory=list)

    def parse(self, text: str) -> dict[str, Any] | None:
        """The document, or ``None`` with a problem where the text is not TOML."""
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as fault:  # also a number of 5,000 digits, or a thousand brackets
            self.add_problem("$", "profile-not-toml", reason=str(fault))
            return None

    def refuse_unknown_keys(self, parent: Mapping[str, Any], allowed: Iterable[str], path: str) -> None:
        """Add a problem for each key that is not allowed, with the nearest allowed one, or all where none is near."""
        known = list(allowed)
        for key in parent:
            if key in known:
                continue
            if near := nearest_word(key, known):
                self.add_problem(f"{path}.{key}", "profile-unknown-word", near=near)
            else:
                self.add_problem(f"{path}.{key}", "profile-unknown-word-far", allowed=", ".join(known))

    def read_table(self, parent: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        """The table at a key; empty where it is missing or not a table."""
        return self.check_table(parent.get(key, {}), f"{path}.{key}") or {}

    def check_table(self, value: Any, path: str) -> Mapping[str, Any] | None:
        """The value if it is a table, else ``None``."""
        if isinstance(value, dict):
            return value
        self.add_problem(path, "profile-not-a-table")
        return None

    def read_tables(self, parent: Mapping[str, Any], key: str, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The tables in the list at a key, each with its path; elements that are not tables are left out."""
        listed = parent.get(key, [])
        if not isinstance(listed, list):
            self.add_problem(f"{path}.{key}", "profile-not-a-list")
            return
        for number, value in enumerate(listed):
            place = f"{path}.{key}[{number}]"
            if (table := self.check_table(value, place)) is not None:
                yield place, table

    def read_text(self, parent: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> str:
        """The text at a key; empty where it is missing or not text."""
        found: object = parent.get(key, "")
        if not isinstance(found, str):
            self.add_problem(f"{path}.{key}", "profile-not-text")
            return ""
        if required and not found:
            self.add_problem(path, "profile-missing", what=key)
        return found

    def read_texts(self, parent: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> tuple[str, ...]:
        """One text or a list of texts at a key."""
        found = parent.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            self.add_problem(f"{path}.{key}", "profile-not-text")
            return ()
        if required and not listed:
            self.add_problem(path, "profile-missing", what=key)
        return tuple(listed)

    def read_text_table(self, parent: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
        """A table of texts at a key, without the values that are not text."""
        table = self.read_table(parent, key, path)
        for name, value in table.items():
            if not isinstance(value, str):
                self.add_problem(f"{path}.{key}.{name}", "profile-not-text")
        return {name: value for name, value in table.items() if isinstance(value, str)}

    def read_bilingual(self, parent: Mapping[str, Any], key: str) -> tuple[str, str]:
        """The English and the Russian text of a table at the top of the document."""
        table = self.read_table(parent, key, "$")
        self.refuse_unknown_keys(table, ("en", "ru"), f"$.{key}")
        return self.read_text(table, "en", f"$.{key}"), self.read_text(table, "ru", f"$.{key}")

    def check_pattern(self, pattern: str, path: str, groups: int = 0) -> None:
        """Add a problem unless a regular expression compiles and has as many groups; 0: any number of them."""
        try:
            compiled = re.compile(pattern)
        except re.error as fault:
            self.add_problem(path, "profile-pattern", reason=str(fault))
            return
        if groups and compiled.groups != groups:
            self.add_problem(path, "profile-one-group")

    def add_problem(self, path: str, key: MessageKey, **facts: object) -> None:
        """Record a problem at a path."""
        self.problems.append((path, key, facts))


def format_toml(value: object) -> str:
    """A value as TOML writes it: text, path, number, flag, or a list of these.

    The basic strings of TOML are those of JSON, but for one control character that JSON may leave as it is.
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(format_toml(item) for item in value)}]"
    plain = value if isinstance(value, bool | int | float) else str(value)
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
