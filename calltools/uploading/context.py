"""What an upload works with: the options, the ledger, the client, the clock, and the caller who is told and asked."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Final, Protocol

from calltools.errors import CalltoolsError, UsageError
from calltools.ledger import Ledger, Part, ReconcilePolicy, ResendMode, UploadPlan, list_parts
from calltools.metrica.client import Client
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.texts.keys import MessageKey
from calltools.uploading.counter import CounterLook

#: The service accepts letters, digits and spaces in a comment. The limit leaves room for the marker.
_COMMENT: Final = re.compile(r"[A-Za-zА-Яа-яЁё0-9 ]*")
_MAX_COMMENT_LENGTH: Final = 200
#: Seconds during which a part is searched for after an unclear end.
SEARCH_TIMEOUT_S: Final = 10.0

#: Gives the client; called when the service is first needed, and again by each step that needs it.
Connect = Callable[[], Client]


class UploadEvents(Protocol):
    """The caller of an upload: learns what happens, in order, and decides whether calls are sent.

    A key is one of ``calltools.texts.MESSAGES``; its facts are the keyword arguments.
    """

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """A step begins or ends; a quiet caller may leave it out."""

    def notify_always(self, key: MessageKey, /, **facts: object) -> None:
        """A person has to know this, also of a quiet caller."""

    def report_error(self, error: CalltoolsError) -> None:
        """One file, part or counter failed; the others go on."""

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:
        """A file was validated; ``refused``: it has errors and is not sent."""

    def report_counter(self, look: CounterLook) -> None:
        """The counter of the next plan, question or part was looked at."""

    def report_plan(self, name: str, plan: UploadPlan, waiting: Sequence[Part]) -> None:
        """A file was planned; the parts of an earlier run that wait are sent with it."""

    def confirm(self, count: int) -> bool:
        """Whether so many calls may be sent."""

    def report_part(self, part: Part) -> None:
        """Nothing more happens to this part in this run."""

    def remark_on(self, part: Part, options: "UploadOptions") -> None:
        """Time for a remark on a part that was reported; ``results.remark_key`` tells whether there is one."""

    def report_interrupt(self, parts: Sequence[Part], options: "UploadOptions") -> None:
        """The run is interrupted; these parts have changed in it."""


class SilentEvents:
    """A caller that shows nothing and lets everything be sent; a subclass shows what it wants."""

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Show nothing."""

    def notify_always(self, key: MessageKey, /, **facts: object) -> None:
        """Show nothing."""

    def report_error(self, error: CalltoolsError) -> None:
        """Show nothing; the result holds the error."""

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:
        """Show nothing."""

    def report_counter(self, look: CounterLook) -> None:
        """Show nothing."""

    def report_plan(self, name: str, plan: UploadPlan, waiting: Sequence[Part]) -> None:
        """Show nothing."""

    def confirm(self, count: int) -> bool:  # noqa: ARG002 - the protocol names it
        """Send."""
        return True

    def report_part(self, part: Part) -> None:
        """Show nothing; the result holds the part."""

    def remark_on(self, part: Part, options: "UploadOptions") -> None:
        """Show nothing."""

    def report_interrupt(self, parts: Sequence[Part], options: "UploadOptions") -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How to wait: a value, so that a test need not wait. Only the ledger has a wall clock, for what people read.

    Attributes:
        monotonic: Seconds for waits: a wall clock that is set must neither end nor prolong one.
        sleep: Waits so many seconds.
    """

    monotonic: Callable[[], float] = monotonic
    sleep: Callable[[float], None] = sleep


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How an upload is done.

    Attributes:
        counter: The counter that the calls go to.
        goal: Name of the goal that the service creates for calls.
        comment: Follows the marker in the comment of the uploading.
        again: Which known calls are sent once more.
        wait: Poll each uploading until the service is done.
        min_linked: Percent of dynamic accepted calls that must be linked; implies ``wait``.
        poll_interval_s: Between two polls.
        wait_limit_s: How long to poll.
        search_timeout_s: How long to search for a part after an unclear end.
        policy: When a part that the service does not list counts as absent, and what follows.
        without_list: Send although the list of uploadings cannot be read.
    """

    counter: int
    goal: str = ""
    comment: str = ""
    again: ResendMode = "none"
    wait: bool = False
    min_linked: float | None = None
    poll_interval_s: float = 60
    wait_limit_s: float = 3 * 3600
    search_timeout_s: float = SEARCH_TIMEOUT_S
    policy: ReconcilePolicy = field(default_factory=ReconcilePolicy)
    without_list: bool = False

    @property
    def polls(self) -> bool:
        """Whether uploadings are polled until the service is done."""
        return self.wait or self.min_linked is not None


@dataclass(frozen=True, slots=True)
class UploadContext:
    """What every step of one upload works with."""

    ledger: Ledger
    client: Client
    options: UploadOptions
    events: UploadEvents = field(default_factory=SilentEvents)
    clock: Clock = Clock()
    #: Counters of which it was said that another ledger has uploadings there.
    warned: set[int] = field(default_factory=set)


def refuse_wrong_request(counter: int | None, comment: str, *, dry_run: bool = False) -> None:
    """Refuse options that are wrong whatever the file holds.

    Raises:
        UsageError: There is no counter, or the service would not take the comment.
    """
    if not dry_run and counter is None:
        raise UsageError("upload-counter-needed")
    if not _COMMENT.fullmatch(comment) or len(comment) > _MAX_COMMENT_LENGTH:
        raise UsageError("upload-comment-wrong", limit=_MAX_COMMENT_LENGTH)


@contextmanager
def report_interrupts(context: UploadContext) -> Iterator[None]:
    """Report the parts that were changed in here when the user interrupts the run; the interrupt goes on."""
    before = {part.id: part for part in list_parts(context.ledger, context.options.counter)}
    try:
        yield
    except KeyboardInterrupt:
        parts = list_parts(context.ledger, context.options.counter)
        context.events.report_interrupt([part for part in parts if part != before.get(part.id)], context.options)
        raise
