"""The words of a stranger, made fit to be shown: no secret, no number of a person, no command to a terminal."""

import re
from collections.abc import Callable
from typing import Final

#: Takes a secret out of a text.
Hide = Callable[[str], str]

HIDDEN: Final = "***"
_LONGEST: Final = 2000
_LONG_DIGITS: Final = re.compile(r"\d{7,}")


def showable(text: str, hide: Hide = str) -> str:
    """The text as it came, but for the secret, runs of seven or more digits, and characters that are not seen.

    Args:
        text: Anything.
        hide: Takes the token out.
    """
    shown = "".join(map(_written, _LONG_DIGITS.sub(HIDDEN, hide(text)).strip()))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _written(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if sign.isspace() else sign.encode("unicode_escape").decode()
