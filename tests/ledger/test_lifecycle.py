import pytest

from calltools import ledger
from calltools.errors import DefectError, LedgerError, SourceError, UnsendableError, UsageError
from calltools.ledger import Acked, Ambiguous, NotSent, Rejected, State, Throttled
from tests.ledger.fakes import COUNTER, START, send_part, upload_file, write_numbered_calls


def upload_one(open_ledger, tmp_path, outcome, count=3):
    [part] = upload_file(open_ledger, write_numbered_calls(tmp_path / "calls.csv", count), outcome)
    return part


@pytest.mark.parametrize(
    ("outcome", "state", "attempt"),
    [
        (Acked(77, 3, 3), "acked", "acked"),
        (Acked(77), "acked", "acked"),
        (Acked(77, 3, 2), "acked-partial", "acked"),
        (Acked(77, 2, 2), "acked-partial", "acked"),
        (Acked(77, 3, 0), "acked-partial", "acked"),
        (Rejected("wrong header"), "rejected", "rejected"),
        (NotSent("connection refused"), "not-sent", "not-sent"),
        (Throttled(START + 9.5), "throttled", "throttled"),
        (Ambiguous("reset", 4096), "ambiguous", "ambiguous"),
    ],
)
def test_each_outcome_has_its_state(open_ledger, tmp_path, outcome, state, attempt):
    part = upload_one(open_ledger, tmp_path, outcome)

    assert (part.state, [one.state for one in part.attempts]) == (state, [attempt])
    assert ledger.get_part(open_ledger, part.id) == part
    assert part.partial == (state == "acked-partial")
    assert part.held == (state == "ambiguous")
    assert part.waiting == (state in {"not-sent", "throttled"})
    assert part.accepted == state.startswith("acked")


def test_the_details_of_an_outcome_are_stored(open_ledger, tmp_path):
    accepted = upload_one(open_ledger, tmp_path, Acked(77, 3, 2))
    [unclear] = upload_file(open_ledger, write_numbered_calls(tmp_path / "b.csv", 2, 10), Ambiguous("reset", 4096))
    [busy] = upload_file(
        open_ledger, write_numbered_calls(tmp_path / "c.csv", 2, 20), Throttled(START + 60, "too many")
    )

    assert (accepted.upload_id, accepted.source_quantity, accepted.line_quantity) == (77, 3, 2)
    assert (unclear.reason, unclear.attempts[0].bytes_sent) == ("reset", 4096)
    assert (busy.until, busy.reason) == (START + 60, "too many")


@pytest.mark.parametrize("outcome", [Acked(77), Acked(77, 3, 1), Rejected("no")])
def test_the_file_of_a_decided_part_is_deleted(open_ledger, folder, tmp_path, outcome):
    upload_one(open_ledger, tmp_path, outcome)

    assert list((folder / "spool").iterdir()) == []


@pytest.mark.parametrize("outcome", [NotSent(), Throttled(), Ambiguous("reset")])
def test_the_file_of_an_undecided_part_stays(open_ledger, folder, tmp_path, outcome):
    upload_one(open_ledger, tmp_path, outcome)

    assert len(list((folder / "spool").iterdir())) == 1


def test_an_attempt_has_its_marker_before_the_users_words(open_ledger, tmp_path):
    sent = []
    plan = ledger.plan_upload(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), COUNTER)
    with ledger.hold_counter(open_ledger, COUNTER):
        [part] = ledger.reserve(open_ledger, plan, comment="spring campaign")
        send_part(open_ledger, part, lambda attempt: (sent.append(attempt), NotSent())[1])
        send_part(open_ledger, part, lambda attempt: (sent.append(attempt), Acked(1))[1])

    assert [one.comment for one in sent] == [f"ct1{part.mark}A{n} spring campaign" for n in (1, 2)]
    assert len(part.mark) == 26
    assert part.mark.isalnum()
    assert [ledger.parse_marker(one.comment) for one in sent] == [(part.mark, 1), (part.mark, 2)]


