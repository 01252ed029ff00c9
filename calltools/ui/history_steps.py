"""The history: what went, what is held and waits for a decision, and what Metrica's reports show of it."""

import asyncio
from datetime import UTC, date, datetime
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from calltools.errors import CalltoolsError
from calltools.texts import say
from calltools.ui.pages import go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.send_steps import say_line
from calltools.ui.sending import (
    Account,
    History,
    Said,
    compare,
    find_account,
    give_up,
    look_for_held,
    read_history,
    send_again,
)
from calltools.ui.steps import wait_for
from calltools.ui.visit import Visit
from calltools.ui.work import Progress
from calltools.uploading.part_words import row_of_foreign, row_of_part

_LAST: Final = 200


async def show_history(visit: Visit, request: Request) -> Response:
    """The uploadings of the ledger and of the service, those that are held first."""
    history = visit.history
    if history is None:
        work = visit.start("history", lambda _: read_history(lambda: _account(visit)), visit.keep_history)
        waiting = await wait_for(visit, request, work)
        if waiting is not None:
            return waiting
        # Of the work, not of the visit: another tab may have waited for it, too.
        history = cast("History", work.result)
    # What was read is old when the page is opened again.
    visit.history = None
    listing = history.uploads
    language = reader_language(visit, request)
    lines, errors = visit.take_said()
    newest = [*reversed(listing.parts)]
    titles = say("uploads-columns", language).split("|")
    rows = [row_of_part(part, language) for part in newest[:_LAST]]
    rows += [row_of_foreign(counter, one, language) for counter, one in listing.foreign]
    return render(
        visit,
        request,
        "history.html.j2",
        page="history",
        titles=titles,
        rows=rows,
        left_out=max(0, len(newest) - _LAST),
        undecided=[part for part in newest if part.held or part.waiting],
        decided=[*(say_line(key, facts, language) for key, facts in lines), *(one.say(language) for one in errors)],
        error=None if listing.error is None else listing.error.say(language),
        counters=sorted({part.counter for part in newest}),
        comparison=visit.comparison,
        jobs=[(key, _moment(runs.ran), runs.code, _moment(runs.succeeded)) for key, runs in history.jobs],
    )


def _moment(seconds: float | None) -> str:
    return "–" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def _account(visit: Visit) -> Account:
    return visit.account or find_account(visit.token)


async def decide(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """What a person says about a part that is held: look again, send again, leave it."""
    said, name, what = Said(Progress()), form.get("part"), form.get("what")
    try:
        if what == "look":
            await asyncio.to_thread(look_for_held, lambda: _account(visit), said)
        elif what == "resend":
            attempts = int(given) if (given := form.get("attempts")).isdecimal() and len(given) < 6 else -1
            if await asyncio.to_thread(send_again, lambda: _account(visit), said, name, attempts) is None:
                visit.notify("held_decided")
        elif what == "leave":
            await asyncio.to_thread(give_up, name, said)
    except CalltoolsError as error:
        said.report_error(error)
    visit.keep_said(said)
    return go_to(visit, "history")


async def check(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """Compare what was accepted with what the reports show."""
    number = form.get("counter").strip()
    try:
        days = [date.fromisoformat(text) if (text := form.get(name)) else None for name in ("first", "last")]
        counter = int(number) if number.isascii() and number.isdecimal() and len(number) <= 12 else 0
        visit.comparison = await asyncio.to_thread(compare, lambda: _account(visit), counter, *days)
    except ValueError:
        visit.notify("counter_wrong")
    except CalltoolsError as error:
        return render(
            visit, request, "problem.html.j2", sentence=error.say(reader_language(visit, request)), back="history"
        )
    return go_to(visit, "history")
