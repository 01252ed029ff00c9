"""One file, opened and converted as the options say, without writing: its counts, its findings, some of its calls."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow.compute as pc

from calltools.errors import CalltoolsError
from calltools.fields.kernels.byte_kernels import digits_only
from calltools.fields.local_times import offset_at
from calltools.fields.redaction import redact_cells
from calltools.fields.table import FIELD_NAMES, IDENTIFIER_FIELDS
from calltools.files.folders import FoundFile
from calltools.files.packed import Packed, Unpacker
from calltools.guide.question import Example
from calltools.matching.columns import RESULT_FIELDS
from calltools.model.batch import Batch, Table
from calltools.model.cells import Cells, Mask, as_mask, combine_chunks, non_empty
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.run.context import RunOptions, resolve
from calltools.run.outcomes import OutcomeMatch
from calltools.run.planned_file import PlannedFile, plan_file
from calltools.run.session import SessionEvents
from calltools.vendors.profile import Profile
from calltools.vendors.zones import format_offset

#: Fields that show what a call is, where an answer is about the whole file.
_WHOLE_CALL: Final = ("DateTime", "PhoneNumber", "CallMissed", "TalkDuration")
#: Key of a question -> the fields that its answer changes, the first one first.
CHANGED_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "timezone": ("DateTime",),
    "date-order": ("DateTime",),
    "region": ("PhoneNumber",),
    "currency": ("Price", "Currency"),
    "static-call": ("StaticCall", *IDENTIFIER_FIELDS),
    "identifiers": (*IDENTIFIER_FIELDS,),
    "identifiers-sheet": (*IDENTIFIER_FIELDS,),
    "outcomes-sheet": (*RESULT_FIELDS,),
    "duration-format": ("TalkDuration", "HoldDuration"),
}
#: Questions whose answers change what files of outcomes give.
_ABOUT_OUTCOMES: Final = ("currency", "outcomes-sheet", "outcome-columns")
#: Questions that come before the one about the country of phones.
_BEFORE_REGION: Final = ("timezone", "date-order")
_SHOWN: Final = 3
#: Whatever it is, amounts are taken with it.
_ANY_CURRENCY: Final = "RUB"


class _Enough(Exception):  # noqa: N818 - no error: nobody wants more records
    """The records that are shown have been seen."""


@dataclass(slots=True)
class _Collector:
    """Keeps the findings, and the first records of which a question is."""

    parts: list[Findings] = field(default_factory=list)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        if len(findings):
            self.parts.append(findings)


@dataclass(frozen=True, slots=True)
class Trial:
    """What converting a file gives.

    Attributes:
        planned: The file, opened and planned.
        summary: The counts.
        findings: What is wrong with it.
    """

    planned: PlannedFile
    summary: Summary
    findings: Findings

    @property
    def table(self) -> Table:
        """The table of the file."""
        return self.planned.table

    @property
    def profile(self) -> Profile | None:
        """The profile that maps it."""
        return None if self.planned.plan.mapping is None else self.planned.plan.mapping.profile

    def count(self, code: str) -> int:
        """The findings of a rule."""
        return self.summary.by_code[code]

    def values(self, code: str) -> Cells:
        """The cells that a rule has found."""
        table = self.findings.table
        return combine_chunks(table.filter(pc.equal(table["code"], code))["value"]).drop_null()


def try_file(found: FoundFile, options: RunOptions, events: SessionEvents | None = None) -> Trial:
    """Convert a file without writing it.

    Args:
        found: The file.
        options: How.
        events: Hears how far it is.

    Raises:
        UsageError: Something must be said, or is said wrong.
        SourceError: The file cannot be read.
    """
    with Unpacker() as unpacker:
        planned = _prepare(found, options, unpacker)
        collector = _Collector()
        if events is None:
            summary = planned.run(found.name, [collector])
        else:
            path = planned.table.source.path
            events.started(found.name, planned)
            with events.reading(found.name, path.stat().st_size if path.is_file() else 0) as on_read:
                summary = planned.run(found.name, [collector], on_read)
        return Trial(planned, summary, Findings.concat(collector.parts))


def has_amounts(found: FoundFile, options: RunOptions) -> bool:
    """Whether a good call of a file has an amount, which wants a currency."""
    told = replace(options, currency=options.currency or _ANY_CURRENCY)
    return _has_record(found, told, lambda batch, bad: _filled(batch, ("Price",)) & ~bad)


def has_joinable(found: FoundFile, options: RunOptions) -> bool:
    """Whether a call of a file has a phone and no identifier, so that a second file may know it."""
    return _has_record(
        found, options, lambda batch, _bad: _filled(batch, ("PhoneNumber",)) & ~_filled(batch, IDENTIFIER_FIELDS)
    )


def _has_record(found: FoundFile, options: RunOptions, test: Callable[[Batch, Mask], Mask]) -> bool:
    with Unpacker() as unpacker, suppress(CalltoolsError):
        try:
            _prepare(found, options, unpacker, keep=True).run(found.name, [_FirstRecord(test)])
        except _Enough:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _FirstRecord:
    """Ends a run at the first record that passes a test."""

    test: Callable[[Batch, Mask], Mask]

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        if len(batch) and self.test(batch, bad).any():
            raise _Enough


def _filled(batch: Batch, fields: Sequence[str]) -> Mask:
    """Mask of the records that have one of some fields."""
    filled = [non_empty(batch.cells(name)) for name in fields if name in batch.columns.column_names]
    return np.logical_or.reduce(filled) if filled else np.zeros(len(batch), bool)


def show_examples(found: FoundFile, options: RunOptions, key: str, *, show_values: bool = False) -> tuple[Example, ...]:
    """Some calls before and after: those first that an answer changes.

    Args:
        found: The file.
        options: With the answer that is shown.
        key: Of the question.
        show_values: Do not mask phones and ids.

    Returns:
        At most three; none where the file cannot be converted so.
    """
    fields = CHANGED_FIELDS.get(key, _WHOLE_CALL)
    if key != "static-call" and options.static_call is None:
        # What becomes of calls without an identifier is asked later; until then they are not shown as lost.
        options = replace(options, static_call="auto")
    if key not in _ABOUT_OUTCOMES:
        # What they still want must not hide what another answer changes.
        options = replace(options, outcomes=())
    with Unpacker() as unpacker, suppress(CalltoolsError):
        planned = _prepare(found, options, unpacker, keep=True)
        shown = _Examples(planned, key, fields, show_values)
        with suppress(_Enough):
            planned.run(found.name, [shown])
        return tuple([*shown.changed, *shown.others][:_SHOWN])
    return ()


def _prepare(found: FoundFile, options: RunOptions, unpacker: Unpacker, *, keep: bool = False) -> PlannedFile:
    context = resolve(options)
    path = unpacker.plain_path(Packed(found.path, found.member), found.name, options.limits)
    planned = plan_file(path, found.name, context, converting=True, keep_records=keep, keep_origin=keep)
    if not context.outcomes:
        return planned
    match = OutcomeMatch(context.outcomes, options.outcome_window_s)
    return match.assign({0: planned}, lambda _number: None, may_fork=False)[0]


@dataclass(slots=True)
class _Examples:
    """Takes the records that show best what an answer changes."""

    planned: PlannedFile
    key: str
    fields: tuple[str, ...]
    show_values: bool
    changed: list[Example] = field(default_factory=list)
    others: list[Example] = field(default_factory=list)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Keep some records of a batch.

        Raises:
            _Enough: There are enough.
        """
        if not len(batch) or batch.origin is None:
            return
        before, after = self._cells(batch)
        interesting, reasons = self._interesting(batch), _first_errors(findings)
        if self.key in _BEFORE_REGION and self.planned.plan.assumptions.region is None:
            # The country of phones is asked later; until then their calls are not shown as lost.
            bad = bad & ~np.isin(batch.records, [record for record, code in reasons.items() if code == "CT241"])
        for row in range(len(batch)):
            example = Example(
                int(batch.places[row]),
                {title: texts[row] for title, texts in before.items()},
                {name: texts[row] for name, texts in after.items() if texts[row]},
                reasons.get(int(batch.records[row]), "") if bad[row] else None,
            )
            (self.changed if interesting[row] else self.others).append(example)
            if len(self.changed) >= _SHOWN:
                raise _Enough
        del self.others[_SHOWN:]

    def _interesting(self, batch: Batch) -> Mask:
        """The records that the answer is about: those without an identifier, those that got one, those it rewrites."""
        names = batch.columns.column_names
        identified = _filled(batch, IDENTIFIER_FIELDS)
        if self.key == "static-call":
            return ~identified
        if self.key in {"identifiers", "identifiers-sheet"}:
            return identified
        changed = np.zeros(len(batch), bool)
        for name in self.fields:
            known = self.planned.plan.layout.get(name)
            if name in names and known is not None and batch.origin is not None:
                cells = batch.cells(name)
                changed |= as_mask(pc.not_equal(cells, combine_chunks(batch.origin.column(known[1])))) & non_empty(
                    cells
                )
        return changed

    def _cells(self, batch: Batch) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Cells before by title, and after by field; those of the time and the phone tell which call it is."""
        assert batch.origin is not None  # noqa: S101 - take has looked
        names = [name for name in FIELD_NAMES if name in {*self.fields, "DateTime", "PhoneNumber"}]
        before: dict[str, list[str]] = {}
        after: dict[str, list[str]] = {}
        for name in names:
            if (known := self.planned.plan.layout.get(name)) is not None:
                cells = combine_chunks(batch.origin.column(known[1]))
                before.setdefault(known[0], self._mask(name, cells))
            if name in batch.columns.column_names and name in self.fields:
                after[name] = self._mask(name, batch.cells(name), is_time=name == "DateTime")
        return before, after

    def _mask(self, name: str, cells: Cells, *, is_time: bool = False) -> list[str]:
        shown: list[str] = (cells if self.show_values else redact_cells(name, cells)).to_pylist()
        if not is_time:
            return shown
        zone = self.planned.plan.assumptions.timezone or "UTC"
        return [
            format_moment(text, zone) if good else text
            for text, good in zip(shown, digits_only(cells).tolist(), strict=True)
        ]


def _first_errors(findings: Findings) -> dict[int, str]:
    """Record -> code of its first error."""
    table = findings.table
    errors = table.filter(pc.equal(table["severity"], Severity.ERROR.value))
    pairs = zip(reversed(errors["record"].to_pylist()), reversed(errors["code"].to_pylist()), strict=True)
    return {record: code for record, code in pairs if record is not None}


def format_moment(seconds: str, zone: str) -> str:
    """Unix seconds as a date and a time with the offset of a zone: ``2026-03-02 10:00:00 +03:00``."""
    if not seconds:
        return seconds
    epoch = np.array([int(seconds)], np.int64)
    offset = int(offset_at(epoch, zone)[0])
    local = (epoch + offset).astype("datetime64[s]")[0]
    return f"{str(local).replace('T', ' ')} {format_offset(offset)}"
