"""What a visit sends: who it is at the service, which counter, the plan, and the upload, which happens once.

Everything here is called by the thread of a ``Work`` and opens the ledger for itself. That no call goes twice is the
business of the ledger; the page adds that a plan is carried out once, and only as it was shown.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock
from time import monotonic, time
from typing import Any, Final, TypeVar

from calltools.errors import AccessDeniedError, CalltoolsError
from calltools.ledger import (
    JobKey,
    JobRuns,
    Ledger,
    Part,
    UploadPlan,
    find_part,
    list_job_runs,
    open_ledger_in,
    state_folder,
)
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions
from calltools.metrica.responses import Counter
from calltools.metrica.token import Token, TokenOptions, find_token, parse_pasted_token, redact_logs
from calltools.metrica.token_store import find_keyring, keep_in_keyring
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.runtime.process import forbid_core_dumps
from calltools.settings import read_settings, token_from_environment
from calltools.texts.keys import MessageKey
from calltools.ui.work import Progress
from calltools.uploading import results
from calltools.uploading.context import Clock, Connect, SilentEvents, UploadOptions
from calltools.uploading.counter import WINDOW_DAYS, CounterLook
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.part_words import VERDICTS, describe_planned_part
from calltools.uploading.report_comparison import ReportComparison, compare_with_reports
from calltools.uploading.results import UploadResult
from calltools.uploading.resume import ResumeOptions, UploadListing, give_up_part, list_uploadings, resume_parts
from calltools.uploading.upload import may_replace

_T = TypeVar("_T")
#: Seconds between two looks at an uploading that is processed: somebody watches.
_POLL_S: Final = 15.0
_NAP_S: Final = 0.2
#: One decision after the other: a second press of a button must see what the first one has led to.
_DECIDING: Final = Lock()
#: Steps that only replace one another, as on a terminal.
_LIVE: Final[frozenset[MessageKey]] = frozenset({"upload-followed", "upload-status"})


@dataclass(frozen=True, slots=True)
class Account:
    """A token that the service knows, and its counters.

    Attributes:
        token: The token.
        counters: The counters that it may see; ``None``: the service does not show them to it.
    """

    token: Token = field(repr=False)
    counters: Sequence[Counter] | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the calls go.

    Attributes:
        counter: Number of the counter.
        goal: Name of the goal that the service makes for calls.
        changed: Whether known calls that have changed since are sent once more.
        comment: What the uploading says beside.
    """

    counter: int
    goal: str
    changed: bool = False
    comment: str = ""


