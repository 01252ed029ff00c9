"""The call statistics and the histogram of findings as plain values that the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.model.cells import Numbers
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import DAYS_PER_WEEK, DURATION_BOUNDS_S, HOURS_PER_DAY, CallStatistics
from calltools.texts import Language
from calltools.texts.report_labels import html_label

BIN_COUNT: Final = 200
_SEVERITY_WORDS: Final = tuple(severity.value for severity in Severity)


def _empty_counts() -> NDArray[np.int64]:
    return np.zeros((len(_SEVERITY_WORDS), BIN_COUNT), np.int64)


@dataclass(slots=True)
class FindingHistogram:
    """Counts of findings along the records.

    Attributes:
        bin_width: Records in a bin; it doubles when the file outgrows the strip.
        counts: A row a severity, in the order of ``Severity``.
    """

    bin_width: int = 1
    counts: NDArray[np.int64] = field(default_factory=_empty_counts)

    def add(self, findings: Findings) -> None:
        """Count findings on records; those on the file have no place here."""
        table = findings.table.filter(pc.is_valid(findings.table["record"]))
        if not table.num_rows:
            return
        records = table["record"].to_numpy() - 1
        while records.max() >= self.bin_width * BIN_COUNT:
            self._double_bin_width()
        for row, word in enumerate(_SEVERITY_WORDS):
            own = records[pc.equal(table["severity"], word).to_numpy()]
            self.counts[row] += np.bincount(own // self.bin_width, minlength=BIN_COUNT)

    def bins_for(self, records: int) -> NDArray[np.int64]:
        """The bins that a file of so many records fills."""
        return self.counts[:, : max(-(-records // self.bin_width), 1)]

    def _double_bin_width(self) -> None:
        self.counts = np.concatenate(
            [self.counts[:, ::2] + self.counts[:, 1::2], _empty_counts()[:, : BIN_COUNT // 2]], axis=1
        )
        self.bin_width *= 2


#: How tall charts are drawn, in units of their view box.
CHART_HEIGHT: Final = 100
#: Shades of the table by weekday and hour.
_SHADES: Final = 9
#: Days that the chart by day has room for.
MAX_DAYS: Final = 62
_WINDOW_DAYS: Final = 21
_DAY_S: Final = 86_400
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is called, its count, and how long it is in hundredths of the longest."""

    label: str
    count: int
    length: float
    share: float


@dataclass(frozen=True, slots=True)
class StackedColumn:
    """A stacked column: each part with its height, the lowest first."""

    label: str
    parts: tuple[int, ...]
    heights: tuple[float, ...]
    tops: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class HeatmapCell:
    """A cell of the table by weekday and hour."""

    label: str
    count: int
    shade: int


def histogram_columns(strip: FindingHistogram, records: int) -> list[StackedColumn]:
    """The strip along the file, notes at the bottom and errors on top."""
    counts = strip.bins_for(records)[::-1].T
    labels = [str(first * strip.bin_width + 1) for first in range(len(counts))]
    return _stack(labels, counts)


def densest_bin(strip: FindingHistogram, records: int) -> tuple[int, int, int] | None:
    """First and last record of the fullest bin, and its findings."""
    counts = strip.bins_for(records).sum(axis=0)
    if not counts.any():
        return None
    best = int(counts.argmax())
    return best * strip.bin_width + 1, min((best + 1) * strip.bin_width, records), int(counts[best])


