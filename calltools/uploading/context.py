"""The options of an upload, and what every step of it works with: ledger, client, clock, notifier."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep, time
from typing import Final, Protocol

from calltools.ledger import Ledger, Part, ReconcilePolicy, ResendMode
from calltools.metrica.client import Client
from calltools.texts.keys import MessageKey

#: After an unclear end a part is looked for during so many seconds.
SEARCH_TIMEOUT_S: Final = 10.0


class Notifier(Protocol):
    """Told what happens, as a key of ``MESSAGES`` and its facts."""

    def __call__(self, key: MessageKey, /, **facts: object) -> None:
        """Tell a person."""


def notify_nobody(_key: MessageKey, /, **_facts: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, and how to wait: a value, so that a test need not."""

    now: Callable[[], float] = time
    sleep: Callable[[float], None] = sleep


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How an upload goes.

    Attributes:
        counter: Where to.
        goal: Name of the goal that the service makes for calls.
        comment: What stands behind the marker.
        again: Which known calls go once more.
        wait: Follow each uploading to its end.
        min_linked: Percent of dynamic accepted calls that must be linked; implies ``wait``.
        first_poll_s: From the answer to the first look.
        poll_interval_s: Between two looks.
        wait_limit_s: For how long to follow.
        search_timeout_s: For how long to look for a part after an unclear end.
        max_quota_wait_s: A longer wait ends the run.
        policy: What becomes of a part that the list does not show.
    """

    counter: int
    goal: str = ""
    comment: str = ""
    again: ResendMode = "none"
    wait: bool = False
    min_linked: float | None = None
    first_poll_s: float = 2
    poll_interval_s: float = 60
    wait_limit_s: float = 3 * 3600
    search_timeout_s: float = SEARCH_TIMEOUT_S
    max_quota_wait_s: float = 60
    policy: ReconcilePolicy = field(default_factory=ReconcilePolicy)

    @property
    def polls(self) -> bool:
        """Whether uploadings are followed to their end."""
        return self.wait or self.min_linked is not None


@dataclass(frozen=True, slots=True)
class UploadContext:
    """The ledger, the service, what was asked, and who is told.

    Attributes:
        ledger: The ledger.
        client: The service.
        options: How the upload goes.
        notify: Told what happens.
        on_part_done: Told of each part when nothing more will happen to it in this run.
        clock: Time.
    """

    ledger: Ledger
    client: Client
    options: UploadOptions
    notify: Notifier = notify_nobody
    on_part_done: Callable[[Part], None] = lambda _: None
    clock: Clock = Clock()
