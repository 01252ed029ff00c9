"""The plan of a run, and the single steps on one batch that ``pipeline`` puts in order."""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.date_order import rows_of_families
from calltools.fields.kernels.byte_kernels import leading_words
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.fields.kinds import normalize_columns, unix_time
from calltools.fields.kinds.money import contradicts_currency
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.files.rejects import has_reject_titles, restore_faults
from calltools.matching.assignment import (
    CallOutcomes,
    OutcomePersons,
    OutcomeTally,
    SeenCalls,
    fill_outcomes,
    outcome_findings,
)
from calltools.matching.join import IdentifierIndex, join_identifiers
from calltools.model.assumptions import Assumptions
from calltools.model.batch import NO_RUNS, Batch, ReadTask, Table, join_runs
from calltools.model.cells import Cells, Numbers, combine_chunks, constant_cells
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.model.summary import CallStatistics
from calltools.rules.catalog import RULES
from calltools.validation.baseline import RuleAndColumn
from calltools.validation.observers import CrossFileObservers
from calltools.validation.ruleset import FindingFilter, RuleSet
from calltools.validation.validator import UnprovenRecords
from calltools.vendors import legs, zones
from calltools.vendors.binding import BoundProfile
from calltools.vendors.mapping import fill_currency, fill_static_call, map_batch, time_texts
from calltools.workers.batch_work import MapInOrder


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that a run needs, frozen.

    Attributes:
        ruleset: The rules that count.
        assumptions: What the user says and the file does not.
        layout: Canonical field -> title and position of its column in the file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
        swapped_dates: How dates are written in which a spreadsheet has exchanged day and month (``date_order``).
        normalize: Whether cells are rewritten before they are judged.
        static_call: ``0``, ``1`` or ``auto`` for records whose export does not say.
        index: Identifiers from a second file.
        window_s: How far back a partner in ``index`` may lie, in seconds.
        outcomes: What files of outcomes say of its calls.
        outcome_files: Counts of the files of outcomes (``Summary.outcome_files``), in the first file of a run.
        exact_only: Prove nothing: each record goes through pandera.
        keep_records: Whether a sink wants the records and not only the findings.
        keep_origin: Whether a sink wants them as they are in the file, too.
        store: Where workers of a cluster put good records (``files/parts.py``), in place of giving them back.
        wants_statistics: Whether a report wants the statistics of the calls.
        preflight_findings: What is wrong with the file and its header, known before the first record.
        baseline_counts: How many findings of a rule in a column the baseline accepts in this file.
        cross_file_observers: What observers know of earlier files, where several files become one.
    """

    ruleset: RuleSet
    assumptions: Assumptions
    layout: Mapping[str, tuple[str, int]]
    mapping: BoundProfile | None = None
    swapped_dates: tuple[str, ...] = ()
    normalize: bool = False
    static_call: str | None = None
    index: IdentifierIndex | None = None
    window_s: int = 21 * 86_400
    outcomes: CallOutcomes | None = None
    outcome_files: Mapping[str, int] = field(default_factory=dict)
    exact_only: bool = False
    keep_records: bool = False
    keep_origin: bool = False
    store: Path | None = None
    wants_statistics: bool = False
    preflight_findings: Findings = field(default_factory=Findings.empty)
    baseline_counts: Mapping[RuleAndColumn, int] = field(default_factory=dict)
    cross_file_observers: CrossFileObservers = field(default_factory=dict)

    @property
    def finding_filter(self) -> FindingFilter:
        """Which findings are reported, and where they are located."""
        return FindingFilter(
            self.ruleset,
            self.layout,
            identifiers_may_come_from_elsewhere=self.mapping is not None or self.index is not None,
        )


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A batch after all steps up to the proof that a record is clean.

    Attributes:
        batch: Its findings, counts and numbers; its records only where a sink wants them.
        unproven: Those of its records that pandera has to validate.
        digests: Code of an observer -> what it must know of the batch.
        join_counts: How many records matched an identifier, by outcome.
        outcomes: How many records of files of outcomes reached its calls.
        statistics: The statistics of its calls, where a report wants them.
        verdict: What pandera says of the records that are not proven, located, in the order of the file; ``None``: it
            has not been asked yet.
        extent: The first and the last place of the records that were read; ``None``: none was, or ``batch`` is numbered
            already.
    """

    batch: Batch
    unproven: UnprovenRecords
    digests: Mapping[str, Any] = field(default_factory=dict)
    join_counts: Mapping[str, int] = field(default_factory=dict)
    outcomes: OutcomeTally = field(default_factory=OutcomeTally)
    statistics: CallStatistics | None = None
    verdict: Findings | None = None
    extent: tuple[int, int] | None = None

    def continue_from(self, records: int, blanks: Findings) -> "BatchResult":
        """The result with ``records`` added to all its record numbers, and with findings on blank lines."""
        return replace(
            self,
            batch=self.batch.shift_records(records).with_findings(blanks),
            unproven=replace(self.unproven, records=self.unproven.records + records),
            verdict=None if self.verdict is None else self.verdict.shift_records(records),
        )


