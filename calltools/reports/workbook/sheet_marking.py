"""Gives cells of a sheet other styles by editing its XML as a stream; no other byte changes."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.rows import column_letters
from calltools.reports.workbook.package import MAIN_NAMESPACE, UnknownPackageError, refuse_hiding_markup
from calltools.reports.workbook.styles import StyleTable

_ATTRIBUTES: Final = rb'((?:\s+[\w:.-]+="[^"<>]*")*)\s*(/?)>'
_ROW: Final = re.compile(rb"<row(?:" + _ATTRIBUTES + rb"|(?=[\s/>]))")
_CELL: Final = re.compile(rb"<c(?:" + _ATTRIBUTES + rb"|(?=[\s/>]))")
_COLUMN: Final = re.compile(rb"<col\s([^>]*)>")
_ADDRESS: Final = re.compile(rb'\sr="([A-Z]{1,3})[0-9]+"')
_STYLE: Final = re.compile(rb'\ss="([0-9]+)"')
_ROW_END: Final = b"</row>"
_ROOT: Final = re.compile(rb"<worksheet\s[^>]*xmlns=\"" + MAIN_NAMESPACE.encode() + rb'"')
#: What stands behind the drawing of comments in a sheet.
_AFTER_DRAWING: Final = re.compile(
    rb"<(?:legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)[\s/>]|</worksheet>"
)
_TAG: Final = re.compile(rb"<(/?)([\w:.-]+)(?:\s[^<>]*?)?(/?)>")
_CHUNK: Final = 4 << 20
#: Row -> column, counted from 1 -> how bad.
SeverityByCell = Mapping[int, Mapping[int, Severity]]


def column_number(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@dataclass(slots=True)
class SheetMarker:
    """One walk along a sheet.

    Attributes:
        styles: Is given the styles of marked cells.
        marks: Which cells, and how bad.
        drawing: The element that leads to the drawing of comments; empty: there is one, or none is needed.
    """

    styles: StyleTable
    marks: SeverityByCell
    drawing: bytes = b""
    last_row: int = 0
    pending_rows: deque[int] = field(init=False)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    column_numbers: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pending_rows = deque(sorted(self.marks))

    def mark(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The sheet with its cells marked."""
        rest, begun = b"", False
        for chunk in chunks:
            rest += chunk
            end = rest.rfind(_ROW_END)
            if end < 0:
                continue
            block, rest = rest[: end + len(_ROW_END)], rest[end + len(_ROW_END) :]
            if not begun:
                begun = self._read_head(block)
            # A sign that spans two blocks would begin a tag, and no block ends within one.
            refuse_hiding_markup(block)
            yield self._mark_rows(block)
        if not begun:
            raise UnknownPackageError("rows")
        refuse_hiding_markup(rest)
        yield from self._mark_tail(rest)

    def _read_head(self, block: bytes) -> bool:
        head = block[: max(block.find(b"<sheetData>"), 0)]
        if not _ROOT.search(head) or (
            b"encoding" in head[:200] and not re.search(rb"utf-8", head[:200], re.IGNORECASE)
        ):
            raise UnknownPackageError("sheet")
        for found in _COLUMN.finditer(head):
            low, high, style = (_attribute_number(found[1], name) for name in (b"min", b"max", b"style"))
            self.column_styles.append((low, high, style))
        return True

    def _mark_tail(self, rest: bytes) -> Iterator[bytes]:
        end = rest.find(b"</sheetData>")
        if end < 0:
            raise UnknownPackageError("rows")
        yield self._mark_rows(rest[:end])
        yield b"".join(self._new_row(self.pending_rows.popleft()) for _ in range(len(self.pending_rows)))
        tail = rest[end:]
        place = _drawing_position(tail) if self.drawing else 0
        yield tail[:place] + self.drawing + tail[place:]

    def _mark_rows(self, block: bytes) -> bytes:
        parts, at = [], 0
        for found in _ROW.finditer(block):
            number = _row_number(found)
            if number <= self.last_row:
                raise UnknownPackageError("rows")
            self.last_row = number
            if not self.styles.own_styles and (not self.pending_rows or self.pending_rows[0] > number):
                continue
            parts.append(block[at : found.start()])
            while self.pending_rows and self.pending_rows[0] < number:
                parts.append(self._new_row(self.pending_rows.popleft()))
            if self.pending_rows and self.pending_rows[0] == number:
                self.pending_rows.popleft()
            at = found.end() if found[2] else block.index(_ROW_END, found.end()) + len(_ROW_END)
            parts.append(self._mark_row(found, block[found.end() : at], self.marks.get(number, {})))
        parts.append(block[at:])
        return b"".join(parts)

    def _new_row(self, number: int) -> bytes:
        cells = b"".join(
            self._new_cell(number, column, b"", severity) for column, severity in sorted(self.marks[number].items())
        )
        return b'<row r="%d">%s</row>' % (number, cells)

    def _mark_row(self, tag: "re.Match[bytes]", inside: bytes, marks: Mapping[int, Severity]) -> bytes:
        number = _row_number(tag)
        if (quick := self._mark_row_in_place(number, inside, marks)) is not None:
            return tag[0] + quick
        wanted = deque(sorted(marks))
        parts, at, new = [], 0, 0
        for found in _CELL.finditer(inside):
            column = self._column_of(found)
            while wanted and wanted[0] < column:
                parts += [
                    inside[at : found.start()],
                    self._new_cell(number, wanted[0], tag[1], marks[wanted.popleft()]),
                ]
                at, new = found.start(), new + 1
            severity = marks[wanted.popleft()] if wanted and wanted[0] == column else None
            restyled = self._restyle(found[1], severity)
            if restyled != found[1]:
                parts += [inside[at : found.start(1)], restyled]
                at = found.end(1)
        end = len(inside) - len(_ROW_END) if inside else 0
        parts += [inside[at:end], *(self._new_cell(number, column, tag[1], marks[column]) for column in wanted)]
        attributes = re.sub(rb'\sspans="[^"]*"', b"", tag[1]) if new or wanted else tag[1]
        return b"<row%s>%s</row>" % (attributes, b"".join(parts))

    def _mark_row_in_place(self, number: int, inside: bytes, marks: Mapping[int, Severity]) -> bytes | None:
        """The row when every marked cell is there and begins as cells usually do: no need to look at the others."""
        if self.styles.own_styles or not inside:
            return None
        parts, at = [], 0
        for column in sorted(marks):
            address = b'<c r="%s%d"' % (column_letters(column - 1).encode(), number)
            found = _CELL.match(inside, inside.find(address, at)) if address in inside else None
            if found is None or found[1] is None or found.start() < at:
                return None
            parts += [inside[at : found.start(1)], self._restyle(found[1], marks[column])]
            at = found.end(1)
        return b"".join([*parts, inside[at:]])

    def _column_of(self, found: "re.Match[bytes]") -> int:
        address = _ADDRESS.search(found[1] or b"")
        if address is None:
            raise UnknownPackageError("cell")
        letters = address[1]
        if letters not in self.column_numbers:
            self.column_numbers[letters] = column_number(letters.decode())
        return self.column_numbers[letters]

    def _restyle(self, attributes: bytes, severity: Severity | None) -> bytes:
        found = _STYLE.search(attributes)
        style = int(found[1]) if found else 0
        if style not in self.styles.own_styles and severity is None:
            return attributes
        base = self.styles.unmarked_style(style) if style in self.styles.own_styles else style
        made = base if severity is None else self.styles.marked_style(base, severity)
        if found:
            return attributes[: found.start(1)] + b"%d" % made + attributes[found.end(1) :]
        return attributes + b' s="%d"' % made

    def _new_cell(self, row: int, column: int, attributes: bytes, severity: Severity) -> bytes:
        """A cell where there was none: it has the style of its row or column."""
        of_row = _STYLE.search(attributes) if b' customFormat="1"' in attributes else None
        of_column = next((style for low, high, style in self.column_styles if low <= column <= high), 0)
        made = self.styles.marked_style(int(of_row[1]) if of_row else of_column, severity)
        return b'<c r="%s%d" s="%d"/>' % (column_letters(column - 1).encode(), row, made)


