"""CSV whose writer puts every cell in quotes and does not double those inside, as CSV that can be read."""

import io
import re
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 20


class _Mender:
    def __init__(self, delimiter: str) -> None:
        between = re.escape(delimiter.encode())
        self._spaced = re.compile(rb'"' + between + rb' +"')
        self._together = b'"' + delimiter.encode() + b'"'
        self._inner = re.compile(rb'(?<=[^\n])(?<!"' + between + rb')"(?!' + between + rb'"|\r?\n|\r?\Z)')

    def __call__(self, lines: bytes) -> bytes:
        return self._inner.sub(b'""', self._spaced.sub(self._together, lines))


def requoted(text: str, delimiter: str) -> str:
    """Whole lines with quotes inside cells doubled and no space before a cell."""
    return _Mender(delimiter)(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class Requoted(io.RawIOBase):
    """A stream, from its place on, in which quotes inside cells are doubled and no space stands before a cell.

    A quote opens or closes a cell where a line begins or ends, and on both sides of a delimiter between two quotes;
    anywhere else it is a letter. Lines stay lines, so places of records do not change.
    """

    def __init__(self, stream: BinaryIO, delimiter: str) -> None:
        super().__init__()
        self._stream = stream
        self._mended = _Mender(delimiter)
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        while size < 0 or len(self._ready) < size:
            lines = self._stream.read(_CHUNK) + self._stream.readline()
            self._ready += self._mended(lines)
            if not lines:
                break
        taken = self._ready if size < 0 else self._ready[:size]
        self._ready = self._ready[len(taken) :]
        return taken

    def close(self) -> None:
        """Close the stream below as well."""
        self._stream.close()
        super().close()
