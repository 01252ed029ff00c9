"""A table of a program as a private file of text, so that a run reads it as it reads any other input.

Only this process knows the first bytes of such a file (``PRIVATE_SIGNATURE``): nobody else can hand one over, so it is
read without the limits and the child process of Arrow files.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from calltools.errors import SourceError
from calltools.files.columnar.cells import format_column, leaf_columns, leaf_fields, lossy_cells
from calltools.files.inputs import INPUTS, PRIVATE_SIGNATURE, OpenRequest, repeated_header_findings
from calltools.model.batch import Batch, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Cells, combine_chunks
from calltools.model.finding import Findings
from calltools.model.titles import redacted_titles

#: Records of a batch.
RECORDS_PER_BATCH: Final = 50_000
#: Key of the metadata that says which records have a number in a column that has lost digits.
_LOSSY: Final = b"lossy"


def write_private_table(table: pa.Table, stream: BinaryIO, name: str) -> None:
    """Write a table; each cell is the text that a file of Parquet or Arrow would have in its place.

    Args:
        table: Columns of any type; those of objects become several, as of a file.
        stream: An empty file.
        name: What the user calls the table.

    Raises:
        SourceError: Cells of a column have no text.
    """
    titles = [field.name for field in leaf_fields(list(table.schema))]
    lossy: dict[str, list[int]] = {}
    batches = [_format_batch(batch, titles, name, lossy, start) for start, batch in _batches(table)]
    schema = pa.schema([pa.field(title, pa.string()) for title in titles], {_LOSSY: json.dumps(lossy)})
    stream.write(PRIVATE_SIGNATURE)
    with pa.ipc.new_file(stream, schema) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch, schema=schema))
    stream.flush()


def _batches(table: pa.Table) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The records in batches, each with the count of those before it."""
    start = 0
    for batch in table.to_batches(RECORDS_PER_BATCH):
        yield start, batch
        start += batch.num_rows


def _format_batch(
    batch: pa.RecordBatch, titles: list[str], name: str, lossy: dict[str, list[int]], start: int
) -> list[Cells]:
    """The columns of a batch as text; what has lost digits is added to ``lossy``, by position of its column."""
    texts = []
    for position, (column, title) in enumerate(zip(leaf_columns(batch.columns), titles, strict=True)):
        try:
            texts.append(format_column(column, title))
        except SourceError as fault:
            facts = fault.facts | {"column": redacted_titles([title]), "path": name}
            raise SourceError(fault.key, **facts) from None
        rows = np.flatnonzero(lossy_cells(column))
        if len(rows):
            lossy.setdefault(str(position), []).extend((rows + start).tolist())
    return texts


def open_private_table(request: OpenRequest) -> Table:
    """The table in such a file; one batch is in memory at a time."""
    file = _open(request.path)
    titles = tuple(file.schema.names)
    lossy = {
        int(position): np.array(rows)
        for position, rows in json.loads(file.schema.metadata[_LOSSY]).items()
        if request.is_identifier(titles[int(position)])
    }
    findings = Findings.empty() if titles else Findings.from_rows([{"code": "CT001"}])
    source = Source(request.path, request.name, INPUTS["table"].format)
    return Table(source, titles, partial(_read_tasks, request.path, titles, lossy), findings)


def _open(path: Path) -> pa.ipc.RecordBatchFileReader:
    whole = pa.memory_map(str(path)).read_buffer()
    return pa.ipc.open_file(pa.BufferReader(whole.slice(len(PRIVATE_SIGNATURE))))


def _read_tasks(path: Path, titles: tuple[str, ...], lossy: dict[int, np.ndarray]) -> Iterator[ReadTask]:
    file = _open(path)
    start = 0
    for number in range(file.num_record_batches):
        yield partial(_read_batch, path, titles, lossy, number, start)
        start += file.get_batch(number).num_rows


def _read_batch(path: Path, titles: tuple[str, ...], lossy: dict[int, np.ndarray], number: int, start: int) -> Batch:
    table = pa.table(_open(path).get_batch(number))
    columns = pa.table([combine_chunks(one) for one in table.columns], names=list(unique_titles(titles)))
    records = np.arange(1, table.num_rows + 1, dtype=np.int64)
    batch = Batch(columns, records, records + start, read=table.num_rows)
    inexact = [_inexact_findings(batch, titles, position, rows - start) for position, rows in lossy.items()]
    return batch.with_findings(repeated_header_findings(batch, titles), *inexact)


def _inexact_findings(batch: Batch, titles: tuple[str, ...], position: int, rows: np.ndarray) -> Findings:
    """CT209: identifiers that were numbers of a type that does not keep their digits."""
    rows = rows[(rows >= 0) & (rows < len(batch))]
    cells = batch.cells(batch.columns.column_names[position]).take(pa.array(rows))
    place = {"position": position, "column": titles[position], "value": cells}
    return Findings.for_rule("CT209", records=batch.records[rows], places=batch.places[rows], **place)
