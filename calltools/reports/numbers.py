"""Counts as people read them."""

from typing import Final

from calltools.reports.style import Style

_NO_BREAK_SPACE: Final = "\u00a0"


def number(count: int, style: Style) -> str:
    """1,204 in English, 1 204 with a no-break space in Russian."""
    return f"{count:,}".replace(",", _NO_BREAK_SPACE) if style.language == "ru" else f"{count:,}"
