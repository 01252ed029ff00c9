"""Typed columns of Parquet and Arrow as text; no other module handles their numbers, dates and booleans.

Numbers are written as those of workbooks are, dates and times as ISO 8601 with a blank, a moment with its offset (UTC),
a boolean as the canonical flag. A null is an empty cell.
"""

import json
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import SourceError
from calltools.files.workbook.cells import format_floats
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks, constant_cells

#: From here on a number of this type does not hold each whole number; of a double as in a workbook, 16 digits.
_LOSSY_FROM: Final = {pa.float64(): 1e15, pa.float32(): 2.0**24, pa.float16(): 2.0**11}
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_UTC: Final = "+00:00"
#: Types of pandas whose numbers are not what they mean: periods of any length, and intervals of two ends.
_NUMBERED_TYPES: Final = frozenset({"pandas.period", "pandas.interval"})
#: Where a file names such a type that this process does not know.
_EXTENSION_NAME: Final = b"ARROW:extension:name"


def leaf_fields(fields: list[pa.Field], prefix: str = "") -> Iterator[pa.Field]:
    """The columns of a schema, those inside of objects under titles joined by dots, as of JSON.

    Raises:
        SourceError: A file names a type of pandas whose numbers are not what they mean.
    """
    for field in fields:
        extension = (field.metadata or {}).get(_EXTENSION_NAME, b"").decode("utf-8", "replace")
        if extension in _NUMBERED_TYPES:
            raise SourceError("columnar-type", column=f"{prefix}{field.name}", type=extension)
        if pa.types.is_struct(field.type) and field.type.num_fields:
            yield from leaf_fields(list(field.type), f"{prefix}{field.name}.")
        else:
            yield field.with_name(f"{prefix}{field.name}")


def leaf_columns(columns: list[pa.Array]) -> Iterator[pa.Array]:
    """The columns of a batch, parallel to ``leaf_fields``."""
    for column in columns:
        if pa.types.is_struct(column.type) and column.type.num_fields:
            yield from leaf_columns(column.flatten())
        else:
            yield column


def format_column(column: pa.Array, title: str) -> Cells:
    """A typed column as text; ``""`` is a null.

    Raises:
        SourceError: Cells of this type have no text, or bytes are no UTF-8.
    """
    kind = column.type
    try:
        column = _plain(column)
        texts = _format_plain(column, title)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        if _is_bytes(column.type):
            raise SourceError("columnar-bytes", column=title) from fault
        # Arrow cannot do with it what is needed, or the year of a date has more digits than it reads.
        raise SourceError("columnar-type", column=title, type=str(kind)) from fault
    return combine_chunks(texts.fill_null("") if texts.null_count else texts)


def lossy_cells(column: pa.Array) -> Mask:
    """Mask of the cells that are floating-point numbers with more digits than their type keeps."""
    column = _plain(column)
    if pa.types.is_dictionary(column.type):
        column = _decode(column)
    limit = _LOSSY_FROM.get(column.type)
    if limit is None:
        return np.zeros(len(column), np.bool_)
    mask: Mask = np.abs(_as_doubles(column).fill_null(0).to_numpy()) >= limit
    return mask


def _plain(column: pa.Array) -> pa.Array:
    """The column without what is only a way to store it."""
    while True:
        if isinstance(column, pa.ExtensionArray):
            if column.type.extension_name in _NUMBERED_TYPES:
                raise pa.ArrowNotImplementedError(column.type.extension_name)
            if column.type.extension_name == "arrow.uuid":
                texts = [None if one is None else str(UUID(bytes=one)) for one in column.storage.to_pylist()]
                return pa.array(texts, pa.string())
            column = column.storage
        elif pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        elif pa.types.is_dictionary(column.type) and len(column.dictionary) > len(column):
            column = _decode(column)
        else:
            return column


def _decode(column: pa.DictionaryArray) -> pa.Array:
    return replace_views(column).dictionary_decode()


def replace_views(column: pa.Array) -> pa.Array:
    """The column with text and bytes in place of views of them, as polars has, and without runs.

    Arrow cannot take rows of these.

    Raises:
        pa.ArrowNotImplementedError: It cannot replace them either, such as views in runs.
    """
    if pa.types.is_run_end_encoded(column.type):
        return pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type):
        values = replace_views(column.dictionary)
        return pa.DictionaryArray.from_arrays(column.indices, values, ordered=column.type.ordered)
    kind = _without_views(column.type)
    return column if kind == column.type else column.cast(kind)


