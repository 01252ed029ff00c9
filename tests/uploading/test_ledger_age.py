"""A ledger that is not the newest: removed, a backup, a copy. Nothing is sent until somebody has looked."""

import shutil
from time import time

import pytest

from calltools.ledger import State, list_parts, open_ledger_in
from tests.uploading.conftest import CALL_COUNT, COUNTER, call_line, stored_calls, write_csv

LATER = 1_770_000_000


@pytest.fixture
def later_calls(tmp_path):
    lines = [call_line(50 + number, moment=LATER) for number in range(3)]
    return write_csv(tmp_path / "later.csv", lines)


def remove_database(state):
    for path in state.glob("ledger.sqlite3*"):
        path.unlink()


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_removed_database_stops_before_any_request(upload, service, state, calls, lang):
    upload(calls)
    request_count = len(service.requests)
    remove_database(state)

    lost = upload(calls, "--lang", lang)
    again = upload(calls)

    assert [lost.exit_code, again.exit_code] == [4, 4]
    assert len(service.requests) == request_count
    assert "calltools uploads adopt --counter" in lost.stderr


def test_an_empty_database_stops_before_any_request(upload, service, state, calls):
    upload(calls)
    remove_database(state)
    (state / "ledger.sqlite3").touch(0o600)

    assert upload(calls).exit_code == 4
    assert len(service.posts) == 1


@pytest.mark.parametrize("size", [0, 31])
@pytest.mark.parametrize("command", ["upload", "adopt"])
def test_a_removed_database_beside_a_rotten_key_stops(upload, run, service, state, calls, size, command):
    """Nothing can be adopted with it either: that would make an empty ledger to which every call is new."""
    upload(calls)
    request_count = len(service.requests)
    remove_database(state)
    (state / "ledger.key").write_bytes((state / "ledger.key").read_bytes()[:size])

    stopped = upload(calls) if command == "upload" else run("uploads", "adopt", "--counter", COUNTER)
    again = upload(calls)

    assert [stopped.exit_code, again.exit_code] == [4, 4]
    assert len(service.requests) == request_count
    assert "Restore the key" in stopped.stderr


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_backup_stops_with_the_uploadings_that_it_lacks(upload, service, state, tmp_path, calls, later_calls, lang):
    upload(write_csv(tmp_path / "first.csv", [call_line(90)]))
    shutil.copytree(state, tmp_path / "backup")
    upload(calls)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "backup", state)

    stopped = upload(later_calls, "--lang", lang)

    assert stopped.exit_code == 4
    assert "1001" in stopped.stderr
    assert f"calltools uploads adopt --counter {COUNTER}" in stopped.stderr
    assert len(service.posts) == 2


def test_a_copy_on_another_machine_stops(upload, service, state, tmp_path, calls, later_calls):
    upload(write_csv(tmp_path / "first.csv", [call_line(90)]))
    other = tmp_path / "other"
    shutil.copytree(state, other)

    sent = upload(calls, CALLTOOLS_STATE_DIR=str(other))
    stopped = [upload(calls).exit_code, upload(later_calls).exit_code]

    assert (sent.exit_code, stopped) == (0, [4, 4])
    assert len(service.posts) == 2


def test_adopted_uploadings_hold_back_what_may_be_in_them(run, upload, service, state, calls, later_calls):
    upload(calls)
    service.store.uploadings[0].created = "2025-10-20T00:00:00Z"
    remove_database(state)

    adopted = run("uploads", "adopt", "--counter", COUNTER)
    known, later, more = upload(calls), upload(later_calls), run("uploads", "adopt", "--counter", COUNTER)

    assert adopted.exit_code == 0
    assert adopted.stdout == f"L1  counter {COUNTER}  acked  uploading 1000 ACKED sent 10 accepted 10\n"
    assert known.exit_code == 0
    assert f"not sent: {CALL_COUNT} (--all sends them)" in known.stderr
    assert (later.exit_code, len(stored_calls(service))) == (0, 2)
    assert (more.exit_code, more.stdout) == (0, "")
    assert run("doctor").exit_code in {0, 2}
    assert upload(calls, "--all").exit_code == 0
    assert len(service.posts) == 3


def test_adopted_uploadings_without_a_time_hold_back_every_call(run, upload, service, state, calls, later_calls):
    upload(calls)
    service.store.uploadings[0].created = "yesterday"
    remove_database(state)
    run("uploads", "adopt", "--counter", COUNTER)

    later = upload(later_calls)

    assert later.exit_code == 0
    assert "not sent: 3" in later.stderr
    assert len(service.posts) == 1


