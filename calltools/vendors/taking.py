"""What stands in a TOML file, taken with its type; each mistake is remembered with its path."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calltools.errors import Problem


@dataclass(frozen=True, slots=True)
class Taking:
    """One pass over a file: gives what it can.

    Attributes:
        problems: Path, key of the sentence, facts.
    """

    problems: list[Problem] = field(default_factory=list)

    def only(self, told: Mapping[str, Any], allowed: Iterable[str], path: str) -> None:
        """Nothing but these keys."""
        for key in told:
            if key not in allowed:
                self.wrong(f"{path}.{key}", "profile-unknown-word", near=near(key, allowed))

    def table(self, told: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        """A table, or nothing."""
        found = told.get(key, {})
        if not isinstance(found, dict):
            self.wrong(f"{path}.{key}", "profile-not-a-table")
            return {}
        return found

    def listed(self, told: Mapping[str, Any], key: str, path: str) -> list[Any]:
        """A list, or nothing."""
        found = told.get(key, [])
        if not isinstance(found, list):
            self.wrong(f"{path}.{key}", "profile-not-a-list")
            return []
        return found

    def text(self, told: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> str:
        """A text, or nothing."""
        found: object = told.get(key, "")
        if not isinstance(found, str):
            self.wrong(f"{path}.{key}", "profile-not-text")
            return ""
        if required and not found:
            self.wrong(path, "profile-missing", what=key)
        return found

    def words(self, told: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> tuple[str, ...]:
        """One text or several."""
        found = told.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            self.wrong(f"{path}.{key}", "profile-not-text")
            return ()
        if required and not listed:
            self.wrong(path, "profile-missing", what=key)
        return tuple(listed)

    def mapping(self, told: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
        """A table of texts."""
        table = self.table(told, key, path)
        for name, value in table.items():
            if not isinstance(value, str):
                self.wrong(f"{path}.{key}.{name}", "profile-not-text")
        return {name: value for name, value in table.items() if isinstance(value, str)}

    def both(self, told: Mapping[str, Any], key: str) -> tuple[str, str]:
        """A text in English and Russian."""
        table = self.table(told, key, "$")
        self.only(table, ("en", "ru"), f"$.{key}")
        return self.text(table, "en", f"$.{key}"), self.text(table, "ru", f"$.{key}")

    def pattern(self, pattern: str, path: str, groups: int = 0) -> None:
        """A pattern that can be read, with so many groups."""
        try:
            compiled = re.compile(pattern)
        except re.error as fault:
            self.wrong(path, "profile-pattern", reason=str(fault))
            return
        if groups and compiled.groups != groups:
            self.wrong(path, "profile-one-group")

    def wrong(self, path: str, key: str, **facts: object) -> None:
        """Remember a mistake."""
        self.problems.append((path, key, facts))


def near(word: str, allowed: Iterable[str]) -> str:
    """The nearest of the words that are allowed, or ``-``."""
    found = difflib.get_close_matches(word, list(allowed), 1, 0.5)
    return found[0] if found else "-"
