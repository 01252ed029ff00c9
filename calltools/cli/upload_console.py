"""What an upload prints: sentences on standard error, lines for scripts on standard output."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, final

import typer

from calltools import ledger
from calltools.cli.options import is_terminal, traceback_places
from calltools.cli.terminal import redirect_to_devnull
from calltools.cli.upload_options import OutputOptions
from calltools.errors import CalltoolsError
from calltools.ledger import CallStatus, Event, Ledger, Part, Transition, UploadPlan
from calltools.texts import MessageKey, say
from calltools.uploading import results
from calltools.uploading.context import UploadOptions

#: On a terminal these sentences take the place of one another.
_LIVE_MESSAGES: Final[frozenset[MessageKey]] = frozenset({"upload-followed", "upload-status"})


@final
class UploadConsole:
    """Told what happens, as a key of ``MESSAGES`` and its facts; a context is made of it by ``telling``."""

    def __init__(self, options: OutputOptions) -> None:
        self.options = options
        self._live: Any = None
        self._on_terminal = is_terminal(sys.stderr)

    def __call__(self, key: MessageKey, /, **facts: object) -> None:
        """Say a sentence, unless that was not wanted."""
        if self.options.quiet:
            return
        if key in _LIVE_MESSAGES and self._on_terminal:
            self._update_live_line(say(key, self.options.language, **facts))
        else:
            self.print_always(key, **facts)

    def print_detail(self, key: MessageKey, /, **facts: object) -> None:
        """Say what only somebody who asks for more wants to know."""
        if self.options.verbose:
            self(key, **facts)

    def print_always(self, key: MessageKey, /, **facts: object) -> None:
        """Say what must be said even when quiet."""
        self._echo(say(key, self.options.language, **facts), err=True)

    def print_error(self, fault: CalltoolsError) -> None:
        """Say why something did not go."""
        self._echo(f"calltools: {fault.say(self.options.language)}", err=True)
        if self.options.debug:
            self._echo(traceback_places(fault), err=True)

    def print_note(self, text: str) -> None:
        """A line for people that needs no translation."""
        self._echo(text, err=True)

    def print_line(self, text: str) -> None:
        """A line for scripts."""
        self._echo(text, err=False)

    def stop_live_line(self) -> None:
        """End the line that changes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _echo(self, text: str, *, err: bool) -> None:
        self.stop_live_line()
        try:
            typer.echo(text, err=err)
        except OSError:
            # The disk of the log is full. What is under way goes on, and the exit code
            # tells how it ended.
            redirect_to_devnull(sys.stderr if err else sys.stdout)

    def _update_live_line(self, text: str) -> None:
        if self._live is None:
            self._live = _start_live_line(text)
        self._live.update(self._live.task_ids[0], description=text)


def _start_live_line(text: str) -> Any:
    """A line with a clock. rich is heavy, and only a person at a terminal needs it."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    live = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
    live.add_task(text, total=None)
    live.start()
    return live


@contextmanager
def open_console(options: OutputOptions) -> Iterator[UploadConsole]:
    """Somebody to tell; at the end the terminal is as it was."""
    tell = UploadConsole(options)
    try:
        yield tell
    finally:
        tell.stop_live_line()


#: What a plan says of the calls that are not new; of those that are held, the parts that hold them are named.
VERDICTS: Final[Mapping[CallStatus, MessageKey]] = MappingProxyType(
    {
        CallStatus.UNCHANGED: "upload-plan-unchanged",
        CallStatus.CHANGED: "upload-plan-changed",
        CallStatus.WAITING: "upload-plan-waiting",
        CallStatus.DOUBLED: "upload-plan-doubled",
    }
)
STEPS: Final[Mapping[Transition, MessageKey]] = MappingProxyType(
    {
        Transition.SPOOL: "step-freeze",
        Transition.RESERVE: "step-reserve",
        Transition.SEND: "step-send",
        Transition.ACCEPT: "step-accept",
        Transition.ACCEPT_PARTIAL: "step-accept-part",
        Transition.REJECT: "step-reject",
        Transition.FAIL_TO_SEND: "step-fail-to-send",
        Transition.THROTTLE: "step-throttle",
        Transition.LOSE_ANSWER: "step-lose",
        Transition.FIND: "step-find",
        Transition.FIND_PARTIAL: "step-find-part",
        Transition.FIND_DUPLICATES: "step-find-many",
        Transition.NOT_LISTED: "step-miss",
        Transition.CONFIRM_ABSENT: "step-settle",
        Transition.HOLD: "step-hold",
        Transition.RESEND: "step-resend",
        Transition.GIVE_UP: "step-give-up",
        Transition.RELEASE: "step-release",
        Transition.RECORD_STATUS: "step-look",
        Transition.PROCESS: "step-process",
        Transition.FAIL_LINKAGE: "step-fail-linkage",
        Transition.STOP_POLLING: "step-tire",
    }
)


def print_plan(console: UploadConsole, name: str, book: Ledger, plan: UploadPlan) -> None:
    """What would go, and why the rest would not."""
    console("upload-plan", path=name, counter=plan.counter, sent=plan.records_to_send, records=plan.records)
    for number, part in enumerate(plan.parts, start=1):
        console("upload-plan-part", part=number, parts=len(plan.parts), kind=part.kind, records=part.records)
    for verdict, key in VERDICTS.items():
        if count := plan.counts[verdict]:
            console(key, count=count)
    for batch in ledger.waiting_parts(book, plan.counter):
        console("upload-plan-left", name=batch.name, rows=batch.rows)


def print_remark(console: UploadConsole, batch: Part, options: UploadOptions) -> None:
    """What a person should know of a part beside its line, also when quiet."""
    if key := results.remark_key(batch, options):
        facts = {"name": batch.name, "sent": batch.rows, "linked": batch.linked, "dynamic": batch.dynamic}
        console.print_always(key, **facts, accepted=results.accepted_count(batch), reason=batch.reason)


@contextmanager
def report_interrupt(console: UploadConsole, book: Ledger, options: UploadOptions) -> Iterator[None]:
    """Say what has become of the parts that are worked on here, when somebody interrupts it."""
    begun = book.now()
    try:
        yield
    except KeyboardInterrupt:
        console.print_always("upload-interrupted")
        for batch in ledger.list_parts(book, options.counter):
            if batch.changed >= begun:
                console.print_note(f"  {results.part_line(batch)}")
                print_remark(console, batch, options)
        raise


def print_event(console: UploadConsole, batch: Part, event: Event) -> None:
    """One thing that happened to a part, when, and why."""
    when = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = {name: event.part_changes.get(name, "-") for name in ("upload_id", "status", "linked")}
    counts = (event.part_changes.get(name) for name in ("line_quantity", "source_quantity"))
    accepted = next((count for count in counts if count is not None), "-")
    attempt = max(event.attempt_changes, default=0)
    what = say(
        STEPS[event.transition], console.options.language, rows=batch.rows, n=attempt, accepted=accepted, **facts
    )
    reason = event.part_changes.get("reason")
    console.print_line(f"  {when}  {what}" + (f" ({reason})" if reason else ""))