def test_uploadings_of_another_ledger_are_a_warning_that_counts_them(upload, service, tmp_path, calls, later_calls):
    upload(calls)

    other = upload(later_calls, CALLTOOLS_STATE_DIR=str(tmp_path / "other"))

    assert other.exit_code == 0
    assert f"Counter {COUNTER} has 1 uploadings of another ledger" in other.stderr
    assert len(service.posts) == 2


@pytest.mark.parametrize("name", ["reading-fails", "reading-html", "reading-truncated", "reading-401"])
def test_without_the_list_nothing_is_sent(upload, run, service, calls, name):
    service.behave(name, only="list")

    stopped = upload(calls)
    posts = len(service.posts)
    service.behave_well()
    resumed = run("uploads", "resume")

    assert (stopped.exit_code, posts) == (4, 0)
    assert stopped.stdout == "uploading L1 RESERVED waiting 10\n"
    # Only where the service fails to give the list: without a connection or a right the calls do not go either.
    assert ("--without-list" in stopped.stderr) == (name in {"reading-fails", "reading-html"})
    assert resumed.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_without_a_connection_it_says_so_and_nothing_of_the_token(upload, service, calls):
    service.refuse()

    stopped = upload(calls)
    service.listen_again()
    later = upload(calls)

    assert (stopped.exit_code, later.exit_code) == (4, 0)
    assert "there is no connection to the service. Run again" in stopped.stderr
    assert "--without-list" not in stopped.stderr
    assert "token" not in stopped.stderr
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_somebody_may_send_without_the_list(upload, service, calls):
    service.behave("reading-fails", only="list")

    sent = upload(calls, "--without-list")

    assert sent.exit_code == 0, sent.output
    assert "sending without it" in sent.stderr
    assert len(service.posts) == 1


def test_a_part_that_was_to_be_sent_again_is_looked_for_before(upload, run, service, calls):
    """A person says it is not there; a quota stops the second attempt; then the list shows the first one."""
    service.behave("resets-after-storing", 1)
    service.behave("list-empty")
    held = upload(calls)
    service.behave("429-late", 1, only="upload")
    throttled = run("uploads", "resume", "--resend", "L1")
    service.behave_well()

    found = upload(calls)

    assert [held.exit_code, throttled.exit_code, found.exit_code] == [6, 4, 0]
    assert len(service.posts) == 2
    assert [len(rows) for rows in stored_calls(service)] == [10]


@pytest.mark.parametrize("name", ["replays", "replays-terse"])
def test_a_replayed_answer_is_unclear(upload, run, service, calls, later_calls, name):
    upload(calls)
    service.behave(name, 1)

    held = upload(later_calls)
    shown = run("uploads", "show", "L2")

    assert held.exit_code == 6
    assert "another file" in held.stderr
    assert "uploading L2" in shown.stdout
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_a_replayed_answer_to_a_stored_file_is_looked_through(upload, service, calls, later_calls):
    upload(calls)
    service.behave("replays-after-storing", 1)

    found = upload(later_calls)

    assert (found.exit_code, found.stdout) == (0, "uploading 1001 ACKED sent 3 accepted 3\n")
    assert len(service.posts) == 2


# -- parts that wait ------------------------------------------------------------------------


def leave_waiting(upload, service, file):
    service.behave("reading-fails", only="list")
    upload(file)
    service.behave_well()


def test_a_part_that_was_never_begun_can_be_withdrawn(upload, run, service, calls):
    leave_waiting(upload, service, calls)

    withdrawn = run("uploads", "resume", "--give-up", "L1")
    again = upload(calls)

    assert withdrawn.exit_code == 0
    assert "released" in withdrawn.stdout
    assert (again.exit_code, again.stdout) == (0, "uploading 1000 ACKED sent 10 accepted 10\n")
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_mended_file_replaces_a_part_that_waits(upload, run, service, tmp_path, calls, lang):
    leave_waiting(upload, service, calls)
    mended = write_csv(tmp_path / "mended.csv", [call_line(number, tag="продажа") for number in range(CALL_COUNT)])

    planned = upload(mended, "--plan", "--lang", lang)
    sent = upload(mended, "--lang", lang)

    assert (planned.exit_code, sent.exit_code) == (0, 0)
    assert {"en": "they go as they are here: L1", "ru": "они уйдут такими, как в нём: L1"}[lang] in planned.stderr
    assert "L1" in sent.stderr
    assert [{row["Tag"] for row in one.rows} for one in service.store.uploadings] == [{"продажа"}]
    assert "released" in run("uploads", "show", "L1").stdout


