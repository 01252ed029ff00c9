"""The client against the fake service: documented answers, and every misbehavior."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from calltools.errors import QuotaError, ServiceError, TokenRefusedError, UnreachableError, UsageError
from calltools.metrica.connection import RetryPolicy
from calltools.metrica.outcome import OutcomeKind
from calltools.metrica.protocol import upload_calls_request
from tests.fake_metrica.behaviors import BEHAVIORS
from tests.metrica.conftest import CANARY, LIMITS, SHORT_IDLE, TIMEOUTS
from tests.processes import wait_for

pytestmark = pytest.mark.slow

REQUEST = upload_calls_request(101, "ct1marker", goal="Звонок", client_id_type="CLIENT_ID")
PHONES = ("74950000001", "74950000002", "74950000003")

ACKED, REJECTED, THROTTLED, AMBIGUOUS = (
    OutcomeKind.ACKED,
    OutcomeKind.REJECTED,
    OutcomeKind.THROTTLED,
    OutcomeKind.AMBIGUOUS,
)
#: Behavior -> outcome, and the key of the error (none where accepted).
EXPECTED_OUTCOMES = {
    "closes-at-once": (AMBIGUOUS, "unclear-broken"),
    "resets-after-headers": (AMBIGUOUS, "unclear-broken"),
    "resets-at-half-body": (AMBIGUOUS, "unclear-broken"),
    "resets-after-body": (AMBIGUOUS, "unclear-broken"),
    "resets-after-storing": (AMBIGUOUS, "unclear-broken"),
    "closes-after-storing": (AMBIGUOUS, "unclear-broken"),
    "stops-reading": (AMBIGUOUS, "unclear-silent"),
    "silent": (AMBIGUOUS, "unclear-silent"),
    "silent-after-storing": (AMBIGUOUS, "unclear-silent"),
    "drips": (AMBIGUOUS, "unclear-silent"),
    "drips-body": (AMBIGUOUS, "unclear-cut"),
    "200-html": (AMBIGUOUS, "unclear-answer"),
    "200-errors": (AMBIGUOUS, "unclear-answer"),
    "200-empty": (AMBIGUOUS, "unclear-answer"),
    "200-truncated": (AMBIGUOUS, "unclear-cut"),
    "200-half-json": (AMBIGUOUS, "unclear-answer"),
    "200-huge": (AMBIGUOUS, "unclear-answer"),
    "200-packed": (AMBIGUOUS, "unclear-answer"),
    "garbage": (AMBIGUOUS, "unclear-broken"),
    "302": (AMBIGUOUS, "unclear-status"),
    "307": (AMBIGUOUS, "unclear-status"),
    "409": (AMBIGUOUS, "unclear-status"),
    "500-after-storing": (AMBIGUOUS, "unclear-status"),
    "503": (AMBIGUOUS, "unclear-status"),
    "504-after-storing": (AMBIGUOUS, "unclear-status"),
    "400": (REJECTED, "service-file-refused"),
    "401-early": (REJECTED, "service-token-refused"),
    "401-early-reset": (REJECTED, "service-token-refused"),
    "403": (REJECTED, "service-access-denied"),
    "404": (REJECTED, "service-not-found"),
    "413-early": (REJECTED, "service-file-large"),
    "413-early-stops-reading": (REJECTED, "service-file-large"),
    "420": (THROTTLED, "service-quota-soon"),
    "429": (THROTTLED, "service-quota-soon"),
    **{f"gateway-{status}": (AMBIGUOUS, "unclear-status") for status in (400, 401, 403, 404, 413, 420, 429)},
    **{
        f"gateway-{status}-after-storing": (AMBIGUOUS, "unclear-status")
        for status in (400, 401, 403, 404, 413, 420, 429)
    },
    "gateway-json-after-storing": (AMBIGUOUS, "unclear-status"),
    "429-at-once": (THROTTLED, "service-quota"),
    "429-daily": (THROTTLED, "service-quota"),
    "429-late": (THROTTLED, "service-quota"),
    "429-nonsense": (THROTTLED, "service-quota-soon"),
    "429-soon": (THROTTLED, "service-quota"),
    "partial": (ACKED, None),
    "none-accepted": (ACKED, None),
    "prepared-zeros": (ACKED, None),
    "stores-twice": (ACKED, None),
    "crawls": (AMBIGUOUS, "unclear-silent"),
    # Only the ledger can tell that the uploading is another file's.
    "replays": (ACKED, None),
    "replays-after-storing": (ACKED, None),
    "replays-terse": (ACKED, None),
    "slow": (ACKED, None),
    "swallows": (ACKED, None),
    "terse": (ACKED, None),
}
FILES = ("calls", "many_calls")
#: A small body is in the buffers before anybody stops reading.
ONLY_LARGE = {"stops-reading", "crawls"}
CASES = [(name, file) for name in EXPECTED_OUTCOMES for file in FILES if file == "many_calls" or name not in ONLY_LARGE]


def test_every_behavior_of_uploads_has_an_expected_outcome():
    assert set(EXPECTED_OUTCOMES) | {"reads-slowly"} == {
        name for name, behavior in BEHAVIORS.items() if "upload" in behavior.kinds
    }


# -- documented answers ------------------------------------------------------------------------------


def test_upload_is_stored_as_it_is_in_the_file(service, client, calls):
    outcome = client.upload(REQUEST, calls)

    (stored,) = service.store.uploadings
    assert outcome.kind is ACKED
    assert (outcome.uploading.id, outcome.uploading.source_quantity, outcome.uploading.line_quantity) == (
        stored.id,
        3,
        3,
    )
    assert (stored.comment, stored.goal, stored.client_id_type) == ("ct1marker", "Звонок", "CLIENT_ID")
    assert [row["PhoneNumber"] for row in stored.rows] == [f"+{phone}" for phone in PHONES]
    assert [row["Tag"] for row in stored.rows] == ["первый", "", 'a,"b"']
    assert outcome.bytes_sent > calls.stat().st_size


def test_an_upload_is_one_post_without_the_name_of_the_file(service, client, calls):
    client.upload(REQUEST, calls)

    (post,) = service.requests
    assert post["headers"]["Authorization"] == f"OAuth {CANARY}"
    assert post["headers"]["User-Agent"].startswith("calltools/")
    assert "Transfer-Encoding" not in post["headers"]
    assert "client name" not in str(post)


def test_uploading_is_polled_to_its_end(service, client, calls):
    number = client.upload(REQUEST, calls).uploading.id
    uploadings = []
    for _ in range(5):
        uploadings.append(client.get_uploading(101, number))
        service.store.advance(0.2)

    assert [one.status for one in uploadings] == ["PREPARED", "UPLOADED", "EXPORTED", "MATCHED", "PROCESSED"]
    assert [one.linked_quantity for one in uploadings] == [None, None, None, None, 1]


def test_static_calls_end_as_linkage_failure(service, client, tmp_path):
    path = tmp_path / "static.csv"
    path.write_text("ClientId,DateTime,StaticCall\n,1773000000,1\n")
    number = client.upload(REQUEST, path).uploading.id
    service.store.advance(60)

    assert client.get_uploading(101, number).status == "LINKAGE_FAILURE"


def test_file_that_is_no_table_of_calls_is_refused_in_the_words_of_the_service(service, client, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("id,when\n1,2\n")

    outcome = client.upload(REQUEST, path)

    assert outcome.kind is REJECTED
    assert "Unknown column id" in outcome.error.say("ru")


def test_counter_has_its_permission(client):
    assert (client.get_counter(101).permission, client.get_counter(403).permission) == ("edit", "view")


def test_unknown_counter_is_not_requested_again(service, client):
    with pytest.raises(ServiceError) as caught:
        client.get_counter(404)

    assert caught.value.key == "service-not-found"
    assert len(service.requests) == 1


def test_token_that_is_refused(service, client_of, calls):
    service.token = "another"  # noqa: S105 - an invented token

    with pytest.raises(TokenRefusedError):
        client_of(service.url).get_counter(101)
    assert client_of(service.url).upload(REQUEST, calls).error.key == "service-token-refused"
    assert service.store.uploadings == []


# -- every misbehavior ----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "file"), CASES)
def test_outcome_of_an_upload(name, file, service, client_of, request):
    service.behave(name)
    path, announced = request.getfixturevalue(file), threading.Event()

    outcome = client_of(service.url, timeouts=LIMITS.get(name, TIMEOUTS)).upload(REQUEST, path, announced.set)

    ending, key = EXPECTED_OUTCOMES[name]
    assert (outcome.kind, outcome.error and outcome.error.key) == (ending, key)
    # All of them have connected, so an interrupt would leave each of them unclear.
    assert announced.is_set()
    assert len(service.posts) == 1
    if BEHAVIORS[name].stored:
        # The client has given up, so the service may still be storing the file.
        wait_for(lambda: service.store.uploadings)
    stored = len(service.store.uploadings)
    assert bool(stored) == BEHAVIORS[name].stored
    assert not (stored and ending in {REJECTED, THROTTLED})


def test_service_that_reads_slowly_but_steadily_is_waited_for(service, client_of, many_calls):
    service.behave("reads-slowly")
    timeouts = replace(TIMEOUTS, idle=2)
    start = time.monotonic()

    assert client_of(service.url, timeouts=timeouts).upload(REQUEST, many_calls).kind is ACKED
    assert time.monotonic() - start > timeouts.idle


def test_message_of_the_service_is_kept_without_secrets(service, client, calls):
    service.behave("400")

    sentence = client.upload(REQUEST, calls).error.say("en")

    assert "PhoneNumber *** or *** of *** is bad, UserId: ***, token ***, see row 123456" in sentence
    assert CANARY not in sentence


@pytest.mark.parametrize("name", ["partial", "none-accepted"])
def test_partial_acceptance_has_its_quantities(name, service, client, calls):
    service.behave(name)

    uploading = client.upload(REQUEST, calls).uploading

    assert (uploading.source_quantity, uploading.line_quantity) == (3, {"partial": 2, "none-accepted": 0}[name])


def test_bytes_sent_are_counted(service, client_of, many_calls):
    service.behave("stops-reading")

    outcome = client_of(service.url, timeouts=SHORT_IDLE).upload(REQUEST, many_calls)

    assert 0 < outcome.bytes_sent < many_calls.stat().st_size


def test_quota_of_an_upload_is_not_waited_for(service, client, calls):
    service.behave("429-soon")
    start = time.time()

    outcome = client.upload(REQUEST, calls)

    assert start + 1 <= outcome.until <= time.time() + 1
    assert len(service.posts) == 1


@pytest.mark.usefixtures("default_signals")
def test_interrupt_is_raised_through(service, client, calls):
    service.behave("silent")

    def interrupt():
        wait_for(lambda: service.posts)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.upload(REQUEST, calls)


def test_the_limit_of_an_upload_begins_when_its_counter_is_free(service, client_of, calls):
    """A counter has one request at a time: what another request takes is no time of this one."""
    client = client_of(service.url, timeouts=replace(TIMEOUTS, get_total=3, post_total=2.5))
    service.behave("reading-silent", 1)

    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(client.get_counter, REQUEST.counter, once=True)
        wait_for(lambda: service.requests)
        outcome = client.upload(REQUEST, calls)

    assert outcome.kind is OutcomeKind.ACKED
    assert read.exception().key == "service-silent"


# -- nothing was sent ------------------------------------------------------------------------


def test_refused_connection_is_proof_that_nothing_was_sent(service, client, calls):
    service.refuse()

    outcome = client.upload(REQUEST, calls)

    assert (outcome.kind, outcome.bytes_sent, outcome.error.key) == (OutcomeKind.NOT_SENT, 0, "service-no-connection")
    assert "refused" in outcome.error.say("en")


def test_upload_is_repeated_while_no_connection_is_made(service, client_of, calls):
    service.refuse()
    waits = []

    def wait(seconds, error):
        waits.append((seconds, error.key))
        if len(waits) == 2:
            service.listen_again()

    outcome = client_of(service.url, on_wait=wait, retry_policy=RetryPolicy(4, 0.01, 0.02)).upload(REQUEST, calls)

    assert outcome.kind is ACKED
    assert [key for _, key in waits] == ["service-no-connection"] * 2
    assert len(service.store.uploadings) == 1


def test_the_first_byte_is_announced_before_it_leaves(service, client, calls):
    """Whoever is interrupted before knows that nothing was sent."""
    seen = []

    client.upload(REQUEST, calls, lambda: seen.append(len(service.requests)))

    assert seen[0] == 0


def test_no_first_byte_is_announced_while_the_connection_is_refused(service, client_of, calls):
    service.refuse()
    seen = []

    client_of(service.url, retry_policy=RetryPolicy(2, 0.01, 0.02)).upload(REQUEST, calls, lambda: seen.append("first"))

    assert not seen


def test_no_first_byte_is_announced_before_the_end_of_the_tls_handshake(client_of, calls):
    """The calls follow the handshake: a server that says nothing in it gets none of them."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = client_of(url, timeouts=replace(TIMEOUTS, connect=0.2), retry_policy=RetryPolicy(1, 0.01, 0.02))

        outcome = client.upload(REQUEST, calls, lambda: seen.append("first"))

    assert (outcome.kind, seen) == (OutcomeKind.NOT_SENT, [])


