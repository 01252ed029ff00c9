"""Typed columns of Parquet and Arrow as text; no other module handles their numbers, dates and booleans.

Numbers are written as those of workbooks are, dates and times as ISO 8601 with a blank, a moment with its offset (UTC),
a boolean as the canonical flag. A null is an empty cell.
"""

import json
from collections.abc import Callable, Iterator
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


def leaf_fields(fields: list[pa.Field], prefix: str = "") -> Iterator[pa.Field]:
    """The columns of a schema, those inside of objects under titles joined by dots, as of JSON."""
    for field in fields:
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
    column = _plain(column)
    try:
        texts = _format_plain(column, title)
    except pa.ArrowInvalid as fault:
        if not _is_bytes(column.type):
            raise
        raise SourceError("columnar-bytes", column=title) from fault
    return combine_chunks(texts.fill_null("") if texts.null_count else texts)


def lossy_cells(column: pa.Array) -> Mask:
    """Mask of the cells that are floating-point numbers with more digits than their type keeps."""
    column = _plain(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    limit = _LOSSY_FROM.get(column.type)
    if limit is None:
        return np.zeros(len(column), np.bool_)
    mask: Mask = np.abs(_as_doubles(column).fill_null(0).to_numpy()) >= limit
    return mask


def _plain(column: pa.Array) -> pa.Array:
    """The column without what is only a way to store it."""
    while True:
        if isinstance(column, pa.ExtensionArray):
            if column.type.extension_name == "arrow.uuid":
                texts = [None if one is None else str(UUID(bytes=one)) for one in column.storage.to_pylist()]
                return pa.array(texts, pa.string())
            column = column.storage
        elif pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        elif pa.types.is_dictionary(column.type) and len(column.dictionary) > len(column):
            column = column.dictionary_decode()
        else:
            return column


def _format_plain(column: pa.Array, title: str) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return format_column(column.dictionary, title).take(column.indices)
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


def _format_lists(column: pa.Array) -> pa.Array:
    """Lists as compact JSON, as where the file is JSON."""
    values = column.to_pylist(maps_as_pydicts="lossy")
    return pa.array([None if one is None else _to_json(one) for one in values], pa.string())


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_leaf)


def _leaf(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


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
    (_is_list, _format_lists),
    # An object in which nothing can stand.
    (lambda kind: pa.types.is_null(kind) or pa.types.is_struct(kind), lambda column: constant_cells("", len(column))),
)
