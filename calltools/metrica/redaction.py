"""Text of a foreign origin made safe to print: no secret, no long number, no control characters."""

import re
from collections.abc import Callable
from typing import Final

#: Takes a secret out of a text.
Redactor = Callable[[str], str]

MASK: Final = "***"
_MAX_LENGTH: Final = 2000
_LONG_NUMBER: Final = re.compile(r"\d{7,}")


def redact(text: str, redact_secret: Redactor = str) -> str:
    """The text as it came, but for the secret, runs of seven or more digits, and characters that are not seen.

    Args:
        text: Anything.
        redact_secret: Takes the token out.
    """
    shown = "".join(map(_escape_unprintable, _LONG_NUMBER.sub(MASK, redact_secret(text)).strip()))
    return shown if len(shown) <= _MAX_LENGTH else f"{shown[:_MAX_LENGTH]}…"


def _escape_unprintable(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if sign.isspace() else sign.encode("unicode_escape").decode()
