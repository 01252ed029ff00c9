"""The ledger: which calls the service has, which are on their way, and which may be either. It knows nothing of HTTP.

How its functions work together::

    folder = state_folder(settings.state_dir)
    with open_ledger_in(folder, now=time.time) as ledger:  # recovers what a killed process has left
        plan = plan_upload(ledger, path, counter)  # reads only: `--plan` ends here
        with hold_counter(ledger, counter):  # one upload per counter
            if not is_current(ledger, plan):  # another process came between
                plan = plan_upload(ledger, path, counter)
            for part in reserve(ledger, plan, goal=..., comment=..., source="calls.csv"):
                attempt = begin_attempt(ledger, part.id)  # durable: now the first byte may be sent
                outcome = post(attempt.file, attempt.comment, part.goal, part.kind)
                # Acked, Rejected, NotSent, Throttled or Ambiguous
                part = finish_attempt(ledger, part.id, outcome)
                if part.held:  # exit 6
                    reconcile(ledger, counter, listing, complete=True, at=ListingTime(date, monotonic()))

**Lock.** ``reserve``, ``begin_attempt``, ``finish_attempt``, ``release``, ``reconcile``, ``adopt``, ``resend`` and
``give_up`` need ``hold_counter``; queries, ``record_status`` and ``stop_polling`` do not. A ``Ledger`` belongs to one
thread.

**Plan.** ``UploadPlan.counts`` has the number of calls for each ``CallStatus``: ``NEW``; ``UNCHANGED`` and ``CHANGED``
(accepted before; sent with ``again="all"``, changed ones also with ``"changed"``); ``IDENTIFIED`` (accepted before with
fewer identifiers or without its phone; sent as changed ones) and ``REDUCED`` (with more of them; sent with ``"all"``);
``MAYBE_ADOPTED`` (not later than an adopted uploading; sent with ``"all"``); ``WAITING`` (in a part that is sent first,
or released); ``HELD`` (in a part in doubt: exit 6); ``DOUBLED`` (earlier in the file); ``PLANNED`` (sent by a
plan that was made before, see ``PlannedCalls``).

**Attempts.** Only a part that waits can begin one. ``waiting_parts`` are those that an earlier run left: not sent,
throttled, or killed before the first byte. An interrupted attempt is ``Ambiguous("interrupted")``; if the process dies,
recovery records that.

**Age.** ``find_unknown`` finds uploadings that were sent with the key of this ledger and that it does not know: then it
is a backup, a copy, or has lost something, and nothing may be sent. ``adopt`` takes them over.

**Doubt.** ``reconcile`` takes one whole listing. A marker that is found once makes the part accepted, more than once
``DUPLICATED``. A part that is missing in three listings that count, five minutes apart and over 15 minutes, is absent,
then ``HELD``, or waiting if the policy says so; ``reconciliation`` says which listings count. A person decides with
``resend`` or ``give_up``. An accepted part whose second uploading appears later is found as well, so every listing
should be passed.

**Never stored**: phone numbers, ids of visitors, tokens. Calls are known by HMAC-SHA256 with a key beside the database
(mode 0600); long numbers in texts of the service are masked. The spool (mode 0600) has the file of a part until the
part is accepted, refused, released or given up.
"""

from collections.abc import Callable
from pathlib import Path

from calltools.ledger.adoption import UnknownUploadings, adopt, find_unknown
from calltools.ledger.calls import is_plain_file
from calltools.ledger.database import Ledger, open_database
from calltools.ledger.events import Event
from calltools.ledger.folder import create_state_folder, has_database, state_folder
from calltools.ledger.jobs import (
    JobKey,
    JobRuns,
    find_finished,
    find_job_runs,
    find_untold,
    forget_finished,
    forget_untold,
    list_job_runs,
    record_finished,
    record_job_run,
)
from calltools.ledger.known_calls import CallStatus, PlannedCalls
from calltools.ledger.lifecycle import (
    StartedAttempt,
    begin_attempt,
    finish_attempt,
    give_up,
    record_status,
    release,
    resend,
    stop_polling,
)
from calltools.ledger.lock import hold_job, opening_lock
from calltools.ledger.part import (
    FILE_GONE,
    Acked,
    Ambiguous,
    AttemptOutcome,
    IdentifierKind,
    ListedUploading,
    ListingTime,
    NotSent,
    Part,
    ReconcilePolicy,
    Rejected,
    Throttled,
    parse_marker,
)
from calltools.ledger.planning import (
    PartLimits,
    PlannedPart,
    ResendMode,
    UploadPlan,
    is_current,
    plan_upload,
)
from calltools.ledger.queries import (
    AcceptedCalls,
    check_undecided,
    count_accepted_calls,
    digest_file,
    find_faults,
    find_part,
    get_part,
    held_parts,
    is_clean_file,
    is_known_uploading,
    list_parts,
    lost_parts,
    part_events,
    record_clean_file,
    record_told,
    waiting_parts,
    was_told,
)
from calltools.ledger.reconciliation import find_witness, reconcile
from calltools.ledger.recovery import hold_counter, recover_all
from calltools.ledger.reservation import reserve
from calltools.ledger.states import STATE_WORDS, State, Transition, state_word

__all__ = [
    "FILE_GONE",
    "STATE_WORDS",
    "AcceptedCalls",
    "Acked",
    "Ambiguous",
    "AttemptOutcome",
    "CallStatus",
    "Event",
    "IdentifierKind",
    "JobKey",
    "JobRuns",
    "Ledger",
    "ListedUploading",
    "ListingTime",
    "NotSent",
    "Part",
    "PartLimits",
    "PlannedCalls",
    "PlannedPart",
    "ReconcilePolicy",
    "Rejected",
    "ResendMode",
    "StartedAttempt",
    "State",
    "Throttled",
    "Transition",
    "UnknownUploadings",
    "UploadPlan",
    "adopt",
    "begin_attempt",
    "count_accepted_calls",
    "digest_file",
    "find_faults",
    "find_finished",
    "find_job_runs",
    "find_part",
    "find_unknown",
    "find_untold",
    "find_witness",
    "finish_attempt",
    "forget_finished",
    "forget_untold",
    "get_part",
    "give_up",
    "has_database",
    "held_parts",
    "hold_counter",
    "hold_job",
    "is_clean_file",
    "is_current",
    "is_known_uploading",
    "is_plain_file",
    "list_job_runs",
    "list_parts",
    "lost_parts",
    "open_ledger_in",
    "parse_marker",
    "part_events",
    "plan_upload",
    "reconcile",
    "record_clean_file",
    "record_finished",
    "record_job_run",
    "record_status",
    "record_told",
    "release",
    "resend",
    "reserve",
    "state_folder",
    "state_word",
    "stop_polling",
    "waiting_parts",
    "was_told",
]


def open_ledger_in(folder: Path, now: Callable[[], float], *, start_anew: bool = False) -> Ledger:
    """Open the ledger of a state folder, create it if there is none, and recover what a killed process has left.

    Args:
        folder: From ``state_folder``.
        now: The clock: Unix seconds.
        start_anew: Begin an empty ledger beside the key of one that is lost; only to adopt its uploadings.

    Raises:
        LedgerError: The ledger cannot be trusted or used; nothing may be sent.
    """
    create_state_folder(folder)
    with opening_lock(folder):
        ledger = open_database(folder, now, start_anew=start_anew)
    try:
        check_undecided(ledger)
        recover_all(ledger)
    except BaseException:
        ledger.close()
        raise
    return ledger
