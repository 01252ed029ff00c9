"""Requests as values, responses as values, and the outcome of each response to a POST."""

import email
import email.policy
import json
import time
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import (
    AccessDeniedError,
    FileRefusedError,
    QuotaError,
    ServiceError,
    TokenRefusedError,
    TooLargeError,
    UnknownOutcomeError,
    UnreachableError,
)
from calltools.metrica.outcome import (
    OutcomeKind,
    ResponseContext,
    classify_response,
    error_from_response,
    parse_retry_after,
    service_time,
)
from calltools.metrica.protocol import (
    MultipartFraming,
    counter_request,
    upload_calls_request,
    uploading_page_request,
    uploading_request,
)
from calltools.metrica.responses import (
    MAX_RESPONSE_BYTES,
    ServiceResponse,
    Uploading,
    parse_counter,
    parse_errors,
    parse_uploading,
    parse_uploading_page,
    redact,
)

#: 2026-03-10 00:00:00 UTC.
NOW = 1773100800
CONTEXT = ResponseContext("api.example", NOW)
ROOT = "/management/v1/counter/101"

DOCUMENTED = {
    "id": 12,
    "create_time": "2025-01-01T00:00:00Z",
    "source_quantity": 3,
    "line_quantity": 3,
    "comment": "batch 1",
    "type": "CALLS",
    "client_id_type": "CLIENT_ID",
    "status": "UPLOADED",
    "static_calls_quantity": 1,
    "dynamic_calls_quantity": 2,
    "linked_quantity": 0,
    "goal_not_found_quantity": 0,
    "user_not_found_quantity": 0,
}


#: The fields of an uploading that something uses.
READ_FIELDS = [field.name for field in fields(Uploading)]


def response(status, answer, **rest):
    return ServiceResponse(status, json.dumps(answer).encode(), **rest)


def error_response(status, *kinds, message="m"):
    errors = [{"error_type": kind, "message": message, "location": "file"} for kind in kinds]
    return response(status, {"errors": errors, "code": status, "message": message})


@pytest.mark.parametrize(
    ("status", "source", "line", "expected"),
    [
        ("PREPARED", 0, 0, (None, None)), ("PREPARED", None, 0, (None, None)), ("PREPARED", 10, 0, (10, 0)),
        ("PREPARED", 10, 10, (10, 10)), ("UPLOADED", 0, 0, (0, 0)), ("PROCESSED", 0, 0, (0, 0)), ("", 0, 0, (0, 0)),
    ],
)  # fmt: skip
def test_zeros_of_a_file_that_is_not_read_yet_are_unknown(status, source, line, expected):
    answer = {"id": 1, "status": status, "source_quantity": source, "line_quantity": line}

    uploading = parse_uploading(response(200, {"uploading": answer}))

    assert (uploading.source_quantity, uploading.line_quantity) == expected


# -- requests ---------------------------------------------------------------------------


def test_upload_names_goal_comment_and_kind_in_the_query():
    request = upload_calls_request(101, "ct1abc", goal="Звонок", client_id_type="YCLID")

    assert (request.method, request.path, request.counter) == ("POST", f"{ROOT}/offline_conversions/upload_calls", 101)
    assert request.query == (("new_goal_name", "Звонок"), ("comment", "ct1abc"), ("client_id_type", "YCLID"))


def test_upload_leaves_out_what_is_not_given():
    assert upload_calls_request(101, "ct1abc").query == (("comment", "ct1abc"),)


@pytest.mark.parametrize(
    ("request_made", "path", "query"),
    [
        (uploading_request(101, 7), f"{ROOT}/offline_conversions/calls_uploading/7", ()),
        (uploading_page_request(101), f"{ROOT}/offline_conversions/calls_uploadings", (("limit", "1000"), ("offset", "0"))),
        (uploading_page_request(101, 2000), f"{ROOT}/offline_conversions/calls_uploadings", (("limit", "1000"), ("offset", "2000"))),
        (counter_request(101), ROOT, ()),
    ],
)  # fmt: skip
def test_reading_requests(request_made, path, query):
    assert (request_made.method, request_made.path, request_made.query) == ("GET", path, query)


def test_body_is_one_part_named_file():
    framing, content = MultipartFraming("b0undary"), "ClientId,DateTime\n1,2\nи\n".encode()

    body = framing.head + content + framing.tail
    parsed = email.message_from_bytes(
        f"Content-Type: {framing.content_type}\r\n\r\n".encode() + body, policy=email.policy.HTTP
    )
    (part,) = parsed.iter_parts()

    assert framing.body_length(len(content)) == len(body)
    assert part.get_param("name", header="content-disposition") == "file"
    assert part.get_filename() == "calls.csv"
    assert part.get_content_type() == "text/csv"
    assert part.get_payload(decode=True) == content


