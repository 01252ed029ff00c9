"""Binding a profile to a header: which steps the columns allow, and what the user must say before the run starts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from calltools.errors import UsageError
from calltools.fields.kernels.cell_kernels import without_guards
from calltools.fields.kinds.seconds import DURATION_LAYOUTS
from calltools.fields.table import of_kind
from calltools.fields.time_layouts import WrittenTimes, date_orders, read_in_layouts
from calltools.model.assumptions import DateOrder, DurationFormat, Orders
from calltools.model.batch import Batch, unique_titles
from calltools.model.cells import Cells
from calltools.texts.keys import MessageKey
from calltools.vendors.profile import Profile, Step
from calltools.vendors.recognize import SameObject, direction_columns, normalize_title, refuse_mismatch


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """What the user says about an export.

    Attributes:
        timezone: Zone of times without an offset.
        region: Country of phones without a country code.
        currency: Currency of amounts without one.
        date_order: Order of day and month in dates that can be read both ways.
        proven_orders: The same as the dates of the file prove it; ``None``: they were not looked at.
        duration_format: How durations such as 3:15 are read; ``None``: unknown.
        own_numbers: Called numbers that make a call incoming.
        inbound_contexts: Dialplan contexts that make a call incoming.
    """

    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
    proven_orders: Orders | None = None
    duration_format: DurationFormat | None = None
    own_numbers: tuple[str, ...] = ()
    inbound_contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundProfile:
    """A profile bound to the header of a file.

    Attributes:
        profile: The profile.
        titles: The header.
        options: What the user says.
        positions: Normalized title -> position of the column.
        fields: Canonical field -> steps that this header allows.
        first_columns: Canonical field -> title and position of its first column.
        not_taken: Titles of columns that are left out because their currency is unknown.
    """

    profile: Profile
    titles: tuple[str, ...]
    options: MappingOptions
    positions: Mapping[str, int]
    fields: Mapping[str, tuple[Step, ...]]
    first_columns: Mapping[str, tuple[str, int]]
    not_taken: tuple[str, ...]

    @property
    def merges_legs(self) -> bool:
        """Whether several rows may be one call."""
        return bool(self.profile.rows.one_call_by or self.profile.rows.one_call_by_all)

    @property
    def direction_positions(self) -> frozenset[int]:
        """The columns that tell incoming calls from others."""
        rows = self.profile.rows
        named = [title for title in (rows.context, rows.called) if title]
        return self._positions_of([*named, *(title for step in rows.direction for title in step.titles)])

    @property
    def read_positions(self) -> frozenset[int]:
        """All columns that are read: for a field, for the direction, or to know which rows are one call."""
        rows = self.profile.rows
        legs = [*rows.one_call_by, *rows.one_call_by_all, *rows.answered] if self.merges_legs else []
        fields = [title for steps in self.fields.values() for step in steps for title in step.titles]
        return self.direction_positions | self._positions_of([*fields, *legs])

    @property
    def duration_columns(self) -> dict[str, int]:
        """Title -> position of each column whose cells are durations of a layout that the profile leaves open."""
        steps = [step for name in of_kind("seconds") for step in self.fields.get(name, ()) if not _says_layout(step)]
        titles = dict.fromkeys(title for step in steps for title in (*step.columns, *step.sum))
        known = {title: self.positions.get(normalize_title(title)) for title in titles}
        return {title: position for title, position in known.items() if position is not None}

    def _positions_of(self, titles: Sequence[str]) -> frozenset[int]:
        found = (self.positions.get(normalize_title(title)) for title in titles)
        return frozenset(position for position in found if position is not None)

    def source_cells(self, batch: Batch, title: str) -> Cells | None:
        """The cells of a source column, or ``None`` if the header has no such title."""
        position = self.positions.get(normalize_title(title))
        return None if position is None else batch.cells(unique_titles(self.titles)[position])

    def freed_cells(self, batch: Batch, title: str) -> Cells | None:
        """The same without the guards of spreadsheets: words and ids are compared so."""
        cells = self.source_cells(batch, title)
        return None if cells is None else without_guards(cells)

    def read_step_times(self, cells: Cells, step: Step) -> WrittenTimes:
        """The times that a step reads of its texts."""
        return read_in_layouts(cells, step.format, self.options.date_order, self.options.proven_orders)


def _says_layout(step: Step) -> bool:
    """Whether a step says itself how its cells become durations."""
    return bool(step.format or step.extract or step.pluck or step.values or step.difference)


def bind_profile(profile: Profile, titles: tuple[str, ...], options: MappingOptions) -> BoundProfile:
    """Bind a profile to a header; what could stop the run later stops it here.

    Raises:
        VendorError: The header is not one of this export.
        UsageError: The user must name the zone, or the words that mark incoming calls.
    """
    # Files of one run mostly have the same header.
    return _bind_profile(SameObject(profile), tuple(titles), options)


@lru_cache(maxsize=64)
def _bind_profile(same: SameObject, titles: tuple[str, ...], options: MappingOptions) -> BoundProfile:
    profile: Profile = same.it
    refuse_mismatch(profile, titles)
    positions = {normalize_title(title): position for position, title in reversed(list(enumerate(titles)))}
    fields = {name: kept for name, steps in profile.fields.items() if (kept := _possible_steps(steps, positions))}
    not_taken: tuple[str, ...] = ()
    # Metrica takes no amount without a currency: such a column must not become a column of errors.
    if "Price" in fields and "Currency" not in fields and not (profile.currency or options.currency):
        not_taken = tuple(title for step in fields.pop("Price") for title in _present_titles(step, positions, titles))
    _refuse_unclear_options(profile, fields, options, positions)
    first_columns = {
        name: column for name, steps in fields.items() if (column := first_column(steps, positions, titles)) is not None
    }
    if "DateTime" in fields:
        fields["DateTime"] = tuple(_resolve_date_order(step, options) for step in fields["DateTime"])
    return BoundProfile(profile, titles, options, positions, fields, first_columns, not_taken)


def _possible_steps(steps: Sequence[Step], positions: Mapping[str, int]) -> tuple[Step, ...]:
    """The steps of a field that a header allows.

    What a missing column would decide is left open: no step behind a condition on it counts, nor a constant right
    behind a step that would read it. Else a talk whose column is missing would be 0 seconds.
    """
    kept: list[Step] = []
    unread = False
    for step in steps:
        if any(normalize_title(name) not in positions and "" not in words for name, words in step.when.items()):
            break
        if not is_possible_step(step, positions):
            unread = True
        elif step.constant is None or step.when or not unread:
            kept.append(step)
            unread = False
    return tuple(kept)


def is_possible_step(step: Step, positions: Mapping[str, int]) -> bool:
    """Whether a header has the columns that a step needs.

    Args:
        step: The step.
        positions: Normalized title -> position of the column.
    """
    if step.constant is not None:
        return True
    if step.difference:
        return all(normalize_title(name) in positions for name in step.difference)
    if step.sum:
        return all(normalize_title(name) in positions for name in step.sum)
    present = [normalize_title(name) in positions for name in step.columns]
    return any(present) if step.first_of or len(present) > 1 else all(present)


def _present_titles(step: Step, positions: Mapping[str, int], titles: Sequence[str]) -> list[str]:
    named = step.columns or step.sum or step.difference[:1]
    return [titles[positions[normalize_title(name)]] for name in named if normalize_title(name) in positions]


def first_column(steps: Sequence[Step], positions: Mapping[str, int], titles: Sequence[str]) -> tuple[str, int] | None:
    """Title and position of the first column that steps read and the header has."""
    for step in steps:
        for title in _present_titles(step, positions, titles):
            return title, positions[normalize_title(title)]
    return None


def _refuse_unclear_options(
    profile: Profile, fields: Mapping[str, tuple[Step, ...]], options: MappingOptions, positions: Mapping[str, int]
) -> None:
    if column := _column_without_words(profile, positions, options):
        key: MessageKey = "incoming-unknown" if column == profile.rows.context else "called-unknown"
        raise UsageError(key, vendor=profile.name, column=column)
    local = [step for step in fields.get("DateTime", ()) if _is_local(step)]
    # One step with an offset is enough: rows without a time are found later, row by row.
    if local and options.timezone is None and len(local) == len(fields["DateTime"]):
        raise UsageError("timezone-needed", vendor=profile.name)


def _column_without_words(profile: Profile, positions: Mapping[str, int], options: MappingOptions) -> str | None:
    """The column that would tell incoming calls from others if the user named its words; ``None``: none is needed."""
    rows = profile.rows
    if any(normalize_title(title) in positions for title in direction_columns(profile)):
        return None
    named = ((rows.context, options.inbound_contexts), (rows.called, options.own_numbers))
    present = [(title, words) for title, words in named if title and normalize_title(title) in positions]
    return None if any(words for _, words in present) else next((title for title, _ in present), None)


def _is_local(step: Step) -> bool:
    return step.zone is None and any(layout not in {"unix", "iso", *DURATION_LAYOUTS} for layout in step.format)


def _resolve_date_order(step: Step, options: MappingOptions) -> Step:
    """The step with layouts of one order; without an order, layouts of both orders are dropped and read nothing."""
    if not {"dmy", "mdy"} <= {_layout_order(layout) for layout in step.format}:
        return step
    known = dict(date_orders(options.date_order, options.proven_orders or ()))
    kept = [
        layout
        for layout in step.format
        if _layout_order(layout) in {known.get(re.sub("%[dmY]", "", layout)[:1]), "ymd", None}
    ]
    return replace(step, format=tuple(kept))


def _layout_order(layout: str) -> DateOrder | None:
    """The order of a ``strptime`` layout; ``None``: day and month are not both numbers."""
    # %M is the minute, so the month is searched with its case.
    places = {sign: layout.lower().find(f"%{sign}") for sign in "dmy"} | {"m": layout.find("%m")}
    if min(places.values()) < 0:
        return None
    found = "".join(sorted(places, key=places.__getitem__))
    return found if found in {"dmy", "mdy", "ymd"} else None  # type: ignore[return-value]  # one of these
