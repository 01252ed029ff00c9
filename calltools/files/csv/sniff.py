"""Sniffing a CSV: encoding, delimiter and header row from its first bytes."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from calltools.errors import LimitError, SourceError
from calltools.fields.table import FIELD_NAMES
from calltools.files.csv.encoding import DISPLAY_NAMES, read_byte_order_mark, sniff_encoding
from calltools.files.csv.first_rows import Row, split_rows
from calltools.files.csv.streams import Utf8Stream, double_inner_quotes, stand_all_in_quotes
from calltools.files.inputs import INPUTS, OpenRequest
from calltools.files.limits import Limits
from calltools.model.batch import HeaderFinder, HeaderGuess, Hints, Source
from calltools.model.finding import Findings
from calltools.model.titles import are_titles

DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_HEAD_BYTES: Final = 1 << 20
_NAMES: Final = frozenset(FIELD_NAMES)


@dataclass(frozen=True, slots=True)
class SniffResult:
    """What the beginning of a CSV says.

    Attributes:
        source: The file and how it is read.
        titles: Titles of the columns; none for an empty file.
        records_offset: Byte where the records start; for encodings of several bytes a letter, in the UTF-8 form.
        first_line: Physical line of that byte, from 1.
        findings: Findings about the file as a whole.
        undoubled: Whether quotes inside of cells are not doubled.
    """

    source: Source
    titles: tuple[str, ...]
    records_offset: int
    first_line: int
    findings: Findings
    undoubled: bool = False


def sniff_csv(request: OpenRequest) -> SniffResult:
    """What the first bytes of a CSV say about it.

    Raises:
        SourceError: The file is not text, has not the encoding that the user named, or its encoding is not certain.
        LimitError: The file has more columns than the limit.
    """
    path, name, hints, find_header = request.path, request.name, request.hints, request.find_header
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\xef\xbb\xbf \t\r\n\xff\xfe\x1a"):
        return SniffResult(Source(path, name, INPUTS["csv"].format), (), 0, 1, Findings.from_rows([{"code": "CT001"}]))
    encoding, skipped = _choose_encoding(head, name, hints, find_header)
    try:
        text = _decode_head(path, head, encoding, skipped)
    except UnicodeError:
        # Some codecs refuse a text as a whole, such as UTF-16 without its mark.
        raise SourceError("encoding-wrong", path=name, encoding=encoding) from None
    hints = hints if stand_all_in_quotes(text) else replace(hints, quotes=None)
    delimiter, rows, guess = _choose_delimiter(text, hints, find_header)
    found = _build_result(_TextFormat(path, name, encoding, skipped, delimiter), rows, guess, text, request.limits)
    return replace(found, undoubled=hints.quotes == "undoubled")


@dataclass(frozen=True, slots=True)
class _TextFormat:
    path: Path
    name: str
    encoding: str
    mark_length: int
    delimiter: str


def _choose_encoding(head: bytes, name: str, hints: Hints, find_header: HeaderFinder) -> tuple[str, int]:
    marked, length = read_byte_order_mark(head)
    if hints.encoding:
        said = hints.encoding.lower().replace("_", "-")
        return ("utf-8" if _is_utf8(said) else said), length if marked == "utf-8" else 0
    if marked:
        return marked, length if marked == "utf-8" else 0
    whole = len(head) < _HEAD_BYTES

    def known(text: str) -> int:
        return max(find_header(split_rows(text, delimiter)[1]).score for delimiter in DELIMITER_NAMES)

    return sniff_encoding(head, name, is_whole_file=whole, count_known_titles=known), 0


def _is_utf8(encoding: str) -> bool:
    """Whether a name stands for UTF-8, as U8 and cp65001 of Windows do."""
    try:
        return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    except LookupError:
        return False


def _decode_head(path: Path, head: bytes, encoding: str, mark_length: int) -> str:
    """The beginning as text; a byte that the encoding does not know becomes one lone surrogate."""
    if Utf8Stream.is_needed(encoding):
        with Utf8Stream(path.open("rb"), encoding) as stream:
            return stream.read(_HEAD_BYTES).decode("utf-8", "surrogateescape")
    return head[mark_length:].decode(encoding, "surrogateescape")


def _choose_delimiter(text: str, hints: Hints, find_header: HeaderFinder) -> tuple[str, list[Row], HeaderGuess]:
    """The delimiter with the most known titles; of equals, the one that divides the rows most evenly."""
    tried: list[tuple[int, float, int, str, list[Row], HeaderGuess]] = []
    listed = [hints.delimiter] if hints.delimiter else list(DELIMITER_NAMES)
    for delimiter in sorted(listed, key=lambda one: one not in text):
        if delimiter not in text and any(score > 1 for score, *_ in tried):
            # Each row is one cell, so that it has one known title at most.
            break
        doubled = double_inner_quotes(text, delimiter) if hints.quotes == "undoubled" else text
        if hints.header_row is None and not tried:
            # If the first row alone is certain, it is so whatever follows, and most rows are not looked at. Only
            # canonical names are: who has others is not asked twice.
            rows, cells = split_rows(doubled, delimiter, 1)
            if cells and _NAMES.issuperset(cells[0]) and (guess := find_header(cells)).certain:
                return delimiter, rows, guess
        rows, cells = split_rows(doubled, delimiter)
        guess = find_header(cells)
        tried.append((guess.score, _width_consistency(cells), -listed.index(delimiter), delimiter, rows, guess))
        if guess.certain:
            break
    best = max(tried, key=lambda one: one[:3])
    delimiter, rows, guess = best[3:]
    if hints.header_row == 0:
        guess = HeaderGuess(None, guess.score, guess.titles)
    elif hints.header_row is not None:
        following = [number for number, row in enumerate(rows) if row.line >= hints.header_row]
        guess = HeaderGuess(following[0] if following else len(rows), guess.score)
    elif not guess.score:
        guess = HeaderGuess(_first_row_of_usual_width(rows), 0)
    return delimiter, rows, guess


def _width_consistency(cells: Sequence[Sequence[str]]) -> float:
    """Share of rows with the usual width, times that width; 0 for rows of one cell. Wide tables are likelier."""
    widths = Counter(len(row) for row in cells)
    width, count = max(widths.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    return count / len(cells) * min(width, 40) if width > 1 else 0.0


def _first_row_of_usual_width(rows: Sequence[Row]) -> int:
    """The number of the first row as wide as most whose cells are words: the header if no title is known.

    A row filled less than half as much as they are is a line above the header, with delimiters added up to the width.
    Without a row of words it is the first of the others.
    """
    widths = Counter(len(row.cells) for row in rows)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    filled = {number: sum(map(bool, row.cells)) for number, row in enumerate(rows) if len(row.cells) == usual}
    least = sorted(filled.values())[len(filled) // 2] / 2 if filled else 0
    wide = [number for number, count in filled.items() if count >= least]
    return next((number for number in wide if are_titles(rows[number].cells)), next(iter(wide), 0))


def _build_result(
    text_format: _TextFormat, rows: list[Row], guess: HeaderGuess, text: str, limits: Limits
) -> SniffResult:
    if not rows:
        raise SourceError("csv-no-rows", path=text_format.name)
    if guess.index is not None and guess.index >= len(rows):
        raise SourceError("csv-header-row-beyond", path=text_format.name, last=rows[-1].line)
    header = None if guess.index is None else rows[guess.index]
    titles = _header_titles(rows, guess)
    if len(titles) > limits.columns:
        raise LimitError("too-many-columns", path=text_format.name, count=len(titles), limit=limits.columns)
    first_line = rows[0].line if header is None else header.next_line
    before = _line_offset(text, first_line)
    recoded = "utf-8" if Utf8Stream.is_needed(text_format.encoding) else text_format.encoding
    offset = text_format.mark_length + len(text[:before].encode(recoded, "surrogateescape"))
    header_line = None if header is None else header.line
    source = Source(
        text_format.path,
        text_format.name,
        INPUTS["csv"].format,
        text_format.encoding,
        text_format.delimiter,
        header_line,
    )
    quote_line = header.line if header and header.has_open_quote else None
    return SniffResult(source, titles, offset, first_line, _file_findings(text_format, header_line, quote_line))


def _header_titles(rows: list[Row], guess: HeaderGuess) -> tuple[str, ...]:
    if guess.index is None:
        return guess.titles or tuple(f"column {number + 1}" for number in range(len(rows[0].cells)))
    # A lone surrogate stands for a byte that could not be decoded; a title must be valid text.
    return tuple(cell.encode("utf-8", "replace").decode() for cell in rows[guess.index].cells)


def _line_offset(text: str, line: int) -> int:
    """Letters of the text before a physical line."""
    if line == 1:
        return 0
    for number, end in enumerate(re.finditer(r"\r\n|\n|\r", text), start=2):
        if number == line:
            return end.end()
    return len(text)


def _file_findings(text_format: _TextFormat, header_line: int | None, open_quote_line: int | None) -> Findings:
    rows: list[dict[str, object]] = []
    if open_quote_line is not None:
        rows.append({"code": "CT006", "place": open_quote_line})
    if text_format.encoding != "utf-8":
        rows.append({"code": "CT003", "detail": DISPLAY_NAMES.get(text_format.encoding, text_format.encoding)})
    elif text_format.mark_length:
        rows.append({"code": "CT004", "place": 1})
    if text_format.delimiter != ",":
        rows.append({"code": "CT005", "detail": DELIMITER_NAMES[text_format.delimiter]})
    if header_line is not None and header_line > 1:
        rows.append({"code": "CT016", "place": header_line, "detail": str(header_line)})
    return Findings.from_rows(rows)
