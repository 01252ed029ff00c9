"""A CSV cut into blocks at record ends, each with the number of its first physical line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from calltools.errors import LimitError
from calltools.files.csv_exact import ExactText
from calltools.files.limits import Limits

_LF, _CR, _QUOTE = 0x0A, 0x0D, 0x22


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is divided.

    Attributes:
        delimiter: Between cells.
        width: Cells of a whole record.
        encoding: Python codec of the bytes in the blocks.
    """

    delimiter: str
    width: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole records.

    Attributes:
        data: Their bytes, in the file's encoding.
        line: Physical line on which the first of them starts, from 1.
        well_quoted: Every quote opens a cell, closes one, or is doubled inside one.
        line_ends: Which kinds of line end stand outside quoted cells: of "LF", "CRLF", "CR".
    """

    data: bytes
    line: int
    well_quoted: bool
    line_ends: frozenset[str]


def blocks(stream: BinaryIO, dialect: Dialect, line: int, size: int, limits: Limits) -> Iterator[Block]:
    """Cut a stream, from its place on, into blocks of about a size.

    A block ends where a record ends. Behind a wrong quote only the exact road knows where that is; it is asked for as
    much as it can say whatever follows.

    Args:
        stream: Bytes in an encoding in which quotes, delimiters and line ends are those of ASCII.
        dialect: Delimiter and width.
        line: Physical line of the stream's place, from 1.
        size: Bytes that are read at a time.
        limits: What a record may take.

    Raises:
        LimitError: A record is longer than the limit.
    """
    data, ended = b"", False
    while not ended:
        wanted = max(size, len(data))
        read = stream.read(wanted)
        ended = len(read) < wanted
        data += read
        while data:
            structure = Structure(data, dialect.delimiter)
            cut, plain = structure.cut(ended=ended), True
            if not cut and (structure.is_wrong(ended=ended) or len(data) > limits.quoted_bytes):
                exact = ExactText(data.decode("latin-1"), dialect.delimiter, dialect.width, limits.quoted_bytes)
                cut, plain = len(data) if ended else exact.decided(), False
            if not cut:
                break
            yield structure.block(cut, line, plain=plain)
            line += structure.lines_before(cut)
            data = data[cut:]
        if not ended and len(data) > limits.record_bytes and b'"' not in data:
            raise LimitError("csv-record-too-long", line=line, limit=limits.record_bytes >> 20)


class Structure:
    """Where quotes and line ends of some bytes stand."""

    def __init__(self, data: bytes, delimiter: str) -> None:
        self._data = data
        self._bytes: NDArray[np.uint8] = np.frombuffer(data, np.uint8)
        self._delimiter = ord(delimiter)
        self._quotes = np.flatnonzero(self._bytes == _QUOTE) if b'"' in data else np.zeros(0, np.int64)
        self._ends, self._crlf, self._cr = self._line_ends()
        self._wrong = self._first_wrong_quote()

    def _line_ends(self) -> tuple[NDArray[np.int64], bool, bool]:
        """Position of the last byte of each line end, and whether CRLF and lone CR occur."""
        ends = np.flatnonzero(self._bytes == _LF)
        if b"\r" not in self._data:
            return ends, False, False
        returns = np.flatnonzero(self._bytes == _CR)
        follows = self._bytes[np.minimum(returns + 1, len(self._bytes) - 1)]
        lone = returns[(follows != _LF) | (returns == len(self._bytes) - 1)]
        return (np.sort(np.concatenate([ends, lone])) if len(lone) else ends), len(lone) < len(returns), bool(len(lone))

    def _first_wrong_quote(self) -> int:
        """Position of the first quote that neither opens, nor closes, nor is doubled; the length if there is none."""
        quotes, size = self._quotes, len(self._bytes)
        if not len(quotes):
            return size
        before = self._bytes[np.maximum(quotes - 1, 0)]
        after = self._bytes[np.minimum(quotes + 1, size - 1)]
        edges = (self._delimiter, _LF, _CR)
        opening, closing = slice(0, None, 2), slice(1, None, 2)
        # An "opening" right behind a "closing" is the second of two doubled quotes.
        opens = np.isin(before[opening], edges) | (before[opening] == _QUOTE) | (quotes[opening] == 0)
        closes = np.isin(after[closing], edges) | (after[closing] == _QUOTE) | (quotes[closing] == size - 1)
        doubled = np.zeros(len(quotes), bool)
        doubled[opening] = before[opening] == _QUOTE
        wrong = np.concatenate([quotes[opening][~opens], quotes[closing][~closes]])
        # A quote behind a quote is doubled only if it stands right behind the closing one.
        gap = quotes[opening][1:] - quotes[closing][: len(quotes[opening]) - 1]
        strange = quotes[opening][1:][(gap == 1) != doubled[opening][1:]]
        return int(min([size, *wrong.tolist(), *strange.tolist()]))

    def is_wrong(self, *, ended: bool) -> bool:
        """Whether a quote is wrong, or, at the end of the file, never closed."""
        return self._wrong < len(self._bytes) or (ended and len(self._quotes) % 2 == 1)

    def cut(self, *, ended: bool) -> int:
        """Where the last record ends before which every quote is right; 0 if there is none."""
        if ended and not self.is_wrong(ended=True):
            return len(self._bytes)
        ends = self._ends
        # The last byte may be half a CRLF.
        if len(ends) and self._bytes[ends[-1]] == _CR and ends[-1] == len(self._bytes) - 1:
            ends = ends[:-1]
        outside = ends[self._outside(ends)]
        outside = outside[outside < self._wrong]
        return int(outside[-1]) + 1 if len(outside) else 0

    def _outside(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        if not len(self._quotes):
            return np.ones(len(positions), bool)
        found: NDArray[np.bool_] = np.searchsorted(self._quotes, positions) % 2 == 0
        return found

    def record_starts(self) -> NDArray[np.int64]:
        """Line, from 0, on which each record starts, blank lines included."""
        outside = np.flatnonzero(self._outside(self._ends))
        ended = len(self._ends) and self._ends[-1] == len(self._bytes) - 1
        starts = np.concatenate([np.zeros(1, np.int64), outside + 1])
        return starts[:-1] if ended else starts

    def swallows_a_record(self, width: int) -> bool:
        """Whether a quoted cell holds a line with as many cells as a record: a stray quote may have opened it."""
        inside = np.flatnonzero(~self._outside(self._ends))
        if not len(inside) or width < 2:  # noqa: PLR2004 - one cell is on every line
            return False
        delimiters = np.flatnonzero(self._bytes == self._delimiter)
        begins = self._ends[inside]
        ends = np.append(self._ends, len(self._bytes))[inside + 1]
        counts = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, begins)
        return bool((counts >= width - 1).any())

    def lines_before(self, cut: int) -> int:
        """Line ends before a place."""
        return int(np.searchsorted(self._ends, cut))

    def block(self, cut: int, line: int, *, plain: bool) -> Block:
        """The bytes up to a place as a block."""
        ends = self._ends[: self.lines_before(cut)]
        outside = ends[self._outside(ends)]
        kinds = set()
        if self._cr or self._crlf:
            last = self._bytes[outside]
            before = self._bytes[np.maximum(outside - 1, 0)]
            crlf = (last == _LF) & (before == _CR) & (outside > 0)
            kinds |= {"CRLF"} if crlf.any() else set()
            kinds |= {"CR"} if (last == _CR).any() else set()
            kinds |= {"LF"} if ((last == _LF) & ~crlf).any() else set()
        elif len(outside):
            kinds.add("LF")
        return Block(self._data[:cut], line, plain, frozenset(kinds))
