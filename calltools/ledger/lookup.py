"""The calls of a file looked up in the ledger."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.ledger.database import Ledger, as_ledger_errors
from calltools.ledger.scan import CallScan
from calltools.ledger.states import HELD_STATES, WAITING_STATES, State

_LOOKUP_CALLS: Final = 50_000
_LOOKUP: Final = """
SELECT asked.place, row.rest, batch.state, batch.id FROM asked
JOIN row ON row.fp = asked.fp JOIN batch ON batch.id = row.batch
UNION ALL
SELECT asked.place, claim.rest, batch.state, batch.id FROM asked
JOIN claim ON claim.fp = asked.fp JOIN batch ON batch.id = claim.batch
"""


class CallStatus(IntEnum):
    """What a call of a file is to the ledger; where several hold, the highest."""

    NEW = 0
    #: Accepted earlier, every column alike.
    UNCHANGED = 1
    #: Accepted earlier, another column differs now.
    CHANGED = 2
    #: In a batch that has not been sent yet.
    WAITING = 3
    #: In a batch of which it is not known whether it arrived.
    HELD = 4
    #: The same call stands earlier in the file.
    DOUBLED = 5


@dataclass(frozen=True, slots=True)
class KnownCalls:
    """What the ledger knows.

    Attributes:
        statuses: One a call.
        open_parts: For batches that wait or are held: how many calls of the file are in them.
        accepted_parts: The same for batches that the service has.
    """

    statuses: NDArray[np.int8]
    open_parts: Counter[int]
    accepted_parts: Counter[int]


def look_up_calls(ledger: Ledger, calls: CallScan) -> KnownCalls:
    """Look up every call of a file.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    doubled = calls.duplicates()
    known = KnownCalls(np.where(doubled, CallStatus.DOUBLED, CallStatus.NEW).astype(np.int8), Counter(), Counter())
    with as_ledger_errors(ledger.folder):
        ledger.connection.execute("CREATE TEMP TABLE IF NOT EXISTS asked (place INTEGER PRIMARY KEY, fp BLOB NOT NULL)")
        for place, rest, state, batch in _query_known(
            ledger, calls, calls.sort_by_fingerprint(np.flatnonzero(~doubled))
        ):
            verdict = _status_of(State(state), alike=rest == calls.content_fingerprints[place].tobytes())
            known.statuses[place] = max(known.statuses[place], verdict)
            open_ = verdict in {CallStatus.WAITING, CallStatus.HELD}
            (known.open_parts if open_ else known.accepted_parts)[batch] += 1
    return known


def _query_known(ledger: Ledger, calls: CallScan, places: NDArray[np.int64]) -> Iterator[tuple[int, bytes, str, int]]:
    for start in range(0, len(places), _LOOKUP_CALLS):
        some = places[start : start + _LOOKUP_CALLS].tolist()
        with closing(ledger.connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM asked")
            cursor.executemany(
                "INSERT INTO asked VALUES (?, ?)", ((n, calls.call_fingerprints[n].tobytes()) for n in some)
            )
            cursor.execute("COMMIT")
            yield from cursor.execute(_LOOKUP)


def _status_of(state: State, *, alike: bool) -> CallStatus:
    if state in WAITING_STATES:
        return CallStatus.WAITING
    if state in HELD_STATES:
        return CallStatus.HELD
    return CallStatus.UNCHANGED if alike else CallStatus.CHANGED
