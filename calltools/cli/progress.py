"""How far a run is: of one file its bytes, of several the files; how many a second, and about how long it still takes.

On a terminal one line is drawn again and again and wiped away; elsewhere ``--verbose`` adds a line every ten seconds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, TextIO

from calltools.pipeline import OnRead
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, format_count
from calltools.texts import Language, say

#: Seconds between two drawings on a terminal, and between two lines elsewhere.
DRAW_EVERY_S: Final = 0.1
SAY_EVERY_S: Final = 10.0
_BAR_WIDTH: Final = 20
_WIPE: Final = "\r\x1b[K"
#: Rates below this have one decimal.
_WHOLE_RATES_FROM: Final = 10


@dataclass(slots=True)
class Progress:
    """The progress of a run.

    Attributes:
        stream: Where it is shown.
        language: Of the words and the digits.
        files: How many files the run has.
        drawn: Whether the stream is a terminal, on which one line is drawn again; else lines follow each other.
        shares_screen: Whether a report is written to the same terminal after each file.
        clock: Seconds that only rise.
    """

    stream: TextIO
    language: Language
    files: int
    drawn: bool
    shares_screen: bool = False
    clock: Callable[[], float] = monotonic
    _started: float = field(init=False)
    _shown: float = field(init=False)
    _is_drawn: bool = field(default=False, init=False)
    _done: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._started = self._shown = self.clock()

    @contextmanager
    def reading(self, name: str, size: int) -> Iterator[OnRead]:
        """Surrounds the reading of a file of so many bytes; gives a function that takes records and bytes so far."""
        began = self.clock()

        def show(records: int, read: int) -> None:
            if self.files == 1 and self._is_time():
                self._show(*self._of_file(name, size, records, read, self.clock() - began))

        if self.files > 1 and self._is_time():
            self._show(*self._of_files())
        try:
            yield show
        finally:
            self._done += 1
            if self.shares_screen or self._done == self.files:
                self.wipe()

    def _is_time(self) -> bool:
        return self.clock() - self._shown >= (DRAW_EVERY_S if self.drawn else SAY_EVERY_S)

    def _show(self, share: float, sentence: str) -> None:
        self._shown = self.clock()
        if self.drawn:
            filled = round(share * _BAR_WIDTH)
            self.stream.write(f"{_WIPE}[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}] {sentence}")
            self._is_drawn = True
        else:
            self.stream.write(f"{sentence}\n")
        self.stream.flush()

    def wipe(self) -> None:
        """Take the line away: what is written next begins a line."""
        if self._is_drawn:
            self.stream.write(_WIPE)
            self.stream.flush()
            self._is_drawn = False

    def _of_files(self) -> tuple[float, str]:
        spent = self.clock() - self._started
        share = self._done / self.files
        return share, say(
            "progress-files",
            self.language,
            done=self._count(self._done + 1),
            total=self._count(self.files),
            percent=int(100 * share),
            rate=self._rate(self._done, spent),
            left=_format_left(share, spent),
        )

    def _of_file(self, name: str, size: int, records: int, read: int, spent: float) -> tuple[float, str]:
        name, rate = escape_invisible(name), self._rate(records, spent)
        if not read or not size:
            return 0, say("progress-records", self.language, name=name, records=self._count(records), rate=rate)
        # Of some encodings the reader counts more bytes than the file has.
        share = min(read / size, 1)
        return share, say(
            "progress-file",
            self.language,
            name=name,
            percent=int(100 * share),
            records=self._count(records),
            rate=rate,
            left=_format_left(share, spent),
        )

    def _rate(self, count: int, seconds: float) -> str:
        rate = count / max(seconds, 1e-9)
        if rate >= _WHOLE_RATES_FROM:
            return self._count(round(rate))
        return f"{rate:.1f}".replace(".", "," if self.language == "ru" else ".")

    def _count(self, count: int) -> str:
        return format_count(count, ReportOptions(self.language))


def _format_left(share: float, spent: float) -> str:
    """About how long the rest takes, as ``h:mm:ss`` or ``m:ss``."""
    if not share:
        return "?"
    minutes, seconds = divmod(round(spent * (1 - share) / share), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
