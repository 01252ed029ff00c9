"""The forms of input: one module of a reader and one line in ``INPUTS`` each.

The table is light: a reader is loaded when a file of its form is opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Final

from calltools.files.limits import Limits
from calltools.model.batch import HeaderFinder, Hints, SourceFormat, Table


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader is asked for.

    Attributes:
        path: Where the bytes of the file are.
        name: What the user calls it.
        kind: What it holds, as ``signatures.kind_of`` says it.
        hints: What the user or a profile says about reading.
        judge: Says which of the first rows is the header.
        limits: What reading may cost.
        exact_only: Take no fast road.
        identifier_titles: Says of a title whether the column holds ids.
    """

    path: Path
    name: str
    kind: str
    hints: Hints
    judge: HeaderFinder
    limits: Limits
    exact_only: bool
    identifier_titles: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Input:
    """A form of input. A call opens a file of this form.

    Attributes:
        opener: ``module:function`` of what makes a ``Table`` of a ``Request``; the module is one of this package.
        format: What the source of the table says of its form.
        endings: Of the files that are taken from a folder.
        begins: The first bytes of every such file, where they alone tell the form.
        kinds: What ``signatures.kind_of`` finds in such files; with ``begins`` it is the key of the table.
    """

    opener: str
    format: SourceFormat
    endings: tuple[str, ...]
    begins: tuple[bytes, ...] = ()
    kinds: tuple[str, ...] = ()

    def __call__(self, request: Request) -> Table:
        """The table in the file.

        Raises:
            SourceError: It cannot be read as a table.
            UsageError: The user must say which part of it is meant.
        """
        table: Table = resolve_name(f"{__package__}.{self.opener}")(request)
        return table


INPUTS: Final[Mapping[str, Input]] = MappingProxyType(
    {
        "csv": Input(
            "csv.reader:open_request",
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
            kinds=("text",),
        ),
        "workbook": Input(
            "workbook.reader:open_request",
            SourceFormat(("{name}: workbook, sheet {sheet}", "{name}: книга, лист {sheet}"), address="cell"),
            (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"),
            kinds=("xlsx", "xlsb", "ods", "xls"),
        ),
        "json": Input(
            "json.reader:open_request",
            SourceFormat(
                ("{name}: JSON, {encoding}", "{name}: JSON, {encoding}"),
                titles=("columns are the keys of records", "столбцы — ключи записей"),
                address="record",
            ),
            (".json", ".jsonl"),
            kinds=("json",),
        ),
    }
)


def of_kind(kind: str) -> Input:
    """The form of a file in which ``signatures.kind_of`` has found this."""
    return next(form for name, form in INPUTS.items() if kind == name or kind in form.kinds)
