"""Titles as a message may show them: a file without a header shows its first record in their place."""

import re
from collections.abc import Iterable
from typing import Final

_SECRET: Final = re.compile(r"\+?[0-9][0-9 ().-]{4,}[0-9]|[^\s@]+@[^\s@]+")
_LONGEST: Final = 300


def told(titles: Iterable[str]) -> str:
    """The titles in a row, on one line, without anything like a number, an id or an address of a person."""
    return ", ".join(_SECRET.sub("***", " ".join(title.split())) for title in titles if title.strip())[:_LONGEST]
