"""Writing CSV: canonical records, and rejected records as they are in the source, with their codes.

Canonical is UTF-8 without a byte order mark, comma, LF, minimal quoting, columns in canonical order.
"""

import csv
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import cells_with_marked_bytes, slice_bytes
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS
from calltools.files.atomic import AtomicFile, map_os_errors
from calltools.files.outputs import PARQUET, find_ending, open_packing_stream, write_parquet
from calltools.files.temporary import open_temporary, temporary_path
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.marks import MARKED_CODES, mark_cells
from calltools.model.titles import REJECT_TITLES

_SCHEMA: Final = pa.schema([pa.field(name, pa.string()) for name in FIELD_NAMES])
_REQUIRED_COLUMNS: Final = tuple(field.name for field in FIELDS if field.requirement.column)
_WRITER_THREADS: Final = 2
_BYTES_THAT_NEED_QUOTES: Final = (ord(","), ord('"'), ord("\n"), ord("\r"))


class CanonicalWriter:
    """Writes canonical records; the file appears when the writer is closed, or not at all.

    Only columns with a filled cell are written, besides DateTime and one identifier. They are known only at the end, so
    the records wait in a temporary file; memory does not grow with their number.
    """

    def __init__(self, output: Path | BinaryIO, *, force: bool) -> None:
        self._output = output
        self._force = force
        self._filled_columns: set[str] = set()
        self._stack = ExitStack()
        self._file: AtomicFile | None = None
        self._batches = 0
        self._dropped: set[int] = set()
        self._is_complete = False
        self._before: tuple[int, set[str]] = (0, set())

    def __enter__(self) -> Self:
        """Check at once that the file can be written.

        Raises:
            OutputError: The path is occupied, or cannot be written.
        """
        if isinstance(self._output, Path):
            self._file = AtomicFile(self._output, force=self._force)
            self._stream = self._file.__enter__()
        else:
            self._stream = self._output
        self._spool = self._stack.enter_context(open_temporary())
        self._sink = pa.ipc.new_stream(self._spool, _SCHEMA)
        return self

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Remove what ``close`` has not committed."""
        self.discard()

    def start_file(self) -> None:
        """What follows comes from another file."""
        self._before = self._batches, {*self._filled_columns}

    def drop_file(self) -> None:
        """Forget the records since ``start_file``."""
        batches, self._filled_columns = self._before
        self._dropped.update(range(batches, self._batches))

    def write(self, columns: pa.Table) -> None:
        """Add records.

        Args:
            columns: Canonical columns as text; ``""`` is an empty cell, a missing column is empty.
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
        with map_os_errors(temporary_path("records")):
            self._sink.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
        self._batches += 1

    def close(self) -> None:
        """Write the file and rename it to its path.

        Raises:
            OutputError: The disk is full, or the path is occupied now.
        """
        self.complete()
        if self._file is not None:
            self._file.commit()

    def withdraw(self) -> None:
        """Take back the file that ``close`` has put in its place."""
        if self._file is not None:
            self._file.withdraw()

    def complete(self) -> None:
        """Write all of the file; nothing is open any more, and only its name is still that of a temporary file.

        Raises:
            OutputError: The disk is full.
        """
        if self._is_complete:
            return
        with map_os_errors(temporary_path("records")):
            self._sink.close()
            self._spool.seek(0)
        with map_os_errors(self._output):
            numbered = enumerate(pa.ipc.open_stream(self._spool))
            self._write_form(batch for number, batch in numbered if number not in self._dropped)
            self._stream.flush()
        if self._file is not None:
            self._file.complete()
        self._stack.close()
        self._is_complete = True

    def _write_form(self, batches: Iterable[pa.RecordBatch]) -> None:
        write_canonical(self._stream, find_ending(self._output), output_columns(self._filled_columns), batches)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.discard()
        self._stack.close()


def output_columns(filled: AbstractSet[str]) -> tuple[str, ...]:
    """The columns of an output, by those of which a cell is filled: these, DateTime and one identifier."""
    always = {*_REQUIRED_COLUMNS} if filled & {*IDENTIFIER_FIELDS} else {*_REQUIRED_COLUMNS, "ClientId"}
    return tuple(name for name in FIELD_NAMES if name in filled | always)


def write_canonical(stream: BinaryIO, ending: str, names: Sequence[str], batches: Iterable[pa.RecordBatch]) -> None:
    """Write records in the form that an ending of ``outputs.ENDINGS`` names, with a header of these columns."""
    if ending == PARQUET:
        write_parquet(stream, names, batches)
        return
    with open_packing_stream(stream, ending) as packing:
        packing.write((",".join(names) + "\n").encode())
        for text in _serialize_batches(batches, names):
            packing.write(text)


def serialize_records(columns: Sequence[Cells]) -> memoryview:
    """Records as CSV, equal to the bytes of ``csv.writer`` with minimal quoting; releases the interpreter lock."""
    lines = pc.binary_join_element_wise(*map(_quote_where_needed, columns), ",")
    # An empty line would be no record: csv.writer quotes the only empty cell, too.
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