def _without_views(kind: pa.DataType) -> pa.DataType:
    of = pa.types
    plain = kind
    if of.is_string_view(kind):
        plain = pa.large_string()
    elif of.is_binary_view(kind):
        plain = pa.large_binary()
    elif of.is_struct(kind):
        plain = pa.struct([field.with_type(_without_views(field.type)) for field in kind])
    elif of.is_map(kind):
        plain = pa.map_(_without_views(kind.key_type), _without_views(kind.item_type), kind.keys_sorted)
    elif _is_list(kind):
        item = kind.value_field.with_type(_without_views(kind.value_type))
        if of.is_fixed_size_list(kind):
            plain = pa.list_(item, kind.list_size)
        else:
            plain = pa.list_(item) if of.is_list(kind) or of.is_list_view(kind) else pa.large_list(item)
    return plain


def _format_plain(column: pa.Array, title: str) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return format_column(column.dictionary, title).take(column.indices)
    if _is_list(column.type):
        return _format_lists(column, title)
    for is_of, write in _WRITERS:
        if is_of(column.type):
            return write(column)
    raise SourceError("columnar-type", column=title, type=str(column.type))


def _masked(texts: pa.Array, column: pa.Array) -> pa.Array:
    """The texts, null where the column is."""
    return texts if not column.null_count else pc.if_else(column.is_valid(), texts, None)


def _as_doubles(column: pa.Array) -> pa.DoubleArray:
    """Floats of less precision as the doubles with the same shortest digits: 0.1 stays 0.1."""
    return column if column.type == pa.float64() else column.cast(pa.float32()).cast(pa.string()).cast(pa.float64())


def _format_decimals(column: pa.Array) -> pa.Array:
    """With all digits of their scale; Arrow writes very small and very large ones with an exponent."""
    texts = column.cast(pa.string())
    short = pc.match_substring(texts, "E").fill_null(False)
    if not pc.any(short).as_py():
        return texts
    return pc.replace_with_mask(texts, short, pa.array([f"{one.as_py():f}" for one in column.filter(short)]))


def _format_floats(column: pa.Array) -> pa.Array:
    return _masked(format_floats(_as_doubles(column).fill_null(0)), column)


def _format_times(column: pa.Array) -> pa.Array:
    seconds, fractions = _split_seconds(column)
    return _masked(_join(pa.array(seconds.astype(np.int32), pa.time32("s")).cast(pa.string()), fractions), column)


def _format_moments(column: pa.TimestampArray) -> pa.Array:
    seconds, fractions = _split_seconds(column)
    texts = _join(pa.array(seconds, pa.timestamp("s")).cast(pa.string()), fractions)
    if column.type.tz is not None:
        texts = pc.binary_join_element_wise(texts, _UTC, "")
    return _masked(texts, column)


