import pytest

from calltools import ledger
from calltools.errors import LedgerError
from calltools.ledger import (
    Acked,
    Ambiguous,
    ListedUploading,
    ListingTime,
    NotSent,
    ReconcilePolicy,
    Rejected,
    State,
    hold_counter,
)
from tests.ledger.fakes import COUNTER, send_part, upload_file, write_numbered_calls

SETTLE = 15 * 60
SPACING = 5 * 60


@pytest.fixture
def part(open_ledger, tmp_path):
    [lost] = upload_file(open_ledger, write_numbered_calls(tmp_path / "calls.csv", 3), Ambiguous("reset"))
    return lost


@pytest.fixture
def witness(open_ledger, tmp_path):
    """The line of an accepted uploading: the list returns our comments."""
    [accepted] = upload_file(open_ledger, write_numbered_calls(tmp_path / "before.csv", 1, 50), Acked(800, 1, 1))
    return listed_line(accepted, 800, source=1, lines=1)


def listed_line(part, upload_id=900, attempt=1, source=3, lines=3):
    return ListedUploading(upload_id, f"ct1{part.mark}A{attempt} words", source, lines)


def reconcile_lines(open_ledger, lines, **options):
    with ledger.hold_counter(open_ledger, COUNTER):
        return ledger.reconcile(open_ledger, COUNTER, lines, **{"complete": True} | options)


def miss_part(open_ledger, clock, witness, times, seconds):
    """Read the list without the part; the clock of the service and the monotonic one agree with the ledger's."""
    for n in range(times):
        clock.at += seconds if n else 0
        changed = reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at, clock.at))
    return changed


def absences_of(open_ledger, part):
    read_part = ledger.get_part(open_ledger, part.id)
    return read_part.state, read_part.absences


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
    ("times", "seconds", "counted", "state"),
    [
        (1, 0, 1, "ambiguous"),
        (2, SETTLE, 2, "ambiguous"),  # too few listings
        (3, SPACING, 3, "ambiguous"),  # too short a time
        (10, 60, 2, "ambiguous"),  # only one in five minutes counts
        (100, SPACING / 100, 1, "ambiguous"),
        (3, SETTLE / 2, 3, "held"),
        (16, 60, 4, "held"),
    ],
)
def test_absence_needs_enough_listings_over_enough_time(
    open_ledger, clock, part, witness, times, seconds, counted, state
):
    miss_part(open_ledger, clock, witness, times, seconds)

    read_part = ledger.get_part(open_ledger, part.id)
    assert (read_part.state, read_part.absences, read_part.held) == (state, counted, True)
    assert read_part.attempts[0].state == ("ambiguous" if state == "ambiguous" else "absent")
    assert (read_part.witness, read_part.last_absent is None) == (800, False)
    assert ledger.find_faults(open_ledger) == []


def test_a_jump_of_the_clock_of_the_machine_proves_no_absence(open_ledger, clock, part, witness):
    begun = clock.at
    for seconds in range(3):
        clock.at += 10 * SETTLE
        at = ListingTime(begun + 5 * seconds, begun + 5 * seconds)
        reconcile_lines(open_ledger, [witness], at=at, policy=ReconcilePolicy(on_absent="resend"))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


@pytest.mark.parametrize(
    ("service", "monotonic"), [(10 * SETTLE, 5), (5, 10 * SETTLE), (0, 10 * SETTLE), (-SETTLE, SETTLE)]
)
def test_within_one_run_both_clocks_must_have_gone_on(open_ledger, clock, part, witness, service, monotonic):
    for n in range(4):
        reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at + n * service, n * monotonic))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


def test_from_run_to_run_the_clock_of_the_service_decides(open_ledger, clock, part, witness):
    """The monotonic clock of another process begins anew."""
    for n in range(3):
        reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at + n * SETTLE / 2, 5.0))
        pretend_another_process(open_ledger)

    assert absences_of(open_ledger, part) == ("held", 3)


def pretend_another_process(open_ledger):
    open_ledger.connection.execute("UPDATE batch SET absent_process = 'another'")


def test_a_listing_without_a_time_of_the_service_proves_no_absence(open_ledger, clock, part, witness):
    for at in (None, ListingTime(None, 0), ListingTime(None, 10 * SETTLE), ListingTime(None, 20 * SETTLE)):
        reconcile_lines(open_ledger, [witness], at=at)

    assert absences_of(open_ledger, part) == ("ambiguous", 0)


def miss_with_lines(open_ledger, clock, lines):
    for _ in range(4):
        clock.at += SETTLE
        at = ListingTime(clock.at, clock.at)
        reconcile_lines(open_ledger, lines, at=at, policy=ReconcilePolicy(on_absent="resend"))


