"""The client of Metrica: POSTs, which are sent once, and GETs, which are repeated (``repetition``).

A POST that the service has answered is not repeated here: its next attempt needs a new marker and a durable intent in
the ledger, so ``uploading.parts`` decides.
"""

import secrets
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeVar, final

import httpx2

from calltools.errors import (
    TooLargeError,
    UnknownOutcomeError,
    UnreachableError,
)
from calltools.metrica.connection import ConnectionOptions, check_api_url, connection_error
from calltools.metrica.outcome import (
    Outcome,
    OutcomeKind,
    ResponseContext,
    classify_response,
    clock_skew,
    error_from_response,
    service_time,
)
from calltools.metrica.protocol import (
    PAGE_SIZE,
    MultipartFraming,
    Request,
    call_report_request,
    counter_request,
    counters_request,
    grant_request,
    uploading_page_request,
    uploading_request,
    visits_request,
)
from calltools.metrica.repetition import OnWait, Repeater
from calltools.metrica.responses import (
    CallReport,
    Counter,
    ServiceResponse,
    Uploading,
    UploadingPage,
    parse_call_report,
    parse_counter,
    parse_counter_page,
    parse_grant_login,
    parse_uploading,
    parse_uploading_page,
    parse_visits,
)
from calltools.metrica.token import Token
from calltools.metrica.transport import (
    NOT_SENT_ERRORS,
    RequestDeadline,
    RequestSlots,
    UploadProgress,
    create_http_client,
    send_request,
    stream_body,
)
from calltools.texts.keys import MessageKey

Parsed = TypeVar("Parsed")
#: Pages in a row without anything new after which a list is over, or cannot be read.
_MAX_REPEATED_PAGES: Final = 2