def read_batches(table: Table, plan: RunPlan, run: MapInOrder) -> Iterator[Batch]:
    """The batches of a table in the order of the file, with the legs of a call merged into one record.

    Args:
        table: What to read.
        plan: Says whether an export has several records a call.
        run: How to run the tasks that read the blocks of the file.

    Returns:
        Batches whose records are counted from the first record of the table, from 1.
    """
    numbered = _number_records(run(_call, table.tasks()))
    batches: Iterator[Batch] = map(partial(select_records, titles=table.titles, plan=plan), numbered)
    if plan.mapping is not None and plan.mapping.merges_legs:
        batches = legs.merge_legs(batches, plan.mapping, reject_damaged="CT611" in plan.ruleset)
    return batches


def _call(task: ReadTask) -> Batch:
    return task()


def select_records(batch: Batch, titles: tuple[str, ...], plan: RunPlan) -> Batch:
    """The batch without what is no record, and with the faults that rejects tell of their cells."""
    if plan.normalize:
        # A canonical file that is only validated has none: ``upload`` would send it.
        batch = leave_out_totals(batch)
    identifiers = {plan.layout[name][1] for name in IDENTIFIER_FIELDS if name in plan.layout}
    return restore_faults(batch, titles, identifiers) if identifiers or has_reject_titles(titles) else batch


#: How sums below the records of a report begin: «Итого», «Всего звонков: 6», "Total for March".
_TOTALS: Final = r"(?i)(?:(?:общий |общее )?(?:итог|итого|всего)|(?:grand |sum |sub)?totals?)(?:[^\w].*)?"
#: How such cells begin, as two pairs of bytes.
_TOTALS_BEGIN: Final = tuple(
    (int.from_bytes(begin[:2], "big"), int.from_bytes(begin[2:], "big"))
    for word in ("ит", "вс", "об", "tota", "gran", "sum ", "subt")
    for begin in (word.encode()[:4], word.capitalize().encode()[:4], word.upper().encode()[:4])
)
#: Which first pairs such cells have, and which differences of the pairs: the few other cells that pass are compared
#: with the pattern.
_TOTALS_PAIRS: Final = np.zeros((2, 65_536), bool)
for _first, _second in _TOTALS_BEGIN:
    _TOTALS_PAIRS[0, _first] = _TOTALS_PAIRS[1, _first ^ _second] = True
#: The words stand in one of the first columns: further ones are looked at only in rows that have them there.
_TOTALS_COLUMNS: Final = 3


