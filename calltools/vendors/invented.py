"""Cells of a real sample with everything that could be a person's replaced, so that they can stand in a profile."""

import re
from typing import Final

_KEPT_DIGITS: Final = 4
_NUMBER_PATTERN: Final = re.compile(r"[0-9](?:[0-9 ()./-]*[0-9])?")
_MIN_DIGITS: Final = 7
_QUERY_VALUE: Final = re.compile(r"([?&#;][^=&#;]+=)([^&#;]*)")
_URL_USER: Final = re.compile(r"//[^/@]*@")
_MAIL_ADDRESS: Final = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+")


def anonymize(text: str) -> str:
    """The text with long numbers, mail addresses, and what addresses of pages carry made up."""
    if re.match(r"[a-z]+://", text):
        return _QUERY_VALUE.sub(_anonymize_query_value, _URL_USER.sub("//", text))
    return _NUMBER_PATTERN.sub(lambda run: _anonymize_number(run[0]), _MAIL_ADDRESS.sub("somebody@example.com", text))


def _anonymize_query_value(part: re.Match[str]) -> str:
    """A value of a query: a number stays one; of anything else nobody knows what it tells."""
    return part[1] + (_anonymize_number(part[2]) if part[2].isdigit() else "x")


def _anonymize_number(run: str) -> str:
    """A long number of the same shape: its first digits, then zeros, and 01 at the end."""
    digits = len(re.sub("[^0-9]", "", run))
    if digits < _MIN_DIGITS:
        return run
    seen = 0

    def other(digit: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return digit[0] if seen <= _KEPT_DIGITS else "1" if seen == digits else "0"

    return re.sub("[0-9]", other, run)
