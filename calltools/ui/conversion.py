"""What the page makes of the files: the outputs that the command line would write, and what the pages show of them."""

import io
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.files.atomic import AtomicFile, enter_interrupt_safe
from calltools.files.folders import FoundFile
from calltools.model.summary import Summary
from calltools.reports import REPORTERS
from calltools.reports.html.reporter import HtmlReporter
from calltools.reports.reporter import ReportOptions
from calltools.run import (
    CellEdits,
    ChangesSink,
    ConversionSink,
    InputFile,
    PlannedFile,
    ReporterSink,
    RunContexts,
    RunOptions,
    Session,
)
from calltools.texts import Language
from calltools.texts.keys import LANGUAGES
from calltools.ui.mending import Edit
from calltools.ui.rejected import RejectedRecords
from calltools.ui.rejected_sink import RejectedSink
from calltools.ui.work import Progress

#: What each output is called here and in the command that does the same.
CANONICAL: Final = "calls.csv"
REJECTS: Final = "rejects.csv"
CHANGES: Final = "changes.csv"
REPORT: Final = "report.html"
MARKED: Final = "marked.xlsx"


@dataclass(frozen=True, slots=True)
class Request:
    """What is converted, and how.

    Attributes:
        files: What to read.
        options: How each of them is read.
        told: The same as a person knows it.
        mended: Of each file the cells that count in place of its own.
        listed: The same, one by one, for the log.
    """

    files: Sequence[FoundFile]
    options: Sequence[RunOptions]
    told: Sequence[RunOptions]
    mended: Sequence[CellEdits | None]
    listed: Sequence[Sequence[Edit]]

    @property
    def inputs(self) -> list[InputFile]:
        """The files of a run.

        Raises:
            CalltoolsError: The options are wrong.
        """
        contexts = RunContexts(int(time.time()))
        found = zip(self.files, self.options, self.told, self.mended, strict=True)
        return [
            InputFile(one.path, one.name, contexts.find(options, told), one.member, edits=edits)
            for one, options, told, edits in found
        ]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of the files; it may have been made by another process.

    Attributes:
        folder: Holds the outputs.
        request: What was converted.
        summaries: The counts of each file.
        reporters: What the report shows, by language.
        rejected: The rejected records.
        has_output: Whether there is a canonical file: no file at all could be read otherwise.
    """

    folder: Path
    request: Request
    summaries: Sequence[Summary]
    reporters: Mapping[Language, HtmlReporter]
    rejected: RejectedRecords
    has_output: bool

    @property
    def is_mended(self) -> bool:
        """Whether cells were mended before."""
        return any(self.request.mended)


class _LoggedChanges(ChangesSink):
    """The changes of a run, those that were made by hand first."""

    def __init__(self, target: Path, edits: Sequence[Sequence[Edit]], names: Sequence[str]) -> None:
        super().__init__(target)
        self._edits, self._names, self._number = edits, names, 0

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Write what was mended in this file."""
        super().start_file(name, planned)
        self._number = self._names.index(name, self._number) + 1
        if planned is not None and (edits := self._edits[self._number - 1]):
            self.write_by_hand(
                [(one.record, one.place, planned.table.titles[one.position], one.before, one.after) for one in edits]
            )


def convert_files(progress: Progress, request: Request, folder: Path, *, may_fork: bool) -> Conversion:
    """Convert files into one, as ``calltools convert`` does.

    Args:
        progress: Hears how far it is.
        request: What is converted.
        folder: An empty folder for the outputs.
        may_fork: As in ``Session``.

    Raises:
        CalltoolsError: As the command would end.
    """
    names = [one.name for one in request.files]
    # One for each language: who switches it does not wait.
    reporters = {language: HtmlReporter(io.StringIO(), ReportOptions(language)) for language in LANGUAGES}
    with ExitStack() as stack:
        inputs = request.inputs
        converted = enter_interrupt_safe(stack, ConversionSink(folder / CANONICAL, folder / REJECTS))
        changes = enter_interrupt_safe(stack, _LoggedChanges(folder / CHANGES, request.listed, names))
        rejected = RejectedSink(folder / "rejected.sqlite", names, request.mended)
        summaries = Session(
            inputs,
            [changes, converted, rejected],
            [ReporterSink(one) for one in reporters.values()],
            progress,
            converting=True,
            wants_statistics=True,
            may_fork=may_fork,
        ).run()
    for language, one in reporters.items():
        (folder / f"{language}-{REPORT}").write_text(one.stream.getvalue(), encoding="utf-8")  # type: ignore[attr-defined]  # it is a StringIO
        one.stream = io.StringIO()
    return Conversion(folder, request, summaries, reporters, rejected.records, not converted.holds_nothing)


def mark_workbook(progress: Progress, request: Request, number: int, language: Language, path: Path) -> None:
    """Write a copy of a file with its faults marked, as ``calltools convert --report marked.xlsx`` makes it.

    Args:
        progress: Hears how far it is.
        request: What was converted.
        number: Of the file, from 0.
        language: Of the comments.
        path: Of the copy.
    """
    with ExitStack() as stack:
        file = stack.enter_context(AtomicFile(path, force=True).open_text())
        reporter = ReporterSink(REPORTERS["workbook"](file, ReportOptions(language)))
        Session([request.inputs[number]], [], [reporter], progress, converting=True).run()
