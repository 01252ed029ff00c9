"""Fingerprints of calls: keyed digests, by which the ledger knows a call and which tell nothing of a person.

A call has three sorts of them:

- the fingerprint of the call: of its identity, see ``identity_fields``;
- the fingerprint of its content: of all of its cells;
- its partial fingerprints: those that it would have with some of its identifiers, or its phone, left out. By them a
  call is known again that was sent before it was identified, or that has lost an identifier since.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from calltools.fields.table import FIELDS, PHONE_FIELD, Field, caller_fields, identity_fields

#: The cells of one call, in the order of ``FIELD_NAMES``; ``""`` is absent.
Call: TypeAlias = tuple[str, ...]

#: Lengths of the fingerprints. Two calls that collide at 16 bytes are not to be expected in any ledger; the content is
#: compared only for one call, so 8 bytes suffice. A partial fingerprint that collides holds back a call that is new:
#: with 8 bytes once in a million uploads of 100,000 calls to a ledger of 100 million.
CALL_FINGERPRINT_BYTES: Final = 16
CONTENT_FINGERPRINT_BYTES: Final = 8
STORED_PARTIAL_BYTES: Final = 8
#: No cell holds it: a control character in a cell is an error of the file (CT011).
SEPARATOR: Final = "\x1f"
#: The columns that fingerprints join by position, as the first release did (decision 13). Stored fingerprints cannot
#: be computed again, so this tuple never changes.
POSITIONAL_FIELDS: Final = (
    "UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration",
    "HoldDuration", "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
)  # fmt: skip
#: Those of them that, with the counter, make two records the same call.
POSITIONAL_IDENTITY_FIELDS: Final = ("UserId", "ClientId", "Yclid", "DateTime", PHONE_FIELD)

_Joiner: TypeAlias = Callable[[Call], str]


class CallFingerprints(NamedTuple):
    """The fingerprints of one call.

    Attributes:
        call: ``CALL_FINGERPRINT_BYTES`` bytes over counter and identity.
        content: ``CONTENT_FINGERPRINT_BYTES`` bytes over all columns.
        partial: ``CALL_FINGERPRINT_BYTES`` bytes for each selection of the filled identifiers and the phone that
            leaves some out, ``partial_count`` in all; the last one is without any of them.
    """

    call: bytes
    content: bytes
    partial: tuple[bytes, ...]


class Fingerprinter:
    """Computes the fingerprints of the calls of one counter.

    Args:
        key: The key of the ledger.
        counter: The counter; the same call in two counters has two fingerprints.
        fields: The columns of a call, in order.
    """

    def __init__(self, key: bytes, counter: int, fields: Sequence[Field] = FIELDS) -> None:
        self._fields = fields
        # To copy a digest that has the key and the prefix takes half the time of a new one.
        self._of_identity, self._of_content = (
            hmac.new(key, f"{word}{SEPARATOR}{counter}{SEPARATOR}".encode(), "sha256") for word in ("call", "rest")
        )
        names = tuple(field.name for field in fields)
        self._names = names
        self._callers = caller_fields(fields)
        self._as_joined = names == POSITIONAL_FIELDS
        # Cells are picked from a call with two more behind it: an empty cell, and the flag of a static call.
        self._place = {name: place for place, name in enumerate(names)}
        self._empty_place, self._static_place = len(names), len(names) + 1
        self._content = self._joiner(POSITIONAL_FIELDS, names)
        self._time = self._joiner(POSITIONAL_IDENTITY_FIELDS, ("DateTime",))
        self._joiners = cache(self._make_joiners)

    def fingerprints(self, call: Call, filled: tuple[str, ...], joined: bytes) -> CallFingerprints:
        """Compute the fingerprints of a call.

        Args:
            call: Its cells.
            filled: Names of the filled ones, in order.
            joined: The cells joined by ``SEPARATOR``.
        """
        identity, partial, without_caller = self._joiners(filled)
        cells = (*call, "", "1")
        # The bytes are the same either way; to join the cells once more takes time.
        whole = _digest(self._of_content, joined if self._as_joined else self._content(cells).encode())
        content = whole[:CONTENT_FINGERPRINT_BYTES]
        if identity is None:
            return CallFingerprints(whole[:CALL_FINGERPRINT_BYTES], content, ())
        of_call = _digest(self._of_identity, identity(cells).encode())[:CALL_FINGERPRINT_BYTES]
        of_parts = [_digest(self._of_identity, join(cells).encode())[:CALL_FINGERPRINT_BYTES] for join in partial]
        of_parts.append(_digest(self._of_content, without_caller(cells).encode())[:CALL_FINGERPRINT_BYTES])
        return CallFingerprints(of_call, content, tuple(of_parts))

    def earlier_fingerprint(self, call: Call) -> bytes:
        """Compute the fingerprint that a call without identifier and phone had in ledgers of form 2 and before.

        It is of the time alone, so such a call is the same one only if its content is the same, too.
        """
        return _digest(self._of_identity, self._time((*call, "", "1")).encode())[:CALL_FINGERPRINT_BYTES]

    def _make_joiners(self, filled: tuple[str, ...]) -> tuple[_Joiner | None, tuple[_Joiner, ...], _Joiner]:
        """Functions that join the cells of the identity (``None``: all cells) and of the partial fingerprints."""
        names = identity_fields(filled, self._fields)
        # What was sent while nothing told the caller can only have been a static call.
        without_caller = self._joiner(
            POSITIONAL_FIELDS, [name for name in self._names if name not in self._callers], static=True
        )
        if names == self._names:
            return None, (), without_caller
        identity = self._joiner(POSITIONAL_IDENTITY_FIELDS, names)
        partial = [
            self._joiner(POSITIONAL_IDENTITY_FIELDS, ("DateTime", *kept))
            for kept in _partial_selections([name for name in self._callers if name in filled])
        ]
        return identity, tuple(partial), without_caller

    def _joiner(self, positional: Sequence[str], kept: Sequence[str], *, static: bool = False) -> _Joiner:
        """Make the function that joins kept cells of a call: the positional ones, and the filled later ones by name.

        So a column that the service adds leaves the fingerprints of calls without it as they are.
        """
        places = {name: self._place[name] if name in kept else self._empty_place for name in positional}
        if static:
            places["StaticCall"] = self._static_place
        pick = itemgetter(*places.values())
        # Sorted by name: a new row may be anywhere in the table of fields.
        added = [(name, self._place[name]) for name in sorted(kept) if name not in POSITIONAL_FIELDS]

        def join(cells: Call) -> str:
            text = SEPARATOR.join(pick(cells))
            for name, place in added:
                if cells[place]:
                    text += f"{SEPARATOR}{name}{SEPARATOR}{cells[place]}"
            return text

        return join


def _digest(begun: hmac.HMAC, text: bytes) -> bytes:
    digest = begun.copy()
    digest.update(text)
    return digest.digest()


def partial_count(filled: Sequence[str]) -> int:
    """Number of partial fingerprints of a call, by its filled columns."""
    callers = len({*filled} & {*caller_fields()})
    return (1 << callers) - 1


def _partial_selections(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every selection of some of the names, but neither all nor none."""
    for size in range(len(names) - 1, 0, -1):
        yield from combinations(names, size)
