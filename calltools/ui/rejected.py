"""The rejected records of a run in a private database, so that a page of them costs the same whatever their number."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.csv.writers import error_codes_by_record, rejected_rows
from calltools.model.batch import Batch, Source
from calltools.model.cells import Mask
from calltools.model.finding import FINDINGS_SCHEMA, Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from calltools.run import Job, SessionSink

#: Records on a page.
PAGE_RECORDS: Final = 50
_TABLES: Final = """
    CREATE TABLE records (
        id INTEGER PRIMARY KEY, file INTEGER, record INTEGER, place INTEGER, call INTEGER, malformed INTEGER, cells TEXT
    );
    CREATE TABLE findings (
        file INTEGER, record INTEGER, code TEXT, severity TEXT, place INTEGER, position INTEGER, column TEXT,
        field TEXT, value TEXT, after TEXT, detail TEXT
    );
"""
_INDEXES: Final = """
    CREATE UNIQUE INDEX by_record ON records (file, record);
    CREATE INDEX by_call ON records (file, call);
    CREATE INDEX findings_of ON findings (file, record);
    CREATE INDEX findings_by_code ON findings (code, file, record);
"""
_FINDING_COLUMNS: Final = (
    "record", "code", "severity", "place", "position", "column", "field", "value", "after", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """A file some records of which are rejected: how it was read, and its titles."""

    name: str
    source: Source
    titles: tuple[str, ...]


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
    """

    file: int
    record: int
    place: int
    cells: Sequence[str]
    findings: Sequence[Finding]
    malformed: bool
    positions: Mapping[int, Sequence[Finding]] = field(default_factory=dict)


class RejectedRecords(SessionSink):
    """Collects rejected records, and gives pages of them.

    Args:
        path: The database, which does not exist yet.

    Attributes:
        files: The files of the run that could be read.
        counts: Code -> rejected records with an error of this rule; ``""``: all.
    """

    def __init__(self, path: Path) -> None:
        self.files: dict[int, RejectedFile] = {}
        self.counts: dict[str, int] = {}
        self._path = path
        # Written by the thread of the run; read by pages afterwards, each by a connection of its own.
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._database.execute("BEGIN")
        self._number = 0

    def wants_records(self, _path: Path) -> bool:
        """They are shown as they are in the file."""
        return True

    def start_file(self, name: str, job: Job | None) -> None:
        """The titles of the file."""
        self._number += 1
        if job is not None:
            self.files[self._number] = RejectedFile(name, job.table.source, tuple(job.table.titles))

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Keep the rejected records of a batch, and what is wrong with them."""
        malformed = {one.record: (one.place, list(one.cells)) for one in batch.malformed}
        named = [record for record, codes in error_codes_by_record(findings).items() if codes]
        rows = [(record, place, cells) for record, (place, cells) in malformed.items()]
        if batch.origin is not None and (bad.any() or batch.legs is not None):
            rows += rejected_rows(batch, bad, named)
        if not rows:
            return
        calls = (
            {} if batch.legs is None else dict(zip(batch.legs.records.tolist(), batch.legs.calls.tolist(), strict=True))
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO records VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (
                (self._number, record, place, calls.get(record, record), record in malformed, json.dumps(cells))
                for record, place, cells in sorted(rows, key=lambda row: row[0])
            ),
        )
        wanted = pa.array([row[0] for row in rows], pa.int64())
        table = findings.table.filter(pc.is_in(findings.table["record"], wanted)).select(_FINDING_COLUMNS)
        columns = (column.to_pylist() for column in table.columns)
        self._database.executemany(
            f"INSERT INTO findings VALUES ({', '.join('?' * (len(_FINDING_COLUMNS) + 1))})",  # noqa: S608 - question marks
            ((self._number, *row) for row in zip(*columns, strict=True)),
        )

    def drop_file(self) -> None:
        """Forget the file, which broke off."""
        self.files.pop(self._number, None)
        for table in ("records", "findings"):
            self._database.execute(f"DELETE FROM {table} WHERE file = ?", (self._number,))  # noqa: S608 - our names

    def close(self, _summaries: Sequence[Summary]) -> None:
        """Make pages fast, and count."""
        self._database.execute("COMMIT")
        self._database.executescript(_INDEXES)
        counted = self._database.execute(
            "SELECT code, COUNT(DISTINCT file << 40 | record) FROM findings WHERE severity = 'error' GROUP BY code"
        )
        [(total,)] = self._database.execute("SELECT COUNT(*) FROM records")
        self.counts = {"": total, **dict(counted)}
        self._database.close()

    def page(self, number: int, options: ReportOptions, code: str = "") -> list[RejectedRecord]:
        """A page of records in the order of the files.

        Args:
            number: From 1.
            options: How findings are worded.
            code: Only records with an error of this rule.
        """
        database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        try:
            return [self._read(database, row, options) for row in _select(database, number, code)]
        finally:
            database.close()

    def _read(self, database: sqlite3.Connection, row: sqlite3.Row, options: ReportOptions) -> RejectedRecord:
        listed = database.execute(
            "SELECT * FROM findings WHERE file = ? AND record IN (?, ?)", (row["file"], row["record"], row["call"])
        )
        raw = [{name: one[name] for name in FINDINGS_SCHEMA.names} for one in listed]
        file = self.files[row["file"]]
        worded = [*render_findings(Findings.from_rows(raw), file.source, file.name, options)]
        positions: dict[int, list[Finding]] = {}
        for one, finding in zip(raw, worded, strict=True):
            if one["position"] is not None and one["record"] == row["record"]:
                positions.setdefault(one["position"], []).append(finding)
        cells = json.loads(row["cells"])
        return RejectedRecord(
            row["file"], row["record"], row["place"], cells, worded, bool(row["malformed"]), positions
        )


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