@pytest.mark.parametrize(
    "comment",
    ["", "spring", "ct1", "ct1abcA1", "xct1" + "a" * 26 + "A1", "ct1" + "a" * 26 + "A0", "ct1" + "a" * 27 + "A1"],
)
def test_other_comments_have_no_marker(comment):
    assert ledger.parse_marker(comment) is None


@pytest.mark.parametrize("outcome", [Acked(1), Rejected("no"), Ambiguous("reset")])
def test_a_part_in_doubt_cannot_begin_an_attempt(open_ledger, tmp_path, outcome):
    part = upload_one(open_ledger, tmp_path, outcome)

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(DefectError):
        ledger.begin_attempt(open_ledger, part.id)

    assert ledger.get_part(open_ledger, part.id) == part


def test_an_altered_file_is_not_sent(open_ledger, folder, tmp_path):
    part = upload_one(open_ledger, tmp_path, NotSent())
    [file] = (folder / "spool").iterdir()
    file.write_bytes(file.read_bytes().replace(b",100,", b",999,"))

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(LedgerError) as refused:
        ledger.begin_attempt(open_ledger, part.id)

    assert refused.value.key == "ledger-part-damaged"
    assert ledger.get_part(open_ledger, part.id).state is State.NOT_SENT


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"x")])
def test_a_part_in_doubt_whose_file_is_damaged_cannot_be_sent_again_and_stays_held(
    open_ledger, folder, tmp_path, damage
):
    part = upload_one(open_ledger, tmp_path, Ambiguous("reset"))
    damage(next((folder / "spool").iterdir()))

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(UnsendableError) as refused:
        ledger.resend(open_ledger, part.id)

    assert (refused.value.exit_code, ledger.get_part(open_ledger, part.id)) == (6, part)


def test_a_part_in_doubt_whose_file_is_altered_while_it_waits_becomes_held(open_ledger, folder, tmp_path):
    part = upload_one(open_ledger, tmp_path, Ambiguous("reset"))

    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, part.id)
        next((folder / "spool").iterdir()).write_bytes(b"x")
        with pytest.raises(UnsendableError):
            ledger.begin_attempt(open_ledger, part.id)

    assert ledger.get_part(open_ledger, part.id).state is State.HELD


def test_a_part_whose_file_is_missing_is_released(open_ledger, folder, tmp_path):
    part = upload_one(open_ledger, tmp_path, NotSent())
    [file] = (folder / "spool").iterdir()
    file.unlink()

    with ledger.hold_counter(open_ledger, COUNTER):
        assert ledger.get_part(open_ledger, part.id).state is State.RELEASED

    assert ledger.plan_upload(open_ledger, tmp_path / "calls.csv", COUNTER).records_to_send == 3


def test_only_the_holder_of_the_lock_may_send(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, NotSent())
    plan = ledger.plan_upload(open_ledger, write_numbered_calls(tmp_path / "b.csv", 1, 9), COUNTER)

    for forbidden in (
        lambda: ledger.begin_attempt(open_ledger, part.id),
        lambda: ledger.reserve(open_ledger, plan),
        lambda: ledger.release(open_ledger, part.id),
        lambda: ledger.reconcile(open_ledger, COUNTER, [], complete=True),
    ):
        with pytest.raises(DefectError, match="not locked"):
            forbidden()


def test_a_person_decides_to_send_again(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Ambiguous("reset"))
    with ledger.hold_counter(open_ledger, COUNTER):
        again = ledger.resend(open_ledger, part.id)
        done = send_part(open_ledger, part, Acked(5, 3, 3))

    assert again.state is State.RESERVED
    assert (done.state, len(done.attempts)) == ("acked", 2)


def test_abandoned_calls_are_sent_again_only_on_request(open_ledger, folder, tmp_path):
    part = upload_one(open_ledger, tmp_path, Ambiguous("reset"))
    with ledger.hold_counter(open_ledger, COUNTER):
        assert ledger.give_up(open_ledger, part.id).state is State.GIVEN_UP

    assert ledger.plan_upload(open_ledger, tmp_path / "calls.csv", COUNTER).records_to_send == 0
    assert ledger.plan_upload(open_ledger, tmp_path / "calls.csv", COUNTER, "all").records_to_send == 3
    assert list((folder / "spool").iterdir()) == []


