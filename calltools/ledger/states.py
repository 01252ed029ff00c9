"""The states of a part, the transitions between them, and the table that says which transition leads where."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from calltools.errors import DefectError


class State(StrEnum):
    """Where a batch stands. The first two are never written down: a crash there leaves nothing."""

    PLANNED = "planned"
    SPOOLED = "frozen"
    #: Its calls are claimed and its file lies in the spool; no byte of this attempt has gone.
    RESERVED = "reserved"
    SENDING = "sending"
    #: Proven that nothing was sent.
    NOT_SENT = "not-sent"
    #: Refused by a quota before anything was stored.
    THROTTLED = "throttled"
    ACKED = "acked"
    ACKED_PARTIAL = "acked-partial"
    PROCESSED = "processed"
    LINKAGE_FAILURE = "linkage-failure"
    POLL_TIMEOUT = "poll-timeout"
    #: Refused by the service; its calls are free again.
    REJECTED = "rejected"
    #: Withdrawn before it was ever stored; its calls are free again.
    RELEASED = "released"
    AMBIGUOUS = "ambiguous"
    ABSENT = "absent"
    #: Absent from the list for long enough, or in doubt for another reason: a person decides.
    HELD = "held"
    DUPLICATED = "duplicated"
    #: A person decided to leave it: its calls are not sent again unless asked for.
    GIVEN_UP = "given-up"


class Transition(StrEnum):
    """What happened to a batch."""

    SPOOL = "freeze"
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
    RECORD_STATUS = "look"
    PROCESS = "process"
    FAIL_LINKAGE = "fail-linkage"
    STOP_POLLING = "tire"


_A, _S = State, Transition

TRANSITIONS: Final[Mapping[tuple[State, Transition], State]] = MappingProxyType(
    {
        (_A.PLANNED, _S.SPOOL): _A.SPOOLED,
        (_A.SPOOLED, _S.RESERVE): _A.RESERVED,
        # An attempt begins.
        (_A.RESERVED, _S.SEND): _A.SENDING,
        (_A.NOT_SENT, _S.SEND): _A.SENDING,
        (_A.THROTTLED, _S.SEND): _A.SENDING,
        # An attempt ends.
        (_A.SENDING, _S.ACCEPT): _A.ACKED,
        (_A.SENDING, _S.ACCEPT_PARTIAL): _A.ACKED_PARTIAL,
        (_A.SENDING, _S.REJECT): _A.REJECTED,
        (_A.SENDING, _S.FAIL_TO_SEND): _A.NOT_SENT,
        (_A.SENDING, _S.THROTTLE): _A.THROTTLED,
        (_A.SENDING, _S.LOSE_ANSWER): _A.AMBIGUOUS,
        (_A.SENDING, _S.HOLD): _A.HELD,  # refused, while an earlier attempt is still in doubt
        # The list of uploadings speaks.
        (_A.AMBIGUOUS, _S.FIND): _A.ACKED,
        (_A.AMBIGUOUS, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.AMBIGUOUS, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.AMBIGUOUS, _S.NOT_LISTED): _A.AMBIGUOUS,
        (_A.AMBIGUOUS, _S.CONFIRM_ABSENT): _A.ABSENT,
        (_A.HELD, _S.FIND): _A.ACKED,
        (_A.HELD, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.HELD, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.HELD, _S.NOT_LISTED): _A.HELD,
        # The same, after it was decided to send again and before that was done.
        (_A.RESERVED, _S.FIND): _A.ACKED,
        (_A.RESERVED, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.RESERVED, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.NOT_SENT, _S.FIND): _A.ACKED,
        (_A.NOT_SENT, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.NOT_SENT, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.THROTTLED, _S.FIND): _A.ACKED,
        (_A.THROTTLED, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.THROTTLED, _S.FIND_DUPLICATES): _A.DUPLICATED,
        # A late twin of something accepted, or left, shows up.
        (_A.ACKED, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.ACKED_PARTIAL, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.POLL_TIMEOUT, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.PROCESSED, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.LINKAGE_FAILURE, _S.FIND_DUPLICATES): _A.DUPLICATED,
        (_A.GIVEN_UP, _S.FIND): _A.ACKED,
        (_A.GIVEN_UP, _S.FIND_PARTIAL): _A.ACKED_PARTIAL,
        (_A.GIVEN_UP, _S.FIND_DUPLICATES): _A.DUPLICATED,
        # Absent: the configuration decides, then a person.
        (_A.ABSENT, _S.HOLD): _A.HELD,
        (_A.ABSENT, _S.RESEND): _A.RESERVED,
        (_A.AMBIGUOUS, _S.RESEND): _A.RESERVED,
        (_A.HELD, _S.RESEND): _A.RESERVED,
        (_A.AMBIGUOUS, _S.GIVE_UP): _A.GIVEN_UP,
        (_A.HELD, _S.GIVE_UP): _A.GIVEN_UP,
        # Withdrawn: free if nothing can have been stored, else held.
        (_A.RESERVED, _S.RELEASE): _A.RELEASED,
        (_A.NOT_SENT, _S.RELEASE): _A.RELEASED,
        (_A.THROTTLED, _S.RELEASE): _A.RELEASED,
        (_A.RESERVED, _S.HOLD): _A.HELD,
        (_A.NOT_SENT, _S.HOLD): _A.HELD,
        (_A.THROTTLED, _S.HOLD): _A.HELD,
        # The service works on it.
        (_A.ACKED, _S.RECORD_STATUS): _A.ACKED,
        (_A.ACKED, _S.PROCESS): _A.PROCESSED,
        (_A.ACKED, _S.FAIL_LINKAGE): _A.LINKAGE_FAILURE,
        (_A.ACKED, _S.STOP_POLLING): _A.POLL_TIMEOUT,
        (_A.POLL_TIMEOUT, _S.RECORD_STATUS): _A.POLL_TIMEOUT,
        (_A.POLL_TIMEOUT, _S.PROCESS): _A.PROCESSED,
        (_A.POLL_TIMEOUT, _S.FAIL_LINKAGE): _A.LINKAGE_FAILURE,
        (_A.POLL_TIMEOUT, _S.STOP_POLLING): _A.POLL_TIMEOUT,
        # Accepted in part stays so; what the service says of it is kept beside the state.
        (_A.ACKED_PARTIAL, _S.RECORD_STATUS): _A.ACKED_PARTIAL,
        (_A.ACKED_PARTIAL, _S.PROCESS): _A.ACKED_PARTIAL,
        (_A.ACKED_PARTIAL, _S.FAIL_LINKAGE): _A.ACKED_PARTIAL,
        (_A.ACKED_PARTIAL, _S.STOP_POLLING): _A.ACKED_PARTIAL,
    }
)

#: Nothing has been stored of the next attempt: it may be begun.
WAITING_STATES: Final = frozenset({State.RESERVED, State.NOT_SENT, State.THROTTLED})
#: Not known whether it arrived.
HELD_STATES: Final = frozenset({State.SENDING, State.AMBIGUOUS, State.ABSENT, State.HELD})
#: The service has it, once or more.
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
#: Its calls are free for another upload.
FREED_STATES: Final = frozenset({State.REJECTED, State.RELEASED})
#: Its file is needed no more.
DECIDED_STATES: Final = ACCEPTED_STATES | FREED_STATES | {State.GIVEN_UP}
#: What the service's status says about a batch; any other word is only written down.
TRANSITION_OF_STATUS: Final[Mapping[str, Transition]] = MappingProxyType(
    {"PROCESSED": Transition.PROCESS, "LINKAGE_FAILURE": Transition.FAIL_LINKAGE}
)


def is_allowed(state: State, transition: Transition) -> bool:
    """Whether the table knows this step from this state."""
    return (state, transition) in TRANSITIONS


def next_state(state: State, transition: Transition) -> State:
    """The state after a step.

    Raises:
        DefectError: The table does not know this step from this state.
    """
    if not is_allowed(state, transition):
        raise DefectError("defect", fault=f"ledger: no step {transition} from {state}")
    return TRANSITIONS[state, transition]
