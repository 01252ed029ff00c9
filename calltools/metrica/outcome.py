"""What a response of Metrica means. No I/O.

A POST has one of five outcomes, because what may be done next depends on whether the calls can be stored already:
``classify_response``. A GET gives its value, or an error that says what to do: ``error_from_response``. Its errors have
sentences of their own, ``reading-...``: that it failed says nothing about calls that were sent before.

The order of the checks in both functions decides: a quota before a refusal, since both are statuses 4xx.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from calltools.errors import (
    AccessDeniedError,
    FileRefusedError,
    NotFoundError,
    QuotaError,
    ServiceError,
    TokenRefusedError,
    TooLargeError,
    UnknownOutcomeError,
    UnreachableError,
)
from calltools.metrica.responses import (
    Redactor,
    ServiceErrors,
    ServiceResponse,
    Uploading,
    parse_errors,
    parse_uploading,
)
from calltools.texts.keys import MessageKey


class OutcomeKind(StrEnum):
    """How the sending of a file ended."""

    #: The service stored the file and gave it an id.
    ACKED = "acked"
    #: The service refused the file; nothing is stored.
    REJECTED = "rejected"
    #: A quota is used up; nothing is stored.
    THROTTLED = "throttled"
    #: It is proven that no byte of the request was sent.
    NOT_SENT = "not-sent"
    #: Everything else: the file may be stored.
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one POST.

    Attributes:
        kind: Which of the five.
        uploading: The stored uploading, if accepted.
        error: The error to report, if not accepted.
        status: HTTP status; ``None``: there was no response.
        bytes_sent: Bytes of the body that were passed to the operating system.
        until: Unix seconds before which a quota forbids the next attempt; ``None``: unknown, or no quota.
    """

    kind: OutcomeKind
    uploading: Uploading | None = None
    error: ServiceError | UnknownOutcomeError | None = None
    status: int | None = None
    bytes_sent: int = 0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """What the classification needs besides the response.

    Attributes:
        host: Host of the service, for messages.
        now: Unix seconds.
        redact_secret: Takes the token out of a text.
    """

    host: str
    now: float
    redact_secret: Redactor = str


#: Metrica uses either status when a quota is used up.
_QUOTA_STATUSES: Final = frozenset({420, 429})
#: These mean that nothing is stored, if the body has the error form of the service: a gateway, a proxy or a firewall
#: can give any of them for a request that went through.
_REFUSED_STATUSES: Final = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 422, 431, 451})
#: The quota of requests a day; it is renewed at midnight UTC.
_DAILY_QUOTA: Final = "quota_requests_by_uid"
_TOKEN_ERROR_TYPES: Final = frozenset({"invalid_token", "unauthorized"})


@dataclass(frozen=True, slots=True)
class _QuotaKeys:
    """Sentences of a quota: with the time when it ends, and without."""

    until: MessageKey
    soon: MessageKey


_QUOTA_KEYS: Final = _QuotaKeys("service-quota", "service-quota-soon")
_READING_QUOTA_KEYS: Final = _QuotaKeys("reading-quota", "reading-quota-soon")


def classify_response(response: ServiceResponse, context: ResponseContext) -> Outcome:
    """Classify the response to a POST.

    Only the error form of the service is its word: the same status from a gateway leaves it open whether the file is
    stored. After a 429 (or 420, or an error type ``quota_*``) the outcome is ``THROTTLED``: ``until`` is what
    ``Retry-After`` asks for, midnight UTC for the daily quota, or unknown. The client does not wait for it;
    ``uploading.parts`` does.

    Source:
        Metrica's reference, table of errors. A response that it does not describe is ``AMBIGUOUS``.
    """
    status, errors = response.status, parse_errors(response, context.redact_secret)
    uploading = parse_uploading(response) if _is_success(status) else None
    if uploading:
        return Outcome(OutcomeKind.ACKED, uploading, status=status)
    is_definite = errors is not None and errors.is_definite
    if is_definite and _is_quota(status, errors):
        error = _quota_error(response, errors, context, _QUOTA_KEYS)
        until = None if error.wait is None else context.now + error.wait
        return Outcome(OutcomeKind.THROTTLED, error=error, status=status, until=until)
    if is_definite and status in _REFUSED_STATUSES:
        return Outcome(OutcomeKind.REJECTED, error=_refusal_error(status, errors), status=status)
    # Success without an uploading, redirects, pages of gateways, faults of the service: the file may be stored.
    return Outcome(OutcomeKind.AMBIGUOUS, error=_unknown_outcome_error(response, errors, context), status=status)


def error_from_response(response: ServiceResponse, context: ResponseContext) -> ServiceError:
    """Make the error of a GET whose response has no value.

    Returns:
        ``QuotaError`` and a transient ``UnreachableError`` are worth a repetition; every other error is not.
    """
    status, errors = response.status, parse_errors(response, context.redact_secret)
    if _is_quota(status, errors):
        return _quota_error(response, errors, context, _READING_QUOTA_KEYS)
    if 300 <= status < 400:
        return ServiceError("service-redirect", host=context.host, status=status)
    # Timeout, conflict and too early are states that pass, unlike the other statuses 4xx.
    if 400 <= status < 500 and status not in {408, 409, 425}:
        return _reading_refusal_error(status, errors)
    return _unreadable_error(response, errors, context)