def test_unknown_host_name(client_of, calls):
    outcome = client_of("https://calltools.invalid").upload(REQUEST, calls)

    assert (outcome.kind, outcome.error.key) == (OutcomeKind.NOT_SENT, "service-no-connection")


def test_missing_file_is_found_before_anything_is_sent(service, client, tmp_path):
    with pytest.raises(FileNotFoundError):
        client.upload(REQUEST, tmp_path / "none.csv")

    assert service.requests == []


def test_file_that_became_shorter_is_ambiguous(service, client, calls):
    class Shrunk(type(calls)):
        def stat(self, **rest):
            now = super().stat(**rest)
            return os.stat_result((*now[:6], now.st_size + 1, *now[7:10]))

    outcome = client.upload(REQUEST, Shrunk(calls))

    assert (outcome.kind, outcome.error.key) == (AMBIGUOUS, "unclear-file")
    assert service.store.uploadings == []


# -- GET requests --------------------------------------------------------------------------------

GET_CALLS = {
    "counter": lambda client: client.get_counter(101),
    "uploading": lambda client: client.get_uploading(101, 7),
    "uploadings": lambda client: list(client.iter_uploadings(101)),
}


FAILURES = {
    "reading-fails": ("service-down", 2),
    "reading-html": ("service-nonsense", 2),
    "reading-resets": ("service-broken", 2),
    "reading-silent": ("service-silent", 2),
    "reading-drips": ("service-silent", 2),
    "reading-truncated": ("service-broken", 2),
    "reading-redirects": ("service-redirect", 1),
    "reading-401": ("reading-token-refused", 1),
    "reading-403": ("reading-access-denied", 1),
    "reading-400": ("reading-refused", 1),
    "429": ("reading-quota-soon", 2),
    "420": ("reading-quota-soon", 2),
    "429-late": ("reading-quota", 1),
    "429-daily": ("reading-quota", 1),
}