def leave_out_totals(batch: Batch) -> Batch:
    """The batch without rows of totals: the first filled cell begins so, and most of the others are empty."""
    names = batch.columns.column_names
    suspect = np.zeros(len(batch), bool)
    for name in names[:_TOTALS_COLUMNS]:
        words = leading_words(batch.cells(name))
        first = words >> 48
        suspect |= _TOTALS_PAIRS[0][first] & _TOTALS_PAIRS[1][first ^ (words >> 32 & 0xFFFF)]
    if not suspect.any():
        return batch
    rows = batch.columns.filter(pa.array(suspect)).to_pylist()
    filled = [[cell for cell in row.values() if cell.strip()] for row in rows]
    totals = suspect.copy()
    few = max(len(names), 4) // 2
    totals[suspect] = [
        len(cells) <= few and bool(re.fullmatch(_TOTALS, cells[0].strip(), re.DOTALL)) for cells in filled
    ]
    skipped = Counter(batch.skipped) + Counter(total=int(totals.sum()))
    return replace(batch.filter_rows(~totals), skipped=dict(skipped)) if totals.any() else batch


def map_columns(batch: Batch, plan: RunPlan) -> Batch:
    """The batch with canonical columns, from those of the vendor or chosen by their titles."""
    if plan.mapping is not None:
        mapped = map_batch(batch, plan.mapping)
        return _drop_unrelated_findings(_judge_dates(mapped, plan.mapping, plan.swapped_dates), plan)
    names = batch.columns.column_names
    chosen = {name: batch.columns[names[position]] for name, (_, position) in plan.layout.items()}
    origin = batch.columns if plan.keep_origin else None
    return replace(batch, columns=pa.table(chosen), origin=origin)


def _judge_dates(batch: Batch, mapping: BoundProfile, families: tuple[str, ...]) -> Batch:
    """A mapped batch with what ids and other dates prove of its times; a swapped one is left as the file has it."""
    source = replace(batch, columns=batch.origin)
    by_ids, confirmed = zones.judge_times_by_ids(source, mapping)
    parts = [by_ids]
    for _, cells, rows in time_texts(source, mapping) if families else ():
        known = np.isin(batch.records, by_ids.table["record"].to_numpy())
        parts.append(
            zones.swapped_findings(source, cells, rows & ~confirmed & ~known & rows_of_families(cells, families))
        )
    findings = Findings.concat(parts)
    # A reader may have reported a date before.
    known = pc.is_in(findings.table["record"], _of_swapped(batch.findings)["record"])
    return batch.with_findings(findings.filter(pc.invert(pc.and_(known, pc.equal(findings.table["code"], "CT610")))))


def _of_swapped(findings: Findings) -> pa.Table:
    """Those findings that are on a swapped date of a record."""
    table = findings.table
    return table.filter(pc.and_(pc.equal(table["code"], "CT610"), pc.is_valid(table["record"]))).combine_chunks()


def _restore_swapped(batch: Batch) -> Batch:
    """The batch with the times of the file in the records with a swapped date, of which nothing may be written."""
    swapped = _of_swapped(batch.findings) if len(batch.findings) else batch.findings.table
    if not swapped.num_rows or "DateTime" not in batch.columns.column_names:
        return batch
    records, first = np.unique(swapped["record"].to_numpy(), return_index=True)
    rows = np.isin(batch.records, records)
    found = first[np.searchsorted(records, batch.records[rows])]
    texts = combine_chunks(swapped["value"]).take(pa.array(found))
    rewritten = batch.counted.get(("rewritten", "DateTime"), batch.records[:0])
    counted = {key: numbers for key, numbers in batch.counted.items() if key != ("rewritten", "DateTime")}
    position = batch.columns.column_names.index("DateTime")
    columns = batch.columns.set_column(position, "DateTime", replace_where(batch.cells("DateTime"), rows, texts))
    restored = replace(batch, columns=columns, counted=counted)
    return restored.with_counted("rewritten", {"DateTime": np.setdiff1d(rewritten, records)})


