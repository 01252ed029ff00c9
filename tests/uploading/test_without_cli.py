"""Uploads through ``calltools.uploading`` alone: a real ledger, a real service on loopback, no command line."""

import io
import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from itertools import count
from time import time

import pytest

from calltools.errors import CredentialError, LockedError, UnrecordedError, UsageError
from calltools.ledger import ReconcilePolicy, find_part, open_ledger_in, plan_upload
from calltools.ledger.part import marked_comment
from calltools.ledger.reservation import part_path
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy, Timeouts
from calltools.metrica.token import Token
from calltools.uploading.context import Clock, SilentEvents, UploadContext, UploadOptions, report_interrupts
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.resume import (
    ResumeOptions,
    cancel_part,
    give_up_part,
    list_uploadings,
    resume_parts,
    watch_part,
)
from calltools.uploading.upload import run_upload
from tests.uploading.conftest import CALL_COUNT, TOKEN, call_line, stored_calls, write_csv

COUNTER = 12345678
OPTIONS = UploadOptions(COUNTER, poll_interval_s=0.05, search_timeout_s=2)


class RecordedEvents(SilentEvents):
    """A caller that records all events, and answers as it was set to."""

    def __init__(self, *, agrees=True):
        self.agrees = agrees
        self.keys, self.errors, self.plans, self.findings, self.confirmed, self.parts, self.remarks = (
            [] for _ in range(7)
        )

    def notify(self, key, /, **_facts):
        self.keys.append(key)

    notify_always = notify

    def report_error(self, error):
        self.errors.append(error)

    def report_findings(self, summary, findings, *, refused):
        self.findings.append((summary.read, sum(map(len, findings)), refused))

    def report_plan(self, name, plan, waiting):
        self.plans.append((name, plan.records_to_send, len(waiting)))

    def confirm(self, count):
        self.confirmed.append(count)
        return self.agrees

    def report_part(self, part):
        self.parts.append(part.name)

    def remark_on(self, part, _options):
        self.remarks.append(part.name)


@pytest.fixture
def ledger(state):
    with open_ledger_in(state, time) as opened:
        yield opened


@pytest.fixture
def connect(service):
    with ExitStack() as stack:
        options = ConnectionOptions(service.url, timeouts=Timeouts(post_total=2, get_total=2))
        yield cache(lambda: stack.enter_context(Client(Token(TOKEN), options)))


def no_client():
    raise CredentialError("token-none")


def test_a_file_is_validated_planned_sent_and_polled(ledger, connect, service, calls):
    events = RecordedEvents()
    options = UploadOptions(COUNTER, wait=True, poll_interval_s=0.05)

    (result,) = Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "calls", options)])

    assert (result.code, result.errors, result.stopped) == (0, (), False)
    assert [(part.name, part.rows, part.status) for part in result.parts] == [("L1", CALL_COUNT, "PROCESSED")]
    assert [len(uploading) for uploading in stored_calls(service)] == [CALL_COUNT]
    assert (events.plans, events.confirmed) == ([("calls", CALL_COUNT, 0)], [CALL_COUNT])
    assert (events.findings, events.parts, events.remarks) == ([(CALL_COUNT, CALL_COUNT, False)], ["L1"], ["L1"])
    assert events.keys[:2] == ["upload-sending", "upload-followed"]


class JumpingClock:
    """A clock that nobody waits for. Its wall clock jumps at every wait, a day on or back, as when it is set."""

    def __init__(self, jump_s=86_400):
        self.waits = []
        self._jump_s = jump_s

    def now(self):
        return time() + len(self.waits) * self._jump_s

    def monotonic(self):
        return float(sum(self.waits))

    def sleep(self, seconds):
        self.waits.append(seconds)


def send_by_clock(ledger, connect, calls, options=OPTIONS, jump_s=86_400):
    clock = JumpingClock(jump_s)
    ledger = replace(ledger, now=clock.now)
    context = UploadContext(ledger, connect(), options, clock=Clock(clock.monotonic, clock.sleep))
    return run_upload(context, plan_upload(ledger, calls, COUNTER), "calls"), clock


