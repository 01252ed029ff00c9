"""What a caller gives to read, as files of a run: paths, addresses, bytes, open files, tables."""

import io
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeAlias, TypeGuard, runtime_checkable

import pyarrow as pa

from calltools.errors import SourceError, UsageError
from calltools.files.columnar.cells import replace_views
from calltools.files.folders import FoundFile, find_files, find_members
from calltools.files.opening import copy_stdin, open_private_file
from calltools.files.private_table import write_private_table
from calltools.files.remote_path import RemotePath, as_path
from calltools.model.titles import redacted_titles
from calltools.run import is_own_file
from calltools.texts.keys import MessageKey

_INDEX_COLUMN: Final = re.compile(r"__index_level_\d+__")
#: How pyarrow says which column of a data frame holds values of several types.
_MIXED_COLUMN: Final = re.compile(r"Conversion failed for column (.*) with type object", re.DOTALL)


@runtime_checkable
class ArrowTable(Protocol):
    """A table with the Arrow stream interface: a data frame of pandas, polars, pyarrow, a relation of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with the stream."""


Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | ArrowTable
Sources: TypeAlias = Source | Sequence[Source]


def list_sources(sources: Sources) -> list[Source]:
    """The inputs one by one: a list or a tuple means several.

    Raises:
        UsageError: There is none.
    """
    listed = [*sources] if isinstance(sources, list | tuple) else [sources]
    if not listed:
        raise UsageError("input-none")
    return listed  # type: ignore[return-value]  # what is no list is one source


def is_path(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether it is a path, or the text of one."""
    return isinstance(source, str | os.PathLike)


def to_path(given: str | os.PathLike[str]) -> Path:
    """A path, or an address, of a caller."""
    return as_path(given if isinstance(given, str | Path) else os.fspath(given))


def as_argument(source: str | os.PathLike[str]) -> str:
    """A path as the command is given it; of an address all of it, which as a path would hide its secrets."""
    path = to_path(source)
    return path.location if isinstance(path, RemotePath) else os.fspath(source)


def find_inputs(
    sources: Sequence[Source], stack: ExitStack, others: Sequence[Path], *, name: str | None, recursive: bool
) -> list[FoundFile]:
    """The files behind the sources, in order.

    Args:
        sources: What the caller gave.
        stack: Deletes the private copies of what is no file.
        others: Files that the call names for something else, such as its outputs.
        name: What messages call a source that has no name.
        recursive: Whether folders in a folder are looked into.

    Raises:
        UsageError: A source is nothing that can be read.
        SourceError: A table cannot be text.
    """
    found: list[FoundFile] = []
    for are_paths, group in groupby(sources, is_path):
        given = [*group]
        if are_paths:
            arguments = [as_argument(one) for one in given]  # type: ignore[arg-type]  # they are paths
            found += find_files(arguments, others=others, is_own=is_own_file, recursive=recursive).files
        else:
            for one in given:
                found += _copy(one, stack, name)
    return found


def read_table(source: Any, name: str) -> pa.Table:
    """A table of a caller, without the index that pandas adds.

    Raises:
        UsageError: It is no table.
        SourceError: A column holds values of several types, or a type that Arrow does not know.
    """
    if not (hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")):
        raise _not_a_table(source)
    try:
        table = pa.table(source)
    except (pa.ArrowException, TypeError, ValueError) as fault:
        raise _unfit_column(source, fault, name) from None
    index = [title for title in table.column_names if _INDEX_COLUMN.fullmatch(title)]
    return _replace_views(table.drop_columns(index), name)


def _not_a_table(source: object) -> UsageError:
    for method in ("collect", "compute"):
        if hasattr(source, method):
            return UsageError("table-not-computed", type=type(source).__name__, method=method)
    return UsageError("table-none", type=type(source).__name__)


def _unfit_column(source: Any, fault: Exception, name: str) -> UsageError | SourceError:
    """The error about a table that Arrow does not take; the text of its fault may hold a cell."""
    mixed = next((found[1] for text in fault.args if (found := _MIXED_COLUMN.search(str(text)))), "")
    if mixed:
        return SourceError("table-mixed", path=name, column=redacted_titles([mixed]))
    titles = [*getattr(source, "columns", ())]
    if repeated := next((str(title) for title in titles if titles.count(title) > 1), ""):
        return SourceError("table-title-repeated", path=name, column=redacted_titles([repeated]))
    for title in titles:
        try:
            pa.table(source[[title]])
        except (pa.ArrowException, TypeError, ValueError):
            return SourceError("table-type", path=name, column=redacted_titles([str(title)]))
    return UsageError("table-none", type=type(source).__name__)


def _replace_views(table: pa.Table, name: str) -> pa.Table:
    """Without views of text, which polars has, and runs: pyarrow cannot take rows of them."""
    columns = []
    for title, column in zip(table.column_names, table.columns, strict=True):
        try:
            chunks = [replace_views(one) for one in column.chunks]
        except pa.ArrowNotImplementedError:
            raise SourceError("table-type", path=name, column=redacted_titles([title])) from None
        columns.append(pa.chunked_array(chunks) if chunks else column)
    return pa.Table.from_arrays(columns, names=table.column_names)


def write_table(table: pa.Table, stack: ExitStack, name: str) -> FoundFile:
    """A table as a private file of a run.

    Raises:
        SourceError: Cells of a column have no text.
    """
    stream, path = stack.enter_context(open_private_file())
    write_private_table(table, stream, name)
    return FoundFile(path, name)


def _copy(source: Source, stack: ExitStack, name: str | None) -> list[FoundFile]:
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
        name = name or "bytes"
    if _is_stream(source):
        refuse_unusable_stream(source, "input-text-stream")
        name = name or name_of_stream(source)
        return find_members(stack.enter_context(copy_stdin(source)), name)
    return [write_table(read_table(source, name or "table"), stack, name or "table")]


def refuse_unusable_stream(stream: object, text_key: MessageKey) -> None:
    """Refuse a stream that is closed, or that takes or gives text.

    Args:
        stream: The stream.
        text_key: Says that it is one for text.

    Raises:
        UsageError: It is such a stream.
    """
    # Wrappers, as of temporary files, are of no class of io, but have what their stream has.
    if isinstance(stream, io.TextIOBase) or hasattr(stream, "encoding"):
        raise UsageError(text_key, path=name_of_stream(stream))
    if getattr(stream, "closed", False):
        raise UsageError("input-closed", path=name_of_stream(stream))


def _is_stream(source: object) -> TypeGuard[BinaryIO]:
    return hasattr(source, "read") and not hasattr(source, "__arrow_c_stream__")


def name_of_stream(stream: object) -> str:
    """What messages call a stream."""
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) else "stream"