@dataclass(slots=True)
class Said(SilentEvents):
    """What happens in an upload, as keys and facts: the page words them in the language of the reader.

    Attributes:
        progress: Stops the wait of an upload.
        lines: What was said, in order.
        plan: The plan.
        look: What is known of the counter.
        parts: Parts at their end.
    """

    progress: Progress
    planned: int | None = None
    lines: list[tuple[MessageKey, dict[str, Any]]] = field(default_factory=list)
    errors: list[CalltoolsError] = field(default_factory=list)
    plan: UploadPlan | None = None
    waiting: Sequence[Part] = ()
    look: CounterLook | None = None
    summary: Summary | None = None
    parts: list[Part] = field(default_factory=list)
    declined: bool = False
    is_sending: bool = False

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Keep a sentence."""
        if self.lines and key in _LIVE and self.lines[-1][0] in _LIVE:
            self.lines[-1] = key, facts
        else:
            self.lines.append((key, facts))

    notify_always = notify

    def report_error(self, error: CalltoolsError) -> None:
        """Keep why something failed."""
        self.errors.append(error)

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:  # noqa: ARG002
        """Keep the counts of what the upload itself has judged."""
        self.summary = summary

    def report_counter(self, look: CounterLook) -> None:
        """Keep what is known of the counter, and say what is wrong with it."""
        self.look = look
        if look.is_hidden:
            self.notify("upload-counter-hidden", counter=look.counter.id)
        if look.visits == 0:
            self.notify("upload-no-visits", counter=look.counter.label, days=WINDOW_DAYS)

    def report_plan(self, name: str, plan: UploadPlan, waiting: Sequence[Part]) -> None:
        """Keep the plan, and say it."""
        self.plan, self.waiting = plan, waiting
        label = str(plan.counter) if self.look is None else self.look.counter.label
        self.notify("upload-plan", path=name, counter=label, sent=plan.records_to_send, records=plan.records)
        for number, part in enumerate(plan.parts, start=1):
            key, facts = describe_planned_part(part)
            self.notify(key, part=number, parts=len(plan.parts), **facts)
        for verdict, reason in VERDICTS.items():
            if count := plan.counts[verdict]:
                self.notify(reason, count=count)
        for left in waiting:
            left_key: MessageKey = "upload-plan-replaces" if may_replace(plan, left) else "upload-plan-left"
            self.notify(left_key, name=left.name, rows=left.rows)

    def confirm(self, count: int) -> bool:
        """Whether it is still what was shown and agreed to."""
        self.declined = count != self.planned
        self.is_sending = not self.declined
        return not self.declined

    def report_part(self, part: Part) -> None:
        """Keep a part at its end."""
        self.parts.append(part)

    def remark_on(self, part: Part, options: UploadOptions) -> None:
        """Say what a person should know of a part."""
        if key := results.remark_key(part, options):
            facts = {"name": part.name, "sent": part.rows, "linked": part.linked, "dynamic": part.dynamic}
            facts |= {"status": part.status, "upload_id": part.upload_id, "source": part.source or "-"}
            self.notify(key, **facts, accepted=results.accepted_count(part), reason=part.reason)

    def clock(self) -> Clock:
        """Waits that end when nobody wants to wait any more."""
        return Clock(sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        # What is left is to wait for the service: the calls have arrived.
        self.is_sending = False
        end = monotonic() + seconds
        while monotonic() < end:
            self.progress.refuse_to_go_on()
            self.progress.nap(_NAP_S)


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan that was shown, to be agreed to by its token, once.

    Attributes:
        token: Names it.
        file: The canonical file that was planned.
        target: Where it goes.
        result: What the plan ended with.
        said: The plan.
    """

    file: Path
    target: Target
    result: UploadResult
    said: Said
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def count(self) -> int:
        """How many calls would be sent."""
        plan = self.said.plan
        return 0 if plan is None else plan.records_to_send + sum(part.rows for part in self.said.waiting)

    @property
    def may_be_sent(self) -> bool:
        """Whether there is something to send and nothing against it."""
        return self.count > 0 and self.result.code == results.OK


def find_account(given: Token | None) -> Account:
    """The account of a token: of one that was given here, else of the usual places.

    Raises:
        CredentialError: There is no token.
        ServiceError: The service does not know it, or cannot be reached.
    """
    forbid_core_dumps()
    token = given or find_token(TokenOptions(None, None, token_from_environment()))
    with open_client(token) as client:
        try:
            return Account(token, client.list_counters())
        except AccessDeniedError:
            # A token that may only upload is denied the list; that does not make it a bad one.
            return Account(token, None)


def take_token(pasted: str) -> tuple[Account, str, bool]:
    """The account of a token that was pasted, once the service knows it; and the keyring that keeps it from now on.

    Returns:
        The account; the name of the keyring, empty where there is none: then only this visit knows the token; and
        whether the keyring is trusted, not a file in clear text.
    """
    forbid_core_dumps()
    text = parse_pasted_token(pasted)
    account = find_account(Token(text, "calltools ui"))
    try:
        keyring, trusted = find_keyring()
        keep_in_keyring(text)
    except CalltoolsError:
        return account, "", True
    return account, keyring, trusted


