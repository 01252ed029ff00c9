"""What the ledger knows of jobs: which inputs each is done with, and when it ran.

Losing these rows costs time and nothing else: an input that is taken again has no call that is not known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from calltools.ledger.database import Ledger, as_ledger_errors, transaction


@dataclass(frozen=True, slots=True)
class JobKey:
    """Which job is meant: jobs of one name in two configuration files are two.

    Attributes:
        config: Path of the configuration file.
        name: Name of the job.
    """

    config: str
    name: str


@dataclass(frozen=True, slots=True)
class JobRuns:
    """When a job ran; Unix seconds.

    Attributes:
        ran: The end of its last run; ``None``: never.
        code: Exit code of that run.
        succeeded: The end of the last run that left no input behind; ``None``: none did.
    """

    ran: float | None = None
    code: int | None = None
    succeeded: float | None = None


def find_finished(ledger: Ledger, key: JobKey) -> dict[str, str]:
    """The inputs that a job is done with: path -> digest of what was read."""
    statement = "SELECT input, digest FROM finished JOIN job ON job.id = job WHERE config = ? AND name = ?"
    with as_ledger_errors(ledger.folder):
        return dict(ledger.connection.execute(statement, (key.config, key.name)).fetchall())


def record_finished(ledger: Ledger, key: JobKey, digests: Mapping[str, str], untold: str) -> None:
    """Record that a job is done with inputs; durable before they are moved.

    Args:
        ledger: The ledger.
        key: The job.
        digests: The inputs: path -> digest of what was read.
        untold: What is to be said of them, and of inputs before them; kept until ``forget_untold``.
    """
    with transaction(ledger) as connection:
        job = _job_id(ledger, key)
        connection.executemany(
            "INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?)",
            [(job, path, digest, ledger.now()) for path, digest in digests.items()],
        )
        connection.execute("UPDATE job SET untold = ? WHERE id = ?", (untold, job))


def find_untold(ledger: Ledger, key: JobKey) -> str | None:
    """What runs of a job have found out and not said; ``None``: nothing."""
    statement = "SELECT untold FROM job WHERE config = ? AND name = ?"
    with as_ledger_errors(ledger.folder):
        row = ledger.connection.execute(statement, (key.config, key.name)).fetchone()
    return None if row is None else row[0]


def forget_untold(ledger: Ledger, said: Mapping[JobKey, str]) -> None:
    """Record that it was said of jobs; what another run has found out meanwhile stays."""
    statement = "UPDATE job SET untold = NULL WHERE config = ? AND name = ? AND untold = ?"
    with transaction(ledger) as connection:
        connection.executemany(statement, [(key.config, key.name, text) for key, text in said.items()])


def forget_finished(ledger: Ledger, key: JobKey, paths: Iterable[str]) -> None:
    """Forget inputs that were moved: a file that comes to such a path is another one."""
    with transaction(ledger) as connection:
        job = _job_id(ledger, key)
        connection.executemany("DELETE FROM finished WHERE job = ? AND input = ?", [(job, path) for path in paths])


def record_job_run(ledger: Ledger, key: JobKey, code: int, *, succeeded: bool) -> None:
    """Record the end of a run of a job."""
    now = ledger.now()
    with transaction(ledger) as connection:
        job = _job_id(ledger, key)
        connection.execute("UPDATE job SET ran = ?, code = ? WHERE id = ?", (now, code, job))
        if succeeded:
            connection.execute("UPDATE job SET succeeded = ? WHERE id = ?", (now, job))


def find_job_runs(ledger: Ledger, key: JobKey) -> JobRuns:
    """When a job ran."""
    statement = "SELECT ran, code, succeeded FROM job WHERE config = ? AND name = ?"
    with as_ledger_errors(ledger.folder):
        row = ledger.connection.execute(statement, (key.config, key.name)).fetchone()
    return JobRuns() if row is None else JobRuns(*row)


def list_job_runs(ledger: Ledger) -> list[tuple[JobKey, JobRuns]]:
    """Every job that has run, the latest first."""
    statement = "SELECT config, name, ran, code, succeeded FROM job WHERE ran IS NOT NULL ORDER BY ran DESC"
    with as_ledger_errors(ledger.folder):
        rows = ledger.connection.execute(statement).fetchall()
    return [(JobKey(*row[:2]), JobRuns(*row[2:])) for row in rows]


def _job_id(ledger: Ledger, key: JobKey) -> int:
    """Id of the row of a job, which is made if there is none; inside of a transaction."""
    ledger.connection.execute("INSERT OR IGNORE INTO job (config, name) VALUES (?, ?)", (key.config, key.name))
    found: int = ledger.connection.execute(
        "SELECT id FROM job WHERE config = ? AND name = ?", (key.config, key.name)
    ).fetchone()[0]
    return found