#: A day on, and a day back.
JUMPS = pytest.mark.parametrize("jump_s", [86_400, -86_400])


@JUMPS
def test_a_quota_without_end_is_asked_five_times(ledger, connect, service, calls, jump_s):
    """The waits between the attempts double from a second, though the service says 0."""
    service.behave("429-at-once", only="upload")

    result, clock = send_by_clock(ledger, connect, calls, jump_s=jump_s)

    assert (result.code, [part.state for part in result.parts]) == (4, ["throttled"])
    assert len(service.posts) == 5
    assert clock.waits == [1, 2, 4, 8]


def test_the_waits_for_a_quota_end_with_the_wait_limit(ledger, connect, service, calls):
    service.behave("429-at-once", only="upload")

    _, clock = send_by_clock(ledger, connect, calls, replace(OPTIONS, wait_limit_s=5))

    assert clock.waits == [1, 2]


def test_a_part_is_looked_for_between_two_attempts_of_one_run(ledger, connect, service, calls):
    """The first attempt is stored late, after the quota's answer."""
    service.behave("429-at-once", 1, only="upload")
    clock = JumpingClock()

    def store_late(_seconds):
        part = find_part(ledger, "L1")
        query = {"comment": marked_comment(part.mark, 1, "")}
        service.store.add(COUNTER, query, part_path(ledger, part).read_bytes())

    context = UploadContext(ledger, connect(), OPTIONS, clock=Clock(clock.monotonic, store_late))
    result = run_upload(context, plan_upload(ledger, calls, COUNTER), "calls")

    assert (result.code, [part.state for part in result.parts]) == (0, ["acked"])
    assert len(service.posts) == 1


@JUMPS
def test_a_search_goes_on_though_the_wall_clock_jumps(ledger, connect, service, calls, jump_s):
    service.behave("resets-after-body", 1)

    result, clock = send_by_clock(ledger, connect, calls, replace(OPTIONS, search_timeout_s=10), jump_s)

    assert result.code == 6
    assert clock.waits == [2] * 5


@JUMPS
def test_a_quota_that_names_its_wait_is_waited_for_though_the_wall_clock_jumps(ledger, connect, service, calls, jump_s):
    service.behave("429-soon", 1, only="upload")

    result, clock = send_by_clock(ledger, connect, calls, jump_s=jump_s)

    assert (result.code, clock.waits) == (0, [1])


def test_an_interrupt_reports_its_parts_though_the_wall_clock_was_set_back(ledger, connect, service, calls):
    class InterruptedEvents(RecordedEvents):
        def notify(self, key, /, **_facts):
            if key == "upload-sending":
                raise KeyboardInterrupt

        def report_interrupt(self, parts, _options):
            self.parts += [part.name for part in parts]

    events, moments = InterruptedEvents(), count(1_760_000_000, -3600)
    context = UploadContext(replace(ledger, now=lambda: float(next(moments))), connect(), OPTIONS, events)

    with pytest.raises(KeyboardInterrupt), report_interrupts(context):
        run_upload(context, plan_upload(ledger, calls, COUNTER), "calls")

    assert events.parts == ["L1"]


@JUMPS
def test_polling_goes_on_though_the_wall_clock_jumps(ledger, connect, service, calls, jump_s):
    service.behave("status-unknown", 3)

    result, clock = send_by_clock(ledger, connect, calls, replace(OPTIONS, wait=True, poll_interval_s=60), jump_s)

    assert (result.code, [part.status for part in result.parts]) == (0, ["PROCESSED"])
    # The service is done by its own clock, so there may be more.
    assert clock.waits[:4] == [2, 60, 60, 60]
    assert set(clock.waits[1:]) == {60}


