"""The cells of a sheet given other styles, in one walk along its XML: no other byte is changed."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from calltools.model.rule import Severity
from calltools.reports.presenting import column_letters
from calltools.reports.workbook.package import MAIN, UnknownPackageError, refuse_hidden
from calltools.reports.workbook.styles import Styles

_ATTRIBUTES: Final = rb'((?:\s+[\w:.-]+="[^"<>]*")*)\s*(/?)>'
_ROW: Final = re.compile(rb"<row(?:" + _ATTRIBUTES + rb"|(?=[\s/>]))")
_CELL: Final = re.compile(rb"<c(?:" + _ATTRIBUTES + rb"|(?=[\s/>]))")
_COLUMN: Final = re.compile(rb"<col\s([^>]*)>")
_ADDRESS: Final = re.compile(rb'\sr="([A-Z]{1,3})[0-9]+"')
_STYLE: Final = re.compile(rb'\ss="([0-9]+)"')
_ROW_END: Final = b"</row>"
_ROOT: Final = re.compile(rb"<worksheet\s[^>]*xmlns=\"" + MAIN.encode() + rb'"')
#: What stands behind the drawing of comments in a sheet.
_AFTER: Final = re.compile(
    rb"<(?:legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)[\s/>]|</worksheet>"
)
_TAG: Final = re.compile(rb"<(/?)([\w:.-]+)(?:\s[^<>]*?)?(/?)>")
_CHUNK: Final = 4 << 20
#: Row -> column, counted from 1 -> how bad.
Marks = Mapping[int, Mapping[int, Severity]]


def column_number(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@dataclass(slots=True)
class Walk:
    """One walk along a sheet.

    Attributes:
        styles: Is given the styles of marked cells.
        marks: Which cells, and how bad.
        drawing: The element that leads to the drawing of comments; empty: there is one, or none is needed.
    """

    styles: Styles
    marks: Marks
    drawing: bytes = b""
    last: int = 0
    waiting: deque[int] = field(init=False)
    columns: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.waiting = deque(sorted(self.marks))

    def along(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The sheet with its cells marked."""
        rest, begun = b"", False
        for chunk in chunks:
            rest += chunk
            end = rest.rfind(_ROW_END)
            if end < 0:
                continue
            block, rest = rest[: end + len(_ROW_END)], rest[end + len(_ROW_END) :]
            if not begun:
                begun = self._opened(block)
            # A sign that spans two blocks would begin a tag, and no block ends within one.
            refuse_hidden(block)
            yield self._rows(block)
        if not begun:
            raise UnknownPackageError("rows")
        refuse_hidden(rest)
        yield from self._ending(rest)

    def _opened(self, block: bytes) -> bool:
        head = block[: max(block.find(b"<sheetData>"), 0)]
        if not _ROOT.search(head) or (
            b"encoding" in head[:200] and not re.search(rb"utf-8", head[:200], re.IGNORECASE)
        ):
            raise UnknownPackageError("sheet")
        for found in _COLUMN.finditer(head):
            low, high, style = (_number(found[1], name) for name in (b"min", b"max", b"style"))
            self.columns.append((low, high, style))
        return True

    def _ending(self, rest: bytes) -> Iterator[bytes]:
        end = rest.find(b"</sheetData>")
        if end < 0:
            raise UnknownPackageError("rows")
        yield self._rows(rest[:end])
        yield b"".join(self._missing(self.waiting.popleft()) for _ in range(len(self.waiting)))
        tail = rest[end:]
        place = _place_of_drawing(tail) if self.drawing else 0
        yield tail[:place] + self.drawing + tail[place:]

    def _rows(self, block: bytes) -> bytes:
        parts, at = [], 0
        for found in _ROW.finditer(block):
            number = _row_number(found)
            if number <= self.last:
                raise UnknownPackageError("rows")
            self.last = number
            if not self.styles.ours and (not self.waiting or self.waiting[0] > number):
                continue
            parts.append(block[at : found.start()])
            while self.waiting and self.waiting[0] < number:
                parts.append(self._missing(self.waiting.popleft()))
            if self.waiting and self.waiting[0] == number:
                self.waiting.popleft()
            at = found.end() if found[2] else block.index(_ROW_END, found.end()) + len(_ROW_END)
            parts.append(self._row(found, block[found.end() : at], self.marks.get(number, {})))
        parts.append(block[at:])
        return b"".join(parts)

    def _missing(self, number: int) -> bytes:
        cells = b"".join(
            self._new(number, column, b"", severity) for column, severity in sorted(self.marks[number].items())
        )
        return b'<row r="%d">%s</row>' % (number, cells)

    def _row(self, tag: "re.Match[bytes]", inside: bytes, marks: Mapping[int, Severity]) -> bytes:
        number = _row_number(tag)
        if (quick := self._in_place(number, inside, marks)) is not None:
            return tag[0] + quick
        wanted = deque(sorted(marks))
        parts, at, new = [], 0, 0
        for found in _CELL.finditer(inside):
            column = self._column(found)
            while wanted and wanted[0] < column:
                parts += [inside[at : found.start()], self._new(number, wanted[0], tag[1], marks[wanted.popleft()])]
                at, new = found.start(), new + 1
            severity = marks[wanted.popleft()] if wanted and wanted[0] == column else None
            restyled = self._restyled(found[1], severity)
            if restyled != found[1]:
                parts += [inside[at : found.start(1)], restyled]
                at = found.end(1)
        end = len(inside) - len(_ROW_END) if inside else 0
        parts += [inside[at:end], *(self._new(number, column, tag[1], marks[column]) for column in wanted)]
        attributes = re.sub(rb'\sspans="[^"]*"', b"", tag[1]) if new or wanted else tag[1]
        return b"<row%s>%s</row>" % (attributes, b"".join(parts))

    def _in_place(self, number: int, inside: bytes, marks: Mapping[int, Severity]) -> bytes | None:
        """The row when every marked cell is there and begins as cells usually do: no need to look at the others."""
        if self.styles.ours or not inside:
            return None
        parts, at = [], 0
        for column in sorted(marks):
            address = b'<c r="%s%d"' % (column_letters(column - 1).encode(), number)
            found = _CELL.match(inside, inside.find(address, at)) if address in inside else None
            if found is None or found[1] is None or found.start() < at:
                return None
            parts += [inside[at : found.start(1)], self._restyled(found[1], marks[column])]
            at = found.end(1)
        return b"".join([*parts, inside[at:]])

    def _column(self, found: "re.Match[bytes]") -> int:
        address = _ADDRESS.search(found[1] or b"")
        if address is None:
            raise UnknownPackageError("cell")
        letters = address[1]
        if letters not in self.numbers:
            self.numbers[letters] = column_number(letters.decode())
        return self.numbers[letters]

    def _restyled(self, attributes: bytes, severity: Severity | None) -> bytes:
        found = _STYLE.search(attributes)
        style = int(found[1]) if found else 0
        if style not in self.styles.ours and severity is None:
            return attributes
        base = self.styles.plain(style) if style in self.styles.ours else style
        made = base if severity is None else self.styles.marked(base, severity)
        if found:
            return attributes[: found.start(1)] + b"%d" % made + attributes[found.end(1) :]
        return attributes + b' s="%d"' % made

    def _new(self, row: int, column: int, attributes: bytes, severity: Severity) -> bytes:
        """A cell where there was none: it has the style of its row or column."""
        of_row = _STYLE.search(attributes) if b' customFormat="1"' in attributes else None
        of_column = next((style for low, high, style in self.columns if low <= column <= high), 0)
        made = self.styles.marked(int(of_row[1]) if of_row else of_column, severity)
        return b'<c r="%s%d" s="%d"/>' % (column_letters(column - 1).encode(), row, made)