# The time limits of every GET are the same, so only one test waits for them.
@pytest.mark.parametrize(
    ("name", "read"),
    [(name, read) for name in FAILURES for read in GET_CALLS if read == "counter" or name not in LIMITS],
)
def test_reading_that_fails(name, read, service, client_of):
    if name == "429-daily" and time.gmtime()[3:5] == (23, 59):
        pytest.skip("midnight in Greenwich is near")
    service.behave(name)

    with pytest.raises(ServiceError) as caught:
        GET_CALLS[read](client_of(service.url, timeouts=LIMITS.get(name, TIMEOUTS)))

    assert (caught.value.key, len(service.requests)) == FAILURES[name]
    assert caught.value.exit_code == 4
    assert_says_nothing_of_what_was_sent(caught.value)


def assert_says_nothing_of_what_was_sent(error):
    """A part may be held while a GET fails: only the answer to a POST can say that nothing was stored."""
    for language in ("en", "ru"):
        sentence = error.say(language).lower()
        for claim in ("nothing was", "none of its calls", "ничего не", "ни один"):
            assert claim not in sentence


def test_reading_without_a_connection_says_nothing_of_what_was_sent(service, client):
    service.refuse()

    with pytest.raises(UnreachableError) as caught:
        client.get_counter(101)

    assert caught.value.key == "reading-no-connection"
    assert_says_nothing_of_what_was_sent(caught.value)


