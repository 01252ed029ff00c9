"""Repeating what is safe to repeat: a GET, or a POST of which no byte was sent.

After a 429 it is repeated if the wait that the service asks for is short (``RetryPolicy.max_requested_wait_s``);
without ``Retry-After`` the wait grows from attempt to attempt.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from calltools.errors import DefectError, QuotaError, ServiceError, UnreachableError
from calltools.metrica.connection import RetryPolicy

_T = TypeVar("_T")
#: Called before each wait: with its seconds (without jitter), and the error that is the reason.
OnWait = Callable[[float, ServiceError], None]

# Without a handler, the last resort of ``logging`` would print each repetition to stderr as a bare word.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Repeater:
    """Repeats operations.

    Attributes:
        policy: How often, and how long to wait.
        on_wait: Called before each wait.
    """

    policy: RetryPolicy
    on_wait: OnWait | None = None

    def run(self, operation: Callable[[], _T]) -> _T:
        """Repeat an operation until it succeeds, fails with an error that stays, or the attempts are used up."""
        policy = self.policy
        attempts = stamina.retry_context(
            # Called after ``attempt`` is set by the loop below, with the attempt that failed.
            lambda error: self._wait_after(error, attempt),
            attempts=policy.attempts,
            timeout=None,
            wait_initial=policy.initial_wait_s,
            wait_max=policy.max_wait_s,
            wait_jitter=policy.initial_wait_s,
        )
        for attempt in attempts:
            with attempt:
                return operation()
        raise DefectError("defect", fault="no try was made")  # pragma: no cover - the last try returns or raises

    def _wait_after(self, error: Exception, attempt: stamina.Attempt) -> bool | float:
        """Whether to repeat: ``False``: no; ``True``: after the usual wait; a number: after so many seconds."""
        requested = error.wait if isinstance(error, QuotaError) else None
        if not may_pass(error) or (requested is not None and requested > self.policy.max_requested_wait_s):
            return False
        # After the last attempt nothing is waited for.
        if self.on_wait and isinstance(error, ServiceError) and attempt.num < self.policy.attempts:
            self.on_wait(attempt.next_wait if requested is None else requested, error)
        return True if requested is None else requested


def may_pass(error: Exception) -> bool:
    """Whether an error may be gone at the next attempt."""
    return isinstance(error, QuotaError) or (isinstance(error, UnreachableError) and error.transient)
