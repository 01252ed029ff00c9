"""Arrow: tables of a program and files of the format; each column becomes text that says exactly what it held."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import SourceError
from calltools.files.inputs import INPUTS, OpenRequest, repeated_header_findings
from calltools.model.batch import Batch, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Cells, Mask, combine_chunks, constant_cells
from calltools.model.titles import redacted_titles

#: Records of a batch.
RECORDS_PER_BATCH: Final = 50_000
#: Bits of a float -> from here on it stands for several whole numbers.
_FIRST_INEXACT: Final = {16: 2**11, 32: 2**24, 64: 2**53}
_UNITS_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class _InexactError(Exception):
    """A column of floats holds numbers that a float cannot hold exactly."""


def render_arrow_table(table: pa.Table, name: str) -> pa.Table:
    """A table with each cell as text; ``""`` where it has no value.

    Whole numbers are written with all their digits, also in a column of floats; other floats in the fewest digits that
    tell them apart. A moment is written in UTC with a ``Z``, a time of the wall clock without, a span of time in
    seconds, a boolean as true or false.

    Args:
        table: Columns of any type; names may repeat.
        name: What the user calls the table.

    Raises:
        SourceError: A column has a type that is no text without a guess, or floats that may have lost digits.
    """
    pairs = zip(table.column_names, table.columns, strict=True)
    return pa.table([_render_column(column, title, name) for title, column in pairs], names=table.column_names)


def _render_column(column: pa.ChunkedArray, title: str, name: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    render = next((render for is_type, render in _RENDERERS if is_type(column.type)), None)
    if render is None:
        facts = {"column": redacted_titles([title]), "type": str(column.type)}
        raise SourceError("arrow-column-type", path=name, **facts)
    try:
        chunks = [combine_chunks(pc.fill_null(render(chunk), "")) for chunk in column.chunks]
    except _InexactError:
        raise SourceError("arrow-column-inexact", path=name, column=redacted_titles([title])) from None
    return pa.chunked_array(chunks, pa.string())


def _render_plainly(values: pa.Array) -> Cells:
    return pc.cast(values, pa.string())


def _render_floats(floats: pa.Array) -> Cells:
    """Whole numbers as digits, as a sheet shows them; anything else as the shortest text of the number."""
    values = pc.cast(floats, pa.float64()).to_numpy(zero_copy_only=False)
    whole: Mask = np.isfinite(values) & (values == np.floor(values))
    if (np.abs(values[whole]) >= _FIRST_INEXACT[floats.type.bit_width]).any():
        raise _InexactError
    texts = pc.cast(floats, pa.string())
    # An exponent is how a spreadsheet spoils a number (CT203, CT221), and no fault of this one: it is written out.
    exponents = pc.fill_null(pc.match_substring_regex(texts, "[0-9]e[+-]"), False).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(exponents & ~whole)
    if len(rows):
        plain = [np.format_float_positional(values[row], trim="-") for row in rows]
        texts = pc.replace_with_mask(texts, pa.array(exponents & ~whole), pa.array(plain, pa.string()))
    digits = pc.cast(pa.array(np.where(whole, values, 0).astype(np.int64)), pa.string())
    return pc.if_else(pa.array(whole), digits, texts)


def _render_moments(moments: pa.Array) -> Cells:
    clock = _without_empty_fraction(pc.cast(pc.cast(moments, pa.timestamp(moments.type.unit)), pa.string()))
    if moments.type.tz is None:
        return clock
    return pc.binary_join_element_wise(pc.replace_substring(clock, " ", "T"), "Z", "")


def _render_times(times: pa.Array) -> Cells:
    return _without_empty_fraction(pc.cast(times, pa.string()))


def _render_spans(spans: pa.Array) -> Cells:
    units = _UNITS_PER_SECOND[spans.type.unit]
    counts = pc.cast(spans, pa.int64()).fill_null(0).to_numpy()
    whole, rest = np.divmod(np.abs(counts), units)
    signs = pa.array(np.where(counts < 0, "-", ""), pa.string())
    fraction = pc.utf8_slice_codeunits(pc.cast(pa.array(rest + units), pa.string()), 1)
    seconds = pc.binary_join_element_wise(signs, pc.cast(pa.array(whole), pa.string()), "")
    written = _without_empty_fraction(pc.binary_join_element_wise(seconds, fraction, "."))
    return pc.if_else(pc.is_valid(spans), written, "")


def _without_empty_fraction(texts: Cells) -> Cells:
    return pc.utf8_rtrim(pc.replace_substring_regex(texts, r"([.][0-9]*?)0+$", r"\1"), ".")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


_RENDERERS: Final[tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Cells]], ...]] = (
    (_is_text, _render_plainly),
    (pa.types.is_null, lambda nulls: constant_cells("", len(nulls))),
    (pa.types.is_integer, _render_plainly),
    (pa.types.is_boolean, _render_plainly),
    (pa.types.is_decimal, _render_plainly),
    (pa.types.is_floating, _render_floats),
    (pa.types.is_timestamp, _render_moments),
    (pa.types.is_date, _render_plainly),
    (pa.types.is_time, _render_times),
    (pa.types.is_duration, _render_spans),
)


def write_arrow(table: pa.Table, stream: BinaryIO) -> None:
    """Write a table as an Arrow file, in batches that are read one by one."""
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table, RECORDS_PER_BATCH)
    stream.flush()


def open_arrow(request: OpenRequest) -> Table:
    """The records of an Arrow file; one batch is in memory at a time.

    Raises:
        SourceError: The file is damaged, or a column cannot be text (``render_arrow_table``).
    """
    path, name = request.path, request.name
    try:
        with pa.memory_map(str(path)) as mapped:
            file = pa.ipc.open_file(mapped)
            titles, count = tuple(file.schema.names), file.num_record_batches
            render_arrow_table(file.schema.empty_table(), name)
    except pa.ArrowInvalid as fault:
        raise SourceError("arrow-damaged", path=name) from fault
    return Table(Source(path, name, INPUTS["arrow"].format), titles, partial(_read_tasks, path, name, titles, count))


def _read_tasks(path: Path, name: str, titles: tuple[str, ...], count: int) -> Iterator[ReadTask]:
    start = 1
    for number in range(count):
        with pa.memory_map(str(path)) as mapped:
            rows = pa.ipc.open_file(mapped).get_batch(number).num_rows
        yield partial(_read_batch, path, name, titles, number, start)
        start += rows


def _read_batch(path: Path, name: str, titles: tuple[str, ...], number: int, start: int) -> Batch:
    with pa.memory_map(str(path)) as mapped:
        table = render_arrow_table(pa.table(pa.ipc.open_file(mapped).get_batch(number)), name)
    columns = pa.table([combine_chunks(column) for column in table.columns], names=list(unique_titles(titles)))
    records = np.arange(1, table.num_rows + 1, dtype=np.int64)
    batch = Batch(columns, records, records + (start - 1), read=table.num_rows)
    return batch.with_findings(repeated_header_findings(batch, titles))