@pytest.mark.parametrize("decide", [ledger.resend, ledger.give_up])
@pytest.mark.parametrize("outcome", [Acked(1), Rejected("no"), NotSent()])
def test_only_a_held_part_can_be_decided(open_ledger, tmp_path, decide, outcome):
    part = upload_one(open_ledger, tmp_path, outcome)

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(UsageError, match=f"L{part.id} is not held"):
        decide(open_ledger, part.id)


def test_a_refusal_does_not_settle_an_earlier_attempt_in_doubt(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Ambiguous("reset"))
    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, part.id)
        held = send_part(open_ledger, part, Rejected("invalid"))

    assert held.state is State.HELD
    assert ledger.plan_upload(open_ledger, tmp_path / "calls.csv", COUNTER, "all").records_to_send == 0


def test_a_released_part_frees_its_calls_unless_they_may_be_stored(open_ledger, tmp_path):
    plain = upload_one(open_ledger, tmp_path, NotSent())
    [doubtful] = upload_file(open_ledger, write_numbered_calls(tmp_path / "b.csv", 2, 10), Ambiguous("reset"))
    with ledger.hold_counter(open_ledger, COUNTER):
        ledger.resend(open_ledger, doubtful.id)
        states = [ledger.release(open_ledger, part.id).state for part in (plain, doubtful)]

    assert states == ["released", "held"]
    assert ledger.plan_upload(open_ledger, tmp_path / "calls.csv", COUNTER).records_to_send == 3
    assert ledger.plan_upload(open_ledger, tmp_path / "b.csv", COUNTER).records_to_send == 0


@pytest.mark.parametrize(
    ("status", "state", "watched"),
    [
        ("PREPARED", "acked", True),
        ("SOMETHING_NEW", "acked", True),
        ("PROCESSED", "processed", False),
        ("LINKAGE_FAILURE", "linkage-failure", False),
    ],
)
def test_the_status_of_the_service_is_recorded(open_ledger, tmp_path, status, state, watched):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 3))

    updated = ledger.record_status(open_ledger, part.id, status, linked=2)

    assert (updated.state, updated.status, updated.linked, updated.processing) == (state, status, 2, watched)
    assert ledger.get_part(open_ledger, part.id) == updated


def test_a_repeated_status_is_no_event(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 3))
    ledger.record_status(open_ledger, part.id, "EXPORTED")
    before = len(ledger.part_events(open_ledger, part))

    ledger.record_status(open_ledger, part.id, "EXPORTED")

    assert len(ledger.part_events(open_ledger, part)) == before


def test_a_report_without_anything_is_no_event(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 3))
    ledger.record_status(open_ledger, part.id, "EXPORTED")
    before = len(ledger.part_events(open_ledger, part))

    after = ledger.record_status(open_ledger, part.id, "")

    assert after.status == "EXPORTED"
    assert len(ledger.part_events(open_ledger, part)) == before


def test_every_quantity_is_that_of_the_last_answer(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1, 2, 2))

    later = ledger.record_status(open_ledger, part.id, "UPLOADED", source=3, accepted=3)

    assert (part.partial, later.source_quantity, later.line_quantity, later.partial) == (True, 3, 3, False)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("UPLOAD_FAILED", True), ("failed", True), ("REJECTED", True), ("CANCELLED", True), ("DELETED", True),
        ("DONE", True), ("PROCESSED_WITH_ERRORS", True), ("TELEPORTED", False), ("PROCESSING", False), ("PREPARED", False),
        ("UPLOADED", False), ("EXPORTED", False), ("MATCHED", False), ("", False), ("PROCESSED", False),
        ("LINKAGE_FAILURE", False),
    ],
)  # fmt: skip
def test_an_unknown_status_may_sound_final(open_ledger, tmp_path, status, ended):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 3))

    updated = ledger.record_status(open_ledger, part.id, status)

    assert (updated.status, updated.has_unknown_end) == (status, ended)


