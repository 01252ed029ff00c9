"""Metrica over the network: one POST at a time, and the readings that are safe to repeat."""

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

from calltools.errors import DefectError, QuotaError, ServiceError, UnclearError, UnreachableError
from calltools.metrica.answers import Answer, Counter, Uploading, counter_in, uploading_in, uploadings_in
from calltools.metrica.connection import Service, checked_url, no_connection
from calltools.metrica.deadline import Deadline
from calltools.metrica.exchange import NOTHING_SENT, Sending, answer_to, body_around, new_http
from calltools.metrica.protocol import Framing, Request, one_counter, one_uploading, page_of_uploadings
from calltools.metrica.token import Token
from calltools.metrica.turns import Turns
from calltools.metrica.verdict import Circumstances, Ending, Outcome, ahead_of, error_of, verdict

Value = TypeVar("Value")
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
        service: Service | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        on_wait: OnWait | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            token: Goes into the one header, nowhere else.
            service: Where, whom to trust, how long; without it the real one.
            transport: Another way of sending; the verification of certificates is its own then.
            on_wait: Told before each wait.

        Raises:
            UsageError: The address or the file of authorities is wrong.
        """
        service = service or Service()
        self._service = replace(service, url=checked_url(service.url))
        self._token = token
        self._on_wait = on_wait
        self._ahead: float | None = None
        self._turns = Turns()
        self._http = new_http(token, self._service, transport)

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
                return self._patiently(lambda: self._post(request, opened, size))
            except UnreachableError as error:
                return Outcome(Ending.NOT_SENT, error=error)

    def uploading(self, counter: int, number: int) -> Uploading:
        """How far the service is with an uploading.

        Raises:
            ServiceError: It cannot be told; the kind of the error says what to do.
        """
        return self._get(one_uploading(counter, number), uploading_in)

    def uploadings(self, counter: int) -> Iterator[Uploading]:
        """All uploadings of a counter, page by page, until a page brings none that is new.

        A short page is no end: the service may cut pages shorter than asked. A page that cannot be read raises, so
        coming to the end means having seen all.

        Raises:
            ServiceError: The list cannot be read to its end.
        """
        seen: set[int] = set()
        read = 0
        while page := self._get(page_of_uploadings(counter, read), uploadings_in):
            read += len(page)
            new = {one.id: one for one in page if one.id not in seen}
            if not new:
                return
            yield from new.values()
            seen.update(new)
            if read >= self._service.longest_list:
                raise UnreachableError("service-list-endless", passing=False, count=read)

    def counter(self, counter: int) -> Counter:
        """What the counter is called and what the token may do with it.

        Raises:
            ServiceError: It cannot be told.
        """
        return self._get(one_counter(counter), counter_in)

    @property
    def clock_ahead(self) -> float | None:
        """By how many seconds this machine's clock was ahead of the service's at the last reading, if it said."""
        return self._ahead

    def _get(self, request: Request, read: Callable[[Answer], Value | None]) -> Value:
        def once() -> Value:
            answer = self._answer_to(request)
            value = read(answer) if answer.status == httpx2.codes.OK else None
            if value is None:
                raise error_of(answer, self._circumstances())
            return value

        return self._patiently(once)

    def _answer_to(self, request: Request) -> Answer:
        clocks, host = self._service.clocks, self._service.host
        with self._turns.of(request.counter), Deadline(clocks, clocks.reading) as deadline:
            sending = Sending(deadline, 0)
            try:
                answer = answer_to(self._http, self._built(request, deadline))
            except NOTHING_SENT as error:
                raise no_connection(error, host) from None
            except httpx2.TransportError as error:
                key = "service-silent" if sending.timed_out(error) else "service-broken"
                raise UnreachableError(key, host=host) from None
            self._ahead = ahead_of(answer.date, time.time())
            return answer

    def _post(self, request: Request, file: BinaryIO, size: int) -> Outcome:
        clocks, framing = self._service.clocks, Framing(secrets.token_hex(16))
        file.seek(0)
        with self._turns.of(request.counter), Deadline(clocks, clocks.total) as deadline:
            sending = Sending(deadline, framing.length(size))
            headers = {"Content-Type": framing.content_type, "Content-Length": str(sending.size)}
            with closing(body_around(file, size, framing, sending)) as body:
                outcome = self._outcome(self._built(request, deadline, headers, body), sending)
        return replace(outcome, bytes_sent=sending.sent)

    def _outcome(self, request: httpx2.Request, sending: Sending) -> Outcome:
        try:
            answer = answer_to(self._http, request)
        except NOTHING_SENT as error:
            raise no_connection(error, self._service.host) from None
        except httpx2.TransportError as error:
            return self._unclear("unclear-silent" if sending.timed_out(error) else "unclear-broken", sending)
        except OSError:
            return self._unclear("unclear-file", sending)
        return verdict(answer, self._circumstances())

    def _unclear(self, key: str, sending: Sending) -> Outcome:
        error = UnclearError(key, host=self._service.host, sent=sending.sent, size=sending.size)
        return Outcome(Ending.AMBIGUOUS, error=error)

    def _built(
        self,
        request: Request,
        deadline: Deadline,
        headers: dict[str, str] | None = None,
        body: Generator[bytes] | None = None,
    ) -> httpx2.Request:
        return self._http.build_request(
            request.method,
            self._service.url + request.path,
            params=list(request.query),
            headers=headers,
            content=body,
            extensions={"trace": deadline.trace},
        )

    def _patiently(self, once: Callable[[], Value]) -> Value:
        """Do it until it succeeds, fails for good, or has been tried often enough."""
        patience = self._service.patience
        tries = stamina.retry_context(
            lambda error: self._again(error, attempt),
            attempts=patience.tries,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        )
        for attempt in tries:
            with attempt:
                return once()
        raise DefectError("defect", fault="no try was made")  # pragma: no cover - the last try returns or raises

    def _again(self, error: Exception, attempt: stamina.Attempt) -> bool | float:
        """Whether to repeat, and after how many seconds if the service says."""
        asked = error.wait if isinstance(error, QuotaError) else None
        if not self._may_pass(error) or (asked is not None and asked > self._service.patience.asked):
            return False
        if self._on_wait and isinstance(error, ServiceError) and attempt.num < self._service.patience.tries:
            self._on_wait(attempt.next_wait if asked is None else asked, error)
        return True if asked is None else asked

    def _may_pass(self, error: Exception) -> bool:
        return isinstance(error, QuotaError) or (isinstance(error, UnreachableError) and error.passing)

    def _circumstances(self) -> Circumstances:
        return Circumstances(self._service.host, time.time(), self._token.hide)
