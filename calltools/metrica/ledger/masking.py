"""What is not written down: numbers that could be a person's."""

import re
from typing import Final

_LONG_NUMBER: Final = re.compile("[0-9]{7,}")


def mask_long_numbers(text: str) -> str:
    """A text of the service or a file's name without runs of seven digits or more."""
    return _LONG_NUMBER.sub("***", text)
