"""The exact road: one record after the other, strictly by RFC 4180, and on with the next after a damaged one.

A record is split from a physical line on. When it is damaged, the line where it starts is blamed, and reading goes on
with the next line that is a whole record; the lines between belong to the same finding. Each decision rests on the
text behind the record's start and never on where a block happens to end, so cutting a file elsewhere changes nothing.
"""

import re
from dataclasses import dataclass
from typing import Final

#: Lines that are looked at for a whole record behind a damaged one whose quoted cell runs on.
LOOKAHEAD_LINES: Final = 1000

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LINE_END_KINDS: Final = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A record as the exact road sees it.

    Attributes:
        line: Physical line on which it starts, from 0 at the beginning of the text.
        cells: What it holds; of a damaged one, as far as it could be split.
        fault: ``None``, or the code of what is wrong with it.
        position: Column in which a quote is wrong.
    """

    line: int
    cells: tuple[str, ...]
    fault: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class _RecordSplit:
    cells: tuple[str, ...]
    end: int
    fault: str | None = None
    position: int | None = None
    fault_at: int = 0


class StrictParser:
    """A text that is split into records on demand."""

    def __init__(self, text: str, delimiter: str, width: int, longest_cell: int = 64 << 20) -> None:
        self._text = text
        self._delimiter = delimiter
        self._width = width
        self._longest_cell = longest_cell
        self._reached_end = False
        self._unquoted_pattern = re.compile(rf'[^"\r\n{re.escape(delimiter)}]*')
        self._quoted_pattern = re.compile(r'[^"]*(?:""[^"]*)*')

    def parse_records(self, until: int | None = None) -> list[ParsedRecord]:
        """All records of the text, damaged ones too; or those that begin before a place that ``decided`` gave."""
        found: list[ParsedRecord] = []
        at = line = 0
        while at < (len(self._text) if until is None else until):
            record, end = self._parse_one(at, line)
            found.append(record)
            line += len(_LINE_END.findall(self._text, at, end))
            at = end
        return found

    def first_line_ends(self, until: int) -> dict[str, int]:
        """Line, from 0, of the first line end of each kind behind a record that begins before a place."""
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
        """Whether the text is one line and a whole record."""
        return self._is_complete_line(0) and self._line_end(0) == len(self._text)

    def decided_length(self) -> int:
        """Up to where records can be told apart whatever follows the text; the start of the first that cannot."""
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
        return ParsedRecord(line, split.cells if end >= split.end else self._split_line(at), fault, split.position), end

    def _find_fault(self, at: int, split: _RecordSplit) -> str | None:
        """What is wrong with a record whose quotes are right."""
        if split.cells == ("",):
            return None
        if len(split.cells) != self._width:
            return "CT008"
        # No quoted cell holds a line that is a whole record: a stray quote has swallowed it.
        return None if self._next_complete_line(self._line_end(at), split.end) is None else "CT006"

    def _resume_at(self, at: int, split: _RecordSplit, fault: str) -> int:
        """Where reading goes on behind a damaged record."""
        next_line = self._line_end(at)
        torn = self._torn_record_end(at, next_line) if fault == "CT008" and split.end <= next_line else None
        if torn is not None:
            return torn
        # On the last line of the text a wrong quote may belong to a cell that runs on behind it.
        self._reached_end |= split.fault is not None and next_line == len(self._text)
        if split.end <= next_line or (
            split.fault_at < next_line and split.fault and not self._cell_continues(at, next_line)
        ):
            return next_line
        if split.fault is None:
            swallowed = self._next_complete_line(next_line, split.end)
            return split.end if swallowed is None else swallowed
        found = self._next_complete_record(next_line)
        return next_line if found is None else found

    def _torn_record_end(self, at: int, next_line: int) -> int | None:
        """Where a record ends in which a stray quote right before a line break has closed a cell too early.

        Proven by taking the quote out: what is left is a whole record.
        """
        line = self._text[at:next_line].rstrip("\r\n")
        candidate = next_line
        for _ in range(LOOKAHEAD_LINES if line.endswith('"') else 0):
            if candidate >= len(self._text):
                self._reached_end = True
                break
            end = self._line_end(candidate)
            if self._is_complete_record(candidate):
                break
            if self._text.find('"', candidate, end) >= 0:
                text = line[:-1] + self._text[at + len(line) : end]
                mended = StrictParser(text, self._delimiter, self._width, self._longest_cell)
                split = mended._split_record(0)
                return end if mended._is_complete_record(0) and split.end == len(text) else None
            candidate = end
        return None

    def _cell_continues(self, at: int, next_line: int) -> bool:
        """Whether a quoted cell that opens on the first line of a damaged record closes on a later one."""
        if self._text.count('"', at, next_line) % 2:
            return True
        self._reached_end |= next_line == len(self._text)
        return self._text.count('"', next_line, self._line_end(next_line)) % 2 == 1 and not self._is_complete_record(
            next_line
        )

    def _next_complete_record(self, candidate: int) -> int | None:
        """The first line from a place on with which a whole record begins."""
        for _ in range(LOOKAHEAD_LINES):
            if candidate >= len(self._text):
                self._reached_end = True
                return None
            if self._is_complete_record(candidate):
                return candidate
            candidate = self._line_end(candidate)
        return None

    def _next_complete_line(self, candidate: int, end: int) -> int | None:
        """The first line between two places that is a whole record.

        One of several lines is not looked for: whether it is whole would rest on what stands behind the second place.
        A line without delimiters proves nothing.
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
        # A cell that runs on behind the line has opened with a quote that nothing in the line matches.
        return self._text.count('"', at, self._line_end(at)) % 2 == 0 and self._is_complete_record(at)

    def _line_end(self, at: int) -> int:
        found = _LINE_END.search(self._text, at)
        end = found.end() if found else len(self._text)
        # A CR at the very end may be half of a line end.
        self._reached_end |= end == len(self._text) and not self._text.endswith("\n")
        return end

    def _split_line(self, at: int) -> tuple[str, ...]:
        line = self._text[at : self._line_end(at)].rstrip("\r\n")
        return tuple(line.split(self._delimiter))

    def _split_record(self, at: int) -> _RecordSplit:
        """Cells from a place on, up to the end of the record or to the first wrong quote."""
        text = self._text
        cells: list[str] = []
        end = self._line_end(at)
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
        """One cell, where it ends, and what is wrong with its quotes."""
        text = self._text
        if not text.startswith('"', at):
            end = self._unquoted_pattern.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at least
            return text[at:end], end, "CT007" if text.startswith('"', end) else None
        longest = at + 1 + self._longest_cell
        end = self._quoted_pattern.match(text, at + 1, longest).end()  # type: ignore[union-attr]  # as above
        self._reached_end |= end + 1 >= len(text)
        if end >= min(len(text), longest):
            return text[at : self._line_end(at)], end, "CT006"
        cell = text[at + 1 : end].replace('""', '"')
        after = text[end + 1 : end + 2]
        return cell, end + 1, None if after in {"", "\r", "\n", self._delimiter} else "CT007"
