"""What the ledger knows of the calls of a file."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.metrica.ledger.states import UNDECIDED, WAITING, State
from calltools.metrica.ledger.store import Book, told
from calltools.metrica.ledger.survey import Survey

_AT_ONCE: Final = 50_000
_KNOWN: Final = """
SELECT asked.place, row.rest, batch.state, batch.id FROM asked
JOIN row ON row.fp = asked.fp JOIN batch ON batch.id = row.batch
UNION ALL
SELECT asked.place, claim.rest, batch.state, batch.id FROM asked
JOIN claim ON claim.fp = asked.fp JOIN batch ON batch.id = claim.batch
"""


class Verdict(IntEnum):
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
class Known:
    """What the ledger knows.

    Attributes:
        verdicts: One a call.
        by_batch: For batches that wait or are held: how many calls of the file are in them.
        accepted: The same for batches that the service has.
    """

    verdicts: NDArray[np.int8]
    by_batch: Counter[int]
    accepted: Counter[int]


def known_calls(book: Book, calls: Survey) -> Known:
    """Look up every call of a file.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    doubled = calls.doubled()
    known = Known(np.where(doubled, Verdict.DOUBLED, Verdict.NEW).astype(np.int8), Counter(), Counter())
    with told(book.folder):
        book.connection.execute("CREATE TEMP TABLE IF NOT EXISTS asked (place INTEGER PRIMARY KEY, fp BLOB NOT NULL)")
        for place, rest, state, batch in _found(book, calls, calls.in_order(np.flatnonzero(~doubled))):
            verdict = _verdict(State(state), alike=rest == calls.rests[place].tobytes())
            known.verdicts[place] = max(known.verdicts[place], verdict)
            open_ = verdict in {Verdict.WAITING, Verdict.HELD}
            (known.by_batch if open_ else known.accepted)[batch] += 1
    return known


def _found(book: Book, calls: Survey, places: NDArray[np.int64]) -> Iterator[tuple[int, bytes, str, int]]:
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE].tolist()
        with closing(book.connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM asked")
            cursor.executemany("INSERT INTO asked VALUES (?, ?)", ((n, calls.calls[n].tobytes()) for n in some))
            cursor.execute("COMMIT")
            yield from cursor.execute(_KNOWN)


def _verdict(state: State, *, alike: bool) -> Verdict:
    if state in WAITING:
        return Verdict.WAITING
    if state in UNDECIDED:
        return Verdict.HELD
    return Verdict.UNCHANGED if alike else Verdict.CHANGED