def test_within_one_process_both_clocks_decide_about_an_absence(ledger, connect, service, calls, tmp_path):
    send_by_clock(ledger, connect, write_csv(tmp_path / "before.csv", [call_line(50)]))
    service.behave("resets-after-body", 1)
    held, clock = send_by_clock(ledger, connect, calls)
    options = ResumeOptions(policy=ReconcilePolicy(on_absent="resend"))
    codes = []
    for _ in range(3):
        service.store.advance(450)
        clock.sleep(450)
        resumed = resume_parts(ledger, connect, options, SilentEvents(), Clock(clock.monotonic, clock.sleep))
        codes.append(resumed.code)

    assert held.code == 6
    # The first list after the attempt counts as well.
    assert codes == [6, 0, 0]
    assert [len(uploading) for uploading in stored_calls(service)] == [1, CALL_COUNT]


# -- what the service says later -------------------------------------------------------------

WAITING = replace(OPTIONS, wait=True, poll_interval_s=60)


def test_a_file_that_is_not_read_yet_is_not_one_of_which_no_call_is_accepted(ledger, connect, service, calls):
    service.behave("prepared-zeros", only="upload")

    result, _ = send_by_clock(ledger, connect, calls)

    assert result.code == 0
    assert [(part.state, part.source_quantity, part.line_quantity) for part in result.parts] == [("acked", None, None)]


def test_an_answer_of_a_file_that_is_not_read_yet_leaves_the_quantities_as_they_were(ledger, connect, service, calls):
    service.behave("status-prepared-zeros", 2)

    result, _ = send_by_clock(ledger, connect, calls, WAITING)

    assert result.code == 0
    assert [(part.source_quantity, part.line_quantity) for part in result.parts] == [(CALL_COUNT, CALL_COUNT)]


def test_a_later_answer_corrects_both_quantities(ledger, connect, service, calls):
    service.behave("prepared-zeros", only="upload")
    service.behave("status-read-half", only="status")

    result, _ = send_by_clock(ledger, connect, calls, WAITING)

    (part,) = result.parts
    assert (part.source_quantity, part.line_quantity, part.partial, result.code) == (5, 5, True, 5)


@pytest.mark.parametrize(
    "name", ["status-404", "status-empty", "status-no-content", "status-only-id", "status-of-another"]
)
def test_an_uploading_that_the_service_does_not_know_yet_is_waited_for(ledger, service, calls, name):
    service.behave(name, 3, only="status")
    once = ConnectionOptions(service.url, retry_policy=RetryPolicy(attempts=1))

    with Client(Token(TOKEN), once) as client:
        result, clock = send_by_clock(ledger, lambda: client, calls, WAITING)

    assert (result.code, [part.status for part in result.parts]) == (0, ["PROCESSED"])
    assert clock.waits[:4] == [2, 60, 60, 60]


def test_an_uploading_that_stays_unknown_is_an_error_after_some_minutes(ledger, connect, service, calls):
    service.behave("status-404", only="status")

    result, clock = send_by_clock(ledger, connect, calls, WAITING)

    assert (result.code, [error.key for error in result.errors]) == (4, ["service-not-found"])
    assert [part.accepted for part in result.parts] == [True]
    assert sum(clock.waits) > 600


def test_an_uploading_that_was_known_and_is_gone_is_an_error_at_once(ledger, connect, service, calls):
    service.behave("status-prepared-zeros", 1)
    service.behave("status-404", only="status")

    result, clock = send_by_clock(ledger, connect, calls, WAITING)

    assert (result.code, [error.key for error in result.errors]) == (4, ["service-not-found"])
    assert clock.waits == [2, 60]


def test_an_answer_without_a_status_takes_none_away(ledger, connect, service, calls):
    service.behave("status-prepared-zeros", 1)
    service.behave("status-only-id", 1)
    clock = JumpingClock()
    options = replace(WAITING, wait_limit_s=100)
    context = UploadContext(ledger, connect(), options, clock=Clock(clock.monotonic, clock.sleep))

    result = run_upload(context, plan_upload(ledger, calls, COUNTER), "calls")

    assert [part.status for part in result.parts] == ["PREPARED"]


def test_an_unknown_status_that_sounds_final_ends_the_wait(ledger, connect, service, calls):
    service.behave("status-failed")

    result, clock = send_by_clock(ledger, connect, calls, WAITING)

    assert (result.code, [part.status for part in result.parts]) == (5, ["UPLOAD_FAILED"])
    assert clock.waits == [2]
    service.behave_well()
    watched = watch_part(ledger, connect, result.parts[0], replace(WAITING, poll_interval_s=0.05), SilentEvents())
    assert (watched.code, watched.parts[0].status) == (0, "PROCESSED")


