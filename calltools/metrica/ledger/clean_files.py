"""Files that this version of the tool has validated: an upload of one need not load the validation again."""

from pathlib import Path

from calltools.errors import SourceError
from calltools.metrica.ledger.fingerprints import file_digest
from calltools.metrica.ledger.store import Ledger, as_ledger_errors, transaction


def digest_file(ledger: Ledger, file: Path) -> str:
    """Keyed digest of a file: says nothing to whoever has not the key.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        return file_digest(ledger.key, file)
    except OSError as fault:
        raise SourceError("upload-unreadable", path=file, reason=fault.strerror) from fault


def record_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "") -> None:
    """Remember that a file was found clean.

    Args:
        book: The ledger.
        digest: From ``digest_of``.
        version: Of the tool.
        rules: What else the verdict rests on, in a word: the set of rules, options.
    """
    with transaction(ledger) as connection:
        connection.execute("INSERT OR REPLACE INTO clean VALUES (?, ?, ?, ?)", (digest, version, rules, ledger.now()))


def is_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "", *, since: float = 0) -> bool:
    """Whether the same bytes were found clean by the same version and rules.

    Args:
        book: The ledger.
        digest: From ``digest_of``.
        version: Of the tool.
        rules: As it was remembered.
        since: Unix seconds; an older verdict counts for nothing. Rules of time make verdicts grow old.
    """
    statement = "SELECT 1 FROM clean WHERE digest = ? AND version = ? AND rules = ? AND at >= ?"
    with as_ledger_errors(ledger.folder):
        return ledger.connection.execute(statement, (digest, version, rules, since)).fetchone() is not None