# -- responses ----------------------------------------------------------------------------


def test_documented_uploading_is_read_whole():
    read = parse_uploading(response(200, {"uploading": DOCUMENTED}))

    assert {name: getattr(read, name) for name in READ_FIELDS} == {name: DOCUMENTED[name] for name in READ_FIELDS}


@pytest.mark.parametrize(
    ("status", "read_status"),
    [
        ("PREPARED", "PREPARED"),
        ("PROCESSED", "PROCESSED"),
        ("TELEPORTED", "TELEPORTED"),
        (None, ""),
        (["PROCESSED"], ""),
    ],
)
def test_a_status_is_read_as_it_came(status, read_status):
    read = parse_uploading(response(200, {"uploading": {"id": 1, "status": status}}))

    assert read.status == read_status


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if name != "id"])
@pytest.mark.parametrize("odd", [None, [], {}, True, -1, 1.5, "\ud800", 1 << 70])
def test_a_field_of_another_kind_never_breaks_the_answer(name, odd):
    read = parse_uploading(response(200, {"uploading": {**DOCUMENTED, name: odd, "new": odd}, "other": odd}))

    assert read.id == 12
    assert getattr(read, name, None) in {None, "", "?"}


@pytest.mark.parametrize(
    "answer",
    [
        {"uploading": {"status": "UPLOADED"}},
        {"uploading": {"id": "x"}},
        {"uploading": {"id": True}},
        {"uploading": {"id": -1}},
        {"uploading": {"id": 1 << 63}},
        {"uploading": None},
        {"uploading": [DOCUMENTED]},
        {"success": True},
        [],
        None,
        12,
        {"uploading": DOCUMENTED, "errors": [{"error_type": "backend_error"}]},
        {"uploading": DOCUMENTED, "code": 503, "message": "m"},
    ],
)
def test_what_is_no_uploading_is_none(answer):
    assert parse_uploading(response(200, answer)) is None


def test_an_empty_list_of_errors_is_no_error():
    assert parse_uploading(response(200, {"uploading": DOCUMENTED, "errors": []})).id == 12


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b'{"uploading": {"id": 1', b"\xff\xfe", b"[" * 100_000, b'{"uploading":{"id":' + b"9" * 5000 + b"}}"],
)  # fmt: skip
def test_what_is_no_json_is_none(body):
    read = ServiceResponse(200, body)

    assert (parse_uploading(read), parse_uploading_page(read), parse_counter(read), parse_errors(read)) == (None,) * 4


@pytest.mark.parametrize("problem", ["cut", "large", "packed"])
def test_a_flawed_body_is_not_believed(problem):
    assert parse_uploading(response(200, {"uploading": DOCUMENTED}, body_problem=problem)) is None


def test_a_page_is_read_in_its_order():
    page = response(200, {"uploadings": [{"id": 3}, {"id": "2"}, {"id": 1, "comment": "c"}]})

    assert [(one.id, one.comment) for one in parse_uploading_page(page)] == [(3, ""), (2, ""), (1, "c")]


def test_a_page_with_an_uploading_that_has_no_id_is_none():
    assert parse_uploading_page(response(200, {"uploadings": [{"id": 1}, {"comment": "c"}]})) is None


def test_an_empty_page_is_a_page():
    assert parse_uploading_page(response(200, {"uploadings": []})) == ()


def test_a_page_of_a_thousand_long_comments_fits_the_limit():
    page = {"uploadings": [{**DOCUMENTED, "comment": "ы" * 255} for _ in range(1000)]}

    assert len(json.dumps(page, ensure_ascii=False).encode()) < MAX_RESPONSE_BYTES


def test_counter_is_read():
    answer = {"id": 101, "name": "Shop", "permission": "edit", "time_zone_name": "Europe/Moscow"}

    read = parse_counter(response(200, {"counter": answer}))

    assert (read.id, read.permission, read.time_zone) == (101, "edit", "Europe/Moscow")


def test_message_of_the_error_form_is_kept():
    answer = {
        "errors": [
            {"error_type": "invalid_uploading", "message": "Строка 3: неверное время", "location": "file"},
            {"error_type": "invalid_parameter", "message": "m2"},
        ],
        "code": 400,
        "message": "Неверный файл",
    }

    found_errors = parse_errors(response(400, answer))

    assert found_errors.error_types == ("invalid_uploading", "invalid_parameter")
    assert (
        found_errors.message
        == "Неверный файл; invalid_uploading: Строка 3: неверное время (file); invalid_parameter: m2"
    )


