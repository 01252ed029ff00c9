"""CSV in which every cell is quoted and quotes inside cells are not doubled, converted to CSV of RFC 4180."""

import io
import re
from typing import BinaryIO, Final

_CHUNK_BYTES: Final = 1 << 20


class _QuoteDoubler:
    def __init__(self, delimiter: str) -> None:
        between = re.escape(delimiter.encode())
        self._spaced_delimiter = re.compile(rb'"' + between + rb' +"')
        self._bare_delimiter = b'"' + delimiter.encode() + b'"'
        self._inner_quote = re.compile(rb'(?<=[^\n])(?<!"' + between + rb')"(?!' + between + rb'"|\r?\n|\r?\Z)')

    def __call__(self, lines: bytes) -> bytes:
        return self._inner_quote.sub(b'""', self._spaced_delimiter.sub(self._bare_delimiter, lines))


def double_inner_quotes(text: str, delimiter: str) -> str:
    """Whole lines with quotes inside cells doubled and no space before a cell."""
    return _QuoteDoubler(delimiter)(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class DoubledQuotesStream(io.RawIOBase):
    """A stream, from its place on, in which quotes inside cells are doubled and no space stands before a cell.

    A quote opens or closes a cell where a line begins or ends, and on both sides of a delimiter between two quotes;
    anywhere else it is a letter. Lines stay lines, so places of records do not change.
    """

    def __init__(self, stream: BinaryIO, delimiter: str) -> None:
        super().__init__()
        self._stream = stream
        self._double_quotes = _QuoteDoubler(delimiter)
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        while size < 0 or len(self._buffer) < size:
            lines = self._stream.read(_CHUNK_BYTES) + self._stream.readline()
            self._buffer += self._double_quotes(lines)
            if not lines:
                break
        taken = self._buffer if size < 0 else self._buffer[:size]
        self._buffer = self._buffer[len(taken) :]
        return taken

    def close(self) -> None:
        """Close the stream below as well."""
        self._stream.close()
        super().close()
