"""Streams between a file and the CSV parsers: recoded to UTF-8, or with the quotes inside cells doubled."""

import codecs
import io
import re
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import BinaryIO, Final

_CHUNK_BYTES: Final = 1 << 20


class _RewrittenStream(io.RawIOBase, ABC):
    """A stream that gives the rewritten bytes of another one, from the place where that one is.

    A parser asks for a number of bytes; pieces that were rewritten and not yet taken wait in a buffer.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._buffer = b""

    @abstractmethod
    def _next_piece(self) -> bytes | None:
        """The next rewritten bytes; ``None`` at the end of the file."""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        while size < 0 or len(self._buffer) < size:
            piece = self._next_piece()
            if piece is None:
                break
            self._buffer += piece
        taken = self._buffer if size < 0 else self._buffer[:size]
        self._buffer = self._buffer[len(taken) :]
        return taken

    def close(self) -> None:
        """Close the stream below as well."""
        self._stream.close()
        super().close()


class Utf8Stream(_RewrittenStream):
    """A stream in an encoding of several bytes a letter, as UTF-8 and without its byte order mark.

    ``seek`` works once, from the beginning, to a place counted in bytes of the UTF-8 form.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__(stream)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._mark_removed = False
        self._ended = False
        stream.seek(0)

    @staticmethod
    def is_needed(encoding: str) -> bool:
        """Whether the encoding is neither UTF-8 nor one byte a letter, with the ASCII quotes, delimiters, line ends."""
        try:
            return encoding != "utf-8" and not _is_one_byte_a_letter(encoding)
        except LookupError:
            return False

    def _next_piece(self) -> bytes | None:
        if self._ended:
            return None
        raw = self._stream.read(_CHUNK_BYTES)
        # The decoder may still hold half a letter: at the end it gives U+FFFD for it.
        self._ended = not raw
        text = self._decoder.decode(raw, final=self._ended)
        text = text if self._mark_removed else text.removeprefix("\ufeff")
        self._mark_removed = True
        return text.encode("utf-8", "replace")

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Skip the bytes before a place."""
        self.read(offset)
        return offset


@lru_cache(maxsize=16)
def _is_one_byte_a_letter(encoding: str) -> bool:
    if '",;\t|\r\n'.encode(encoding) != b'",;\t|\r\n':
        return False
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for code in range(256):
        decoder.reset()
        # Of a byte that begins a longer letter nothing is given yet.
        if len(decoder.decode(bytes([code]))) != 1:
            return False
    return True


class DoubledQuotesStream(_RewrittenStream):
    """A stream in which quotes inside cells are doubled, as RFC 4180 asks, and no space stands before a cell.

    For files in which every cell is quoted. A quote opens or closes a cell at the beginning and the end of a line, and
    on both sides of a delimiter between two quotes; any other quote is text. Line numbers do not change.
    """

    def __init__(self, stream: BinaryIO, delimiter: str) -> None:
        super().__init__(stream)
        self._double_quotes = _QuoteDoubler(delimiter)

    def _next_piece(self) -> bytes | None:
        # A quote is judged by its neighbors, so a piece ends where a line ends.
        lines = self._stream.read(_CHUNK_BYTES) + self._stream.readline()
        return self._double_quotes(lines) if lines else None


#: Lines by which a file shows whether every cell stands in quotes.
_SAMPLED_LINES: Final = 50


class _QuoteDoubler:
    def __init__(self, delimiter: str) -> None:
        between = re.escape(delimiter.encode())
        self._spaced_delimiter = re.compile(rb'"' + between + rb' +"')
        self._bare_delimiter = b'"' + delimiter.encode() + b'"'
        self._inner_quote = re.compile(rb'(?<=[^\n])(?<!"' + between + rb')"(?!' + between + rb'"|\r?\n|\r?\Z)')

    def __call__(self, lines: bytes) -> bytes:
        return self._inner_quote.sub(b'""', self._spaced_delimiter.sub(self._bare_delimiter, lines))


def double_inner_quotes(text: str, delimiter: str) -> str:
    """Whole lines of text, rewritten as by ``DoubledQuotesStream``."""
    return _QuoteDoubler(delimiter)(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def stand_all_in_quotes(text: str) -> bool:
    """Whether most of the first lines begin and end with a quote: who saves a file again quotes only what must be."""
    lines = [line.strip() for line in text.splitlines()[:_SAMPLED_LINES] if line.strip()]
    return 2 * sum(len(line) > 1 and line[0] == line[-1] == '"' for line in lines) > len(lines)
