"""The forms of samples: a file of a few invented records, taken apart, and written again with any number of others."""

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeAlias

import openpyxl
import xlsxwriter

#: Gives for a title and a cell another cell; a number is written as one where the form has numbers.
Change: TypeAlias = Callable[[str, str], str | int]
#: A line of types under a header.
_TYPE: Final = re.compile(r"INTEGER|UNIQUEIDENTIFIER|VARCHAR\([0-9]+\)|")
_CREATED: Final = datetime(2026, 3, 1)  # noqa: DTZ001 - a workbook has no zones


class Seed(Protocol):
    """A file of some records, whose form is kept."""

    def cells(self, record: int) -> Iterable[tuple[str, str]]:
        """Title and text of the cells of a record, counted from 1."""

    def vary(self, record: int, change: Change) -> Any:
        """A record like this one with other cells, as ``write`` takes it."""

    def write(self, records: Iterable[Any], stream: BinaryIO) -> None:
        """Write records in the form of the file."""


class CsvSeed:
    """A text file: quotes, line ends, header and the lines around it stay as they are.

    Args:
        data: The bytes.
        titles: Of its columns.
        delimiter: Between cells.
        header_row: Line of the header; ``None``: there is none.
        undoubled: Whether quotes inside of cells are not doubled.
    """

    def __init__(
        self, data: bytes, titles: Sequence[str], delimiter: str, header_row: int | None, *, undoubled: bool
    ) -> None:
        text = data.decode("utf-8")
        self.titles = titles
        self._delimiter, self._undoubled = delimiter, undoubled
        self._end = "\r\n" if "\r\n" in text else "\n"
        lines = list(_split_lines(text.replace("\r\n", "\n"), undoubled=undoubled))
        start = 0 if header_row is None else header_row
        while start < len(lines) and not lines[start].strip():
            start += 1
        records = [line for line in lines[start:] if line.strip()]
        self._rows = [self._split(line) for line in records]
        self._head = lines[:start]
        if self._rows and all(_TYPE.fullmatch(cell) for cell, _ in self._rows[0]):
            self._head.append(records[0])

    def cells(self, record: int) -> Iterable[tuple[str, str]]:
        """Title and text of the cells of a record, counted from 1."""
        return ((title, cell) for title, (cell, _) in zip(self.titles, self._rows[record - 1], strict=False))

    def vary(self, record: int, change: Change) -> str:
        """A record like this one with other cells."""
        row = self._rows[record - 1]
        return self._delimiter.join(
            self._quote(str(change(title, cell)), quoted=quoted)
            for title, (cell, quoted) in zip(self.titles, row, strict=False)
        )

    def write(self, records: Iterable[str], stream: BinaryIO) -> None:
        """Write records in the form of the file."""
        stream.writelines(f"{line}{self._end}".encode() for line in self._head)
        stream.writelines(f"{line}{self._end}".encode() for line in records)

    def _quote(self, text: str, *, quoted: bool) -> str:
        if not quoted and not any(sign in text for sign in (self._delimiter, '"', "\n")):
            return text
        return f'"{text}"' if self._undoubled else '"' + text.replace('"', '""') + '"'

    def _split(self, line: str) -> list[tuple[str, bool]]:
        if self._undoubled:
            return [(cell, True) for cell in line[1:-1].split(f'"{self._delimiter}"')]
        cells, place = [], 0
        while place <= len(line):
            quoted = line[place : place + 1] == '"'
            if quoted:
                end = place + 1
                while line[end] != '"' or line[end + 1 : end + 2] == '"':
                    end += 2 if line[end] == '"' else 1
                cells.append((line[place + 1 : end].replace('""', '"'), True))
                place = end + 2
            else:
                end = line.find(self._delimiter, place)
                end = len(line) if end < 0 else end
                cells.append((line[place:end], False))
                place = end + 1
        return cells


def _split_lines(text: str, *, undoubled: bool) -> Iterator[str]:
    """The records as text: a line break inside of quotes ends none."""
    held = ""
    for line in text.removesuffix("\n").split("\n"):
        held += line
        if undoubled or held.count('"') % 2 == 0:
            yield held
            held = ""
        else:
            held += "\n"


