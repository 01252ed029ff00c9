"""Writing the one canonical dialect: UTF-8 without a mark, comma, LF, minimal quoting, canonical order of columns."""

import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.shapes import slice_bytes, cells_with_marked_bytes
from calltools.fields.table import FIELDS, IDENTIFIER_FIELDS, FIELD_NAMES
from calltools.files.safely import AtomicFile, map_os_errors
from calltools.interrupts import deferred_interrupts
from calltools.model.cells import Cells, Mask, constant_cells, non_empty, combine_chunks

_SCHEMA: Final = pa.schema([pa.field(name, pa.string()) for name in FIELD_NAMES])
_REQUIRED_COLUMNS: Final = tuple(field.name for field in FIELDS if field.requirement.column)
_WRITER_THREADS: Final = 2
_BYTES_THAT_NEED_QUOTES: Final = (ord(","), ord('"'), ord("\n"), ord("\r"))


class CanonicalWriter:
    """Writes canonical records; the file appears when the writer is closed, or not at all.

    Only columns that hold something are written, with DateTime and one identifier always. Which ones hold something
    is known at the end, so until then the records lie in a temporary file; memory does not grow with them.
    """

    def __init__(self, output: Path | BinaryIO, *, force: bool) -> None:
        self._output = output
        self._force = force
        self._filled_columns: set[str] = set()
        self._stack = ExitStack()
        self._file: AtomicFile | None = None

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: The place is taken, or cannot be written.
        """
        if isinstance(self._output, Path):
            self._file = AtomicFile(self._output, force=self._force)
            self._stream = self._file.__enter__()
        else:
            self._stream = self._output
        with deferred_interrupts():
            self._spool = self._stack.enter_context(tempfile.TemporaryFile())
        self._sink = pa.ipc.new_stream(self._spool, _SCHEMA)
        return self

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Leave nothing behind that ``close`` has not put in its place."""
        self.discard()

    def write(self, columns: pa.Table) -> None:
        """Take records.

        Args:
            columns: Canonical columns as text, ``""`` is absent; those that are missing are empty.
        """
        count = columns.num_rows
        if not count:
            return
        arrays = []
        for name in FIELD_NAMES:
            cells = combine_chunks(columns[name]) if name in columns.column_names else constant_cells("", count)
            if name not in self._filled_columns and non_empty(cells).any():
                self._filled_columns.add(name)
            arrays.append(cells)
        with map_os_errors("spool"):
            self._sink.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA))

    def close(self) -> None:
        """Write the file and let it appear.

        Raises:
            OutputError: The disk is full, or the place has been taken meanwhile.
        """
        self._sink.close()
        self._spool.seek(0)
        names = self._output_columns()
        with map_os_errors(self._output):
            self._stream.write((",".join(names) + "\n").encode())
            for text in _serialize_batches(pa.ipc.open_stream(self._spool), names):
                self._stream.write(text)
            self._stream.flush()
        if self._file is not None:
            self._file.commit()
        self._stack.close()

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.discard()
        self._stack.close()

    def _output_columns(self) -> tuple[str, ...]:
        always = {*_REQUIRED_COLUMNS} if self._filled_columns & {*IDENTIFIER_FIELDS} else {*_REQUIRED_COLUMNS, "ClientId"}
        return tuple(name for name in FIELD_NAMES if name in self._filled_columns | always)


def serialize_records(columns: Sequence[Cells]) -> memoryview:
    """Records as CSV, byte for byte as ``csv.writer`` with minimal quoting writes them. Pure; releases the lock."""
    lines = pc.binary_join_element_wise(*map(_quote_where_needed, columns), ",")
    if len(columns) == 1:
        lines = pc.if_else(pc.equal(lines, ""), '""', lines)
    ended = pc.binary_join_element_wise(lines, "", "\n")
    data, _ = slice_bytes(ended)
    return memoryview(data.tobytes())


def _quote_where_needed(cells: Cells) -> Cells:
    data, _ = slice_bytes(cells)
    special = np.zeros(len(data), bool)
    for byte in _BYTES_THAT_NEED_QUOTES:
        special |= data == byte
    mask: Mask = cells_with_marked_bytes(cells, special)
    if not mask.any():
        return cells
    doubled = pc.replace_substring(cells.filter(pa.array(mask)), '"', '""')
    return pc.replace_with_mask(cells, pa.array(mask), pc.binary_join_element_wise('"', doubled, '"', ""))


def _serialize_batches(batches: pa.ipc.RecordBatchStreamReader, names: Sequence[str]) -> Iterator[memoryview]:
    """Batches as CSV, in order, a few ahead in worker threads."""
    waiting: deque[Future[memoryview]] = deque()
    with ThreadPoolExecutor(_WRITER_THREADS) as pool:
        for batch in batches:
            waiting.append(pool.submit(serialize_records, [batch[name] for name in names]))
            if len(waiting) > _WRITER_THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
