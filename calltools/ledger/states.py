"""The states of a part, the transitions between them, and the table that says which transition leads where."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from calltools.errors import DefectError
from calltools.texts.keys import MessageKey, Word


class State(StrEnum):
    """The state of a part. The values are stored in the database, so they never change.

    ``SPOOLED`` is never stored: a crash there leaves nothing but a file, which recovery removes.
    """

    SPOOLED = "frozen"
    #: Its calls are claimed and its file is in the spool; no byte of the next attempt has been sent.
    RESERVED = "reserved"
    SENDING = "sending"
    #: The attempt failed, and it is proven that no byte of it was sent.
    NOT_SENT = "not-sent"
    #: A quota of the service refused the attempt; nothing was stored.
    THROTTLED = "throttled"
    ACKED = "acked"
    ACKED_PARTIAL = "acked-partial"
    PROCESSED = "processed"
    LINKAGE_FAILURE = "linkage-failure"
    POLL_TIMEOUT = "poll-timeout"
    #: The service refused the file; the calls are free again.
    REJECTED = "rejected"
    #: Withdrawn before anything can have been stored; the calls are free again.
    RELEASED = "released"
    #: The attempt was sent, wholly or in part, and its outcome is unknown.
    AMBIGUOUS = "ambiguous"
    #: Proven to be absent from the list. Reconciliation goes on to HELD or RESERVED in the same transaction.
    ABSENT = "absent"
    #: Absent from the list for long enough, or in doubt for another reason: a person decides.
    HELD = "held"
    #: The list has it more than once. Nothing leads out of this state.
    DUPLICATED = "duplicated"
    #: A person decided to leave it: its calls stay known and are sent again only on request.
    GIVEN_UP = "given-up"


class Transition(StrEnum):
    """What happens to a part.

    The values are stored in ``event.step`` and make the keys of messages, so they stay as they were first released;
    the names follow today's terms.
    """

    RESERVE = "reserve"
    SEND = "send"
    ACCEPT = "accept"
    ACCEPT_PARTIAL = "accept-part"
    REJECT = "reject"
    FAIL_TO_SEND = "fail-to-send"
    THROTTLE = "throttle"
    LOSE_ANSWER = "lose"
    FIND = "find"
    FIND_PARTIAL = "find-part"
    FIND_DUPLICATES = "find-many"
    NOT_LISTED = "miss"
    CONFIRM_ABSENT = "settle"
    HOLD = "hold"
    RESEND = "resend"
    GIVE_UP = "give-up"
    RELEASE = "release"
    ADOPT = "adopt"
    RECORD_STATUS = "look"
    PROCESS = "process"
    FAIL_LINKAGE = "fail-linkage"
    STOP_POLLING = "tire"


TRANSITIONS: Final[Mapping[tuple[State, Transition], State]] = MappingProxyType(
    {
        (State.SPOOLED, Transition.RESERVE): State.RESERVED,
        # An uploading of this ledger that the ledger does not know any more is taken over.
        (State.SPOOLED, Transition.ADOPT): State.ACKED,
        # The same of a part that was freed here and sent by a copy of the ledger.
        (State.RELEASED, Transition.ADOPT): State.ACKED,
        (State.REJECTED, Transition.ADOPT): State.ACKED,
        # An attempt begins.
        (State.RESERVED, Transition.SEND): State.SENDING,
        (State.NOT_SENT, Transition.SEND): State.SENDING,
        (State.THROTTLED, Transition.SEND): State.SENDING,
        # An attempt ends.
        (State.SENDING, Transition.ACCEPT): State.ACKED,
        (State.SENDING, Transition.ACCEPT_PARTIAL): State.ACKED_PARTIAL,
        (State.SENDING, Transition.REJECT): State.REJECTED,
        (State.SENDING, Transition.FAIL_TO_SEND): State.NOT_SENT,
        (State.SENDING, Transition.THROTTLE): State.THROTTLED,
        (State.SENDING, Transition.LOSE_ANSWER): State.AMBIGUOUS,
        (State.SENDING, Transition.HOLD): State.HELD,  # a refusal, while an earlier attempt is still in doubt
        # The list of uploadings is compared with a part in doubt.
        (State.AMBIGUOUS, Transition.FIND): State.ACKED,
        (State.AMBIGUOUS, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.AMBIGUOUS, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.AMBIGUOUS, Transition.NOT_LISTED): State.AMBIGUOUS,
        (State.AMBIGUOUS, Transition.CONFIRM_ABSENT): State.ABSENT,
        (State.AMBIGUOUS, Transition.HOLD): State.HELD,  # its calls may be in an adopted uploading
        (State.HELD, Transition.FIND): State.ACKED,
        (State.HELD, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.HELD, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.HELD, Transition.NOT_LISTED): State.HELD,
        # The same, between the decision to send again and the next attempt: the first attempt was stored after all.
        (State.RESERVED, Transition.FIND): State.ACKED,
        (State.RESERVED, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.RESERVED, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.NOT_SENT, Transition.FIND): State.ACKED,
        (State.NOT_SENT, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.NOT_SENT, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.THROTTLED, Transition.FIND): State.ACKED,
        (State.THROTTLED, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.THROTTLED, Transition.FIND_DUPLICATES): State.DUPLICATED,
        # A second uploading of an accepted part, or the uploading of a given-up part, appears late.
        (State.ACKED, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.ACKED_PARTIAL, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.POLL_TIMEOUT, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.PROCESSED, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.LINKAGE_FAILURE, Transition.FIND_DUPLICATES): State.DUPLICATED,
        (State.GIVEN_UP, Transition.FIND): State.ACKED,
        (State.GIVEN_UP, Transition.FIND_PARTIAL): State.ACKED_PARTIAL,
        (State.GIVEN_UP, Transition.FIND_DUPLICATES): State.DUPLICATED,
        # The part is absent: the policy decides, then a person.
        (State.ABSENT, Transition.HOLD): State.HELD,
        (State.ABSENT, Transition.RESEND): State.RESERVED,
        (State.AMBIGUOUS, Transition.RESEND): State.RESERVED,
        (State.HELD, Transition.RESEND): State.RESERVED,
        (State.AMBIGUOUS, Transition.GIVE_UP): State.GIVEN_UP,
        (State.HELD, Transition.GIVE_UP): State.GIVEN_UP,
        # The part is withdrawn: free if nothing can have been stored, else held.
        (State.RESERVED, Transition.RELEASE): State.RELEASED,
        (State.NOT_SENT, Transition.RELEASE): State.RELEASED,
        (State.THROTTLED, Transition.RELEASE): State.RELEASED,
        (State.RESERVED, Transition.HOLD): State.HELD,
        (State.NOT_SENT, Transition.HOLD): State.HELD,
        (State.THROTTLED, Transition.HOLD): State.HELD,
        # The service processes the part.
        (State.ACKED, Transition.RECORD_STATUS): State.ACKED,
        (State.ACKED, Transition.PROCESS): State.PROCESSED,
        (State.ACKED, Transition.FAIL_LINKAGE): State.LINKAGE_FAILURE,
        (State.ACKED, Transition.STOP_POLLING): State.POLL_TIMEOUT,
        (State.POLL_TIMEOUT, Transition.RECORD_STATUS): State.POLL_TIMEOUT,
        (State.POLL_TIMEOUT, Transition.PROCESS): State.PROCESSED,
        (State.POLL_TIMEOUT, Transition.FAIL_LINKAGE): State.LINKAGE_FAILURE,
        (State.POLL_TIMEOUT, Transition.STOP_POLLING): State.POLL_TIMEOUT,
        # A part that was accepted partially keeps this state; the status of the service is stored in its own column.
        (State.ACKED_PARTIAL, Transition.RECORD_STATUS): State.ACKED_PARTIAL,
        (State.ACKED_PARTIAL, Transition.PROCESS): State.ACKED_PARTIAL,
        (State.ACKED_PARTIAL, Transition.FAIL_LINKAGE): State.ACKED_PARTIAL,
        (State.ACKED_PARTIAL, Transition.STOP_POLLING): State.ACKED_PARTIAL,
    }
)

#: What a reader calls them.
STATE_WORDS: Final[Mapping[State, MessageKey]] = MappingProxyType(
    {
        State.SPOOLED: "state-frozen",
        State.RESERVED: "state-reserved",
        State.SENDING: "state-sending",
        State.NOT_SENT: "state-not-sent",
        State.THROTTLED: "state-throttled",
        State.ACKED: "state-acked",
        State.ACKED_PARTIAL: "state-acked-partial",
        State.PROCESSED: "state-processed",
        State.LINKAGE_FAILURE: "state-linkage-failure",
        State.POLL_TIMEOUT: "state-poll-timeout",
        State.REJECTED: "state-rejected",
        State.RELEASED: "state-released",
        State.AMBIGUOUS: "state-ambiguous",
        State.ABSENT: "state-absent",
        State.HELD: "state-held",
        State.DUPLICATED: "state-duplicated",
        State.GIVEN_UP: "state-given-up",
    }
)
#: The next attempt may begin.
WAITING_STATES: Final = frozenset({State.RESERVED, State.NOT_SENT, State.THROTTLED})
#: It is unknown whether the service has the part.
HELD_STATES: Final = frozenset({State.SENDING, State.AMBIGUOUS, State.ABSENT, State.HELD})
#: The service has the part, once or more.
ACCEPTED_STATES: Final = frozenset(
    {
        State.ACKED,
        State.ACKED_PARTIAL,
        State.PROCESSED,
        State.LINKAGE_FAILURE,
        State.POLL_TIMEOUT,
        State.DUPLICATED,
    }
)
#: The calls of the part are free for another upload.
FREED_STATES: Final = frozenset({State.REJECTED, State.RELEASED})
#: The file of the part is not needed any more.
DECIDED_STATES: Final = ACCEPTED_STATES | FREED_STATES | {State.GIVEN_UP}
#: The final statuses of the service. Every other status is recorded and changes no state.
TRANSITION_OF_STATUS: Final[Mapping[str, Transition]] = MappingProxyType(
    {"PROCESSED": Transition.PROCESS, "LINKAGE_FAILURE": Transition.FAIL_LINKAGE}
)


#: Parts of words by which a status that is not known here says that the service is done with an uploading.
_FINAL_WORDS: Final = (
    "ABORT", "CANCEL", "CLOSED", "COMPLETE", "DECLINE", "DELETE", "DENIED", "DONE", "ERROR", "EXPIRE", "FAIL", "FINISH",
    "INVALID", "LOST", "PROCESSED", "REFUSE", "REJECT", "REMOVE", "SUCCESS",
)  # fmt: skip


def sounds_final(status: str) -> bool:
    """Whether a status that is not known here sounds as if nothing followed it. The service adds statuses."""
    return status not in TRANSITION_OF_STATUS and any(word in status.upper() for word in _FINAL_WORDS)


def state_word(state: State) -> Word:
    """The state as a fact of a sentence."""
    return Word(STATE_WORDS[state])


def is_allowed(state: State, transition: Transition) -> bool:
    """Whether the table has this transition from this state."""
    return (state, transition) in TRANSITIONS


def next_state(state: State, transition: Transition) -> State:
    """The state after a transition.

    Raises:
        DefectError: The table does not have this transition from this state.
    """
    if not is_allowed(state, transition):
        raise DefectError("defect", fault=f"ledger: no step {transition} from {state}")
    return TRANSITIONS[state, transition]
