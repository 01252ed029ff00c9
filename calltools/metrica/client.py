"""The client of Metrica: one POST at a time, and GET requests, which are safe to repeat."""

import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar, final

import httpx2
import stamina

from calltools.errors import DefectError, QuotaError, ServiceError, UnknownOutcomeError, UnreachableError
from calltools.metrica.connection import ConnectionOptions, check_api_url, connection_error
from calltools.metrica.outcome import (
    Outcome,
    OutcomeKind,
    ResponseContext,
    classify_response,
    clock_skew,
    error_from_response,
)
from calltools.metrica.protocol import (
    MultipartFraming,
    Request,
    counter_request,
    uploading_page_request,
    uploading_request,
)
from calltools.metrica.request_limits import RequestDeadline, RequestSlots
from calltools.metrica.responses import (
    Counter,
    ServiceResponse,
    Uploading,
    parse_counter,
    parse_uploading,
    parse_uploading_page,
)
from calltools.metrica.token import Token
from calltools.metrica.transport import NOT_SENT_ERRORS, UploadProgress, create_http_client, send_request, stream_body
from calltools.texts.keys import MessageKey

Parsed = TypeVar("Parsed")
#: Told before each wait: for how many seconds at least, and why.
OnWait = Callable[[float, ServiceError], None]