def _unreadable_error(
    response: ServiceResponse, errors: ServiceErrors | None, context: ResponseContext
) -> UnreachableError:
    if response.body_problem == "cut":
        return UnreachableError("service-broken", host=context.host)
    if not _is_success(response.status) or errors:
        answer = _message_of(errors)
        return UnreachableError("service-down", host=context.host, status=response.status, answer=answer)
    if response.body_problem == "large":
        # It will be too large again.
        return TooLargeError("service-nonsense", transient=False, host=context.host, status=response.status)
    return UnreachableError("service-nonsense", host=context.host, status=response.status)


def parse_retry_after(retry_after: str | None, now: float) -> float | None:
    """Parse ``Retry-After``.

    Returns:
        Seconds to wait, 0 or more; ``None``: the header is missing or malformed.

    Source:
        RFC 9110, section 10.2.3: seconds, or a date.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])  # so that a very long number is not infinite
    moment = service_time(text)
    return None if moment is None else max(0.0, moment - now)


def service_time(date: str | None) -> float | None:
    """Unix seconds of a date in a header, such as ``Date``, the service's clock; ``None``: it is missing or malformed.

    Source:
        RFC 9110, section 5.6.7: a date is in UTC; its obsolete form without a zone must be read as well.
    """
    try:
        moment = parsedate_to_datetime(date or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def clock_skew(date: str | None, now: float) -> float | None:
    """Seconds by which our clock is ahead of a ``Date`` header; ``None``: the header is missing or malformed."""
    moment = service_time(date)
    return None if moment is None else now - moment


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _is_quota(status: int, errors: ServiceErrors | None) -> bool:
    return status in _QUOTA_STATUSES or (400 <= status < 500 and errors is not None and errors.is_quota)


def _message_of(errors: ServiceErrors | None) -> str:
    return errors.message if errors else ""


def _quota_error(
    response: ServiceResponse, errors: ServiceErrors | None, context: ResponseContext, keys: _QuotaKeys
) -> QuotaError:
    # A date is compared with the clock that wrote it: ours may be hours off.
    skew = clock_skew(response.date, context.now) or 0.0
    wait = parse_retry_after(response.retry_after, context.now - skew)
    if wait is None and errors and _DAILY_QUOTA in errors.error_types:
        wait = _seconds_to_midnight(context.now - skew)
    message = _message_of(errors)
    if wait is None:
        return QuotaError(keys.soon, status=response.status, answer=message)
    until = _format_utc(context.now + wait)
    return QuotaError(keys.until, wait, status=response.status, until=until, answer=message)


def _seconds_to_midnight(now: float) -> float:
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp() - now


def _format_utc(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        # ``Retry-After`` can ask for more than a date can say.
        return "9999-12-31"


def _refusal_error(status: int, errors: ServiceErrors | None) -> ServiceError:
    message = _message_of(errors)
    error_types = set(errors.error_types if errors else ())
    if _is_token_refused(status, errors):
        return TokenRefusedError("service-token-refused", status=status, answer=message)
    if status == 403:
        return AccessDeniedError("service-access-denied", status=status, answer=message)
    if status == 404:
        return ServiceError("service-not-found", status=status, answer=message)
    if status == 413:
        return FileRefusedError("service-file-large", status=status, answer=message)
    if "invalid_uploading" in error_types:
        return FileRefusedError("service-file-refused", status=status, answer=message)
    return ServiceError("service-refused", status=status, answer=message)


def _reading_refusal_error(status: int, errors: ServiceErrors | None) -> ServiceError:
    message = _message_of(errors)
    if _is_token_refused(status, errors):
        return TokenRefusedError("reading-token-refused", status=status, answer=message)
    if status == 403:
        return AccessDeniedError("reading-access-denied", status=status, answer=message)
    if status == 404:
        return NotFoundError("service-not-found", status=status, answer=message)
    return ServiceError("reading-refused", status=status, answer=message)


def _is_token_refused(status: int, errors: ServiceErrors | None) -> bool:
    return status == 401 or (status == 403 and bool(_TOKEN_ERROR_TYPES & set(errors.error_types if errors else ())))


def _unknown_outcome_error(
    response: ServiceResponse, errors: ServiceErrors | None, context: ResponseContext
) -> UnknownOutcomeError:
    if response.body_problem == "cut":
        return UnknownOutcomeError("unclear-cut", host=context.host, status=response.status)
    key: MessageKey = "unclear-answer" if _is_success(response.status) else "unclear-status"
    return UnknownOutcomeError(key, host=context.host, status=response.status, answer=_message_of(errors))
