"""Standard output and error: broken pipes, encodings, and the progress of a long run on a terminal."""

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO, final

from calltools.cli.options import is_terminal
from calltools.settings import read_settings


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


_ASCII_SUBSTITUTES: Final = {
    "—": "-", "–": "-", "−": "-", "…": "...", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'",
    "→": "->", "×": "x", "•": "*", "№": "N", "\u0301": "", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip


def configure_streams(*streams: TextIO) -> None:
    """Let the streams take any text: a C locale or an old console must not turn a sentence into a traceback."""
    codecs.register_error("plainly", _replace_unencodable)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if read_settings().stream_encoding_set else "utf-8", errors="plainly")


def force_utf8(stream: TextIO) -> None:
    """Let the stream be UTF-8 whatever the console: formats that are read by programs are."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8")


def _replace_unencodable(fault: UnicodeError) -> tuple[str, int]:
    """What the encoding lacks: dashes and quotes as typewriters have them, anything else by its number."""
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    signs = fault.object[fault.start : fault.end]
    return "".join(
        _ASCII_SUBSTITUTES.get(sign, sign.encode("ascii", "backslashreplace").decode()) for sign in signs
    ), fault.end


@contextmanager
def show_progress(name: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A function that is told how many records have been read so far."""
    if not shown or not is_terminal(sys.stderr):
        yield lambda _: None
        return
    # rich is heavy, and only a person at a terminal needs it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed:,}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda count: bar.update(task, completed=count)