def test_the_result_is_the_same_without_a_listener(ledger, connect, service, calls):
    results = Uploader(ledger, connect).upload_files([UploadRequest(calls, "calls", OPTIONS)] * 2)

    assert [result.code for result in results] == [0, 0]
    assert [[part.name for part in result.parts] for result in results] == [["L1"], ["L1"]]
    assert [len(uploading) for uploading in stored_calls(service)] == [CALL_COUNT]


def test_a_caller_that_declines_sends_nothing(ledger, connect, service, calls):
    events = RecordedEvents(agrees=False)

    (result,) = Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "calls", OPTIONS)])

    assert (result.code, result.parts) == (0, ())
    assert "upload-declined" in events.keys
    assert service.posts == []


def test_a_confirmed_file_is_sent_without_a_question(ledger, connect, service, calls):
    events = RecordedEvents(agrees=False)

    Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "calls", OPTIONS, confirmed=True)])

    assert events.confirmed == []
    assert len(service.posts) == 1


def test_without_a_ledger_a_file_is_only_validated(service, state, calls):
    events = RecordedEvents()

    (result,) = Uploader(None, no_client, events).upload_files([UploadRequest(calls, "calls", OPTIONS)])

    assert (result.code, events.keys, events.plans) == (0, ["upload-dry-run"], [])
    assert not state.exists()


def test_a_stream_is_copied_and_named_as_the_caller_names_it(ledger, connect, service, calls):
    events = RecordedEvents()
    stream = io.BytesIO(calls.read_bytes())

    (result,) = Uploader(ledger, connect, events).upload_files([UploadRequest(stream, "from a pipe", OPTIONS)])

    assert (result.code, events.plans) == (0, [("from a pipe", CALL_COUNT, 0)])
    assert [len(uploading) for uploading in stored_calls(service)] == [CALL_COUNT]


def test_a_file_that_is_altered_after_its_validation_is_named_as_the_caller_names_it(ledger, connect, service, calls):
    class AlteringEvents(RecordedEvents):
        def report_findings(self, *_arguments, **_facts):
            calls.write_text("another file", encoding="utf-8")

    events = AlteringEvents()

    (result,) = Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "my calls", OPTIONS)])

    assert (result.code, [error.facts["path"] for error in events.errors]) == (3, ["my calls"])
    assert service.posts == []


def test_a_file_that_is_missing_stops_no_other(ledger, connect, tmp_path, calls):
    events = RecordedEvents()
    requests = [UploadRequest(tmp_path / "none.csv", "none", OPTIONS), UploadRequest(calls, "calls", OPTIONS)]

    results = Uploader(ledger, connect, events).upload_files(requests)

    assert [result.code for result in results] == [3, 0]
    assert [error.facts["path"] for error in events.errors] == ["none"]
    assert results[0].errors == tuple(events.errors)


def test_after_a_wrong_token_the_next_file_is_not_tried(ledger, service, tmp_path, calls):
    other = write_csv(tmp_path / "other.csv", [call_line(90)])
    requests = [UploadRequest(calls, "calls", OPTIONS), UploadRequest(other, "other", OPTIONS)]

    with Client(Token("wrong"), ConnectionOptions(service.url)) as client:
        results = Uploader(ledger, lambda: client).upload_files(requests)

    assert [(result.code, result.stopped) for result in results] == [(4, True)]


