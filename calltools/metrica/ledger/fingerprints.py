"""Fingerprints: how the ledger knows a call again without knowing whose it is."""

import hashlib
import hmac
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from calltools.fields.table import IDENTIFIERS, NAMES
from calltools.metrica.ledger.reading import Call

#: Bytes of the fingerprint of a call, and of the one over everything that is written of it.
CALL_BYTES: Final = 16
REST_BYTES: Final = 8
#: What makes it the same call, with the counter.
IDENTITY: Final = (*IDENTIFIERS, "DateTime", "PhoneNumber")
#: No cell holds it: a control character in a cell is an error of the file (CT011).
BETWEEN: Final = "\x1f"

_BLOCK: Final = 1 << 20
_identity: Final = itemgetter(*map(NAMES.index, IDENTITY))

#: A call and all its cells, joined -> its fingerprint, and the one over all of it.
Printer: TypeAlias = Callable[[Call, bytes], tuple[bytes, bytes]]


def printer(key: bytes, counter: int) -> Printer:
    """What makes the fingerprints of calls to a counter."""
    of_call, of_rest = f"call{BETWEEN}{counter}{BETWEEN}".encode(), f"rest{BETWEEN}{counter}{BETWEEN}".encode()
    digest = hmac.digest

    def fingerprints(call: Call, joined: bytes) -> tuple[bytes, bytes]:
        identity = BETWEEN.join(_identity(call)).encode()
        return (
            digest(key, of_call + identity, "sha256")[:CALL_BYTES],
            digest(key, of_rest + joined, "sha256")[:REST_BYTES],
        )

    return fingerprints


def file_digest(key: bytes, path: Path) -> str:
    """Keyed digest of a file, hexadecimal: a plain one of a file with a single call could be guessed."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
