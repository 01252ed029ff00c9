"""Titles of columns: folded, to compare two spellings; redacted, as a message may show them."""

import re
from collections.abc import Iterable
from typing import Final

_PERSONAL: Final = re.compile(r"\+?[0-9][0-9 ().-]{4,}[0-9]|[^\s@]+@[^\s@]+")
_MAX_CHARACTERS: Final = 300


def fold_title(title: str) -> str:
    """A title without case, spaces and punctuation: what two spellings of one name share."""
    return re.sub(r"[\W_]", "", title.casefold())


def redacted_titles(titles: Iterable[str]) -> str:
    """The titles on one line, without anything like a number, an id or a mail address of a person.

    A file without a header has its first record in the place of titles.
    """
    return ", ".join(_PERSONAL.sub("***", " ".join(title.split())) for title in titles if title.strip())[
        :_MAX_CHARACTERS
    ]
