"""What the dates of a column show together: whether day or month comes first, and whether some were swapped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import digits_only, memoized, trim_whitespace
from calltools.fields.time_layouts import layout_orders
from calltools.model.assumptions import DateOrder, Orders
from calltools.model.cells import Cells, Mask, Numbers, as_mask

_DATE_PARTS: Final = (
    r"^(?:[0-9]{4}[-/.][0-9]{1,2}[-/.](?P<day>[0-9]{1,2})"
    r"|(?P<first>[0-9]{1,2})(?P<mark>[-/.])(?P<second>[0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2}))(?:[T ,].*)?$"
)
#: The longest date, and some characters that show that it ends there.
_DATE_CHARACTERS: Final = 12
#: A greater number is a day.
MONTHS: Final = 12
#: The family of dates with the year first, among those named by the separator of dates that end with the year.
YEAR_FIRST: Final = "Y"


@dataclass(frozen=True, slots=True)
class DateFamily:
    """The dates of a column that are written alike.

    Attributes:
        first_above: Whether one of them has a first number above 12; with the year first, a day above 12.
        second_above: Whether one of them has a second number above 12.
        none_above: Whether one of them has no number above 12.
    """

    first_above: bool = False
    second_above: bool = False
    none_above: bool = False

    def __or__(self, other: "DateFamily") -> "DateFamily":
        return DateFamily(
            self.first_above | other.first_above,
            self.second_above | other.second_above,
            self.none_above | other.none_above,
        )

    @staticmethod
    def of_numbers(first: Numbers, second: Numbers) -> "DateFamily":
        """What dates with these short numbers show."""
        one, other = first > MONTHS, second > MONTHS
        return DateFamily(bool(one.any()), bool(other.any()), bool((~one & ~other).any()))

    def covers(self, other: "DateFamily") -> bool:
        """Whether the dates of another column show nothing that these do not."""
        return (self | other) == self

    @property
    def orders(self) -> frozenset[DateOrder]:
        """The orders that its dates prove: none, one, or two that contradict each other."""
        return frozenset(order for order, seen in _proofs(self) if seen)


def _proofs(family: DateFamily) -> tuple[tuple[DateOrder, bool], ...]:
    return ("dmy", family.first_above), ("mdy", family.second_above)


@dataclass(frozen=True, slots=True)
class SeenDates:
    """What was seen of the dates of a column.

    Attributes:
        families: Separator of dates that end with the year, or ``YEAR_FIRST`` -> the dates that are written so.
        layouts: ``strptime`` layouts of the profile, which says the order for the separators that they write.
    """

    families: Mapping[str, DateFamily] = field(default_factory=dict)
    layouts: tuple[str, ...] = ()

    def __or__(self, other: "SeenDates") -> "SeenDates":
        marks = self.families.keys() | other.families.keys()
        together = {
            mark: self.families.get(mark, DateFamily()) | other.families.get(mark, DateFamily()) for mark in marks
        }
        return SeenDates(together, tuple(dict.fromkeys((*self.layouts, *other.layouts))))

    def covers(self, other: "SeenDates") -> bool:
        """Whether no answer changes when the dates of another column are seen, too."""
        return all(
            mark in self.families and (mark == YEAR_FIRST or self.families[mark].covers(family))
            for mark, family in other.families.items()
        ) and (self.shows_late_day() or not other.shows_late_day())

    def shows_late_day(self) -> bool:
        """Whether a date with the year first has a day above 12: all that its days can tell."""
        return self.families.get(YEAR_FIRST, DateFamily()).first_above

    def proven_orders(self) -> Orders:
        """Whether day or month comes first, for each separator whose dates tell.

        With dots the day comes first, unless a date of the column shows the month first. Dates that contradict one
        another prove nothing.
        """
        open_families = self._open_families()
        proven = frozenset().union(*(family.orders for family in open_families.values()))
        if len(proven) > 1:
            return ()
        orders = {mark: next(iter(family.orders), None) for mark, family in open_families.items()}
        if "mdy" not in proven:
            orders["."] = "dmy"
        return tuple(sorted((mark, order) for mark, order in orders.items() if order is not None))

    def undecided(self) -> tuple[str, ...]:
        """Separators of dates whose order nothing tells."""
        return tuple(sorted(self._open_families().keys() - dict(self.proven_orders()).keys()))

    def swapped(self) -> tuple[str, ...]:
        """Families of dates in which a spreadsheet has exchanged day and month.

        A spreadsheet set to another order reads only dates whose day is a month as well. So all dates that it wrote
        anew have a day of 12 or less, and all that it left as text have a number above 12.
        """
        texts = {mark: family for mark, family in self.families.items() if mark != YEAR_FIRST}
        orders = frozenset().union(*(family.orders for family in texts.values()))
        if len(orders) != 1 or not self.may_be_swapped():
            return ()
        # A spreadsheet that writes dots has the day first itself, so it cannot swap dates with the day first.
        unlike = {*dict(layout_orders(self.layouts)), *("." if "dmy" in orders else ())}
        anew = {mark for mark, family in texts.items() if not family.orders and mark not in unlike}
        return tuple(sorted(anew | ({YEAR_FIRST} & self.families.keys())))

    def may_be_swapped(self) -> bool:
        """Whether no date contradicts that a spreadsheet has swapped some; more dates may then tell."""
        named = [layout for layout in self.layouts if layout.startswith("%")]
        # A spreadsheet of any language reads dates with the year first in the right way.
        if not self.families or (named and all(layout.startswith("%Y") for layout in named)):
            return False
        decided = dict(layout_orders(self.layouts))
        return not self.shows_late_day() and not any(
            len(family.orders) > 1 or (family.none_above and (family.orders or mark in decided))
            for mark, family in self.families.items()
            if mark != YEAR_FIRST
        )

    def may_be_contradicted(self) -> bool:
        """Whether more dates may prove another order than these do."""
        return bool(self._open_families())

    def _open_families(self) -> dict[str, DateFamily]:
        """The families whose order the profile does not say."""
        decided = {YEAR_FIRST, *dict(layout_orders(self.layouts))}
        return {mark: family for mark, family in self.families.items() if mark not in decided}


def see_dates(cells: Cells, layouts: tuple[str, ...] = ()) -> SeenDates:
    """What the dates of some cells show; any other cell is passed over."""
    # A column has few distinct dates; a count of seconds is none.
    written = trim_whitespace(cells if not digits_only(cells).any() else cells.filter(pa.array(~digits_only(cells))))
    marks, first, second = date_parts(pc.utf8_slice_codeunits(written, 0, _DATE_CHARACTERS).unique())
    families = {}
    for mark in set(marks.unique().to_pylist()) - {""}:
        rows = as_mask(pc.equal(marks, mark))
        families[mark] = DateFamily.of_numbers(first[rows], second[rows])
    return SeenDates(families, layouts)


def rows_of_families(cells: Cells, families: Iterable[str]) -> Mask:
    """Mask of the cells whose dates are written in one of these ways."""
    return as_mask(pc.is_in(date_parts(cells)[0], pa.array(list(families), pa.string())))


@memoized
def date_parts(cells: Cells) -> tuple[Cells, Numbers, Numbers]:
    """Of each cell the family of its date, ``""`` if it has none, and its two short numbers.

    With the year first, the first number is the day, and the second one is 0.
    """
    parts = pc.extract_regex(cell_kernels.cleaned(cells), _DATE_PARTS)
    day, first, second, mark = (
        pc.fill_null(pc.struct_field(parts, name), "") for name in ("day", "first", "second", "mark")
    )
    families = pc.if_else(pc.not_equal(day, ""), YEAR_FIRST, mark)
    numbers = [
        pc.cast(pc.if_else(pc.equal(text, ""), "0", text), pa.int64()).to_numpy()
        for text in (pc.if_else(pc.equal(day, ""), first, day), second)
    ]
    return families, *numbers


def exchange_day_and_month(local: Numbers) -> tuple[Numbers, Mask]:
    """Local seconds with day and month exchanged, and where that is another date that exists."""
    days = local.astype("datetime64[s]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    years = months.astype("datetime64[Y]")
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    other: Mask = (day <= MONTHS) & (day != month)
    swapped_month = years.astype("datetime64[M]") + (np.where(other, day, 1) - 1)
    swapped = swapped_month.astype("datetime64[D]") + (np.where(other, month, 1) - 1)
    moved = (swapped - days).astype(np.int64) * 86_400
    return np.where(other, local + moved, local), other
