"""The forms of input: one module with a reader, and one line in ``INPUTS``, for each.

The table is light: a reader is loaded when the first file of its form is opened.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.limits import Limits
from calltools.files.workbook.sheets import looks_like_identifier_title
from calltools.model.batch import Batch, HeaderFinder, Hints, SourceFormat, Table
from calltools.model.cells import Mask, as_mask
from calltools.model.finding import Findings
from calltools.model.titles import REJECT_TITLES


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a reader needs to open a file.

    Attributes:
        path: Path of the bytes; for standard input that of a private copy.
        name: Name of the file in messages.
        hints: What the user or a profile says about reading.
        find_header: Finds the header among the first rows.
        limits: How much memory and time the file may take.
        exact_only: Whether to take the strict path always.
        is_identifier: Whether a column with a title holds ids; of those a workbook may have lost digits (CT209).
        file_format: What ``sniff_format`` found, one of ``Input.file_formats``.
    """

    path: Path
    name: str
    hints: Hints
    find_header: HeaderFinder
    limits: Limits = field(default_factory=Limits)
    exact_only: bool = False
    is_identifier: Callable[[str], bool] = looks_like_identifier_title
    file_format: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A form of input; a call opens a file of this form.

    Attributes:
        opener: ``module:function`` that turns an ``OpenRequest`` into a ``Table``; the module belongs to this package.
        format: How messages and reports speak of such a file.
        endings: Endings of the files that are taken from a folder.
        signatures: First bytes that only such files have.
        file_formats: What ``sniff_format`` finds in such files; with a signature it finds the key of the table.
    """

    opener: str
    format: SourceFormat
    endings: tuple[str, ...]
    signatures: tuple[bytes, ...] = ()
    file_formats: tuple[str, ...] = ()

    def __call__(self, request: OpenRequest) -> Table:
        """The table in the file.

        Raises:
            SourceError: The file cannot be read as a table.
            UsageError: The user must say which sheet is meant.
        """
        table: Table = resolve_name(f"{__package__}.{self.opener}")(request)
        return table


#: The first bytes of a table that this process has written for itself; another process has others.
PRIVATE_SIGNATURE: Final = b"calltools table\0" + os.urandom(48)

INPUTS: Final[Mapping[str, Input]] = MappingProxyType(
    {
        "csv": Input(
            "csv.reader:open_csv",
            SourceFormat(
                (
                    "{name}: text, {encoding}, cells separated by {delimiter}",
                    "{name}: текст, {encoding}, разделитель — {delimiter}",
                ),
                address="line",
                headerless=True,
                canonical=True,
            ),
            (".csv", ".tsv", ".txt"),
            file_formats=("text",),
        ),
        "workbook": Input(
            "workbook.reader:open_workbook",
            SourceFormat(("{name}: workbook, sheet {sheet}", "{name}: книга, лист {sheet}"), address="cell"),
            (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"),
            file_formats=("xlsx", "xlsb", "ods", "xls"),
        ),
        "json": Input(
            "json.reader:open_json",
            SourceFormat(
                ("{name}: JSON, {encoding}", "{name}: JSON, {encoding}"),
                titles=("columns are the keys of records", "столбцы — ключи записей"),
                address="record",
            ),
            (".json", ".jsonl"),
            file_formats=("json",),
        ),
        "parquet": Input(
            "columnar.reader:open_columnar",
            SourceFormat(
                ("{name}: Parquet", "{name}: Parquet"),
                titles=("columns of its schema", "столбцы — из схемы"),
                address="record",
            ),
            (".parquet",),
            # The second one is encrypted.
            (b"PAR1", b"PARE"),
        ),
        "arrow": Input(
            "columnar.reader:open_columnar",
            SourceFormat(
                ("{name}: Arrow", "{name}: Arrow"),
                titles=("columns of its schema", "столбцы — из схемы"),
                address="record",
            ),
            (".arrow", ".arrows", ".feather", ".ipc"),
            # A file, a stream, Feather of version 1.
            (b"ARROW1\0\0", b"\xff\xff\xff\xff", b"FEA1\0\0\0\0"),
        ),
        "table": Input(
            "private_table:open_private_table",
            SourceFormat(
                ("{name}: table", "{name}: таблица"),
                titles=("columns of its schema", "столбцы — из схемы"),
                address="record",
            ),
            (),
            (PRIVATE_SIGNATURE,),
        ),
    }
)


#: Endings of the files that are taken from a folder or an archive; the content then decides about the format.
TABLE_SUFFIXES: Final = tuple(ending for form in INPUTS.values() for ending in form.endings)
#: Endings of packed files; what is inside has an ending, too: ``calls.csv.gz``.
PACKED_SUFFIXES: Final = (".gz", ".bz2", ".xz", ".zst")
ARCHIVE_SUFFIX: Final = ".zip"
#: An office program puts a file of such a name beside one that it has open.
LOCK_FILE_PREFIXES: Final = ("~$", ".~lock")
#: A name with one of them, of which there is no file, is a pattern of names.
WILDCARDS: Final = frozenset("*?[")


def has_table_ending(name: str) -> bool:
    """Whether a name says that the file holds a table, or is an archive that may hold some."""
    lower = name.lower()
    for suffix in PACKED_SUFFIXES:
        lower = lower.removesuffix(suffix)
    return lower.endswith((*TABLE_SUFFIXES, ARCHIVE_SUFFIX))


def input_for_format(file_format: str) -> Input:
    """The form of a file in which ``sniff_format`` found this format."""
    return next(form for name, form in INPUTS.items() if file_format == name or file_format in form.file_formats)


def repeated_header_findings(batch: Batch, titles: Sequence[str]) -> Findings:
    """CT019: records that repeat the header; of files that were put together, with the mark at the beginning of one."""
    alike: Mask = np.ones(len(batch), bool)
    mark = "\ufeff"
    for name, title in zip(batch.columns.column_names, titles, strict=True):
        if title in REJECT_TITLES:
            continue
        if not alike.any():
            return Findings.empty()
        alike &= as_mask(pc.is_in(batch.cells(name), pa.array([title, f"{mark}{title}"], pa.string())))
        mark = ""
    return Findings.for_rule("CT019", records=batch.records[alike], places=batch.places[alike])