def _serialize_batches(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[memoryview]:
    """Batches as CSV, in order; threads prepare the next ones."""
    waiting: deque[Future[memoryview]] = deque()
    with ThreadPoolExecutor(_WRITER_THREADS) as pool:
        for batch in batches:
            waiting.append(pool.submit(serialize_records, [batch[name] for name in names]))
            if len(waiting) > _WRITER_THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class RejectsWriter:
    """Writes rejected records: codes, physical line or sheet row, then the cells as they are in the source.

    A cell of which text alone would not show the fault has a mark (``files/rejects``).
    The file appears when the writer is closed, or not at all. Its ending says whether it is packed; then what comes of
    each source is packed by itself, so that it can be taken back.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self._file = AtomicFile(path, force=force)
        self._ending = find_ending(path)
        self._part = ExitStack()
        self._packing: BinaryIO | None = None
        self._titles: tuple[str, ...] | None = None
        self._first_column = 0
        self._before: tuple[int, tuple[str, ...] | None] = (0, None)

    def __enter__(self) -> Self:
        """Check at once that the file can be written."""
        self._stream = self._file.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Remove what ``close`` has not committed."""
        self._file.discard()

    def start_file(self) -> None:
        """What follows comes from another file."""
        self._end_part()
        self._before = self._stream.tell(), self._titles

    def drop_file(self) -> None:
        """Forget what was written since ``start_file``; a device or a pipe keeps it."""
        place, self._titles = self._before
        self._end_part()
        self._stream.truncate(place)

    def write_header(self, titles: tuple[str, ...]) -> None:
        """Write a header if the titles differ from those of the source before."""
        # Rejects that are converted again have these titles already.
        self._first_column = len(REJECT_TITLES) if titles[: len(REJECT_TITLES)] == REJECT_TITLES else 0
        if titles != self._titles:
            self._write_rows([[*REJECT_TITLES, *titles[self._first_column :]]])
            self._titles = titles

    def write_rejected(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write the malformed records of a batch, and its records in a mask."""
        codes = error_codes_by_record(findings)
        rows = [(record.record, record.place, list(record.cells)) for record in batch.malformed]
        if batch.origin is not None:
            rows += rejected_rows(batch, bad, [record for record, found in codes.items() if found])
        legs = batch.legs
        calls = {} if legs is None else dict(zip(legs.records.tolist(), legs.calls.tolist(), strict=True))
        marks, width = _marks_by_record(findings), len(self._titles or ())
        self._write_rows(
            [
                [
                    " ".join(dict.fromkeys([*codes[record], *codes[calls.get(record, record)]])),
                    str(place),
                    *mark_cells(cells, marks[record], width, self._first_column)[self._first_column :],
                ]
                for record, place, cells in sorted(rows)
            ]
        )

    def complete(self) -> None:
        """Put everything on the disk; only ``close`` gives the file its name."""
        self._end_part()
        self._file.complete()

    def close(self) -> None:
        """Rename the file to its path."""
        self._end_part()
        self._file.commit()

    def withdraw(self) -> None:
        """Take back the file that ``close`` has put in its place."""
        self._file.withdraw()

    def _end_part(self) -> None:
        self._part.close()
        self._packing = None

    def _write_rows(self, rows: list[list[str]]) -> None:
        text = _LineBuffer()
        csv.writer(text, lineterminator="\n").writerows(rows)
        if self._packing is None:
            self._packing = self._part.enter_context(open_packing_stream(self._stream, self._ending))
        self._packing.write("".join(text.lines).encode("utf-8", "surrogatepass"))


def rejected_rows(batch: Batch, bad: Mask, named: Sequence[int]) -> list[tuple[int, int, list[str]]]:
    """Number, place and cells of rejected records that are no malformed ones; of a call with legs, of all its legs.

    Args:
        batch: The batch, with records as they are in the file.
        bad: Its rejected rows.
        named: Records with an error; a leg may have one of its own.
    """
    parts: list[tuple[pa.Table, Numbers, Numbers]] = []
    one_leg = bad
    if batch.legs is not None:
        legs = batch.legs
        one_leg = bad & ~np.isin(batch.records, legs.calls)
        rejected = np.isin(legs.records, batch.with_legs(np.array(named, np.int64)))
        parts.append((legs.columns.filter(pa.array(rejected)), legs.records[rejected], legs.places[rejected]))
    if batch.origin is not None and one_leg.any():
        parts.append((batch.origin.filter(pa.array(one_leg)), batch.records[one_leg], batch.places[one_leg]))
    rows: list[tuple[int, int, list[str]]] = []
    for table, records, places in parts:
        cells = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows += zip(records.tolist(), places.tolist(), map(list, cells), strict=True)
    return rows


class _LineBuffer:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def _marks_by_record(findings: Findings) -> dict[int, list[tuple[str, int | None]]]:
    """Codes that are written into cells, and the positions of these cells."""
    table = findings.table
    kept = pc.and_(pc.is_in(table["code"], pa.array(sorted(MARKED_CODES))), pc.equal(table["severity"], "error"))
    marks: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for row in table.filter(kept).select(["record", "code", "position"]).to_pylist():
        marks[row["record"]].append((row["code"], row["position"]))
    return marks


def error_codes_by_record(findings: Findings) -> dict[int, list[str]]:
    """The codes of the errors of each record, each code once."""
    codes: dict[int, list[str]] = defaultdict(list)
    errors = findings.table.filter(pc.equal(findings.table["severity"], "error"))
    for record, code in zip(errors["record"].to_pylist(), errors["code"].to_pylist(), strict=True):
        if code not in codes[record]:
            codes[record].append(code)
    return codes