@pytest.mark.parametrize(
    "name", ["reading-fails", "reading-html", "reading-resets", "reading-truncated", "429", "429-soon"]
)
def test_reading_is_repeated_until_it_succeeds(name, service, client):
    service.behave(name, times=1)

    assert client.get_counter(101).id == 101


def test_client_waits_the_seconds_of_retry_after(service, client_of):
    service.behave("429-soon", times=1)
    waits, start = [], time.monotonic()

    client_of(service.url, on_wait=lambda seconds, error: waits.append((seconds, type(error)))).get_counter(101)

    assert waits == [(1.0, QuotaError)]
    assert time.monotonic() - start >= 1


def test_client_does_not_wait_an_hour(service, client_of):
    service.behave("429-late")
    waits, days = [], [day_in_an_hour()]

    with pytest.raises(QuotaError) as caught:
        client_of(service.url, on_wait=lambda seconds, _error: waits.append(seconds)).get_counter(101)

    days.append(day_in_an_hour())
    assert waits == []
    assert caught.value.wait == 3600
    assert any(day in caught.value.say("en") for day in days)


def day_in_an_hour():
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3600))


# -- the list ----------------------------------------------------------------------------------


def test_list_is_read_to_its_end_over_pages(service, client, calls):
    client.upload(REQUEST, calls)
    service.behave("list-long")

    listed = list(client.iter_uploadings(101))

    assert len(listed) == 2501
    assert [one.comment for one in listed if one.id < 900_000] == ["ct1marker"]
    offsets = [one["query"]["offset"] for one in service.requests if one["path"].endswith("calls_uploadings")]
    assert offsets == ["0", "1000", "2000", "2501"]


