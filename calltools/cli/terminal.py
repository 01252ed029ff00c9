"""Standard output and error: broken pipes and encodings."""

import codecs
import contextlib
import io
import os
import shutil
import textwrap
from collections.abc import Iterable
from typing import Any, Final, TextIO, final

from calltools.settings import read_settings


@final
class PipeSafeStream:
    """A standard stream that discards text once its reader has gone away (``| head``).

    The run goes on: files are written, and the exit code is that of the whole run. Everything but writing is passed on
    to the stream of the process.

    Args:
        stream: Standard output or standard error of the process.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text, or discard it."""
        try:
            self._stream.write(text)
        except BrokenPipeError:
            redirect_to_devnull(self._stream)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the lines, or discard them."""
        try:
            self._stream.writelines(lines)
        except BrokenPipeError:
            redirect_to_devnull(self._stream)

    def flush(self) -> None:
        """Flush the stream, or discard what it holds."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            redirect_to_devnull(self._stream)


def redirect_to_devnull(stream: TextIO) -> None:
    """Discard what the stream still holds, and all that is written to it later."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


#: Typewriter forms of characters that sentences use and old encodings lack.
_ASCII_SUBSTITUTES: Final = {
    "—": "-", "–": "-", "−": "-", "…": "...", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'",
    "→": "->", "×": "x", "•": "*", "№": "N", "\u0301": "", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip


def configure_streams(*streams: TextIO) -> None:
    """Make the streams accept any text: a sentence must not become a traceback in a C locale or an old console."""
    codecs.register_error("plainly", _replace_unencodable)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if read_settings().stream_encoding_set else "utf-8", errors="plainly")


def force_utf8(stream: TextIO) -> None:
    """Make the stream UTF-8 whatever the console is: the output is read by programs."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8")


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """Error handler of codecs: a substitute for characters that the encoding lacks, or an escape with their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    replaced = "".join(
        _ASCII_SUBSTITUTES.get(character, character.encode("ascii", "backslashreplace").decode())
        for character in error.object[error.start : error.end]
    )
    return replaced, error.end


def fold_words(text: str, stream: TextIO) -> str:
    """A text in lines that a terminal does not break inside of words; as it is where the stream is no terminal.

    Commands in lines of their own stay in one line, so that they can be copied.
    """
    if not getattr(stream, "isatty", lambda: False)():
        return text
    width = shutil.get_terminal_size().columns - 1
    lines = text.split("\n")
    return "\n".join(line if line.strip().startswith("calltools ") else _fold(line, width) for line in lines)


def _fold(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    # A prompt ends with a blank, behind which a person types.
    end = " " * (len(line) - len(line.rstrip()))
    folded = textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return folded + end if folded else line
