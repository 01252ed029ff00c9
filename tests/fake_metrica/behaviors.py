"""Misbehaviors of the service, or of a gateway before it: one function each, by name."""

import json
from dataclasses import dataclass
from typing import Any

from tests.fake_metrica import responses


@dataclass(frozen=True)
class Behavior:
    """What the service does instead of the documented answer.

    Attributes:
        kinds: The requests that it concerns.
        act: A function of the exchange.
        stored: Whether the upload is in the store afterwards; ``None``: it concerns no upload.
    """

    kinds: tuple[str, ...]
    act: Any
    stored: bool | None = None


BEHAVIORS: dict[str, Behavior] = {}


def upload_behavior(name, *, stored):
    """Register a behavior for uploads."""
    return _register(name, ("upload",), stored)


def read_behavior(name, *kinds):
    """Register a behavior for requests that read."""
    return _register(name, kinds, None)


def _register(name, kinds, stored):
    def register(act):
        BEHAVIORS[name] = Behavior(kinds, act, stored)
        return act

    return register


# -- the connection breaks -----------------------------------------------------------------


@upload_behavior("closes-at-once", stored=False)
def closes_at_once(exchange):
    """Neither read nor answer."""


@upload_behavior("resets-after-headers", stored=False)
def resets_after_headers(exchange):
    exchange.reset()


