"""Records kept back because of errors, as the file has them, with the codes."""

import csv
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.safely import AtomicFile
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings

#: Titles put before the file's own. They come first, because a damaged record may have any number of cells.
REJECT_TITLES: Final = ("calltools_codes", "calltools_place")


class RejectsWriter:
    """A CSV of rejected records: codes, physical line or sheet row, then the cells as they were.

    The file appears when it is closed; until then nothing of it is seen.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self._file = AtomicFile(path, force=force)
        self._titles: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end."""
        self._stream = self._file.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Leave nothing behind that ``close`` has not put in its place."""
        self._file.discard()

    def write_header(self, titles: tuple[str, ...]) -> None:
        """Begin a file with these titles; the header is written again when they change."""
        if titles != self._titles:
            self._write_rows([[*REJECT_TITLES, *titles]])
            self._titles = titles

    def write_rejected(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write the records of a batch that hold an error."""
        codes = _error_codes_by_record(findings)
        rows = [(one.record, one.place, list(one.cells)) for one in batch.malformed]
        if bad.any() and batch.origin is not None:
            kept = batch.origin.filter(pa.array(bad))
            cells = zip(*(column.to_pylist() for column in kept.columns), strict=True)
            rows += zip(batch.records[bad].tolist(), batch.places[bad].tolist(), map(list, cells), strict=True)
        self._write_rows([[" ".join(codes[record]), str(place), *cells] for record, place, cells in sorted(rows)])

    def close(self) -> None:
        """Let the file appear."""
        self._file.commit()

    def _write_rows(self, rows: list[list[str]]) -> None:
        text = _LineBuffer()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._stream.write("".join(text.lines).encode("utf-8", "surrogatepass"))


class _LineBuffer:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def _error_codes_by_record(findings: Findings) -> dict[int, list[str]]:
    codes: dict[int, list[str]] = defaultdict(list)
    errors = findings.table.filter(pc.equal(findings.table["severity"], "error"))
    for record, code in zip(errors["record"].to_pylist(), errors["code"].to_pylist(), strict=True):
        if code not in codes[record]:
            codes[record].append(code)
    return codes