class JsonSeed:
    """A JSON document: its envelope stays, and so does the type of each value.

    Args:
        data: The bytes.
        count: Records that it has.
    """

    def __init__(self, data: bytes, count: int) -> None:
        self._document = json.loads(data)
        self._indent = 1 if data.count(b"\n") > count + 10 else None
        self._lists = next(lists for lists in _lists_of_records(self._document) if sum(map(len, lists)) == count)
        self._records = [record for one in self._lists for record in one]

    def cells(self, record: int) -> Iterable[tuple[str, str]]:
        """Title and text of the values of a record, counted from 1."""
        found: list[tuple[str, str]] = []

        def note(title: str, text: str) -> str:
            found.append((title, text))
            return text

        _vary_value(self._records[record - 1], note, "")
        return found

    def vary(self, record: int, change: Change) -> Any:
        """A record like this one with other values."""
        return _vary_value(self._records[record - 1], change, "")

    def write(self, records: Iterable[Any], stream: BinaryIO) -> None:
        """Write records in the envelope of the document."""
        first, *others = self._lists
        for one in others:
            one.clear()
        first[:] = ["\x00"]
        document = copy.deepcopy(self._document)
        before, _, after = json.dumps(document, ensure_ascii=False, indent=self._indent).partition('"\\u0000"')
        stream.write(before.encode())
        for number, record in enumerate(records):
            if number:
                stream.write(b",\n")
            stream.write(json.dumps(record, ensure_ascii=False).encode())
        stream.write(f"{after}\n".encode())


def _lists_of_records(document: Any) -> Iterator[list[list[Any]]]:
    """Lists of objects that may hold the records, level by level: all of a level, then each alone."""
    level: list[Any] = [document]
    while level:
        lists = [one for one in level if isinstance(one, list) and one and all(isinstance(item, dict) for item in one)]
        yield from [lists, *([one] for one in lists)] if lists else []
        level = [item for one in level for item in _members(one)]


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _vary_value(value: Any, change: Change, title: str) -> Any:
    if isinstance(value, dict):
        return {key: _vary_value(inner, change, f"{title}.{key}" if title else key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_vary_value(inner, change, title) for inner in value]
    if value is None or isinstance(value, bool):
        text = change(title, "" if value is None else str(value).lower())
        return value if text in {"", "true", "false"} else text
    text = str(value)
    changed = change(title, text)
    if isinstance(value, str) or changed == text:
        return changed if isinstance(value, str) else value
    try:
        return type(value)(changed)
    except ValueError:
        return changed


class WorkbookSeed:
    """A workbook with one sheet: formats of numbers, widths and titles stay.

    Args:
        path: The file.
        titles: Of its columns.
        sheet: Its sheet.
        header_row: Row of the titles.
    """

    def __init__(self, path: Path, titles: Sequence[str], sheet: str, header_row: int) -> None:
        opened = openpyxl.load_workbook(path)
        found = opened[sheet]
        self._sheet, self._header_row = sheet, header_row
        self._rows = [list(row) for row in found.iter_rows(min_row=header_row + 1)]
        self._head = [[cell.value for cell in row] for row in found.iter_rows(max_row=header_row)]
        self.titles = titles

    def cells(self, record: int) -> Iterable[tuple[str, str]]:
        """Title and text of the cells of a record, counted from 1."""
        row = self._rows[record - 1]
        return ((title, _as_text(cell.value)) for title, cell in zip(self.titles, row, strict=False))

    def vary(self, record: int, change: Change) -> list[tuple[Any, str]]:
        """A record like this one with other cells."""
        made = []
        for title, cell in zip(self.titles, self._rows[record - 1], strict=False):
            text = _as_text(cell.value)
            changed = change(title, text)
            made.append((cell.value if changed == text else _as_typed(changed, cell.value), cell.number_format))
        return made

    def write(self, records: Iterable[list[tuple[Any, str]]], stream: BinaryIO) -> None:
        """Write records below the titles; the same records, the same bytes."""
        packed = BytesIO()
        with xlsxwriter.Workbook(packed, {"in_memory": True}) as workbook:
            workbook.set_properties({"created": _CREATED})
            sheet, formats = workbook.add_worksheet(self._sheet), {"General": None}
            for row, values in enumerate(self._head):
                sheet.write_row(row, 0, ["" if value is None else value for value in values])
            for row, cells in enumerate(records, start=self._header_row):
                for column, (value, layout) in enumerate(cells):
                    if layout not in formats:
                        formats[layout] = workbook.add_format({"num_format": layout})
                    _write_cell(sheet, row, column, value, formats[layout])
        stream.write(packed.getvalue())


def _write_cell(sheet: Any, row: int, column: int, value: Any, layout: Any) -> None:
    if isinstance(value, datetime | time):
        sheet.write_datetime(row, column, value, layout)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, layout)
    elif value not in {None, ""}:
        sheet.write_string(row, column, str(value), layout)


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


def _as_typed(changed: str | int, before: Any) -> Any:
    """The changed cell as the form had it; what cannot be that any more is text."""
    if isinstance(changed, int) or isinstance(before, str) or before is None:
        return changed
    try:
        return datetime.fromisoformat(changed) if isinstance(before, datetime) else type(before)(changed)
    except (TypeError, ValueError):
        return changed