def _format_spans(column: pa.DurationArray) -> pa.Array:
    """``hh:mm:ss``; hours go on above 24."""
    per_second = _PER_SECOND[column.type.unit]
    spans = column.cast(pa.int64()).fill_null(0).to_numpy()
    # The smallest whole number has no positive counterpart.
    amounts = np.abs(np.maximum(spans, np.iinfo(np.int64).min + 1))
    seconds = amounts // per_second
    parts = [_two_digits(one) for one in (seconds // 3600, seconds // 60 % 60, seconds % 60)]
    texts = _join(pc.binary_join_element_wise(*parts, ":"), _fractions(amounts % per_second, per_second))
    signs = pc.if_else(pa.array(spans < 0), "-", "")
    return _masked(pc.binary_join_element_wise(signs, texts, ""), column)


def _two_digits(numbers: Numbers) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 2, "0")


def _split_seconds(column: pa.Array) -> tuple[Numbers, pa.Array | None]:
    """Whole seconds, and what stands behind them in text."""
    per_second = _PER_SECOND[column.type.unit]
    stored = pa.int32() if column.type.bit_width == 32 else pa.int64()
    numbers = column.cast(stored).cast(pa.int64()).fill_null(0).to_numpy()
    seconds: Numbers = numbers // per_second
    return seconds, _fractions(numbers - seconds * per_second, per_second)


def _fractions(rests: Numbers, per_second: int) -> pa.Array | None:
    """``.25`` and the like, empty where there is none; ``None``: nowhere is one."""
    if not rests.any():
        return None
    digits = pc.utf8_lpad(pa.array(rests).cast(pa.string()), len(str(per_second)) - 1, "0")
    texts = pc.binary_join_element_wise(".", pc.utf8_rtrim(digits, "0"), "")
    return pc.if_else(pa.array(rests != 0), texts, "")


def _join(texts: pa.Array, more: pa.Array | None) -> pa.Array:
    return texts if more is None else pc.binary_join_element_wise(texts, more, "")


def _format_lists(column: pa.Array, title: str) -> pa.Array:
    """Lists as compact JSON, as where the file is JSON."""
    values = _to_values(column, title)
    return pa.array([None if one is None else _to_json(one) for one in values], pa.string())


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _to_values(column: pa.Array, title: str) -> list[Any]:
    """What JSON has for each value: of a date, a time or a decimal the text that a column of them has.

    Python has no billionths of a second, and knows fewer zones than a file may name.
    """
    column = _plain(column)
    of, kind = pa.types, column.type
    if of.is_dictionary(kind):
        kept = _to_values(column.dictionary, title)
        values = [None if at is None else kept[at] for at in column.indices.to_pylist()]
    elif of.is_map(kind):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        maps = _to_values(column.cast(pa.list_(pair)), title)
        values = [None if one is None else _to_object([(pair["key"], pair["value"]) for pair in one]) for one in maps]
    elif _is_list(kind):
        items, lengths = _to_values(pc.list_flatten(column), title), pc.list_value_length(column)
        ends = np.cumsum(lengths.fill_null(0).to_numpy()).tolist()
        sizes = zip(ends, lengths.to_pylist(), strict=True)
        values = [None if length is None else items[end - length : end] for end, length in sizes]
    elif of.is_struct(kind):
        objects = zip(*(_to_values(one, title) for one in column.flatten()), strict=True)
        filled = zip(
            objects if kind.num_fields else repeat((), len(column)), column.is_valid().to_pylist(), strict=True
        )
        values = [_to_object([*zip(kind.names, row, strict=True)]) if is_there else None for row, is_there in filled]
    elif of.is_integer(kind) or of.is_floating(kind) or of.is_boolean(kind) or of.is_null(kind):
        values = column.to_pylist()
    elif _is_bytes(kind):
        values = [None if one is None else one.decode("utf-8", "replace") for one in column.to_pylist()]
    else:
        values = _masked(_format_plain(column, title), column).to_pylist()
    return values


def _to_object(pairs: list[tuple[Any, Any]]) -> dict[Any, Any] | list[tuple[Any, Any]]:
    """The object of keys and values; their list where a key stands twice, or is no text or number."""
    keys = [key for key, _ in pairs]
    is_object = all(isinstance(key, str | int | float) for key in keys) and len({str(key) for key in keys}) == len(keys)
    return dict(pairs) if is_object else pairs


def _is_list(kind: pa.DataType) -> bool:
    of = pa.types
    lists = of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind)
    return bool(lists or of.is_list_view(kind) or of.is_large_list_view(kind) or of.is_map(kind))


def _is_text(kind: pa.DataType) -> bool:
    of = pa.types
    texts = of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind)
    return bool(texts or _is_bytes(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    of = pa.types
    return bool(
        of.is_binary(kind) or of.is_large_binary(kind) or of.is_binary_view(kind) or of.is_fixed_size_binary(kind)
    )


def _is_nothing(kind: pa.DataType) -> bool:
    """Whether nothing can stand in a column of this type: objects with keys are columns, except in a dictionary."""
    return bool(pa.types.is_null(kind) or (pa.types.is_struct(kind) and not kind.num_fields))


#: Of which types the cells are written how; others have no text.
_WRITERS: Final[tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...]] = (
    (lambda kind: _is_text(kind) or pa.types.is_integer(kind), lambda column: column.cast(pa.string())),
    (pa.types.is_floating, _format_floats),
    (pa.types.is_boolean, lambda column: pc.if_else(column, "1", "0")),
    (pa.types.is_decimal, _format_decimals),
    (pa.types.is_timestamp, _format_moments),
    (pa.types.is_date, lambda column: column.cast(pa.date32()).cast(pa.string())),
    (pa.types.is_time, _format_times),
    (pa.types.is_duration, _format_spans),
    (_is_nothing, lambda column: constant_cells("", len(column))),
)
