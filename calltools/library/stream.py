"""``stream``: the records of a file in batches, good and bad, in as little memory as the command takes."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final, Self, Unpack

import numpy as np
import pyarrow as pa

from calltools.errors import UsageError
from calltools.fields.table import FIELD_NAMES
from calltools.library.inputs import Source, list_sources
from calltools.library.options import LibraryOptions, build_options, build_report_options, show_options
from calltools.library.results import CheckedBatch
from calltools.library.session import Run
from calltools.model.batch import Batch
from calltools.model.batch import Source as OpenedSource
from calltools.model.cells import Mask, constant_cells
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_columns
from calltools.run import InputFile, PlannedFile, SessionSink
from calltools.texts.keys import Language

#: Batches that wait for the caller; when there are so many, the reader waits, too.
_WAITING: Final = 2
#: How often a reader that waits looks whether the caller has left, in seconds.
_LOOK_S: Final = 0.1


@show_options
def stream(
    source: Source,
    *,
    convert: bool = False,
    name: str | None = None,
    language: Language = "en",
    show_values: bool = False,
    **options: Unpack[LibraryOptions],
) -> "Stream":
    """Check a file, or convert it, batch by batch; memory does not grow with the file.

    Args:
        source: One file, as ``validate`` takes it.
        convert: Give good records as ``calltools convert`` writes them, with all canonical columns.
        name: What messages call a source that is no path.
        language: Of the messages.
        show_values: Do not mask phones and ids in the findings.
        options: As in ``validate``.

    Returns:
        An iterator of ``CheckedBatch``, and a context: leave it to stop before the end. Errors of reading are raised
        where the next batch would be.

    Raises:
        CalltoolsError: The call is wrong, there is no such file, or a folder, pattern or archive holds several.
    """
    stack = ExitStack()
    try:
        run = Run(build_options(options), build_report_options(language, show_values=show_values), stack)
        inputs = run.open(list_sources(source), [], [], None, name=name, recursive=False)
        _refuse_several(inputs)
    except BaseException:
        stack.close()
        raise
    return Stream(run, inputs, stack, converting=convert)


def _refuse_several(inputs: Sequence[InputFile]) -> None:
    if len(inputs) > 1:
        raise UsageError("stream-several", count=len(inputs), first=inputs[0].name)


class _LeftError(Exception):
    """The caller takes no more batches."""


class _Channel:
    """The way of batches from the reader to the caller."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self._waiting: queue.Queue[CheckedBatch | Summary | BaseException] = queue.Queue(_WAITING)

    def put(self, item: CheckedBatch | Summary | BaseException) -> None:
        """Hand over, once there is room.

        Raises:
            _LeftError: The caller has left.
        """
        while not self.left.is_set():
            try:
                self._waiting.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return
        raise _LeftError

    def get(self) -> CheckedBatch | Summary | BaseException:
        """The next item: a batch, the counts at the end, or why there are none."""
        return self._waiting.get()


class Stream(Iterator[CheckedBatch]):
    """The batches of a file.

    Attributes:
        summary: The counts of the file, once all batches were taken.
    """

    def __init__(self, run: Run, inputs: Sequence[InputFile], stack: ExitStack, *, converting: bool) -> None:
        self.summary: Summary | None = None
        self._channel = channel = _Channel()
        self._stack = stack
        sink = _BatchSink(channel.put, run.report_options, converting=converting)

        # Knows nothing of this object, so that a stream that nobody holds any more ends.
        def read() -> None:
            try:
                [summary], _ = run.go(inputs, [sink], converting=converting, collect=False)
                sink.flush()
                channel.put(summary)
            except _LeftError:
                return
            except BaseException as fault:  # noqa: BLE001 - it is the caller's
                if not channel.left.is_set():
                    channel.put(fault)

        self._thread = threading.Thread(target=read, name="calltools-stream", daemon=True)
        self._thread.start()

    def __next__(self) -> CheckedBatch:
        if self._channel.left.is_set():
            raise StopIteration
        item = self._channel.get()
        if isinstance(item, CheckedBatch):
            return item
        self.close()
        if isinstance(item, BaseException):
            raise item
        self.summary = item
        raise StopIteration

    def close(self) -> None:
        """Stop reading; returns when no file is open any more."""
        self._channel.left.set()
        self._thread.join()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._channel.left.set()


class _BatchSink(SessionSink):
    """Makes batches for a caller of those of the pipeline."""

    def __init__(self, put: Callable[[CheckedBatch], None], options: ReportOptions, *, converting: bool) -> None:
        self._put = put
        self._options = options
        self._converting = converting
        self._titles: list[str] = []
        self._source: OpenedSource | None = None
        self._name = ""
        self._loose: list[Findings] = []

    def wants_records(self, _path: object) -> bool:
        """They are what the caller wants."""
        return True

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """The titles of the file."""
        self._name = name
        if planned is not None:
            self._titles, self._source = list(planned.table.titles), planned.table.source

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Hand over a batch; findings without records wait for the next one."""
        self._loose.append(findings)
        if len(batch):
            self._hand_over(batch, bad)

    def flush(self) -> None:
        """Hand over what only the end of the file shows."""
        if any(len(findings) for findings in self._loose):
            self._hand_over(None, np.zeros(0, bool))

    def _hand_over(self, batch: Batch | None, bad: Mask) -> None:
        found = render_columns(Findings.concat(self._loose), self._source, self._name, self._options)
        self._loose = []
        empty = pa.table({title: pa.array([], pa.string()) for title in self._titles})
        if batch is None:
            good = pa.table({name: pa.array([], pa.string()) for name in FIELD_NAMES}) if self._converting else empty
            self._put(CheckedBatch(good, empty, found))
            return
        rows = empty if batch.origin is None else batch.origin.rename_columns(self._titles)
        good = _canonical(batch) if self._converting else rows
        self._put(CheckedBatch(good.filter(pa.array(~bad)), rows.filter(pa.array(bad)), found))


def _canonical(batch: Batch) -> pa.Table:
    """All canonical columns, so that the batches of every file have the same."""
    known = batch.columns.column_names
    absent = constant_cells("", len(batch))
    return pa.table({name: batch.cells(name) if name in known else absent for name in FIELD_NAMES})
