"""How the cells of a table are read: the profile bound to its titles, and the order of its dates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from calltools.errors import UsageError
from calltools.fields.date_order import YEAR_FIRST, SeenDates, see_dates
from calltools.fields.table import of_kind
from calltools.fields.written_dates import find_written_dates
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Table, TextBytes, unique_titles
from calltools.rules import header
from calltools.run import preflight
from calltools.run.context import RunContext
from calltools.run.source import SMALL_FILE_BYTES
from calltools.vendors import zones
from calltools.vendors.binding import BoundProfile, MappingOptions, bind_profile
from calltools.vendors.mapping import see_batch_dates, takes_dates_as_written
from calltools.vendors.profile import Profile

#: How dates with dots are read where nothing tells their order.
_DOTS_BY_DEFAULT: Final = (".", "dmy")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a table are read.

    Attributes:
        table: The table.
        context: What the files of the run share.
        profile: Maps the table; ``None``: it is canonical.
        assumptions: Those of the user, and what profile and records add to them.
        mapping: The profile, bound to the titles of this table.
        order_unknown: Separators of dates that can be read two ways, and no record tells which is right.
        swapped: How dates are written in which a spreadsheet has exchanged day and month (``date_order``).
    """

    table: Table
    context: RunContext
    profile: Profile | None
    assumptions: Assumptions
    mapping: BoundProfile | None
    order_unknown: tuple[str, ...] = ()
    swapped: tuple[str, ...] = ()

    @property
    def layout(self) -> Mapping[str, tuple[str, int]]:
        """The title and the position of the first column of each field."""
        return _canonical_layout(self.table.titles) if self.mapping is None else self.mapping.first_columns

    @property
    def duration_columns(self) -> Mapping[str, int]:
        """Titles of the columns of durations, and their positions."""
        if self.mapping is not None:
            return self.mapping.duration_columns
        layout = self.layout
        return dict(layout[name] for name in of_kind("seconds") if name in layout)


def find_reading(table: Table, profile: Profile | None, context: RunContext) -> Reading:
    """How a table is read: by what the user and the profile say, and by what its dates prove.

    Raises:
        UsageError: The profile does not fit, or the zone contradicts the ids of the first records.
    """
    reading = _prove_reading(_read_as(table, profile, context))
    if reading.mapping is not None:
        for batch in preflight.read_first_batch(reading.table):
            zones.refuse_contradicted_zone(batch, reading.mapping)
    return reading


def _read_as(table: Table, profile: Profile | None, context: RunContext) -> Reading:
    """How a table is read by what the user and the profile say."""
    assumptions = context.assumptions
    if profile is not None and profile.region and assumptions.region is None:
        assumptions = replace(assumptions, region=profile.region)
    mapping = None if profile is None else _bind_profile(table, profile, context, assumptions)
    return Reading(table, context, profile, assumptions, mapping)


def _prove_reading(reading: Reading) -> Reading:
    """The same with what the dates of the file prove: their order, where the user names none, and swapped ones."""
    seen = _see_dates(reading)
    if seen is None:
        return reading
    given = reading.assumptions.date_order
    # What the user says about day and month holds for all dates but those with the year first.
    swapped = tuple(mark for mark in seen.swapped() if given is None or mark == YEAR_FIRST)
    reading = replace(reading, swapped=swapped)
    if given is not None:
        return reading
    proven, undecided = seen.proven_orders(), set(seen.undecided()) - set(swapped)
    assumptions = replace(reading.assumptions, proven_orders=proven)
    told = {order for mark, order in proven if mark in seen.families and (mark, order) != _DOTS_BY_DEFAULT}
    table = replace(reading.table, source=replace(reading.table.source, date_order=next(iter(told), None)))
    profile, mapping = reading.profile, reading.mapping
    if profile is not None and assumptions != reading.assumptions:
        mapping = _bind_profile(table, profile, reading.context, assumptions)
    return replace(
        reading, table=table, assumptions=assumptions, mapping=mapping, order_unknown=tuple(sorted(undecided))
    )


def _bind_profile(table: Table, profile: Profile, context: RunContext, assumptions: Assumptions) -> BoundProfile:
    """The profile for the titles of a table."""
    options = context.options
    mapping_options = MappingOptions(
        timezone=assumptions.timezone,
        region=assumptions.region,
        currency=assumptions.currency,
        date_order=assumptions.date_order,
        proven_orders=assumptions.proven_orders,
        duration_format=assumptions.duration_format,
        own_numbers=options.own_numbers,
        inbound_contexts=options.inbound_contexts,
    )
    try:
        return bind_profile(profile, table.titles, mapping_options)
    except UsageError as fault:
        raise preflight.add_suggestion(fault, table, profile, mapping_options, options) from None


def _see_dates(reading: Reading) -> SeenDates | None:
    """What the dates of a file show; ``None``: it has no column of times.

    The records are looked at until nothing that follows could change the answer, so that it does not depend on blocks:
    often that is after the first ones.
    """
    look: Callable[[Batch], SeenDates]
    if reading.mapping is not None:
        look = partial(see_batch_dates, mapped=reading.mapping)
    elif (place := reading.layout.get("DateTime")) is not None:
        name = unique_titles(reading.table.titles)[place[1]]
        look = lambda batch: see_dates(batch.cells(name))  # noqa: E731 - the counterpart of the line above
    else:
        return None
    table, seen = reading.table, SeenDates()
    text = table.text if reading.mapping is None or takes_dates_as_written(reading.mapping) else None
    if reading.mapping is None and text is not None and _is_small_without_dates(text):
        return seen
    tasks = table.tasks()
    for task in tasks:
        seen |= look(task())
        if text is not None or _is_settled(seen, reading) or not seen.families:
            break
    # Mostly a file of one block is small, and its records have all been looked at.
    if text is None or _is_settled(seen, reading) or next(tasks, None) is None:
        return seen
    # Which dates the file has at all its bytes tell many times faster than its records. Where a record may have quotes,
    # finding those that matter takes longer, so that all bytes come first.
    written = None if text.is_unquoted() else find_written_dates(text.pieces(), text.encoding)

    def may_tell_more(block: memoryview) -> bool:
        dates = find_written_dates([block], text.encoding)
        return dates is None or not seen.covers(dates)

    for task in () if written and seen.covers(written) else text.tasks(may_tell_more):
        seen |= look(task())
        if _is_settled(seen, reading) or (written and seen.covers(written)):
            break
    return seen


def _is_small_without_dates(text: TextBytes) -> bool:
    """Whether the bytes of a small file hold no date; mostly a canonical one has none, and is not read for that."""
    if text.size > SMALL_FILE_BYTES:
        return False
    written = find_written_dates(text.pieces(), text.encoding)
    return written is not None and not written.families


def _is_settled(seen: SeenDates, reading: Reading) -> bool:
    """Whether no date that follows could change the answer."""
    order_is_open = reading.assumptions.date_order is None and seen.may_be_contradicted()
    return bool(seen.families) and not seen.may_be_swapped() and not order_is_open


def _canonical_layout(titles: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    return {name: (titles[position], position) for name, position in header.canonical_positions(titles).items()}
