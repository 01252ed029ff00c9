"""Counts of calls by hour, day, duration and identifier, which the HTML report draws."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from calltools.model.cells import Numbers

#: Upper ends of the bars of talk and hold, in seconds; the last bar has none.
DURATION_BOUNDS_S: Final = (0, 10, 30, 60, 120, 300, 600, 1800)
HOURS_PER_DAY: Final = 24
DAYS_PER_WEEK: Final = 7


def _zeros(*shape: int) -> Numbers:
    return np.zeros(shape, np.int64)


@dataclass(slots=True)
class CallStatistics:
    """Counts of calls. Each grows batch by batch; a record whose cell cannot be read is counted nowhere but in total.

    Attributes:
        calls: Records looked at.
        answered_by_hour: Weekday (Monday is 0) by hour, in the zone of the run.
        missed_by_hour: The same for missed calls.
        days: Day since 1970 in that zone -> answered, missed, and those that can be tied to a visit.
        talk: Answered calls by length of talk, bars as ``DURATIONS_S``.
        hold: All calls by length of hold.
        identified: Calls by the field that identifies the visitor.
        unidentified: Calls without an identifier.
        zone: IANA name of the zone of hours and days.
    """

    zone: str = "UTC"
    calls: int = 0
    answered_by_hour: Numbers = field(default_factory=lambda: _zeros(DAYS_PER_WEEK, HOURS_PER_DAY))
    missed_by_hour: Numbers = field(default_factory=lambda: _zeros(DAYS_PER_WEEK, HOURS_PER_DAY))
    days: dict[int, Numbers] = field(default_factory=dict)
    talk: Numbers = field(default_factory=lambda: _zeros(len(DURATION_BOUNDS_S) + 1))
    hold: Numbers = field(default_factory=lambda: _zeros(len(DURATION_BOUNDS_S) + 1))
    identified: dict[str, int] = field(default_factory=dict)
    unidentified: int = 0

    def merge(self, other: "CallStatistics") -> None:
        """Take in the counts of some more records."""
        self.zone = other.zone
        self.calls += other.calls
        self.unidentified += other.unidentified
        self.answered_by_hour += other.answered_by_hour
        self.missed_by_hour += other.missed_by_hour
        self.talk += other.talk
        self.hold += other.hold
        for day, counts in other.days.items():
            self.days[day] = self.days.get(day, _zeros(3)) + counts
        for name, count in other.identified.items():
            self.identified[name] = self.identified.get(name, 0) + count
