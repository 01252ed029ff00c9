"""What an answer, or its absence, means. No I/O.

Of a GET: the value, or the error that says what to do. Of the POST: one of five endings, because what may be done
next depends on whether the calls can have been stored.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from calltools.errors import (
    FileRefusedError,
    QuotaError,
    ServiceError,
    TokenRefusedError,
    UnknownOutcomeError,
    UnreachableError,
)
from calltools.metrica.redaction import Redactor
from calltools.metrica.responses import ServiceErrors, ServiceResponse, Uploading, parse_errors, parse_uploading
from calltools.texts.keys import MessageKey


class OutcomeKind(StrEnum):
    """How sending a file ended."""

    #: The service has it and gave it an id.
    ACKED = "acked"
    #: It refused the file; nothing is stored.
    REJECTED = "rejected"
    #: A limit of requests is used up; nothing is stored.
    THROTTLED = "throttled"
    #: Proven that no byte of the request went out.
    NOT_SENT = "not-sent"
    #: Everything else: it may have been stored.
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one POST.

    Attributes:
        kind: Which of the five.
        uploading: What the service made of it, when accepted.
        error: What to tell a person, when not accepted.
        status: HTTP, where there was an answer.
        bytes_sent: Of the body, handed to the system.
        until: Unix seconds before which the service wants no other try, where that is known.
    """

    kind: OutcomeKind
    uploading: Uploading | None = None
    error: ServiceError | UnknownOutcomeError | None = None
    status: int | None = None
    bytes_sent: int = 0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ResponseContext:
    """What a verdict needs besides the answer.

    Attributes:
        host: Who answered.
        now: Unix seconds.
        redact_secret: Takes the token out of a text.
    """

    host: str
    now: float
    redact_secret: Redactor = str


_QUOTA_STATUSES: Final = frozenset({420, 429})
#: The service's own word that nothing was stored, whoever wrote the body.
_REFUSED_STATUSES: Final = frozenset({400, 401, 403, 404, 413})
#: These too, but only in its own error form: a gateway may say them of a request that went through.
_REFUSED_WITH_ERROR_FORM: Final = frozenset({402, 405, 406, 410, 411, 412, 414, 415, 422, 431, 451})
#: Quotas that end at midnight, Greenwich time.
_DAILY_QUOTA: Final = "quota_requests_by_uid"
_TOKEN_ERROR_TYPES: Final = frozenset({"invalid_token", "unauthorized"})


def classify_response(answer: ServiceResponse, context: ResponseContext) -> Outcome:
    """What the answer to the POST means.

    Source:
        Status and form by the service's table of errors; what it does not settle counts as possibly stored.
    """
    status, refusal = answer.status, parse_errors(answer, context.redact_secret)
    uploading = parse_uploading(answer) if _is_success(status) else None
    if uploading:
        return Outcome(OutcomeKind.ACKED, uploading, status=status)
    if _is_quota(status, refusal):
        error = _quota_error(answer, refusal, context)
        until = None if error.wait is None else context.now + error.wait
        return Outcome(OutcomeKind.THROTTLED, error=error, status=status, until=until)
    if status in _REFUSED_STATUSES or (status in _REFUSED_WITH_ERROR_FORM and refusal):
        return Outcome(OutcomeKind.REJECTED, error=_refusal_error(status, refusal), status=status)
    return Outcome(OutcomeKind.AMBIGUOUS, error=_unknown_outcome_error(answer, refusal, context), status=status)


def error_from_response(answer: ServiceResponse, context: ResponseContext) -> ServiceError:
    """Why a GET has no value: to be raised when the answer holds none."""
    status, refusal = answer.status, parse_errors(answer, context.redact_secret)
    if _is_quota(status, refusal):
        return _quota_error(answer, refusal, context)
    if 300 <= status < 400:
        return ServiceError("service-redirect", host=context.host, status=status)
    if 400 <= status < 500 and status not in {408, 409, 425}:
        return _refusal_error(status, refusal)
    said = refusal.message if refusal else ""
    if answer.body_problem == "cut":
        return UnreachableError("service-broken", host=context.host)
    if _is_success(status) and not refusal:
        return UnreachableError(
            "service-nonsense", transient=answer.body_problem != "large", host=context.host, status=status
        )
    return UnreachableError("service-down", host=context.host, status=status, answer=said)


def parse_retry_after(retry_after: str | None, now: float) -> float | None:
    """The seconds that a Retry-After asks for; ``None``: it asks for nothing that can be read.

    Source:
        RFC 9110, 10.2.3: seconds, or a date.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def clock_skew(date: str | None, now: float) -> float | None:
    """By how many seconds our clock is ahead of the one that a Date header shows; ``None``: it shows none."""
    try:
        return now - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _is_quota(status: int, refusal: ServiceErrors | None) -> bool:
    return status in _QUOTA_STATUSES or (400 <= status < 500 and refusal is not None and refusal.is_quota)


def _quota_error(answer: ServiceResponse, refusal: ServiceErrors | None, context: ResponseContext) -> QuotaError:
    wait = parse_retry_after(answer.retry_after, context.now)
    if wait is None and refusal and _DAILY_QUOTA in refusal.error_types:
        wait = _seconds_to_midnight(context.now)
    said = refusal.message if refusal else ""
    if wait is None:
        return QuotaError("service-quota-soon", status=answer.status, answer=said)
    return QuotaError("service-quota", wait, status=answer.status, until=_format_utc(context.now + wait), answer=said)


def _seconds_to_midnight(now: float) -> float:
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp() - now


def _format_utc(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "9999-12-31"


def _refusal_error(status: int, refusal: ServiceErrors | None) -> ServiceError:
    said = refusal.message if refusal else ""
    kinds = set(refusal.error_types if refusal else ())
    if status == 401 or (status == 403 and kinds & _TOKEN_ERROR_TYPES):
        return TokenRefusedError("service-token-refused", status=status, answer=said)
    if status == 403:
        return TokenRefusedError("service-access-denied", status=status, answer=said)
    if status == 404:
        return ServiceError("service-not-found", status=status, answer=said)
    if status == 413:
        return FileRefusedError("service-file-large", status=status, answer=said)
    if "invalid_uploading" in kinds:
        return FileRefusedError("service-file-refused", status=status, answer=said)
    return ServiceError("service-refused", status=status, answer=said)


def _unknown_outcome_error(
    answer: ServiceResponse, refusal: ServiceErrors | None, context: ResponseContext
) -> UnknownOutcomeError:
    said = refusal.message if refusal else ""
    if answer.body_problem == "cut":
        return UnknownOutcomeError("unclear-cut", host=context.host, status=answer.status)
    key: MessageKey = "unclear-answer" if _is_success(answer.status) else "unclear-status"
    return UnknownOutcomeError(key, host=context.host, status=answer.status, answer=said)