def _judge_canonical_times(batch: Batch, plan: RunPlan) -> Batch:
    """The batch of a canonical file with findings on the times that cannot be read, or must not be."""
    if plan.mapping is not None or "DateTime" not in batch.columns.column_names:
        return batch
    cells, findings = batch.cells("DateTime"), []
    if plan.normalize:
        doubts = unix_time.local_time_doubts(cells, plan.assumptions)
        for code, rows in (("CT602", doubts.ambiguous), ("CT603", doubts.nonexistent)):
            value = cells.filter(pa.array(rows))
            findings.append(
                Findings.for_rule(
                    code, records=batch.records[rows], places=batch.places[rows], field="DateTime", value=value
                )
            )
    if plan.swapped_dates:
        rows = rows_of_families(cells, plan.swapped_dates)
        findings.append(zones.swapped_findings(batch, cells, rows))
    return batch.with_findings(*findings)


def normalize_cells(batch: Batch, plan: RunPlan) -> Batch:
    """The batch with its cells rewritten as canonical text, where the plan says so."""
    batch = _judge_canonical_times(batch, plan)
    if not plan.normalize:
        return batch
    raw = {name: batch.cells(name) for name in batch.columns.column_names}
    columns, rewritten = normalize_columns(raw, plan.assumptions)
    batch = replace(batch, columns=pa.table(columns))
    batch = batch.with_counted("rewritten", {name: batch.records[mask] for name, mask in rewritten.items()})
    batch = _restore_swapped(batch) if "CT610" in plan.ruleset else batch
    if plan.assumptions.currency is not None:
        batch = fill_currency(batch, plan.assumptions.currency)
    return _keep_contradicted_prices(batch, raw.get("Price"))


def _keep_contradicted_prices(batch: Batch, prices: Cells | None) -> Batch:
    """The batch with each price as it was that has a sign of another currency: without the sign nobody would see it."""
    if prices is None:
        return batch
    has_codes = "Currency" in batch.columns.column_names
    codes = batch.cells("Currency") if has_codes else constant_cells("", len(batch))
    contradicted = contradicts_currency(prices, codes)
    if not contradicted.any():
        return batch
    kept = replace_where(batch.cells("Price"), contradicted, prices.filter(pa.array(contradicted)))
    position = batch.columns.column_names.index("Price")
    return replace(batch, columns=batch.columns.set_column(position, "Price", kept))


def match_identifiers(batch: Batch, plan: RunPlan) -> tuple[Batch, Mapping[str, int]]:
    """The batch with identifiers from the second file, where there is one; and how many records, by outcome."""
    if plan.index is None:
        return batch, {}
    found = join_identifiers(batch.columns, plan.index, plan.window_s)
    masks = {"CT606": found.unjoined_mask, "CT607": found.ambiguous_mask}
    findings = [
        Findings.for_rule(code, records=batch.records[mask], places=batch.places[mask]) for code, mask in masks.items()
    ]
    counts = {
        "joined": int(found.joined_mask.sum()),
        "unjoined": int(found.unjoined_mask.sum()),
        "ambiguous": int(found.ambiguous_mask.sum()),
    }
    return replace(batch, columns=found.columns).with_findings(*findings), counts


def match_outcomes(batch: Batch, plan: RunPlan) -> tuple[Batch, OutcomeTally]:
    """The batch with price, currency and tag from files of outcomes; and how many of their records it took."""
    if plan.outcomes is None or not len(batch):
        return batch, OutcomeTally()
    found = fill_outcomes(batch.columns, batch.places, plan.outcomes)
    filled = replace(batch, columns=found.columns)
    return filled.with_findings(*outcome_findings(found, batch.records, batch.places)), found.tally


def find_calls(batch: Batch, plan: RunPlan, persons: OutcomePersons) -> SeenCalls:
    """The calls of a batch whose persons a file of outcomes knows."""
    batch = map_columns(batch, plan)
    names = [name for name in batch.columns.column_names if name in {"DateTime", "PhoneNumber", *IDENTIFIER_FIELDS}]
    batch = normalize_cells(replace(batch, columns=batch.columns.select(names)), plan)
    batch, _ = match_identifiers(batch, plan)
    return persons.find_calls(batch.columns, batch.places)


def fill_missing_columns(batch: Batch, plan: RunPlan) -> Batch:
    """The batch with the kind of number that the user gives for exports that do not say it."""
    return batch if plan.static_call is None else fill_static_call(batch, plan.static_call)


