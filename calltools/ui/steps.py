"""The steps of the way: each shows a page, or takes a form and leads to a page."""

import asyncio
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from calltools.errors import CalltoolsError
from calltools.files.folders import displayable, find_members
from calltools.files.inputs import LOCK_FILE_PREFIXES, has_table_ending
from calltools.guide import Inspection, option_words
from calltools.runtime.packages import join_command
from calltools.texts.ui_labels import ui_label
from calltools.ui.conversion import CANONICAL, CHANGES, MARKED, REJECTS, REPORT, Conversion, mark_workbook
from calltools.ui.pages import WORKING, go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.visit import PATIENCE_S, Visit
from calltools.ui.work import Progress, Work, run_apart

_MEDIA: Final = {
    CANONICAL: "text/csv; charset=utf-8",
    REJECTS: "text/csv; charset=utf-8",
    CHANGES: "text/csv; charset=utf-8",
}
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# -- files ---------------------------------------------------------------------------


async def show_files(visit: Visit, request: Request) -> Response:
    """What arrived, and the form for more."""
    inspection = None
    if visit.files and not visit.is_stopped:
        found = await need_inspection(visit, request)
        if isinstance(found, Response):
            return found
        inspection = found
    return render(visit, request, "files.html.j2", page="files", inspection=inspection)


