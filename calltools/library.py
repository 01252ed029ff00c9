"""What ``import calltools`` offers: the same as the command line, as functions and values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import pyarrow as pa

from calltools.files.atomic import refuse_same_file
from calltools.files.csv.writers import CanonicalWriter
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from calltools.run import OptionArguments, RunOptions, prepare_job, resolve
from calltools.texts.keys import Language


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a file.

    Attributes:
        findings: Everything that is wrong, in the order of the file; what only the whole file shows comes last.
        summary: Counts that add up.
    """

    findings: tuple[Finding, ...]
    summary: Summary

    @property
    def ok(self) -> bool:
        """Whether nothing is an error."""
        return not self.summary.by_severity["error"]


@dataclass(slots=True)
class _FindingsCollector:
    """A sink that keeps the findings."""

    parts: list[Findings] = field(default_factory=list)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        self.parts.append(findings)


@dataclass(slots=True)
class _RecordWriter:
    """A sink that writes the records without an error."""

    writer: CanonicalWriter
    count: int = 0

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        if len(batch):
            self.count += int((~bad).sum())
            self.writer.write(batch.columns.filter(pa.array(~bad)))


def validate(
    path: str | Path, *, language: Language = "en", show_values: bool = False, **options: Unpack[OptionArguments]
) -> Result:
    """Check a canonical file or a vendor's export.

    Args:
        path: The file.
        language: Of the messages.
        show_values: Leave phones and ids in the findings unmasked.
        options: The fields of ``calltools.run.Options``.

    Raises:
        CalltoolsError: The file cannot be read, or the call is wrong. What is wrong with the data is in the result.
    """
    return _process(Path(path), ReportOptions(language, show_values), options, None)


def convert(
    path: str | Path,
    output: str | Path,
    *,
    force: bool = False,
    language: Language = "en",
    show_values: bool = False,
    **options: Unpack[OptionArguments],
) -> Result:
    """Convert a vendor's export, or an untidy file, to the canonical CSV.

    Records with an error are left out, and are in the result's findings and counts.

    Args:
        path: The export.
        output: The file to write.
        force: Overwrite ``output``.
        language: Of the messages.
        show_values: Leave phones and ids in the findings unmasked.
        options: The fields of ``calltools.run.Options``.

    Raises:
        CalltoolsError: The file cannot be read or written, or the call is wrong. Nothing is left half-written.
    """
    refuse_same_file(Path(output), [Path(path), *_secondary_paths(options).values()])
    with CanonicalWriter(Path(output), force=force) as writer:
        result = _process(Path(path), ReportOptions(language, show_values), options, _RecordWriter(writer))
        writer.close()
    return result


def _process(path: Path, style: ReportOptions, options: Any, writer: _RecordWriter | None) -> Result:
    setting = resolve(RunOptions(**{**options, **_secondary_paths(options)}))
    job = prepare_job(path, str(path), setting, converting=writer is not None, keep_records=writer is not None)
    kept = _FindingsCollector()
    summary = job.run(str(path), [kept, *([] if writer is None else [writer])])
    if writer is not None:
        summary.written = writer.count
    findings = render_findings(Findings.concat(kept.parts), job.table.source, str(path), style)
    return Result(tuple(findings), summary)


def _secondary_paths(options: Any) -> dict[str, Path]:
    """The other files that are read, which may be given as text."""
    return {name: Path(options[name]) for name in ("identifiers", "baseline") if options.get(name) is not None}