def test_endless_list_is_not_read_for_ever(service, client_of):
    service.behave("list-long")

    with pytest.raises(UnreachableError) as caught:
        list(client_of(service.url, longest_list=2000).iter_uploadings(101))

    assert (caught.value.key, len(service.requests)) == ("service-list-endless", 2)


def test_list_that_repeats_a_full_page_is_not_whole(service, client, calls):
    """The service ignores the offset: what it has behind the first page is never shown."""
    client.upload(REQUEST, calls)
    service.behave("list-repeats-full-pages")

    with pytest.raises(UnreachableError) as caught:
        list(client.iter_uploadings(101))

    assert (caught.value.key, caught.value.facts["count"]) == ("service-list-repeats", 1000)


def test_list_that_moves_while_it_is_read_is_whole(service, client, calls):
    client.upload(REQUEST, calls)
    service.behave("list-moves")

    pages = list(client.iter_uploading_pages(101))

    listed = [one.id for page in pages for one in page.uploadings]
    assert len(listed) == len(set(listed))
    assert {1000, *range(900_000, 902_000)} <= set(listed)
    assert pages[-1].is_end


def test_a_page_that_is_too_large_is_asked_for_again_in_smaller_ones(service, client, calls):
    client.upload(REQUEST, calls)
    service.behave("list-long-comments")

    listed = [one.id for one in client.iter_uploadings(101)]

    assert listed == [*range(900_000, 902_500), 1000]
    limits = [int(one["query"]["limit"]) for one in service.requests if one["path"].endswith("calls_uploadings")]
    assert limits[0] == 1000
    assert limits == sorted(limits, reverse=True), "a limit that was too large is not tried again"