async def take_files(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """Files that were chosen or dropped, or those of a folder: of a folder the tables, as the command line does."""
    left_out = 0
    for one in form.files:
        if one.field == "second":
            visit.answer("identifiers", str(one.path))
            visit.forget_results()
            continue
        if one.field == "outcomes":
            visit.add_outcomes(one.path)
            continue
        last = one.name.replace("\\", "/").rpartition("/")[2]
        of_folder = one.field == "folder"
        if last.startswith(LOCK_FILE_PREFIXES) or (of_folder and (last.startswith(".") or not has_table_ending(last))):
            one.remove()
            left_out += 1
            continue
        for found in find_members(one.path, displayable(one.name)):
            visit.add(found, one.size, is_copy=True)
    if left_out:
        visit.notify("files_left_out", count=left_out)
    elif not form.files:
        visit.notify("files_nothing_chosen")
    if request.headers.get("x-script") == "1":
        # A script would follow a redirect itself, and what the next page says once would be read by nobody.
        return Response(status_code=204)
    return go_to(visit, "files")


async def remove_file(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """A file is not wanted."""
    number = form.get("number")
    if form.get("what") == "second":
        visit.remove_second()
    elif form.get("what") == "outcomes":
        visit.remove_outcomes()
    visit.remove(int(number) if number.isdecimal() else 0)
    return go_to(visit, "files")


# -- results -------------------------------------------------------------------------


async def show_results(visit: Visit, request: Request) -> Response:
    """What can be taken along."""
    converted = await need_conversion(visit, request)
    if isinstance(converted, Response):
        return converted
    visit.refuse_old_target()
    command = join_command(command_words(visit)) if visit.is_told_whole else ""
    return render(visit, request, "results.html.j2", page="results", conversion=converted, command=command)


def command_words(visit: Visit) -> list[str]:
    """The command that makes the same files."""
    words = ["calltools", "convert", *(one.found.name for one in visit.files), *option_words(visit.told_options)]
    return [*words, "-o", CANONICAL, "--rejects", REJECTS, "--changes", CHANGES, "--report", REPORT]


async def download(visit: Visit, request: Request) -> Response:
    """One of the outputs."""
    converted = None if visit.is_stale else visit.conversion
    name = request.path_params["name"]
    language = reader_language(visit, request)
    if converted is None or name not in {*_MEDIA, REPORT}:
        return render(visit, request, "problem.html.j2", 404, sentence=_word(visit, request), back="results")
    path = converted.folder / (f"{language}-{REPORT}" if name == REPORT else name)
    return _attachment(path, name, _MEDIA.get(name, "text/html; charset=utf-8"))


async def download_marked(visit: Visit, request: Request) -> Response:
    """A copy of a workbook with its faults marked, or a workbook of the faults of another file."""
    converted, number = None if visit.is_stale else visit.conversion, request.path_params["number"] - 1
    if converted is None or not 0 <= number < len(converted.request.files):
        return render(visit, request, "problem.html.j2", 404, sentence=_word(visit, request), back="results")
    language = reader_language(visit, request)
    path = converted.folder / f"{number}-{language}-{MARKED}"
    await asyncio.to_thread(
        run_apart, visit.forks, Progress(), mark_workbook, converted.request, number, language, path
    )
    return _attachment(path, MARKED, _WORKBOOK)


def _attachment(path: Path, name: str, media: str) -> Response:
    return FileResponse(path, media_type=media, filename=name, content_disposition_type="attachment")


def _word(visit: Visit, request: Request) -> str:
    return ui_label("not_ready", reader_language(visit, request))


async def download_profile(visit: Visit, request: Request) -> Response:
    """The profile that the answers have made."""
    if visit.profile is None:
        return render(visit, request, "problem.html.j2", 404, sentence=_word(visit, request), back="results")
    headers = {"content-disposition": 'attachment; filename="profile.toml"'}
    return PlainTextResponse(visit.profile, headers=headers)


# -- what takes a while --------------------------------------------------------------


async def need_conversion(visit: Visit, request: Request, *, may_be_stale: bool = False) -> Conversion | Response:
    """The result of converting, or the page to show as long as there is none.

    Args:
        visit: The visit.
        request: Asks for the page.
        may_be_stale: Whether one will do that was made before the last cells were mended.
    """
    if not visit.files:
        visit.notify("not_ready")
        return go_to(visit, "files")
    if visit.is_stale and not may_be_stale:
        visit.forget_conversion()
    found = await need_inspection(visit, request)
    if isinstance(found, Response):
        return found
    if found.required or found.fault is not None:
        return go_to(visit, "questions")
    if visit.conversion is None:
        waiting = await wait_for(visit, request, visit.convert(), back="questions")
        if waiting is not None:
            return waiting
    assert visit.conversion is not None  # noqa: S101 - the work has ended without an error
    return visit.conversion


async def need_inspection(visit: Visit, request: Request) -> Inspection | Response:
    """What the files are and leave open, or the page to show as long as that is not known."""
    if not visit.files or visit.is_stopped:
        return go_to(visit, "files")
    if visit.inspection is None:
        waiting = await wait_for(visit, request, visit.inspect(), back="files")
        if waiting is not None:
            return waiting
    assert visit.inspection is not None  # noqa: S101 - the work has ended without an error
    return visit.inspection


async def wait_for(
    visit: Visit,
    request: Request,
    work: Work,
    *,
    back: str = "",
    refuses: type[CalltoolsError] | tuple[()] = (),
) -> HTMLResponse | None:
    """The page that shows how far the work is, or why it failed; ``None``: it is done.

    Args:
        visit: The visit.
        request: Asks for the page.
        work: What the page needs.
        back: Where to go on where it failed.
        refuses: Errors that the page itself deals with.
    """
    await asyncio.to_thread(work.wait, PATIENCE_S)
    if not work.is_done:
        step = request.url.path.rpartition("/")[2]
        return render(visit, request, WORKING, page=step, progress=work.progress)
    visit.leave_work(work)
    language = reader_language(visit, request)
    if work.is_stopped:
        back = request.url.path.removeprefix(f"{visit.door.base}/")
        return render(visit, request, "problem.html.j2", 409, sentence=ui_label("work_stopped", language), back=back)
    if work.error is None or isinstance(work.error, refuses):
        return None
    sentence = work.error.say(language)
    return render(visit, request, "problem.html.j2", sentence=sentence, places=work.places, back=back)
