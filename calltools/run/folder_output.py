"""Converted files, rejects and reports of each input, under its name: they appear together at the end, or none does."""

import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final, Self, TextIO

from calltools.errors import OutputError
from calltools.files.atomic import AtomicFile, enter_interrupt_safe, map_os_errors
from calltools.files.inputs import PACKED_SUFFIXES, TABLE_SUFFIXES
from calltools.files.placeholders import fill_stem
from calltools.files.remote import refuse_occupied
from calltools.files.remote_path import HIDDEN_QUERY, RemotePath
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import Reporter
from calltools.run.planned_file import PlannedFile
from calltools.run.sinks import ConversionSink, ReporterSink, SessionSink, hold_back, is_held

_ENDING: Final = ".csv"
#: Of the rejects of a file, in a folder.
REJECTS_ENDING: Final = ".rejects.csv"


def is_folder_output(output: str) -> bool:
    """Whether an output is a folder: one that exists, or a name that ends with a slash."""
    return output.endswith(("/", os.sep)) or (output != "-" and Path(output).is_dir())


class FolderConversionSink(SessionSink):
    """Writes the good records of each input to a file of its own. A context manager.

    All files appear together at the end, or none: leaving the context discards what ``close`` has not put in its place.

    Args:
        folder: The folder; it is made if only it is missing.
        names: What the inputs are called; each output is called like its input.
        rejects: The folder for rejects; ``None``: they are not written.
        force: Overwrite existing files.
        all_or_nothing: Write no good record if any record is bad or any file unreadable.

    Attributes:
        holds_nothing: After ``close``: whether nothing was written because no file could be read.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        rejects: Path | None = None,
        *,
        force: bool = False,
        all_or_nothing: bool = False,
    ) -> None:
        self._folders = [one for one in (folder, rejects) if one is not None]
        self._targets = {name: _targets(folder, rejects, name) for name in names}
        self._force = force
        self._all_or_nothing = all_or_nothing
        self._current: ConversionSink | None = None
        self._complete: list[tuple[ConversionSink, Summary]] = []
        self._stack = ExitStack()
        self.holds_nothing = False
        _refuse_equal_names(names, lambda name: _targets(folder, None, name)[0])

    @property
    def outputs(self) -> list[Path]:
        """All files that may be written."""
        return [path for targets in self._targets.values() for path in targets if path is not None]

    def __enter__(self) -> Self:
        """Make the folders, and refuse at once what could not be written at the end.

        Raises:
            OutputError: A file is there already, or a folder cannot be made.
        """
        for folder in self._folders:
            self._make(folder)
        for path in self.outputs:
            _refuse_existing(path, force=self._force)
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is not in its place."""
        self._stack.close()

    def wants_records(self, _path: Path) -> bool:
        """Good records are written."""
        return True

    def wants_origin(self, _path: Path) -> bool:
        """Rejects are written as the source has them."""
        return any(rejects is not None for _, rejects in self._targets.values())

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Open the output of a file."""
        output, rejects = self._targets[name]
        self._current = enter_interrupt_safe(self._stack, ConversionSink(output, rejects, force=self._force))
        self._current.start_file(name, planned)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write a batch."""
        if self._current is not None:
            self._current.take(batch, findings, bad)

    def finish_file(self, summary: Summary) -> None:
        """Write the output to its end; it gets its name when all files are done, and needs no handle until then."""
        if self._current is not None:
            self._current.finish_file(summary)
            self._current.complete()
            self._complete.append((self._current, summary))
            self._current = None

    def drop_file(self) -> None:
        """Take back what was written of the file: it has no output."""
        if self._current is not None:
            self._current.__exit__()
            self._current = None

    def close(self, summaries: Sequence[Summary]) -> None:
        """Give the outputs their names. Good records that are held back count as skipped."""
        held = self._all_or_nothing and is_held(summaries)
        self.holds_nothing = not self._complete
        try:
            for sink, summary in self._complete:
                sink.put_in_place([summary], held=held)
        except BaseException:
            for sink, _ in self._complete:
                sink.withdraw()
            raise
        if held:
            hold_back(summaries)

    def _make(self, folder: Path) -> None:
        if isinstance(folder, RemotePath) or folder.is_dir():
            return
        if not folder.parent.is_dir():
            raise OutputError("output-no-folder", path=folder)
        with map_os_errors(folder):
            folder.mkdir()
        self._stack.callback(_remove_empty, folder)


