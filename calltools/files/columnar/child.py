"""The process that reads Parquet or Arrow: ``python -m calltools.files.columnar.child MEMORY SECONDS PARENT``.

Metadata may lie about sizes, one page may stand for gigabytes, and a damaged file can make the library abort. That
happens in this process, under limits. The two exchange lines of JSON: the parent names the file; the child answers with
the titles; the parent says which of them are identifiers; the child sends the records as an Arrow stream of text. A
fault on the way is the metadata of the last batch.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.files.columnar.cells import format_column, leaf_columns, leaf_fields, lossy_cells
from calltools.runtime.parent import Requests, WatchedRequests, end_with_parent, limit_process, send_response
from calltools.runtime.startup import arrow_without_pandas, configure_interpreter
from calltools.texts.keys import MessageKey

#: Records of a batch, and its cells: of a wide table a batch has fewer records.
RECORDS_PER_BATCH: Final = 50_000
_CELLS_PER_BATCH: Final = 1_000_000
#: Text of a batch, so that the parent holds little of a file.
_BATCH_BYTES: Final = 32 << 20
#: Of less text the ratio to the size of the file is not looked at: of equal records Parquet keeps one.
_RATIO_FROM: Final = 256 << 20
_BUFFER_BYTES: Final = 1 << 20
#: pandas keeps the numbers of its rows under such a name.
_ROW_NUMBERS: Final = re.compile(r"__index_level_\d+__")
_ENCRYPTED: Final = re.compile(r"crypt", re.IGNORECASE)
EXIT_FAILED: Final = 3


def serve(requests: Requests, responses: BinaryIO) -> int:
    """Answer the requests about one file; returns the exit code."""
    try:
        wanted = json.loads(requests.readline())
        schema, batches = _open(Path(wanted["path"]), wanted["format"])
        fields = list(leaf_fields(list(schema)))
        kept = [position for position, field in enumerate(fields) if not _ROW_NUMBERS.fullmatch(field.name)]
        _check_width(len(kept), wanted["columns"])
        titles = [fields[position].name for position in kept]
        send_response(responses, {"titles": titles})
        identifiers = json.loads(requests.readline() or b"null")
    # Whatever a library raises: the parent needs an answer in any case.
    except BaseException as fault:  # noqa: BLE001 - see above
        send_response(responses, describe(fault))
        return EXIT_FAILED
    if identifiers is not None:
        _send(responses, _read(batches, kept, titles, identifiers), len(kept), wanted)
    return 0


def _check_width(width: int, limit: int) -> None:
    if width > limit:
        raise LimitError("too-many-columns", count=width, limit=limit)


def _open(path: Path, form: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    if form == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 - for such files only

        file = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        schema = file.schema_arrow
        most = _records_per_batch(len(list(leaf_fields(list(schema)))))
        # A thread reserves address space, and one that cannot be started is no sign of damage.
        return schema, file.iter_batches(batch_size=most, use_threads=False)
    with path.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(b"FEA1"):
        from pyarrow.feather import read_table  # noqa: PLC0415 - for such files only

        table = read_table(path)
        return table.schema, iter(table.to_batches())
    source, options = pa.memory_map(str(path)), pa.ipc.IpcReadOptions(use_threads=False)
    if not head.startswith(b"ARROW1"):
        stream = pa.ipc.open_stream(source, options=options)
        return stream.schema, iter(stream)
    file = pa.ipc.open_file(source, options=options)
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def _records_per_batch(columns: int) -> int:
    return max(1, min(RECORDS_PER_BATCH, _CELLS_PER_BATCH // max(1, columns)))


def _read(
    batches: Iterator[pa.RecordBatch], kept: Sequence[int], titles: Sequence[str], identifiers: Sequence[int]
) -> Iterator[tuple[pa.RecordBatch, list[tuple[int, int]]]]:
    """The records as text, with row and position of each identifier that has lost digits."""
    most = _records_per_batch(len(kept))
    names = [str(position) for position in range(len(kept))]
    for batch in batches:
        _validate(batch)
        for start in range(0, batch.num_rows, most):
            part = batch.slice(start, most)
            leaves = list(leaf_columns(part.columns))
            typed = [leaves[position] for position in kept]
            texts = [format_column(column, title) for column, title in zip(typed, titles, strict=True)]
            lossy = [
                (row, position)
                for position in identifiers
                for row in np.flatnonzero(lossy_cells(typed[position])).tolist()
            ]
            yield pa.RecordBatch.from_arrays(texts, names=names), lossy


def _validate(batch: pa.RecordBatch) -> None:
    """Refuse what would make Arrow read beyond its buffers, and text that is not UTF-8: nothing else looks at it."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as fault:
            if "UTF8" not in str(fault):
                raise
            raise SourceError("columnar-bytes", column=name) from fault


def _send(
    responses: BinaryIO,
    parts: Iterator[tuple[pa.RecordBatch, list[tuple[int, int]]]],
    width: int,
    wanted: Mapping[str, Any],
) -> None:
    schema = pa.schema([(str(position), pa.string()) for position in range(width)])
    size = 0
    with pa.ipc.new_stream(responses, schema) as stream:
        try:
            for batch, lossy in parts:
                size += batch.nbytes
                _check_size(size, wanted)
                for start, piece in _split(batch):
                    found = [(row - start, at) for row, at in lossy if start <= row < start + piece.num_rows]
                    stream.write_batch(piece, custom_metadata={"lossy": json.dumps(found)})
        except BaseException as fault:  # noqa: BLE001 - as above
            empty = pa.RecordBatch.from_pylist([], schema=schema)
            stream.write_batch(empty, custom_metadata={"fault": json.dumps(describe(fault))})


def _check_size(size: int, wanted: Mapping[str, Any]) -> None:
    if size > wanted["unpacked"]:
        raise LimitError("packed-size", limit=wanted["unpacked"] >> 20)
    if size > _RATIO_FROM and size > wanted["ratio"] * Path(wanted["path"]).stat().st_size:
        raise LimitError("packed-ratio", limit=wanted["ratio"])


def _split(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batch in pieces of a bounded size, each with its first row."""
    pieces = max(1, -(-batch.nbytes // _BATCH_BYTES))
    rows = max(1, -(-batch.num_rows // pieces))
    for start in range(0, batch.num_rows, rows):
        yield start, batch.slice(start, rows)


def describe(fault: BaseException) -> dict[str, Any]:
    """The answer about an exception; an unknown one means that the file is damaged.

    Arrow says of what it cannot read, such as the integers of 128 bits of polars, that it is not implemented.
    """
    key: MessageKey = "columnar-damaged"
    if isinstance(fault, CalltoolsError):
        return {"error": fault.key, "facts": fault.facts}
    if isinstance(fault, MemoryError | pa.ArrowCapacityError):
        key = "columnar-memory"
    elif _ENCRYPTED.search(str(fault)):
        key = "columnar-encrypted"
    elif isinstance(fault, pa.ArrowNotImplementedError):
        key = "columnar-unsupported"
    return {"error": key, "facts": {}}


if __name__ == "__main__":
    end_with_parent(int(sys.argv[3]))
    configure_interpreter()
    limit_process(int(sys.argv[1]), int(sys.argv[2]))
    with arrow_without_pandas():
        sys.exit(serve(WatchedRequests(sys.stdin.fileno()), sys.stdout.buffer))