def hour_heatmap(portrait: CallStatistics, language: Language) -> list[tuple[str, list[HeatmapCell]]]:
    """A row a weekday, a cell an hour."""
    names = html_label("days_of_week", language).split()
    both = portrait.answered_by_hour + portrait.missed_by_hour
    top = max(int(both.max()), 1)
    return [
        (
            names[day],
            [
                HeatmapCell(
                    html_label(
                        "cell",
                        language,
                        day=names[day],
                        hour=hour,
                        answered=portrait.answered_by_hour[day, hour],
                        missed=portrait.missed_by_hour[day, hour],
                    ),
                    int(both[day, hour]),
                    -(-int(both[day, hour]) * _SHADES // top),
                )
                for hour in range(HOURS_PER_DAY)
            ],
        )
        for day in range(DAYS_PER_WEEK)
    ]  # fmt: skip


def day_columns(portrait: CallStatistics) -> list[StackedColumn]:
    """Answered and missed calls of the last days, days without calls included."""
    if not portrait.days:
        return []
    last = max(portrait.days)
    first = max(min(portrait.days), last - MAX_DAYS + 1)
    days = range(first, last + 1)
    nothing = np.zeros(3, np.int64)
    counts = np.array([portrait.days.get(day, nothing)[:2] for day in days])
    return _stack([format_iso_date(day) for day in days], counts)


def duration_bars(counts: Numbers, language: Language) -> list[Bar]:
    """Bars by length of time."""
    ends = [_format_duration(end, language) for end in DURATION_BOUNDS_S]
    labels = [
        ends[0],
        *(html_label("upto", language, end=end) for end in ends[1:]),
        html_label("over", language, end=ends[-1]),
    ]
    return make_bars(list(zip(labels, counts.tolist(), strict=True)))


def identifier_bars(portrait: CallStatistics, language: Language) -> list[Bar]:
    """Calls by what ties them to a visit."""
    listed = [*portrait.identified.items(), (html_label("unidentified", language), portrait.unidentified)]
    return make_bars(listed, total=portrait.calls)


def make_bars(listed: Sequence[tuple[str, int]], total: int | None = None) -> list[Bar]:
    """Bars in the order given."""
    top = max([count for _, count in listed], default=0) or 1
    whole = (sum(count for _, count in listed) if total is None else total) or 1
    return [Bar(label, count, 100 * count / top, 100 * count / whole) for label, count in listed]


@dataclass(frozen=True, slots=True)
class VisitDeadline:
    """Calls of a day, and the last day on which their visits are found; ``None``: it is over."""

    day: str
    until: str | None
    calls: int
    tied: int


def visit_deadlines(portrait: CallStatistics, now: int) -> list[VisitDeadline]:
    """What will be lost when; what is lost already comes first, as one line."""
    today = now // _DAY_S
    lost = [counts for day, counts in portrait.days.items() if day + _WINDOW_DAYS < today]
    listed = [VisitDeadline("", None, _sum_calls(lost), int(sum(counts[2] for counts in lost)))] if lost else []
    for day in sorted(day for day in portrait.days if day + _WINDOW_DAYS >= today):
        counts = portrait.days[day]
        listed.append(
            VisitDeadline(
                format_iso_date(day), format_iso_date(day + _WINDOW_DAYS), _sum_calls([counts]), int(counts[2])
            )
        )
    return listed


def format_iso_date(day: int) -> str:
    """A day since 1970 as YYYY-MM-DD."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d")


def _sum_calls(counted: Sequence[Numbers]) -> int:
    return int(sum(counts[0] + counts[1] for counts in counted))


def _stack(labels: Sequence[str], counts: Numbers) -> list[StackedColumn]:
    top = max(int(counts.sum(axis=1).max()), 1) if len(counts) else 1
    heights = np.round(counts * CHART_HEIGHT / top, 2)
    tops = CHART_HEIGHT - heights.cumsum(axis=1)
    return [
        StackedColumn(label, tuple(parts), tuple(tall), tuple(up))
        for label, parts, tall, up in zip(
            labels, counts.tolist(), heights.tolist(), np.round(tops, 2).tolist(), strict=True
        )
    ]


def _format_duration(seconds: int, language: Language) -> str:
    if not seconds:
        return html_label("zero", language)
    if seconds % _MINUTE_S:
        return html_label("seconds", language, count=seconds)
    return html_label("minutes", language, count=seconds // _MINUTE_S)
