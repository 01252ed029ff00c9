"""In what encoding text leaves: UTF-8, unless ``PYTHONIOENCODING`` names that of an old console."""

import codecs
import io
from typing import Final, TextIO

from calltools.settings import read_settings

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
    return "".join(_ASCII_SUBSTITUTES.get(sign, sign.encode("ascii", "backslashreplace").decode()) for sign in signs), fault.end
