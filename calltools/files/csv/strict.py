"""The strict path: records are parsed one by one by RFC 4180, and parsing goes on after a malformed one.

A malformed record is reported at the line where it starts. Parsing goes on at the next line that may be a record: a
complete one starts there, or the line has enough delimiters for one and is then malformed itself. The lines between are
the rest of the record: its cells hold them, so that no line is lost. Every decision depends on the text after the start
of the record, never on where a block ends, so other block sizes give the same result. ``structure`` finds the same
record ends on arrays of positions; ``tests/files/csv/test_malformed.py`` holds the two to each other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calltools.files.csv.splitting import LINE_END, LONGEST_CELL, RecordSplit, RecordSplitter

#: Lines that are searched for the next record after a malformed one whose quoted cell goes on.
LOOKAHEAD_LINES: Final = 1000
#: Columns of a table from which on lines inside a quoted cell can prove that stray quotes swallowed records.
MIN_WIDTH_OF_SWALLOWED: Final = 3

#: A year, a time in seconds and a phone have as many.
_MIN_DIGITS: Final = 4
_DIGIT: Final = re.compile("[0-9]")
_EMPTY_LINES: Final = re.compile(r"[\r\n]+")
_LINE_END_KINDS: Final = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A record, or the lines of a malformed one.

    Attributes:
        line: Physical line where it starts, from 0 at the beginning of the text.
        cells: Its cells; of a malformed record all of its lines, divided at each delimiter if its quotes are wrong.
        fault: Code of the rule that it breaks, or ``None``.
        position: Column, from 0, of a wrong quote.
        blank_lines: Of a blank record: how many empty lines follow one another from here, this one included.
    """

    line: int
    cells: tuple[str, ...]
    fault: str | None = None
    position: int | None = None
    blank_lines: int = 1


