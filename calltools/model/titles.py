"""Titles of columns without personal data, for messages.

In a file without a header the titles are the cells of a record. No Arrow here: messages must start quickly.
"""

import re
from collections.abc import Iterable
from typing import Final

_PERSONAL: Final = re.compile(r"\+?[0-9][0-9 ().-]{4,}[0-9]|[^\s@]+@[^\s@]+")
_MAX_CHARACTERS: Final = 300


def redacted_titles(titles: Iterable[str]) -> str:
    """The titles on one line, with all that may be a phone number, an id or an e-mail address replaced by ``***``."""
    return ", ".join(_PERSONAL.sub("***", " ".join(title.split())) for title in titles if title.strip())[
        :_MAX_CHARACTERS
    ]