def test_message_has_neither_token_nor_long_numbers():
    answer = {"errors": [{"message": "bad +74950000001 in s3cret"}], "code": 400, "message": "see 123456 and 1234567"}

    found_errors = parse_errors(response(400, answer), lambda text: text.replace("s3cret", "***"))

    assert found_errors.message == "see 123456 and ***; bad *** in ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc", "a b c"),
        ("a\u202eb", r"a\u202eb"),
        ("a\ud800", r"a\ud800"),
        ("Неверный «файл»", "Неверный «файл»"),
        ("٠١٢٣٤٥٦٧", "***"),
        ("x" * 3000, "x" * 2000 + "…"),
    ],
)
def test_message_has_no_terminal_commands(text, shown):
    assert redact(text) == shown


# -- the outcome of a POST ------------------------------------------------

FORMS = {
    "form": lambda status: error_response(status, "some_error"),
    "html": lambda status: ServiceResponse(status, b"<html><h1>Error</h1></html>"),
    "empty": ServiceResponse,
    "large": lambda status: ServiceResponse(status, b" " * 10, body_problem="large"),
    "other kind": lambda status: response(status, [1, 2]),
    "a gateway's JSON": lambda status: response(status, {"message": "Forbidden"}),
    "another gateway's JSON": lambda status: response(status, {"code": "RATE_LIMITED", "message": "Slow down"}),
    "errors of a gateway": lambda status: response(status, {"errors": ["denied"]}),
    "the form, cut off": lambda status: replace(error_response(status, "some_error"), body_problem="cut"),
}
REFUSED = {400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 422, 431, 451}
QUOTAS = {420, 429}
UNCLEAR = {101, 200, 201, 204, 206, 301, 302, 303, 304, 307, 308, 408, 409, 418, 425, 500, 501, 502, 503, 504, 520, 599}  # fmt: skip


def expected(status, form):
    if form != "form":
        return OutcomeKind.AMBIGUOUS
    if status in QUOTAS:
        return OutcomeKind.THROTTLED
    return OutcomeKind.REJECTED if status in REFUSED else OutcomeKind.AMBIGUOUS


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", sorted(REFUSED | QUOTAS | UNCLEAR))
def test_status_and_form_choose_the_outcome(status, form):
    outcome = classify_response(FORMS[form](status), CONTEXT)

    assert outcome.kind is expected(status, form)
    assert outcome.status == status
    assert outcome.error.exit_code == (6 if outcome.kind is OutcomeKind.AMBIGUOUS else 4)


def test_a_valid_answer_is_accepted():
    outcome = classify_response(response(200, {"uploading": DOCUMENTED}), CONTEXT)

    assert (outcome.kind, outcome.uploading.id, outcome.error) == (OutcomeKind.ACKED, 12, None)


@pytest.mark.parametrize("status", [400, 500, 302])
def test_an_uploading_under_another_status_is_not_accepted(status):
    assert classify_response(response(status, {"uploading": DOCUMENTED}), CONTEXT).kind is not OutcomeKind.ACKED


@pytest.mark.parametrize(
    ("read", "kind", "key"),
    [
        (error_response(400, "invalid_uploading"), FileRefusedError, "service-file-refused"),
        (error_response(400, "invalid_parameter"), ServiceError, "service-refused"),
        (error_response(401, "unauthorized"), TokenRefusedError, "service-token-refused"),
        (error_response(403, "invalid_token"), TokenRefusedError, "service-token-refused"),
        (error_response(403, "access_denied"), AccessDeniedError, "service-access-denied"),
        (error_response(404, "not_found"), ServiceError, "service-not-found"),
        (error_response(413, "too_large"), FileRefusedError, "service-file-large"),
        (error_response(429, "quota_requests_by_ip"), QuotaError, "service-quota-soon"),
        (error_response(420, "quota_parallel_requests_by_uid"), QuotaError, "service-quota-soon"),
        (error_response(403, "quota_of_a_new_kind"), QuotaError, "service-quota-soon"),
        (replace(error_response(429, "quota_requests_by_ip"), retry_after="3600"), QuotaError, "service-quota"),
        (ServiceResponse(429, b"slow down", "3600"), UnknownOutcomeError, "unclear-status"),
        (ServiceResponse(413, b"<html>"), UnknownOutcomeError, "unclear-status"),
        (error_response(409, "conflict"), UnknownOutcomeError, "unclear-status"),
        (error_response(504, "timeout"), UnknownOutcomeError, "unclear-status"),
        (error_response(200, "backend_error"), UnknownOutcomeError, "unclear-answer"),
        (ServiceResponse(200, b'{"upl', body_problem="cut"), UnknownOutcomeError, "unclear-cut"),
        (ServiceResponse(307), UnknownOutcomeError, "unclear-status"),
    ],
)
def test_the_error_gives_the_advice(read, kind, key):
    error = classify_response(read, CONTEXT).error

    assert (type(error), error.key) == (kind, key)
    assert error.say("en")
    assert error.say("ru")
    assert error.say("ru") != error.say("en")


