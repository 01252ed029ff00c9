"""What a run of ``validate`` or ``convert`` says on standard error: how far it is, counts, changes, baselines."""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from calltools.batch_steps import RunPlan
from calltools.cli.options import FindingOptions, format_error, is_terminal, resolve_language
from calltools.cli.progress import Progress
from calltools.cli.terminal import fold_words
from calltools.errors import FileFault, traceback_places
from calltools.model.summary import Summary
from calltools.model.titles import redacted_titles
from calltools.pipeline import OnRead
from calltools.reports.escape import escape_invisible
from calltools.reports.wording import format_counts_line, format_total_line
from calltools.rules.catalog import RULES
from calltools.run import BaselineResult, ChangeKind, FirstChange, PlannedFile, SessionEvents
from calltools.texts import Language, say


@dataclass(frozen=True, slots=True)
class ConsoleEvents(SessionEvents):
    """Shows a run on standard error, as the options want it."""

    showing: FindingOptions
    progress: Progress | None

    def prepared(self) -> None:
        """All files are opened and planned."""
        # Modules and plans stay until the end: the garbage collector need not look at them again and again.
        gc.freeze()

    def started(self, name: str, planned: PlannedFile) -> None:
        """Say how a file is read, if more is wanted."""
        if self.showing.verbose:
            self._wipe()
            for line in _describe_plan(planned.plan, resolve_language(self.showing.lang)):
                typer.echo(f"{name}: {line}", err=True)

    def reading(self, name: str, size: int) -> AbstractContextManager[OnRead]:
        """Show how far a file is read."""
        if self.progress is None:
            return SessionEvents.reading(self, name, size)
        return self.progress.reading(name, size)

    def unreadable(self, _name: str, fault: FileFault) -> None:
        """Say why a file cannot be read."""
        self._wipe()
        typer.echo(format_error(fault, resolve_language(self.showing.lang)), err=True)
        if self.showing.debug:
            typer.echo(traceback_places(fault), err=True)

    def _wipe(self) -> None:
        if self.progress is not None:
            self.progress.wipe()


def open_progress(showing: FindingOptions, files: int) -> Progress | None:
    """What shows how far the run is: on a terminal, or with ``--verbose``."""
    drawn = is_terminal(sys.stderr)
    if showing.no_progress or showing.quiet or not (drawn or showing.verbose):
        return None
    return Progress(sys.stderr, resolve_language(showing.lang), files, drawn, is_terminal(sys.stdout))


def _describe_plan(plan: RunPlan, language: Language) -> Iterator[str]:
    """Lines on how a file is read, for ``--verbose``."""
    assumptions, nothing = plan.assumptions, say("verbose-not-said", language)
    yield say(
        "verbose-assumed",
        language,
        timezone=assumptions.timezone or nothing,
        region=assumptions.region or nothing,
        currency=assumptions.currency or nothing,
        order=assumptions.date_order or nothing,
        durations=assumptions.duration_format or nothing,
        now=datetime.fromtimestamp(assumptions.now, UTC).isoformat(" "),
    )
    columns = (f"{name} = {redacted_titles([title])}" for name, (title, _) in plan.layout.items())
    yield say("verbose-columns", language, columns=", ".join(columns))
    yield say("verbose-rules", language, count=len(list(plan.ruleset.rules())), all=len(RULES))


def print_baseline(result: BaselineResult, showing: FindingOptions) -> None:
    """Say what the run means for the baselines that it reads and writes."""
    if showing.quiet:
        return
    old, new, language = showing.baseline, showing.write_baseline, resolve_language(showing.lang)
    lines = []
    if old is not None and result.accepted_count:
        lines.append(say("baseline-accepted", language, path=old, count=result.accepted_count))
    if new is not None and result.written:
        lines.append(say("baseline-written", language, path=new, count=result.total))
    elif new is not None:
        lines.append(say("baseline-not-written", language, path=new))
    elif old is not None and result.gone_count:
        lines.append(say("baseline-fewer", language, path=old, count=result.gone_count))
    for line in lines:
        typer.echo(f"calltools: {line}", err=True)


def print_changes(kinds: Mapping[ChangeKind, FirstChange], showing: FindingOptions) -> None:
    """Show of each kind of rewritten cells how many there are, and the first."""
    language = resolve_language(showing.lang)
    for kind, first in kinds.items():
        facts = {"field": kind.field, "why": kind.why, "count": first.count, "file": first.file, "place": first.place}
        cells = {name: text or say("change-empty", language) for name, text in first.cells.items()}
        typer.echo(say("change-line", language, **facts, **cells), err=True)
    if not kinds:
        typer.echo(f"calltools: {say('change-none', language)}", err=True)


def print_counts(summaries: Sequence[Summary], showing: FindingOptions) -> None:
    """Say for each file that was read what became of its records; of several with their names and a total."""
    language, several = resolve_language(showing.lang), len(summaries) > 1
    for summary in summaries:
        if summary.error is None:
            name = f"{escape_invisible(summary.name)}: " if several else ""
            typer.echo(fold_words(name + format_counts_line(summary, language), sys.stderr), err=True)
    if several:
        typer.echo(fold_words(format_total_line(summaries, language), sys.stderr), err=True)


def print_no_records(output: Path, showing: FindingOptions) -> None:
    """Say that an output has no records: a good one may have been expected."""
    typer.echo(f"calltools: {say('output-nothing', resolve_language(showing.lang), path=output)}", err=True)
