"""How times are written, as people write it: ``дд.мм.гггг чч:мм``, ``dd.mm.yyyy hh:mm``, or as for ``strptime``."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from calltools.errors import UsageError
from calltools.guide.question import Sentence, sentence
from calltools.vendors.infer import SampleColumns

_WORDS: Final = ("iso", "unix", "unix-ms")
#: Longer runs of letters come first. ``M`` is a month or a minute, which its neighbors tell.
_TOKEN: Final = re.compile(r"yyyy|гггг|yy|гг|dd|дд|hh|чч|mm|мм|ss|сс|am/pm|ampm|[dдhчmмsс]", re.IGNORECASE)
_SIGNS: Final = {
    "yyyy": "%Y", "гггг": "%Y", "yy": "%y", "гг": "%y", "dd": "%d", "дд": "%d", "d": "%d", "д": "%d",
    "hh": "%H", "чч": "%H", "h": "%H", "ч": "%H", "ss": "%S", "сс": "%S", "s": "%S", "с": "%S",
    "am/pm": "%p", "ampm": "%p",
}  # fmt: skip
_MONTH_OR_MINUTE: Final = frozenset({"mm", "мм", "m", "м"})
_LETTERS: Final = {"%Y": "yyyy", "%y": "yy", "%m": "mm", "%d": "dd", "%H": "hh", "%M": "mm", "%S": "ss", "%p": "am/pm"}
_MIN_SHARE: Final = 0.6
_LOOKED_AT: Final = 200
_SHOWN: Final = 3


def read_time_format(text: str, cells: Sequence[str]) -> str:
    """The layout that a person means, as a profile has it.

    Args:
        text: ``дд.мм.гггг чч:мм``, ``%d.%m.%Y %H:%M``, ``iso``, ``unix`` or ``unix-ms``.
        cells: Times of the sample.

    Raises:
        UsageError: It is no layout, or most of the times are not written so.
    """
    layout = text.strip()
    if layout.lower() in _WORDS:
        layout = layout.lower()
    elif "%" not in layout:
        layout = _translate(layout)
    filled = [cell for cell in cells if cell.strip()][:_LOOKED_AT]
    read = sum(_read(cell, layout) is not None for cell in filled)
    # Letters that are no part of a layout: some of a word may be.
    if layout not in _WORDS and ("%" not in layout or re.search(r"[^\W\d_T]", re.sub("%.", "", layout))):
        raise UsageError("time-format-unreadable", given=text)
    if read <= _MIN_SHARE * len(filled):
        raise UsageError(
            "time-format-misfit", given=text, read=read, count=len(filled), cells=", ".join(filled[:_SHOWN])
        )
    return layout


def _translate(text: str) -> str:
    """Letters as signs of ``strptime``, of which the text has none; ``mm`` behind hours is minutes, else the month."""
    parts: list[str] = []
    last = ""
    place = 0
    for found in _TOKEN.finditer(text):
        parts.append(text[place : found.start()])
        word = found[0].lower()
        last = ("%M" if last == "%H" else "%m") if word in _MONTH_OR_MINUTE else _SIGNS[word]
        parts.append(last)
        place = found.end()
    layout = "".join([*parts, text[place:]])
    return layout.replace("%H", "%I") if "%p" in layout else layout


def write_time_format(layout: str) -> str:
    """A layout as people write it."""
    return re.sub("%[YymdHIMSp]", lambda found: _LETTERS.get(found[0].replace("%I", "%H"), found[0]), layout)


def read_cells(columns: SampleColumns, titles: Sequence[str], layout: str) -> Sentence:
    """Three cells, and what is read of each."""
    parts = [columns[title].slice(0, _LOOKED_AT).to_pylist() for title in titles]
    texts = list(dict.fromkeys(" ".join(filter(None, cells)) for cells in zip(*parts, strict=True)))
    read = [(text, _read(text, layout)) for text in texts if text]
    shown = [f"{text} = {moment:%Y-%m-%d %H:%M:%S}" for text, moment in read if moment is not None][:_SHOWN]
    return sentence("guide-times-read", cells="; ".join(shown))


def _read(text: str, layout: str) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        if layout == "iso":
            return datetime.fromisoformat(text.strip())
        if layout in _WORDS:
            return datetime.fromtimestamp(int(text) / (1000 if layout == "unix-ms" else 1), UTC)
        return datetime.strptime(text.strip(), layout)  # noqa: DTZ007 - a time on the wall
    return None
