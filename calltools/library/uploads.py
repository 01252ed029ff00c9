"""``plan`` and ``upload``: the calls of canonical files go to Metrica, each exactly once, as with the command.

The ledger, the lock of the counter and what happens to a part whose end is unclear are those of ``calltools upload``.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import time
from typing import Any, Final, TypedDict, Unpack

from calltools.errors import CalltoolsError
from calltools.ledger import CallStatus, Ledger, Part, ReconcilePolicy, UploadPlan, open_ledger_in, state_folder
from calltools.library.inputs import Sources, find_inputs, list_sources
from calltools.library.log import log
from calltools.library.options import build_report_options, refuse_other_words, refuse_unknown, show_options
from calltools.library.results import FileFindings
from calltools.library.upload_results import Planned, PlannedFile, Uploaded, UploadedPart
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, Timeouts
from calltools.metrica.token import Token, TokenOptions, find_token, redact_logs
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.settings import read_settings, token_from_environment
from calltools.texts.keys import Language, MessageKey
from calltools.uploading.context import (
    SEARCH_TIMEOUT_S,
    Connect,
    SilentEvents,
    UploadOptions,
    refuse_wrong_request,
)
from calltools.uploading.counter import CounterLook
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.results import part_facts


class UploadArguments(TypedDict, total=False):
    """How an upload is done, by the names of the command line.

    Attributes:
        comment: Letters, digits and spaces; shown in Metrica.
        again: Which known calls are sent once more: ``none``, ``changed`` or ``all``.
        skip_bad: Leave records with errors out, instead of refusing the file.
        without_list: Send though the list of uploadings cannot be read.
        wait: Follow until Metrica is done.
        min_linked: Percent of the calls that must be linked; implies ``wait``.
        poll_interval: Seconds between two looks.
        wait_limit: Seconds to follow.
        settle_minutes: How long a part must be missing in the service's list to count as absent.
        on_absent: ``hold`` or ``resend``.
        token_file: A file with the token; else ``CALLTOOLS_TOKEN``, else the keyring.
        ca_file: Certificates of a private authority to trust as well.
        timeout: Seconds for one whole request.
    """

    comment: str
    again: str
    skip_bad: bool
    without_list: bool
    wait: bool
    min_linked: float | None
    poll_interval: float
    wait_limit: float
    settle_minutes: float
    on_absent: str
    token_file: str | Path | None
    ca_file: str | Path | None
    timeout: float


_CHOICES: Final = {"again": ("none", "changed", "all"), "on_absent": ("hold", "resend")}


@show_options
def plan(  # noqa: PLR0913 - as below
    sources: Sources,
    counter: int,
    *,
    goal: str = "",
    name: str | None = None,
    recursive: bool = False,
    language: Language = "en",
    **options: Unpack[UploadArguments],
) -> Planned:
    """What ``upload`` would do with the same arguments; nothing is sent, and nothing is written to the ledger.

    Args:
        sources: As ``upload`` takes them.
        counter: Number of the counter.
        goal: See ``upload``, and so the options below.
        name: See there.
        recursive: See there.
        language: See there.
        options: See there.

    Raises:
        CalltoolsError: The call is wrong, a file cannot be read, or the ledger cannot be trusted.
    """
    collected = _run(_Call(sources, counter, goal, name, recursive, options), language, plan_only=True, confirm=None)
    for error in collected.errors:
        raise error
    return Planned(tuple(collected.plans), tuple(collected.findings), collected.report_options, collected.code)


@show_options
def upload(  # noqa: PLR0913 - each is an option of the command line
    sources: Sources,
    counter: int,
    *,
    goal: str = "",
    confirm: Callable[[int], bool] | None = None,
    check: bool = True,
    name: str | None = None,
    recursive: bool = False,
    language: Language = "en",
    **options: Unpack[UploadArguments],
) -> Uploaded:
    """Send the calls of canonical files, each exactly once, or hold them.

    Args:
        sources: Canonical files, folders, patterns; bytes; a file opened with "rb"; a canonical table, such as
            ``calltools.convert(...).table``; or a list of these.
        counter: Number of the counter.
        goal: Name of the goal that the service makes for calls.
        confirm: Asked before anything leaves, with the number of calls; without it they are sent.
        check: Raise where the command would not end with 0; else the result says it (``exit_code``).
        name: What messages call a source that is no path.
        recursive: Look into the folders of a folder.
        language: Of the messages.
        options: See ``UploadArguments``.

    Raises:
        CalltoolsError: The call is wrong, there is no token, or, with ``check``, not every call was accepted;
            ``exit_code`` is that of the command: 6 where it is not known whether calls have arrived.
    """
    given = _Call(sources, counter, goal, name, recursive, options)
    collected = _run(given, language, plan_only=False, confirm=confirm)
    result = Uploaded(
        tuple(UploadedPart(**part_facts(part)) for part in collected.parts),
        tuple(collected.findings),
        collected.report_options,
        tuple(collected.errors),
        collected.code,
    )
    return result.raise_for_errors() if check else result


@dataclass(frozen=True, slots=True)
class _Call:
    """What a caller wants to upload, and how.

    Raises:
        UsageError: An option is wrong.
    """

    sources: Sources
    counter: int
    goal: str
    name: str | None
    recursive: bool
    options: Mapping[str, Any]

    def __post_init__(self) -> None:
        refuse_unknown(self.options, tuple(UploadArguments.__annotations__))
        for option, words in _CHOICES.items():
            if option in self.options:
                refuse_other_words(option, self.options[option], words)
        refuse_wrong_request(self.counter, self.options.get("comment", ""))

    def requests(self, stack: ExitStack, *, plan_only: bool, confirmed: bool) -> list[UploadRequest]:
        """A request for each file."""
        found = find_inputs(list_sources(self.sources), stack, [], name=self.name, recursive=self.recursive)
        return [
            UploadRequest(
                one.path,
                one.name,
                self._upload_options(),
                skip_bad=self.options.get("skip_bad", False),
                plan_only=plan_only,
                confirmed=confirmed,
                member=one.member,
            )
            for one in found
        ]

    def _upload_options(self) -> UploadOptions:
        given, usual = self.options, UploadOptions(self.counter)
        return UploadOptions(
            counter=self.counter,
            goal=self.goal,
            comment=given.get("comment", ""),
            again=given.get("again", "none"),
            wait=given.get("wait", False),
            min_linked=given.get("min_linked"),
            poll_interval_s=given.get("poll_interval", usual.poll_interval_s),
            wait_limit_s=given.get("wait_limit", usual.wait_limit_s),
            search_timeout_s=min(SEARCH_TIMEOUT_S, given.get("timeout", SEARCH_TIMEOUT_S)),
            policy=ReconcilePolicy(
                min_absent_seconds=60 * given.get("settle_minutes", usual.policy.min_absent_seconds / 60),
                on_absent=given.get("on_absent", "hold"),
            ),
            without_list=given.get("without_list", False),
        )

    def connection(self) -> ConnectionOptions:
        """Where the service is, and how long it may take."""
        usual, timeout = Timeouts(), self.options.get("timeout")
        ca_file = self.options.get("ca_file")
        timeouts = usual if timeout is None else Timeouts(post_total=timeout, get_total=min(usual.get_total, timeout))
        url = read_settings().api_url or ConnectionOptions().url
        return ConnectionOptions(url, None if ca_file is None else Path(ca_file), timeouts)

    def token(self) -> Token:
        """The token of the first place that has one."""
        file = self.options.get("token_file")
        places = TokenOptions(None if file is None else Path(file), None, token_from_environment())
        return find_token(places, lambda key, **facts: log(logging.WARNING, key, **facts))


def _run(
    call: _Call, language: Language, *, plan_only: bool, confirm: Callable[[int], bool] | None
) -> "_CollectedEvents":
    events = _CollectedEvents(build_report_options(language, show_values=False), confirm)
    with ExitStack() as stack:
        requests = call.requests(stack, plan_only=plan_only, confirmed=confirm is None)
        ledger: Ledger = stack.enter_context(open_ledger_in(state_folder(read_settings().state_dir), time))
        connect: Connect = cache(lambda: stack.enter_context(_open_client(call)))
        results = Uploader(ledger, connect, events).upload_files(requests)
    events.code = max((result.code for result in results), default=0)
    events.errors = [error for result in results for error in result.errors]
    events.parts = [part for result in results for part in result.parts]
    return events


@contextmanager
def _open_client(call: _Call) -> Iterator[Client]:
    token = call.token()
    show_logs = redact_logs(token)
    try:
        with Client(token, call.connection()) as client:
            yield client
    finally:
        show_logs()


class _CollectedEvents(SilentEvents):
    """Logs what happens, and keeps what the result is made of."""

    def __init__(self, report_options: ReportOptions, confirm: Callable[[int], bool] | None) -> None:
        self.report_options = report_options
        self.plans: list[PlannedFile] = []
        self.findings: list[FileFindings] = []
        self.errors: list[CalltoolsError] = []
        self.parts: list[Part] = []
        self.code = 0
        self._confirm = confirm
        self._look: CounterLook | None = None

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Log a step."""
        log(logging.INFO, key, **facts)

    def notify_always(self, key: MessageKey, /, **facts: object) -> None:
        """Log what a person has to know."""
        log(logging.WARNING, key, **facts)

    def report_error(self, error: CalltoolsError) -> None:
        """Log it; the result holds it."""
        log(logging.WARNING, "upload-error", fault=error.key)

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:
        """Keep what was found in a file."""
        log(logging.INFO, "upload-checked", name=summary.name, read=summary.read, refused=refused)
        self.findings.append(FileFindings(Findings.concat(list(findings)), summary))

    def report_counter(self, look: CounterLook) -> None:
        """Keep what is known of the counter."""
        self._look = look

    def report_plan(self, name: str, plan: UploadPlan, waiting: Sequence[Part]) -> None:
        """Keep the plan of a file."""
        statuses = {status.name.lower(): count for status in CallStatus if (count := plan.counts[status])}
        look = self._look
        self.plans.append(
            PlannedFile(
                name,
                plan.counter,
                None if look is None else look.counter.label,
                None if look is None else look.visits,
                plan.records,
                plan.records_to_send,
                statuses,
                tuple((part.kind, part.records) for part in plan.parts),
                tuple(UploadedPart(**part_facts(part)) for part in waiting),
            )
        )
        log(logging.INFO, "upload-planned", name=name, counter=plan.counter, sent=plan.records_to_send)

    def confirm(self, count: int) -> bool:
        """Ask the caller."""
        return self._confirm is None or self._confirm(count)

    def report_part(self, part: Part) -> None:
        """Log the end of a part."""
        log(logging.INFO, "upload-part", name=part.name, rows=part.rows, state=part.state, status=part.status)