def test_a_part_that_waits_stays_if_the_mended_file_lacks_one_of_its_calls(upload, service, tmp_path, calls):
    leave_waiting(upload, service, calls)
    mended = write_csv(tmp_path / "mended.csv", [call_line(number, tag="продажа") for number in range(CALL_COUNT - 1)])

    sent = upload(mended)

    assert sent.exit_code == 0
    assert "sent first: L1" in sent.stderr
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]
    assert {row["Tag"] for row in service.store.uploadings[0].rows} == {"заявка"}


def test_a_part_that_was_begun_is_not_replaced(upload, service, tmp_path, calls):
    service.behave("429-late", 1, only="upload")
    upload(calls)
    mended = write_csv(tmp_path / "mended.csv", [call_line(number, tag="продажа") for number in range(CALL_COUNT)])

    upload(mended)

    assert [{row["Tag"] for row in one.rows} for one in service.store.uploadings] == [{"заявка"}]


@pytest.mark.parametrize("behavior", ["401-early", "resets-after-body"])
def test_a_part_goes_on_waiting_if_the_mended_file_is_not_sent_either(upload, run, service, tmp_path, behavior):
    """Another part that waits goes first, and stops the run: by the token, or since the file shares a call with it."""
    first = write_csv(tmp_path / "first.csv", [call_line(number) for number in range(3)])
    other = write_csv(tmp_path / "other.csv", [call_line(number) for number in range(3, 5)])
    leave_waiting(upload, service, first)
    leave_waiting(upload, service, other)
    mended = write_csv(tmp_path / "mended.csv", [call_line(number, tag="продажа") for number in range(4)])
    service.behave(behavior, 1, only="upload")

    stopped = upload(mended)
    listed = run("uploads", "list", "--output-format", "json").stdout
    run("uploads", "resume")

    assert stopped.exit_code == {"401-early": 4, "resets-after-body": 6}[behavior]
    assert "L1: nothing was sent of its 3 calls. They wait" in stopped.stderr
    assert "as they are in this file" not in stopped.stderr
    assert '"state": "reserved"' in listed
    assert sorted(row["PhoneNumber"] for one in service.store.uploadings for row in one.rows) == [
        f"+749500007{number:02}" for number in range(3)
    ]


def test_a_part_that_the_mended_file_would_not_send_goes_as_it_waits(upload, service, tmp_path, calls):
    """A changed call waits because somebody asked for it; a file without --changed sends no known call."""
    upload(calls)
    changed = write_csv(tmp_path / "changed.csv", [call_line(number, tag="продажа") for number in range(CALL_COUNT)])
    service.behave("reading-fails", only="list")
    upload(changed, "--changed")
    service.behave_well()
    mended = write_csv(tmp_path / "mended.csv", [call_line(number, tag="возврат") for number in range(CALL_COUNT)])

    sent = upload(mended)

    assert sent.exit_code == 0
    assert "as they are in this file" not in sent.stderr
    assert [{row["Tag"] for row in one.rows} for one in service.store.uploadings] == [{"заявка"}, {"продажа"}]


def test_a_part_that_is_found_while_known_calls_are_sent_again_is_not_doubled(upload, run, service, calls):
    """The plan has shown its calls as waiting, so ``--all`` does not mean them."""
    service.behave("resets-after-storing", 1, only="upload")
    service.behave("list-empty", only="list")
    upload(calls)
    service.behave("429-late", 1, only="upload")
    run("uploads", "resume", "--resend", "L1", "--timeout", "2")
    service.behave_well()

    sent = upload(calls, "--all")

    assert sent.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("command", ["resume", "upload"])
@pytest.mark.parametrize("another", [False, True])
def test_a_part_whose_file_is_gone_is_told_once(upload, run, service, state, tmp_path, calls, command, lang, another):
    """It is withdrawn under the lock of its counter, or when the ledger is opened, if the spool has another file."""
    leave_waiting(upload, service, calls)
    for path in (state / "spool").iterdir():
        path.unlink()
    if another:
        (state / "spool" / f"{COUNTER}-left.csv").touch()
    other = write_csv(tmp_path / "other.csv", [call_line(number) for number in range(20, 23)])

    def work():
        return run("uploads", "resume", "--lang", lang) if command == "resume" else upload(other, "--lang", lang)

    told, later = work(), work()

    assert (told.exit_code, later.exit_code) == (4, 0)
    assert "L1" in told.stdout
    assert f"L1: {'its file' if lang == 'en' else 'её файл'}" in told.stderr
    assert "calls.csv" in told.stderr
    assert "L1" not in later.stdout + later.stderr
    assert upload(calls).exit_code == 0
    assert sorted(map(len, stored_calls(service))) == [*([3] if command == "upload" else []), CALL_COUNT]


