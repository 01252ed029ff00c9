"""Titles of columns: folded, to compare two spellings; redacted, as a message may show them.

No Arrow here: messages must start quickly.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: Titles before those of the file in rejects: they come first because a malformed record may have any number of cells.
REJECT_TITLES: Final = ("calltools_codes", "calltools_place")

_PERSONAL: Final = re.compile(r"\+?[0-9][0-9 ().-]{4,}[0-9]|[^\s@]+@[^\s@]+")
_MAX_CHARACTERS: Final = 300


def fold_title(title: str) -> str:
    """A title without case, white space and punctuation, which two spellings of the same name have in common."""
    return re.sub(r"[\W_]", "", title.casefold())


def plain_title(title: str) -> str:
    """A title as a person types it: in one line, with single spaces. A cell of a spreadsheet may break the line."""
    return " ".join(title.split())


def redacted_titles(titles: Iterable[str]) -> str:
    """The titles on one line, with all that may be a phone number, an id or an e-mail address replaced by ``***``.

    In a file without a header the titles are the cells of a record.
    """
    return ", ".join(_PERSONAL.sub("***", plain_title(title)) for title in titles if title.strip())[:_MAX_CHARACTERS]


def are_titles(cells: Sequence[str]) -> bool:
    """Whether a row may be a header of unknown titles: most cells are filled, and those that are hold a letter."""
    filled = [cell for cell in cells if cell.strip()]
    return 2 * len(filled) > len(cells) and all(any(map(str.isalpha, cell)) for cell in filled)