def read_chunks(stream) -> Iterator[bytes]:  # type: ignore[no-untyped-def] # noqa: ANN001 - a part as zipfile opens it
    """A part, piece by piece."""
    while chunk := stream.read(_CHUNK):
        yield chunk


def _row_number(found: "re.Match[bytes]") -> int:
    if found[1] is None:
        raise UnknownPackageError("row")
    return _attribute_number(found[1], b"r")


def _attribute_number(attributes: bytes, name: bytes) -> int:
    found = re.search(rb'(?:^|\s)%s="([0-9]+)"' % name, attributes)
    if found is None and name != b"style":
        raise UnknownPackageError("number")
    return int(found[1]) if found else 0


def _drawing_position(tail: bytes) -> int:
    """Where the drawing of comments belongs: before the first child of the sheet that stands behind it."""
    depth, begun, choosing = 0, 0, False
    for found in _TAG.finditer(tail, len(b"</sheetData>")):
        closing, name, empty = found.groups()
        if depth == 0:
            # A child that only some programs understand holds one of those inside.
            begun, choosing = found.start(), name.endswith(b":AlternateContent")
        if (depth == 0 or choosing) and _AFTER_DRAWING.match(tail, found.start()):
            return begun
        depth += -1 if closing else 0 if empty else 1
    raise UnknownPackageError("tail")
