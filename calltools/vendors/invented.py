"""Cells of a real sample with everything that could be a person's replaced, so that they can stand in a profile."""

import re
from typing import Final

_KEPT: Final = 4
_NUMBER: Final = re.compile(r"[0-9](?:[0-9 ()./-]*[0-9])?")
_FEWEST: Final = 7
_QUERY: Final = re.compile(r"([?&#;][^=&#;]+=)([^&#;]*)")
_USER: Final = re.compile(r"//[^/@]*@")
_MAIL: Final = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+")


def invented(text: str) -> str:
    """The text with long numbers, mail addresses, and what addresses of pages carry made up."""
    if re.match(r"[a-z]+://", text):
        return _QUERY.sub(_value, _USER.sub("//", text))
    return _NUMBER.sub(lambda run: _number(run[0]), _MAIL.sub("somebody@example.com", text))


def _value(part: re.Match[str]) -> str:
    """A value of a query: a number stays one; of anything else nobody knows what it tells."""
    return part[1] + (_number(part[2]) if part[2].isdigit() else "x")


def _number(run: str) -> str:
    """A long number of the same shape: its first digits, then zeros, and 01 at the end."""
    digits = len(re.sub("[^0-9]", "", run))
    if digits < _FEWEST:
        return run
    seen = 0

    def other(digit: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return digit[0] if seen <= _KEPT else "1" if seen == digits else "0"

    return re.sub("[0-9]", other, run)
