"""What a person is told of a plan and of parts: what happened to how many calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from calltools.cli.telling import Telling
from calltools.messages import say
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Book, Event, Plan, Verdict
from calltools.uploading import results
from calltools.uploading.asked import Asked


def tell_plan(tell: Telling, name: str, book: Book, plan: Plan) -> None:
    """What would go, and why the rest would not."""
    tell("upload-plan", path=name, counter=plan.counter, sent=plan.sent, records=plan.records)
    for number, part in enumerate(plan.parts, start=1):
        tell("upload-plan-part", part=number, parts=len(plan.parts), kind=part.kind, records=part.records)
    for verdict in (Verdict.UNCHANGED, Verdict.CHANGED, Verdict.WAITING, Verdict.DOUBLED):
        if count := plan.counts[verdict]:
            tell(f"upload-plan-{verdict.name.lower()}", count=count)
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
    what = say(f"step-{event.step}", tell.speaking.language, rows=batch.rows, n=attempt, accepted=accepted, **facts)
    reason = event.facts.get("reason")
    tell.line(f"  {when}  {what}" + (f" ({reason})" if reason else ""))
