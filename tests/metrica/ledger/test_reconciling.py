import pytest

from calltools.metrica import ledger
from calltools.metrica.ledger import Acked, Ambiguous, Listed, NotSent, Policy, Rejected, State
from tests.metrica.ledger.calls import COUNTER, numbered, send, upload

SETTLE = 15 * 60


@pytest.fixture
def batch(book, tmp_path):
    [lost] = upload(book, numbered(tmp_path / "calls.csv", 3), Ambiguous("reset"))
    return lost


def line(batch, upload_id=900, attempt=1, source=3, lines=3):
    return Listed(upload_id, f"ct1{batch.mark}A{attempt} words", source, lines)


def listed(book, lines, **options):
    with ledger.hold(book, COUNTER):
        return ledger.reconcile(book, COUNTER, lines, **{"complete": True} | options)


def missed(book, clock, times, seconds):
    for n in range(times):
        clock.at += seconds if n else 0
        changed = listed(book, [])
    return changed


def test_a_marker_found_once_makes_it_accepted(book, folder, batch):
    foreign = [Listed(1, "спецпроект"), Listed(2, "ct1" + "a" * 26 + "A1", 9, 9)]

    [found] = listed(book, [*foreign, line(batch)])

    assert (found.state, found.upload_id, found.line_quantity) == ("acked", 900, 3)
    assert [(one.state, one.upload_id) for one in found.attempts] == [("acked", 900)]
    assert list((folder / "spool").iterdir()) == []
    assert ledger.plan(book, folder.parent / "calls.csv", COUNTER).sent == 0


@pytest.mark.parametrize(
    ("source", "lines", "state"), [(3, 2, "acked-partial"), (2, 2, "acked-partial"), (None, None, "acked")]
)
def test_the_quantities_of_the_list_count(book, batch, source, lines, state):
    [found] = listed(book, [line(batch, source=source, lines=lines)])

    assert found.state == state


def test_a_line_on_two_pages_is_one(book, batch):
    [found] = listed(book, [line(batch), line(batch)])

    assert found.state is State.ACKED


def test_a_marker_found_twice_is_an_alarm_and_nothing_is_sent_again(book, folder, batch):
    [found] = listed(book, [line(batch, 900), line(batch, 901)])

    assert (found.state, found.reason, found.watched, found.held) == ("duplicated", "900 901", False, False)
    assert ledger.plan(book, folder.parent / "calls.csv", COUNTER).sent == 0


def test_a_late_twin_of_an_accepted_batch_is_an_alarm(book, tmp_path):
    [accepted] = upload(book, numbered(tmp_path / "a.csv", 3), Acked(900, 3, 3))
    ledger.look(book, accepted.id, "PROCESSED")

    assert listed(book, [line(accepted)]) == ()
    assert [one.state for one in listed(book, [line(accepted), line(accepted, 901, 2)])] == ["duplicated"]


@pytest.mark.parametrize(
    ("times", "seconds", "state"),
    [
        (1, 0, "ambiguous"),
        (2, SETTLE, "ambiguous"),  # too few listings
        (10, 60, "ambiguous"),  # too short a time
        (3, SETTLE / 2, "held"),
        (16, 60, "held"),
    ],
)
def test_absent_means_three_listings_over_the_settle_time(book, clock, batch, times, seconds, state):
    missed(book, clock, times, seconds)

    seen = ledger.load(book, batch.id)
    assert (seen.state, seen.absences, seen.held) == (state, times, True)
    assert seen.attempts[0].state == ("ambiguous" if state == "ambiguous" else "absent")


def test_a_listing_that_was_not_read_to_its_end_misses_nothing(book, clock, batch):
    for _ in range(5):
        clock.at += SETTLE
        assert listed(book, [], complete=False) == ()

    assert ledger.load(book, batch.id).absences == 0
    assert [one.state for one in listed(book, [line(batch)], complete=False)] == ["acked"]


def test_the_policy_can_send_again_what_is_absent(book, clock, batch):
    policy = Policy(settle_seconds=60, on_absent="resend")
    for _ in range(3):
        clock.at += 30
        changed = listed(book, [], policy=policy)

    [again] = changed
    with ledger.hold(book, COUNTER):
        done = send(book, again, Acked(5, 3, 3))

    assert again.state is State.RESERVED
    assert [one.state for one in done.attempts] == ["absent", "acked"]


def test_absences_are_counted_anew_for_each_attempt(book, clock, batch):
    missed(book, clock, 3, SETTLE)
    with ledger.hold(book, COUNTER):
        ledger.resend(book, batch.id)
        send(book, batch, Ambiguous("reset"))
    listed(book, [])

    seen = ledger.load(book, batch.id)
    assert (seen.state, seen.absences) == ("ambiguous", 1)


@pytest.mark.parametrize("before", ["held", "reserved", "not-sent", "given-up"])
def test_what_shows_up_late_is_accepted_and_not_sent(book, clock, batch, before):
    missed(book, clock, 3, SETTLE)
    with ledger.hold(book, COUNTER):
        if before in {"reserved", "not-sent"}:
            ledger.resend(book, batch.id)
        if before == "not-sent":
            send(book, batch, NotSent())
        if before == "given-up":
            ledger.give_up(book, batch.id)
    assert ledger.load(book, batch.id).state == before

    [found] = listed(book, [line(batch)])

    assert (found.state, found.waiting, found.attempts[0].state) == ("acked", False, "acked")


def test_a_first_attempt_that_shows_up_beside_the_second_is_an_alarm(book, clock, batch):
    missed(book, clock, 3, SETTLE)
    with ledger.hold(book, COUNTER):
        ledger.resend(book, batch.id)
        send(book, batch, Acked(901, 3, 3))

    [found] = listed(book, [line(batch, 900, 1), line(batch, 901, 2)])

    assert found.state is State.DUPLICATED
    assert [one.upload_id for one in found.attempts] == [900, 901]


def test_a_refused_batch_is_no_concern_of_the_list(book, clock, tmp_path):
    [refused] = upload(book, numbered(tmp_path / "a.csv", 3), Rejected("no"))

    assert listed(book, []) == ()
    assert ledger.load(book, refused.id) == refused


def test_the_list_of_one_counter_says_nothing_about_another(book, batch):
    with ledger.hold(book, 7):
        assert ledger.reconcile(book, 7, [line(batch)], complete=True) == ()

    assert ledger.load(book, batch.id).absences == 0


def test_a_clock_that_goes_back_settles_nothing(book, clock, batch):
    for _ in range(5):
        clock.at -= SETTLE
        listed(book, [])

    assert ledger.load(book, batch.id).state is State.AMBIGUOUS