@contextmanager
def open_client(token: Token) -> Iterator[Client]:
    """A client of the service; no log shows its token."""
    show_logs = redact_logs(token)
    try:
        url = read_settings().api_url
        with Client(token, ConnectionOptions() if url is None else ConnectionOptions(url)) as client:
            yield client
    finally:
        show_logs()


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """The ledger of the state folder."""
    with open_ledger_in(state_folder(read_settings().state_dir), time) as ledger:
        yield ledger


def plan_upload(file: Path, target: Target, account: Account, progress: Progress) -> ShownPlan:
    """What would be sent; nothing is."""
    said = Said(progress)
    result = _run(file, target, account, said, plan_only=True)
    return ShownPlan(file, target, result, said)


def upload(plan: ShownPlan, account: Account, said: Said) -> UploadResult:
    """Send what a plan has shown, and follow it until the service is done."""
    said.planned = plan.count
    try:
        return _run(plan.file, plan.target, account, said, plan_only=False)
    finally:
        said.is_sending = False


def _run(file: Path, target: Target, account: Account, said: Said, *, plan_only: bool) -> UploadResult:
    options = UploadOptions(
        target.counter,
        target.goal,
        target.comment,
        again="changed" if target.changed else "none",
        wait=True,
        poll_interval_s=_POLL_S,
    )
    with open_ledger() as ledger, open_client(account.token) as client:
        request = UploadRequest(file, file.name, options, plan_only=plan_only)
        [result] = Uploader(ledger, lambda: client, said, said.clock()).upload_files([request])
        return result


# -- history -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """What was done from this computer.

    Attributes:
        uploads: Every uploading that the ledger or the service knows; with the service down those of the ledger.
        jobs: The jobs that have run, and how that went.
    """

    uploads: UploadListing
    jobs: Sequence[tuple[JobKey, JobRuns]]


def read_history(account: Callable[[], Account]) -> History:
    """Read what the ledger and the service know."""
    with open_ledger() as ledger:
        listing = _with_client(account, lambda connect: list_uploadings(ledger, connect))
        return History(listing, list_job_runs(ledger))


def _with_client(account: Callable[[], Account], use: Callable[[Connect], _T]) -> _T:
    with ExitStack() as stack:
        return use(cache(lambda: stack.enter_context(open_client(account().token))))


def look_for_held(account: Callable[[], Account], said: Said) -> UploadResult:
    """Look for what is held, and send what waits."""
    with _DECIDING, open_ledger() as ledger:
        return _resume(ledger, account, said, ResumeOptions())


def send_again(account: Callable[[], Account], said: Said, name: str, attempts: int) -> UploadResult | None:
    """Send a part again of which a person says that it never came.

    Args:
        account: Who sends.
        said: Hears what happens.
        name: Of the part.
        attempts: How many attempts the person knew of. One decision is one attempt: where the same button is pressed
            twice, the second press may come when the first one has ended unclear again, and nobody has decided that.

    Returns:
        ``None``: there was another attempt since; nothing is sent.
    """
    with _DECIDING, open_ledger() as ledger:
        if len(find_part(ledger, name).attempts) != attempts:
            return None
        return _resume(ledger, account, said, ResumeOptions(resend=name))


def _resume(ledger: Ledger, account: Callable[[], Account], said: Said, options: ResumeOptions) -> UploadResult:
    return _with_client(account, lambda connect: resume_parts(ledger, connect, options, said, said.clock()))


def give_up(name: str, said: Said) -> UploadResult:
    """Leave a held part for good."""
    with open_ledger() as ledger:
        return give_up_part(ledger, find_part(ledger, name), said)


def compare(account: Callable[[], Account], counter: int, first: date | None, last: date | None) -> ReportComparison:
    """What was accepted, beside what the reports of a counter show."""
    with open_ledger() as ledger, open_client(account().token) as client:
        return compare_with_reports(ledger, client, counter, first, last)
