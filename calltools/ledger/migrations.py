"""The tables, version by version. A released version is never edited, its comments neither; the next one is appended.

Names of tables and columns are those of the first release: ``batch`` has the parts, ``row`` and ``claim`` have the
calls by fingerprint, ``rest`` is the fingerprint of their content, and ``partial`` has their partial fingerprints.
"""

import sqlite3
from typing import Final

from calltools.errors import LedgerError
from calltools.ledger.folder import database_folder
from calltools.ledger.row_sums import register_row_xor

_BASE_TABLES: Final = """
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE batch (
    id              INTEGER PRIMARY KEY,
    counter         INTEGER NOT NULL,
    mark            TEXT NOT NULL UNIQUE,
    kind            TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    dynamic         INTEGER NOT NULL,
    size            INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    goal            TEXT NOT NULL,
    comment         TEXT NOT NULL,
    source          TEXT NOT NULL,
    part            INTEGER NOT NULL,
    parts           INTEGER NOT NULL,
    state           TEXT NOT NULL,
    created         REAL NOT NULL,
    changed         REAL NOT NULL,
    until           REAL,
    reason          TEXT NOT NULL,
    upload_id       INTEGER,
    source_quantity INTEGER,
    line_quantity   INTEGER,
    status          TEXT NOT NULL,
    linked          INTEGER,
    absences        INTEGER NOT NULL,
    first_absent    REAL
);
CREATE INDEX batch_counter ON batch (counter, state);
CREATE TABLE attempt (
    batch      INTEGER NOT NULL REFERENCES batch (id),
    n          INTEGER NOT NULL,
    state      TEXT NOT NULL,
    started    REAL NOT NULL,
    ended      REAL,
    bytes_sent INTEGER,
    reason     TEXT NOT NULL,
    upload_id  INTEGER,
    PRIMARY KEY (batch, n)
) WITHOUT ROWID;
-- A call that was accepted, is under way, or is held: the batch that has it.
CREATE TABLE row (
    fp    BLOB PRIMARY KEY,
    rest  BLOB NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch (id)
) WITHOUT ROWID;
-- A known call that is under way once more: it becomes a row when its batch is accepted.
CREATE TABLE claim (
    fp    BLOB PRIMARY KEY,
    rest  BLOB NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch (id)
) WITHOUT ROWID;
CREATE TABLE event (
    id    INTEGER PRIMARY KEY,
    at    REAL NOT NULL,
    batch INTEGER NOT NULL,
    step  TEXT NOT NULL,
    state TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX event_batch ON event (batch);
CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
CREATE TABLE lease (
    counter INTEGER PRIMARY KEY,
    pid     INTEGER NOT NULL,
    boot    TEXT NOT NULL,
    started TEXT NOT NULL,
    taken   REAL NOT NULL
);
"""

_CLEAN_FILES_TABLE: Final = """
-- Files that a version of the tool has validated and found clean.
CREATE TABLE clean (
    digest  TEXT NOT NULL,
    version TEXT NOT NULL,
    rules   TEXT NOT NULL,
    at      REAL NOT NULL,
    PRIMARY KEY (digest, version, rules)
) WITHOUT ROWID;
"""

_QUARTER_HOURS_TABLE: Final = """
-- When the calls of a batch were made, by quarter of an hour, since the days of zones begin at such times; calls that
-- were sent again count in the batch where they were new.
CREATE TABLE quarter_hour (
    batch  INTEGER NOT NULL REFERENCES batch (id),
    begins INTEGER NOT NULL,
    calls  INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    PRIMARY KEY (batch, begins)
) WITHOUT ROWID;
"""

_ABSENCE_COLUMNS: Final = """
-- The last listing without a part that counted, by the clock of the service and by that of the process that read it.
ALTER TABLE batch ADD COLUMN last_absent REAL;
ALTER TABLE batch ADD COLUMN absent_process TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN absent_monotonic REAL;
-- The id of an uploading that this listing showed with its marker.
ALTER TABLE batch ADD COLUMN witness INTEGER;
"""

