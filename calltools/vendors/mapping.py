"""Mapping source columns to canonical fields; rows that are not incoming calls are skipped and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import first_bytes, trim_whitespace
from calltools.fields.table import FIELD_NAMES, IDENTIFIER_FIELDS
from calltools.model.assumptions import DateOrder
from calltools.model.batch import Batch, unique_titles
from calltools.model.cells import Cells, Mask, as_mask, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.texts.keys import MessageKey
from calltools.vendors import time_layouts, transforms
from calltools.vendors.header_match import normalize_title, refuse_mismatch
from calltools.vendors.profile import Profile, Step

_WITHHELD_WORDS: Final = (
    "anonymous", "withheld", "restricted", "private", "unknown", "unavailable", "hidden", "аноним", "анонимный",
    "скрыт", "скрытый номер", "номер скрыт", "неизвестен", "неизвестный",
)  # fmt: skip
_INCOMING: Final = "incoming"


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """What the user says about an export."""

    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
    own_numbers: tuple[str, ...] = ()
    inbound_contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundProfile:
    """A profile bound to the header of a file.

    Attributes:
        profile: The profile.
        titles: The header.
        options: What the user says.
        positions: Folded title -> position of the column.
        fields: Canonical field -> steps that this header allows.
        first_columns: Canonical field -> title and position of its first column.
        not_taken: Columns left out because nobody said their currency.
        steps_of_unknown_order: Steps whose dates can be read two ways, and nobody said which.
    """

    profile: Profile
    titles: tuple[str, ...]
    options: MappingOptions
    positions: Mapping[str, int]
    fields: Mapping[str, tuple[Step, ...]]
    first_columns: Mapping[str, tuple[str, int]]
    not_taken: tuple[str, ...]
    steps_of_unknown_order: tuple[Step, ...] = ()

    @property
    def merges_legs(self) -> bool:
        """Whether several rows may be one call."""
        return bool(self.profile.rows.one_call_by or self.profile.rows.one_call_by_all)

    def source_cells(self, batch: Batch, title: str) -> Cells | None:
        """A source column, or ``None`` where the file has none of this title."""
        position = self.positions.get(normalize_title(title))
        return None if position is None else batch.cells(unique_titles(self.titles)[position])


def bind_profile(profile: Profile, titles: tuple[str, ...], options: MappingOptions) -> BoundProfile:
    """Bind a profile to a header; everything that could stop the run later stops it here.

    Raises:
        VendorError: The header is not this export's.
        UsageError: A zone is needed, or a way to tell incoming calls from others.
    """
    refuse_mismatch(profile, titles)
    positions = {normalize_title(title): position for position, title in reversed(list(enumerate(titles)))}
    fields = {
        name: kept
        for name, steps in profile.fields.items()
        if (kept := tuple(step for step in steps if _is_possible(step, positions)))
    }
    not_taken: tuple[str, ...] = ()
    if "Price" in fields and "Currency" not in fields and not (profile.currency or options.currency):
        not_taken = tuple(title for step in fields.pop("Price") for title in _present_titles(step, positions, titles))
    _refuse_unclear_options(profile, fields, options, positions)
    layout = {
        name: place for name, steps in fields.items() if (place := _first_column(steps, positions, titles)) is not None
    }
    undecided = () if options.date_order else time_layouts.steps_of_unknown_order(fields)
    if "DateTime" in fields:
        fields["DateTime"] = time_layouts.resolve_date_order(fields["DateTime"], options.date_order)
    return BoundProfile(profile, titles, options, positions, fields, layout, not_taken, undecided)


def dates_of_unknown_order(batch: Batch, mapped: BoundProfile) -> Cells:
    """The dates of which nobody said how they are read, as the file has them."""
    return pa.concat_arrays([_pick_cells(batch, mapped, step) for step in mapped.steps_of_unknown_order])


def _is_possible(step: Step, positions: Mapping[str, int]) -> bool:
    if step.constant is not None:
        return True
    if step.difference:
        return all(normalize_title(name) in positions for name in step.difference)
    if step.sum:
        return any(normalize_title(name) in positions for name in step.sum)
    there = [normalize_title(name) in positions for name in step.columns]
    return any(there) if step.first_of or len(there) > 1 else all(there)


def _present_titles(step: Step, positions: Mapping[str, int], titles: Sequence[str]) -> list[str]:
    named = step.columns or step.sum or step.difference[:1]
    return [titles[positions[normalize_title(name)]] for name in named if normalize_title(name) in positions]


def _first_column(steps: Sequence[Step], positions: Mapping[str, int], titles: Sequence[str]) -> tuple[str, int] | None:
    for step in steps:
        for title in _present_titles(step, positions, titles):
            return title, positions[normalize_title(title)]
    return None


def _refuse_unclear_options(
    profile: Profile, fields: Mapping[str, tuple[Step, ...]], options: MappingOptions, positions: Mapping[str, int]
) -> None:
    if unsaid := _column_without_words(profile, positions, options):
        key: MessageKey = "incoming-unknown" if unsaid == profile.rows.context else "called-unknown"
        raise UsageError(key, vendor=profile.name, column=unsaid)
    unproven = [step for step in fields.get("DateTime", ()) if _is_local(step)]
    if unproven and options.timezone is None and len(unproven) == len(fields["DateTime"]):
        raise UsageError("timezone-needed", vendor=profile.name)


def _column_without_words(profile: Profile, positions: Mapping[str, int], options: MappingOptions) -> str | None:
    """The column that could tell incoming calls from others if the user named its words; nothing if all is said."""
    rows = profile.rows
    if any(_is_possible(step, positions) for step in rows.direction):
        return None
    named = ((rows.context, options.inbound_contexts), (rows.called, options.own_numbers))
    there = [(title, words) for title, words in named if title and normalize_title(title) in positions]
    return None if any(words for _, words in there) else next((title for title, _ in there), None)


def _is_local(step: Step) -> bool:
    return step.zone is None and any(layout not in {"unix", "iso"} for layout in step.format)


def map_batch(batch: Batch, mapped: BoundProfile) -> Batch:
    """Canonical columns of the rows that count.

    Words that the profile does not know stay as they are and are named (CT601), those of the direction too: such a row
    is neither counted nor left out, but rejected by its finding. Times that the zone had twice or
    never stay as they are too (CT602, CT603).
    """
    keep, unknown, skipped = _select_rows(batch, mapped)
    chosen = batch.filter_rows(keep)
    findings = [_unknown_direction_findings(chosen, mapped, unknown[keep])]
    columns = {name: _map_field(chosen, mapped, name, steps, findings) for name, steps in mapped.fields.items()}
    withheld = 0
    if "PhoneNumber" in columns:
        columns["PhoneNumber"], withheld = _blank_withheld(columns["PhoneNumber"])
    if "Price" in columns and "Currency" not in columns:
        columns["Currency"] = _currency_cells(columns["Price"], mapped)
    ordered = {name: columns[name] for name in FIELD_NAMES if name in columns}
    return replace(
        chosen,
        columns=pa.table(ordered),
        origin=chosen.columns,
        skipped=dict(Counter(batch.skipped) + Counter(skipped)),
        withheld=withheld,
    ).with_findings(*findings)


def _select_rows(batch: Batch, mapped: BoundProfile) -> tuple[Mask, Mask, dict[str, int]]:
    """Rows to keep; those among them whose direction is a word that is not known; why the others are left out."""
    told = _read_directions_and_unknown(batch, mapped)
    if told is None:
        return np.ones(len(batch), bool), np.zeros(len(batch), bool), {}
    direction, unknown = told
    keep = as_mask(pc.equal(direction, _INCOMING)) | unknown
    others = pc.value_counts(direction.filter(pa.array(~keep)))
    return keep, unknown, {pair["values"] or "unknown": pair["counts"] for pair in others.to_pylist()}


def _unknown_direction_findings(batch: Batch, mapped: BoundProfile, unknown: Mask) -> Findings:
    if not unknown.any():
        return Findings.empty()
    direction, (title, position) = read_directions(batch, mapped), _direction_column(mapped)
    value = None if direction is None else direction.filter(pa.array(unknown))
    return _findings_where("CT601", batch, unknown, value=value, column=title, position=position)


def _direction_column(mapped: BoundProfile) -> tuple[str | None, int | None]:
    """The column whose words are looked up to tell incoming calls from others."""
    looked_up = [step for step in mapped.profile.rows.direction if step.values]
    return _first_column(looked_up, mapped.positions, mapped.titles) or (None, None)


def read_directions(batch: Batch, mapped: BoundProfile) -> Cells | None:
    """For each row ``incoming`` or why it does not count; ``None``: the export holds incoming calls only.

    A context or a called number that the user named is incoming whatever the columns say.
    """
    told = _read_directions_and_unknown(batch, mapped)
    return None if told is None else told[0]


def _read_directions_and_unknown(batch: Batch, mapped: BoundProfile) -> tuple[Cells, Mask] | None:
    """The same, and where the word for the direction is not known."""
    rows = mapped.profile.rows
    usable = tuple(step for step in rows.direction if _is_possible(step, mapped.positions))
    if not usable and not rows.context and not rows.called:
        return None
    told, unknown = constant_cells("outgoing", len(batch)), np.zeros(len(batch), bool)
    if usable:
        told, unknown, _ = _apply_steps(batch, mapped, usable)
    named = _named_by_user(batch, mapped)
    return pc.if_else(pa.array(named), _INCOMING, told), unknown & ~named


def _named_by_user(batch: Batch, mapped: BoundProfile) -> Mask:
    """Rows with a context or a called number that the user named."""
    rows, mask = mapped.profile.rows, np.zeros(len(batch), bool)
    for title, words in ((rows.context, mapped.options.inbound_contexts), (rows.called, mapped.options.own_numbers)):
        cells = None if title is None else mapped.source_cells(batch, title)
        if cells is not None and words:
            mask |= as_mask(pc.is_in(cells, pa.array(words, pa.string())))
    return mask


def _map_field(batch: Batch, mapped: BoundProfile, name: str, steps: Sequence[Step], findings: list[Findings]) -> Cells:
    cells, unknown, times = _apply_steps(batch, mapped, steps)
    place = {"field": name}
    if unknown.any():
        findings.append(_findings_where("CT601", batch, unknown, value=cells.filter(pa.array(unknown)), **place))
    for code, mask in (("CT602", times.ambiguous), ("CT603", times.nonexistent)) if times is not None else ():
        if mask.any():
            findings.append(_findings_where(code, batch, mask, value=cells.filter(pa.array(mask)), **place))
    return cells


def _findings_where(code: str, batch: Batch, mask: Mask, **given: object) -> Findings:
    return Findings.for_rule(code, records=batch.records[mask], places=batch.places[mask], **given)


def _apply_steps(
    batch: Batch, mapped: BoundProfile, steps: Sequence[Step]
) -> tuple[Cells, Mask, transforms.ParsedTimes | None]:
    """The first step that gives something, row by row; where a word is not known; how times were read."""
    found, unknown = constant_cells("", len(batch)), np.zeros(len(batch), bool)
    doubtful: transforms.ParsedTimes | None = None
    for step in steps:
        open_ = ~non_empty(found) & transforms.condition_mask(
            step.when, lambda title: mapped.source_cells(batch, title), len(batch)
        )
        if not open_.any():
            continue
        cells, strange, times = _apply_step(batch, mapped, step)
        found = cells if open_.all() else pc.if_else(pa.array(open_), cells, found)
        unknown |= strange & open_
        if times is not None:
            times.ambiguous &= open_
            times.nonexistent &= open_
            doubtful = times if doubtful is None else _combine_times(doubtful, times)
    return found, unknown, doubtful


def _combine_times(one: transforms.ParsedTimes, other: transforms.ParsedTimes) -> transforms.ParsedTimes:
    one.ambiguous |= other.ambiguous
    one.nonexistent |= other.nonexistent
    return one


def _apply_step(batch: Batch, mapped: BoundProfile, step: Step) -> tuple[Cells, Mask, transforms.ParsedTimes | None]:
    """One step: pick, join, cut out, translate, compute."""
    cells, unknown = _pick_cells(batch, mapped, step), np.zeros(len(batch), bool)
    if step.extract is not None:
        cells = transforms.extract(cells, step.extract)
    if step.url_parameter is not None:
        cells = transforms.url_parameter(cells, step.url_parameter)
    if step.pluck is not None:
        cells = transforms.pluck(cells, step.pluck)
    if step.values:
        cells, unknown = transforms.translate_words(cells, step.values, step.otherwise)
    if step.seconds_from:
        cells = transforms.with_seconds(cells, _first_filled(batch, mapped, step.seconds_from))
    times = None
    if step.format and not step.difference:
        times = transforms.ParsedTimes(cells, step.format, step.zone or mapped.options.timezone)
        cells = times.cells
    if step.scale is not None:
        cells = transforms.scale(cells, step.scale)
    return cells, unknown, times


def _pick_cells(batch: Batch, mapped: BoundProfile, step: Step) -> Cells:
    if step.constant is not None:
        return constant_cells(step.constant, len(batch))
    if step.difference:
        later, earlier = (
            _clean_cells(mapped.source_cells(batch, name), mapped, len(batch)) for name in step.difference
        )
        return transforms.difference(later, earlier, step.format)
    there = [mapped.source_cells(batch, name) for name in step.columns or step.sum]
    columns = [_clean_cells(cells, mapped, len(batch)) for cells in there if cells is not None]
    if not columns:
        return constant_cells("", len(batch))
    if step.sum:
        return transforms.sum_durations(columns)
    return transforms.first_of(columns) if step.first_of else transforms.join_filled(columns, step.join)


def _first_filled(batch: Batch, mapped: BoundProfile, titles: Sequence[str]) -> Cells:
    return transforms.first_of(
        [_clean_cells(mapped.source_cells(batch, title), mapped, len(batch)) for title in titles]
    )


def _clean_cells(cells: Cells | None, mapped: BoundProfile, count: int) -> Cells:
    """A source cell without outer white space; a placeholder is nothing."""
    if cells is None:
        return constant_cells("", count)
    bare = trim_whitespace(cells)
    words = cell_kernels.placeholder(bare)
    if mapped.profile.empty:
        words = words | as_mask(pc.is_in(bare, pa.array(mapped.profile.empty, pa.string())))
    return cell_kernels.replace_where(bare, words, cell_kernels.empty_cells(words))


def _blank_withheld(phones: Cells) -> tuple[Cells, int]:
    """Hidden numbers are nothing, and counted; a SIP address with a number is that number."""
    if (first_bytes(phones) == ord("s")).any():
        number = transforms.extract(phones, r"^sips?:(\+?[0-9]{7,15})@")
        phones = pc.if_else(pc.equal(number, ""), phones, number)
    hidden = as_mask(pc.is_in(pc.utf8_lower(phones), pa.array(_WITHHELD_WORDS))) | as_mask(
        pc.starts_with(phones, "sip")
    )
    return cell_kernels.replace_where(phones, hidden, cell_kernels.empty_cells(hidden)), int(hidden.sum())


def _currency_cells(prices: Cells, mapped: BoundProfile) -> Cells:
    code = mapped.profile.currency or mapped.options.currency or ""
    return pc.if_else(pc.equal(prices, ""), "", code)


def fill_currency(batch: Batch, code: str) -> Batch:
    """Currency where there is a price without one."""
    there = batch.columns.column_names
    if "Price" not in there:
        return batch
    given = batch.cells("Currency") if "Currency" in there else constant_cells("", len(batch))
    missing = pc.and_(pc.equal(given, ""), pc.not_equal(batch.cells("Price"), ""))
    return _set_column(batch, "Currency", pc.if_else(missing, code, given))


def fill_static_call(batch: Batch, choice: str) -> Batch:
    """StaticCall where the export does not say; ``auto``: 1 without an identifier, 0 with one."""
    if not batch.columns.num_columns:
        return batch
    there = batch.columns.column_names
    given = batch.cells("StaticCall") if "StaticCall" in there else constant_cells("", len(batch))
    if choice == "auto":
        known = [~cell_kernels.absent(batch.cells(name)) for name in IDENTIFIER_FIELDS if name in there]
        some = np.logical_or.reduce(known) if known else np.zeros(len(batch), bool)
        said = pc.if_else(pa.array(some), "0", "1")
    else:
        said = constant_cells(choice, len(batch))
    return _set_column(batch, "StaticCall", pc.if_else(pc.equal(given, ""), said, given))


def _set_column(batch: Batch, name: str, cells: Cells) -> Batch:
    there = batch.columns.column_names
    if name in there:
        return replace(batch, columns=batch.columns.set_column(there.index(name), name, cells))
    return replace(batch, columns=batch.columns.append_column(name, cells))
