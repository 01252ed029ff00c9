"""The calls that the ledger says were accepted, beside what the reports of the counter show, day by day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calltools.errors import UsageError
from calltools.ledger import Ledger, count_accepted_calls
from calltools.metrica.client import Client
from calltools.uploading import results

#: Metrica links a call to a visit of this many days before it; older calls show no difference that could be mended.
DEFAULT_DAYS = 21


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """One day of the counter's time zone; with calls on either side.

    Attributes:
        day: The day.
        accepted: Calls of this day that the service has accepted, by the ledger.
        accepted_missed: Number of them that were missed.
        shown: Calls that the reports show.
        shown_missed: Missed calls that the reports show.
    """

    day: date
    accepted: int
    accepted_missed: int
    shown: int
    shown_missed: int


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """What was accepted and what is shown.

    Attributes:
        counter: The counter.
        zone: Name of its time zone.
        first: The first day.
        last: The last day.
        days: The days with calls, in order.
        untimed: Accepted calls whose days the ledger does not know; they are in no day, but may be shown.
        is_sampled: The reports estimate from a part of the visits.
    """

    counter: int
    zone: str
    first: date
    last: date
    days: tuple[ComparedDay, ...]
    untimed: int
    is_sampled: bool

    @property
    def accepted(self) -> int:
        """Calls of all days that the service has accepted."""
        return sum(day.accepted for day in self.days)

    @property
    def shown(self) -> int:
        """Calls of all days that the reports show."""
        return sum(day.shown for day in self.days)

    def exit_code(self, min_visible: float | None) -> int:
        """``IN_PART`` if fewer percent of the accepted calls are shown."""
        few = min_visible is not None and 100 * self.shown < min_visible * self.accepted
        return results.IN_PART if few else results.OK


def compare_with_reports(
    ledger: Ledger, client: Client, counter: int, first: date | None, last: date | None
) -> ReportComparison:
    """Compare the accepted calls of some days with the reports.

    Args:
        ledger: The ledger.
        client: The service.
        counter: The counter.
        first: The first day; ``None``: 21 days up to ``last``.
        last: The last day; ``None``: today.

    Raises:
        UsageError: The last day is before the first.
        ServiceError: The counter or its report cannot be read.
    """
    name = client.get_counter(counter).time_zone
    zone = _find_zone(name)
    last = last or datetime.fromtimestamp(ledger.now(), zone).date()
    # Before the first days of the calendar there are none.
    first = first or last - min(timedelta(days=DEFAULT_DAYS - 1), last - date.min)
    if last < first:
        raise UsageError("check-days-swapped", first=first, last=last)
    report = client.get_call_report(counter, first, last)
    accepted: dict[date, tuple[int, int]] = {}
    counts, untimed = count_accepted_calls(ledger, counter)
    for count in counts:
        day = datetime.fromtimestamp(count.begins, zone).date()
        calls, missed = accepted.get(day, (0, 0))
        accepted[day] = (calls + count.calls, missed + count.missed)
    days = sorted(day for day in {*accepted, *report.days} if first <= day <= last)
    compared = (ComparedDay(day, *accepted.get(day, (0, 0)), *report.days.get(day, (0, 0))) for day in days)
    found = tuple(day for day in compared if day.accepted or day.shown)
    return ReportComparison(counter, name if zone is not UTC else "UTC", first, last, found, untimed, report.is_sampled)


def _find_zone(name: str) -> tzinfo:
    """The zone of the counter; UTC, which the result then names, where the service names none that is known."""
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return UTC
