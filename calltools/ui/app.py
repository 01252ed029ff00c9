"""The addresses of the page, and what each of them does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from calltools.errors import CalltoolsError, DefectError, traceback_places
from calltools.reports.escape import escape_invisible
from calltools.texts.ui_labels import ui_label
from calltools.ui import finding_steps, history_steps, job_steps, question_steps, send_steps, steps
from calltools.ui.guard import Guard
from calltools.ui.pages import go_to, read_script, read_style, reader_language, render, say_progress
from calltools.ui.receive import TOKEN_FIELD, BadFormError, ReceivedForm, receive_form
from calltools.ui.visit import Visit

Page: TypeAlias = Callable[[Visit, Request], Awaitable[Response]]
Form: TypeAlias = Callable[[Visit, Request, ReceivedForm], Awaitable[Response]]
_MAX_FORM_BYTES: Final = 1 << 20
_MAX_FORM_FIELDS: Final = 2_000
_LOOK_S: Final = 0.25


def create_app(visit: Visit) -> Guard:
    """The page as an application, behind its guard."""
    routes = [
        *(Route(path, _answer_page(visit, show), methods=["GET"]) for path, show in PAGES.items()),
        *(Route(path, _answer_form(visit, take), methods=["POST"]) for path, take in FORMS.items()),
    ]

    async def not_found(request: Request, _fault: Exception) -> Response:
        sentence = ui_label("not_found", reader_language(visit, request))
        return render(visit, request, "problem.html.j2", 404, sentence=sentence, back="files")

    app = Starlette(routes=[Mount(visit.door.base, routes=routes)], exception_handlers={404: not_found, 405: not_found})
    return Guard(app, visit.door)


def _answer_page(visit: Visit, show: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await show(visit, request)
        except Exception as fault:  # noqa: BLE001 - a traceback could show values of the user's file
            return _report_fault(visit, request, fault)

    return answer


def _answer_form(visit: Visit, take: Form) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await take(visit, request, await _read_form(visit, request))
        except BadFormError:
            return _refuse_form(visit, request)
        except Exception as fault:  # noqa: BLE001 - as above
            return _report_fault(visit, request, fault)

    return answer


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
    """End the work that nobody wants to wait for; it does not begin again by itself."""
    visit.stop_work()
    visit.is_stopped = bool(visit.files) and visit.inspection is None
    return go_to(visit, "questions" if visit.inspection is not None else "files")


async def _look_again(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    visit.is_stopped = False
    return go_to(visit, "files")


async def _progress(visit: Visit, request: Request) -> Response:
    """How far the work is, as server-sent events; the stream ends with the work."""
    language = reader_language(visit, request)

    async def events() -> AsyncIterator[str]:
        last = ""
        while (work := visit.current_work) is not None and not work.is_done:
            progress = work.progress
            facts = {"said": say_progress(progress, language), "read": progress.read, "size": progress.size}
            text = json.dumps(facts)
            if text != last:
                yield f"data: {text}\n\n"
                last = text
            await asyncio.sleep(_LOOK_S)
        yield "event: done\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def _upload_progress(visit: Visit, request: Request) -> Response:
    """What an upload says, as server-sent events; the stream ends with the upload, or where calls are waited for."""
    language = reader_language(visit, request)

    async def events() -> AsyncIterator[str]:
        last, was_sending = "", None
        while (upload := visit.upload) is not None and not upload.is_done:
            lines = [send_steps.say_line(key, facts, language) for key, facts in list(upload.said.lines)]
            text = json.dumps({"lines": [escape_invisible(line) for line in lines]})
            if text != last:
                yield f"data: {text}\n\n"
                last = text
            if was_sending and not upload.is_sending:
                # Now the page has a button to wait no longer.
                break
            was_sending = upload.is_sending
            await asyncio.sleep(_LOOK_S)
        yield "event: done\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def _finish(visit: Visit, request: Request, _form: ReceivedForm) -> Response:
    """End the program, unless calls are on their way."""
    if visit.upload is not None and visit.upload.is_sending:
        visit.notify("finished_busy")
        return go_to(visit, "send")
    visit.stop_work()
    visit.end()
    return _plain(visit, request, ui_label("finished", reader_language(visit, request)))


#: What is shown; nothing of it changes what the visit was given or has answered.
PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {
        "/enter": _enter,
        "/": _start,
        "/page.css": _style,
        "/page.js": _script,
        "/progress": _progress,
        "/progress/upload": _upload_progress,
        "/files": steps.show_files,
        "/questions": question_steps.show_questions,
        "/questions/examples": question_steps.show_examples,
        "/findings": finding_steps.show_findings,
        "/record/{file:int}/{place:int}": finding_steps.show_record,
        "/results": steps.show_results,
        "/download/profile.toml": steps.download_profile,
        "/download/{name}": steps.download,
        "/marked/{number:int}": steps.download_marked,
        "/send": send_steps.show_send,
        "/history": history_steps.show_history,
    }
)
#: What changes something; each form has our token.
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "/files": steps.take_files,
        "/remove": steps.remove_file,
        "/questions": question_steps.take_answers,
        "/questions/forget": question_steps.forget_answer,
        "/job": job_steps.keep_job,
        "/mend": finding_steps.mend,
        "/fix": finding_steps.fix_all,
        "/fill": finding_steps.fill,
        "/undo": finding_steps.undo,
        "/check": finding_steps.check_again,
        "/send/application": send_steps.take_application,
        "/send/login": send_steps.log_in,
        "/send/logout": send_steps.log_out,
        "/send/kept": send_steps.use_kept_token,
        "/send/counter": send_steps.choose_counter,
        "/send/change": send_steps.change_counter,
        "/send/go": send_steps.send,
        "/send/unwatch": send_steps.stop_watching,
        "/send/anew": send_steps.begin_anew,
        "/history/decide": history_steps.decide,
        "/history/check": history_steps.check,
        "/language": _switch_language,
        "/stop": _stop,
        "/look": _look_again,
        "/finish": _finish,
    }
)
