"""Reading a CSV: by Arrow's tokenizer (the fast path), or by the strict path where a block may be malformed."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv

from calltools.errors import SourceError
from calltools.fields.kernels.byte_kernels import span_indices
from calltools.files.csv import sniff
from calltools.files.csv.blocks import Block, BlockRange, Dialect, split_blocks
from calltools.files.csv.encoding import decode_cells, is_utf8_block, view_as_text
from calltools.files.csv.mixture import has_record_of_utf8, is_record_of_utf8
from calltools.files.csv.pieces import Pieces
from calltools.files.csv.streams import DoubledQuotesStream, Utf8Stream
from calltools.files.csv.strict import StrictParser
from calltools.files.inputs import OpenRequest, repeated_header_findings
from calltools.files.limits import Limits
from calltools.model.batch import (
    Batch,
    ByteRanges,
    MalformedRecord,
    MalformedRecords,
    ReadTask,
    Table,
    TextBytes,
    find_runs,
    join_runs,
    unique_titles,
)
from calltools.model.cells import (
    Cells,
    Mask,
    Numbers,
    combine_chunks,
    non_empty,
    offsets,
    text_bytes,
)
from calltools.model.finding import DETAIL_SEPARATOR, Findings

#: Bytes of a block. With smaller blocks the calls of kernels, and threads that wait for each other between them, cost
#: more than the kernels; larger blocks take more memory.
BLOCK_SIZE: Final = 6 << 20
_PIECE_BYTES: Final = 512 << 10
#: Bytes of cells up to which an index of eight bytes for each of them is made; a block hardly ever has more.
_GATHERED_BYTES: Final = 2 * BLOCK_SIZE


def open_csv(request: OpenRequest) -> Table:
    """The table in a CSV; its records are read block by block, by tasks.

    Raises:
        SourceError: The file is not text, or its encoding cannot be determined.
        LimitError: The file has more columns than the limit.
    """
    sniffed = sniff.sniff_csv(request)
    if not sniffed.titles:
        return Table(sniffed.source, (), lambda: iter(()), sniffed.findings)
    reader = _CsvReader(sniffed, request.limits, exact_only=request.exact_only)
    return Table(
        sniffed.source,
        sniffed.titles,
        reader.read_tasks,
        sniffed.findings,
        can_cross_processes=True,
        ranges=reader.byte_ranges(),
        text=reader.text,
    )


class _CsvReader:
    """The records of one CSV."""

    def __init__(self, sniffed: sniff.SniffResult, limits: Limits, *, exact_only: bool) -> None:
        self._sniffed = sniffed
        # Who is sent this reader may work in another folder.
        self._path = sniffed.source.path.absolute()
        self._limits = limits
        self._exact_only = exact_only
        self._names = unique_titles(sniffed.titles)
        encoding = sniffed.source.encoding or "utf-8"
        # The stream gives encodings of several bytes a letter as UTF-8.
        self._dialect = Dialect(
            sniffed.source.delimiter or ",",
            len(sniffed.titles),
            "utf-8" if Utf8Stream.is_needed(encoding) else encoding,
        )

    def byte_ranges(self) -> ByteRanges | None:
        """The blocks as ranges of the file; ``None``: they are bytes of a stream that rewrites those of the file."""
        if self._sniffed.undoubled or Utf8Stream.is_needed(self._sniffed.source.encoding or "utf-8"):
            return None
        return ByteRanges(self._scan_ranges, self._read_range, self._range_tasks)

    def read_tasks(self) -> Iterator[ReadTask]:
        """Tasks in the order of the file."""
        for block, mixed in self._split_with_findings():
            yield partial(self._read_block_with_findings, block, mixed)

    def _scan_ranges(self) -> Iterator[tuple[BlockRange, Findings | None]]:
        """Where the blocks of the file lie, in its order, each with what only all blocks before it show."""
        return (found for found, _ in self._range_tasks())

    def _range_tasks(self) -> Iterator[tuple[tuple[BlockRange, Findings | None], ReadTask]]:
        """The same, each with the task that reads the block while its bytes are here."""
        for block, mixed in self._split_with_findings():
            place = BlockRange.of_block(block, self._sniffed.records_offset)
            yield (place, mixed if len(mixed) else None), partial(self._read_block_with_findings, block, mixed)

    def _read_range(self, found: tuple[BlockRange, Findings | None]) -> Batch:
        """The records of a block that ``_scan_ranges`` has found, read from the file.

        Raises:
            SourceError: The file cannot be opened, or is not the one that was scanned.
        """
        place, mixed = found
        try:
            with self._path.open("rb") as stream:
                block = place.read(stream, self._dialect)
        except OSError as fault:
            raise SourceError("range-unreadable", path=self._path, reason=fault.strerror or "") from None
        if block is None:
            raise SourceError("range-changed", path=self._path)
        return self._read_block_with_findings(block, mixed or Findings.empty())

    def _split_with_findings(self) -> Iterator[tuple[Block, Findings]]:
        """The blocks of the file, each with a finding on its line ends."""
        seen: set[str] = set()
        for block in self._split_blocks():
            yield block, self._mixed_line_end_finding(seen, block)

    @property
    def text(self) -> TextBytes | None:
        """The bytes of the cells, in an encoding in which the file can be split."""
        if Utf8Stream.is_needed(self._sniffed.source.encoding or "utf-8"):
            return None
        size = self._path.stat().st_size
        return TextBytes(self._read_pieces, self._has_no_quote, self._select_tasks, self._dialect.encoding, size)

    def _read_pieces(self) -> Iterator[memoryview]:
        buffer = bytearray(self._piece_bytes())
        yield from (memoryview(buffer)[:count] for count in self._fill_with_pieces(buffer))

    def _has_no_quote(self) -> bool:
        buffer = bytearray(self._piece_bytes())
        return all(buffer.find(b'"', 0, count) < 0 for count in self._fill_with_pieces(buffer))

    def _piece_bytes(self) -> int:
        # A buffer that is larger than the file would be asked of the system, and given back, for each small file.
        return min(_PIECE_BYTES, self._path.stat().st_size + 1)

    def _fill_with_pieces(self, buffer: bytearray) -> Iterator[int]:
        """Fill the buffer with the bytes of the records again and again; gives how many are in it."""
        with self._sniffed.source.path.open("rb", buffering=0) as stream:
            stream.seek(self._sniffed.records_offset)
            while count := stream.readinto(buffer):
                yield count

    def _select_tasks(self, is_wanted: Callable[[memoryview], bool]) -> Iterator[ReadTask]:
        blocks = self._split_plain_lines(is_wanted) if self._has_no_quote() else self._split_blocks()
        yield from (partial(self._read_block, block) for block in blocks if is_wanted(block.data))

    def _split_plain_lines(self, is_wanted: Callable[[memoryview], bool]) -> Iterator[Block]:
        """Blocks of a file without a quote: each line is a record, so that only those that are wanted are looked at."""
        left = b""
        with self._open_stream() as stream:
            while data := stream.read(BLOCK_SIZE):
                lines, end, left = (left + data).rpartition(b"\n")
                if len(left) > self._limits.record_bytes:
                    return  # no record is as long: who reads it refuses it
                if lines and is_wanted(memoryview(lines)):
                    yield from self._split(io.BytesIO(lines + end))
        yield from self._split(io.BytesIO(left))

    def _split_blocks(self) -> Iterator[Block]:
        with self._open_stream() as stream:
            yield from self._split(stream)

    def _split(self, stream: BinaryIO) -> Iterator[Block]:
        return split_blocks(stream, self._dialect, self._sniffed.first_line, BLOCK_SIZE, self._limits)

    def _read_block_with_findings(self, block: Block, mixed: Findings) -> Batch:
        return replace(self._read_block(block).with_findings(mixed), size=len(block.data))

    def _open_stream(self) -> BinaryIO:
        below = self._path.open("rb")
        encoding = self._sniffed.source.encoding or "utf-8"
        stream = Utf8Stream(below, encoding) if Utf8Stream.is_needed(encoding) else below
        stream.seek(self._sniffed.records_offset)
        cells = (
            DoubledQuotesStream(cast("BinaryIO", stream), self._dialect.delimiter)
            if self._sniffed.undoubled
            else stream
        )
        return cast("BinaryIO", cells)

    def _mixed_line_end_finding(self, seen: set[str], block: Block) -> Findings:
        """CT018, once a file: a line that ends with CR alone, or the first line with a second kind of line end."""
        if "CR" in seen or len(seen) > 1:
            return Findings.empty()
        first = block.first_line_ends(seen, self._dialect, self._limits.quoted_bytes)
        for kind in sorted(first, key=first.__getitem__):
            seen.add(kind)
            if "CR" in seen or len(seen) > 1:
                return Findings.from_rows(
                    [{"code": "CT018", "place": block.first_line + first[kind], "detail": "+".join(sorted(seen))}]
                )
        return Findings.empty()

    def _read_block(self, block: Block) -> Batch:
        batch = None if self._exact_only or not block.is_unambiguous else self._read_fast(block)
        batch = self._read_strict(block) if batch is None else batch
        multiline = (
            [self._multiline_cell_findings(batch, block)]
            if block.line_count > batch.read + int((batch.blanks[:, 1] - batch.blanks[:, 0] + 1).sum())
            else []
        )
        has_header = self._sniffed.source.header_row is not None
        repeated = [repeated_header_findings(batch, self._sniffed.titles)] if has_header else []
        return batch.with_findings(*multiline, *repeated)

    def _read_fast(self, block: Block) -> Batch | None:
        """The block by Arrow's tokenizer; ``None``: the strict path must read it."""
        size = len(block.data)
        if block.structure.contains(b"\x00", size):
            return None
        table = self._tokenize(block.data, quoted=block.structure.contains(b'"', size))
        if table is None:
            return None
        starts = block.record_starts(table.num_rows)
        # If the two do not find the same records, only the strict path can say who is right.
        if len(starts) != table.num_rows:
            return None
        return _build_batch(table, block.first_line + starts)

    def _tokenize(self, data: memoryview, *, quoted: bool) -> pa.Table | None:
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(pa.py_buffer(data)),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=self._names),
                pyarrow.csv.ParseOptions(
                    delimiter=self._dialect.delimiter, newlines_in_values=quoted, ignore_empty_lines=False
                ),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(self._names, pa.binary()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            # A ragged record: the strict path finds which one.
            return None
        encoding = self._dialect.encoding
        if encoding == "utf-8":
            if not is_utf8_block(data):
                return None
            columns = [view_as_text(column) for column in table.columns]
        else:
            if has_record_of_utf8(table.columns, encoding):
                return None
            try:
                columns = [decode_cells(column, encoding) for column in table.columns]
            except UnicodeDecodeError:
                return None
        return pa.table(columns, self._names)

    def _read_strict(self, block: Block) -> Batch:
        # The lookahead is parsed, too, because it decided what is wrong at the end of the block.
        text = (bytes(block.data) + (block.lookahead or b"")).decode("latin-1")
        parser = StrictParser(text, self._dialect.delimiter, self._dialect.width, self._limits.quoted_bytes)
        complete = Pieces(self._build_rows)
        malformed = Pieces(MalformedRecords.from_list)
        findings = Pieces(Findings.from_rows)
        blanks: list[tuple[int, int]] = []
        for record in parser.parse_records(len(block.data)):
            place = block.first_line + record.line
            # Rejects keep what stands in the file: text in UTF-8, even if all others are not.
            encoding = "utf-8" if self._is_of_utf8(record.cells) else self._dialect.encoding
            cells = _decode_record(record.cells, encoding)
            is_foreign = encoding != self._dialect.encoding or any(map(_has_surrogate, cells))
            fault = record.fault or ("CT020" if is_foreign else None)
            if not fault and not any(cells):
                blanks.append((place, place + record.blank_lines - 1))
                continue
            number = len(complete) + len(malformed) + 1
            if fault:
                malformed.append(MalformedRecord(number, place, tuple(map(_replace_undecodable, cells))))
                findings.append(self._fault_finding(fault, number, place, len(cells), record.position))
            else:
                complete.append((number, place, cells))
        rows = [self._build_rows([]), *complete.finish()]
        return Batch(
            columns=pa.concat_tables([columns for _, _, columns in rows]).combine_chunks(),
            records=np.concatenate([numbers for numbers, _, _ in rows]),
            places=np.concatenate([places for _, places, _ in rows]),
            findings=Findings.concat(findings.finish()),
            read=len(complete) + len(malformed),
            malformed=MalformedRecords.concat(malformed.finish()),
            blanks=join_runs(np.array(blanks, np.int64).reshape(-1, 2)),
        )

    def _build_rows(self, complete: Sequence[tuple[int, int, tuple[str, ...]]]) -> tuple[Numbers, Numbers, pa.Table]:
        """Numbers, places and columns of complete records."""
        columns = list(zip(*(cells for _, _, cells in complete), strict=True)) or [()] * len(self._names)
        return (
            np.array([number for number, _, _ in complete], np.int64),
            np.array([place for _, place, _ in complete], np.int64),
            pa.table([pa.array(column, pa.string()) for column in columns], self._names),
        )

    def _is_of_utf8(self, cells: tuple[str, ...]) -> bool:
        return self._dialect.encoding != "utf-8" and is_record_of_utf8(cells, self._dialect.encoding)

    def _fault_finding(self, code: str, record: int, place: int, width: int, position: int | None) -> dict[str, object]:
        titles = self._sniffed.titles
        known = position is not None and position < len(titles)
        return {
            "code": code,
            "record": record,
            "place": place,
            "position": position if known else None,
            "column": titles[position] if known and position is not None else None,
            "detail": f"{width}{DETAIL_SEPARATOR}{len(titles)}" if code == "CT008" else None,
        }

    def _multiline_cell_findings(self, batch: Batch, block: Block) -> Findings:
        """CT010: cells with a line break inside."""
        # A record of several lines is the only one whose successor does not start on the next line.
        lines = np.diff(batch.places, append=block.first_line + block.line_count)
        rows = np.flatnonzero(lines > 1)
        if not len(rows):
            return Findings.empty()
        findings = []
        for position, column in enumerate(batch.columns.columns):
            broken = rows[_contain_line_break(combine_chunks(column), rows)]
            if not len(broken):
                continue
            findings.append(
                Findings.for_rule(
                    "CT010",
                    records=batch.records[broken],
                    places=batch.places[broken],
                    position=position,
                    column=self._sniffed.titles[position],
                )
            )
        return Findings.concat(findings)


def _contain_line_break(cells: Cells, rows: Numbers) -> Mask:
    """For each of some rows, whether its cell holds a line break."""
    begins, ends, data = offsets(cells)[rows], offsets(cells)[rows + 1], text_bytes(cells)
    mask: Mask = np.zeros(len(rows), bool)
    if int((ends - begins).sum()) > _GATHERED_BYTES:
        for number, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
            cell = data[begin:end]
            mask[number] = (cell == ord("\n")).any() or (cell == ord("\r")).any()
        return mask
    # The rows are few: gathering their bytes is cheaper than a search through the column.
    places, cell_of = span_indices(begins, ends)
    found = data[places]
    mask[cell_of[(found == ord("\n")) | (found == ord("\r"))]] = True
    return mask


def _build_batch(table: pa.Table, places: Numbers) -> Batch:
    """The batch of a table that the tokenizer gave, without its blank records."""
    blank: Mask = np.ones(table.num_rows, bool)
    for name in table.column_names:
        if not blank.any():
            break
        blank &= ~non_empty(combine_chunks(table[name]))
    rows = np.flatnonzero(~blank)
    kept = table if len(rows) == table.num_rows else table.take(rows)
    kept = pa.table([combine_chunks(column) for column in kept.columns], kept.column_names)
    numbers = np.arange(1, len(rows) + 1)
    return Batch(kept, numbers, places[rows], read=len(rows), blanks=find_runs(places[blank]))


def _decode_record(cells: tuple[str, ...], encoding: str) -> tuple[str, ...]:
    """Cells whose letters are bytes, as text; a byte that stands for no letter becomes one lone surrogate."""
    if all(map(str.isascii, cells)):
        return cells
    return tuple(cell.encode("latin-1").decode(encoding, "surrogateescape") for cell in cells)


def _has_surrogate(cell: str) -> bool:
    return not cell.isascii() and any("\ud800" <= sign <= "\udfff" for sign in cell)


def _replace_undecodable(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
