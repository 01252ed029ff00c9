"""Splitting a CSV into blocks that end where a record ends, each with the number of its first physical line."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from calltools.errors import LimitError
from calltools.fields.kernels.byte_kernels import flatnonzero_sparse
from calltools.files.csv.strict import StrictParser
from calltools.files.csv.structure import QuoteStructure
from calltools.files.limits import Limits

_LF, _CR = 0x0A, 0x0D
_CHUNK_BYTES: Final = 1 << 20
#: Lines of a block at most, where records end among them. Files of usual records have fewer in ``block_bytes``.
MAX_LINES: Final = 100_000
#: Bytes behind a quote that nothing closes in which the next complete record is searched.
TEXT_BEHIND_QUOTE: Final = 4 << 20
#: The first read takes an eighth of a block, each further one twice as much as the one before, up to a block.
_FIRST_BLOCK_DIVISOR: Final = 16


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is divided into cells.

    Attributes:
        delimiter: One character between cells.
        width: Cells of a complete record.
        encoding: Python codec of the bytes in the blocks.
    """

    delimiter: str
    width: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Block:
    """Complete lines of a CSV that start and end with a record.

    Attributes:
        data: The bytes.
        first_line: Physical line where the block starts, from 1.
        line_end_count: Line ends in the block.
        offset: Bytes between the place where splitting began and the block.
        structure: Positions of quotes and line ends; it may reach beyond the block.
        lookahead: The bytes after an ambiguous block that the strict path looked at when the block was cut: it needs
            them to decide the same again. ``None``: the block is unambiguous, that is every quote opens a cell, closes
            one or is doubled inside one, and none may be stray; records then end where the quotes say.
    """

    data: memoryview
    first_line: int
    line_end_count: int
    offset: int
    structure: QuoteStructure
    lookahead: memoryview | None = None

    @property
    def is_unambiguous(self) -> bool:
        """Whether records end where the quotes say."""
        return self.lookahead is None

    def first_line_ends(self, known_kinds: set[str], dialect: Dialect, longest_cell: int) -> Mapping[str, int]:
        """Kind of line end -> line, from 0, of the first record that ends with it; empty if no new kind occurs.

        Args:
            known_kinds: Kinds (LF, CRLF, CR) of the blocks before.
            dialect: Delimiter and width.
            longest_cell: Bytes of a quoted cell at most.
        """
        if self.structure.line_end_kinds() <= known_kinds:
            return {}
        if self.is_unambiguous:
            return self.structure.first_line_ends(len(self.data))
        text = (bytes(self.data) + (self.lookahead or b"")).decode("latin-1")
        parser = StrictParser(text, dialect.delimiter, dialect.width, longest_cell)
        return parser.first_line_ends(len(self.data))

    @property
    def line_count(self) -> int:
        """Lines in the block, a last one without a line end too."""
        return self.line_end_count + (bytes(self.data[-1:]) not in {b"\n", b"\r"})

    def record_starts(self, record_count: int) -> NDArray[np.int64]:
        """The lines, from 0, on which the records start; a blank line is a record here.

        Args:
            record_count: Records that a tokenizer found; if every line is one, no position is needed.
        """
        if record_count == self.line_count:
            return np.arange(record_count)
        return self.structure.record_starts(len(self.data))


@dataclass(frozen=True, slots=True)
class BlockRange:
    """Where a block lies in its file: whoever can open the file can read the block, and no byte of it is sent.

    Attributes:
        offset: The byte where it starts.
        length: Its bytes.
        lookahead: The bytes after it that the strict path looks at, or ``None``; see ``Block``.
        first_line: Physical line where it starts, from 1.
        line_end_count: Line ends in it.
    """

    offset: int
    length: int
    lookahead: int | None
    first_line: int
    line_end_count: int

    @staticmethod
    def of_block(block: Block, records_offset: int) -> "BlockRange":
        """The range of a block, of a file whose records start at a byte."""
        seen = None if block.lookahead is None else len(block.lookahead)
        return BlockRange(records_offset + block.offset, len(block.data), seen, block.first_line, block.line_end_count)

    def read(self, stream: BinaryIO, dialect: Dialect) -> Block | None:
        """The block again; ``None``: it is not what was split, so the file is another one or was written to."""
        stream.seek(self.offset)
        data, behind = stream.read(self.length), stream.read(self.lookahead or 0)
        if len(data) + len(behind) < self.length + (self.lookahead or 0):
            return None
        structure = QuoteStructure(data, dialect.delimiter, dialect.width)
        if structure.count_line_ends(self.length) != self.line_end_count:
            return None
        lookahead = None if self.lookahead is None else memoryview(behind)
        return Block(structure.view, self.first_line, self.line_end_count, self.offset, structure, lookahead)