@pytest.mark.parametrize(
    "command", [("cancel", "L1"), ("resume", "--give-up", "L2"), ("adopt", "--counter", str(COUNTER))]
)
def test_a_decision_tells_of_a_part_whose_file_is_gone(upload, run, service, state, tmp_path, calls, command):
    """It is withdrawn under the lock of its counter, which a decision takes, too."""
    service.behave("429-late", 1, only="upload")
    upload(calls)
    gone = {*(state / "spool").iterdir()}
    if "L2" in command:
        leave_waiting(upload, service, write_csv(tmp_path / "other.csv", [call_line(20)]))
    for path in gone:
        path.unlink()

    told = run("uploads", *command)

    assert told.exit_code == 4
    assert "L1: its file" in told.stderr
    assert "L1: its file" not in run("uploads", "resume").stderr


WITHDRAW = ("uploads", "cancel", "L1")


def test_a_part_that_was_withdrawn_here_and_sent_by_a_copy_stops(upload, run, service, state, tmp_path, calls):
    service.behave("429-late", 1, only="upload")
    upload(calls)
    other = tmp_path / "other"
    shutil.copytree(state, other)
    run(*WITHDRAW)
    sent = run("uploads", "resume", CALLTOOLS_STATE_DIR=str(other))

    stopped = upload(calls)
    adopted = run("uploads", "adopt", "--counter", COUNTER)
    known = upload(calls)

    assert (sent.exit_code, stopped.exit_code, adopted.exit_code, known.exit_code) == (0, 4, 0, 0)
    assert "1000" in stopped.stderr
    assert f"not sent: {CALL_COUNT} (--all sends them)" in known.stderr
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]
    assert run("doctor").exit_code in {0, 2}


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_what_waits_is_held_beside_uploadings_that_were_adopted(upload, run, service, state, tmp_path, calls, lang):
    """The copy has withdrawn the part and sent its calls in another one."""
    service.behave("429-late", 1, only="upload")
    upload(calls)
    other = tmp_path / "other"
    shutil.copytree(state, other)
    run(*WITHDRAW, CALLTOOLS_STATE_DIR=str(other))
    upload(calls, CALLTOOLS_STATE_DIR=str(other))

    stopped = run("uploads", "resume")
    adopted = run("uploads", "adopt", "--counter", COUNTER, "--lang", lang)
    resumed = run("uploads", "resume")

    assert (stopped.exit_code, adopted.exit_code, resumed.exit_code) == (4, 6, 6)
    assert "calltools uploads resume --resend" in adopted.stderr
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]
    refused = run(*WITHDRAW, "--lang", lang)
    assert refused.exit_code == 2
    assert "calltools uploads resume --resend L1" in refused.stderr
    assert run("uploads", "resume", "--give-up", "L1").exit_code == 0
    assert run("uploads", "resume").exit_code == 0


def test_what_is_in_doubt_is_held_beside_uploadings_that_were_adopted(upload, run, service, state, tmp_path, calls):
    """The copy has sent its calls in another part, so no policy may send the part again once it is absent."""
    upload(write_csv(tmp_path / "first.csv", [call_line(90)]))
    other = tmp_path / "other"
    shutil.copytree(state, other)
    service.behave("resets-after-body", 1)
    doubtful = upload(calls)
    sent = upload(calls, CALLTOOLS_STATE_DIR=str(other))

    run("uploads", "adopt", "--counter", COUNTER)

    assert (doubtful.exit_code, sent.exit_code) == (6, 0)
    with open_ledger_in(state, time) as ledger:
        assert [part.state for part in list_parts(ledger)] == [State.ACKED, State.HELD, State.ACKED]


def test_calls_that_waited_go_once_though_known_calls_are_sent_again(upload, service, calls):
    service.behave("reading-fails", only="list")
    stopped = upload(calls, "--all")
    service.behave_well()

    sent = upload(calls, "--all")

    assert (stopped.exit_code, sent.exit_code) == (4, 0)
    assert [len(rows) for rows in stored_calls(service)] == [CALL_COUNT]
