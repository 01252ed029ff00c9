"""``plan`` and ``upload``: the calls of canonical files go to Metrica, each exactly once, as with the command.

The ledger, the lock of the counter and what happens to a part whose end is unclear are those of ``calltools upload``.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from time import time
from typing import Unpack

from calltools.errors import CalltoolsError
from calltools.ledger import (
    CallStatus,
    Ledger,
    Part,
    UploadPlan,
    open_ledger_in,
    state_folder,
)
from calltools.library.inputs import Sources
from calltools.library.log import log
from calltools.library.options import build_report_options, show_options
from calltools.library.results import FileFindings
from calltools.library.upload_call import UploadArguments, UploadCall
from calltools.library.upload_results import Planned, PlannedFile, Uploaded, UploadedPart
from calltools.metrica.client import Client
from calltools.metrica.token import redact_logs
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.settings import read_settings
from calltools.texts.keys import Language, MessageKey
from calltools.uploading.context import (
    Connect,
    SilentEvents,
)
from calltools.uploading.counter import CounterLook
from calltools.uploading.file_upload import Uploader
from calltools.uploading.results import part_facts


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
    collected = _run(
        UploadCall(sources, counter, goal, name, recursive, options), language, plan_only=True, confirm=None
    )
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
    given = UploadCall(sources, counter, goal, name, recursive, options)
    collected = _run(given, language, plan_only=False, confirm=confirm)
    result = Uploaded(
        tuple(UploadedPart(**part_facts(part)) for part in collected.parts),
        tuple(collected.findings),
        collected.report_options,
        tuple(collected.errors),
        collected.code,
    )
    return result.raise_for_errors() if check else result


def _run(
    call: UploadCall, language: Language, *, plan_only: bool, confirm: Callable[[int], bool] | None
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
def _open_client(call: UploadCall) -> Iterator[Client]:
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
