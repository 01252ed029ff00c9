"""The reporters that options ask for: one on a stream, one for each ``--report``, one for the runner of GitHub."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from calltools.cli.next_step import NextStep
from calltools.cli.options import Color, FindingOptions, is_terminal, resolve_language
from calltools.cli.terminal import force_utf8
from calltools.files.atomic import AtomicFile, enter_interrupt_safe, open_for_append
from calltools.files.placeholders import STEM
from calltools.reports import REPORTERS, Form, form_for_path
from calltools.reports.github import STEP_SUMMARY_BYTES, StepSummaryReporter
from calltools.reports.reporter import Reporter, ReportOptions
from calltools.run import ReporterSink, ReportPerFileSink, SessionSink, report_path
from calltools.settings import read_settings

#: Lines longer or shorter than these are hard to read.
_DEFAULT_WIDTH: Final = 100
_MIN_WIDTH: Final = 40
_MAX_WIDTH: Final = 120
_TERMINAL_FINDINGS_PER_RULE: Final = 3


def open_reporters(
    showing: FindingOptions, stream: TextIO | None, stack: ExitStack, names: Sequence[str]
) -> Iterator[SessionSink]:
    """The reporters of a run.

    Args:
        showing: What the user wants to see.
        stream: Where findings are shown; ``None``: nowhere but in files.
        stack: Closes the report files: with an exception they do not appear.
        names: What the files of the run are called.

    Raises:
        OutputError: A report cannot be written, or its place is taken.
        UsageError: No form has the ending of a report file.
    """
    settings = read_settings()
    usual = "concise" if showing.quiet else "text"
    chosen: str = showing.output_format or ("github" if settings.on_github else usual)
    if stream is not None:
        if not REPORTERS[chosen].for_people:
            force_utf8(stream)
        options = replace(_report_options(showing, stream), several_files=len(names) > 1)
        yield ReporterSink(REPORTERS[chosen](stream, options), errors_only=showing.quiet)
    # The runner makes the file; a container that was handed the variable alone has none.
    if chosen == "github" and settings.step_summary and (path := Path(settings.step_summary)).is_file():
        page = stack.enter_context(open_for_append(path))
        room = STEP_SUMMARY_BYTES - path.stat().st_size
        yield ReporterSink(StepSummaryReporter(page, _report_options(showing, page), room))
    for path in showing.report or []:
        form = REPORTERS[form_for_path(path)]
        if STEM in str(path):
            create = partial(_create_reporter, form, showing)
            yield enter_interrupt_safe(stack, ReportPerFileSink(path, names, create, force=showing.force))
            continue
        file = stack.enter_context(AtomicFile(path, force=showing.force).open_text())
        yield ReporterSink(form(file, replace(_report_options(showing, file), several_files=len(names) > 1)))


def create_next_step(showing: FindingOptions, stream: TextIO) -> list[NextStep]:
    """What says which command is next, if the findings are text; the commands of programs are their own."""
    chosen = showing.output_format or ("github" if read_settings().on_github else "text")
    return [NextStep(_report_options(showing, stream))] if chosen == "text" and not showing.quiet else []


def list_report_files(showing: FindingOptions, names: Sequence[str]) -> list[Path]:
    """The files that reports are written to, those of each input among them."""
    listed = (
        [report_path(path, name) for name in names] if STEM in str(path) else [path] for path in showing.report or []
    )
    return [*chain.from_iterable(listed)]


def _create_reporter(form: Form, showing: FindingOptions, file: TextIO) -> Reporter:
    return form(file, _report_options(showing, file))


def wants_statistics(showing: FindingOptions) -> bool:
    """Whether a report shows statistics of the calls."""
    return any(REPORTERS[form_for_path(path)].draws for path in showing.report or [])


def _report_options(showing: FindingOptions, stream: TextIO) -> ReportOptions:
    terminal = is_terminal(stream)
    forced = {Color.ALWAYS: True, Color.NEVER: False}.get(showing.color, read_settings().color)
    return ReportOptions(
        language=resolve_language(showing.lang),
        show_values=showing.show_values,
        limit=showing.max_findings or (_TERMINAL_FINDINGS_PER_RULE if terminal else None),
        color=terminal if forced is None else forced,
        width=report_width(stream),
    )


def report_width(stream: TextIO) -> int:
    """Columns at which a report for people folds its lines: those of the terminal, if the stream is one."""
    if not is_terminal(stream):
        return _DEFAULT_WIDTH
    return min(max(shutil.get_terminal_size().columns - 1, _MIN_WIDTH), _MAX_WIDTH)