def test_polling_continues_after_a_pause_and_ends_once(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 3))

    tired = ledger.stop_polling(open_ledger, part.id)
    done = ledger.record_status(open_ledger, part.id, "PROCESSED", linked=3)
    after = ledger.record_status(open_ledger, part.id, "LINKAGE_FAILURE")

    assert (tired.state, done.state, after) == ("poll-timeout", "processed", done)


def test_a_partially_accepted_part_stays_so_when_it_is_processed(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1, 3, 2))

    done = ledger.record_status(open_ledger, part.id, "PROCESSED", linked=1)

    assert (done.state, done.status, done.linked, done.partial, done.processing) == (
        "acked-partial",
        "PROCESSED",
        1,
        True,
        False,
    )


def test_rows_that_are_dropped_later_make_a_part_partial(open_ledger, tmp_path):
    part = upload_one(open_ledger, tmp_path, Acked(1))

    assert ledger.record_status(open_ledger, part.id, "PROCESSED", accepted=2).partial


@pytest.mark.parametrize(("name", "which"), [("L1", 0), ("l2", 1), ("2", 0), ("700", 1), ("1", 0)])
def test_ids_of_the_ledger_have_a_letter_and_ids_of_the_service_have_none(open_ledger, tmp_path, name, which):
    parts = [
        upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), Acked(2))[0],
        upload_file(open_ledger, write_numbered_calls(tmp_path / "b.csv", 1, 5), Acked(700))[0],
    ]

    assert ledger.find_part(open_ledger, name) == parts[which]


@pytest.mark.parametrize("name", ["L9", "9", "", "L", "x", "L-1", "9" * 30, "L1; DROP TABLE row"])
def test_an_unknown_id_is_a_usage_error(open_ledger, name):
    with pytest.raises(UsageError, match="There is no upload"):
        ledger.find_part(open_ledger, name)


def test_lists_are_by_counter(open_ledger, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 1)
    [first] = upload_file(open_ledger, path, Ambiguous("reset"))
    [second] = upload_file(open_ledger, path, NotSent(), counter=7)

    assert ledger.list_parts(open_ledger) == [first, second]
    assert ledger.list_parts(open_ledger, 7) == [second]
    assert ledger.held_parts(open_ledger) == [first]
    assert ledger.waiting_parts(open_ledger, COUNTER) == []
    assert ledger.waiting_parts(open_ledger, 7) == [second]


def test_events_are_read_in_order(open_ledger, clock, tmp_path):
    plan = ledger.plan_upload(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), COUNTER)
    with ledger.hold_counter(open_ledger, COUNTER):
        [part] = ledger.reserve(open_ledger, plan)
        for outcome in (NotSent(), Throttled(), Acked(1)):
            clock.at += 1
            send_part(open_ledger, part, outcome)
    ledger.record_status(open_ledger, part.id, "PROCESSED")

    steps = [(event.transition, event.at - START) for event in ledger.part_events(open_ledger, part)]
    assert steps == [
        ("reserve", 0), ("send", 1), ("fail-to-send", 1), ("send", 2), ("throttle", 2), ("send", 3), ("accept", 3), ("process", 3),
    ]  # fmt: skip


def test_a_clean_file_is_remembered_for_its_bytes_version_and_rules(open_ledger, clock, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 1)
    digest = ledger.digest_file(open_ledger, path)
    ledger.record_clean_file(open_ledger, digest, "1.0", "upload")

    assert ledger.is_clean_file(open_ledger, digest, "1.0", "upload")
    assert not ledger.is_clean_file(open_ledger, digest, "1.1", "upload")
    assert not ledger.is_clean_file(open_ledger, digest, "1.0")
    assert not ledger.is_clean_file(
        open_ledger, ledger.digest_file(open_ledger, write_numbered_calls(path, 2)), "1.0", "upload"
    )


def test_a_missing_file_has_no_digest(open_ledger, tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv"):
        ledger.digest_file(open_ledger, tmp_path / "gone.csv")
