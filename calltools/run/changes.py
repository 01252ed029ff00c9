"""What converting rewrote, cell by cell: a file of changes, and the first change of each kind."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.batch_steps import RunPlan
from calltools.fields.kinds import normalize_field_cells
from calltools.fields.redaction import redact_cells
from calltools.fields.table import FIELD_NAMES, IDENTIFIER_FIELDS
from calltools.files.atomic import AtomicFile
from calltools.files.csv.writers import serialize_records
from calltools.files.decompression import read_head
from calltools.matching.columns import RESULT_FIELDS
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, as_mask, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.rule import Scope
from calltools.model.summary import Summary
from calltools.rules.catalog import RULES
from calltools.run.planned_file import PlannedFile
from calltools.run.sinks import SessionSink, is_held

#: Titles of the file of changes.
CHANGE_TITLES: Final = ("file", "record", "place", "column", "title", "before", "after", "why")
_HEADER: Final = (",".join(CHANGE_TITLES) + "\n").encode()
#: Why a cell was rewritten that no rule finds fault with.
_BY_PROFILE: Final = "profile"
_BY_OPTION: Final = "option"
_BY_SECOND_FILE: Final = "identifiers"
_BY_OUTCOMES: Final = "outcomes"
_BY_NOTHING: Final = "normalized"
_BY_HAND: Final = "by-hand"
#: Who fills empty cells of a field.
_FILLED_BY: Final = {
    **dict.fromkeys(IDENTIFIER_FIELDS, _BY_SECOND_FILE),
    **dict.fromkeys(("StaticCall", "Currency"), _BY_OPTION),
}
#: The same, where there are files of outcomes.
_FILLED_WITH_OUTCOMES: Final = _FILLED_BY | dict.fromkeys(RESULT_FIELDS, _BY_OUTCOMES)


def starts_like_changes(path: Path) -> bool:
    """Whether a file begins as changes are written, packed or not, also where a spreadsheet has saved it as UTF-8.

    Raises:
        OSError: It cannot be read.
    """
    # A Russian spreadsheet separates by semicolons, and some put titles in quotes.
    head = read_head(path, len(BOM_UTF8) + 2 * len(_HEADER)).removeprefix(BOM_UTF8)
    return head.replace(b'"', b"").replace(b";", b",").startswith(_HEADER.rstrip())


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """Changes of one field for one reason.

    Attributes:
        field: The canonical field.
        why: The name of the rule that finds fault with the cell as it was; else ``profile``, ``option``,
            ``identifiers``, ``outcomes`` or ``normalized``.
    """

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class FirstChange:
    """How often changes of a kind occur, and the first of them.

    Attributes:
        count: Cells.
        file: What the user calls the file of the first one.
        place: Its line, or its row in a sheet.
        before: The cell as the file has it, redacted unless values are to be shown.
        after: As it was written, redacted alike.
    """

    count: int
    file: str
    place: int
    before: str
    after: str

    @property
    def cells(self) -> dict[str, str]:
        """Both cells by name."""
        return {"before": self.before, "after": self.after}


class ChangesSink(SessionSink):
    """Writes each cell of a written record that differs from the cell it was read from. A context manager.

    Of an export the cell before is that of the first column which the profile reads for the field. Cells that were
    empty and are filled by an option or from a second file are changes, too; constants of a profile are not.
    Leaving the context discards what ``close`` has not put in its place.

    Args:
        target: The file to write, with the cells as they are; ``None``: only count kinds.
        force: Overwrite an existing file.
        all_or_nothing: Write no change if any record is bad or any file unreadable: no record is written then.
        show_values: Keep the first change of each kind as it is, instead of redacted.

    Attributes:
        kinds: The kinds of changes, in the order in which they first occurred.
    """

    def __init__(
        self, target: Path | None, *, force: bool = False, all_or_nothing: bool = False, show_values: bool = False
    ) -> None:
        self._file = None if target is None else AtomicFile(target, force=force)
        self._all_or_nothing = all_or_nothing
        self._show_values = show_values
        self.kinds: dict[ChangeKind, FirstChange] = {}
        self._before: tuple[int, dict[ChangeKind, FirstChange]] = (0, {})
        self._name = ""
        self._planned: PlannedFile | None = None

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: The place is taken, or cannot be written.
        """
        if self._file is not None:
            self._stream = self._file.__enter__()
            self._stream.write(_HEADER)
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is not in its place."""
        if self._file is not None:
            self._file.discard()

    def wants_records(self, _path: Path) -> bool:
        """Cells are compared with those of the source."""
        return True

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Begin with a file."""
        self._name, self._planned = name, planned
        self._before = (0 if self._file is None else self._stream.tell(), dict(self.kinds))

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        """Compare the records of a batch that are written."""
        if batch.origin is None or self._planned is None or bad.all():
            return
        changes = pa.concat_tables([_NO_CHANGES, *self._compare(batch, ~bad)])
        if not changes.num_rows:
            return
        changes = changes.sort_by([("record", "ascending")])
        self._count(changes)
        if self._file is not None:
            cells = [combine_chunks(changes[name]).cast(pa.string()) for name in CHANGE_TITLES]
            self._stream.write(serialize_records(cells))

    def write_by_hand(self, changes: Sequence[tuple[int, int, str, str, str]]) -> None:
        """Write cells of the current file that a person has mended before it was read.

        Args:
            changes: Number and place of the record, title of the column, the cell before and after.
        """
        if self._file is None:
            return
        fields = {title: name for name, (title, _) in (self._planned.plan.layout if self._planned else {}).items()}
        rows = [
            (self._name, str(record), str(place), fields.get(title, ""), title, before, after, _BY_HAND)
            for record, place, title, before, after in changes
        ]
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        if columns:
            self._stream.write(serialize_records(columns))

    def drop_file(self) -> None:
        """Take back what was written of the file."""
        place, self.kinds = self._before
        if self._file is not None:
            self._stream.truncate(place)

    def close(self, summaries: Sequence[Summary]) -> None:
        """Put the file in its place."""
        if self._all_or_nothing and is_held(summaries):
            self.kinds = {}
        elif self._file is not None:
            self._file.commit()

    def _compare(self, batch: Batch, written: Mask) -> Iterator[pa.Table]:
        assert self._planned is not None and batch.origin is not None  # noqa: S101, PT018 - take has looked
        plan = self._planned.plan
        names = batch.columns.column_names
        for field in FIELD_NAMES:
            if field not in names or (field not in plan.layout and field not in _filled_by(plan)):
                continue
            title, position = plan.layout.get(field, ("", None))
            after = batch.cells(field)
            before = constant_cells("", len(batch))
            if position is not None:
                before = combine_chunks(batch.origin.column(position))
            elif plan.mapping is not None and not _may_be_filled(field, plan):
                continue  # the profile computes it, or says it for all records
            rows = np.flatnonzero(as_mask(pc.not_equal(before, after)) & written)
            if len(rows):
                taken = pa.array(rows)
                before, after = before.take(taken), after.take(taken)
                yield pa.table(
                    {
                        "file": constant_cells(self._name, len(rows)),
                        "record": pa.array(batch.records[rows]),
                        "place": pa.array(batch.places[rows]),
                        "column": constant_cells(field, len(rows)),
                        "title": constant_cells(title, len(rows)),
                        "before": before,
                        "after": after,
                        "why": self._explain(field, before, after),
                    },
                    _SCHEMA,
                )

    def _explain(self, field: str, before: Cells, after: Cells) -> Cells:
        """Why each cell of a field was rewritten: the first rule that finds fault with it, or who filled it."""
        assert self._planned is not None  # noqa: S101 - take has looked
        plan = self._planned.plan
        normalized = as_mask(pc.equal(normalize_field_cells(field, before, plan.assumptions), after))
        why = np.full(len(before), _BY_NOTHING if plan.mapping is None else _BY_PROFILE, object)
        why[normalized] = _BY_NOTHING
        if field in _filled_by(plan):
            why[~non_empty(before)] = _filled_by(plan)[field]
        unexplained = normalized & non_empty(before)
        for rule in RULES:
            if rule.scope is Scope.CELL and rule.cell is not None and field in rule.columns and unexplained.any():
                found = rule.cell(before, plan.assumptions) & unexplained
                why[found] = rule.name
                unexplained &= ~found
        return pa.array(why, pa.string())

    def _count(self, changes: pa.Table) -> None:
        kinds = changes.group_by(["column", "why"], use_threads=False)
        counted = kinds.aggregate([([], "count_all"), ("place", "first"), ("before", "first"), ("after", "first")])
        for one in counted.to_pylist():
            kind = ChangeKind(one["column"], one["why"])
            known = self.kinds.get(kind)
            if known is None:
                before, after = self._redact(kind.field, one["before_first"], one["after_first"])
                known = FirstChange(0, self._name, one["place_first"], before, after)
            self.kinds[kind] = FirstChange(
                known.count + one["count_all"], known.file, known.place, known.before, known.after
            )

    def _redact(self, field: str, *cells: str) -> list[str]:
        return list(cells) if self._show_values else redact_cells(field, pa.array(cells, pa.string())).to_pylist()


def _filled_by(plan: RunPlan) -> Mapping[str, str]:
    return _FILLED_BY if plan.outcomes is None else _FILLED_WITH_OUTCOMES


def _may_be_filled(field: str, plan: RunPlan) -> bool:
    """Whether a field that the profile computes, or says for all records, is filled in from somewhere else."""
    if field == "Currency":
        return True
    return plan.outcomes is not None if field in RESULT_FIELDS else plan.index is not None


_SCHEMA: Final = pa.schema(
    [(name, pa.int64() if name in {"record", "place"} else pa.string()) for name in CHANGE_TITLES]
)
_NO_CHANGES: Final = _SCHEMA.empty_table()
