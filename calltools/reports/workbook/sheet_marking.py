"""Gives cells of a sheet other styles by editing its XML as a stream; no other byte changes."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.rows import column_letters, column_position
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
#: Elements of a sheet that must come after the drawing of comments.
_AFTER_DRAWING: Final = re.compile(
    rb"<(?:legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)[\s/>]|</worksheet>"
)
_TAG: Final = re.compile(rb"<(/?)([\w:.-]+)(?:\s[^<>]*?)?(/?)>")
_CHUNK: Final = 4 << 20
#: Row number -> column position from 0 -> severity of the mark.
SeverityByCell = Mapping[int, Mapping[int, Severity]]


@dataclass(slots=True)
class SheetMarker:
    """Marks the cells of a sheet while its XML passes; used once.

    The sheet may be larger than memory, so its rows are edited by regular expressions in blocks that end with a row.
    Anything that these expressions could misread raises ``UnknownPackageError``.

    Attributes:
        styles: Receives the styles of marked cells.
        marks: The cells to mark.
        drawing: The element that refers to the drawing of comments; empty: the sheet has one, or needs none.
        last_row: Number of the last row that passed.
        pending_rows: Rows with marks that have not passed.
        column_styles: First position, last position and style of columns with a style of their own.
    """

    styles: StyleTable
    marks: SeverityByCell
    drawing: bytes = b""
    last_row: int = 0
    pending_rows: deque[int] = field(init=False)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    column_positions: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pending_rows = deque(sorted(self.marks))

    def mark(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The sheet with its cells marked.

        Raises:
            UnknownPackageError: The sheet is written in a way that is not understood.
        """
        rest, begun = b"", False
        for chunk in chunks:
            rest += chunk
            end = rest.rfind(_ROW_END)
            if end < 0:
                continue
            block, rest = rest[: end + len(_ROW_END)], rest[end + len(_ROW_END) :]
            if not begun:
                begun = self._read_head(block)
            # A block ends with ``</row>``, so none of these markers is split between two blocks.
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
            self.column_styles.append((low - 1, high - 1, style))
        return True

    def _mark_tail(self, rest: bytes) -> Iterator[bytes]:
        end = rest.find(b"</sheetData>")
        if end < 0:
            raise UnknownPackageError("rows")
        yield self._mark_rows(rest[:end])
        yield b"".join(self._new_row(self.pending_rows.popleft()) for _ in range(len(self.pending_rows)))
        tail = rest[end:]
        position = drawing_position(tail) if self.drawing else 0
        yield tail[:position] + self.drawing + tail[position:]

    def _mark_rows(self, block: bytes) -> bytes:
        parts, at = [], 0
        for found in _ROW.finditer(block):
            number = _row_number(found)
            if number <= self.last_row:
                # Not in order: a row that is missing could come later.
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
        if (marked_in_place := self._mark_row_in_place(number, inside, marks)) is not None:
            return tag[0] + marked_in_place
        pending = deque(sorted(marks))
        # ``at``: up to here the row is in ``parts``.
        parts, at, new_cells = [], 0, 0
        for found in _CELL.finditer(inside):
            column = self._column_of(found)
            while pending and pending[0] < column:
                new_cell = self._new_cell(number, pending[0], tag[1], marks[pending.popleft()])
                parts += [inside[at : found.start()], new_cell]
                at, new_cells = found.start(), new_cells + 1
            severity = marks[pending.popleft()] if pending and pending[0] == column else None
            restyled = self._restyle(found[1], severity)
            if restyled != found[1]:
                parts += [inside[at : found.start(1)], restyled]
                at = found.end(1)
        end = len(inside) - len(_ROW_END) if inside else 0
        parts += [inside[at:end], *(self._new_cell(number, column, tag[1], marks[column]) for column in pending)]
        # The row may be longer now than ``spans`` says; it is optional.
        attributes = re.sub(rb'\sspans="[^"]*"', b"", tag[1]) if new_cells or pending else tag[1]
        return b"<row%s>%s</row>" % (attributes, b"".join(parts))

    def _mark_row_in_place(self, number: int, inside: bytes, marks: Mapping[int, Severity]) -> bytes | None:
        """The marked row, if every marked cell is found by its address; else ``None``.

        Most rows are of this sort: their other cells are not looked at.
        """
        # Marks of an earlier run may be on any cell.
        if self.styles.own_styles or not inside:
            return None
        parts, at = [], 0
        for column in sorted(marks):
            address = b'<c r="%s%d"' % (column_letters(column).encode(), number)
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
        if letters not in self.column_positions:
            self.column_positions[letters] = column_position(letters.decode())
        return self.column_positions[letters]

    def _restyle(self, attributes: bytes, severity: Severity | None) -> bytes:
        found = _STYLE.search(attributes)
        style = int(found[1]) if found else 0
        if style not in self.styles.own_styles and severity is None:
            return attributes
        base = self.styles.unmarked_style(style) if style in self.styles.own_styles else style
        new_style = base if severity is None else self.styles.marked_style(base, severity)
        if found:
            return attributes[: found.start(1)] + b"%d" % new_style + attributes[found.end(1) :]
        return attributes + b' s="%d"' % new_style

    def _new_cell(self, row: int, column: int, attributes: bytes, severity: Severity) -> bytes:
        """A marked cell where the sheet has none; else it has the style of its row, or of its column."""
        row_style = _STYLE.search(attributes) if b' customFormat="1"' in attributes else None
        column_style = next((style for first, last, style in self.column_styles if first <= column <= last), 0)
        style = self.styles.marked_style(int(row_style[1]) if row_style else column_style, severity)
        return b'<c r="%s%d" s="%d"/>' % (column_letters(column).encode(), row, style)


def read_chunks(stream) -> Iterator[bytes]:  # type: ignore[no-untyped-def] # noqa: ANN001 - a part as zipfile opens it
    """The bytes of a part, piece by piece."""
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


def drawing_position(tail: bytes) -> int:
    """Where the schema wants the drawing of comments: before the first child of the sheet that must come after it."""
    depth, child_start, alternative = 0, 0, False
    for found in _TAG.finditer(tail, len(b"</sheetData>")):
        closing, name, empty = found.groups()
        if depth == 0:
            # AlternateContent, which only some programs understand, wraps the element that counts.
            child_start, alternative = found.start(), name.endswith(b":AlternateContent")
        if (depth == 0 or alternative) and _AFTER_DRAWING.match(tail, found.start()):
            return child_start
        depth += -1 if closing else 0 if empty else 1
    raise UnknownPackageError("tail")
