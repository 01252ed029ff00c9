"""What a person is told of a plan and of parts: what happened to how many calls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from calltools.cli.telling import UploadConsole
from calltools.messages import say
from calltools.metrica import ledger
from calltools.metrica.ledger import Part, Ledger, Event, UploadPlan, Transition, CallStatus
from calltools.uploading import results
from calltools.uploading.asked import UploadOptions

#: What a plan says of the calls that are not new; of those that are held, the parts that hold them are named.
VERDICTS: Final[Mapping[CallStatus, str]] = MappingProxyType(
    {
        CallStatus.UNCHANGED: "upload-plan-unchanged",
        CallStatus.CHANGED: "upload-plan-changed",
        CallStatus.WAITING: "upload-plan-waiting",
        CallStatus.DOUBLED: "upload-plan-doubled",
    }
)
STEPS: Final[Mapping[Transition, str]] = MappingProxyType(
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
    what = say(STEPS[event.transition], console.options.language, rows=batch.rows, n=attempt, accepted=accepted, **facts)
    reason = event.part_changes.get("reason")
    console.print_line(f"  {when}  {what}" + (f" ({reason})" if reason else ""))