@upload_behavior("resets-at-half-body", stored=False)
def resets_at_half_body(exchange):
    exchange.read(exchange.length // 2)
    exchange.reset()


@upload_behavior("resets-after-body", stored=False)
def resets_after_body(exchange):
    exchange.read()
    exchange.reset()


@upload_behavior("resets-after-storing", stored=True)
def resets_after_storing(exchange):
    exchange.store_upload()
    exchange.reset()


@upload_behavior("closes-after-storing", stored=True)
def closes_after_storing(exchange):
    exchange.store_upload()


@upload_behavior("stops-reading", stored=False)
def stops_reading(exchange):
    exchange.read(exchange.length // 10)
    exchange.silence()


# -- the answer comes late or not at all ---------------------------------------------------


@upload_behavior("silent", stored=False)
def silent(exchange):
    exchange.read()
    exchange.silence()


@upload_behavior("silent-after-storing", stored=True)
def silent_after_storing(exchange):
    exchange.store_upload()
    exchange.silence()


@upload_behavior("drips", stored=True)
def drips(exchange):
    """Send a byte now and then: no single read is slow."""
    exchange.send_slowly(exchange.framed(200, stored_response(exchange)), 0.2)


@upload_behavior("drips-body", stored=True)
def drips_body(exchange):
    body = stored_response(exchange)
    exchange.send(exchange.framed(200, b"", length=len(body)))
    exchange.send_slowly(body, 0.2)


@upload_behavior("reads-slowly", stored=True)
def reads_slowly(exchange):
    """Read slowly but steadily: no pause is long."""
    while len(exchange.body) < exchange.length:
        exchange.read(1 << 19)
        exchange.wait(0.2)
    exchange.answer_as_documented()


@upload_behavior("crawls", stored=False)
def crawls(exchange):
    """Read so slowly that it would take minutes; no pause is long either."""
    while len(exchange.body) < exchange.length:
        exchange.read(1 << 14)
        exchange.wait(0.1)
    exchange.answer_as_documented()


@upload_behavior("slow", stored=True)
def slow(exchange):
    """Answer as documented, after a while."""
    exchange.wait(0.2)
    exchange.answer_as_documented()


# -- the answer is unusable --------------------------------------------------------------------


def stored_response(exchange):
    return json.dumps({"uploading": responses.uploading_object(exchange.store, exchange.store_upload())}).encode()


@upload_behavior("200-html", stored=False)
def ok_html(exchange):
    """Answer like a gateway that wants a login."""
    exchange.read()
    exchange.send(exchange.framed(200, b"<html><body>Sign in</body></html>", kind="text/html"))


@upload_behavior("200-errors", stored=False)
def ok_errors(exchange):
    exchange.read()
    exchange.answer(200, responses.error_object(503, "backend_error", "try later"))


@upload_behavior("200-empty", stored=True)
def ok_empty(exchange):
    exchange.store_upload()
    exchange.send(exchange.framed(200, b""))


@upload_behavior("200-truncated", stored=True)
def truncated(exchange):
    body = stored_response(exchange)
    exchange.send(exchange.framed(200, body[: len(body) // 2], length=len(body)))


@upload_behavior("200-half-json", stored=True)
def half_json(exchange):
    """Send a body whose length is right and whose JSON is cut."""
    exchange.send(exchange.framed(200, stored_response(exchange)[:-10]))


@upload_behavior("200-huge", stored=True)
def huge(exchange):
    exchange.store_upload()
    exchange.send(exchange.framed(200, b'{"uploading": {"id": 1, "x": "' + b"x" * (3 << 20) + b'"}}'))


@upload_behavior("200-packed", stored=True)
def packed(exchange):
    exchange.send(exchange.framed(200, stored_response(exchange), Content_Encoding="gzip"))


@upload_behavior("garbage", stored=True)
def garbage(exchange):
    exchange.store_upload()
    exchange.send(b"\x00\x01SSH-2.0-not-http\r\n\r\n" * 10)


# -- a refusal, or something like it -------------------------------------------------------


@upload_behavior("400", stored=False)
def bad_file(exchange):
    """Refuse with a message that repeats the token, and a person's phone number, mail address and id."""
    exchange.read()
    secret = exchange.handler.headers["Authorization"].split()[-1]
    exchange.refuse(
        400,
        "invalid_uploading",
        f"Row 2: PhoneNumber +74950000001 or +7 (495) 000-00-01 of visitor@romashka.example is bad, UserId: ivan7, "
        f"token {secret}, see row 123456",
    )


@upload_behavior("401-early", stored=False)
def early_401(exchange):
    """Refuse while the client is still sending."""
    exchange.refuse(401, "unauthorized", "Unauthorized")
    exchange.drain()


@upload_behavior("401-early-reset", stored=False)
def early_401_reset(exchange):
    exchange.read(min(exchange.length // 4, 1 << 20))
    exchange.refuse(401, "unauthorized", "Unauthorized")
    exchange.reset()


@upload_behavior("413-early", stored=False)
def early_413(exchange):
    exchange.refuse(413, "too_large", "Request Entity Too Large")
    exchange.drain()


@upload_behavior("413-early-stops-reading", stored=False)
def early_413_stops(exchange):
    exchange.refuse(413, "too_large", "Request Entity Too Large")
    exchange.silence()


@upload_behavior("403", stored=False)
def denied(exchange):
    exchange.drain()
    exchange.refuse(403, "access_denied", "Access is denied")


@upload_behavior("404", stored=False)
def not_found(exchange):
    exchange.drain()
    exchange.refuse(404, "not_found", "Object not found")


@upload_behavior("302", stored=False)
def redirects(exchange):
    exchange.drain()
    exchange.send(exchange.framed(302, b"", Location=exchange.service.redirect_url + exchange.handler.path))


@upload_behavior("307", stored=False)
def redirects_body(exchange):
    """Redirect so that a client that follows sends the body again."""
    exchange.drain()
    exchange.send(exchange.framed(307, b"", Location=exchange.service.redirect_url + exchange.handler.path))


@upload_behavior("409", stored=False)
def conflict(exchange):
    exchange.drain()
    exchange.refuse(409, "conflict")


@upload_behavior("500-after-storing", stored=True)
def fails_after_storing(exchange):
    exchange.store_upload()
    exchange.refuse(500, "internal_error")


@upload_behavior("503", stored=False)
def down(exchange):
    exchange.drain()
    exchange.refuse(503, "backend_error")


@upload_behavior("504-after-storing", stored=True)
def times_out_after_storing(exchange):
    exchange.store_upload()
    exchange.send(exchange.framed(504, b"<html>Gateway Timeout</html>", kind="text/html"))


# -- a gateway that refuses in words of its own -----------------------------------------------


def _gateway_response(status, body, *, stored):
    def act(exchange):
        if stored:
            exchange.store_upload()
        else:
            exchange.drain()
        kind = "application/json" if body.startswith(b"{") else "text/html"
        exchange.send(exchange.framed(status, body, kind=kind))

    return act


for _status in (400, 401, 403, 404, 413, 420, 429):
    for _suffix, _stored in {"": False, "-after-storing": True}.items():
        _page = f"<html><h1>{_status}</h1>nginx</html>".encode()
        _register(f"gateway-{_status}{_suffix}", ("upload",), stored=_stored)(
            _gateway_response(_status, _page, stored=_stored)
        )
_register("gateway-json-after-storing", ("upload",), stored=True)(
    _gateway_response(429, b'{"message": "API rate limit exceeded"}', stored=True)
)


def _earlier_uploading(exchange):
    """What a cache would answer: the uploading before this one, or one of another client."""
    before = exchange.store.of(exchange.counter)
    other = {"id": 999, "comment": f"ct1{'a' * 26}A1", "status": "PROCESSED"}
    return responses.uploading_object(exchange.store, before[0]) if before else other


@upload_behavior("replays", stored=False)
def replays(exchange):
    earlier = _earlier_uploading(exchange)
    exchange.drain()
    exchange.answer(200, {"uploading": earlier})


@upload_behavior("replays-after-storing", stored=True)
def replays_after_storing(exchange):
    earlier = _earlier_uploading(exchange)
    exchange.store_upload()
    exchange.answer(200, {"uploading": earlier})


@upload_behavior("replays-terse", stored=False)
def replays_terse(exchange):
    """Without a comment: only the id tells."""
    earlier = _earlier_uploading(exchange)
    exchange.drain()
    exchange.answer(200, {"uploading": {"id": earlier["id"]}})


# -- quotas --------------------------------------------------------------------------------


def _quota_response(status, kind, **headers):
    def act(exchange):
        exchange.drain()
        exchange.refuse(status, kind, "quota", **headers)

    return act


ALL_REQUESTS = ("upload", "list", "status", "counter", "counters", "report")
for _name, _act in {
    "429": _quota_response(429, "quota_requests_by_ip"),
    "429-soon": _quota_response(429, "quota_parallel_requests", Retry_After=1),
    "429-at-once": _quota_response(429, "quota_parallel_requests", Retry_After=0),
    "429-late": _quota_response(429, "quota_requests_by_counter_id", Retry_After=3600),
    "429-daily": _quota_response(429, "quota_requests_by_uid"),
    "420": _quota_response(420, "quota_parallel_requests_by_uid"),
    "429-nonsense": _quota_response(429, "quota_requests_by_ip", Retry_After="-5"),
}.items():
    _register(_name, ALL_REQUESTS, stored=False)(_act)


# -- accepted, but ... -----------------------------------------------------------------------


@upload_behavior("partial", stored=True)
def partial(exchange):
    """Accept every second row."""
    stored = exchange.store_upload()
    stored.rows, stored.left_out = stored.rows[::2], stored.rows[1::2]
    exchange.answer(200, {"uploading": responses.uploading_object(exchange.store, stored)})


@upload_behavior("none-accepted", stored=True)
def none_accepted(exchange):
    stored = exchange.store_upload()
    stored.rows, stored.left_out = [], stored.rows
    exchange.answer(200, {"uploading": responses.uploading_object(exchange.store, stored)})


@upload_behavior("prepared-zeros", stored=True)
def prepared_zeros(exchange):
    """Acknowledge a file that is not read yet."""
    content = responses.uploading_object(exchange.store, exchange.store_upload())
    zeros = dict.fromkeys((name for name in content if name.endswith("_quantity")), 0)
    exchange.answer(200, {"uploading": {**content, **zeros, "status": "PREPARED"}})


@upload_behavior("stores-twice", stored=True)
def stores_twice(exchange):
    exchange.store_upload()
    exchange.send(exchange.framed(200, stored_response(exchange)))


@upload_behavior("terse", stored=True)
def terse(exchange):
    """Answer with nothing but the id, and unknown fields."""
    exchange.answer(201, {"uploading": {"id": exchange.store_upload().id, "new": {"deep": [1]}}, "also": None})


@upload_behavior("swallows", stored=False)
def swallows(exchange):
    """Accept a file without storing it, for files that are too large to store."""
    exchange.drain()
    exchange.answer(200, {"uploading": {"id": 1, "status": "UPLOADED"}})


# -- the list --------------------------------------------------------------------------------


@read_behavior("list-lags", "list")
def list_lags(exchange):
    """List only uploadings older than five seconds by the service's clock."""
    old = exchange.store.now() - 5
    listed = [
        responses.uploading_object(exchange.store, one)
        for one in exchange.store.of(exchange.counter)
        if one.stored < old
    ]
    exchange.answer(200, {"uploadings": exchange.page(listed)})


@read_behavior("list-empty", "list")
def list_empty(exchange):
    exchange.answer(200, {"uploadings": []})


@read_behavior("list-long", "list")
def list_long(exchange):
    """List 2,500 uploadings of others before ours."""
    others = [{"id": 900_000 + n, "comment": f"other {n}", "status": "PROCESSED"} for n in range(2500)]
    exchange.answer(200, {"uploadings": exchange.page(others + exchange.listed())})


@read_behavior("list-short-pages", "list")
def list_short(exchange):
    """Give two uploadings a page, ignoring the limit."""
    exchange.answer(200, {"uploadings": exchange.page(exchange.listed(), largest=2)})


@read_behavior("list-ignores-offset", "list")
def list_ignores_offset(exchange):
    exchange.answer(200, {"uploadings": exchange.listed()})


@read_behavior("list-repeats-full-pages", "list")
def list_repeats_full_pages(exchange):
    """Ignore the offset of a list that has more than one page; ours are behind the first page."""
    others = [{"id": 900_000 + n, "comment": f"other {n}", "status": "PROCESSED"} for n in range(1500)]
    exchange.answer(200, {"uploadings": (others + exchange.listed())[: int(exchange.query["limit"])]})


@read_behavior("list-moves", "list")
def list_moves(exchange):
    """A new uploading of somebody comes before the second page and before the third: each begins with the last of the
    page before."""
    others = [{"id": 900_000 + n, "comment": f"other {n}", "status": "PROCESSED"} for n in range(2000)]
    listed = others + exchange.listed()
    pages = [one for one in exchange.service.requests if one["path"].endswith("calls_uploadings")]
    fresh = [{"id": 800_000 + n, "comment": "fresh", "status": "PREPARED"} for n in range(min(len(pages) - 1, 2))]
    exchange.answer(200, {"uploadings": exchange.page(fresh[::-1] + listed)})


@read_behavior("list-long-comments", "list")
def list_long_comments(exchange):
    """List 2,500 uploadings of others before ours, each with a comment so long that a page of 1,000 has 2 MB."""
    others = [{"id": 900_000 + n, "comment": "x" * 2000, "status": "PROCESSED"} for n in range(2500)]
    exchange.answer(200, {"uploadings": exchange.page(others + exchange.listed())})


@read_behavior("list-without-comments", "list")
def list_without_comments(exchange):
    exchange.answer(200, {"uploadings": exchange.page([{**one, "comment": ""} for one in exchange.listed()])})


@read_behavior("list-doubles", "list")
def list_doubles(exchange):
    """List each uploading twice, with two ids."""
    twice = [{**one, "id": one["id"] + shift} for one in exchange.listed() for shift in (0, 500_000)]
    exchange.answer(200, {"uploadings": exchange.page(twice)})


@read_behavior("list-alters-comments", "list")
def list_alters(exchange):
    altered = [{**one, "comment": one["comment"].lower().replace(" ", "")} for one in exchange.listed()]
    exchange.answer(200, {"uploadings": exchange.page(altered)})


@read_behavior("list-huge", "list")
def list_huge(exchange):
    exchange.answer(200, {"uploadings": [{"id": n, "comment": "x" * 2000} for n in range(1000)]})


@read_behavior("list-without-ids", "list")
def list_without_ids(exchange):
    exchange.answer(200, {"uploadings": [{key: one[key] for key in one if key != "id"} for one in exchange.listed()]})


# -- readings of any kind --------------------------------------------------------------------

READ_REQUESTS = ("list", "status", "counter", "counters", "report")


@read_behavior("reading-fails", *READ_REQUESTS)
def reading_fails(exchange):
    exchange.refuse(500, "internal_error")


@read_behavior("reading-html", *READ_REQUESTS)
def reading_html(exchange):
    exchange.send(exchange.framed(200, b"<html>", kind="text/html"))


@read_behavior("reading-resets", *READ_REQUESTS)
def reading_resets(exchange):
    exchange.reset()


@read_behavior("reading-silent", *READ_REQUESTS)
def reading_silent(exchange):
    exchange.silence()


@read_behavior("reading-drips", *READ_REQUESTS)
def reading_drips(exchange):
    exchange.send_slowly(exchange.framed(200, b'{"uploadings": []}'), 0.2)


@read_behavior("reading-truncated", *READ_REQUESTS)
def reading_truncated(exchange):
    exchange.send(exchange.framed(200, b'{"uploadings": [', length=100))


@read_behavior("reading-redirects", *READ_REQUESTS)
def reading_redirects(exchange):
    exchange.send(exchange.framed(302, b"", Location=exchange.service.redirect_url + exchange.handler.path))


@read_behavior("reading-401", *READ_REQUESTS)
def reading_401(exchange):
    exchange.refuse(401, "unauthorized", "Unauthorized")


@read_behavior("reading-403", *READ_REQUESTS)
def reading_403(exchange):
    exchange.refuse(403, "access_denied", "Access is denied")


@read_behavior("reading-400", *READ_REQUESTS)
def reading_400(exchange):
    exchange.refuse(400, "invalid_parameter", "Wrong parameter")


def _shifted_clock(ahead):
    """Make a behavior whose ``Date`` is so many seconds ahead."""

    def act(exchange):
        exchange.ahead = ahead
        exchange.answer_as_documented()

    return act


for _name, _ahead in {"clock-early": 4000, "clock-late": -4000, "clock-none": None}.items():
    _register(_name, READ_REQUESTS, stored=None)(_shifted_clock(_ahead))


@read_behavior("report-half", "report")
def report_half(exchange):
    """Show half of the calls, estimated from a sample."""
    uploadings = exchange.store.of(exchange.counter)
    exchange.answer(200, responses.report_object(uploadings, exchange.query, share=0.5, sampled=True))


@read_behavior("report-strange", "report")
def report_strange(exchange):
    exchange.answer(200, {"data": [{"dimensions": [{"name": "yesterday"}], "metrics": [1.0, 0.0]}]})


@read_behavior("status-unknown", "status")
def status_unknown(exchange):
    exchange.answer(200, {"uploading": {"id": int(exchange.parts[-1]), "status": "TELEPORTED"}})


@read_behavior("status-failed", "status")
def status_failed(exchange):
    """Report a status that is not documented and sounds final."""
    exchange.answer(200, {"uploading": {"id": int(exchange.parts[-1]), "status": "UPLOAD_FAILED"}})


@read_behavior("status-404", "status")
def status_not_found(exchange):
    """Not know an uploading yet that was accepted."""
    exchange.refuse(404, "not_found", "Object not found")


@read_behavior("status-empty", "status")
def status_empty(exchange):
    exchange.answer(200, {})


@read_behavior("status-no-content", "status")
def status_no_content(exchange):
    exchange.send(exchange.framed(200, b""))


@read_behavior("status-only-id", "status")
def status_only_id(exchange):
    exchange.answer(200, {"uploading": {"id": int(exchange.parts[-1])}})


@read_behavior("status-of-another", "status")
def status_of_another(exchange):
    """Answer like a cache that does not tell uploadings apart."""
    exchange.answer(200, {"uploading": {"id": 999, "status": "PROCESSED", "linked_quantity": 0}})


@read_behavior("status-prepared-zeros", "status")
def status_prepared_zeros(exchange):
    number = int(exchange.parts[-1])
    zeros = {"source_quantity": 0, "line_quantity": 0, "static_calls_quantity": 0, "dynamic_calls_quantity": 0}
    exchange.answer(200, {"uploading": {"id": number, "status": "PREPARED", **zeros}})


@read_behavior("status-read-half", "status")
def status_read_half(exchange):
    """Count half of the rows of the file, later."""
    found = exchange.store.find(exchange.counter, int(exchange.parts[-1]))
    content = responses.uploading_object(exchange.store, found)
    half = {name: content[name] // 2 for name in ("source_quantity", "line_quantity")}
    exchange.answer(200, {"uploading": {**content, **half}})


@read_behavior("status-without-linked", "status")
def status_without_linked(exchange):
    """Leave out a field that some editions of the reference do not have."""
    found = exchange.store.find(exchange.counter, int(exchange.parts[-1]))
    content = responses.uploading_object(exchange.store, found)
    exchange.answer(200, {"uploading": {name: content[name] for name in content if name != "linked_quantity"}})


@read_behavior("status-linkage-failure", "status")
def status_linkage_failure(exchange):
    found = exchange.store.find(exchange.counter, int(exchange.parts[-1]))
    content = responses.uploading_object(exchange.store, found) | {"status": "LINKAGE_FAILURE", "linked_quantity": 0}
    exchange.answer(200, {"uploading": content})
