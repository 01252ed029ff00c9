"""The results of a call as values: they compare, hash, pickle, and print in one line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from html import escape
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import CalltoolsError, DataError, SourceError
from calltools.model.cells import Mask
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary, total_of
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_columns, render_findings
from calltools.reports.wording import format_counts_line
from calltools.texts.keys import LANGUAGES, Language, MessageKey

#: Counts of a summary that are the same in each run over the same data.
_LASTING: Final = tuple(
    one.name for one in fields(Summary) if one.name not in {"source", "call_statistics", "now", "error", "uploads"}
)
#: Columns of the findings on a table, in which no record has a line or a sheet.
_OF_TABLES: Final = ("code", "name", "severity", "record", "column", "value", "message", "fix_kind", "after")


@dataclass(frozen=True, slots=True)
class FileFindings:
    """The findings on one file.

    Attributes:
        findings: As the run found them.
        summary: Of the file.
    """

    findings: Findings
    summary: Summary

    def render(self, options: ReportOptions) -> list[Finding]:
        """Each finding, worded."""
        return [*render_findings(self.findings, self.summary.source, self.summary.name, options)]

    def render_table(self, options: ReportOptions) -> pa.Table:
        """The same as columns."""
        return render_columns(self.findings, self.summary.source, self.summary.name, options)


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a run has found, over one file or several.

    Attributes:
        summaries: The counts of each file, in order; of a file that could not be read ``error`` says why.
        parts: The findings of each file that was read, not worded yet.
        options: How they are worded.
    """

    summaries: tuple[Summary, ...]
    parts: tuple[FileFindings, ...] = field(repr=False)
    options: ReportOptions = field(repr=False)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, in the order of the files; what only a whole file shows comes last in it."""
        return tuple(finding for part in self.parts for finding in part.render(self.options))

    @cached_property
    def findings_table(self) -> pa.Table:
        """The same as an Arrow table, which a million findings fit in."""
        tables = [part.render_table(self.options) for part in self.parts]
        return pa.concat_tables(tables or [render_columns(Findings.empty(), None, "", self.options)])

    @property
    def summary(self) -> Summary:
        """Counts that add up: of the file, or of all files together."""
        return self.summaries[0] if len(self.summaries) == 1 else total_of(self.summaries)

    @property
    def counts(self) -> dict[str, int]:
        """Code of a rule -> how many findings it has; exact, and in the order of the codes."""
        return dict(sorted((code, count) for code, count in self.summary.by_code.items() if count))

    @property
    def errors(self) -> tuple[CalltoolsError, ...]:
        """Why files could not be read; of a single file that is raised."""
        return tuple(summary.error for summary in self.summaries if summary.error is not None)

    @property
    def ok(self) -> bool:
        """Whether every file was read and no finding is an error."""
        return not self.errors and not self.summary.by_severity[Severity.ERROR]

    @property
    def exit_code(self) -> int:
        """What the command would end with: 0, 1 for errors in the data, 3 for a file that could not be read."""
        return SourceError.exit_code if self.errors else int(not self.ok)

    def raise_for_errors(self) -> Self:
        """The result itself, if nothing is an error.

        Raises:
            SourceError: A file could not be read.
            DataError: The data has errors.
        """
        for error in self.errors:
            raise error
        if not self.ok:
            raise data_error(self.parts, self.summary, self.options)
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        ours, theirs = ([_summary_key(one) for one in result.summaries] for result in (self, other))
        return ours == theirs and bool(self.findings_table.equals(other.findings_table)) and self._has_rows_of(other)

    def _has_rows_of(self, _other: Any) -> bool:
        """Whether the records of another result are the same."""
        return True

    def __hash__(self) -> int:
        return hash((type(self), *((one.name, one.read, one.rejected) for one in self.summaries)))

    def __repr__(self) -> str:
        return f"<calltools.{type(self).__name__} {_headline(self.summaries)}>"

    def _repr_html_(self) -> str:
        return _html_table(self.summaries)


def data_error(parts: Iterable[FileFindings], summary: Summary, options: ReportOptions) -> DataError:
    """The error that names what is wrong: how many errors of which rule, and the first of them in its own words."""
    counts: dict[str, int] = {}
    first: dict[Language, str] = {}
    record = None
    names = []
    for part in parts:
        table = part.findings.table
        errors = Findings(table.filter(pc.equal(table["severity"], Severity.ERROR.value)))
        if not len(errors):
            continue
        names.append(part.summary.name)
        for count in pc.value_counts(errors.table["code"]).to_pylist():
            counts[count["values"]] = counts.get(count["values"], 0) + count["counts"]
        if not first:
            found = FileFindings(Findings(errors.table.slice(0, 1)), part.summary)
            worded = {language: found.render(replace(options, language=language))[0] for language in LANGUAGES}
            first = {language: finding.message for language, finding in worded.items()}
            record = worded[options.language].record
    codes = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
    facts = {"path": ", ".join(names), "read": summary.read, "rejected": summary.rejected, "codes": codes}
    key: MessageKey = "data-errors" if record is None else "data-errors-record"
    return DataError(key, first, **facts, first=first[options.language], record=record)


def _summary_key(summary: Summary) -> tuple[object, ...]:
    """What of a summary is the same in each run over the same data."""
    values = tuple(_plain(getattr(summary, name)) for name in _LASTING)
    error = summary.error
    return *values, None if error is None else (type(error), error.key, sorted(error.facts.items(), key=repr))


def _plain(value: Any) -> Any:
    """Counts without zeros, which a run may have or not."""
    return {name: count for name, count in value.items() if count} if isinstance(value, Mapping) else value


def _headline(summaries: tuple[Summary, ...]) -> str:
    name = summaries[0].name if len(summaries) == 1 else f"{len(summaries)} files"
    total = summaries[0] if len(summaries) == 1 else total_of(summaries)
    unread = sum(summary.error is not None for summary in summaries)
    found = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in _by_severity(total).items())
    return f"{name}: {format_counts_line(total, 'en')}; {found or 'no findings'}" + (
        f"; {unread} not read" if unread else ""
    )


def _by_severity(summary: Summary) -> dict[str, int]:
    return {str(one): summary.by_severity[one] for one in Severity if summary.by_severity[one]}


def _html_table(summaries: tuple[Summary, ...]) -> str:
    """A small table for notebooks: a row for each file."""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in _html_cells(one))}</tr>" for one in summaries)
    return f"<table><tr><th>input</th><th>records</th><th>findings</th></tr>{rows}</table>"


def _html_cells(summary: Summary) -> tuple[str, ...]:
    found = ", ".join(f"{code} {count}" for code, count in sorted(summary.by_code.items()) if count)
    return summary.name, _state(summary), found


def _state(summary: Summary) -> str:
    return format_counts_line(summary, "en") if summary.error is None else str(summary.error)


@dataclass(frozen=True, eq=False, repr=False)
class Converted(Result):
    """What converting has found and made.

    Attributes:
        table: Without an output: the canonical records as text, a cell without a value is null; the columns are those
            that the file would have. With an output it is ``None``.
    """

    table: pa.Table | None = field(default=None, repr=False)

    def _has_rows_of(self, other: Any) -> bool:
        one, two = self.table, other.table
        return two is None if one is None else two is not None and bool(one.equals(two))


@dataclass(frozen=True, slots=True, repr=False)
class CheckedBatch:
    """Some records in the order of their file.

    Attributes:
        good: Records without an error: text as in the source, or canonical where the stream converts. Of a call of
            several records it is the one that stands for it.
        bad: Records with an error, as in the source; those that could not be split into cells are only in ``findings``.
        findings: What is wrong with them, as a table. The first batch also has what is wrong with file and header, the
            last one what only the whole file shows.
    """

    good: pa.Table
    bad: pa.Table
    findings: pa.Table

    def __hash__(self) -> int:
        return hash((self.good.num_rows, self.bad.num_rows, self.findings.num_rows))

    def __repr__(self) -> str:
        counts = f"good {self.good.num_rows}, bad {self.bad.num_rows}, findings {self.findings.num_rows}"
        return f"<calltools.CheckedBatch {counts}>"


@dataclass(frozen=True, eq=False, repr=False)
class Checked(Result):
    """What checking a table has found, and its rows as they were given.

    Attributes:
        rows: The table.
        mask: One boolean a row: ``True`` where the call has no error. A row that a vendor's profile leaves out, such as
            an outgoing call, is ``False`` here and in ``bad_mask``.
        bad_mask: ``True`` where the call has an error.
    """

    rows: pa.Table = field(default=None, repr=False)
    mask: Mask = field(default_factory=lambda: np.zeros(0, bool), repr=False)
    bad_mask: Mask = field(default_factory=lambda: np.zeros(0, bool), repr=False)

    @cached_property
    def good(self) -> pa.Table:
        """The rows of calls without an error, unchanged and in their order."""
        return self.rows.filter(pa.array(self.mask))

    @cached_property
    def bad(self) -> pa.Table:
        """The rows of calls with an error, unchanged and in their order."""
        return self.rows.filter(pa.array(self.bad_mask))

    @cached_property
    def findings(self) -> pa.Table:
        """Everything that is wrong, as a table: ``record`` counts rows from 1; ``after`` is the repaired cell."""
        return self.findings_table.select(_OF_TABLES)

    def _has_rows_of(self, other: Any) -> bool:
        return bool(self.rows.equals(other.rows))
