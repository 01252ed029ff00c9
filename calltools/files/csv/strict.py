"""The strict path: records are parsed one by one by RFC 4180, and parsing goes on after a malformed one.

A malformed record is reported at the line where it starts. Parsing goes on at the next line that is a complete record;
the lines between belong to the same finding. Every decision depends on the text after the start of the record, never on
where a block ends, so other block sizes give the same result. ``structure`` finds the same record ends on arrays of
positions; ``tests/files/csv/test_malformed.py`` holds the two to each other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from calltools.files.limits import Limits

#: Lines that are searched for a complete record after a malformed one whose quoted cell goes on.
LOOKAHEAD_LINES: Final = 1000

_LONGEST_CELL: Final = Limits().quoted_bytes
_EMPTY_LINES: Final = re.compile(r"[\r\n]+")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LINE_END_KINDS: Final = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A record, or the lines of a malformed one.

    Attributes:
        line: Physical line where it starts, from 0 at the beginning of the text.
        cells: Its cells; of a malformed record the cells of its first line.
        fault: Code of the rule that it breaks, or ``None``.
        position: Column, from 0, of a wrong quote.
        blank_lines: Of a blank record: how many empty lines follow one another from here, this one included.
    """

    line: int
    cells: tuple[str, ...]
    fault: str | None = None
    position: int | None = None
    blank_lines: int = 1


@dataclass(frozen=True, slots=True)
class _RecordSplit:
    """The cells from a place on; ``fault_at`` is the place of a wrong quote, ``end`` that of the next record."""

    cells: tuple[str, ...]
    end: int
    fault: str | None = None
    position: int | None = None
    fault_at: int = 0


