"""Titles as a message may show them: a file without a header shows its first record in their place."""

import re
from collections.abc import Iterable
from typing import Final

_PERSONAL: Final = re.compile(r"\+?[0-9][0-9 ().-]{4,}[0-9]|[^\s@]+@[^\s@]+")
_MAX_CHARACTERS: Final = 300


def redacted_titles(titles: Iterable[str]) -> str:
    """The titles in a row, on one line, without anything like a number, an id or an address of a person."""
    return ", ".join(_PERSONAL.sub("***", " ".join(title.split())) for title in titles if title.strip())[
        :_MAX_CHARACTERS
    ]
