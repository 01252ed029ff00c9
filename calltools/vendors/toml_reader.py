"""Typed reading of a parsed TOML document: every problem is recorded with its path, none stops the reading."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calltools.errors import Problem
from calltools.texts.keys import MessageKey


@dataclass(frozen=True, slots=True)
class TomlReader:
    """One pass over a file: gives what it can.

    Attributes:
        problems: Path, key of the sentence, facts.
    """

    problems: list[Problem] = field(default_factory=list)

    def refuse_unknown_keys(self, parent: Mapping[str, Any], allowed: Iterable[str], path: str) -> None:
        """Nothing but these keys."""
        for key in parent:
            if key not in allowed:
                self.add_problem(f"{path}.{key}", "profile-unknown-word", near=nearest_word(key, allowed))

    def read_table(self, parent: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        """A table, or nothing."""
        found = parent.get(key, {})
        if not isinstance(found, dict):
            self.add_problem(f"{path}.{key}", "profile-not-a-table")
            return {}
        return found

    def read_list(self, parent: Mapping[str, Any], key: str, path: str) -> list[Any]:
        """A list, or nothing."""
        found = parent.get(key, [])
        if not isinstance(found, list):
            self.add_problem(f"{path}.{key}", "profile-not-a-list")
            return []
        return found

    def read_text(self, parent: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> str:
        """A text, or nothing."""
        found: object = parent.get(key, "")
        if not isinstance(found, str):
            self.add_problem(f"{path}.{key}", "profile-not-text")
            return ""
        if required and not found:
            self.add_problem(path, "profile-missing", what=key)
        return found

    def read_texts(self, parent: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> tuple[str, ...]:
        """One text or several."""
        found = parent.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            self.add_problem(f"{path}.{key}", "profile-not-text")
            return ()
        if required and not listed:
            self.add_problem(path, "profile-missing", what=key)
        return tuple(listed)

    def read_text_table(self, parent: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
        """A table of texts."""
        table = self.read_table(parent, key, path)
        for name, value in table.items():
            if not isinstance(value, str):
                self.add_problem(f"{path}.{key}.{name}", "profile-not-text")
        return {name: value for name, value in table.items() if isinstance(value, str)}

    def read_bilingual(self, parent: Mapping[str, Any], key: str) -> tuple[str, str]:
        """A text in English and Russian."""
        table = self.read_table(parent, key, "$")
        self.refuse_unknown_keys(table, ("en", "ru"), f"$.{key}")
        return self.read_text(table, "en", f"$.{key}"), self.read_text(table, "ru", f"$.{key}")

    def check_pattern(self, pattern: str, path: str, groups: int = 0) -> None:
        """A pattern that can be read, with so many groups."""
        try:
            compiled = re.compile(pattern)
        except re.error as fault:
            self.add_problem(path, "profile-pattern", reason=str(fault))
            return
        if groups and compiled.groups != groups:
            self.add_problem(path, "profile-one-group")

    def add_problem(self, path: str, key: MessageKey, **facts: object) -> None:
        """Remember a mistake."""
        self.problems.append((path, key, facts))


def nearest_word(word: str, allowed: Iterable[str]) -> str:
    """The nearest of the words that are allowed, or ``-``."""
    found = difflib.get_close_matches(word, list(allowed), 1, 0.5)
    return found[0] if found else "-"
