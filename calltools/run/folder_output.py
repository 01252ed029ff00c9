"""Converted files in a folder: one for each input, under its name, and beside it its rejects if they are asked for."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, Self

from calltools.errors import OutputError
from calltools.files.atomic import enter_interrupt_safe, map_os_errors
from calltools.files.inputs import PACKED_SUFFIXES, TABLE_SUFFIXES
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.run.job import Job
from calltools.run.sinks import ConversionSink, SessionSink, hold_back, is_held

_ENDING: Final = ".csv"
_REJECTS_ENDING: Final = ".rejects.csv"


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
        _refuse_equal_names(folder, names)

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
        if not self._force:
            for path in self.outputs:
                if path.exists():
                    raise OutputError("output-exists", path=path)
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

    def start_file(self, name: str, job: Job | None) -> None:
        """Open the output of a file."""
        output, rejects = self._targets[name]
        self._current = enter_interrupt_safe(self._stack, ConversionSink(output, rejects, force=self._force))
        self._current.start_file(name, job)

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
        for sink, summary in self._complete:
            sink.put_in_place([summary], held=held)
        if held:
            hold_back(summaries)

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if not folder.parent.is_dir():
            raise OutputError("output-no-folder", path=folder)
        with map_os_errors(folder):
            folder.mkdir()
        self._stack.callback(_remove_empty, folder)


def _targets(folder: Path, rejects: Path | None, name: str) -> tuple[Path, Path | None]:
    stem = _stem(name)
    return folder / f"{stem}{_ENDING}", None if rejects is None else rejects / f"{stem}{_REJECTS_ENDING}"


def _stem(name: str) -> str:
    """The name of an input without folder and ending: ``calls`` of ``exports/calls.csv.gz``."""
    last = name.replace("\\", "/").rpartition("/")[2]
    for ending in (*PACKED_SUFFIXES, *TABLE_SUFFIXES):
        if last.lower().endswith(ending) and len(last) > len(ending):
            last = last[: -len(ending)]
    return last


def _refuse_equal_names(folder: Path, names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        # Some systems take names that differ in letters of another case for one.
        stem = _stem(name).casefold()
        other = seen.get(stem)
        seen[stem] = name
        if other is not None:
            raise OutputError("output-same-name", path=folder / f"{_stem(name)}{_ENDING}", first=other, second=name)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
