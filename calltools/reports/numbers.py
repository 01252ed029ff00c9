"""Counts as people read them."""

from typing import Final

from calltools.reports.style import ReportOptions

_NO_BREAK_SPACE: Final = "\u00a0"


def format_count(count: int, options: ReportOptions) -> str:
    """1,204 in English, 1 204 with a no-break space in Russian."""
    return f"{count:,}".replace(",", _NO_BREAK_SPACE) if options.language == "ru" else f"{count:,}"
