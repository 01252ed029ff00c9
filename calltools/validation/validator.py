"""Proves records clean with kernels and gives the others to pandera."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES, FIELDS_BY_NAME
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, all_empty, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.rule import PendingRows, Rule
from calltools.rules.catalog import RULES_BY_CODE
from calltools.validation.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class UnprovenRecords:
    """Records on which pandera has to speak.

    Attributes:
        columns: Canonical columns.
        records: Their numbers.
        places: Their lines or rows.
        unproven_cells: Field -> cells that are not proven sound; ``None``: nothing was proven.
    """

    columns: pa.Table
    records: Numbers
    places: Numbers
    unproven_cells: Mapping[str, Mask] | None = None


def select_unproven(
    batch: Batch, columns: Mapping[str, Cells], ruleset: RuleSet, assumptions: Assumptions, *, exact_only: bool = False
) -> UnprovenRecords:
    """The records of a batch that are not proven clean. Pure; runs in worker threads.

    Args:
        batch: The records.
        columns: Their canonical columns.
        ruleset: The rules of the run.
        assumptions: What the tests rest on.
        exact_only: Prove nothing: each record goes to pandera.
    """
    if exact_only or not batch.columns.num_columns:
        return UnprovenRecords(batch.columns, batch.records, batch.places)
    cells = {name: _unproven_mask(name, columns[name], assumptions) for name in columns}
    doubtful = reduce(np.logical_or, cells.values())
    rest = PendingRows(columns, ~doubtful)
    doubtful = reduce(np.logical_or, _row_rule_masks(rest, ruleset, assumptions), doubtful)
    rows = np.flatnonzero(doubtful)
    chosen = pa.array(rows)
    return UnprovenRecords(
        pa.table({name: pc.take(one, chosen, boundscheck=False) for name, one in columns.items()}),
        batch.records[rows],
        batch.places[rows],
        {name: mask[rows] for name, mask in cells.items()},
    )


def _unproven_mask(name: str, cells: Cells, assumptions: Assumptions) -> Mask:
    field = FIELDS_BY_NAME[name]
    if all_empty(cells):
        # Half the columns of most exports, and sound by the laws of all kinds.
        return np.full(len(cells), field.requirement.cell)
    unsound = ~KINDS[field.kind].sound(cells, assumptions)
    return unsound | ~non_empty(cells) if field.requirement.cell else unsound


def _row_rule_masks(columns: Mapping[str, Cells], ruleset: RuleSet, assumptions: Assumptions) -> Iterator[Mask]:
    for rule in ruleset.rules():
        if rule.row is not None and set(rule.columns) <= set(columns):
            yield rule.row(columns, assumptions)


def load_pandera() -> None:
    """Import pandera ahead of the first records to judge; a file that is proven clean does without it."""
    import_module("calltools.validation.pandera_schema")


class PanderaJudge:
    """pandera's verdict on the records of a run that are not proven. One thread at a time may ask it.

    Args:
        ruleset: The rules of the run.
        assumptions: What the tests rest on.
    """

    def __init__(self, ruleset: RuleSet, assumptions: Assumptions) -> None:
        self._ruleset = ruleset
        self._assumptions = assumptions
        self._schemas: dict[tuple[str, ...], Any] = {}

    def judge(self, parts: Sequence[UnprovenRecords]) -> Findings:
        """The verdict on some records.

        Findings hold the canonical field; title, position and severity are put in later.

        Raises:
            DefectError: A check itself failed: a fault in calltools.
        """
        there = [part for part in parts if len(part.records) and part.columns.num_columns]
        if not there:
            return Findings.empty()
        names = tuple(name for name in FIELD_NAMES if any(name in part.columns.column_names for part in there))
        table = pa.concat_tables([_with_all_columns(part.columns, names) for part in there]).combine_chunks()
        frame = _JudgedFrame(
            {name: combine_chunks(table[name]) for name in table.column_names},
            np.concatenate([part.records for part in there]),
            np.concatenate([part.places for part in there]),
        )
        failed = self._schema(names).failed_checks(frame.columns, _merge_unproven_cells(there, names))
        return Findings.concat(
            [
                _make_findings(RULES_BY_CODE[check.code], check.column, check.rows, frame, self._assumptions)
                for check in failed
            ]
        )

    def _schema(self, names: tuple[str, ...]) -> Any:
        # Imported here: 0.6 s that a command without doubtful records does not need.
        from calltools.validation.pandera_schema import PanderaSchema  # noqa: PLC0415

        if names not in self._schemas:
            self._schemas[names] = PanderaSchema(self._ruleset.rules(), names, self._assumptions)
        return self._schemas[names]


def _with_all_columns(columns: pa.Table, names: Sequence[str]) -> pa.Table:
    """The columns in one order; one that only another batch has (a joined identifier) is empty here."""
    empty = constant_cells("", columns.num_rows)
    return pa.table({name: columns[name] if name in columns.column_names else empty for name in names})


def _merge_unproven_cells(parts: Sequence[UnprovenRecords], names: Sequence[str]) -> Mapping[str, Mask]:
    """Field -> doubtful cells of all parts; a field is left out when each of its cells has to be judged."""
    proven = [part.unproven_cells for part in parts if part.unproven_cells is not None]
    if len(proven) < len(parts):
        return {}
    nothing = [np.zeros(len(part.records), bool) for part in parts]
    return {
        name: np.concatenate([masks.get(name, none) for masks, none in zip(proven, nothing, strict=True)])
        for name in names
    }


@dataclass(frozen=True, slots=True)
class _JudgedFrame:
    """What a verdict is about."""

    columns: Mapping[str, Cells]
    records: Numbers
    places: Numbers


def _make_findings(
    rule: Rule, name: str | None, rows: Numbers, frame: _JudgedFrame, assumptions: Assumptions
) -> Findings:
    field = name if rule.cell else rule.at
    given: dict[str, Any] = {"field": field}
    if field is not None and field in frame.columns:
        cells = frame.columns[field].take(pa.array(rows))
        given["value"] = cells
        given |= _detail_and_repair(rule, field, cells, assumptions)
    if rule.note_where is not None:
        milder = pa.array(rule.note_where(frame.columns, assumptions)[rows])
        given["severity"] = pc.if_else(milder, "note", pa.scalar(None, pa.string()))
    return Findings.for_rule(rule.code, records=frame.records[rows], places=frame.places[rows], **given)


def _detail_and_repair(rule: Rule, field: str, cells: Cells, assumptions: Assumptions) -> dict[str, Cells]:
    texts: dict[str, Cells] = {}
    if rule.detail:
        texts["detail"] = rule.detail(cells, assumptions)
    if rule.fix:
        repaired = (rule.repair or KINDS[FIELDS_BY_NAME[field].kind].normalize)(cells, assumptions)
        same = pc.equal(repaired, cells)
        texts["after"] = pc.if_else(same, pa.scalar(None, pa.string()), repaired)
    return texts
