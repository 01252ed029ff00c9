"""Reading JSON: a list of objects, JSON Lines or a list inside a document become batches of text columns."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from calltools.errors import LimitError, SourceError
from calltools.files.inputs import INPUTS, OpenRequest
from calltools.files.json.records import ExportTest, RecordList, choose_records
from calltools.files.limits import Limits
from calltools.model.batch import Batch, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Cells, Numbers, cells_from_text, constant_cells, replace_lone_surrogates

Json: TypeAlias = Any
#: Between records: white space, and the record separator of RFC 7464.
_RECORD_SEPARATOR: Final = re.compile(r"[ \t\r\n\x1e]*")


class NumberText(str):
    """A number with the digits of the file."""

    __slots__ = ()


class RepeatedKeyError(Exception):
    """An object has a key twice, so that its value is not certain."""


def _build_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise RepeatedKeyError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return made


# NaN is not JSON, but pandas and others write it for a missing number; as text it is a placeholder (CT281).
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_build_object, parse_int=NumberText, parse_float=NumberText, parse_constant=NumberText
)


def parse_records(
    text: str,
    name: str,
    is_export: ExportTest = lambda _: False,
    path: str | None = None,
    on_choice: Callable[[RecordList], None] = lambda _: None,
) -> Iterator[dict[str, Json]]:
    """The objects of a list, of JSON Lines, or of the list of objects that holds the records.

    Args:
        text: JSON, or JSON Lines.
        name: Name of the file in messages.
        is_export: See ``choose_records``.
        path: See there.
        on_choice: Told which list it is, before its first object.

    Raises:
        SourceError: The text is not JSON, is nested too deeply, repeats a key, or holds no list of objects, or several.
        UsageError: There is no list of objects at the path.
    """
    try:
        found = _list_of_records(text, name, is_export, path)
        on_choice(found)
        yield from _require_objects(found.items, name)
    except json.JSONDecodeError as fault:
        place = fault.pos
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        raise SourceError("json-damaged", path=name, line=line, column=column) from fault
    except RecursionError as fault:
        raise SourceError("json-too-deep", path=name) from fault
    except RepeatedKeyError as fault:
        raise SourceError("json-key-repeated", path=name, title=fault.args[0]) from fault


def _list_of_records(text: str, name: str, is_export: ExportTest, path: str | None) -> RecordList:
    values = _parse_values(text)
    first = next(values)
    second = next(values, None)
    if second is None:
        return choose_records(first, name, is_export, path)
    lines = chain([first, second], values)
    # JSON Lines are a list; only a path makes it worth having all of them at once.
    return RecordList(lines) if path is None else choose_records([*lines], name, is_export, path)


def _parse_values(text: str) -> Iterator[Json]:
    """The values of a text, one by one: those of JSON Lines, or the only value of a JSON document."""
    place = _skip_separator(text, 0)
    while True:
        value, place = _DECODER.raw_decode(text, place)
        yield value
        place = _skip_separator(text, place)
        if place == len(text):
            return


def _skip_separator(text: str, place: int) -> int:
    match = _RECORD_SEPARATOR.match(text, place)
    return match.end() if match else place


def _require_objects(items: Iterable[Json], name: str) -> Iterator[dict[str, Json]]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise SourceError("json-not-records", path=name, item=number)
        yield item


def flatten_record(record: dict[str, Json]) -> dict[str, str]:
    """The cells of a record by title: nested keys are joined by dots, lists are compact JSON.

    Raises:
        RepeatedKeyError: Two keys become the same title.
    """
    cells: dict[str, str] = {}
    for title, value in _iterate_leaves(record, ""):
        if title in cells:
            raise RepeatedKeyError(title)
        cells[title] = value if isinstance(value, str) else _format_value(value)
    return cells


def _iterate_leaves(record: dict[str, Json], prefix: str) -> Iterator[tuple[str, Json]]:
    for key, value in record.items():
        title = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            yield from _iterate_leaves(value, f"{title}.")
        else:
            yield title, value


def _format_value(value: Json) -> str:
    if value is None or value == {}:
        return ""
    return _format_compact(value)


def _format_compact(value: Json) -> str:
    """Compact JSON; numbers keep their digits."""
    if isinstance(value, NumberText):
        return value
    if isinstance(value, list):
        return f"[{','.join(map(_format_compact, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key, ensure_ascii=False)}:{_format_compact(one)}" for key, one in value.items())
        return f"{{{','.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)


#: Records of a batch.
RECORDS_PER_BATCH: Final = 50_000
#: Text and records are held in memory, which takes about five times the size of the file.
MAX_JSON_BYTES: Final = 512 << 20

#: Some records: title -> cells.
_ColumnPart = dict[str, Cells]


def open_json(request: OpenRequest) -> Table:
    """The records of a JSON file as a table; all of them are read at once.

    Raises:
        SourceError: The file is not JSON, or holds no list of records.
        LimitError: The file is too large, or its records have too many different keys.
    """
    path, name, limits = request.path, request.name, request.limits
    size = path.stat().st_size
    if size > MAX_JSON_BYTES:
        raise LimitError("json-too-large", path=name, size=size >> 20, limit=MAX_JSON_BYTES >> 20)
    text, encoding = _decode(path.read_bytes(), name)
    titles: dict[str, None] = {}
    chosen: list[RecordList] = []
    is_export: ExportTest = lambda keys: request.find_header([keys]).fits  # noqa: E731 - one line of three
    records = parse_records(text, name, is_export, request.hints.records, chosen.append)
    parts = list(_collect_parts(_flatten_records(records, name), titles, name, limits))
    source = Source(path, name, INPUTS["json"].format, encoding=encoding)
    if chosen and chosen[0].was_chosen:
        source = replace(source, records=chosen[0].path, other_lists=tuple(chosen[0].others.items()))
    return Table(
        source,
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
    """Size and columns of each part of the records; ``titles`` collects all keys in the order of their first use."""
    while records := list(islice(items, RECORDS_PER_BATCH)):
        for record in records:
            titles.update(dict.fromkeys(record))
        if len(titles) > limits.columns:
            raise LimitError("json-columns", path=name, limit=limits.columns)
        yield len(records), {title: cells_from_text([record.get(title, "") for record in records]) for title in titles}


def _build_batch(part: _ColumnPart, count: int, start: int, titles: tuple[str, ...]) -> Batch:
    columns = [part.get(title, constant_cells("", count)) for title in titles]
    numbers: Numbers = np.arange(1, count + 1, dtype=np.int64)
    names = unique_titles(tuple(replace_lone_surrogates(title) for title in titles))
    table = pa.table(columns, names=list(names))
    return Batch(table, numbers, numbers + (start - 1), read=count)