def test_a_locked_counter_is_an_error_of_the_file(ledger, connect, state, service, calls):
    events = RecordedEvents()
    code = (
        "import sys, time, pathlib\n"
        "from calltools.ledger import hold_counter, open_ledger_in\n"
        "with open_ledger_in(pathlib.Path(sys.argv[1]), time.time) as ledger:\n"
        "    with hold_counter(ledger, int(sys.argv[2])):\n"
        "        print('held', flush=True)\n"
        "        sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, state, str(COUNTER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        (result,) = Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "calls", OPTIONS)])
        holder.stdin.close()

    assert result.code == 4
    assert [type(error) for error in events.errors] == [LockedError]
    assert service.posts == []


def test_an_interrupt_reports_the_parts_it_left_and_the_next_run_sends_them(ledger, connect, service, calls):
    class InterruptedEvents(RecordedEvents):
        def notify(self, key, /, **facts):
            super().notify(key, **facts)
            if key == "upload-sending":
                raise KeyboardInterrupt

        def report_interrupt(self, parts, _options):
            self.parts += [(part.name, part.waiting) for part in parts]

    events, later = InterruptedEvents(), RecordedEvents()

    with pytest.raises(KeyboardInterrupt):
        Uploader(ledger, connect, events).upload_files([UploadRequest(calls, "calls", OPTIONS)])
    (result,) = Uploader(ledger, connect, later).upload_files([UploadRequest(calls, "calls", OPTIONS)])

    assert events.parts == [("L1", True)]
    assert later.plans == [("calls", 0, 1)]
    assert ([part.name for part in result.parts], result.code) == (["L1"], 0)
    assert len(service.posts) == 1


def test_what_is_held_is_listed_resumed_and_watched(ledger, connect, service, calls):
    service.behave("resets-after-storing", 1)
    service.behave("list-empty")
    (held,) = Uploader(ledger, connect).upload_files([UploadRequest(calls, "calls", OPTIONS)])
    service.behave_well()
    events = RecordedEvents()

    resumed = resume_parts(ledger, connect, ResumeOptions(), events)
    listing = list_uploadings(ledger, connect)
    watched = watch_part(
        ledger, connect, find_part(ledger, "L1"), UploadOptions(COUNTER, wait=True, poll_interval_s=0.05), events
    )

    assert (held.code, resumed.code, watched.code) == (6, 0, 0)
    assert [part.accepted for part in (*held.parts, *resumed.parts)] == [False, True]
    assert ([part.name for part in listing.parts], listing.foreign, listing.error) == (["L1"], [], None)
    assert watched.parts[0].status == "PROCESSED"
    assert events.parts == ["L1", "L1"]
    assert len(stored_calls(service)) == 1


def test_a_part_that_is_held_by_the_time_it_is_cancelled_is_not_given_up(ledger, connect, service, calls):
    """Another process has sent it, and lost the answer, since this one has looked."""
    service.behave("429-late", 1, only="upload")
    Uploader(ledger, connect, clock=JumpingClock()).upload_files([UploadRequest(calls, "calls", OPTIONS)])
    waiting = find_part(ledger, "L1")
    service.behave("resets-after-body", 1)
    resume_parts(ledger, connect, ResumeOptions(), SilentEvents(), JumpingClock())
    held = find_part(ledger, "L1")

    with pytest.raises(UsageError) as refused:
        cancel_part(ledger, waiting, SilentEvents())

    assert (waiting.waiting, held.held, refused.value.key) == (True, True, "uploads-not-waiting")
    assert find_part(ledger, "L1") == held


def test_a_part_that_another_process_gives_up_meanwhile_is_not_sent_again_and_it_is_said(
    ledger, connect, service, calls
):
    service.behave("resets-after-body", 1)
    Uploader(ledger, connect, clock=JumpingClock()).upload_files([UploadRequest(calls, "calls", OPTIONS)])

    def connect_later():
        give_up_part(ledger, find_part(ledger, "L1"), SilentEvents())
        return connect()

    with pytest.raises(UsageError) as refused:
        resume_parts(ledger, connect_later, ResumeOptions(resend="L1"), SilentEvents())

    assert refused.value.key == "ledger-not-held"
    assert stored_calls(service) == []


def test_the_list_of_a_ledger_without_uploads_needs_no_token(ledger):
    listing = list_uploadings(ledger, no_client)

    assert (listing.parts, listing.foreign, listing.error) == ([], [], None)


def test_the_list_gives_the_reason_when_the_service_was_not_asked(ledger):
    listing = list_uploadings(ledger, no_client, COUNTER)

    assert type(listing.error) is CredentialError


def test_the_orchestration_loads_nothing_of_the_command_line():
    code = (
        "import sys\n"
        "import calltools.uploading.file_upload, calltools.uploading.resume\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'typer', 'rich', 'click'}"
        " or name.startswith('calltools.cli')])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


# -- the ledger fails while a part is on its way ---------------------------------------------


class _FaultyConnection:
    """A connection that fails in the write that a condition picks."""

    def __init__(self, connection, fails):
        self._connection, self._fails = connection, fails

    def execute(self, statement, *bound):
        if self._fails(statement, bound):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._connection.execute(statement, *bound)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.mark.parametrize("behavior", ["well", "resets-after-storing", "503"])
def test_a_fault_of_the_ledger_after_the_first_byte_is_held(ledger, connect, service, calls, state, behavior):
    if behavior != "well":
        service.behave(behavior, 1, only="upload")
    events = RecordedEvents()
    # Every write after the POST fails: the disk is full.
    faulty = replace(ledger, connection=_FaultyConnection(ledger.connection, lambda *_: bool(service.posts)))
    context = UploadContext(faulty, connect(), OPTIONS, events)

    with pytest.raises(UnrecordedError) as held:
        run_upload(context, plan_upload(ledger, calls, COUNTER), "calls")

    assert held.value.exit_code == 6
    assert events.parts == ["L1"]
    for language in ("en", "ru"):
        assert "CALLTOOLS_STATE_DIR" not in held.value.say(language)
        assert "uploads resume" in held.value.say(language)
    ledger.close()
    with open_ledger_in(state, time) as opened:
        assert find_part(opened, "L1").held


def test_parts_that_arrived_before_a_fault_of_the_ledger_are_reported(ledger, connect, service, tmp_path):
    by_user = "user-1,,1760000001,0,+74950000701"
    both = write_csv(
        tmp_path / "both.csv", [f",{10**18},1760000000,0,+74950000700", by_user],
        "UserId,ClientId,DateTime,StaticCall,PhoneNumber",
    )  # fmt: skip
    events = RecordedEvents()
    faulty = replace(ledger, connection=_FaultyConnection(ledger.connection, lambda *_: len(service.posts) > 1))
    context = UploadContext(faulty, connect(), OPTIONS, events)

    with pytest.raises(UnrecordedError):
        run_upload(context, plan_upload(ledger, both, COUNTER), "both")

    assert sorted(events.parts) == ["L1", "L2"]


def write_two_kinds(path):
    """A file that goes in two parts."""
    lines = ["1604591025698235201,,1760000001,0", ",5871026893748593412,1760000002,0"]
    return write_csv(path, lines, "ClientId,Yclid,DateTime,StaticCall")


@pytest.mark.parametrize("refusal", ["429-late", "401-early"])
def test_resume_tries_no_further_part_after_a_refusal_that_each_would_meet(ledger, connect, service, tmp_path, refusal):
    calls = write_two_kinds(tmp_path / "calls.csv")
    service.behave("429-late", 1, only="upload")
    Uploader(ledger, connect).upload_files([UploadRequest(calls, "calls", OPTIONS)])
    before = len(service.posts)
    service.behave(refusal, only="upload")

    result = resume_parts(ledger, connect, ResumeOptions(), SilentEvents())

    assert len(service.posts) - before == 1
    assert result.code == 4
    assert [len(part.attempts) for part in result.parts] == [2, 0]
    assert result.parts[1].waiting


def test_a_counter_that_is_not_shown_any_more_hides_no_other_one(ledger, connect, service, tmp_path):
    for counter in (COUNTER, COUNTER + 1):
        calls = write_csv(tmp_path / f"{counter}.csv", [call_line(counter % 10)])
        options = replace(OPTIONS, counter=counter)
        Uploader(ledger, connect).upload_files([UploadRequest(calls, "calls", options)])
    service.behave("reading-403", 1, only="list")

    listing = list_uploadings(ledger, connect)

    last_asked = service.requests[-1]["path"]
    assert f"/counter/{COUNTER + 1}/" in last_asked
    assert listing.error.key == "reading-access-denied"
