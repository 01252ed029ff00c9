"""Reading JSON: dumps of an API become batches of text columns."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa

from calltools.errors import LimitError, SourceError
from calltools.files.inputs import INPUTS, OpenRequest
from calltools.files.json.records import Json, RepeatedKeyError, flatten_record, parse_records
from calltools.files.limits import Limits
from calltools.model.batch import Batch, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Cells, Numbers, cells_from_text, constant_cells, replace_lone_surrogates

#: Records that become one batch.
_RECORDS_PER_BATCH: Final = 50_000
#: The text and its records are held in memory, at some five times the size of the file.
_MAX_BYTES: Final = 512 << 20

#: Some records as columns: title -> cells.
_ColumnPart = dict[str, Cells]


def open_json(request: OpenRequest) -> Table:
    """The records of a JSON file as a table; all of them are read at once.

    Raises:
        SourceError: The file is not JSON, or holds no list of records.
        LimitError: The file is too large, or its records have too many different keys.
    """
    path, name, limits = request.path, request.name, request.limits
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise LimitError("json-too-large", path=name, size=size >> 20, limit=_MAX_BYTES >> 20)
    text, encoding = _decode(path.read_bytes(), name)
    titles: dict[str, None] = {}
    parts = list(_collect_parts(_flatten_records(parse_records(text, name), name), titles, name, limits))
    return Table(
        Source(path, name, INPUTS["json"].format, encoding=encoding),
        tuple(replace_lone_surrogates(title) for title in titles),
        partial(_read_tasks, parts if titles else [], tuple(titles)),
    )


def _read_tasks(parts: Sequence[tuple[int, _ColumnPart]], titles: tuple[str, ...]) -> Iterator[ReadTask]:
    start = 1
    for count, part in parts:
        yield partial(_build_batch, part, count, start, titles)
        start += count


def _decode(raw: bytes, name: str) -> tuple[str, str]:
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding).removeprefix("\ufeff"), encoding
    except UnicodeDecodeError as fault:
        raise SourceError("json-encoding", path=name) from fault


def _flatten_records(items: Iterable[dict[str, Json]], name: str) -> Iterator[dict[str, str]]:
    try:
        yield from map(flatten_record, items)
    except RecursionError as fault:
        raise SourceError("json-too-deep", path=name) from fault
    except RepeatedKeyError as fault:
        raise SourceError("json-key-repeated", path=name, title=fault.args[0]) from fault


def _collect_parts(
    items: Iterator[dict[str, str]], titles: dict[str, None], name: str, limits: Limits
) -> Iterator[tuple[int, _ColumnPart]]:
    """The records in columns, part by part; titles are collected on the way, in first-seen order."""
    while some := list(islice(items, _RECORDS_PER_BATCH)):
        for one in some:
            titles.update(dict.fromkeys(one))
        if len(titles) > limits.columns:
            raise LimitError("json-columns", path=name, limit=limits.columns)
        yield len(some), {title: cells_from_text([one.get(title, "") for one in some]) for title in titles}


def _build_batch(part: _ColumnPart, count: int, start: int, titles: tuple[str, ...]) -> Batch:
    columns = [part.get(title, constant_cells("", count)) for title in titles]
    numbers: Numbers = np.arange(1, count + 1, dtype=np.int64)
    names = unique_titles(tuple(replace_lone_surrogates(title) for title in titles))
    table = pa.table(columns, names=list(names))
    return Batch(table, numbers, numbers + (start - 1), read=count)
