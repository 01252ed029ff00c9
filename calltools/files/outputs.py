"""The forms of the converted file: CSV, packed CSV, Parquet; the ending of its name says which.

The bytes depend on the records alone: no time, no name of a file, no size of a block.
"""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.decompression import load_zstd

PARQUET: Final = ".parquet"
#: What the name of a converted file may end with.
ENDINGS: Final = (".csv", ".csv.gz", ".csv.zst", PARQUET)
#: What the name of rejects may end with.
REJECT_ENDINGS: Final = ENDINGS[:-1]
#: Records of a row group, so that readers can take a part of the file.
_GROUP_RECORDS: Final = 100_000
_GZIP_LEVEL: Final = 6


def find_ending(output: object) -> str:
    """The ending of ``ENDINGS`` that an output has; a stream, a device or a name without an ending is CSV."""
    name = output.name.lower() if isinstance(output, Path) else ""
    return next((ending for ending in ENDINGS if name.endswith(ending)), ENDINGS[0])


@contextmanager
def open_packing_stream(below: BinaryIO, ending: str) -> Iterator[BinaryIO]:
    """A stream for the bytes of a CSV, which writes them packed as an ending says; it does not close the one below."""
    if ending.endswith(".gz"):
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, below, mtime=0) as packing:
            yield cast("BinaryIO", packing)
    elif ending.endswith(".zst"):
        zstd = load_zstd()
        # With a checksum a reader knows damage.
        with zstd.ZstdFile(below, "wb", options={zstd.CompressionParameter.checksum_flag: 1}) as packing:
            yield packing
    else:
        yield below


def write_parquet(stream: BinaryIO, names: Sequence[str], batches: Iterable[pa.RecordBatch]) -> None:
    """Write records as Parquet: text columns, as in the CSV; an empty cell is null."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - for such files only

    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    with pq.ParquetWriter(pa.PythonFile(stream, "w"), schema, compression="zstd") as writer:
        for group in _group_records(batches, names, schema):
            writer.write_table(group, row_group_size=_GROUP_RECORDS)


def _group_records(batches: Iterable[pa.RecordBatch], names: Sequence[str], schema: pa.Schema) -> Iterator[pa.Table]:
    """The records in tables of the same size, whatever the size of the batches."""
    waiting = schema.empty_table()
    for batch in batches:
        columns = [pc.if_else(pc.equal(batch[name], ""), None, batch[name]) for name in names]
        waiting = pa.concat_tables([waiting, pa.table(columns, schema=schema)])
        while len(waiting) >= _GROUP_RECORDS:
            yield waiting.slice(0, _GROUP_RECORDS)
            waiting = waiting.slice(_GROUP_RECORDS)
    if len(waiting):
        yield waiting