def split_blocks(
    stream: BinaryIO, dialect: Dialect, first_line: int, block_bytes: int, limits: Limits
) -> Iterator[Block]:
    """Split a stream, from its place on, into blocks that end where a record ends.

    The first blocks are smaller: the first records are there sooner, and all threads have work at once.

    Args:
        stream: Bytes in an encoding whose quotes, delimiters and line ends are those of ASCII.
        dialect: Delimiter and width.
        first_line: Physical line of the stream's place, from 1.
        block_bytes: Bytes of a block, about.
        limits: The longest record and quoted cell.

    Raises:
        LimitError: A record is longer than the limit.
    """
    data, ended, open_quote, read_bytes = b"", False, -1, max(block_bytes // _FIRST_BLOCK_DIVISOR, 1)
    offset = 0
    while not ended:
        read_bytes = min(2 * read_bytes, block_bytes)
        # At least as much again as is left: a record of many blocks is then searched in linear time, not quadratic.
        wanted = len(data) + max(read_bytes, len(data))
        data = _read_up_to(stream, data, wanted)
        ended = len(data) < wanted
        # Only a quote closes a cell: until one comes, nothing is to be learned from more bytes.
        waits = open_quote >= 0 and not ended and len(data) - open_quote <= limits.quoted_bytes
        if waits and data.find(b'"', open_quote + 1) < 0:
            continue
        while data:
            structure, cuts = _find_cuts(data, dialect, block_bytes, limits.quoted_bytes, at_end_of_file=ended)
            start = lines = 0
            for end, seen in cuts:
                view, lines_before, lines = structure.view, lines, structure.count_line_ends(end)
                lookahead = None if seen is None else view[end:seen]
                line, count = first_line + lines_before, lines - lines_before
                yield Block(view[start:end], line, count, offset + start, structure, lookahead)
                start = end
            open_quote = -1 if start else data.rfind(b'"')
            if not start:
                break  # more bytes are needed
            first_line += lines
            offset += start
            data = data[start:]
        if not ended and len(data) > limits.record_bytes and b'"' not in data:
            raise LimitError("csv-record-too-long", line=first_line, limit=limits.record_bytes >> 20)


def _find_cuts(
    data: bytes, dialect: Dialect, block_bytes: int, longest_cell: int, *, at_end_of_file: bool
) -> tuple[QuoteStructure, Iterable[tuple[int, int | None]]]:
    """The structure of some bytes, and the places in them where blocks end, each with what the strict path looked at.

    No place: more bytes are needed.
    """
    # A record costs memory beside its bytes, and a line may have one byte: first some of the lines, and all of them
    # only if no record ends there.
    last_quote = data.rfind(b'"')
    for piece in _pieces(data):
        structure = QuoteStructure(piece, dialect.delimiter, dialect.width)
        if cut := structure.last_certain_record_end(at_end_of_file=at_end_of_file and len(piece) == len(data)):
            return structure, [(cut, None)]
        if len(data) > len(piece) > last_quote + TEXT_BEHIND_QUOTE:
            if not at_end_of_file and len(data) - last_quote <= longest_cell:
                return structure, ()
            # The last quote opens a cell that nothing closes. That is all that the bytes far behind it can say.
            text = data[: last_quote + TEXT_BEHIND_QUOTE].decode("latin-1")
            parser = StrictParser(text, dialect.delimiter, dialect.width, longest_cell)
            cuts = list(parser.decided_cuts(block_bytes, MAX_LINES, at_end_of_file=False))
            return structure, cuts or [parser.first_cut()]
    # After a doubtful quote only the strict path knows where records end; it is asked for the part that stays the same
    # whatever follows. It is also asked when a quoted cell has grown beyond its limit.
    if not structure.has_doubtful_quote(at_end_of_file=at_end_of_file) and len(data) <= longest_cell:
        return structure, ()
    # latin-1 keeps one letter for each byte, so that places in the text are places in the bytes.
    parser = StrictParser(data.decode("latin-1"), dialect.delimiter, dialect.width, longest_cell)
    return structure, parser.decided_cuts(block_bytes, MAX_LINES, at_end_of_file=at_end_of_file)


def _pieces(data: bytes) -> Iterator[bytes]:
    """The first ``MAX_LINES`` lines of the bytes where there are more, twice as many, and so on, then all bytes."""
    line_end = _LF if b"\n" in data else _CR
    wanted, lines = MAX_LINES, 0
    for start in range(0, len(data), _CHUNK_BYTES):
        found = np.frombuffer(data, np.uint8)[start : start + _CHUNK_BYTES] == line_end
        count = int(np.count_nonzero(found))
        while lines + count > wanted:
            yield data[: start + int(flatnonzero_sparse(found)[wanted - lines - 1]) + 1]
            wanted *= 2
        lines += count
    yield data


def _read_up_to(stream: BinaryIO, left: bytes, wanted: int) -> bytes:
    """The bytes that are left and those that follow, ``wanted`` in all; fewer only at the end of the file."""
    if isinstance(stream, io.BufferedReader):
        # Reading the few that are left again is cheaper than copying all of them.
        stream.seek(-len(left), io.SEEK_CUR)
        return stream.read(wanted)
    return left + stream.read(wanted - len(left))
