"""Mapping source columns to canonical fields; rows that are not incoming calls are skipped and counted by reason."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.date_order import SeenDates, see_dates
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import first_bytes, full_match, trim_whitespace
from calltools.fields.kinds import KINDS, normalize_field_cells
from calltools.fields.kinds.seconds import DURATION_LAYOUTS, read_layout
from calltools.fields.phone_spellings import with_international_plus
from calltools.fields.table import FIELD_NAMES, FIELDS_BY_NAME, IDENTIFIER_FIELDS
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, as_mask, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.rule import Scope, Severity
from calltools.rules.catalog import RULES
from calltools.vendors import transforms
from calltools.vendors.binding import BoundProfile, first_column, is_possible_step
from calltools.vendors.named_words import find_named, named_by_user
from calltools.vendors.profile import Step

_WITHHELD_WORDS: Final = (
    "anonymous", "withheld", "restricted", "private", "unknown", "unavailable", "hidden", "аноним", "анонимный",
    "анонимный номер", "скрыт", "скрытый", "скрытый номер", "номер скрыт", "неизвестен", "неизвестный",
    "неизвестный номер", "номер неизвестен", "не определен", "не определён", "номер не определен", "номер не определён",
)  # fmt: skip
_INCOMING: Final = "incoming"
#: Codes of faults that readers of files find in a record.
ERRORS_OF_READERS: Final = tuple(
    rule.code for rule in RULES if rule.scope is Scope.FILE and rule.severity is Severity.ERROR
)


def map_batch(batch: Batch, mapped: BoundProfile) -> Batch:
    """The rows that count, with canonical columns.

    A word that the profile does not know stays unchanged and becomes a finding (CT601). With an unknown word for the
    direction a row is kept, so that its finding rejects it: to skip it would hide a call. A time that the zone had
    twice or never stays unchanged, too (CT602, CT603).
    """
    keep, unknown, skipped = _select_rows(batch, mapped)
    batch = batch.with_counted("skipped", skipped).with_counted("named", find_named(batch, mapped))
    chosen = batch.filter_rows(keep)
    findings = [_unknown_direction_findings(chosen, mapped, unknown[keep])]
    columns = {name: _map_field(chosen, mapped, name, steps, findings) for name, steps in mapped.fields.items()}
    for name, cells in chosen.merged.items():
        columns[name] = transforms.first_of([cells, columns[name]])
    if "PhoneNumber" in columns:
        columns["PhoneNumber"], hidden = _blank_withheld(columns["PhoneNumber"])
        chosen = chosen.with_counted("withheld", {"PhoneNumber": chosen.records[hidden]})
        if mapped.profile.phones == "international":
            columns["PhoneNumber"] = with_international_plus(
                columns["PhoneNumber"], mapped.options.region or mapped.profile.region
            )
    if "Price" in columns and "Currency" not in columns:
        columns["Currency"] = _currency_cells(columns["Price"], mapped)
    ordered = {name: columns[name] for name in FIELD_NAMES if name in columns}
    return replace(chosen, columns=pa.table(ordered), origin=chosen.columns).with_findings(*findings)


def time_texts(batch: Batch, mapped: BoundProfile) -> Iterator[tuple[Step, Cells, Mask]]:
    """The times of a batch as the file has them: each step of DateTime, its texts, and the rows that take theirs."""
    filled = constant_cells("", len(batch))
    for step in mapped.fields.get("DateTime", ()):
        pending = _pending_rows(batch, mapped, step, filled)
        if pending.any():
            cells, _ = _step_texts(batch, mapped, step, typed=True)
            filled = cells if pending.all() else pc.if_else(pa.array(pending), cells, filled)
            yield step, cells, pending & non_empty(cells)


def see_batch_dates(batch: Batch, mapped: BoundProfile) -> SeenDates:
    """What the dates of a batch show about the order of day and month."""
    seen = [
        see_dates(cells.filter(pa.array(rows)), step.format) for step, cells, rows in time_texts(batch, mapped)
    ]  # fmt: skip
    return reduce(or_, seen, SeenDates())


def takes_dates_as_written(mapped: BoundProfile) -> bool:
    """Whether each date that ``see_batch_dates`` sees begins a cell of the file: none is put together or cut out."""
    steps = mapped.fields.get("DateTime", ())
    return len(steps) == 1 and all(
        bool(step.format)
        and (step.first_of or len(step.columns) == 1 or step.join.isspace())
        and step.constant is None
        and step.extract is None
        and step.url_parameter is None
        and step.pluck is None
        and not (step.difference or step.sum or step.values)
        for step in steps
    )


def _select_rows(batch: Batch, mapped: BoundProfile) -> tuple[Mask, Mask, dict[str, Numbers]]:
    """Rows to keep, rows with an unknown word for the direction, and the records that are skipped, by reason."""
    read = read_directions_and_unknown(batch, mapped)
    if read is None:
        return np.ones(len(batch), bool), np.zeros(len(batch), bool), {}
    direction, unknown = read
    keep = as_mask(pc.equal(direction, _INCOMING)) | unknown | _of_unreadable_direction(batch, mapped)
    others, records = direction.filter(pa.array(~keep)), batch.records[~keep]
    reasons = pc.if_else(pc.equal(others, ""), "unknown", others).dictionary_encode()
    numbers = reasons.indices.to_numpy()
    return keep, unknown, {reason: records[numbers == at] for at, reason in enumerate(reasons.dictionary.to_pylist())}


def _of_unreadable_direction(batch: Batch, mapped: BoundProfile) -> Mask:
    """Rows whose direction nobody knows: its cell, or a leg of the call, could not be read.

    To skip them would hide a call.
    """
    table = batch.findings.table
    if not table.num_rows:
        return np.zeros(len(batch), bool)
    positions = pa.array(sorted(mapped.direction_positions), pa.int32())
    unread = pc.and_(pc.is_in(table["code"], pa.array(ERRORS_OF_READERS)), pc.is_in(table["position"], positions))
    found = table["record"].filter(pc.or_(unread, pc.is_in(table["code"], pa.array(["CT019", "CT611"]))))
    return np.isin(batch.records, found.drop_null().to_numpy())


def _unknown_direction_findings(batch: Batch, mapped: BoundProfile, unknown: Mask) -> Findings:
    if not unknown.any():
        return Findings.empty()
    direction, (title, position) = read_directions(batch, mapped), _direction_column(mapped)
    value = None if direction is None else direction.filter(pa.array(unknown))
    return _findings_where("CT601", batch, unknown, value=value, column=title, position=position)


def _direction_column(mapped: BoundProfile) -> tuple[str | None, int | None]:
    """Title and position of the column whose words are translated to the direction."""
    looked_up = [step for step in mapped.profile.rows.direction if step.values]
    return first_column(looked_up, mapped.positions, mapped.titles) or (None, None)


def read_directions(batch: Batch, mapped: BoundProfile) -> Cells | None:
    """For each row ``incoming``, or the reason to skip it; ``None``: the export holds incoming calls only.

    A row with a context or a called number that the user named is incoming, whatever its other columns say.
    """
    read = read_directions_and_unknown(batch, mapped)
    return None if read is None else read[0]


def read_directions_and_unknown(batch: Batch, mapped: BoundProfile) -> tuple[Cells, Mask] | None:
    """What ``read_directions`` gives, and the rows whose word for the direction is unknown."""
    rows = mapped.profile.rows
    usable = tuple(step for step in rows.direction if is_possible_step(step, mapped.positions))
    if not usable and not rows.context and not rows.called:
        return None
    directions, unknown = constant_cells("outgoing", len(batch)), np.zeros(len(batch), bool)
    if usable:
        directions, unknown, _ = _apply_steps(batch, mapped, usable)
    named = named_by_user(batch, mapped)
    return pc.if_else(pa.array(named), _INCOMING, directions), unknown & ~named


def _map_field(batch: Batch, mapped: BoundProfile, name: str, steps: Sequence[Step], findings: list[Findings]) -> Cells:
    cells, unknown, times = _apply_steps(
        batch, mapped, steps, is_time=name == "DateTime", typed=KINDS[FIELDS_BY_NAME[name].kind].typed
    )
    place = {"field": name}
    if unknown.any():
        findings.append(_findings_where("CT601", batch, unknown, value=cells.filter(pa.array(unknown)), **place))
    for code, mask in (("CT602", times.ambiguous), ("CT603", times.nonexistent)) if times is not None else ():
        if mask.any():
            findings.append(_findings_where(code, batch, mask, value=cells.filter(pa.array(mask)), **place))
    return cells


def read_fields(batch: Batch, mapped: BoundProfile, names: Sequence[str]) -> dict[str, tuple[Cells, Mask]]:
    """What each row says by itself of some fields, as canonical text, and the rows of which that cannot be read.

    Args:
        batch: Rows as they are in the file.
        mapped: The bound profile; fields that it does not fill are left out.
        names: Canonical fields.
    """
    assumptions = _assumptions(mapped)
    read = {}
    for name in names:
        if name not in mapped.fields:
            continue
        cells, unknown, times = _apply_steps(batch, mapped, mapped.fields[name])
        cells = normalize_field_cells(name, cells, assumptions)
        sound = full_match(cells, KINDS[FIELDS_BY_NAME[name].kind].pattern)
        # Of a time that the zone had twice or never, the rule for it says what is wrong.
        doubtful = np.zeros(len(batch), bool) if times is None else times.ambiguous | times.nonexistent
        empty = ~non_empty(cells) & (not FIELDS_BY_NAME[name].requirement.cell)
        read[name] = cells, unknown | ~(sound | empty | doubtful)
    return read


def _assumptions(mapped: BoundProfile) -> Assumptions:
    """What is taken for granted of the cells of an export."""
    options = mapped.options
    return Assumptions(
        0,
        options.timezone,
        options.region,
        options.currency,
        options.date_order,
        options.proven_orders,
        options.duration_format,
    )


def _findings_where(code: str, batch: Batch, mask: Mask, **given: object) -> Findings:
    return Findings.for_rule(code, records=batch.records[mask], places=batch.places[mask], **given)


def _apply_steps(
    batch: Batch, mapped: BoundProfile, steps: Sequence[Step], *, is_time: bool = False, typed: bool = True
) -> tuple[Cells, Mask, transforms.ParsedTimes | None]:
    """For each row the text of the first step that gives one; the rows with an unknown word; the times read.

    Args:
        batch: Rows as they are in the file.
        mapped: The bound profile.
        steps: Of one field, or of the direction.
        is_time: Whether they give the time of the call.
        typed: Whether they give no free text, so that guards of spreadsheets do not belong to the values.
    """
    filled, unknown = constant_cells("", len(batch)), np.zeros(len(batch), bool)
    all_times: transforms.ParsedTimes | None = None
    for step in steps:
        pending = _pending_rows(batch, mapped, step, filled)
        if not pending.any():
            continue
        cells, unknown_here, times = _apply_step(batch, mapped, step, is_time=is_time, typed=typed)
        filled = cells if pending.all() else pc.if_else(pa.array(pending), cells, filled)
        unknown |= unknown_here & pending
        if times is not None:
            # A doubt counts only in the rows that take their text from this step.
            all_times = times.restrict(pending) if all_times is None else all_times.combine(times.restrict(pending))
    return filled, unknown, all_times


def _pending_rows(batch: Batch, mapped: BoundProfile, step: Step, filled: Cells) -> Mask:
    """The rows that are still empty, and that a step is for."""
    return ~non_empty(filled) & transforms.condition_mask(
        step.when, lambda title: mapped.freed_cells(batch, title), len(batch)
    )


def _apply_step(
    batch: Batch, mapped: BoundProfile, step: Step, *, is_time: bool, typed: bool
) -> tuple[Cells, Mask, transforms.ParsedTimes | None]:
    """The words of one step in their fixed order: pick, join, cut out, translate, compute."""
    cells, unknown = _step_texts(batch, mapped, step, typed=typed)
    times = None
    if step.format and step.format[0] in DURATION_LAYOUTS:
        cells = read_layout(cells, DURATION_LAYOUTS[step.format[0]])
    elif (step.format or is_time) and not step.difference:
        read = mapped.read_step_times(cells, step)
        times = transforms.parse_times(cells, read, step.zone or mapped.options.timezone)
        cells = times.cells
    if step.scale is not None:
        cells = transforms.scale(cells, step.scale)
    return cells, unknown, times


def _step_texts(batch: Batch, mapped: BoundProfile, step: Step, *, typed: bool) -> tuple[Cells, Mask]:
    """The texts of a step before anything is computed of them, and the rows with an unknown word."""
    # A cell that is taken as it is keeps its guard: normalizing takes it off, and counts it.
    is_computed = bool(
        (len(step.columns) > 1 and not step.first_of) or step.extract or step.url_parameter or step.format or step.scale
    )
    cells, unknown = _pick_cells(batch, mapped, step, freed=typed and is_computed), np.zeros(len(batch), bool)
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
    return cells, unknown


def _pick_cells(batch: Batch, mapped: BoundProfile, step: Step, *, freed: bool) -> Cells:
    if step.constant is not None:
        return constant_cells(step.constant, len(batch))
    if step.difference:
        later, earlier = (_clean_cells(mapped.freed_cells(batch, name), mapped, len(batch)) for name in step.difference)
        return transforms.difference(later, earlier, step.format, _assumptions(mapped))
    pick = mapped.freed_cells if freed else mapped.source_cells
    present = [pick(batch, name) for name in step.columns or step.sum]
    columns = [_clean_cells(cells, mapped, len(batch)) for cells in present if cells is not None]
    if not columns:
        return constant_cells("", len(batch))
    if step.sum:
        return transforms.sum_durations(columns, mapped.options.duration_format)
    if step.first_of:
        return transforms.first_of(columns)
    if step.format and len(columns) > 1:
        # A database, or a spreadsheet, writes a date without a time of day as midnight.
        columns = [transforms.drop_midnight(columns[0]), *columns[1:]]
    return transforms.join_filled(columns, step.join)


def _first_filled(batch: Batch, mapped: BoundProfile, titles: Sequence[str]) -> Cells:
    return transforms.first_of([_clean_cells(mapped.freed_cells(batch, title), mapped, len(batch)) for title in titles])


def _clean_cells(cells: Cells | None, mapped: BoundProfile, count: int) -> Cells:
    """Source cells without outer white space; placeholders, those of the profile too, become empty, guarded or not."""
    if cells is None:
        return constant_cells("", count)
    trimmed = trim_whitespace(cells)
    words = cell_kernels.without_guards(trimmed)
    blank = cell_kernels.placeholder(words)
    if mapped.profile.empty:
        blank = blank | as_mask(pc.is_in(words, pa.array(mapped.profile.empty, pa.string())))
    return cell_kernels.clear_where(trimmed, blank)


def _blank_withheld(phones: Cells) -> tuple[Cells, Mask]:
    """Phones without withheld ones, and which were withheld; a SIP address with a number becomes that number."""
    words = cell_kernels.without_guards(phones)
    # The look at the first byte is cheap, and few exports hold SIP addresses.
    if (first_bytes(words) == ord("s")).any():
        number = transforms.extract(words, r"^sips?:(\+?[0-9]{7,15})@")
        phones, words = (pc.if_else(pc.equal(number, ""), cells, number) for cells in (phones, words))
    hidden = as_mask(pc.is_in(pc.utf8_lower(words), pa.array(_WITHHELD_WORDS))) | as_mask(pc.starts_with(words, "sip"))
    return cell_kernels.clear_where(phones, hidden), hidden


def _currency_cells(prices: Cells, mapped: BoundProfile) -> Cells:
    code = mapped.profile.currency or mapped.options.currency or ""
    return pc.if_else(pc.equal(prices, ""), "", code)


def fill_currency(batch: Batch, code: str) -> Batch:
    """The batch with a currency wherever a price has none."""
    names = batch.columns.column_names
    if "Price" not in names:
        return batch
    given = batch.cells("Currency") if "Currency" in names else constant_cells("", len(batch))
    missing = pc.and_(pc.equal(given, ""), pc.not_equal(batch.cells("Price"), ""))
    return _set_column(batch, "Currency", pc.if_else(missing, code, given))


def fill_static_call(batch: Batch, choice: str) -> Batch:
    """The batch with StaticCall wherever the export leaves it empty.

    Args:
        batch: Canonical columns.
        choice: ``0``, ``1``, or ``auto``: 0 for a call with an identifier of a visitor, 1 for one without.
    """
    if not batch.columns.num_columns:
        return batch
    names = batch.columns.column_names
    given = batch.cells("StaticCall") if "StaticCall" in names else constant_cells("", len(batch))
    if choice == "auto":
        filled = [~cell_kernels.absent(batch.cells(name)) for name in IDENTIFIER_FIELDS if name in names]
        identified = np.logical_or.reduce(filled) if filled else np.zeros(len(batch), bool)
        default = pc.if_else(pa.array(identified), "0", "1")
    else:
        default = constant_cells(choice, len(batch))
    return _set_column(batch, "StaticCall", pc.if_else(pc.equal(given, ""), default, given))


def _set_column(batch: Batch, name: str, cells: Cells) -> Batch:
    names = batch.columns.column_names
    if name in names:
        return replace(batch, columns=batch.columns.set_column(names.index(name), name, cells))
    return replace(batch, columns=batch.columns.append_column(name, cells))
