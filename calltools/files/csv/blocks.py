"""A CSV split into blocks that end where a record ends, each with the number of its first physical line."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from calltools.errors import LimitError
from calltools.files.csv.strict import StrictParser
from calltools.files.csv.structure import QuoteStructure
from calltools.files.limits import Limits

#: The first block is read with an eighth of the bytes, each other one with twice as many as the one before.
_FIRST_BLOCK_DIVISOR: Final = 16


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
        first_line: Physical line on which the first of them starts, from 1.
        line_end_count: Line ends in it.
        is_unambiguous: Every quote opens a cell, closes one, or is doubled inside one, and none seems to be stray:
            records end where the quotes say.
        structure: Where its quotes and line ends stand; it may reach beyond the block.
    """

    data: memoryview
    first_line: int
    line_end_count: int
    is_unambiguous: bool
    structure: QuoteStructure

    def first_line_ends(self, known_kinds: set[str], dialect: Dialect, longest_cell: int) -> Mapping[str, int]:
        """Line, from 0, of the first line end of each kind behind a record; nothing when only known kinds occur.

        Args:
            known_kinds: Kinds, of LF, CRLF and CR, that were seen before.
            dialect: Delimiter and width.
            longest_cell: Bytes of a quoted cell at most.
        """
        if self.structure.line_end_kinds() <= known_kinds:
            return {}
        if self.is_unambiguous:
            return self.structure.first_line_ends(len(self.data))
        text = (bytes(self.data) + self.lookahead).decode("latin-1")
        exact = StrictParser(text, dialect.delimiter, dialect.width, longest_cell)
        return exact.first_line_ends(len(self.data))

    @property
    def lookahead(self) -> memoryview:
        """What was read behind it, where that has decided what is wrong in it."""
        return memoryview(b"") if self.is_unambiguous else self.structure.bytes_after(len(self.data))

    @property
    def line_count(self) -> int:
        """Lines in it, with a last one that does not end."""
        return self.line_end_count + (bytes(self.data[-1:]) not in {b"\n", b"\r"})

    def record_starts(self, record_count: int) -> NDArray[np.int64]:
        """Line, from 0, on which each record starts, blank lines included.

        Args:
            record_count: How many a tokenizer found; when each line is one, no place has to be looked up.
        """
        if record_count == self.line_count:
            return np.arange(record_count)
        return self.structure.record_starts(len(self.data))


def split_blocks(
    stream: BinaryIO, dialect: Dialect, first_line: int, block_bytes: int, limits: Limits
) -> Iterator[Block]:
    """Cut a stream, from its place on, into blocks of about a size; the first ones are smaller.

    A look at the first records costs little then, and the threads have work at once.
    A block ends where a record ends. From a doubtful quote on only the exact road knows where that is; it is asked for
    as much as it can say whatever follows.

    Args:
        stream: Bytes in an encoding in which quotes, delimiters and line ends are those of ASCII.
        dialect: Delimiter and width.
        first_line: Physical line of the stream's place, from 1.
        block_bytes: Bytes that are read at a time.
        limits: What a record may take.

    Raises:
        LimitError: A record is longer than the limit.
    """
    data, ended, begun = b"", False, max(block_bytes // _FIRST_BLOCK_DIVISOR, 1)
    while not ended:
        begun = min(2 * begun, block_bytes)
        wanted = len(data) + max(begun, len(data))
        data = _read_up_to(stream, data, wanted)
        ended = len(data) < wanted
        while data:
            structure = QuoteStructure(data, dialect.delimiter, dialect.width)
            cut, plain = structure.last_certain_record_end(at_end_of_file=ended), True
            if not cut and (structure.has_doubtful_quote(at_end_of_file=ended) or len(data) > limits.quoted_bytes):
                exact = StrictParser(data.decode("latin-1"), dialect.delimiter, dialect.width, limits.quoted_bytes)
                cut, plain = len(data) if ended else exact.decided_length(), False
            if not cut:
                break
            lines = structure.count_line_ends(cut)
            yield Block(memoryview(data)[:cut], first_line, lines, plain, structure)
            first_line += lines
            data = data[cut:]
        if not ended and len(data) > limits.record_bytes and b'"' not in data:
            raise LimitError("csv-record-too-long", line=first_line, limit=limits.record_bytes >> 20)


def _read_up_to(stream: BinaryIO, left: bytes, wanted: int) -> bytes:
    """As many bytes as are wanted, those that are left first; fewer only at the end."""
    if isinstance(stream, io.BufferedReader):
        # To read a few again is cheaper than to copy them all.
        stream.seek(-len(left), io.SEEK_CUR)
        return stream.read(wanted)
    return left + stream.read(wanted - len(left))