def chunks_of(stream) -> Iterator[bytes]:  # type: ignore[no-untyped-def] # noqa: ANN001 - a part as zipfile opens it
    """A part, piece by piece."""
    while chunk := stream.read(_CHUNK):
        yield chunk


def _row_number(found: "re.Match[bytes]") -> int:
    if found[1] is None:
        raise UnknownPackageError("row")
    return _number(found[1], b"r")


def _number(attributes: bytes, name: bytes) -> int:
    found = re.search(rb'(?:^|\s)%s="([0-9]+)"' % name, attributes)
    if found is None and name != b"style":
        raise UnknownPackageError("number")
    return int(found[1]) if found else 0


def _place_of_drawing(tail: bytes) -> int:
    """Where the drawing of comments belongs: before the first child of the sheet that stands behind it."""
    depth, begun, choosing = 0, 0, False
    for found in _TAG.finditer(tail, len(b"</sheetData>")):
        closing, name, empty = found.groups()
        if depth == 0:
            # A child that only some programs understand holds one of those inside.
            begun, choosing = found.start(), name.endswith(b":AlternateContent")
        if (depth == 0 or choosing) and _AFTER.match(tail, found.start()):
            return begun
        depth += -1 if closing else 0 if empty else 1
    raise UnknownPackageError("tail")