@pytest.mark.parametrize(("name", "proven"), [("list-short-pages", True), ("list-ignores-offset", False)])
def test_only_an_empty_page_proves_the_end_of_the_list(service, client, calls, name, proven):
    for _ in range(5):
        client.upload(REQUEST, calls)
    service.behave(name)

    assert [page.is_end for page in client.iter_uploading_pages(101)][-1] == proven


@pytest.mark.parametrize(("name", "seconds"), [("clock-early", 4000), ("clock-late", -4000), ("clock-none", None)])
def test_a_page_has_the_time_of_the_service(service, client, name, seconds):
    service.behave(name)
    begun = time.time()

    (page,) = client.iter_uploading_pages(101)

    if seconds is None:
        assert page.service_time is None
    else:
        assert begun + seconds - 1 <= page.service_time <= time.time() + seconds


@pytest.mark.parametrize("name", ["list-short-pages", "list-ignores-offset"])
def test_list_with_unexpected_pages_is_read_completely(name, service, client, calls):
    for _ in range(5):
        client.upload(REQUEST, calls)
    service.behave(name)

    assert sorted(one.id for one in client.iter_uploadings(101)) == [1000, 1001, 1002, 1003, 1004]


def test_list_shows_the_same_marker_twice_if_it_is_there_twice(service, client, calls):
    service.behave("stores-twice")
    client.upload(REQUEST, calls)

    assert [one.comment for one in client.iter_uploadings(101)] == ["ct1marker", "ct1marker"]


def test_list_that_lags_shows_it_later(service, client, calls):
    client.upload(REQUEST, calls)
    service.behave("list-lags")

    before = list(client.iter_uploadings(101))
    service.store.advance(6)

    assert (before, [one.id for one in client.iter_uploadings(101)]) == ([], [1000])


@pytest.mark.parametrize("name", ["list-huge", "list-without-ids"])
def test_unreadable_list_is_an_error_and_not_empty(name, service, client, calls):
    client.upload(REQUEST, calls)
    service.behave(name)

    with pytest.raises(UnreachableError) as caught:
        list(client.iter_uploadings(101))

    assert caught.value.key == "service-nonsense"


def test_list_of_another_counter_is_another(client, calls):
    client.upload(REQUEST, calls)

    assert list(client.iter_uploadings(102)) == []


# -- requests at once ---------------------------------------------------------------------------------------


def test_one_request_at_a_time_for_a_counter(service, client, calls):
    service.behave("slow")

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: client.upload(REQUEST, calls).kind, range(4)))

    assert outcomes == [ACKED] * 4
    assert service.max_in_flight["101"] == 1


def test_three_requests_at_a_time_for_a_user(service, client, calls):
    service.behave("slow")
    requests = [upload_calls_request(counter, "ct1marker") for counter in range(101, 109)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda request: client.upload(request, calls).kind, requests))

    assert outcomes == [ACKED] * 8
    assert service.max_in_flight["all"] == 3


# -- the client as a whole --------------------------------------------------------------------------------


def test_address_is_checked_before_anything(client_of):
    with pytest.raises(UsageError):
        client_of("http://metrica.example")


def test_memory_does_not_grow_with_the_file(tmp_path):
    program = """
import resource, sys
from pathlib import Path
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions
from calltools.metrica.protocol import upload_calls_request
from calltools.metrica.token import Token

small, large = map(Path, sys.argv[2:])
with Client(Token("t"), ConnectionOptions(sys.argv[1])) as client:
    assert client.upload(upload_calls_request(1, "c"), small).kind == "acked"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert client.upload(upload_calls_request(1, "c"), large).kind == "acked"
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(b"x" * 1_000_000)
    with large.open("wb") as file:
        file.truncate(100_000_000)
    server = [sys.executable, "-m", "tests.fake_metrica", "--behavior", "swallows"]

    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as running:
        url = running.stdout.readline().strip()
        done = subprocess.run(
            [sys.executable, "-c", program, url, small, large], capture_output=True, text=True, check=False
        )
        running.terminate()

    assert done.stderr == ""
    assert int(done.stdout) < 4096  # KiB
