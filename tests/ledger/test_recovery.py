import pytest

from calltools import ledger
from calltools.ledger import Acked, Ambiguous, ListedUploading, NotSent, ReconcilePolicy, Rejected, State
from tests.ledger.fakes import COUNTER, send_part, upload_file, write_numbered_calls

SETTLE = 15 * 60


@pytest.fixture
def part(open_ledger, tmp_path):
    [lost] = upload_file(open_ledger, write_numbered_calls(tmp_path / "calls.csv", 3), Ambiguous("reset"))
    return lost


def listed_line(part, upload_id=900, attempt=1, source=3, lines=3):
    return ListedUploading(upload_id, f"ct1{part.mark}A{attempt} words", source, lines)


def reconcile_lines(open_ledger, lines, **options):
    with ledger.hold_counter(open_ledger, COUNTER):
        return ledger.reconcile(open_ledger, COUNTER, lines, **{"complete": True} | options)


def miss_part(open_ledger, clock, times, seconds):
    for n in range(times):
        clock.at += seconds if n else 0
        changed = reconcile_lines(open_ledger, [])
    return changed


def test_a_marker_that_is_listed_once_makes_the_part_accepted(open_ledger, folder, part):
    foreign = [ListedUploading(1, "спецпроект"), ListedUploading(2, "ct1" + "a" * 26 + "A1", 9, 9)]

    [found] = reconcile_lines(open_ledger, [*foreign, listed_line(part)])

    assert (found.state, found.upload_id, found.line_quantity) == ("acked", 900, 3)
    assert [(one.state, one.upload_id) for one in found.attempts] == [("acked", 900)]
    assert list((folder / "spool").iterdir()) == []
    assert ledger.plan_upload(open_ledger, folder.parent / "calls.csv", COUNTER).records_to_send == 0


@pytest.mark.parametrize(
    ("source", "lines", "state"), [(3, 2, "acked-partial"), (2, 2, "acked-partial"), (None, None, "acked")]
)
def test_the_quantities_of_the_list_choose_the_state(open_ledger, part, source, lines, state):
    [found] = reconcile_lines(open_ledger, [listed_line(part, source=source, lines=lines)])

    assert found.state == state


def test_a_line_on_two_pages_counts_once(open_ledger, part):
    [found] = reconcile_lines(open_ledger, [listed_line(part), listed_line(part)])

    assert found.state is State.ACKED


def test_a_marker_that_is_listed_twice_makes_the_part_duplicated(open_ledger, folder, part):
    [found] = reconcile_lines(open_ledger, [listed_line(part, 900), listed_line(part, 901)])

    assert (found.state, found.reason, found.processing, found.held) == ("duplicated", "900 901", False, False)
    assert ledger.plan_upload(open_ledger, folder.parent / "calls.csv", COUNTER).records_to_send == 0


def test_a_late_second_uploading_makes_an_accepted_part_duplicated(open_ledger, tmp_path):
    [accepted] = upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3), Acked(900, 3, 3))
    ledger.record_status(open_ledger, accepted.id, "PROCESSED")

    assert reconcile_lines(open_ledger, [listed_line(accepted)]) == ()
    assert [
        one.state for one in reconcile_lines(open_ledger, [listed_line(accepted), listed_line(accepted, 901, 2)])
    ] == ["duplicated"]


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
def test_absence_needs_enough_listings_over_enough_time(open_ledger, clock, part, times, seconds, state):
    miss_part(open_ledger, clock, times, seconds)

    read_part = ledger.get_part(open_ledger, part.id)
    assert (read_part.state, read_part.absences, read_part.held) == (state, times, True)
    assert read_part.attempts[0].state == ("ambiguous" if state == "ambiguous" else "absent")


def test_an_incomplete_listing_proves_no_absence(open_ledger, clock, part):
    for _ in range(5):
        clock.at += SETTLE
        assert reconcile_lines(open_ledger, [], complete=False) == ()

    assert ledger.get_part(open_ledger, part.id).absences == 0
    assert [one.state for one in reconcile_lines(open_ledger, [listed_line(part)], complete=False)] == ["acked"]


def test_the_policy_can_send_an_absent_part_again(open_ledger, clock, part):
    policy = ReconcilePolicy(min_absent_seconds=60, on_absent="resend")
    for _ in range(3):
        clock.at += 30
        changed = reconcile_lines(open_ledger, [], policy=policy)

    [again] = changed
    with ledger.hold_counter(open_ledger, COUNTER):
        done = send_part(open_ledger, again, Acked(5, 3, 3))

    assert again.state is State.RESERVED
    assert [one.state for one in done.attempts] == ["absent", "acked"]


def test_absences_are_counted_anew_for_each_attempt(open_ledger, clock, part):
    miss_part(open_ledger, clock, 3, SETTLE)
    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, part.id)
        send_part(open_ledger, part, Ambiguous("reset"))
    reconcile_lines(open_ledger, [])

    read_part = ledger.get_part(open_ledger, part.id)
    assert (read_part.state, read_part.absences) == ("ambiguous", 1)


@pytest.mark.parametrize("before", ["held", "reserved", "not-sent", "given-up"])
def test_a_part_that_is_listed_late_is_accepted_and_not_sent(open_ledger, clock, part, before):
    miss_part(open_ledger, clock, 3, SETTLE)
    with ledger.hold_counter(open_ledger, COUNTER):
        if before in {"reserved", "not-sent"}:
            ledger.resend(open_ledger, part.id)
        if before == "not-sent":
            send_part(open_ledger, part, NotSent())
        if before == "given-up":
            ledger.give_up(open_ledger, part.id)
    assert ledger.get_part(open_ledger, part.id).state == before

    [found] = reconcile_lines(open_ledger, [listed_line(part)])

    assert (found.state, found.waiting, found.attempts[0].state) == ("acked", False, "acked")


def test_two_listed_attempts_make_the_part_duplicated(open_ledger, clock, part):
    miss_part(open_ledger, clock, 3, SETTLE)
    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, part.id)
        send_part(open_ledger, part, Acked(901, 3, 3))

    [found] = reconcile_lines(open_ledger, [listed_line(part, 900, 1), listed_line(part, 901, 2)])

    assert found.state is State.DUPLICATED
    assert [one.upload_id for one in found.attempts] == [900, 901]


def test_the_list_does_not_change_a_refused_part(open_ledger, clock, tmp_path):
    [refused] = upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3), Rejected("no"))

    assert reconcile_lines(open_ledger, []) == ()
    assert ledger.get_part(open_ledger, refused.id) == refused


def test_the_list_of_one_counter_does_not_change_another(open_ledger, part):
    with ledger.hold_counter(open_ledger, 7):
        assert ledger.reconcile(open_ledger, 7, [listed_line(part)], complete=True) == ()

    assert ledger.get_part(open_ledger, part.id).absences == 0


def test_a_clock_that_goes_back_proves_no_absence(open_ledger, clock, part):
    for _ in range(5):
        clock.at -= SETTLE
        reconcile_lines(open_ledger, [])

    assert ledger.get_part(open_ledger, part.id).state is State.AMBIGUOUS
