import pytest

from calltools.errors import DefectError
from calltools.ledger.states import (
    ACCEPTED_STATES,
    DECIDED_STATES,
    FREED_STATES,
    HELD_STATES,
    TRANSITIONS,
    WAITING_STATES,
    State,
    Transition,
    next_state,
)

# The transitions of the specification, by their stored values.
SPECIFIED = [
    ("frozen", "reserve", "reserved"),
    ("reserved", "send", "sending"),
    ("sending", "accept", "acked"),
    ("acked", "process", "processed"),
    ("acked", "fail-linkage", "linkage-failure"),
    ("acked", "tire", "poll-timeout"),
    ("poll-timeout", "process", "processed"),
    ("sending", "accept-part", "acked-partial"),
    ("sending", "reject", "rejected"),
    ("sending", "fail-to-send", "not-sent"),
    ("not-sent", "send", "sending"),
    ("sending", "throttle", "throttled"),
    ("throttled", "send", "sending"),
    ("sending", "lose", "ambiguous"),
    ("ambiguous", "find", "acked"),
    ("ambiguous", "find-many", "duplicated"),
    ("ambiguous", "settle", "absent"),
    ("ambiguous", "hold", "held"),
    ("absent", "resend", "reserved"),
    ("absent", "hold", "held"),
    ("held", "find", "acked"),
    ("held", "resend", "reserved"),
    ("held", "give-up", "given-up"),
]


@pytest.mark.parametrize(("before", "step", "then"), SPECIFIED)
def test_specified_transitions(before, step, then):
    assert next_state(State(before), Transition(step)) == then


@pytest.mark.parametrize("state", State)
def test_a_transition_that_is_not_in_the_table_is_refused(state):
    refused = [step for step in Transition if (state, step) not in TRANSITIONS]

    assert refused
    for step in refused:
        with pytest.raises(DefectError):
            next_state(state, step)


def test_a_post_can_begin_only_where_nothing_of_the_attempt_can_have_been_stored():
    assert (
        {state for state, step in TRANSITIONS if step is Transition.SEND}
        == WAITING_STATES
        == {"reserved", "not-sent", "throttled"}
    )


def test_doubt_ends_only_by_the_list_or_by_a_decision():
    leaving = {
        step
        for (state, step), then in TRANSITIONS.items()
        if state in {"ambiguous", "held"} and then not in HELD_STATES
    }

    assert leaving == {"find", "find-part", "find-many", "resend", "give-up"}


def test_calls_are_freed_only_by_a_refusal_or_before_anything_was_stored():
    assert {(state, step) for (state, step), then in TRANSITIONS.items() if then in FREED_STATES} == {
        ("sending", "reject"),
        ("reserved", "release"),
        ("not-sent", "release"),
        ("throttled", "release"),
    }


def test_what_the_service_has_is_never_sent_again():
    assert all(then in ACCEPTED_STATES for (state, _), then in TRANSITIONS.items() if state in ACCEPTED_STATES)


def test_every_state_can_be_reached():
    reached = {State.SPOOLED}
    for _ in State:
        reached |= {then for (state, _), then in TRANSITIONS.items() if state in reached}

    assert reached == set(State)


def test_each_state_is_in_one_group():
    groups = [WAITING_STATES, HELD_STATES, DECIDED_STATES, {State.SPOOLED}]

    assert sorted(state for group in groups for state in group) == sorted(State)
