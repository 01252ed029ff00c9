"""Fingerprints: how the ledger knows a call again without knowing whose it is.

Version 1 joins the cells of fifteen columns by place. A column that came later is added by its name, and only when its
cell is filled: a call without it keeps the fingerprint that older versions of the tool have stored. A stored one cannot
be computed again without the call, so that the two lists below must never change, nor the order in them.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from calltools.fields.field import Field
from calltools.fields.table import FIELDS
from calltools.metrica.ledger.reading import Call

#: Bytes of the fingerprint of a call, and of the one over everything that is written of it.
CALL_FINGERPRINT_BYTES: Final = 16
CONTENT_FINGERPRINT_BYTES: Final = 8
#: No cell holds it: a control character in a cell is an error of the file (CT011).
SEPARATOR: Final = "\x1f"
#: The columns of version 1.
PLACED: Final = (
    "UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration",
    "HoldDuration", "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
)  # fmt: skip
#: Those of them that make it the same call, with the counter.
PLACED_IDENTITY: Final = ("UserId", "ClientId", "Yclid", "DateTime", "PhoneNumber")

_BLOCK_BYTES: Final = 1 << 20

#: A call and all its cells, joined in the order of the table -> its fingerprint, and the one over all of it.
Fingerprinter: TypeAlias = Callable[[Call, bytes], tuple[bytes, bytes]]


def make_fingerprinter(key: bytes, counter: int, fields: Sequence[Field] = FIELDS) -> Fingerprinter:
    """What makes the fingerprints of calls to a counter.

    Args:
        key: The ledger's.
        counter: Where the calls go.
        fields: The columns of a call, in their order.
    """
    call_prefix, content_prefix = f"call{SEPARATOR}{counter}{SEPARATOR}".encode(), f"rest{SEPARATOR}{counter}{SEPARATOR}".encode()
    names = [field.name for field in fields]
    identifiers = [field.name for field in fields if field.requirement.group == "identifier"]
    identity = _text(names, PLACED_IDENTITY, [name for name in identifiers if name not in PLACED_IDENTITY])
    everything = _text(names, PLACED, [name for name in names if name not in PLACED])
    digest, as_joined = hmac.digest, names == [*PLACED]

    def fingerprints(call: Call, joined: bytes) -> tuple[bytes, bytes]:
        # The same bytes either way: joining once more takes time.
        rest = joined if as_joined else everything(call).encode()
        return (
            digest(key, call_prefix + identity(call).encode(), "sha256")[:CALL_FINGERPRINT_BYTES],
            digest(key, content_prefix + rest, "sha256")[:CONTENT_FINGERPRINT_BYTES],
        )

    return fingerprints


def file_digest(key: bytes, path: Path) -> str:
    """Keyed digest of a file, hexadecimal: a plain one of a file with a single call could be guessed."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _text(names: Sequence[str], placed: Sequence[str], later: Sequence[str]) -> Callable[[Call], str]:
    """What joins cells of a call: each of the placed columns; of a later one that is filled, its name and its cell."""
    pick = itemgetter(*map(names.index, placed))
    # By name, not by the order of the table: a row may be put anywhere in it.
    added = [(name, names.index(name)) for name in sorted(later)]

    def text(call: Call) -> str:
        found = SEPARATOR.join(pick(call))
        for name, place in added:
            if call[place]:
                found += f"{SEPARATOR}{name}{SEPARATOR}{call[place]}"
        return found

    return text
