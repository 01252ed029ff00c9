"""A place for what is written before it can go out."""

from tempfile import SpooledTemporaryFile
from typing import IO, Final

_MEMORY_BYTES: Final = 16 << 20


def open_spool() -> IO[bytes]:
    """A temporary file that nobody else can read, in memory while it is small; whoever asks closes it."""
    return SpooledTemporaryFile(_MEMORY_BYTES)