@pytest.mark.parametrize(
    ("read", "kind", "key", "passing"),
    [
        (error_response(500, "backend_error"), UnreachableError, "service-down", True),
        (ServiceResponse(502, b"<html>"), UnreachableError, "service-down", True),
        (ServiceResponse(408), UnreachableError, "service-down", True),
        (ServiceResponse(200, b"<html>"), UnreachableError, "service-nonsense", True),
        (ServiceResponse(200, b"{", body_problem="cut"), UnreachableError, "service-broken", True),
        (ServiceResponse(200, body_problem="large"), TooLargeError, "service-nonsense", False),
    ],
)
def test_error_of_a_get_tells_whether_to_retry(read, kind, key, passing):
    error = error_from_response(read, CONTEXT)

    assert (type(error), error.key, error.transient) == (kind, key, passing)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", sorted({*REFUSED, *QUOTAS} - {404}))
def test_errors_of_a_get_have_sentences_of_their_own(status, form):
    assert error_from_response(FORMS[form](status), CONTEXT).key.startswith("reading-")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirected_get_is_an_error(status):
    assert error_from_response(ServiceResponse(status), CONTEXT).key == "service-redirect"


def test_the_daily_quota_ends_at_midnight_utc():
    error = classify_response(error_response(429, "quota_requests_by_uid"), ResponseContext("h", NOW + 3600)).error

    assert error.wait == 23 * 3600
    assert "2026-03-11 00:00:00 UTC" in error.say("en")


def test_the_error_of_a_quota_has_its_time():
    outcome = classify_response(replace(error_response(429, "quota_requests_by_ip"), retry_after="7200"), CONTEXT)

    assert outcome.until == NOW + 7200
    assert "2026-03-10 02:00:00 UTC" in outcome.error.say("ru")


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", 0), ("30", 30), (" 30 ", 30), ("1000000", 1_000_000), ("9" * 5000, 999_999_999_999),
        ("Tue, 10 Mar 2026 00:00:45 GMT", 45), ("Mon, 09 Mar 2026 00:00:00 GMT", 0),
        ("-5", None), ("soon", None), ("", None), (None, None), ("1.5", None), ("٣", None),
        ("Tue, 99 Mar 2026 00:00:45 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header, wait):
    assert parse_retry_after(header, NOW) == wait


def test_a_quota_beyond_the_calendar_has_a_message():
    response = replace(error_response(429, "quota_requests_by_ip"), retry_after="9" * 30)

    assert "9999" in classify_response(response, CONTEXT).error.say("en")


@pytest.mark.parametrize("ours", [NOW - 5 * 3600, NOW, NOW + 5 * 3600])
def test_a_date_to_retry_after_is_read_by_the_clock_that_wrote_it(ours):
    read = replace(
        error_response(429, "quota_requests_by_ip"),
        retry_after="Tue, 10 Mar 2026 00:00:45 GMT",
        date="Tue, 10 Mar 2026 00:00:00 GMT",
    )

    outcome = classify_response(read, ResponseContext("h", ours))

    assert (outcome.error.wait, outcome.until) == (45, ours + 45)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*DOCUMENTED, "uploading", "errors", "code", "message", "error_type"]) | st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.integers(100, 599), json_values | st.fixed_dictionaries({"uploading": json_values, "errors": json_values}))
def test_any_json_has_an_outcome(status, answer):
    outcome = classify_response(response(status, answer), CONTEXT)

    assert (outcome.kind is OutcomeKind.ACKED) == (outcome.error is None) == (outcome.uploading is not None)
    assert outcome.error is None or outcome.error.say("ru").encode()


@given(st.integers(100, 599), st.binary(), st.text())
def test_any_bytes_have_an_outcome(status, body, header):
    outcome = classify_response(ServiceResponse(status, body, header), CONTEXT)
    error = error_from_response(ServiceResponse(status, body, header), CONTEXT)

    assert outcome.kind in OutcomeKind
    assert error.say("en").encode()


@pytest.mark.parametrize("header", ["Tue Mar 10 00:00:45 2026", "Tue, 10 Mar 2026 00:00:45 -0000"])
def test_a_date_of_the_service_without_a_zone_is_in_utc(monkeypatch, header):
    """RFC 9110, section 5.6.7: the form of asctime is obsolete, and recipients must take it."""
    monkeypatch.setenv("TZ", "Europe/Moscow")
    time.tzset()
    try:
        assert service_time(header) == 1773100845
    finally:
        monkeypatch.undo()
        time.tzset()
