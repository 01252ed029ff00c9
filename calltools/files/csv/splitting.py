"""One record of a CSV split into its cells by RFC 4180, up to the first wrong quote."""

import re
import sys
from dataclasses import dataclass
from typing import Final

from calltools.files.limits import Limits

LONGEST_CELL: Final = Limits().quoted_bytes
LINE_END: Final = re.compile(r"\r\n|\n|\r")
#: No place in a text is beyond it.
_NOWHERE: Final = sys.maxsize
_QUOTED: Final = re.compile(r'[^"]*(?:""[^"]*)*')


@dataclass(frozen=True, slots=True)
class RecordSplit:
    """What stands from a place on.

    Attributes:
        cells: The cells, up to the one with a wrong quote.
        end: Place of the next record; after a wrong quote nobody knows it, and it is beyond any text.
        fault: Code of the rule that a quote breaks, or ``None``.
        position: Column, from 0, of the wrong quote.
        fault_at: Its place.
    """

    cells: tuple[str, ...]
    end: int
    fault: str | None = None
    position: int | None = None
    fault_at: int = 0


class RecordSplitter:
    """Splits records of a text, and knows how much of the text it has looked at.

    Args:
        text: One or more lines from the start of a record on.
        delimiter: One character.
        longest_cell: Letters of a quoted cell at most; a longer one counts as never closed.

    Attributes:
        seen_until: Decisions looked at the letters before this place. Beyond the length of the text: at its end, too,
            so that with more text the last of them could be another one.
    """

    def __init__(self, text: str, delimiter: str, longest_cell: int = LONGEST_CELL) -> None:
        self._text = text
        self._delimiter = delimiter
        self._longest_cell = longest_cell
        self._has_returns = "\r" in text
        self.seen_until = 0

    def line_end(self, at: int) -> int:
        """The place after the line end that follows a place."""
        text = self._text
        if not self._has_returns:
            # Many times faster than a pattern.
            end = text.find("\n", at) + 1
            self.look_until(end or len(text) + 1)
            return end or len(text)
        found = LINE_END.search(text, at)
        end = found.end() if found else len(text)
        # A CR at the end of the text may be half of a CRLF.
        self.look_until(end if found and text[end - 1] == "\n" else end + 1)
        return end

    def count_line_ends(self, at: int, end: int) -> int:
        """How many lines end between two places."""
        return len(LINE_END.findall(self._text, at, end)) if self._has_returns else self._text.count("\n", at, end)

    def look_until(self, place: int) -> None:
        """Say that a decision depends on the letters before a place; if that is beyond the text, on its end."""
        self.seen_until = max(self.seen_until, place)

    def split_record(self, at: int) -> RecordSplit:
        """The cells from a place on, up to the end of the record or to the first wrong quote."""
        text, delimiter = self._text, self._delimiter
        cells: list[str] = []
        end = self.line_end(at)
        while True:
            quote = text.find('"', at, end)
            if quote < 0:
                # Most lines hold no quote, and str.split is many times faster than cell by cell.
                return RecordSplit((*cells, *text[at:end].rstrip("\r\n").split(delimiter)), end)
            cells += text[at:quote].split(delimiter)
            if cells[-1]:
                return RecordSplit(tuple(cells), _NOWHERE, "CT007", len(cells) - 1, quote)
            cells[-1], after, fault = self._parse_quoted_cell(quote)
            if fault:
                return RecordSplit(tuple(cells), _NOWHERE, fault, len(cells) - 1, after)
            if not text.startswith(delimiter, after):
                return RecordSplit(tuple(cells), self.line_end(after))
            at = after + 1
            if at > end:
                end = self.line_end(at)

    def _parse_quoted_cell(self, at: int) -> tuple[str, int, str | None]:
        """The text of a quoted cell, the place after it, and the fault of its quotes or ``None``."""
        text, longest = self._text, at + 1 + self._longest_cell
        end = _QUOTED.match(text, at + 1, longest).end()  # type: ignore[union-attr]  # it always matches, if only the empty text
        self.look_until(end + 2)
        if end >= min(len(text), longest):
            return text[at : self.line_end(at)], end, "CT006"
        cell = text[at + 1 : end].replace('""', '"')
        after = text[end + 1 : end + 2]
        return cell, end + 1, None if after in {"", "\r", "\n", self._delimiter} else "CT007"
