"""Files and sheets that may hold the identifiers of the callers: beside the export, and in the same workbook."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFile
from calltools.files.inputs import has_table_ending
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.packed import Packed, Unpacker
from calltools.files.remote_path import RemotePath
from calltools.files.workbook.reader import read_sheet_heads
from calltools.matching.columns import find_match_columns, guess_header, is_identifier_column
from calltools.model.batch import Hints
from calltools.model.titles import redacted_titles
from calltools.run.context import RunOptions
from calltools.vendors.recognize import is_canonical_header

#: Files of a folder that are looked at: an analyst's folder of downloads may hold thousands.
_MAX_LOOKED_AT: Final = 20
#: A larger file is named by its user.
_MAX_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class SecondFile:
    """A file, or a sheet of a workbook, with the columns that a join needs.

    Attributes:
        path: The file.
        sheet: Title of the sheet, of a workbook.
        titles: Its titles of phone, time and identifiers, for a reader.
    """

    path: Path
    sheet: str | None
    titles: str


def find_second_files(found: FoundFile, sheet: str | None, options: RunOptions) -> list[SecondFile]:
    """What may hold identifiers: the other sheets of the same workbook first, then the files beside it.

    Args:
        found: The file of calls.
        sheet: The sheet that the calls are read from.
        options: Of the run.
    """
    if isinstance(found.path, RemotePath) or found.member is not None:
        return []
    candidates = [*_sheets(found.path, found.name, options.limits, besides=sheet)]
    with suppress(OSError):
        beside = sorted(found.path.parent.iterdir())
        files = [one for one in beside if one != found.path and _is_small_table(one)]
        for path in files[:_MAX_LOOKED_AT]:
            with suppress(CalltoolsError, OSError):
                candidates += _tables(path, options.limits)
    return candidates


def _is_small_table(path: Path) -> bool:
    return path.is_file() and has_table_ending(path.name) and path.stat().st_size <= _MAX_BYTES


def _tables(path: Path, limits: Limits) -> Iterator[SecondFile]:
    sheets = [*_sheets(path, path.name, limits, besides=None)]
    if sheets:
        yield from sheets
        return
    with Unpacker() as unpacker:
        plain = unpacker.plain_path(Packed(path), path.name, limits)
        table = open_table(
            plain,
            path.name,
            Hints(),
            lambda rows: guess_header(rows, {}),
            limits,
            is_identifier=lambda title: is_identifier_column(title, {}),
        )
    if (titles := _match_titles(table.titles)) is not None:
        yield SecondFile(path, None, titles)


def _sheets(path: Path, name: str, limits: Limits, *, besides: str | None) -> Iterator[SecondFile]:
    heads = {}
    with suppress(CalltoolsError):
        heads = read_sheet_heads(path, name, limits)
    for title, rows in heads.items():
        guess = guess_header(rows, {})
        if title != besides and guess.index is not None and guess.score:
            found = _match_titles(rows[guess.index])
            if found is not None:
                yield SecondFile(path, title, found)


def _match_titles(titles: Sequence[str]) -> str | None:
    """The titles by which records are joined; ``None``: the columns are not all there, or not clear."""
    if is_canonical_header(titles):
        # What was converted before is no source of identifiers.
        return None
    try:
        columns = find_match_columns(titles, {})
    except CalltoolsError:
        return None
    places = [columns.phone, columns.time, *columns.identifiers.values()]
    return redacted_titles(titles[place] for place in places)