_ROW_SUMS_TABLE: Final = """
-- Number and XOR of the rows of each batch, see ``row_sums``.
CREATE TABLE row_sum (
    batch INTEGER PRIMARY KEY REFERENCES batch (id),
    count INTEGER NOT NULL,
    xor   BLOB NOT NULL
);
INSERT INTO row_sum SELECT batch, count(*), row_xor(fp, rest) FROM row GROUP BY batch;
"""

_TOLD_TABLE: Final = """
-- The key of what a run that ended has told of a batch that the service is done with.
CREATE TABLE told (
    batch  INTEGER PRIMARY KEY REFERENCES batch (id),
    remark TEXT NOT NULL
);
"""

_PARTIAL_TABLE: Final = """
-- What the calls of a batch would be known by with fewer identifiers. Those of earlier batches cannot be computed.
CREATE TABLE partial (
    fp    BLOB NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch (id),
    PRIMARY KEY (fp, batch)
) WITHOUT ROWID;
INSERT INTO meta SELECT 'last batch without partial', coalesce(max(id), 0) FROM batch;
"""

_FURTHER_SUMS_TABLES: Final = """
-- The same of the claims and of the partial fingerprints of each batch.
CREATE TABLE claim_sum (
    batch INTEGER PRIMARY KEY REFERENCES batch (id),
    count INTEGER NOT NULL,
    xor   BLOB NOT NULL
);
INSERT INTO claim_sum SELECT batch, count(*), row_xor(fp, rest) FROM claim GROUP BY batch;
CREATE TABLE partial_sum (
    batch INTEGER PRIMARY KEY REFERENCES batch (id),
    count INTEGER NOT NULL,
    xor   BLOB NOT NULL
);
INSERT INTO partial_sum SELECT batch, count(*), row_xor(fp) FROM partial GROUP BY batch;
"""

_JOBS_TABLES: Final = """
-- A job of a configuration file: when it ran last, with which exit code, and when it last left no input behind.
CREATE TABLE job (
    id        INTEGER PRIMARY KEY,
    config    TEXT NOT NULL,
    name      TEXT NOT NULL,
    ran       REAL,
    code      INTEGER,
    succeeded REAL,
    UNIQUE (config, name)
);
-- Inputs that a job is done with, by the digest of what was read.
CREATE TABLE finished (
    job    INTEGER NOT NULL REFERENCES job (id),
    input  TEXT NOT NULL,
    digest TEXT NOT NULL,
    at     REAL NOT NULL,
    PRIMARY KEY (job, input)
) WITHOUT ROWID;
"""

_UNTOLD_COLUMN: Final = """
-- What runs of a job have found out and not said yet, as JSON of ``jobs.untold``; NULL: nothing.
-- A run that is killed says nothing, and the next one says it in its place.
ALTER TABLE job ADD COLUMN untold TEXT;
"""

MIGRATIONS: Final[tuple[str, ...]] = (
    _BASE_TABLES,
    _CLEAN_FILES_TABLE,
    _ABSENCE_COLUMNS,
    _ROW_SUMS_TABLE,
    _TOLD_TABLE,
    _QUARTER_HOURS_TABLE,
    _PARTIAL_TABLE,
    _FURTHER_SUMS_TABLES,
    _JOBS_TABLES,
    _UNTOLD_COLUMN,
)


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Migrate the tables to the last version; each migration is one transaction.

    Raises:
        LedgerError: A later version of calltools wrote this ledger, or its number of version cannot be.
    """
    register_row_xor(connection)
    version = _schema_version(connection)
    if version < 0:
        raise LedgerError("ledger-damaged", path=database_folder(connection))
    if version > len(migrations):
        raise LedgerError("ledger-newer", version=version, known=len(migrations))
    for number in range(version + 1, len(migrations) + 1):
        _apply_migration(connection, migrations[number - 1], number)


def _apply_migration(connection: sqlite3.Connection, script: str, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _split_statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        # SQLite ends the transaction itself when the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _split_statements(script: str) -> list[str]:
    """Split a script into statements. ``executescript`` would commit the transaction before the first."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found


def _schema_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
