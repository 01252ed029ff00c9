"""Rejected records go into a private database, so that a page of them costs the same whatever their number."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.csv.writers import error_codes_by_record, rejected_rows
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.rules.catalog import RULES_BY_CODE
from calltools.run import CellEdits, PlannedFile, SessionSink
from calltools.ui.rejected import RejectedFile, RejectedRecords

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
    CREATE INDEX by_place ON records (file, place);
    CREATE INDEX by_call ON records (file, call);
    CREATE INDEX findings_of ON findings (file, record);
    CREATE INDEX findings_by_code ON findings (code, file, record);
"""
_FINDING_COLUMNS: Final = (
    "record", "code", "severity", "place", "position", "column", "field", "value", "after", "detail",
)  # fmt: skip


class RejectedSink(SessionSink):
    """Collects the rejected records of a run.

    Args:
        path: The database, which does not exist yet.
        names: What the files of the run are called, in their order.
        mended: Of each the cells that the run reads in place of its own.

    Attributes:
        records: What gives pages of them; only after ``close``.
    """

    records: RejectedRecords

    def __init__(self, path: Path, names: Sequence[str], mended: Sequence[CellEdits | None]) -> None:
        self._files: dict[int, RejectedFile] = {}
        self._path = path
        self._names, self._mended = names, mended
        # Written by the thread of the run; read by pages afterwards, each by a connection of its own.
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._database.execute("BEGIN")
        self._number = 0

    def wants_records(self, _path: Path) -> bool:
        """They are shown as they are in the file."""
        return True

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """The titles of the file."""
        # Files that cannot be opened are not started.
        self._number = self._names.index(name, self._number) + 1
        if planned is not None:
            # What is kept is sent to another process.
            table = replace(planned.table, tasks=_no_records, ranges=None, text=None)
            plan = replace(planned.plan, cross_file_observers={})
            self._files[self._number] = RejectedFile(name, replace(planned, table=table, plan=plan, read_again=None))

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
        self._files.pop(self._number, None)
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
        counts = {"": total, **dict(counted)}
        repairs = self._database.execute(
            "SELECT code, column, COUNT(*) FROM findings WHERE after IS NOT NULL AND position IS NOT NULL"
            " GROUP BY code, column ORDER BY code, column"
        )
        fixes = [(code, RULES_BY_CODE[code].fix or "unsafe", column or "", count) for code, column, count in repairs]
        self._database.close()
        self.records = RejectedRecords(self._path, self._mended, self._files, counts, fixes)


def _no_records() -> Iterator[Any]:
    return iter(())
