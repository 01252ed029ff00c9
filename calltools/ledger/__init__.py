"""The memory of the upload: which calls the service has, which are under way, and which may be either.

It knows nothing of HTTP. It is told what became of an attempt, and says what may be done next::

    from calltools.metrica import ledger

    folder = ledger.state_folder(settings.state_dir)
    with ledger.open_book(folder, now=time.time) as book:          # recovers what a killed process has left
        plan = ledger.plan(book, path, counter, again="none")      # reads only: `--plan` ends here
        with ledger.hold(book, counter):                           # one upload per counter; the error names its holder
            if not ledger.fresh(book, plan):                       # something has come between
                plan = ledger.plan(book, path, counter)
            batches = ledger.reserve(book, plan, goal=..., comment=..., source="calls.csv")
            for batch in batches:
                sending = ledger.begin(book, batch.id)             # durable: now the first byte may leave
                outcome = post(sending.file, sending.comment, sending.batch.goal, sending.batch.kind)
                batch = ledger.finish(book, batch.id, outcome)     # Acked, Rejected, NotSent, Throttled or Ambiguous
                if batch.held:                                     # exit 6: look for it, then leave it to `resume`
                    ledger.reconcile(book, counter, listing, complete=True)

**The book.** ``open_book(folder, now)`` gives a ``Book``, a context manager for one thread. A damaged ledger, a lost
key, a network file system, a ledger of a later version: ``LedgerError`` (exit 4), before anything else happens.
``faults(book)`` checks everything, for ``doctor``; ``[]`` is well.

**The lock.** ``hold(book, counter)`` is needed by ``reserve``, ``begin``, ``finish``, ``release``, ``reconcile``,
``resend`` and ``give_up``; ``look``, ``tire`` and all questions do without it. Taking it recovers the counter: a batch
that a dead process was sending becomes ``AMBIGUOUS``, strangers leave the spool.

**Planning.** ``plan(book, path, counter, again, cut)`` takes a canonical file that was found clean (columns by their
canonical names, any order). ``Plan.counts`` has a number for each ``Verdict`` and they add up to ``Plan.records``:
``NEW``; ``UNCHANGED`` and ``CHANGED`` (accepted before; sent with ``again="all"``, the changed ones also with
``"changed"``); ``WAITING`` (in a batch that was never sent: send that one first, see below); ``HELD`` (in a batch in
doubt: exit 6, ``Plan.by_batch`` names them); ``DOUBLED`` (the same call earlier in the file). ``Plan.parts`` are the
uploadings to come, ``Plan.sent`` their calls. ``reserve`` reads the file again and refuses one that has changed.

**Sending.** Only a batch that is ``waiting`` can be begun. ``waiting(book, counter)`` are those left by an earlier run
(not sent, throttled, killed before the first byte): send them before a new file is planned, or ``release`` them; their
calls are claimed until then. ``Batch.until`` is the time before which a quota asked to wait. What is interrupted is
``Ambiguous("interrupted")``; if the process dies, the next one writes that.

**In doubt.** ``reconcile(book, counter, listing, complete=..., policy=Policy(...))`` takes one whole listing of the
service as ``Listed`` lines: a marker found once makes the batch accepted, more than once ``DUPLICATED``; missing in
three complete listings over 15 minutes it is absent, then ``HELD`` or, if the policy says so, waiting again. Give it
the listings of ``uploads list`` too: a late twin is found for accepted batches as well. A person decides with
``resend(book, id)`` (waits again) or ``give_up(book, id)`` (its calls stay known, and are sent only with
``again="all"``). A refusal while an earlier attempt is in doubt makes the batch ``HELD``, not free.

**Watching.** ``watched(book)`` are batches on which the service still works; ``look(book, id, status, linked=, line=)``
writes down each answer, ``tire(book, id)`` that the time to wait is over (it may go on later).

**Reading a batch.** ``Batch`` has ``waiting``, ``held``, ``accepted``, ``partial``, ``watched``, ``in_doubt`` and the
quantities. Ids: ``Batch.name`` is ``L12``; ``find(book, "L12")`` or the service's number. ``uploads``, ``held``,
``history`` for lists.

**Clean files.** ``remember_clean(book, digest, version, rules)`` and ``is_clean(...)`` with ``digest_of(book, path)``.

**What is never written**: phone numbers, ids of visitors, tokens. Calls are known by HMAC-SHA256 with a key that lies
beside the ledger (mode 0600); texts of the service are masked (seven digits or more). The spool (mode 0600) holds a
part until it is accepted, refused, released or given up.
"""

from collections.abc import Callable
from pathlib import Path

from calltools.ledger.database import Ledger, find_faults, open_database
from calltools.ledger.events import Event
from calltools.ledger.folder import create_state_folder, has_database, state_folder
from calltools.ledger.lifecycle import (
    StartedAttempt,
    begin_attempt,
    finish_attempt,
    get_part,
    give_up,
    record_status,
    release,
    resend,
    stop_polling,
)
from calltools.ledger.lock import opening_lock
from calltools.ledger.lookup import CallStatus
from calltools.ledger.part import (
    Acked,
    Ambiguous,
    Attempt,
    AttemptOutcome,
    IdentifierKind,
    ListedUploading,
    NotSent,
    Part,
    ReconcilePolicy,
    Rejected,
    Throttled,
    parse_marker,
)
from calltools.ledger.planning import PartLimits, PlannedPart, ResendMode, UploadPlan, is_current, plan_upload
from calltools.ledger.queries import (
    digest_file,
    find_part,
    held_parts,
    is_clean_file,
    list_parts,
    part_events,
    processing_parts,
    record_clean_file,
    waiting_parts,
)
from calltools.ledger.reconciliation import reconcile
from calltools.ledger.recovery import hold_counter, recover_all
from calltools.ledger.reservation import reserve
from calltools.ledger.states import State, Transition

__all__ = [
    "Acked",
    "Ambiguous",
    "Attempt",
    "AttemptOutcome",
    "CallStatus",
    "Event",
    "IdentifierKind",
    "Ledger",
    "ListedUploading",
    "NotSent",
    "Part",
    "PartLimits",
    "PlannedPart",
    "ReconcilePolicy",
    "Rejected",
    "ResendMode",
    "StartedAttempt",
    "State",
    "Throttled",
    "Transition",
    "UploadPlan",
    "begin_attempt",
    "digest_file",
    "find_faults",
    "find_part",
    "finish_attempt",
    "get_part",
    "give_up",
    "has_database",
    "held_parts",
    "hold_counter",
    "is_clean_file",
    "is_current",
    "list_parts",
    "open_ledger_in",
    "parse_marker",
    "part_events",
    "plan_upload",
    "processing_parts",
    "reconcile",
    "record_clean_file",
    "record_status",
    "release",
    "resend",
    "reserve",
    "state_folder",
    "stop_polling",
    "waiting_parts",
]


def open_ledger_in(folder: Path, now: Callable[[], float]) -> Ledger:
    """Open the ledger of a state folder, made where there is none, and recover what a killed process has left.

    Args:
        folder: From ``state_folder``.
        now: The clock, Unix seconds.

    Raises:
        LedgerError: It cannot be trusted or used; nothing may be sent.
    """
    create_state_folder(folder)
    with opening_lock(folder):
        book = open_database(folder, now)
    try:
        recover_all(book)
    except BaseException:
        book.close()
        raise
    return book