def _drop_unrelated_findings(batch: Batch, plan: RunPlan) -> Batch:
    """Without findings on records that the profile skips, and on cells of columns that no field is read from."""
    if not len(batch.findings):
        return batch
    table = batch.findings.table
    rows = batch.with_legs(batch.records) if "CT611" in plan.ruleset else batch.records
    records = pa.array(np.concatenate([rows, batch.malformed.records]), pa.int64())
    read = () if plan.mapping is None else plan.mapping.read_positions
    positions = pa.array(sorted({*read, *(position for _, position in plan.layout.values())}), pa.int32())
    on_record = pc.or_(pc.is_null(table["record"]), pc.is_in(table["record"], records))
    on_column = pc.or_(pc.is_null(table["position"]), pc.is_in(table["position"], positions))
    on_unmapped = pc.is_in(table["code"], pa.array([rule.code for rule in RULES if rule.of_unmapped]))
    return replace(batch, findings=batch.findings.filter(pc.and_(on_record, pc.or_(on_column, on_unmapped))))


def _number_records(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Count records from the first one of the table, and report blank lines between records (CT009), once a run."""
    numbering = _Numbering()
    for batch in batches:
        count, blanks = numbering.take(batch, find_extent(batch))
        yield batch.shift_records(count).with_findings(blanks)


def number_results(parts: Iterable[Sequence[BatchResult]]) -> Generator[BatchResult]:
    """The same for results of batches that were read and judged elsewhere, each part by itself.

    Args:
        parts: In the order of the file; the records of each part count from 1.
    """
    numbering = _Numbering()
    for part in parts:
        before = numbering.count
        for result in part:
            _, blanks = numbering.take(result.batch, result.extent)
            yield result.continue_from(before, blanks)


def find_extent(batch: Batch) -> tuple[int, int] | None:
    """The first and the last place of the records of a batch as it was read; ``None``: it has none."""
    if not batch.read:
        return None
    places, malformed = batch.places, batch.malformed.places
    return int(min([*places[:1], *malformed[:1]])), int(max([*places[-1:], *malformed[-1:]]))


class _Numbering:
    """Record numbers and blank lines of the batches of one table, which are taken in the order of the file.

    Blank lines at the end of a file are no fault, and a batch that ends with some cannot tell whether records follow.
    So they are carried over until a later batch has a record.
    """

    def __init__(self) -> None:
        self.count = 0
        self._blanks = NO_RUNS

    def take(self, batch: Batch, extent: tuple[int, int] | None) -> tuple[int, Findings]:
        """How many records come before a batch, and the findings on the blank lines before its last record.

        Args:
            batch: Its blank lines and its count of records are looked at.
            extent: Its ``find_extent`` when it was read: records may be left out of it since.
        """
        count = self.count
        self.count += batch.read
        # Before the first record there are the lines above the header, which are not between records.
        if not count and extent is None:
            return count, Findings.empty()
        blanks = join_runs(np.concatenate([self._blanks, batch.blanks]))
        if extent is None:
            self._blanks = blanks
            return count, Findings.empty()
        first, last = extent
        self._blanks = blanks[blanks[:, 0] > last]
        between = (blanks[:, 1] < last) & (blanks[:, 0] > (0 if count else first))
        return count, _blank_findings(blanks[between])


def _blank_findings(runs: Numbers) -> Findings:
    """CT009, once a run; the detail of a run of several lines is their count, the first and the last."""
    if not len(runs):
        return Findings.empty()
    counts = runs[:, 1] - runs[:, 0] + 1
    details = pc.binary_join_element_wise(
        *(pa.array(numbers).cast(pa.string()) for numbers in (counts, runs[:, 0], runs[:, 1])), DETAIL_SEPARATOR
    )
    single = pa.array(counts == 1)
    return Findings.for_rule("CT009", records=None, places=runs[:, 0], detail=pc.if_else(single, None, details))
