"""Reading a file of outcomes: who, when, and what is to be said of the call (price, currency, tag)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import digits_only, full_match
from calltools.fields.kinds import currency, money, normalize_field_cells
from calltools.fields.time_layouts import DATE_LAYOUTS
from calltools.matching.columns import RESULT_FIELDS, OutcomeColumns
from calltools.matching.damaged_ids import DamagedIds, is_rounded
from calltools.matching.join import (
    IDENTIFIER_PATTERNS,
    PHONE_PATTERN,
    SECONDS_PATTERN,
    refuse_wall_clock,
    split_phones,
)
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.summary import UnusableOutcome

#: Sums of such amounts are exact in 38 digits, however many there are.
_PRICE_PATTERN: Final = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
_CONTROL: Final = r"[\x00-\x1f\x7f]+"
_CURRENCY_PATTERN: Final = "[A-Z]{3}"
_ANY_DATE: Final = "|".join(DATE_LAYOUTS.values())
_MIDNIGHT: Final = r".*[T ]0?0:00(?::00(?:[.,]0+)?)?"
_CLOCK_OF_MIDNIGHT: Final = r",?[T ]0?0:00(?::00(?:[.,]0+)?)?$"
_DATE_CHARACTERS: Final = 16
_END_OF_DAY: Final = " 23:59:59"
#: Why a record cannot be used, in the order in which it is looked for; its place here is its number.
UNUSABLE_OUTCOMES: Final[tuple[UnusableOutcome, ...]] = (
    "person", "time", "price", "currency", "nothing", "repeated",
)  # fmt: skip
_USABLE: Final = -1


@dataclass(frozen=True, slots=True)
class OutcomeRecords:
    """Records of files of outcomes, read with the assumptions of some files of calls; as many rows whatever these are.

    Attributes:
        places: Line or row of each record in its file.
        files: Number of its file.
        times: Its Unix second.
        results: ``Price``, ``Currency`` and ``Tag`` as canonical text; ``""``: it says nothing.
        keys: ``PhoneNumber`` or an identifier field -> row of a record and its canonical text, for each that it has.
        reasons: Index in ``UNUSABLE_OUTCOMES`` of why it cannot be used; -1: it can.
        damaged: Records that could not be split into cells; they are no rows.
        findings: Of each file the ids that lost digits and the dates that a spreadsheet swapped, the first of each.
    """

    places: Numbers
    files: Numbers
    times: Numbers
    results: pa.Table
    keys: Mapping[str, tuple[Numbers, Cells]]
    reasons: Numbers
    damaged: int
    findings: tuple[Findings, ...]

    def __len__(self) -> int:
        return len(self.places)

    @staticmethod
    def concat(parts: "Sequence[OutcomeRecords]") -> "OutcomeRecords":
        """The records of several files, in their order."""
        starts = np.cumsum([0, *(len(part) for part in parts)])
        keys: dict[str, tuple[Numbers, Cells]] = {}
        for name in dict.fromkeys(name for part in parts for name in part.keys):
            own = [(part.keys[name], start) for part, start in zip(parts, starts, strict=False) if name in part.keys]
            rows = np.concatenate([rows + start for (rows, _), start in own])
            keys[name] = rows, combine_chunks(pa.chunked_array([cells for (_, cells), _ in own], pa.string()))
        return OutcomeRecords(
            np.concatenate([part.places for part in parts]),
            np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
            np.concatenate([part.times for part in parts]),
            pa.concat_tables([part.results for part in parts]).combine_chunks(),
            keys,
            np.concatenate([part.reasons for part in parts]),
            sum(part.damaged for part in parts),
            tuple(found for part in parts for found in part.findings),
        )


def read_outcomes(
    batches: Iterable[Batch], titles: tuple[str, ...], columns: OutcomeColumns, assumptions: Assumptions
) -> OutcomeRecords:
    """The records of one file of outcomes.

    Args:
        batches: Its records, columns named by ``unique_titles``; dates have their time of day (``DayEnds``).
        titles: Its header.
        columns: Positions of its columns.
        assumptions: Zone, country and currency of what says none; the same as for the calls.

    Raises:
        UsageError: Its times are wall-clock times and the user named no zone.
    """
    damaged = DamagedIds(titles, columns.identifiers, assumptions)
    read = OutcomeRecords.concat(
        [_no_records(), *(_read_batch(batch, titles, columns, assumptions, damaged) for batch in batches)]
    )
    keys = dict(read.keys)
    for name in damaged.rounded_fields():
        rows, cells = keys[name]
        exact = ~is_rounded(cells)
        keys[name] = rows[exact], cells.filter(pa.array(exact))
    nobody: Mask = np.ones(len(read), bool)
    for rows, _ in keys.values():
        nobody[rows] = False
    return replace(
        read,
        files=np.zeros(len(read), np.int64),
        keys=keys,
        reasons=np.where(nobody, UNUSABLE_OUTCOMES.index("person"), read.reasons),
        findings=(damaged.findings,),
    )


def _read_batch(
    batch: Batch, titles: tuple[str, ...], columns: OutcomeColumns, assumptions: Assumptions, damaged: DamagedIds
) -> OutcomeRecords:
    names = unique_titles(titles)
    times = normalize_field_cells("DateTime", batch.cells(names[columns.time]), assumptions)
    if assumptions.timezone is None:
        refuse_wall_clock(pa.chunked_array([times]), titles[columns.time], assumptions)
    results, doubtful = _read_results(batch, names, columns, assumptions)
    known_time = full_match(times, SECONDS_PATTERN)
    prices, currencies = results["Price"], results["Currency"]
    faults: dict[UnusableOutcome, Mask] = {
        "nothing": ~non_empty(prices) & ~non_empty(results["Tag"]),
        "currency": non_empty(prices) & (doubtful | ~_is_current(currencies, assumptions)),
        "price": non_empty(prices) & ~full_match(prices, _PRICE_PATTERN),
        "time": ~known_time,
    }
    reasons = np.full(len(batch), _USABLE, np.int64)
    for name, mask in faults.items():
        reasons[mask] = UNUSABLE_OUTCOMES.index(name)
    seconds = pc.if_else(pa.array(known_time), times, "0").cast(pa.int64()).to_numpy()
    return OutcomeRecords(
        batch.places,
        np.zeros(len(batch), np.int64),
        seconds,
        pa.table(results),
        _read_keys(batch, names, columns, assumptions, damaged),
        reasons,
        len(batch.malformed),
        (),
    )


def _is_current(codes: Cells, assumptions: Assumptions) -> Mask:
    """Mask of the codes that a call may have: with another one it would be rejected, for the sake of its revenue."""
    wrong = currency.unknown_currency(codes, assumptions) | currency.withdrawn(codes, assumptions)
    return full_match(codes, _CURRENCY_PATTERN) & ~wrong


def _read_results(
    batch: Batch, names: tuple[str, ...], columns: OutcomeColumns, assumptions: Assumptions
) -> tuple[dict[str, Cells], Mask]:
    """Price, currency and tag as canonical text; and which prices have a sign of another currency beside them."""
    raw = {name: batch.cells(names[position]) for name, position in columns.results.items()}
    found = {
        name: normalize_field_cells(name, raw[name], assumptions) if name in raw else constant_cells("", len(batch))
        for name in RESULT_FIELDS
    }
    for name, cells in found.items():
        found[name] = pc.if_else(pa.array(cell_kernels.absent(cells)), "", cells)
    # A tag of several lines, or with a TAB, would make the call a faulty one.
    found["Tag"] = pc.utf8_trim(pc.replace_substring_regex(found["Tag"], _CONTROL, " "), " ")
    found["Currency"] = pc.if_else(
        pc.and_(pc.equal(found["Currency"], ""), pc.not_equal(found["Price"], "")),
        assumptions.currency or "",
        found["Currency"],
    )
    doubtful: Mask = np.zeros(len(batch), bool)
    if "Price" in raw:
        doubtful = money.contradicts_currency(raw["Price"], found["Currency"])
    return found, doubtful


def _read_keys(
    batch: Batch, names: tuple[str, ...], columns: OutcomeColumns, assumptions: Assumptions, damaged: DamagedIds
) -> dict[str, tuple[Numbers, Cells]]:
    keys: dict[str, tuple[Numbers, Cells]] = {}
    if columns.phone is not None:
        rows, phones = split_phones(batch.cells(names[columns.phone]), assumptions)
        readable = full_match(phones, PHONE_PATTERN)
        keys["PhoneNumber"] = rows.to_numpy()[readable], phones.filter(pa.array(readable))
    ids = {
        name: normalize_field_cells(name, batch.cells(names[position]), assumptions)
        for name, position in columns.identifiers.items()
    }
    lost = damaged.find(batch, ids)
    for name, cells in ids.items():
        sound = full_match(cells, IDENTIFIER_PATTERNS[name]) & ~cell_kernels.absent(cells) & ~lost[name]
        keys[name] = np.flatnonzero(sound), cells.filter(pa.array(sound))
    return keys


@dataclass(frozen=True, slots=True)
class DayEnds:
    """Gives dates without a time of day the last second of their day: a call on that day came before.

    Attributes:
        name: Name of the column of times.
        all_midnight: Whether all its times are at midnight, as a spreadsheet writes dates: then they are dates, too.
    """

    name: str
    all_midnight: bool

    @staticmethod
    def of_table(table: Table, position: int) -> "DayEnds":
        """What the times of a file say about their time of day."""
        name = unique_titles(table.titles)[position]
        midnight, clock = False, False
        for task in table.tasks():
            cells = cell_kernels.cleaned(task().cells(name))
            dated = full_match(pc.utf8_slice_codeunits(cells, 0, _DATE_CHARACTERS), f"(?:{_ANY_DATE})(?:[T ,].*)?")
            whole = full_match(cells, _MIDNIGHT)
            midnight |= bool((dated & whole).any())
            in_seconds = digits_only(cells) & non_empty(cells)
            clock |= bool((dated & ~whole & ~full_match(cells, _ANY_DATE) | in_seconds).any())
        return DayEnds(name, midnight and not clock)

    def complete(self, batch: Batch) -> Batch:
        """The batch with complete times."""
        cells = cell_kernels.cleaned(batch.cells(self.name))
        completed = pc.if_else(
            pa.array(full_match(cells, _ANY_DATE)), pc.binary_join_element_wise(cells, _END_OF_DAY, ""), cells
        )
        if self.all_midnight:
            completed = pc.replace_substring_regex(completed, _CLOCK_OF_MIDNIGHT, _END_OF_DAY)
        position = batch.columns.column_names.index(self.name)
        return replace(batch, columns=batch.columns.set_column(position, self.name, completed))


def _no_records() -> OutcomeRecords:
    # Not a constant of the module: the first Arrow array imports pandas.
    none = np.zeros(0, np.int64)
    results = pa.table({name: pa.array([], pa.string()) for name in RESULT_FIELDS})
    return OutcomeRecords(none, none, none, results, {}, none, 0, ())
