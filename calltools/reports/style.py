"""How findings are shown, and what shows them."""

from dataclasses import dataclass
from typing import Final, Protocol

from calltools.messages import Language
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary

BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
RESET: Final = "\x1b[0m"
SEVERITY_COLORS: Final = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the reader wants.

    Attributes:
        language: Of sentences.
        show_values: Leave phones and ids as they are.
        limit: Details kept for each rule by the forms for people; ``None``: all. Counts are always exact.
        color: Whether the stream understands ANSI colors.
        width: Columns at which lines for people are folded.
    """

    language: Language = "en"
    show_values: bool = False
    limit: int | None = None
    color: bool = False
    width: int = 100


class Reporter(Protocol):
    """Writes findings in one form. Files come one after the other; their findings in the order of the file."""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins; without a source it could not be read."""

    def take(self, findings: Findings) -> None:
        """Some findings of the file: selected, with severity, column and position."""

    def finish(self, summary: Summary) -> None:
        """The file has ended."""

    def close(self, summaries: list[Summary]) -> None:
        """All files have ended."""
