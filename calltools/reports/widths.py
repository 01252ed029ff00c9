"""How much room a text takes on a terminal."""

import unicodedata
from typing import Final

_ELLIPSIS: Final = "..."


def display_width(text: str) -> int:
    """Columns of a terminal: two for wide signs, none for those that sit on another."""
    if text.isascii():
        return len(text)
    return sum(_character_width(sign) for sign in text)


def pad_to_width(text: str, width: int) -> str:
    """The text with spaces behind it."""
    return text + " " * (width - display_width(text))


def truncate_to_width(text: str, width: int) -> str:
    """The text, or as much of it as fits."""
    if display_width(text) <= width:
        return text
    kept, left = "", width - len(_ELLIPSIS)
    for sign in text:
        left -= _character_width(sign)
        if left < 0:
            break
        kept += sign
    return kept + _ELLIPSIS


def _character_width(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
