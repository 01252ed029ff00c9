"""Standard output and standard error, of which the reader may go away (``| head``) before the run has ended."""

import contextlib
import os
from collections.abc import Iterable
from typing import Any, TextIO, final


@final
class PipeSafeStream:
    """A stream that is silent once nobody reads it: files are still written, and the exit code is the true one.

    It has all that the stream below has.

    Args:
        stream: Of the process.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write as far as there is a reader."""
        try:
            self._stream.write(text)
        except BrokenPipeError:
            redirect_to_devnull(self._stream)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write as far as there is a reader."""
        try:
            self._stream.writelines(lines)
        except BrokenPipeError:
            redirect_to_devnull(self._stream)

    def flush(self) -> None:
        """Flush as far as there is a reader."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            redirect_to_devnull(self._stream)


def redirect_to_devnull(stream: TextIO) -> None:
    """Send what a stream still holds, and what comes, nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