# Without a handler of its own, each repetition would be printed to stderr as a bare word.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@final
class Client:
    """The service, as one user of it. Use it as a context; threads may share it."""

    def __init__(
        self,
        token: Token,
        options: ConnectionOptions | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        on_wait: OnWait | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            token: Goes into the one header, nowhere else.
            options: Where, whom to trust, how long; without it the real one.
            transport: Another way of sending; the verification of certificates is its own then.
            on_wait: Told before each wait.

        Raises:
            UsageError: The address or the file of authorities is wrong.
        """
        options = options or ConnectionOptions()
        self._options = replace(options, url=check_api_url(options.url))
        self._token = token
        self._on_wait = on_wait
        self._clock_skew_s: float | None = None
        self._slots = RequestSlots()
        self._http = create_http_client(token, self._options, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def upload(self, request: Request, file: Path) -> Outcome:
        """Send a file once. Repeated only while no connection comes about, so that not a byte was sent.

        A quota is not waited for here: the next attempt bears another marker and must be written down first.
        An interrupt passes through: whoever wrote down the intent knows that the end is open.

        Args:
            request: Of ``upload_calls``.
            file: Streamed from the disk; it must not change meanwhile.

        Raises:
            OSError: The file cannot be opened; nothing was sent.
        """
        with file.open("rb") as opened:
            size = file.stat().st_size
            try:
                return self._retry(lambda: self._send_post(request, opened, size))
            except UnreachableError as error:
                return Outcome(OutcomeKind.NOT_SENT, error=error)

    def get_uploading(self, counter: int, number: int) -> Uploading:
        """How far the service is with an uploading.

        Raises:
            ServiceError: It cannot be told; the kind of the error says what to do.
        """
        return self._get(uploading_request(counter, number), parse_uploading)

    def iter_uploadings(self, counter: int) -> Iterator[Uploading]:
        """All uploadings of a counter, page by page, until a page brings none that is new.

        A short page is no end: the service may cut pages shorter than asked. A page that cannot be read raises, so
        coming to the end means having seen all.

        Raises:
            ServiceError: The list cannot be read to its end.
        """
        seen: set[int] = set()
        read = 0
        while page := self._get(uploading_page_request(counter, read), parse_uploading_page):
            read += len(page)
            new = {one.id: one for one in page if one.id not in seen}
            if not new:
                return
            yield from new.values()
            seen.update(new)
            if read >= self._options.longest_list:
                raise UnreachableError("service-list-endless", transient=False, count=read)

    def get_counter(self, counter: int) -> Counter:
        """What the counter is called and what the token may do with it.

        Raises:
            ServiceError: It cannot be told.
        """
        return self._get(counter_request(counter), parse_counter)

    @property
    def clock_skew_s(self) -> float | None:
        """By how many seconds this machine's clock was ahead of the service's at the last reading, if it said."""
        return self._clock_skew_s

    def _get(self, request: Request, parse: Callable[[ServiceResponse], Parsed | None]) -> Parsed:
        def once() -> Parsed:
            answer = self._send_get(request)
            value = parse(answer) if answer.status == httpx2.codes.OK else None
            if value is None:
                raise error_from_response(answer, self._response_context())
            return value

        return self._retry(once)

    def _send_get(self, request: Request) -> ServiceResponse:
        clocks, host = self._options.timeouts, self._options.host
        with self._slots.acquire(request.counter), RequestDeadline(clocks, clocks.get_total) as deadline:
            sending = UploadProgress(deadline, 0)
            try:
                answer = send_request(self._http, self._build_request(request, deadline))
            except NOT_SENT_ERRORS as error:
                raise connection_error(error, host) from None
            except httpx2.TransportError as error:
                key: MessageKey = "service-silent" if sending.timed_out(error) else "service-broken"
                raise UnreachableError(key, host=host) from None
            self._clock_skew_s = clock_skew(answer.date, time.time())
            return answer

    def _send_post(self, request: Request, file: BinaryIO, size: int) -> Outcome:
        clocks, framing = self._options.timeouts, MultipartFraming(secrets.token_hex(16))
        file.seek(0)
        with self._slots.acquire(request.counter), RequestDeadline(clocks, clocks.post_total) as deadline:
            sending = UploadProgress(deadline, framing.body_length(size))
            headers = {"Content-Type": framing.content_type, "Content-Length": str(sending.size)}
            with closing(stream_body(file, size, framing, sending)) as body:
                outcome = self._classify_post(self._build_request(request, deadline, headers, body), sending)
        return replace(outcome, bytes_sent=sending.bytes_sent)

    def _classify_post(self, request: httpx2.Request, progress: UploadProgress) -> Outcome:
        try:
            answer = send_request(self._http, request)
        except NOT_SENT_ERRORS as error:
            raise connection_error(error, self._options.host) from None
        except httpx2.TransportError as error:
            return self._ambiguous_outcome(
                "unclear-silent" if progress.timed_out(error) else "unclear-broken", progress
            )
        except OSError:
            return self._ambiguous_outcome("unclear-file", progress)
        return classify_response(answer, self._response_context())

    def _ambiguous_outcome(self, key: MessageKey, progress: UploadProgress) -> Outcome:
        error = UnknownOutcomeError(key, host=self._options.host, sent=progress.bytes_sent, size=progress.size)
        return Outcome(OutcomeKind.AMBIGUOUS, error=error)

    def _build_request(
        self,
        request: Request,
        deadline: RequestDeadline,
        headers: dict[str, str] | None = None,
        body: Generator[bytes] | None = None,
    ) -> httpx2.Request:
        return self._http.build_request(
            request.method,
            self._options.url + request.path,
            params=list(request.query),
            headers=headers,
            content=body,
            extensions={"trace": deadline.trace},
        )

    def _retry(self, operation: Callable[[], Parsed]) -> Parsed:
        """Do it until it succeeds, fails for good, or has been tried often enough."""
        patience = self._options.retry_policy
        tries = stamina.retry_context(
            lambda error: self._retry_wait(error, attempt),
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.initial_wait_s,
            wait_max=patience.max_wait_s,
            wait_jitter=patience.initial_wait_s,
        )
        for attempt in tries:
            with attempt:
                return operation()
        raise DefectError("defect", fault="no try was made")  # pragma: no cover - the last try returns or raises

    def _retry_wait(self, error: Exception, attempt: stamina.Attempt) -> bool | float:
        """Whether to repeat, and after how many seconds if the service says."""
        asked = error.wait if isinstance(error, QuotaError) else None
        if not self._is_transient(error) or (
            asked is not None and asked > self._options.retry_policy.max_requested_wait_s
        ):
            return False
        if self._on_wait and isinstance(error, ServiceError) and attempt.num < self._options.retry_policy.attempts:
            self._on_wait(attempt.next_wait if asked is None else asked, error)
        return True if asked is None else asked

    def _is_transient(self, error: Exception) -> bool:
        return isinstance(error, QuotaError) or (isinstance(error, UnreachableError) and error.transient)

    def _response_context(self) -> ResponseContext:
        return ResponseContext(self._options.host, time.time(), self._token.redact)