def _targets(folder: Path, rejects: Path | None, name: str) -> tuple[Path, Path | None]:
    stem = _stem(name)
    return folder / f"{stem}{_ENDING}", None if rejects is None else rejects_path(rejects, name)


def rejects_path(folder: Path, name: str) -> Path:
    """Where the rejects of a file go, in a folder: under its name."""
    return folder / f"{_stem(name)}{REJECTS_ENDING}"


def _stem(name: str) -> str:
    """The name of an input without folder and ending: ``calls`` of ``exports/calls.csv.gz``."""
    last = name.replace("\\", "/").rpartition("/")[2].removesuffix(HIDDEN_QUERY)
    for ending in (*PACKED_SUFFIXES, *TABLE_SUFFIXES):
        if last.lower().endswith(ending) and len(last) > len(ending):
            last = last[: -len(ending)]
    return last


class ReportPerFileSink(SessionSink):
    """Writes a report of its own for each input. A context manager.

    All of them appear together when the context is left, or none after an exception.

    Args:
        template: Their path; ``STEM`` in it stands for the name of the input.
        names: What the inputs are called.
        create: Makes the reporter for a stream.
        force: Overwrite existing files.
    """

    def __init__(
        self, template: Path, names: Sequence[str], create: Callable[[TextIO], Reporter], *, force: bool = False
    ) -> None:
        self._targets = {name: report_path(template, name) for name in names}
        self._create, self._force = create, force
        # A reporter says what it wants before there is a stream.
        self._probe = ReporterSink(create(io.StringIO()))
        self._complete: list[AtomicFile] = []
        self._stack = ExitStack()
        _refuse_equal_names(names, partial(report_path, template))

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: A file is there already.
        """
        for path in self._targets.values():
            _refuse_existing(path, force=self._force)
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        """Give the reports their names, or after an exception discard them."""
        with self._stack:
            for file in self._complete if kind is None else ():
                file.commit()

    def wants_records(self, path: Path) -> bool:
        """Whether the form shows findings in their records."""
        return self._probe.wants_records(path)

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Open the report of a file."""
        self._file = AtomicFile(self._targets[name], force=self._force)
        self._stack.callback(self._file.discard)
        self._text = io.TextIOWrapper(self._file.__enter__(), "utf-8", newline="")
        self._sink = ReporterSink(self._create(self._text))
        self._sink.start_file(name, planned)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Hand on the findings."""
        self._sink.take(batch, findings, bad)

    def finish_file(self, summary: Summary) -> None:
        """Write the report to its end; it gets its name when all files are done, and needs no handle until then."""
        self._sink.finish_file(summary)
        self._sink.close([summary])
        self._text.flush()
        self._text.detach()
        self._file.complete()
        self._complete.append(self._file)


def report_path(template: Path, name: str) -> Path:
    """The report of an input, by the path of all of them; a path without ``STEM`` is one report of all."""
    return fill_stem(template, _stem(name))


def _refuse_existing(path: Path, *, force: bool) -> None:
    if isinstance(path, RemotePath):
        refuse_occupied(path, force=force)
    elif path.exists() and not force:
        raise OutputError("output-exists", path=path)


def _refuse_equal_names(names: Iterable[str], target: Callable[[str], Path]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        # Some systems take names that differ in letters of another case for one.
        stem = _stem(name).casefold()
        other = seen.get(stem)
        seen[stem] = name
        if other is not None:
            raise OutputError("output-same-name", path=target(name), first=other, second=name)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
