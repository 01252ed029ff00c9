"""What ``calltools uploads`` does. Heavy: imported when it runs."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from calltools.cli.far_side import connected, opened_book
from calltools.cli.uploading import policy, tell_remark
from calltools.cli.uploading_options import Absence, Access, Following, Form, Speaking
from calltools.errors import CalltoolsError
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Book
from calltools.uploading import results
from calltools.uploading.asked import Asked
from calltools.uploading.desk import Desk
from calltools.uploading.finding import reconcile
from calltools.uploading.following import follow
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
    """Print every uploading."""
    with opened_book() as book:
        batches = _refreshed(book, ledger.uploads(book, counter), access, speaking)
        for batch in batches:
            typer.echo(_line(batch, form))
        if not batches:
            speaking.tell("uploads-none")


def shown(name: str) -> None:
    """Print one uploading and its history."""
    with opened_book() as book:
        batch = ledger.find(book, name)
        typer.echo(_line(batch))
        for event in ledger.history(book, batch):
            when = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
            typer.echo(f"  {when}  {event.step}  {event.facts.get('reason', '')}".rstrip())


def watched(name: str, following: Following, access: Access, speaking: Speaking) -> int:
    """Follow one uploading; gives the exit code."""
    with ExitStack() as stack:
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
            client = stack.enter_context(connected(access, speaking))
            batch = follow(Desk(book, client, asked, speaking.tell), batch)
        typer.echo(results.line(batch))
        tell_remark(batch, asked, speaking)
        return results.code_of(batch, asked)


def given_up(name: str) -> int:
    """Leave one uploading that is held."""
    with opened_book() as book:
        batch = ledger.find(book, name)
        with ledger.hold(book, batch.counter):
            typer.echo(_line(ledger.give_up(book, batch.id)))
    return results.OK


def resumed(search: Search, access: Access, speaking: Speaking) -> int:
    """Look for what is held and send what waits, counter by counter; gives the exit code."""
    with ExitStack() as stack:
        book = stack.enter_context(opened_book())
        chosen = None if search.resend is None else ledger.find(book, search.resend)
        counter = search.counter if chosen is None else chosen.counter
        counters = sorted({batch.counter for batch in _open(book, counter)})
        if not counters:
            speaking.tell("uploads-nothing-held")
            return results.OK
        client = stack.enter_context(connected(access, speaking))
        asked = [Asked(one, policy=policy(search.absence)) for one in counters]
        return max(_resume(Desk(book, client, one, speaking.tell), chosen, speaking) for one in asked)


def _resume(desk: Desk, chosen: Batch | None, speaking: Speaking) -> int:
    book, counter = desk.book, desk.asked.counter
    with ledger.hold(book, counter):
        before = _open(book, counter)
        _, error = reconcile(desk)
        _tell(error, speaking)
        if chosen is not None and ledger.load(book, chosen.id).held:
            ledger.resend(book, chosen.id)
        for batch in ledger.waiting(book, counter):
            sent = send(desk, batch)
            _tell(None if sent.batch.accepted else sent.error, speaking)
    after = [ledger.load(book, batch.id) for batch in before]
    for batch in after:
        typer.echo(_line(batch))
        tell_remark(batch, desk.asked, speaking)
    return max((results.code_of(batch, desk.asked) for batch in after), default=results.OK)


def _open(book: Book, counter: int | None) -> list[Batch]:
    """What is held, and what waits to be sent."""
    return [*ledger.held(book, counter), *ledger.waiting(book, counter)]


def _tell(error: CalltoolsError | None, speaking: Speaking) -> None:
    if error is not None:
        typer.echo(f"calltools: {error.say(speaking.language)}", err=True)


def _refreshed(book: Book, batches: Sequence[Batch], access: Access, speaking: Speaking) -> Sequence[Batch]:
    """The batches, those that the service still works on asked after; without token or service as they are."""
    if not any(batch.watched for batch in batches):
        return batches
    try:
        with connected(access, speaking) as client:
            for batch in batches:
                if batch.watched and batch.upload_id is not None:
                    said = client.uploading(batch.counter, batch.upload_id)
                    ledger.look(book, batch.id, said.status, linked=said.linked_quantity, line=said.line_quantity)
    except CalltoolsError as fault:
        speaking.tell("uploads-ledger-only", reason=fault.say(speaking.language))
    return [ledger.load(book, batch.id) for batch in batches]


def _line(batch: Batch, form: Form = Form.TEXT) -> str:
    if form is Form.JSON:
        return results.as_json(batch)
    return f"{batch.name}  counter {batch.counter}  {batch.state}  {results.line(batch)}"
