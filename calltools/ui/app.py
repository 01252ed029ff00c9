"""The addresses of the page, and what each of them does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from calltools.errors import CalltoolsError, DefectError, traceback_places
from calltools.texts.ui_labels import ui_label
from calltools.ui import steps
from calltools.ui.guard import Guard
from calltools.ui.pages import go_to, read_script, read_style, reader_language, render
from calltools.ui.receive import TOKEN_FIELD, BadFormError, ReceivedForm, receive_form
from calltools.ui.visit import Visit

Page: TypeAlias = Callable[[Visit, Request], Awaitable[Response]]
Form: TypeAlias = Callable[[Visit, Request, ReceivedForm], Awaitable[Response]]
_MAX_FORM_BYTES: Final = 1 << 20
_MAX_FORM_FIELDS: Final = 2_000
_LOOK_S: Final = 0.25


def create_app(visit: Visit, on_finish: Callable[[], None]) -> Guard:
    """The page as an application, behind its guard.

    Args:
        visit: The state of the one visit.
        on_finish: Called when the visitor wants the program to end.
    """

    def page(path: str, show: Page) -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await show(visit, request)
            except Exception as fault:  # noqa: BLE001 - a traceback could show values of the user's file
                return _report_fault(visit, request, fault)

        return Route(path, answer, methods=["GET"])

    def form(path: str, take: Form) -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await take(visit, request, await _read_form(visit, request))
            except BadFormError:
                return _refuse_form(visit, request)
            except Exception as fault:  # noqa: BLE001 - as above
                return _report_fault(visit, request, fault)

        return Route(path, answer, methods=["POST"])

    async def finish(_visit: Visit, request: Request, _form: ReceivedForm) -> Response:
        visit.stop_work()
        visit.finished = True
        on_finish()
        return _plain(visit, request, ui_label("finished", reader_language(visit, request)))

    routes = [
        page("/enter", _enter),
        page("/", _start),
        page("/page.css", _style),
        page("/page.js", _script),
        page("/progress", _progress),
        page("/files", steps.show_files),
        form("/files", steps.take_files),
        form("/remove", steps.remove_file),
        page("/questions", steps.show_questions),
        form("/questions", steps.take_answers),
        page("/findings", steps.show_findings),
        page("/results", steps.show_results),
        page("/download/{name}", steps.download),
        page("/marked/{number:int}", steps.download_marked),
        form("/language", _switch_language),
        form("/stop", _stop),
        form("/finish", finish),
    ]

    async def not_found(request: Request, _fault: Exception) -> Response:
        sentence = ui_label("not_found", reader_language(visit, request))
        return render(visit, request, "problem.html.j2", 404, sentence=sentence, back="files")

    app = Starlette(routes=[Mount(visit.door.base, routes=routes)], exception_handlers={404: not_found, 405: not_found})
    return Guard(app, visit.door)


async def _read_form(visit: Visit, request: Request) -> ReceivedForm:
    """A form of ours: its token is checked before it changes anything."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await receive_form(request, visit.inbox, visit.door.is_form_token)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadFormError
    form = ReceivedForm()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=_MAX_FORM_FIELDS
        )
    except ValueError:
        raise BadFormError from None
    for name, value in pairs:
        form.fields.setdefault(name, []).append(value)
    if not visit.door.is_form_token(form.get(TOKEN_FIELD)):
        raise BadFormError
    return form


def _report_fault(visit: Visit, request: Request, fault: Exception) -> Response:
    language = reader_language(visit, request)
    if isinstance(fault, CalltoolsError):
        return render(visit, request, "problem.html.j2", 400, sentence=fault.say(language), back="files")
    error = DefectError("defect", fault=type(fault).__name__)
    return render(
        visit,
        request,
        "problem.html.j2",
        500,
        sentence=error.say(language),
        places=traceback_places(fault),
        back="files",
    )


def _refuse_form(visit: Visit, request: Request) -> Response:
    sentence = ui_label("form_refused", reader_language(visit, request))
    return render(visit, request, "problem.html.j2", 403, sentence=sentence, back="files")


async def _enter(visit: Visit, request: Request) -> Response:
    """Let the browser in that has the key: it gets the cookie, and goes on from a page of ours.

    A redirect would not do: after a step from elsewhere a browser keeps a strict cookie back.
    """
    cookie = visit.door.enter(request.query_params.get("key", ""))
    known = cookie is not None or visit.door.knows(request.headers)
    language = reader_language(visit, request)
    if not known:
        return _plain(visit, request, ui_label("entered_before", language), status=403)
    (visit.folder / "open.html").unlink(missing_ok=True)
    response = _plain(visit, request, ui_label("entering", language), next_page=f"{visit.door.base}/")
    if cookie is not None:
        response.headers["set-cookie"] = cookie
    return response


def _plain(visit: Visit, request: Request, text: str, *, next_page: str = "", status: int = 200) -> HTMLResponse:
    return render(visit, request, "plain.html.j2", status, text=text, next=next_page)


async def _start(visit: Visit, _request: Request) -> Response:
    return go_to(visit, "files")


async def _style(_visit: Visit, _request: Request) -> Response:
    return PlainTextResponse(read_style(), media_type="text/css")


async def _script(_visit: Visit, _request: Request) -> Response:
    return PlainTextResponse(read_script(), media_type="text/javascript")


async def _switch_language(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    visit.language = "ru" if form.get("to") == "ru" else "en"
    # Back to the page that the form was on, which its own origin has named.
    _, base, page = request.headers.get("referer", "").partition(f"{visit.door.base}/")
    return go_to(visit, page if base else "files")


async def _stop(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    visit.stop_work()
    return go_to(visit, "questions" if visit.files else "files")


async def _progress(visit: Visit, request: Request) -> Response:
    """How far the work is, as server-sent events; the stream ends with the work."""
    language = reader_language(visit, request)

    async def events() -> AsyncIterator[str]:
        last = ""
        while (work := visit.current_work) is not None and not work.is_done:
            progress = work.progress
            said = ui_label(
                "working_file", language, name=progress.file, records=f"{progress.records:,}".replace(",", " ")
            )
            facts = {"said": said if progress.file else "", "read": progress.read, "size": progress.size}
            text = json.dumps(facts)
            if text != last:
                yield f"data: {text}\n\n"
                last = text
            await asyncio.sleep(_LOOK_S)
        yield "event: done\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
