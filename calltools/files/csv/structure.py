"""Quotes and line ends in a block of CSV: where its records end, and from which quote on that is uncertain."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.fields.kernels.byte_kernels import flatnonzero_sparse, span_indices
from calltools.files.csv.strict import LOOKAHEAD_LINES, StrictParser

_LF, _CR, _QUOTE = 0x0A, 0x0D, 0x22
#: Lines whose bytes are looked at one by one, at a time.
_LINES_PER_PASS: Final = 4096


class QuoteStructure:
    """Where quotes and line ends of some bytes stand. Positions are found when they are needed, most never are."""

    def __init__(self, data: bytes, delimiter: str, width: int) -> None:
        self._data = data
        self._delimiter = delimiter
        self._width = width
        quotes = b'"' in data
        self._quotes = flatnonzero_sparse(self._bytes == _QUOTE) if quotes else np.zeros(0, np.int64)
        # ``in`` stops at the first one and is many times faster than a count; most files hold none.
        returns = self._bytes == _CR if b"\r" in data else np.zeros(1, bool)
        self._cr_count = int(np.count_nonzero(returns))
        self._crlf_count = int(np.count_nonzero(returns[:-1] & (self._bytes[1:] == _LF))) if self._cr_count else 0
        self._has_lone_cr = self._cr_count > self._crlf_count
        self._first_doubtful = self._first_doubtful_quote() if quotes else len(data)

    @property
    def _bytes(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._data, np.uint8)

    def bytes_after(self, cut: int) -> memoryview:
        """The bytes behind a place."""
        return memoryview(self._data)[cut:]

    def has_doubtful_quote(self, *, at_end_of_file: bool) -> bool:
        """Whether a quote is wrong or seems to be stray, or, at the end of the file, is never closed."""
        return self._first_doubtful < len(self._data) or (at_end_of_file and len(self._quotes) % 2 == 1)

    def last_certain_record_end(self, *, at_end_of_file: bool) -> int:
        """Where the last record ends before which no quote is doubtful; 0 if there is none."""
        if at_end_of_file and not self.has_doubtful_quote(at_end_of_file=True):
            return len(self._data)
        cut = self._last_record_end()
        return self._cut_before_torn_record(cut) if len(self._quotes) else cut

    def _cut_before_torn_record(self, cut: int) -> int:
        """A place, moved to the front of a ragged record that a stray quote before a line break may have torn.

        The exact road looks on from such a record, up to a line that is whole or holds a quote.
        """
        last = int(np.searchsorted(self._line_ends, cut))
        for at in range(last, max(last - LOOKAHEAD_LINES, 0), -1):
            start = self._line_start(at - 1)
            line = self._data[start : self._line_start(at)].rstrip(b"\r\n")
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
            # The last byte may be half a CRLF.
            ends = ends[(ends < self._first_doubtful) & ((ends < len(self._data) - 1) | (self._bytes[ends] == _LF))]
            return int(ends[-1]) + 1 if len(ends) else 0
        at = self._data.rfind(b"\n", 0, self._first_doubtful)
        while at >= 0:
            before = int(np.searchsorted(self._quotes, at))
            if before % 2 == 0:
                break
            at = self._data.rfind(b"\n", 0, int(self._quotes[before - 1]))
        return at + 1

    def count_line_ends(self, cut: int) -> int:
        """Line ends before a place."""
        if self._has_lone_cr or len(self._quotes):
            # They will be asked for, to see whether quoted cells hold some.
            return int(np.searchsorted(self._line_ends, cut))
        # numpy lets other threads run meanwhile, and is faster than ``bytes.count``.
        return int(np.count_nonzero(self._bytes[:cut] == _LF))

    def line_end_kinds(self) -> frozenset[str]:
        """Kinds of line end that stand in the bytes, inside quoted cells too."""
        if not self._cr_count:
            return frozenset({"LF"} if b"\n" in self._data else ())
        feeds = int(np.count_nonzero(self._bytes == _LF))
        there = {"CRLF": self._crlf_count, "LF": feeds - self._crlf_count, "CR": self._cr_count - self._crlf_count}
        return frozenset(kind for kind, count in there.items() if count)

    def first_line_ends(self, cut: int) -> Mapping[str, int]:
        """Line, from 0, of the first line end of each kind that stands outside quoted cells before a place."""
        ends = self._line_ends[: np.searchsorted(self._line_ends, cut)]
        lines = np.flatnonzero(self._is_unquoted(ends))
        outside = ends[lines]
        last, before = self._bytes[outside], self._bytes[np.maximum(outside - 1, 0)]
        crlf = (last == _LF) & (before == _CR) & (outside > 0)
        kinds = {"CRLF": crlf, "CR": last == _CR, "LF": (last == _LF) & ~crlf}
        return {kind: int(lines[mask.argmax()]) for kind, mask in kinds.items() if mask.any()}

    def record_starts(self, cut: int) -> NDArray[np.int64]:
        """Line, from 0, on which each record before a place starts, blank lines included."""
        count = int(np.searchsorted(self._line_ends, cut))
        ends_there = count and self._line_ends[count - 1] == cut - 1
        lines = np.arange(count if ends_there else count + 1)
        return np.delete(lines, self._quoted_line_ends_before(count) + 1)

    def contains(self, byte: bytes, cut: int) -> bool:
        """Whether a byte stands before a place."""
        return self._data.find(byte, 0, cut) >= 0

    def _quoted_line_ends_before(self, count: int) -> NDArray[np.int64]:
        """Of the first line ends, those that stand inside quoted cells."""
        return self._quoted_line_ends[: np.searchsorted(self._quoted_line_ends, count)]

    @cached_property
    def _quoted_line_ends(self) -> NDArray[np.int64]:
        """Which line ends stand inside quoted cells."""
        if len(self._quotes) > len(self._line_ends):
            return flatnonzero_sparse(~self._is_unquoted(self._line_ends))
        before = np.searchsorted(self._line_ends, self._quotes)
        first, last = before[::2], before[1::2]
        if len(last) < len(first):
            last = np.append(last, len(self._line_ends))
        several = np.flatnonzero(last > first)
        return np.concatenate([np.zeros(0, np.int64), *map(np.arange, first[several], last[several])])

    @cached_property
    def _line_ends(self) -> NDArray[np.int64]:
        """Position of the last byte of each line end."""
        ends = flatnonzero_sparse(self._bytes == _LF)
        if not self._has_lone_cr:
            return ends
        returns = flatnonzero_sparse(self._bytes == _CR)
        follows = self._bytes[np.minimum(returns + 1, len(self._data) - 1)]
        lone = returns[(follows != _LF) | (returns == len(self._data) - 1)]
        return np.sort(np.concatenate([ends, lone]))

    def _is_unquoted(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.searchsorted(self._quotes, positions) % 2 == 0
        return found

    def _first_doubtful_quote(self) -> int:
        """Position of the first quote that is wrong or seems to be stray; the length if there is none."""
        wrong = self._first_wrong_quote()
        # A quote that looks right where it does not belong opens a cell of several lines.
        inside = self._quoted_line_ends[self._line_ends[self._quoted_line_ends] < wrong]
        return (
            min(wrong, self._first_swallowing_quote(inside), self._first_tearing_quote(inside))
            if len(inside)
            else wrong
        )

    def _first_swallowing_quote(self, quoted_line_ends: NDArray[np.int64]) -> int:
        """Position of the first quote that opens a cell in which a line has as many delimiters as a record."""
        delimiter = self._delimiter.encode()
        ends = np.append(self._line_ends, len(self._data))
        for at in quoted_line_ends if self._width > 1 else ():
            if self._data.count(delimiter, ends[at], ends[at + 1]) >= self._width - 1:
                return int(self._quotes[np.searchsorted(self._quotes, ends[at]) - 1])
        return len(self._data)

    def _first_tearing_quote(self, quoted_line_ends: NDArray[np.int64]) -> int:
        """Position of the first quote that ends a ragged line, where the next quote opens a cell of several lines."""
        begins = np.append(0, self._line_ends + 1)
        opening = np.searchsorted(self._quotes, begins[quoted_line_ends])
        closed = self._quotes[opening[(opening > 0) & (opening % 2 == 0)] - 1]
        closed = closed[np.isin(self._bytes[closed + 1], [_LF, _CR])]
        starts = begins[np.searchsorted(self._line_ends, closed)]
        single = self._is_unquoted(starts)
        for some in np.array_split(np.column_stack([starts, closed])[single], len(closed) // _LINES_PER_PASS + 1):
            places, line = span_indices(some[:, 0], some[:, 1])
            delimits = (self._bytes[places] == ord(self._delimiter)) & self._is_unquoted(places)
            ragged = np.bincount(line[delimits], minlength=len(some)) != self._width - 1
            if ragged.any():
                return int(some[ragged.argmax(), 1])
        return len(self._data)

    def _first_wrong_quote(self) -> int:
        """Position of the first quote that neither opens, nor closes, nor is doubled; the length if there is none."""
        quotes, size = self._quotes, len(self._data)
        opening, closing = quotes[::2], quotes[1::2]
        edges = np.zeros(256, bool)
        edges[[ord(self._delimiter), _LF, _CR]] = True
        before, after = self._bytes[np.maximum(opening - 1, 0)], self._bytes[np.minimum(closing + 1, size - 1)]
        # An "opening" right behind a "closing" is the second of two doubled quotes.
        doubled = np.zeros(len(opening), bool)
        doubled[1:] = opening[1:] - closing[: len(opening) - 1] == 1
        wrong = opening[~(edges[before] | doubled | (opening == 0))]
        followed = np.append(doubled[1:], False)[: len(closing)]
        strange = closing[~(edges[after] | followed | (closing == size - 1))]
        return int(min([size, *wrong[:1].tolist(), *strange[:1].tolist()]))
