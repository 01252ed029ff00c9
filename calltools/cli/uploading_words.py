"""What a person is told of a plan and of parts: what happened to how many calls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from calltools.cli.telling import Telling
from calltools.messages import say
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Book, Event, Plan, Step, Verdict
from calltools.uploading import results
from calltools.uploading.asked import Asked

#: What a plan says of the calls that are not new; of those that are held, the parts that hold them are named.
VERDICTS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.UNCHANGED: "upload-plan-unchanged",
        Verdict.CHANGED: "upload-plan-changed",
        Verdict.WAITING: "upload-plan-waiting",
        Verdict.DOUBLED: "upload-plan-doubled",
    }
)
STEPS: Final[Mapping[Step, str]] = MappingProxyType(
    {
        Step.FREEZE: "step-freeze",
        Step.RESERVE: "step-reserve",
        Step.SEND: "step-send",
        Step.ACCEPT: "step-accept",
        Step.ACCEPT_PART: "step-accept-part",
        Step.REJECT: "step-reject",
        Step.FAIL_TO_SEND: "step-fail-to-send",
        Step.THROTTLE: "step-throttle",
        Step.LOSE: "step-lose",
        Step.FIND: "step-find",
        Step.FIND_PART: "step-find-part",
        Step.FIND_MANY: "step-find-many",
        Step.MISS: "step-miss",
        Step.SETTLE: "step-settle",
        Step.HOLD: "step-hold",
        Step.RESEND: "step-resend",
        Step.GIVE_UP: "step-give-up",
        Step.RELEASE: "step-release",
        Step.LOOK: "step-look",
        Step.PROCESS: "step-process",
        Step.FAIL_LINKAGE: "step-fail-linkage",
        Step.TIRE: "step-tire",
    }
)


def tell_plan(tell: Telling, name: str, book: Book, plan: Plan) -> None:
    """What would go, and why the rest would not."""
    tell("upload-plan", path=name, counter=plan.counter, sent=plan.sent, records=plan.records)
    for number, part in enumerate(plan.parts, start=1):
        tell("upload-plan-part", part=number, parts=len(plan.parts), kind=part.kind, records=part.records)
    for verdict, key in VERDICTS.items():
        if count := plan.counts[verdict]:
            tell(key, count=count)
    for batch in ledger.waiting(book, plan.counter):
        tell("upload-plan-left", name=batch.name, rows=batch.rows)


def tell_batch(tell: Telling, batch: Batch, asked: Asked) -> None:
    """What a person should know of a part beside its line, also when quiet."""
    if key := results.remark(batch, asked):
        facts = {"name": batch.name, "sent": batch.rows, "linked": batch.linked, "dynamic": batch.dynamic}
        tell.must(key, **facts, accepted=results.accepted(batch), reason=batch.reason)


@contextmanager
def interruptible(tell: Telling, book: Book, asked: Asked) -> Iterator[None]:
    """Say what has become of the parts that are worked on here, when somebody interrupts it."""
    begun = book.now()
    try:
        yield
    except KeyboardInterrupt:
        tell.must("upload-interrupted")
        for batch in ledger.uploads(book, asked.counter):
            if batch.changed >= begun:
                tell.aside(f"  {results.line(batch)}")
                tell_batch(tell, batch, asked)
        raise


def tell_step(tell: Telling, batch: Batch, event: Event) -> None:
    """One thing that happened to a part, when, and why."""
    when = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = {name: event.facts.get(name, "-") for name in ("upload_id", "status", "linked")}
    counts = (event.facts.get(name) for name in ("line_quantity", "source_quantity"))
    accepted = next((count for count in counts if count is not None), "-")
    attempt = max(event.attempts, default=0)
    what = say(STEPS[event.step], tell.speaking.language, rows=batch.rows, n=attempt, accepted=accepted, **facts)
    reason = event.facts.get("reason")
    tell.line(f"  {when}  {what}" + (f" ({reason})" if reason else ""))