@final
class Client:
    """The service, for one token; a context manager. Threads may share it."""

    def __init__(
        self,
        token: Token,
        options: ConnectionOptions | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        on_wait: OnWait | None = None,
    ) -> None:
        """Prepare the client; nothing is connected yet.

        Args:
            token: The token; it is sent in header ``Authorization`` only.
            options: Address, certificates and limits; ``None``: the real service with the default limits.
            transport: Replaces the network, for tests; it does not use ``options.ca_file``.
            on_wait: Called before each wait.

        Raises:
            UsageError: The address or the file of authorities is wrong.
        """
        options = options or ConnectionOptions()
        self._options = replace(options, url=check_api_url(options.url))
        self._token = token
        self._repeater = Repeater(self._options.retry_policy, on_wait)
        self._clock_skew_s: float | None = None
        self._slots = RequestSlots()
        self._http = create_http_client(token, self._options, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def upload(self, request: Request, file: Path, on_first_byte: Callable[[], None] = lambda: None) -> Outcome:
        """Send a file once. It is repeated only while no connection is made, because then no byte was sent.

        An interrupt is raised through. Its outcome is ambiguous if ``on_first_byte`` was called; else nothing was sent.

        Args:
            request: From ``upload_calls_request``.
            file: Streamed from the disk; it must not change meanwhile.
            on_first_byte: Called before the first byte leaves, perhaps more than once.

        Raises:
            OSError: The file cannot be opened; nothing was sent.
        """
        with file.open("rb") as opened:
            size = file.stat().st_size
            try:
                return self._repeater.run(lambda: self._send_post(request, opened, size, on_first_byte))
            except UnreachableError as error:
                return Outcome(OutcomeKind.NOT_SENT, error=error)

    def get_uploading(self, counter: int, number: int) -> Uploading:
        """Read an uploading with its status.

        Raises:
            ServiceError: There is no usable response; the class of the error says what to do.
        """
        return self._get(uploading_request(counter, number), parse_uploading)

    def iter_uploadings(self, counter: int) -> Iterator[Uploading]:
        """Read all uploadings of a counter, page by page; see ``iter_uploading_pages``.

        Raises:
            ServiceError: The list cannot be read to its end.
        """
        for page in self.iter_uploading_pages(counter):
            yield from page.uploadings

    def iter_uploading_pages(self, counter: int) -> Iterator[UploadingPage]:
        """Read all uploadings of a counter, page by page, until a page is empty, or two in a row have nothing new.

        A list that ends without an error has shown everything that the service shows; that it is whole is proven only
        by an empty page (``UploadingPage.is_end``).

        Raises:
            ServiceError: The list cannot be read to its end: also if its full pages repeat, because the service then
                ignores the offset and has more than it shows.
        """
        seen: set[int] = set()
        read, limit, repeated = 0, PAGE_SIZE, 0
        while read < self._options.longest_list:
            page, limit = self._get_page(counter, read, limit)
            read += len(page.uploadings)
            new = {uploading.id: uploading for uploading in page.uploadings if uploading.id not in seen}
            seen.update(new)
            yield replace(page, uploadings=tuple(new.values()))
            # A short page is not the last one: the service may give shorter pages than were asked for.
            if page.is_end:
                return
            # One page without anything new may be a list that has moved by new uploadings meanwhile.
            repeated = 0 if new else repeated + 1
            if repeated == _MAX_REPEATED_PAGES:
                if len(page.uploadings) < limit:
                    return
                raise UnreachableError("service-list-repeats", transient=False, count=len(seen))
        raise UnreachableError("service-list-endless", transient=False, count=read)

    def _get_page(self, counter: int, offset: int, limit: int) -> tuple[UploadingPage, int]:
        """Read one page, smaller if it is too large; gives it with the number of uploadings that was asked for."""
        while True:
            try:
                return self._get(uploading_page_request(counter, offset, limit), _parse_page), limit
            except TooLargeError:
                # Comments may be long. Even one uploading alone is too large: then it is none of Metrica's.
                if limit == 1:
                    raise
                limit //= 2

    def get_counter(self, counter: int, *, once: bool = False) -> Counter:
        """Read a counter, with what the token may do there.

        Args:
            counter: Its number.
            once: Do not repeat the request: the caller can do without.

        Raises:
            ServiceError: There is no usable response.
        """
        return self._get(counter_request(counter), parse_counter, once=once)

    def list_counters(self) -> list[Counter]:
        """Read all counters that the account of the token may see.

        Raises:
            ServiceError: The list cannot be read to its end.
        """
        found: dict[int, Counter] = {}
        read = 0
        while True:
            page = self._get(counters_request(read), parse_counter_page)
            read += len(page.counters)
            new = {counter.id: counter for counter in page.counters if counter.id not in found}
            found |= new
            # Without a total, a page without anything new is the last: the service may ignore the offset.
            if not new or (page.total is not None and read >= page.total):
                return list(found.values())

    def get_login(self, counter: int) -> str:
        """Read the login of the account of the token, which the service says only beside a counter; may be empty.

        Raises:
            ServiceError: There is no usable response.
        """
        return self._get(grant_request(counter), parse_grant_login, once=True)

    def count_visits(self, counter: int, days: int) -> int:
        """Read how many visits a counter had in so many days.

        Raises:
            ServiceError: There is no usable response.
        """
        return self._get(visits_request(counter, days), parse_visits, once=True)

    def get_call_report(self, counter: int, first: date, last: date) -> CallReport:
        """Read what the reports of a counter show of its calls, by day of its time zone.

        Raises:
            ServiceError: There is no usable response.
        """
        return self._get(call_report_request(counter, first, last), parse_call_report)

    @property
    def host(self) -> str:
        """Host of the service, for messages."""
        return self._options.host

    @property
    def clock_skew_s(self) -> float | None:
        """Seconds by which this machine's clock was ahead of the service at the last GET; ``None``: unknown."""
        return self._clock_skew_s

    def _get(
        self, request: Request, parse: Callable[[ServiceResponse], Parsed | None], *, once: bool = False
    ) -> Parsed:
        def get_once() -> Parsed:
            response = self._send_get(request)
            value = parse(response) if response.status == httpx2.codes.OK else None
            if value is None:
                raise error_from_response(response, self._response_context())
            return value

        return get_once() if once else self._repeater.run(get_once)

    def _send_get(self, request: Request) -> ServiceResponse:
        timeouts, host = self._options.timeouts, self._options.host
        with self._slots.acquire(request.counter), RequestDeadline(timeouts, timeouts.get_total) as deadline:
            progress = UploadProgress(deadline, 0)
            try:
                response = send_request(self._http, self._build_request(request, deadline))
            except NOT_SENT_ERRORS as error:
                raise connection_error(error, host, reading=True) from None
            except httpx2.TransportError as error:
                key: MessageKey = "service-silent" if progress.timed_out(error) else "service-broken"
                raise UnreachableError(key, host=host) from None
            self._clock_skew_s = clock_skew(response.date, time.time())
            return response

    def _send_post(self, request: Request, file: BinaryIO, size: int, on_first_byte: Callable[[], None]) -> Outcome:
        # A random boundary: no file contains it.
        timeouts, framing = self._options.timeouts, MultipartFraming(secrets.token_hex(16))
        file.seek(0)
        # The limit begins when the counter is free: what another request takes is no time of this one.
        with (
            self._slots.acquire(request.counter),
            RequestDeadline(timeouts, timeouts.post_total, on_first_byte) as deadline,
        ):
            progress = UploadProgress(deadline, framing.body_length(size))
            headers = {"Content-Type": framing.content_type, "Content-Length": str(progress.size)}
            with closing(stream_body(file, size, framing, progress)) as body:
                outcome = self._classify_post(self._build_request(request, deadline, headers, body), progress)
        return replace(outcome, bytes_sent=progress.bytes_sent)

    def _classify_post(self, request: httpx2.Request, progress: UploadProgress) -> Outcome:
        try:
            response = send_request(self._http, request)
        except NOT_SENT_ERRORS as error:
            # Raised, not returned: this is the one failure of a POST that may be repeated.
            raise connection_error(error, self._options.host) from None
        except httpx2.TransportError as error:
            return self._ambiguous_outcome(
                "unclear-silent" if progress.timed_out(error) else "unclear-broken", progress
            )
        except OSError:
            return self._ambiguous_outcome("unclear-file", progress)
        return classify_response(response, self._response_context())

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

    def _response_context(self) -> ResponseContext:
        return ResponseContext(self._options.host, time.time(), self._token.redact)


def _parse_page(response: ServiceResponse) -> UploadingPage | None:
    uploadings = parse_uploading_page(response)
    return None if uploadings is None else UploadingPage(uploadings, not uploadings, service_time(response.date))