def test_a_list_without_our_comments_proves_no_absence(open_ledger, clock, part, witness):
    unmarked = ListedUploading(witness.upload_id, "", 1, 1)
    foreign = ListedUploading(700, "ct1" + "a" * 26 + "A1", 9, 9)

    for lines in ([], [foreign], [unmarked], [unmarked, foreign]):
        miss_with_lines(open_ledger, clock, lines)

    assert absences_of(open_ledger, part) == ("ambiguous", 0)


def test_a_list_with_some_of_our_comments_proves_no_absence(open_ledger, clock, part, witness, tmp_path):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "other.csv", 1, 60), Acked(801, 1, 1))

    miss_with_lines(open_ledger, clock, [witness, ListedUploading(801, "", 1, 1)])

    assert absences_of(open_ledger, part) == ("ambiguous", 0)


def test_a_part_that_the_same_listing_shows_is_a_witness(open_ledger, clock, part, tmp_path):
    [other] = upload_file(open_ledger, write_numbered_calls(tmp_path / "other.csv", 3, 60), Ambiguous("reset"))

    reconcile_lines(open_ledger, [listed_line(other)], at=ListingTime(clock.at, clock.at))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


def test_absences_that_an_earlier_version_counted_do_not_count(open_ledger, clock, part, witness):
    """They were counted by the clock of the machine, without a witness."""
    lines = [witness]
    miss_part(open_ledger, clock, witness, 2, SETTLE)
    open_ledger.connection.execute(
        "UPDATE batch SET last_absent = NULL, absent_process = '', absent_monotonic = NULL, witness = NULL"
    )
    clock.at += SETTLE

    reconcile_lines(open_ledger, lines, at=ListingTime(clock.at, clock.at))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


def test_an_incomplete_listing_proves_no_absence(open_ledger, clock, part, witness):
    for _ in range(5):
        clock.at += SETTLE
        at = ListingTime(clock.at, clock.at)
        assert reconcile_lines(open_ledger, [witness], complete=False, at=at) == ()

    assert ledger.get_part(open_ledger, part.id).absences == 0
    assert [one.state for one in reconcile_lines(open_ledger, [listed_line(part)], complete=False)] == ["acked"]


def test_the_policy_can_send_an_absent_part_again(open_ledger, clock, part, witness):
    policy = ReconcilePolicy(min_absent_seconds=60, on_absent="resend")
    for _ in range(3):
        clock.at += SPACING
        changed = reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at, clock.at), policy=policy)

    [again] = changed
    with ledger.hold_counter(open_ledger, COUNTER):
        done = send_part(open_ledger, again, Acked(5, 3, 3))

    assert again.state is State.RESERVED
    assert [one.state for one in done.attempts] == ["absent", "acked"]


def test_an_absent_part_whose_file_is_damaged_is_held_whatever_the_policy(open_ledger, folder, clock, part, witness):
    next((folder / "spool").glob(f"*{part.mark}*")).write_bytes(b"x")
    policy = ReconcilePolicy(min_absent_seconds=60, on_absent="resend")
    for _ in range(3):
        clock.at += SPACING
        changed = reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at, clock.at), policy=policy)

    assert [one.state for one in changed] == ["held"]


def test_absences_are_counted_anew_for_each_attempt(open_ledger, clock, part, witness):
    miss_part(open_ledger, clock, witness, 3, SETTLE)
    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, part.id)
        send_part(open_ledger, part, Ambiguous("reset"))
    reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at, clock.at))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


@pytest.mark.parametrize("before", ["held", "reserved", "not-sent", "given-up"])
def test_a_part_that_is_listed_late_is_accepted_and_not_sent(open_ledger, clock, part, witness, before):
    miss_part(open_ledger, clock, witness, 3, SETTLE)
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


def test_two_listed_attempts_make_the_part_duplicated(open_ledger, clock, part, witness):
    miss_part(open_ledger, clock, witness, 3, SETTLE)
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


def test_a_clock_that_goes_back_proves_no_absence(open_ledger, clock, part, witness):
    for _ in range(5):
        clock.at -= SETTLE
        reconcile_lines(open_ledger, [witness], at=ListingTime(clock.at, clock.at))

    assert absences_of(open_ledger, part) == ("ambiguous", 1)


def test_a_table_that_is_gone_when_a_counter_is_recovered_is_damage(open_ledger):
    open_ledger.connection.execute("ALTER TABLE batch RENAME TO gone")

    with pytest.raises(LedgerError) as refused, hold_counter(open_ledger, COUNTER):
        pass

    assert refused.value.key == "ledger-damaged"
