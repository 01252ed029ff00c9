"""Bars, columns and heatmap cells that the page draws from call statistics and findings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.local_times import SECONDS_PER_DAY
from calltools.model.cells import Numbers
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import COUNTS_OF_DAY, DAYS_PER_WEEK, DURATION_BOUNDS_S, HOURS_PER_DAY, CallStatistics
from calltools.rules.service import WINDOW_S
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
        bin_width: Records in a bin; it doubles when the file outgrows the histogram.
        counts: A row for each severity, in the order of ``Severity``; a column for each bin.
    """

    bin_width: int = 1
    counts: NDArray[np.int64] = field(default_factory=_empty_counts)

    def add(self, findings: Findings) -> None:
        """Count findings on records; a finding on the file has no place along it."""
        table = findings.table.filter(pc.is_valid(findings.table["record"]))
        if not table.num_rows:
            return
        records = table["record"].to_numpy() - 1
        while records.max() >= self.bin_width * BIN_COUNT:
            self._double_bin_width()
        for row, word in enumerate(_SEVERITY_WORDS):
            of_severity = records[pc.equal(table["severity"], word).to_numpy()]
            self.counts[row] += np.bincount(of_severity // self.bin_width, minlength=BIN_COUNT)

    def bins_for(self, record_count: int) -> NDArray[np.int64]:
        """The bins that a file of so many records fills."""
        return self.counts[:, : max(-(-record_count // self.bin_width), 1)]

    def _double_bin_width(self) -> None:
        self.counts = np.concatenate(
            [self.counts[:, ::2] + self.counts[:, 1::2], _empty_counts()[:, : BIN_COUNT // 2]], axis=1
        )
        self.bin_width *= 2


#: Days up to which each column of the chart by day has its number above it.
_MAX_DAYS_WITH_NUMBERS: Final = 31
#: Height of charts, in units of their view box.
CHART_HEIGHT: Final = 100
#: Shades of the heatmap by weekday and hour.
_SHADES: Final = 9
#: Days that the chart by day has room for.
MAX_DAYS: Final = 62
_MINUTE_S: Final = 60
#: A single day is no wider than one of a fortnight.
_MIN_SLOTS: Final = 14
#: Tops of scales, in tenths of a power of ten.
_SCALE_STEPS: Final = (10, 12, 16, 20, 30, 40, 50, 60, 80, 100)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: The service ties a call to a visit that is not older than this.
_WINDOW_DAYS: Final = WINDOW_S // SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its length in hundredths of the longest bar, its share in hundredths of all calls."""

    label: str
    count: int
    length: float
    share: float


@dataclass(frozen=True, slots=True)
class StackedColumn:
    """A stacked column: counts, heights and tops of its parts, the lowest part first."""

    label: str
    parts: tuple[int, ...]
    heights: tuple[float, ...]
    tops: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Stacked columns and their scale.

    Attributes:
        columns: The columns.
        scale: The numbers beside the top, the middle and the bottom; the middle may be missing.
        slots: Columns that the plot has room for.
        numbered: Whether each column has its number above it.
    """

    columns: Sequence[StackedColumn]
    scale: tuple[int, ...]
    slots: int
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class HeatmapCell:
    """A cell of the heatmap by weekday and hour; the shade goes from 0 for no call to ``_SHADES``."""

    label: str
    count: int
    shade: int


def histogram_plot(histogram: FindingHistogram, record_count: int) -> Plot:
    """The histogram along the file, notes at the bottom and errors on top."""
    counts = histogram.bins_for(record_count)[::-1].T
    labels = [str(number * histogram.bin_width + 1) for number in range(len(counts))]
    columns, scale = _stack(labels, counts)
    return Plot(columns, scale, len(columns))


def densest_bin(histogram: FindingHistogram, record_count: int) -> tuple[int, int, int] | None:
    """First record, last record and findings of the bin with the most findings; ``None``: no bin has any."""
    counts = histogram.bins_for(record_count).sum(axis=0)
    if not counts.any():
        return None
    densest, width = int(counts.argmax()), histogram.bin_width
    return densest * width + 1, min((densest + 1) * width, record_count), int(counts[densest])


def hour_heatmap(statistics: CallStatistics, language: Language) -> list[tuple[str, list[HeatmapCell]]]:
    """A row for each weekday with its name, Monday first; a cell for each hour."""
    names = html_label("days_of_week", language).split()
    both = statistics.answered_by_hour + statistics.missed_by_hour
    top = max(int(both.max()), 1)
    return [
        (
            names[day],
            [
                HeatmapCell(
                    _cell_label(statistics, names[day], (day, hour), language),
                    int(both[day, hour]),
                    -(-int(both[day, hour]) * _SHADES // top),
                )
                for hour in range(HOURS_PER_DAY)
            ],
        )
        for day in range(DAYS_PER_WEEK)
    ]  # fmt: skip


def _cell_label(statistics: CallStatistics, name: str, place: tuple[int, int], language: Language) -> str:
    answered, missed = statistics.answered_by_hour[place], statistics.missed_by_hour[place]
    if not statistics.with_outcome:
        return html_label("cell_calls", language, day=name, hour=place[1], count=answered + missed)
    return html_label("cell", language, day=name, hour=place[1], answered=answered, missed=missed)


def busiest_hour(statistics: CallStatistics, language: Language) -> tuple[str, int, int]:
    """The weekday and the hour with the most calls, and how many they are."""
    both = statistics.answered_by_hour + statistics.missed_by_hour
    day, hour = divmod(int(both.argmax()), HOURS_PER_DAY)
    return html_label("days_of_week", language).split()[day], hour, int(both[day, hour])


def day_plot(statistics: CallStatistics, language: Language) -> Plot:
    """Answered and missed calls of the last ``MAX_DAYS`` days, days without calls included."""
    last = max(statistics.days)
    first = max(min(statistics.days), last - MAX_DAYS + 1)
    days = range(first, last + 1)
    no_calls = np.zeros(COUNTS_OF_DAY, np.int64)
    counts = np.array([statistics.days.get(day, no_calls)[:2] for day in days])
    columns, scale = _stack([format_day(day, language) for day in days], counts)
    return Plot(columns, scale, max(len(columns), _MIN_SLOTS), len(columns) <= _MAX_DAYS_WITH_NUMBERS)


def duration_bars(counts: Numbers, language: Language) -> list[Bar]:
    """Bars of ``CallStatistics.talk`` or ``hold``, from the shortest to the longest that there is; none: no data."""
    ends = [_format_duration(end, language) for end in DURATION_BOUNDS_S]
    labels = [
        ends[0],
        *(html_label("upto", language, end=end) for end in ends[1:]),
        html_label("over", language, end=ends[-1]),
    ]
    filled = np.flatnonzero(counts)
    if not len(filled):
        return []
    return make_bars(list(zip(labels, counts.tolist(), strict=True))[filled[0] : filled[-1] + 1])


def identifier_bars(statistics: CallStatistics, language: Language) -> list[Bar]:
    """Calls by the identifier that ties them to a visit; a call with two identifiers is in two bars."""
    counts = [*statistics.identified.items(), (html_label("unidentified", language), statistics.unidentified)]
    return make_bars(counts, total=statistics.calls)


def make_bars(counts: Sequence[tuple[str, int]], total: int | None = None) -> list[Bar]:
    """Bars in the given order; shares are of the total, which is the sum of the counts unless it is given."""
    longest = max([count for _, count in counts], default=0) or 1
    whole = (sum(count for _, count in counts) if total is None else total) or 1
    return [Bar(label, count, 100 * count / longest, 100 * count / whole) for label, count in counts]


@dataclass(frozen=True, slots=True)
class VisitDeadline:
    """Calls of a day that the service still ties to visits, and the last day on which it does; ``None``: it does not.

    Attributes:
        day: Day of the calls; empty: all calls that are too old.
        until: That last day.
        calls: All calls.
        tied: Calls with an identifier.
    """

    day: str
    until: str | None
    calls: int
    tied: int


def visit_deadlines(statistics: CallStatistics, language: Language) -> list[VisitDeadline]:
    """A line for each day with calls that the service still ties to visits; before them a line on those it does not.

    The calls of the first line are those of CT501.
    """
    days = statistics.days
    lost, lost_tied = (int(sum(counts[place] for counts in days.values())) for place in (3, 4))
    lines = [VisitDeadline("", None, lost, lost_tied)] if lost else []
    for day in sorted(days):
        answered, missed, tied, old, old_tied = days[day].tolist()
        if left := answered + missed - old:
            until = format_day(day + _WINDOW_DAYS, language)
            lines.append(VisitDeadline(format_day(day, language), until, left, tied - old_tied))
    return lines


def format_day(day: int, language: Language) -> str:
    """A day since 1970, as the reader writes it."""
    return format_date(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day), language)


def format_date(moment: datetime, language: Language) -> str:
    """A date as the reader writes it: 02.03.2026 in Russian, 2 Mar 2026 in English."""
    if language == "ru":
        return f"{moment:%d.%m.%Y}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _stack(labels: Sequence[str], counts: Numbers) -> tuple[list[StackedColumn], tuple[int, ...]]:
    top = _round_up(int(counts.sum(axis=1).max())) if len(counts) else 1
    heights = np.round(counts * CHART_HEIGHT / top, 2)
    tops = CHART_HEIGHT - heights.cumsum(axis=1)
    columns = [
        StackedColumn(label, tuple(parts), tuple(tall), tuple(up))
        for label, parts, tall, up in zip(
            labels, counts.tolist(), heights.tolist(), np.round(tops, 2).tolist(), strict=True
        )
    ]
    return columns, (top, 0) if top % 2 else (top, top // 2, 0)


def _round_up(number: int) -> int:
    """The number, or the next one that reads well on a scale."""
    size = 10 ** max(len(str(number)) - 1, 0)
    return next((-(-step * size // 10) for step in _SCALE_STEPS if step * size >= number * 10), 1)


def _format_duration(seconds: int, language: Language) -> str:
    if not seconds:
        return html_label("zero", language)
    if seconds % _MINUTE_S:
        return html_label("seconds", language, count=seconds)
    return html_label("minutes", language, count=seconds // _MINUTE_S)