class StrictParser:
    """Splits a text into records.

    Args:
        text: One or more lines from the start of a record on.
        delimiter: One character.
        width: Cells of a complete record.
        longest_cell: Letters of a quoted cell at most; a longer one counts as never closed.
    """

    def __init__(self, text: str, delimiter: str, width: int, longest_cell: int = _LONGEST_CELL) -> None:
        self._text = text
        self._delimiter = delimiter
        self._width = width
        self._longest_cell = longest_cell
        # Whether a decision looked at the end of the text: with more text it could be another one.
        self._reached_end = False
        self._unquoted_pattern = re.compile(rf'[^"\r\n{re.escape(delimiter)}]*')
        self._quoted_pattern = re.compile(r'[^"]*(?:""[^"]*)*')

    def parse_records(self, until: int | None = None) -> Iterator[ParsedRecord]:
        """All records one by one, malformed ones too; empty lines that follow one another are one.

        Args:
            until: Only records that start before this place; ``decided_length`` gives a safe one.
        """
        text, at, line = self._text, 0, 0
        stop = len(text) if until is None else until
        while at < stop:
            if text[at] in "\r\n":
                # There may be millions of them, and they are counted without a look at each.
                end = _EMPTY_LINES.match(text, at, stop).end()  # type: ignore[union-attr]  # it matches one line end
                lines = len(_LINE_END.findall(text, at, end)) if text.find("\r", at, end) >= 0 else end - at
                yield ParsedRecord(line, ("",), blank_lines=lines)
            else:
                record, end = self._parse_one(at, line)
                yield record
                lines = len(_LINE_END.findall(text, at, end))
            line += lines
            at = end

    def first_line_ends(self, until: int) -> dict[str, int]:
        """Kind of line end -> line, from 0, of the first record that ends with it and starts before a place."""
        found: dict[str, int] = {}
        at = line = 0
        while at < until:
            _, end = self._parse_one(at, line)
            ends = _LINE_END.findall(self._text, at, end)
            line += len(ends)
            if self._text[end - 1] in "\r\n":
                found.setdefault(_LINE_END_KINDS[ends[-1]], line - 1)
            at = end
        return found

    def is_one_complete_line(self) -> bool:
        """Whether the text is one line, and that is a complete record."""
        return self._is_complete_line(0) and self._line_end(0) == len(self._text)

    def decided_length(self) -> int:
        """Length of the beginning whose records stay the same whatever text follows."""
        at = 0
        while at < len(self._text):
            self._reached_end = False
            _, end = self._parse_one(at, 0)
            if self._reached_end:
                break
            at = end
        return at

    def _parse_one(self, at: int, line: int) -> tuple[ParsedRecord, int]:
        split = self._split_record(at)
        fault = split.fault or self._find_fault(at, split)
        if fault is None:
            return ParsedRecord(line, split.cells), split.end
        end = self._resume_at(at, split, fault)
        # If parsing goes on inside of what was split, those cells belong to other records.
        return ParsedRecord(line, split.cells if end >= split.end else self._split_line(at), fault, split.position), end

    def _find_fault(self, at: int, split: _RecordSplit) -> str | None:
        """The fault of a record without a wrong quote."""
        if split.cells == ("",):
            return None  # a blank line
        if len(split.cells) != self._width:
            return "CT008"
        # A quoted cell that holds a complete record is no cell: a stray quote opened it.
        return None if self._next_complete_line(self._line_end(at), split.end) is None else "CT006"

    def _resume_at(self, at: int, split: _RecordSplit, fault: str) -> int:
        """The place where parsing goes on after a malformed record."""
        next_line = self._line_end(at)
        torn = self._torn_record_end(at, next_line) if fault == "CT008" and split.end <= next_line else None
        if torn is not None:
            return torn
        # With more text, a wrong quote on the last line may belong to a cell that goes on.
        self._reached_end |= split.fault is not None and next_line == len(self._text)
        # The fault lies within the first line: only that line is malformed.
        if split.end <= next_line or (
            split.fault_at < next_line and split.fault and not self._cell_continues(at, next_line)
        ):
            return next_line
        # The quotes are right but the width is wrong: a complete record inside was swallowed by a stray quote.
        if split.fault is None:
            swallowed = self._next_complete_line(next_line, split.end)
            return split.end if swallowed is None else swallowed
        found = self._next_complete_record(next_line)
        return next_line if found is None else found

    def _torn_record_end(self, at: int, next_line: int) -> int | None:
        """The end of a record that a stray quote before a line break has torn in two; ``None``: it is not torn.

        The proof: without that quote, the text up to a later line is one complete record.
        """
        line = self._text[at:next_line].rstrip("\r\n")
        candidate = next_line
        # Only a line that ends with a quote can be torn by it.
        for _ in range(LOOKAHEAD_LINES if line.endswith('"') else 0):
            if candidate >= len(self._text):
                self._reached_end = True
                break
            end = self._line_end(candidate)
            if self._is_complete_record(candidate):
                break
            if self._text.find('"', candidate, end) >= 0:
                # The first line with a quote closes the torn cell, or nothing does.
                text = line[:-1] + self._text[at + len(line) : end]
                repaired = StrictParser(text, self._delimiter, self._width, self._longest_cell)
                split = repaired._split_record(0)
                return end if repaired._is_complete_record(0) and split.end == len(text) else None
            candidate = end
        return None

    def _cell_continues(self, at: int, next_line: int) -> bool:
        """Whether a quoted cell that opens on the first line of a malformed record closes on a later line."""
        # An odd number of quotes leaves a cell open at the end of the line.
        if self._text.count('"', at, next_line) % 2:
            return True
        self._reached_end |= next_line == len(self._text)
        return self._text.count('"', next_line, self._line_end(next_line)) % 2 == 1 and not self._is_complete_record(
            next_line
        )

    def _next_complete_record(self, candidate: int) -> int | None:
        """The first line from a place on with which a complete record starts."""
        for _ in range(LOOKAHEAD_LINES):
            if candidate >= len(self._text):
                self._reached_end = True
                return None
            if self._is_complete_record(candidate):
                return candidate
            candidate = self._line_end(candidate)
        return None

    def _next_complete_line(self, candidate: int, end: int) -> int | None:
        """The first line between two places that is a complete record.

        A record of several lines is not searched: whether it is complete would depend on the text after the second
        place. In a table of one column every line is complete, so that it proves nothing.
        """
        for _ in range(LOOKAHEAD_LINES if self._width > 1 else 0):
            if candidate >= end:
                return None
            if self._is_complete_line(candidate):
                return candidate
            candidate = self._line_end(candidate)
        return None

    def _is_complete_record(self, at: int) -> bool:
        split = self._split_record(at)
        return split.fault is None and len(split.cells) == self._width and any(split.cells)

    def _is_complete_line(self, at: int) -> bool:
        # An odd number of quotes: a cell goes on after the line. Counting is much faster than parsing.
        return self._text.count('"', at, self._line_end(at)) % 2 == 0 and self._is_complete_record(at)

    def _line_end(self, at: int) -> int:
        found = _LINE_END.search(self._text, at)
        end = found.end() if found else len(self._text)
        # A CR at the end of the text may be half of a CRLF.
        self._reached_end |= end == len(self._text) and not self._text.endswith("\n")
        return end

    def _split_line(self, at: int) -> tuple[str, ...]:
        line = self._text[at : self._line_end(at)].rstrip("\r\n")
        return tuple(line.split(self._delimiter))

    def _split_record(self, at: int) -> _RecordSplit:
        """The cells from a place on, up to the end of the record or to the first wrong quote."""
        text = self._text
        cells: list[str] = []
        end = self._line_end(at)
        # Most lines hold no quote, and str.split is many times faster than cell by cell.
        if text.find('"', at, end) < 0:
            return _RecordSplit(tuple(text[at:end].rstrip("\r\n").split(self._delimiter)), end)
        while True:
            cell, end, fault = self._parse_cell(at)
            if fault:
                return _RecordSplit((*cells, cell), len(text), fault, len(cells), end)
            cells.append(cell)
            if not text.startswith(self._delimiter, end):
                break
            at = end + 1
        return _RecordSplit(tuple(cells), self._line_end(end))

    def _parse_cell(self, at: int) -> tuple[str, int, str | None]:
        """The text of one cell, the place after it, and the fault of its quotes or ``None``."""
        text = self._text
        if not text.startswith('"', at):
            end = self._unquoted_pattern.match(text, at).end()  # type: ignore[union-attr]  # it always matches, if only the empty text
            return text[at:end], end, "CT007" if text.startswith('"', end) else None
        longest = at + 1 + self._longest_cell
        end = self._quoted_pattern.match(text, at + 1, longest).end()  # type: ignore[union-attr]  # as above
        self._reached_end |= end + 1 >= len(text)
        if end >= min(len(text), longest):
            return text[at : self._line_end(at)], end, "CT006"
        cell = text[at + 1 : end].replace('""', '"')
        after = text[end + 1 : end + 2]
        return cell, end + 1, None if after in {"", "\r", "\n", self._delimiter} else "CT007"
