"""The rejected records of a run, as pages show them: from a private database, with what was mended since."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeAlias

from calltools.model.batch import Source
from calltools.model.finding import FINDINGS_SCHEMA, Finding, Findings
from calltools.model.marks import MARKED_CODES
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from calltools.run import CellEdits, PlannedFile
from calltools.ui.mending import Edit, judge_records

#: Number of a file of the run, and place of a record -> its mended cells by position.
FileMending: TypeAlias = Callable[[int, int], Mapping[int, Edit]]
#: Records on a page.
PAGE_RECORDS: Final = 50


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """A file some records of which are rejected.

    Attributes:
        name: What the user calls it.
        planned: How it was read; without its records.
    """

    name: str
    planned: PlannedFile

    @property
    def source(self) -> Source:
        """How it was read."""
        return self.planned.table.source

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the file."""
        return tuple(self.planned.table.titles)


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A rejected record, as a page shows it.

    Attributes:
        file: Number of its file.
        record: Its number in there.
        place: Its line or row.
        cells: As they are in the file.
        findings: What is wrong with it, worded.
        malformed: Whether it could not be split into the columns of the header.
        positions: Position of a cell -> what is wrong with it.
        mended: Positions of cells that were mended since the run, or before it.
    """

    file: int
    record: int
    place: int
    cells: Sequence[str]
    findings: Sequence[Finding]
    malformed: bool
    positions: Mapping[int, Sequence[Finding]] = field(default_factory=dict)
    mended: frozenset[int] = frozenset()

    @property
    def seen(self) -> str:
        """Names the cells as they are now: what was filled in over other cells is not saved over these."""
        return blake2b(json.dumps([*self.cells]).encode(), digest_size=9).hexdigest()

    @property
    def is_good(self) -> bool:
        """Whether nothing keeps it back any more."""
        return not any(one.severity == "error" for one in self.findings)


@dataclass(frozen=True, slots=True)
class RejectedRecords:
    """The rejected records of a run, page by page.

    Attributes:
        path: The database.
        mended: Of each file of the run the cells that it has read in place of its own.
        files: Number of a file among them, from 1 -> the file, if it could be read.
        counts: Code -> rejected records with an error of this rule; ``""``: all.
        fixes: Code, kind, title of the column, and count of the cells of rejected records that a rule can repair.
    """

    path: Path
    mended: Sequence[CellEdits | None]
    files: Mapping[int, RejectedFile]
    counts: Mapping[str, int]
    fixes: Sequence[tuple[str, str, str, int]]

    def page(self, number: int, options: ReportOptions, mending: FileMending, code: str = "") -> list[RejectedRecord]:
        """A page of records in the order of the files.

        Args:
            number: From 1.
            options: How findings are worded.
            mending: What was mended since.
            code: Only records with an error of this rule.
        """
        with self._open() as database:
            return self._read(database, _select(database, number, code), options, mending)

    def record(self, file: int, place: int, options: ReportOptions, mending: FileMending) -> RejectedRecord | None:
        """One record by its place; ``None``: there is none."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM records WHERE file = ? AND place = ?", (file, place)).fetchall()
            return next(iter(self._read(database, rows, options, mending)), None)

    def repaired(self, code: str, column: str) -> Iterator[tuple[int, int, int, int, str, str]]:
        """File, record, place, position, cell and repaired cell of each that a rule can repair."""
        with self._open() as database:
            for row in database.execute(
                "SELECT records.file, records.record, records.place, position, cells, after FROM findings"
                " JOIN records USING (file, record)"
                " WHERE code = ? AND column = ? AND after IS NOT NULL AND position IS NOT NULL",
                (code, column),
            ):
                cells = self._judged(row["file"], row["place"], json.loads(row["cells"]))
                if row["position"] < len(cells):
                    yield (*tuple(row)[:4], cells[row["position"]], row["after"])

    def empty_cells(self, file: int, position: int, code: str) -> Iterator[tuple[int, int, str]]:
        """Record, place and cell of the rejected records of a file whose cell in a column is empty, but for spaces.

        Args:
            file: Number of the file.
            position: Of the column.
            code: Only those with an error of this rule.
        """
        chosen = (
            ""
            if not code
            else (
                " AND EXISTS (SELECT 1 FROM findings WHERE findings.file = records.file"
                " AND findings.record = records.record AND code = :code AND severity = 'error')"
            )
        )
        with self._open() as database:
            listed = database.execute(
                "SELECT record, place, cells FROM records WHERE file = :file AND NOT malformed"  # noqa: S608 - our words
                f"{chosen} ORDER BY record",
                {"file": file, "code": code},
            )
            for row in listed:
                cell = self._judged(file, row["place"], json.loads(row["cells"]))[position]
                if not cell.strip():
                    yield row["record"], row["place"], cell

    def _judged(self, file: int, place: int, cells: list[str]) -> list[str]:
        """The cells of a record as the run has judged them."""
        known = self.mended[file - 1]
        read = known.cells.get(place, {}) if known else {}
        return [read.get(at, cell) for at, cell in enumerate(cells)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        try:
            yield database
        finally:
            database.close()

    def _read(
        self, database: sqlite3.Connection, rows: Sequence[sqlite3.Row], options: ReportOptions, mending: FileMending
    ) -> list[RejectedRecord]:
        found = [self._find(database, row, mending) for row in rows]
        worded: list[list[Finding]] = [[] for _ in rows]
        # One call words all findings of a file: a call takes longer than its findings.
        for number in dict.fromkeys(row["file"] for row in rows):
            file = self.files[number]
            places = [at for at, row in enumerate(rows) if row["file"] == number for _ in found[at]]
            listed = [one for at, row in enumerate(rows) if row["file"] == number for one in found[at]]
            sentences = render_findings(Findings.from_rows(listed), file.source, file.name, options)
            for at, finding in zip(places, sentences, strict=True):
                worded[at].append(finding)
        return [
            self._make_record(row, found[at], worded[at], mending(row["file"], row["place"]))
            for at, row in enumerate(rows)
        ]

    def _find(self, database: sqlite3.Connection, row: sqlite3.Row, mending: FileMending) -> list[dict[str, Any]]:
        """What is wrong with a record, as it is by now."""
        number = row["file"]
        listed = database.execute(
            "SELECT * FROM findings WHERE file = ? AND record IN (?, ?)", (number, row["record"], row["call"])
        )
        raw = [{name: one[name] for name in FINDINGS_SCHEMA.names} for one in listed]
        edits, known = mending(number, row["place"]), self.mended[number - 1]
        is_known = {at: one.after for at, one in edits.items()} == (known.cells.get(row["place"], {}) if known else {})
        return raw if is_known or row["malformed"] else self._judge_again(database, row, raw, mending)

    @staticmethod
    def _make_record(
        row: sqlite3.Row, raw: Sequence[Mapping[str, Any]], worded: Sequence[Finding], edits: Mapping[int, Edit]
    ) -> RejectedRecord:
        positions: dict[int, list[Finding]] = {}
        for one, finding in zip(raw, worded, strict=True):
            if one["position"] is not None and one["record"] == row["record"]:
                positions.setdefault(one["position"], []).append(finding)
        cells, malformed = _with_edits(json.loads(row["cells"]), edits), bool(row["malformed"])
        mended = frozenset(edits)
        return RejectedRecord(row["file"], row["record"], row["place"], cells, worded, malformed, positions, mended)

    def _judge_again(
        self, database: sqlite3.Connection, row: sqlite3.Row, before: list[dict[str, Any]], mending: FileMending
    ) -> list[dict[str, Any]]:
        """What is wrong with a mended record, judged with the other legs of its call."""
        number = row["file"]
        legs = database.execute(
            "SELECT record, place, cells FROM records WHERE file = ? AND call = ? AND NOT malformed",
            (number, row["call"]),
        ).fetchall()
        rows = [
            (one["record"], one["place"], _with_edits(json.loads(one["cells"]), mending(number, one["place"])))
            for one in legs
        ]
        found = judge_records(self.files[number].planned, rows).to_rows()
        # What only the reader has seen, such as a number where an id should be, is still so in the other cells.
        seen = [
            one for one in before
            if one["code"] in MARKED_CODES and one["position"] not in mending(number, one["place"])
        ]  # fmt: skip
        told = {(one["code"], one["record"], one["position"]) for one in seen}
        return [*seen, *(one for one in found if (one["code"], one["record"], one["position"]) not in told)]


def _with_edits(cells: list[str], edits: Mapping[int, Edit]) -> list[str]:
    return [edits[at].after if at in edits else cell for at, cell in enumerate(cells)]


def _select(database: sqlite3.Connection, number: int, code: str) -> list[sqlite3.Row]:
    first = (number - 1) * PAGE_RECORDS
    if not code:
        # Ids are those of the order, without a gap.
        return database.execute(
            "SELECT * FROM records ORDER BY file, record LIMIT ? OFFSET ?", (PAGE_RECORDS, first)
        ).fetchall()
    return database.execute(
        "SELECT records.* FROM (SELECT DISTINCT file, record FROM findings WHERE code = ? AND severity = 'error'"
        " ORDER BY file, record LIMIT ? OFFSET ?) JOIN records USING (file, record)",
        (code, PAGE_RECORDS, first),
    ).fetchall()
