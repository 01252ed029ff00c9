"""Quotes and line ends in a block of CSV: where its records end, and from which quote on that is uncertain.

Everything is computed on sorted arrays of byte positions. A place is inside a quoted cell if the number of quotes
before it is odd; doubled quotes inside a cell count twice and do not change that. Whenever a quote might not mean what
it seems to, the block goes to the strict path instead (``strict``), which decides record by record.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.fields.kernels.byte_kernels import flatnonzero_sparse, span_indices
from calltools.files.csv.strict import LOOKAHEAD_LINES, MIN_WIDTH_OF_SWALLOWED, StrictParser

_LF, _CR, _QUOTE = 0x0A, 0x0D, 0x22
#: Lines whose bytes are gathered in one array; bounds the memory for a file in which every line is suspect.
_LINES_PER_PASS: Final = 4096
#: Where records of several lines are fewer than one byte in so many, gathering their bytes is faster than a search
#: through all.
_GATHERED_SHARE: Final = 8
#: Quoted cells before the end of the data among which the end of a record is looked for one by one.
_MOST_STEPS_BACK: Final = 100


class QuoteStructure:
    """The positions of quotes and line ends in some bytes.

    Arrays are computed on first use, because most blocks need few of them.

    Args:
        data: Bytes from the start of a record on, in an encoding whose quotes and line ends are those of ASCII.
        delimiter: One character.
        width: Cells of a complete record.
    """

    def __init__(self, data: bytes, delimiter: str, width: int) -> None:
        self._data = data
        self._delimiter = delimiter
        self._width = width
        # ``in`` stops at the first CR and is many times faster than a count; most files hold none.
        returns = self._bytes == _CR if b"\r" in data else np.zeros(1, bool)
        self._cr_count = int(np.count_nonzero(returns))
        self._crlf_count = int(np.count_nonzero(returns[:-1] & (self._bytes[1:] == _LF))) if self._cr_count else 0
        self._has_lone_cr = self._cr_count > self._crlf_count

    @property
    def _bytes(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._data, np.uint8)

    @property
    def view(self) -> memoryview:
        """The bytes, without a copy."""
        return memoryview(self._data)

    def has_doubtful_quote(self, *, at_end_of_file: bool) -> bool:
        """Whether a quote is wrong or may be stray, or, at the end of the file, opens a cell that is never closed."""
        return self._first_doubtful < len(self._data) or (at_end_of_file and len(self._quotes) % 2 == 1)

    def last_certain_record_end(self, *, at_end_of_file: bool) -> int:
        """The end of the last record before any doubtful quote; 0 if there is none."""
        if at_end_of_file and not self.has_doubtful_quote(at_end_of_file=True):
            return len(self._data)
        cut = self._last_record_end()
        return self._cut_before_torn_record(cut) if len(self._quotes) else cut

    def _cut_before_torn_record(self, cut: int) -> int:
        """A record end, moved before a ragged record that a stray quote at its line end may have torn.

        From such a record the strict path searches on, up to a line that is complete or holds a quote. A block that
        ends within those lines would make its answer depend on the block size.
        """
        last = int(np.searchsorted(self._line_ends, cut))
        for at in range(last, max(last - LOOKAHEAD_LINES, 0), -1):
            start = self._line_start(at - 1)
            line = self._data[start : self._line_start(at)].rstrip(b"\r\n")
            # A ragged line without a quote may lie inside the torn record: look further up.
            if b'"' not in line and not self._is_complete_record(line):
                continue
            torn = (
                line.endswith(b'"') and self._is_unquoted(np.array([start]))[0] and not self._is_complete_record(line)
            )
            return start if torn else cut
        return cut

    def _is_complete_record(self, line: bytes) -> bool:
        return StrictParser(line.decode("latin-1"), self._delimiter, self._width).is_one_complete_line()

    def _line_start(self, at: int) -> int:
        return int(self._line_ends[at - 1]) + 1 if at else 0

    def _last_record_end(self) -> int:
        if self._has_lone_cr:
            ends = self._line_ends[self._is_unquoted(self._line_ends)]
            # A CR as the last byte may be half of a CRLF.
            ends = ends[(ends < self._first_doubtful) & ((ends < len(self._data) - 1) | (self._bytes[ends] == _LF))]
            return int(ends[-1]) + 1 if len(ends) else 0
        # From the end backward: nearly always the last line feed is outside quotes, and no array is needed.
        at = self._data.rfind(b"\n", 0, self._first_doubtful)
        for _ in range(_MOST_STEPS_BACK):
            before = int(np.searchsorted(self._quotes, at)) if at >= 0 else 0
            if before % 2 == 0:
                return at + 1
            # It is inside a quoted cell: go on before the quote that opens the cell.
            at = self._data.rfind(b"\n", 0, int(self._quotes[before - 1]))
        # A cell of millions of lines and doubled quotes.
        ends = self._line_ends[: np.searchsorted(self._line_ends, at, side="right")]
        ends = ends[self._is_unquoted(ends)]
        return int(ends[-1]) + 1 if len(ends) else 0

    def count_line_ends(self, cut: int) -> int:
        """How many lines end before a place."""
        if self._has_lone_cr or "_line_ends" in self.__dict__:
            return int(np.searchsorted(self._line_ends, cut))
        # numpy releases the interpreter lock, and is faster than ``bytes.count``.
        return int(np.count_nonzero(self._bytes[:cut] == _LF))

    def line_end_kinds(self) -> frozenset[str]:
        """The kinds of line end in the bytes (LF, CRLF, CR), those inside quoted cells too."""
        if not self._cr_count:
            return frozenset({"LF"} if b"\n" in self._data else ())
        feeds = int(np.count_nonzero(self._bytes == _LF))
        there = {"CRLF": self._crlf_count, "LF": feeds - self._crlf_count, "CR": self._cr_count - self._crlf_count}
        return frozenset(kind for kind, count in there.items() if count)

    def first_line_ends(self, cut: int) -> Mapping[str, int]:
        """Kind of line end -> line, from 0, where it first occurs outside quoted cells before a place."""
        ends = self._line_ends[: np.searchsorted(self._line_ends, cut)]
        lines = np.flatnonzero(self._is_unquoted(ends))
        outside = ends[lines]
        last, before = self._bytes[outside], self._bytes[np.maximum(outside - 1, 0)]
        crlf = (last == _LF) & (before == _CR) & (outside > 0)
        kinds = {"CRLF": crlf, "CR": last == _CR, "LF": (last == _LF) & ~crlf}
        return {kind: int(lines[mask.argmax()]) for kind, mask in kinds.items() if mask.any()}

    def record_starts(self, cut: int) -> NDArray[np.int64]:
        """The lines, from 0, on which the records before a place start; a blank line is a record here."""
        count = int(np.searchsorted(self._line_ends, cut))
        ends_there = count and self._line_ends[count - 1] == cut - 1
        lines = np.arange(count if ends_there else count + 1)
        # The line after a line end inside a quoted cell starts no record.
        return np.delete(lines, self._quoted_line_ends_before(count) + 1)

    def contains(self, byte: bytes, cut: int) -> bool:
        """Whether a byte occurs before a place."""
        return self._data.find(byte, 0, cut) >= 0

    def _quoted_line_ends_before(self, count: int) -> NDArray[np.int64]:
        """Numbers of the line ends inside quoted cells, among the first ``count`` line ends."""
        return self._quoted_line_ends[: np.searchsorted(self._quoted_line_ends, count)]

    @cached_property
    def _quotes(self) -> NDArray[np.int64]:
        """Positions of the quotes, rising."""
        return flatnonzero_sparse(self._bytes == _QUOTE) if b'"' in self._data else np.zeros(0, np.int64)

    @cached_property
    def _quoted_line_ends(self) -> NDArray[np.int64]:
        """Numbers, from 0, of the line ends inside quoted cells, rising."""
        # Two ways to the same answer: the longer array is searched for the places of the shorter one.
        if len(self._quotes) > len(self._line_ends):
            return flatnonzero_sparse(~self._is_unquoted(self._line_ends))
        before = np.searchsorted(self._line_ends, self._quotes)
        # Quotes with even numbers open a cell, with odd ones close it: line ends first..last-1 lie inside.
        first, last = before[::2], before[1::2]
        if len(last) < len(first):
            last = np.append(last, len(self._line_ends))
        several = np.flatnonzero(last > first)
        return np.concatenate([np.zeros(0, np.int64), *map(np.arange, first[several], last[several])])

    @cached_property
    def _line_ends(self) -> NDArray[np.int64]:
        """Positions of the last byte of each line end, rising."""
        ends = flatnonzero_sparse(self._bytes == _LF)
        if not self._has_lone_cr:
            return ends
        returns = flatnonzero_sparse(self._bytes == _CR)
        follows = self._bytes[np.minimum(returns + 1, len(self._data) - 1)]
        lone = returns[(follows != _LF) | (returns == len(self._data) - 1)]
        return np.sort(np.concatenate([ends, lone]))

    def _is_unquoted(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        # An even number of quotes stands before a place outside quoted cells.
        found: NDArray[np.bool_] = np.searchsorted(self._quotes, positions) % 2 == 0
        return found

    @cached_property
    def _first_doubtful(self) -> int:
        """Position of the first quote that is wrong or may be stray; the length of the data if there is none."""
        if not len(self._quotes):
            return len(self._data)
        wrong = self._first_wrong_quote()
        # A stray quote that looks right opens a cell of several lines, so only such cells are suspect.
        inside = self._quoted_line_ends[
            : np.searchsorted(self._quoted_line_ends, np.searchsorted(self._line_ends, wrong))
        ]
        if not len(inside):
            return wrong
        # Line ends inside quoted cells that follow one another are of one record, from its first to its last line.
        breaks = np.flatnonzero(inside[1:] - inside[:-1] > 1)
        first, last = inside[np.append(0, breaks + 1)], inside[np.append(breaks, len(inside) - 1)] + 1
        return min(wrong, self._first_swallowing_quote(first, last), self._first_tearing_quote(first))

    def _line_begins(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first bytes of some lines; after the last line the length of the data."""
        count = len(self._line_ends)
        begins = self._line_ends[np.clip(lines - 1, 0, count - 1)] + 1
        begins[lines == 0] = 0
        begins[lines > count] = len(self._data)
        return begins

    def _first_swallowing_quote(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> int:
        """Position of the first quote of a record of several lines that may have swallowed others.

        The records are given by the numbers of their first and last lines.

        Either its first and last line have at least as many delimiters as a record has, or one has, and the record
        itself has not as many outside quoted cells. The length of the data if there is none.
        """
        needed = self._width - 1
        if not needed:
            return len(self._data)
        start, end = self._line_begins(first), self._line_begins(last + 1)
        # Lines without a delimiter, of which there may be millions, are no concern: all arrays are of delimiters.
        delimiters, record = self._delimiters_within(start, end)
        line, at, count = np.unique(np.searchsorted(self._line_ends, delimiters), return_index=True, return_counts=True)
        of = record[at]
        # The strict path passes over blank lines between the first and the last one.
        edges = (count >= needed) & ((line == first[of]) | (line == last[of]))
        doubtful = (np.bincount(of[edges], minlength=len(first)) == 2) & (self._width >= MIN_WIDTH_OF_SWALLOWED)
        inner = np.bincount(of[(count >= needed) & (line != first[of])], minlength=len(first)) > 0
        if (inner & ~doubtful).any():
            outside = np.bincount(record[self._is_unquoted(delimiters)], minlength=len(first))
            doubtful |= inner & (outside != needed)
        if not doubtful.any():
            return len(self._data)
        opening = np.searchsorted(self._quotes, self._line_ends[first[doubtful.argmax()]]) - 1
        return int(self._quotes[opening])

    def _delimiters_within(
        self, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The positions of the delimiters between some pairs of places, rising, and the number of the pair of each."""
        delimiter = ord(self._delimiter)
        if _GATHERED_SHARE * int((end - start).sum()) < end[-1] - start[0]:
            places, record = span_indices(start, end)
            found = self._bytes[places] == delimiter
            return places[found], record[found]
        delimiters = flatnonzero_sparse(self._bytes[start[0] : end[-1]] == delimiter) + start[0]
        record = np.searchsorted(start, delimiters, side="right") - 1
        within = delimiters < end[record]
        return delimiters[within], record[within]

    def _first_tearing_quote(self, first: NDArray[np.int64]) -> int:
        """Position of the first quote that ends a ragged line, if the next quote opens a cell of several lines.

        Such a quote may have torn a record in two; the length of the data if there is none.
        """
        # The last quote before a record of several lines.
        opening = np.searchsorted(self._quotes, self._line_begins(first))
        closed = self._quotes[opening[opening > 0] - 1]
        closed = np.unique(closed[np.isin(self._bytes[closed + 1], [_LF, _CR])])
        starts = self._line_begins(np.searchsorted(self._line_ends, closed))
        # A line that starts inside a quoted cell is no record of its own.
        single = self._is_unquoted(starts)
        for some in np.array_split(np.column_stack([starts, closed])[single], len(closed) // _LINES_PER_PASS + 1):
            places, line = span_indices(some[:, 0], some[:, 1])
            delimits = (self._bytes[places] == ord(self._delimiter)) & self._is_unquoted(places)
            ragged = np.bincount(line[delimits], minlength=len(some)) != self._width - 1
            if ragged.any():
                return int(some[ragged.argmax(), 1])
        return len(self._data)

    def _first_wrong_quote(self) -> int:
        """Position of the first quote that neither opens a cell, nor closes one, nor is doubled inside one.

        The length of the data if there is none.
        """
        quotes, size = self._quotes, len(self._data)
        opening, closing = quotes[::2], quotes[1::2]
        # edges[byte]: whether a cell may begin after the byte, or end before it.
        edges = np.zeros(256, bool)
        edges[[ord(self._delimiter), _LF, _CR]] = True
        before, after = self._bytes[np.maximum(opening - 1, 0)], self._bytes[np.minimum(closing + 1, size - 1)]
        # An opening quote directly after a closing one is the second half of a doubled quote.
        doubled = np.zeros(len(opening), bool)
        doubled[1:] = opening[1:] - closing[: len(opening) - 1] == 1
        wrong_opening = opening[~(edges[before] | doubled | (opening == 0))]
        followed = np.append(doubled[1:], False)[: len(closing)]
        wrong_closing = closing[~(edges[after] | followed | (closing == size - 1))]
        return int(min([size, *wrong_opening[:1].tolist(), *wrong_closing[:1].tolist()]))
