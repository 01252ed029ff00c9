"""What ``calltools uploads`` does. Heavy: imported when it runs."""

from contextlib import ExitStack
from dataclasses import dataclass

from calltools.cli.far_side import connected, opened_book
from calltools.cli.telling import Telling, telling
from calltools.cli.uploading import policy
from calltools.cli.uploading_options import Absence, Access, Following, Form, Speaking
from calltools.cli.uploading_words import interruptible, tell_batch, tell_step
from calltools.errors import CalltoolsError, LedgerError, UsageError
from calltools.metrica import ledger
from calltools.metrica.answers import Uploading
from calltools.metrica.ledger import Batch, Book
from calltools.uploading import results
from calltools.uploading.asked import Asked
from calltools.uploading.desk import Desk
from calltools.uploading.finding import reconcile
from calltools.uploading.following import follow
from calltools.uploading.joining import joined
from calltools.uploading.sending import send


@dataclass(frozen=True, slots=True)
class Search:
    """What ``resume`` looks for.

    Attributes:
        counter: Only there.
        resend: Name of the one that a person wants to be sent again.
        absence: What becomes of a part that is missing.
    """

    counter: int | None
    resend: str | None
    absence: Absence


def listed(counter: int | None, form: Form, access: Access, speaking: Speaking) -> None:
    """Print every uploading: what the ledger knows, and what the service knows alone."""
    with telling(speaking) as tell, opened_book() as book:
        known = {batch.counter for batch in ledger.uploads(book)}
        others: list[tuple[int, Uploading]] = []
        try:
            if known or counter is not None:
                with connected(access, tell) as client:
                    for one in sorted(known) if counter is None else [counter]:
                        others += [(one, other) for other in joined(book, client, one)]
        except CalltoolsError as fault:
            tell("uploads-ledger-only", reason=fault.say(speaking.language))
        batches = ledger.uploads(book, counter)
        for batch in batches:
            tell.line(_line(batch, form))
        for one, other in others:
            tell.line(results.other_as_json(one, other) if form is Form.JSON else results.other_line(one, other))
        if not batches and not others:
            tell("uploads-none")


def shown(name: str, speaking: Speaking) -> None:
    """Print one uploading and its history."""
    with telling(speaking) as tell, opened_book() as book:
        batch = ledger.find(book, name)
        tell.line(_line(batch))
        for event in ledger.history(book, batch):
            tell_step(tell, batch, event)


def watched(name: str, following: Following, access: Access, speaking: Speaking) -> int:
    """Follow one uploading; gives the exit code."""
    with telling(speaking) as tell, ExitStack() as stack:
        book = stack.enter_context(opened_book())
        batch = ledger.find(book, name)
        asked = Asked(
            batch.counter,
            wait=True,
            min_linked=following.min_linked,
            poll_s=following.poll_interval,
            wait_limit_s=following.wait_limit,
        )
        if batch.watched:
            client = stack.enter_context(connected(access, tell))
            batch = follow(Desk(book, client, asked, tell), batch)
        tell.line(results.line(batch))
        tell_batch(tell, batch, asked)
        return results.code_of(batch, asked)


def given_up(name: str, speaking: Speaking) -> int:
    """Leave one uploading that is held."""
    with telling(speaking) as tell, opened_book() as book:
        batch = ledger.find(book, name)
        with ledger.hold(book, batch.counter):
            batch = ledger.give_up(book, batch.id)
        tell.line(_line(batch))
        tell_batch(tell, batch, Asked(batch.counter))
    return results.OK


def resumed(search: Search, access: Access, speaking: Speaking) -> int:
    """Look for what is held and send what waits, counter by counter; gives the exit code."""
    with telling(speaking) as tell, ExitStack() as stack:
        book = stack.enter_context(opened_book())
        chosen = None if search.resend is None else _to_decide(book, search.resend)
        counter = search.counter if chosen is None else chosen.counter
        counters = sorted({batch.counter for batch in _open(book, counter)})
        if not counters:
            tell("uploads-nothing-held")
            return results.OK
        client = stack.enter_context(connected(access, tell))
        asked = [Asked(one, policy=policy(search.absence)) for one in counters]
        return max(_resume(Desk(book, client, one, tell), chosen, tell) for one in asked)


def _to_decide(book: Book, name: str) -> Batch:
    batch = ledger.find(book, name)
    if not (batch.held or batch.waiting):
        raise UsageError("ledger-not-held", name=batch.name, state=batch.state)
    return batch


def _resume(desk: Desk, chosen: Batch | None, tell: Telling) -> int:
    book, counter = desk.book, desk.asked.counter
    try:
        with interruptible(tell, book, desk.asked), ledger.hold(book, counter):
            before = _open(book, counter)
            changed, error = reconcile(desk)
            if error is not None:
                tell.fault(error)
            if chosen is not None and ledger.load(book, chosen.id).held:
                _resend(book, chosen, error, tell)
            for batch in ledger.waiting(book, counter):
                sent = send(desk, batch)
                if sent.error is not None and not sent.batch.accepted:
                    tell.fault(sent.error)
    except LedgerError as fault:
        # The other counters need not wait for this one.
        tell.fault(fault)
        return fault.exit_code
    after = [ledger.load(book, number) for number in sorted({batch.id for batch in (*before, *changed)})]
    for batch in after:
        tell.line(_line(batch))
        tell_batch(tell, batch, desk.asked)
    return max((results.code_of(batch, desk.asked) for batch in after), default=results.OK)


def _resend(book: Book, chosen: Batch, error: CalltoolsError | None, tell: Telling) -> None:
    """Send again what a person says is not there, unless nobody could look whether it is."""
    if error is None:
        ledger.resend(book, chosen.id)
    else:
        tell.must("uploads-not-resent", name=chosen.name, rows=chosen.rows)


def _open(book: Book, counter: int | None) -> list[Batch]:
    """What is held, and what waits to be sent."""
    return [*ledger.held(book, counter), *ledger.waiting(book, counter)]


def _line(batch: Batch, form: Form = Form.TEXT) -> str:
    if form is Form.JSON:
        return results.as_json(batch)
    return f"{batch.name}  counter {batch.counter}  {batch.state}  {results.line(batch)}"
