"""Other values for the cells of an invented record: moved in time, by another caller, with another id.

All cells of a record change alike, so that what belonged together still does: a time in three columns, an id that holds
the second of its call, a phone in two spellings.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: Dates of these samples; a number that only looks like a date is left alone.
_YEAR: Final = "2026"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK: Final = r"(?P<between>[T ,]{1,2})(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?P<half> ?[AaPp][Mm])?"
_YEAR_FIRST: Final = re.compile(rf"(?P<date>{_YEAR}(?P<mark>[-/.])[0-9]{{2}}(?P=mark)[0-9]{{2}})(?:{_CLOCK})?")
_YEAR_LAST: Final = re.compile(
    rf"(?<![0-9])(?P<date>[0-9]{{1,2}}(?P<mark>[-/.])[0-9]{{1,2}}(?P=mark){_YEAR})(?:{_CLOCK})?"
)
_WORDED: Final = re.compile(
    rf"(?P<weekday>[A-Z][a-z]{{2}}, )?(?P<date>[0-9]{{2}} (?:{'|'.join(_MONTHS)}) {_YEAR})(?:{_CLOCK})?"
)
#: Seconds, or milliseconds, of 2026; also at the beginning of an id such as 1772434800.7.
_EPOCH: Final = re.compile(r"(?<![0-9])(?P<seconds>17[6-9][0-9]{7})(?P<finer>[0-9]{3})?(?![0-9])")
_DAY_S: Final = 86_400
#: How many digits at the end of a caller may be others, in ranges that are reserved for fiction or assigned to nobody.
_AMERICAN: Final = re.compile(r"\+1[0-9]{3}55501[0-9]{2}")
_AREAS: Final = ("202", "212", "303", "305", "312", "404", "415", "512", "617", "702", "713", "816")
_FICTION: Final = (
    (re.compile(r"\+442079460[0-9]{3}"), 3),
    (re.compile(r"\+[2-9][0-9]{1,6}000[0-9]{4}"), 4),
)


def has_dates_alone(text: str) -> bool:
    """Whether a cell has a date without a time of day: its record can be moved by whole days only."""
    return any(
        found["clock"] is None for layout in (_YEAR_FIRST, _YEAR_LAST, _WORDED) for found in layout.finditer(text)
    )


@dataclass(frozen=True, slots=True)
class TimeShift:
    """Moves the times in texts.

    Attributes:
        seconds: By how much.
        month_first: Whether dates that end with the year have the month before the day.
    """

    seconds: int
    month_first: bool

    def apply(self, text: str) -> str:
        """The text with all its times moved, each in its own layout."""
        if not self.seconds:
            return text
        short = "%m{0}%d{0}%Y" if self.month_first else "%d{0}%m{0}%Y"
        moved = _YEAR_FIRST.sub(lambda found: self._move(found, "%Y{0}%m{0}%d".format(found["mark"])), text)
        moved = _YEAR_LAST.sub(lambda found: self._move(found, short.format(found["mark"])), moved)
        moved = _WORDED.sub(lambda found: self._move(found, "%d %b %Y"), moved)
        return _EPOCH.sub(lambda found: f"{int(found['seconds']) + self.seconds}{found['finer'] or ''}", moved)

    def _move(self, found: re.Match[str], layout: str) -> str:
        clock, half = found["clock"], found["half"] or ""
        shown = "%H:%M:%S" if clock and clock.count(":") > 1 else "%H:%M"
        if half:
            shown = shown.replace("%H", "%I") + half.replace(half.strip(), "%p")
        try:
            before = datetime.strptime(f"{found['date']} {clock or '00:00'}{half}", f"{layout} {shown}")  # noqa: DTZ007
        except ValueError:
            return found[0]
        after = before + timedelta(seconds=self.seconds)
        weekday = found.groupdict().get("weekday")
        text = after.strftime(layout)
        if clock:
            hours = after.strftime(shown)
            text += found["between"] + (
                hours if clock[0] == "0" or len(clock.partition(":")[0]) > 1 else hours.lstrip("0")
            )
        return (f"{after:%a}, " if weekday else "") + text


@dataclass(frozen=True, slots=True)
class PhoneChange:
    """Writes another caller in place of the one of a record, in whatever spelling it stands.

    Attributes:
        pattern: Finds the last digits of the caller, with or without punctuation.
        digits: The new last digits.
    """

    pattern: re.Pattern[str]
    digits: str

    def apply(self, text: str) -> str:
        """The text with the other caller."""

        def spell(found: re.Match[str]) -> str:
            given = list(found[0])
            places = [place for place, sign in enumerate(given) if sign.isdigit()]
            for place, digit in zip(places[-len(self.digits) :], self.digits, strict=True):
                given[place] = digit
            return "".join(given)

        return self.pattern.sub(spell, text)


_LOCAL_DIGITS: Final = 7


def change_phone(canonical: str, draw: Callable[[int], int]) -> PhoneChange | None:
    """Another caller of the same fictional range; ``None``: the range of this one is not known to be fictional.

    Args:
        canonical: The caller, international.
        draw: Gives a number below its argument.
    """
    if _AMERICAN.fullmatch(canonical):
        # 555-01XX is fictional in every area.
        area = _AREAS[draw(len(_AREAS))]
        return PhoneChange(_punctuated(canonical[2:]), f"{area}55501{draw(100):02}")
    for range_, count in _FICTION:
        if range_.fullmatch(canonical):
            return PhoneChange(_punctuated(canonical[-_LOCAL_DIGITS:]), f"{draw(10**count):0{count}}")
    return None


def _punctuated(digits: str) -> re.Pattern[str]:
    return re.compile(r"[ ().-]{0,2}".join(digits))


def number_id(text: str, number: int) -> str:
    """An id with the number of its record in place of the last digits that are no time."""
    runs = [found for found in re.finditer("[0-9]+", text) if not _EPOCH.fullmatch(found[0])]
    if not runs:
        return f"{text}{number}"
    last = runs[-1]
    width = len(last[0])
    return f"{text[: last.start()]}{number:0{width}}{text[last.end() :]}"