class StrictParser(RecordSplitter):
    """Splits a text into records.

    Args:
        text: One or more lines from the start of a record on.
        delimiter: One character.
        width: Cells of a complete record.
        longest_cell: Letters of a quoted cell at most; a longer one counts as never closed.
    """

    def __init__(self, text: str, delimiter: str, width: int, longest_cell: int = LONGEST_CELL) -> None:
        super().__init__(text, delimiter, longest_cell)
        self._width = width
        # No record starts on so many lines from the first place up to the second.
        self._barren_lines = (0, 0, 0)

    def parse_records(self, until: int | None = None) -> Iterator[ParsedRecord]:
        """All records one by one, malformed ones too; empty lines that follow one another are one.

        Args:
            until: Only records that start before this place; ``decided_cuts`` gives safe ones.
        """
        text, at, line = self._text, 0, 0
        stop = len(text) if until is None else until
        while at < stop:
            if text[at] in "\r\n":
                # There may be millions of them, and they are counted without a look at each.
                end = _EMPTY_LINES.match(text, at, stop).end()  # type: ignore[union-attr]  # it matches one line end
                lines = self.count_line_ends(at, end)
                yield ParsedRecord(line, ("",), blank_lines=lines)
            else:
                record, end = self._parse_one(at, line)
                yield record
                lines = self.count_line_ends(at, end)
            line += lines
            at = end

    def first_line_ends(self, until: int) -> dict[str, int]:
        """Kind of line end -> line, from 0, of the first record that ends with it and starts before a place."""
        found: dict[str, int] = {}
        at = line = 0
        while at < until:
            _, end = self._parse_one(at, line)
            ends = LINE_END.findall(self._text, at, end)
            line += len(ends)
            if self._text[end - 1] in "\r\n":
                found.setdefault(_LINE_END_KINDS[ends[-1]], line - 1)
            at = end
        return found

    def is_one_complete_line(self) -> bool:
        """Whether the text is one line, and that is a complete record."""
        return self._is_complete_line(0) and self.line_end(0) == len(self._text)

    def decided_cuts(self, piece: int, most_records: int, *, at_end_of_file: bool) -> Iterator[tuple[int, int]]:
        """Places between records up to which no record changes whatever text follows, each with what decided that.

        Args:
            piece: Letters between two places, about; the last one is the last possible.
            most_records: Records between two places at most.
            at_end_of_file: Whether no text follows.

        Yields:
            A place, and the length of the text that was looked at up to there: at least as much.
        """
        at = cut = seen = records = 0
        while at < len(self._text):
            if at - cut >= piece or records >= most_records:
                yield at, max(at, seen)
                cut, records = at, 0
                # Whoever reads what follows begins here, and looks again.
                self.seen_until, self._barren_lines = 0, (0, 0, 0)
            records += 1
            _, end = self._parse_one(at, 0)
            if self.seen_until > len(self._text) and not at_end_of_file:
                break
            at, seen = end, min(self.seen_until, len(self._text))
        if at > cut:
            yield at, max(at, seen)

    def first_cut(self) -> tuple[int, int]:
        """The same for the first record alone, when it is known that no quote follows the text."""
        _, end = self._parse_one(0, 0)
        return end, len(self._text)

    def _parse_one(self, at: int, line: int) -> tuple[ParsedRecord, int]:
        split = self.split_record(at)
        fault = split.fault or self._find_fault(at, split)
        if fault is None:
            return ParsedRecord(line, split.cells), split.end
        end = self._resume_at(at, split, fault)
        # Behind a wrong quote nothing was split; and parsing may go on before or behind the end of what was split.
        cells = split.cells if split.fault is None and end == split.end else self._split_lines(at, end)
        return ParsedRecord(line, cells, fault, split.position), end

    def _find_fault(self, at: int, split: RecordSplit) -> str | None:
        """The fault of a record without a wrong quote."""
        if split.cells == ("",):
            return None  # a blank line
        if len(split.cells) != self._width:
            return "CT008"
        return "CT006" if self._holds_only_records(at, split.end) else None

    def _holds_only_records(self, at: int, end: int) -> bool:
        """Whether all lines of a record of several lines are records themselves, between two stray quotes.

        A quoted cell that closes may hold any text, also a line of as many cells as the record. But where every line
        that is not empty has as many cells, the first and the last one too, and all of them a number of four or more
        digits in the same cell, these are calls and no text. In a table of one or two columns such lines prove nothing.
        """
        numbered = set(range(self._width)) if self._width >= MIN_WIDTH_OF_SWALLOWED else set()
        first = at
        while numbered and at < end:
            line_end = self.line_end(at)
            if at == first and line_end == end:
                return False
            if self._text[at] in "\r\n":
                at = line_end
                continue
            if not self._has_delimiters_of_record(at, line_end):
                return False
            cells = self._split_between_stray_quotes(self._text[at:line_end], closes=at > first, opens=line_end < end)
            if len(cells) != self._width:
                return False
            numbered = {position for position in numbered if len(_DIGIT.findall(cells[position])) >= _MIN_DIGITS}
            at = line_end
        return bool(numbered)

    def _split_between_stray_quotes(self, line: str, *, closes: bool, opens: bool) -> Sequence[str]:
        """The cells of a line without the quote that closes a cell of the line before, and the one that opens a cell.

        A sound quoted cell of the line may hold delimiters.
        """
        if line.count(self._delimiter) == self._width - 1:
            return line.split(self._delimiter)
        if closes:
            line = line.replace('"', "", 1)
        if opens:
            line = "".join(line.rsplit('"', 1))
        return RecordSplitter(line, self._delimiter, self._longest_cell).split_record(0).cells

    def _resume_at(self, at: int, split: RecordSplit, fault: str) -> int:
        """The place where parsing goes on after a malformed record."""
        next_line = self.line_end(at)
        torn = self._torn_record_end(at, next_line) if fault == "CT008" and split.end <= next_line else None
        if torn is not None:
            return torn
        if split.fault:
            # With more text, a wrong quote on the last line may belong to a cell that goes on.
            self.look_until(next_line + 1)
        # The fault lies within the first line: only that line is malformed.
        if split.end <= next_line or (
            split.fault_at < next_line and split.fault and not self._cell_continues(at, next_line)
        ):
            return next_line
        # The quotes are right, but a record inside was swallowed by a stray quote.
        if split.fault is None:
            swallowed = self._next_record_line(next_line, split.end)
            return split.end if swallowed is None else swallowed
        found = self._next_record(next_line)
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
                self.look_until(candidate + 1)
                break
            end = self.line_end(candidate)
            if self._may_be_record(candidate):
                break
            if self._text.find('"', candidate, end) >= 0:
                # The first line with a quote closes the torn cell, or nothing does.
                text = line[:-1] + self._text[at + len(line) : end]
                repaired = StrictParser(text, self._delimiter, self._width, self._longest_cell)
                split = repaired.split_record(0)
                return end if repaired._is_complete_record(0) and split.end == len(text) else None
            candidate = end
        return None

    def _cell_continues(self, at: int, next_line: int) -> bool:
        """Whether a quoted cell that opens on the first line of a malformed record closes on a later line."""
        # An odd number of quotes leaves a cell open at the end of the line.
        if self._text.count('"', at, next_line) % 2:
            return True
        self.look_until(next_line + 1)
        return self._text.count('"', next_line, self.line_end(next_line)) % 2 == 1 and not self._is_complete_record(
            next_line
        )

    def _next_record(self, candidate: int) -> int | None:
        """The first line from a place on that may be a record, among ``LOOKAHEAD_LINES``."""
        # Where many malformed records follow one another, each line is tried once, not once for each of them.
        first, stop, lines = self._barren_lines
        if first <= candidate <= stop:
            lines -= self.count_line_ends(first, candidate)
        else:
            stop, lines = candidate, 0
        found = False
        while not found and lines < LOOKAHEAD_LINES:
            if stop >= len(self._text):
                self.look_until(stop + 1)
                break
            found = self._may_be_record(stop)
            if not found:
                stop, lines = self.line_end(stop), lines + 1
        self._barren_lines = candidate, stop, lines
        return stop if found else None

    def _next_record_line(self, candidate: int, end: int) -> int | None:
        """The first line between two places that has enough delimiters for a record.

        A record whose first line has fewer is not searched: whether it is complete would depend on the text after the
        second place. In a table of one column every line is complete, so that it proves nothing.
        """
        for _ in range(LOOKAHEAD_LINES if self._width > 1 else 0):
            if candidate >= end:
                return None
            if self._has_delimiters_of_record(candidate, self.line_end(candidate)):
                return candidate
            candidate = self.line_end(candidate)
        return None

    def _may_be_record(self, at: int) -> bool:
        """Whether a complete record starts with a line, or the line has enough delimiters for one.

        Consecutive records often have the same damage. A line of so many cells that no record starts with is then a
        malformed one of its own, and no text of the record before: otherwise nobody would count it.
        """
        return self._has_delimiters_of_record(at, self.line_end(at)) or self._is_complete_record(at)

    def _has_delimiters_of_record(self, at: int, line_end: int) -> bool:
        return self._text.count(self._delimiter, at, line_end) >= self._width - 1

    def _is_complete_record(self, at: int) -> bool:
        split = self.split_record(at)
        return split.fault is None and len(split.cells) == self._width and any(split.cells)

    def _is_complete_line(self, at: int) -> bool:
        # An odd number of quotes: a cell goes on after the line. Counting is much faster than parsing.
        return self._text.count('"', at, self.line_end(at)) % 2 == 0 and self._is_complete_record(at)

    def _split_lines(self, at: int, end: int) -> tuple[str, ...]:
        return tuple(self._text[at:end].rstrip("\r\n").split(self._delimiter))
