"""What ``import calltools`` offers: the same as the command line, as functions and values."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from calltools.files.folders import displayable
from calltools.files.packed import split_member
from calltools.files.remote_path import as_path
from calltools.model.finding import Finding
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from calltools.run import (
    ConversionSink,
    FindingsCollector,
    InputFile,
    OptionArguments,
    RunOptions,
    Session,
    SessionSink,
    refuse_occupied_outputs,
    refuse_other_endings,
    resolve,
)
from calltools.texts.keys import Language


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one file.

    Attributes:
        findings: Everything that is wrong, in the order of the file; what only the whole file shows comes last.
        summary: Counts that add up.
    """

    findings: tuple[Finding, ...]
    summary: Summary

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not self.summary.by_severity["error"]


def validate(
    path: str | Path, *, language: Language = "en", show_values: bool = False, **options: Unpack[OptionArguments]
) -> Result:
    """Check a canonical file or a vendor's export.

    Args:
        path: The file; it may be packed, a member of an archive (``archive.zip/member.csv``), or an address
            (``s3://bucket/calls.csv``).
        language: Of the messages.
        show_values: Do not mask phones and ids in the findings.
        options: The fields of ``calltools.run.RunOptions``.

    Raises:
        CalltoolsError: The file cannot be read, or the call is wrong. What is wrong with the data is in the result.
    """
    return _run(_resolve_input(path, options), ReportOptions(language, show_values), [], converting=False)


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
        path: The export, as above.
        output: The file to write, or its address; its ending is .csv, .csv.gz, .csv.zst or .parquet, or it has none.
        force: Overwrite ``output``.
        language: Of the messages.
        show_values: Do not mask phones and ids in the findings.
        options: The fields of ``calltools.run.RunOptions``.

    Raises:
        CalltoolsError: The file cannot be read or written, or the call is wrong. Nothing is left half-written.
    """
    target = as_path(output)
    refuse_other_endings(target)
    one = _resolve_input(path, options)
    refuse_occupied_outputs([target], [one], [one.context.options.baseline])
    with ConversionSink(target, force=force) as sink:
        return _run(one, ReportOptions(language, show_values), [sink], converting=True)


def _resolve_input(path: str | Path, options: Any) -> InputFile:
    """The file with its options; the other files that are read may be given as text."""
    others = {name: as_path(options[name]) for name in ("identifiers", "baseline") if options.get(name) is not None}
    given = as_path(path)
    found, member = split_member(given)
    context = resolve(RunOptions(**{**options, **others}))
    return InputFile(found, displayable(str(given)), context, member)


def _run(one: InputFile, style: ReportOptions, sinks: Sequence[SessionSink], *, converting: bool) -> Result:
    collector = FindingsCollector()
    [summary] = Session([one], [collector, *sinks], converting=converting, stop_on_error=True).run()
    return Result(tuple(render_findings(collector.findings, summary.source, one.name, style)), summary)
