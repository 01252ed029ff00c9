"""Proves records clean with kernels, and lets pandera judge the others.

Two functions answer whether a cell is faulty: the kernel ``sound`` of its kind, which is fast and may doubt a good
cell, and the masks of the cell rules, which are exact. They must stay two: a kernel is one pass over the bytes of a
column for all rules, and a mask finds one fault and says which. The law that holds them together: no rule finds a fault
in a sound cell (``tests/fields/test_kinds.py``, ``test_sound_text_has_no_fault``); and for whole files, a run that
proves nothing gives the same findings (``tests/test_pipeline.py``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES, FIELDS_BY_NAME
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, empty_table
from calltools.model.cells import (
    Cells,
    DistinctCells,
    Mask,
    Numbers,
    all_empty,
    combine_chunks,
    constant_cells,
    non_empty,
)
from calltools.model.finding import Findings
from calltools.model.joined_batches import JoinedBatches
from calltools.model.rule import CellTextFunction, PendingRows, Rule, Severity
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.validation.alike import AlikeRecords, find_alike, with_alike
from calltools.validation.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class UnprovenRecords:
    """Records that pandera has to validate.

    Attributes:
        columns: Their canonical columns.
        records: Their numbers.
        places: Their physical lines or sheet rows.
        unproven_cells: Field -> cells that are not proven sound; ``None``: nothing was proven.
        alike: Records for which some of these are validated.
    """

    columns: pa.Table
    records: Numbers
    places: Numbers
    unproven_cells: Mapping[str, Mask] | None = None
    alike: tuple[AlikeRecords, ...] = ()

    @property
    def all_records(self) -> Numbers:
        """Their numbers, and behind them those of the records that are alike."""
        return np.concatenate([self.records, *(one.records for one in self.alike)])

    def renumber(self, first: int) -> "UnprovenRecords":
        """The same with numbers from ``first`` on, in the order of ``all_records``."""
        alike, following = [], first + len(self.records)
        for one in self.alike:
            alike.append(one.renumber(first + int(np.searchsorted(self.records, one.judged)), following))
            following += len(one.records)
        return replace(self, records=np.arange(first, first + len(self.records)), alike=tuple(alike))

    def without_cells(self) -> "UnprovenRecords":
        """Their numbers only."""
        return UnprovenRecords(empty_table(self.columns.schema), self.records, self.places)


def select_unproven(  # noqa: PLR0913 - what it depends on, and two ways to do less
    batch: Batch,
    columns: Mapping[str, Cells],
    ruleset: RuleSet,
    assumptions: Assumptions,
    *,
    exact_only: bool = False,
    each: bool = False,
) -> UnprovenRecords:
    """The records of a batch that are not proven clean. Pure; runs in worker threads.

    Args:
        batch: The batch.
        columns: Its canonical columns.
        ruleset: The rules of the run.
        assumptions: What the tests depend on.
        exact_only: Prove nothing: pandera validates each record.
        each: Let pandera validate each record that is not proven, be it like another one.
    """
    if exact_only or not batch.columns.num_columns:
        return UnprovenRecords(batch.columns, batch.records, batch.places)
    cells = {name: _unproven_mask(name, columns[name], assumptions) for name in columns}
    doubtful = reduce(np.logical_or, cells.values())
    # A record with a doubtful cell is judged anyway, so that row rules need not look at it.
    pending = PendingRows(columns, ~doubtful)
    found = dict(_row_rule_masks(pending, ruleset, assumptions))
    alike = [] if each else find_alike(columns, doubtful, found)
    doubtful = reduce(np.logical_or, found.values(), doubtful)
    for _, _, others in alike:
        doubtful[others] = False
    rows = np.flatnonzero(doubtful)
    if len(rows) == len(batch):
        # The very columns of the batch: two processes then send them once.
        return UnprovenRecords(batch.columns, batch.records, batch.places, cells)
    chosen = pa.array(rows)
    return UnprovenRecords(
        pa.table({name: pc.take(one, chosen, boundscheck=False) for name, one in columns.items()}),
        batch.records[rows],
        batch.places[rows],
        {name: mask[rows] for name, mask in cells.items()},
        tuple(
            AlikeRecords(rule.code, int(batch.records[judged]), batch.records[others], batch.places[others])
            for rule, judged, others in alike
        ),
    )


def select_unproven_of_each(
    joined: JoinedBatches,
    columns: Mapping[str, Cells],
    ruleset: RuleSet,
    assumptions: Assumptions,
    *,
    exact_only: bool = False,
) -> list[UnprovenRecords]:
    """The same for each of several batches with the same columns, in one pass over all of them."""
    # A record that stands for others must be one of its batch.
    found = select_unproven(joined.batch, columns, ruleset, assumptions, exact_only=exact_only, each=True)
    records = np.concatenate([part.records for part in joined.parts])[found.records - 1]
    bounds = np.searchsorted(found.records, np.cumsum([0, *map(len, joined.parts)]) + 1)
    return [
        UnprovenRecords(
            found.columns.slice(first, last - first),
            records[first:last],
            found.places[first:last],
            None
            if found.unproven_cells is None
            else {name: mask[first:last] for name, mask in found.unproven_cells.items()},
        )
        for first, last in pairwise(bounds.tolist())
    ]


def _unproven_mask(name: str, cells: Cells, assumptions: Assumptions) -> Mask:
    field = FIELDS_BY_NAME[name]
    if all_empty(cells):
        # Half the columns of most exports. An empty cell is sound for each kind, if the field may be empty.
        return np.full(len(cells), field.requirement.cell)
    unsound = ~KINDS[field.kind].sound(cells, assumptions)
    return unsound | ~non_empty(cells) if field.requirement.cell else unsound


def _row_rule_masks(
    columns: Mapping[str, Cells], ruleset: RuleSet, assumptions: Assumptions
) -> Iterator[tuple[Rule, Mask]]:
    for rule in ruleset.rules():
        if rule.row is not None and set(rule.columns) <= set(columns):
            yield rule, rule.row(columns, assumptions)


def load_pandera() -> None:
    """Import pandera ahead of the first records to judge; a file that is proven clean does without it."""
    import_module("calltools.validation.pandera_schema")


class PanderaJudge:
    """pandera's verdict on the records of a run that are not proven. One thread at a time may use it.

    Args:
        ruleset: The rules of the run.
        assumptions: What the tests depend on.
    """

    def __init__(self, ruleset: RuleSet, assumptions: Assumptions) -> None:
        self._ruleset = ruleset
        self._assumptions = assumptions
        self._schemas: dict[tuple[str, ...], Any] = {}

    def judge(self, parts: Sequence[UnprovenRecords]) -> Findings:
        """The findings on cells and records of some batches, which are judged as one table.

        They name the canonical field; ``FindingFilter`` adds title, position and severity.

        Raises:
            DefectError: A check itself failed: a fault in calltools.
        """
        filled = [part for part in parts if len(part.records) and part.columns.num_columns]
        if not filled:
            return Findings.empty()
        names = tuple(name for name in FIELD_NAMES if any(name in part.columns.column_names for part in filled))
        table = pa.concat_tables([_with_all_columns(part.columns, names) for part in filled]).combine_chunks()
        judged = _JudgedRecords(
            {name: combine_chunks(table[name]) for name in table.column_names},
            np.concatenate([part.records for part in filled]),
            np.concatenate([part.places for part in filled]),
            [one for part in filled for one in part.alike],
        )
        failed = self._schema(names).failed_checks(judged.columns, _merge_unproven_cells(filled, names))
        return Findings.concat(
            [
                _make_findings(RULES_BY_CODE[check.code], check.column, check.rows, judged, self._assumptions)
                for check in failed
            ]
        )

    def judge_each(self, files: Sequence[Sequence[UnprovenRecords]]) -> list[list[Findings]]:
        """The verdict on each batch of several files: those of files with the same columns are judged in one call.

        Each verdict is what ``judge`` would say of the batches of its file alone, split by batch.

        Raises:
            DefectError: A check itself failed: a fault in calltools.
        """
        verdicts = [[Findings.empty()] * len(parts) for parts in files]
        alike: dict[frozenset[str], list[tuple[int, int]]] = defaultdict(list)
        for number, parts in enumerate(files):
            filled = [place for place, part in enumerate(parts) if len(part.records) and part.columns.num_columns]
            names = frozenset(name for place in filled for name in parts[place].columns.column_names)
            alike[names] += [(number, place) for place in filled]
        for places in filter(None, alike.values()):
            parts = [files[number][place] for number, place in places]
            for (number, place), verdict in zip(places, self._judge_apart(parts), strict=True):
                verdicts[number][place] = verdict
        return verdicts

    def _judge_apart(self, parts: Sequence[UnprovenRecords]) -> Iterator[Findings]:
        """The verdict on each part, from one call: meanwhile records have numbers that no two parts share."""
        counts = [len(part.all_records) for part in parts]
        ends = np.cumsum(counts)
        numbered = [part.renumber(end - count) for part, count, end in zip(parts, counts, ends.tolist(), strict=True)]
        table = self.judge(numbered).table
        rows = table["record"].to_numpy()
        part_of = np.searchsorted(ends, rows, side="right")
        order = np.argsort(part_of, kind="stable")
        bounds = np.searchsorted(part_of[order], np.arange(len(parts) + 1))
        records = np.concatenate([part.all_records for part in parts])[rows[order]]
        sorted_findings = Findings(table.combine_chunks().take(pa.array(order))).with_column("record", records)
        for first, last in pairwise(bounds.tolist()):
            yield Findings(sorted_findings.table.slice(first, last - first))

    def _schema(self, names: tuple[str, ...]) -> Any:
        # Imported here: it takes half a second, and a file that is proven clean does without it.
        from calltools.validation.pandera_schema import PanderaSchema  # noqa: PLC0415

        if names not in self._schemas:
            self._schemas[names] = PanderaSchema(self._ruleset.rules(), names, self._assumptions)
        return self._schemas[names]


def _with_all_columns(columns: pa.Table, names: Sequence[str]) -> pa.Table:
    """The columns in one order; a column that only another batch has, as a matched identifier, is empty here."""
    empty = constant_cells("", columns.num_rows)
    return pa.table({name: columns[name] if name in columns.column_names else empty for name in names})


def _merge_unproven_cells(parts: Sequence[UnprovenRecords], names: Sequence[str]) -> Mapping[str, Mask]:
    """Field -> unproven cells of all parts; nothing, so that all cells are judged, where a part has proven none."""
    proven = [part.unproven_cells for part in parts if part.unproven_cells is not None]
    if len(proven) < len(parts):
        return {}
    nothing = [np.zeros(len(part.records), bool) for part in parts]
    return {
        name: np.concatenate([masks.get(name, none) for masks, none in zip(proven, nothing, strict=True)])
        for name in names
    }


@dataclass(frozen=True, slots=True)
class _JudgedRecords:
    """The records that a verdict is on, as one table, and those that are like one of them."""

    columns: Mapping[str, Cells]
    records: Numbers
    places: Numbers
    alike: Sequence[AlikeRecords]


def _make_findings(
    rule: Rule, column: str | None, rows: Numbers, judged: _JudgedRecords, assumptions: Assumptions
) -> Findings:
    field = column if rule.cell else rule.at
    given: dict[str, Any] = {"field": field}
    rows, added = with_alike(rule.code, rows, judged.records, judged.alike)
    if field is not None and field in judged.columns:
        cells = judged.columns[field].take(pa.array(rows))
        given["value"] = cells
        given |= _detail_and_repair(rule, field, DistinctCells.of(cells), assumptions)
    if rule.note_where is not None:
        milder = pa.array(rule.note_where(judged.columns, assumptions)[rows])
        given["severity"] = pc.if_else(milder, "note", pa.scalar(None, pa.string()))
    own = rows[: len(rows) - sum(len(one.records) for one in added)]
    records = np.concatenate([judged.records[own], *(one.records for one in added)])
    places = np.concatenate([judged.places[own], *(one.places for one in added)])
    return Findings.for_rule(rule.code, records=records, places=places, **given)


def _detail_and_repair(rule: Rule, field: str, cells: DistinctCells, assumptions: Assumptions) -> dict[str, Cells]:
    texts: dict[str, Cells] = {}
    if rule.detail is not None:
        detail = rule.detail
        texts["detail"] = cells.expand(lambda some: detail(some, assumptions))
    if rule.fix:
        repair = rule.repair or KINDS[FIELDS_BY_NAME[field].kind].normalize
        texts["after"] = cells.expand(lambda some: _mend(field, some, repair, assumptions))
    return texts


def _mend(field: str, cells: Cells, repair: CellTextFunction, assumptions: Assumptions) -> Cells:
    """The repaired cells; null where there is no repair."""
    repaired = repair(cells, assumptions)
    mended = pc.and_(pc.not_equal(repaired, cells), pa.array(~_find_refused(field, repaired, assumptions)))
    return pc.if_else(mended, repaired, pa.scalar(None, pa.string()))


def _find_refused(field: str, cells: Cells, assumptions: Assumptions) -> Mask:
    """Mask of the cells in which a rule finds an error: what would be refused again is no repair."""
    doubtful = ~KINDS[FIELDS_BY_NAME[field].kind].sound(cells, assumptions)
    refused: Mask = np.zeros(len(cells), bool)
    if doubtful.any():
        rest = cells.filter(pa.array(doubtful))
        tests = [rule.cell for rule in RULES if rule.cell and rule.severity is Severity.ERROR and field in rule.columns]
        refused[doubtful] = reduce(np.logical_or, (test(rest, assumptions) for test in tests))
    return refused
