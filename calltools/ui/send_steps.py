"""The step of sending: log in, choose a counter, look at the plan, press once, watch."""

import asyncio
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from calltools.errors import CalltoolsError, CredentialError
from calltools.guide.counters import UploadTarget
from calltools.metrica.protocol import NEW_APPLICATION_URL, READ_RIGHT, REDIRECT_URL, UPLOAD_RIGHT, authorize_url
from calltools.texts import Language, say
from calltools.texts.ui_labels import ui_label
from calltools.ui.conversion import CANONICAL
from calltools.ui.pages import go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.sending import (
    Account,
    Said,
    ShownPlan,
    Target,
    find_account,
    plan_upload,
    take_token,
    upload,
)
from calltools.ui.steps import need_conversion, wait_for
from calltools.ui.visit import Visit
from calltools.ui.work import Progress, Work
from calltools.uploading.part_words import explain_status, format_part_line
from calltools.uploading.results import UploadResult, will_be_shown

#: Calls that are too old to be linked.
_OLD: Final = "CT501"
#: As Yandex makes them. A token does not fit, so that one pasted in the wrong field is noticed.
_CLIENT_ID: Final = re.compile(r"[0-9a-f]{32}")


async def show_send(visit: Visit, request: Request) -> Response:
    """What comes next on the way to Metrica."""
    if visit.upload is not None:
        return _show_upload(visit, request)
    converted = await need_conversion(visit, request)
    if isinstance(converted, Response):
        return converted
    if not converted.has_output or not sum(one.written or 0 for one in converted.summaries):
        return render(visit, request, "send_nothing.html.j2", page="send")
    visit.refuse_old_target()
    waiting = _refuse_several(visit, request) if len(visit.said_targets) > 1 else await need_account(visit, request)
    if waiting is not None:
        return waiting
    if visit.target is None:
        return _show_counters(visit, request)
    return await _plan(visit, request, converted.folder / CANONICAL)


async def _plan(visit: Visit, request: Request, file: Path) -> Response:
    """The plan, once there is one."""
    account, target = visit.account, visit.target
    if visit.plan is None and account is not None and target is not None:
        comments = visit.said_comments
        # One upload has one comment: none where those of the files differ, and the plan says so.
        target = replace(target, comment=comments[0] if len(comments) == 1 else "")
        work = visit.start(
            "plan",
            lambda progress: plan_upload(file, target, account, progress),
            lambda plan: setattr(visit, "plan", plan),
        )
        waiting = await wait_for(visit, request, work, back="send")
        if work.error is not None:
            visit.choose_target(None)
        if waiting is not None:
            return waiting
    return _show_plan(visit, request)


async def need_account(visit: Visit, request: Request, page: str = "send") -> Response | None:
    """The page to show as long as nobody is logged in; ``None``: somebody is."""
    if visit.account is not None:
        return None
    if visit.is_logged_out:
        return _show_login(visit, request, page)
    given = visit.token
    work = visit.start("account", lambda _: find_account(given), lambda account: setattr(visit, "account", account))
    waiting = await wait_for(visit, request, work, refuses=CredentialError)
    if waiting is None and visit.account is None:
        return _show_login(visit, request, page)
    return waiting


# -- login ---------------------------------------------------------------------------


def _show_login(visit: Visit, request: Request, page: str = "send", problem: CalltoolsError | None = None) -> Response:
    language = reader_language(visit, request)
    client_id = visit.application
    return render(
        visit,
        request,
        "login.html.j2",
        page=page,
        problem=None if problem is None else problem.say(language),
        new_application=NEW_APPLICATION_URL,
        redirect=REDIRECT_URL,
        rights=f"{UPLOAD_RIGHT}, {READ_RIGHT}",
        authorize=authorize_url(client_id, may_read=True) if client_id else "",
    )


async def take_application(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """The number of the visitor's application at Yandex: it makes the address at which a token is got."""
    given = form.get("client_id").strip()
    if not _CLIENT_ID.fullmatch(given):
        # Not shown: what was pasted may be the token.
        return _show_login(visit, request, problem=CredentialError("login-application-wrong"))
    visit.application = given
    return go_to(visit, "send")


async def log_in(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """A token: it is tried, and kept where ``calltools login`` keeps it. No page ever shows it."""
    try:
        account, keyring, trusted = await asyncio.to_thread(take_token, form.get("secret"))
    except CalltoolsError as error:
        return _show_login(visit, request, problem=error)
    visit.account, visit.token, visit.is_logged_out = account, account.token, False
    if keyring:
        visit.notify("login_kept", keyring=keyring)
        if not trusted:
            visit.notify("login_clear_text", keyring=keyring)
    else:
        visit.notify("login_this_visit")
    return go_to(visit, "send")


async def log_out(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """Use another token: what is kept elsewhere stays there."""
    visit.forget_account()
    return go_to(visit, "send")


async def use_kept_token(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """No other token after all: the one used so far again."""
    visit.is_logged_out = False
    return go_to(visit, "send")


# -- counter and plan ----------------------------------------------------------------


def _refuse_several(visit: Visit, request: Request) -> Response:
    """Of files whose calls go to several counters or goals only those of one are sent at once."""
    language, listed = reader_language(visit, request), dict[UploadTarget, str]()
    for one in visit.files:
        listed.setdefault(visit.said_target(one.found.name), one.found.name)
    places = [_name_target(target, name, language) for target, name in listed.items()]
    sentence = ui_label("targets_differ", language, listed="; ".join(places))
    return render(visit, request, "problem.html.j2", page="send", sentence=sentence, back="files")


def _name_target(target: UploadTarget, name: str, language: Language) -> str:
    where = ui_label("no_counter", language) if target.counter is None else str(target.counter)
    return f"{name} → {where}, {target.goal}" if target.goal else f"{name} → {where}"


def _show_counters(visit: Visit, request: Request) -> Response:
    account = visit.account
    counters = None if account is None or account.counters is None else account.counters
    usable = [one for one in counters or () if one.may_upload]
    [said] = visit.said_targets
    return render(
        visit,
        request,
        "counters.html.j2",
        page="send",
        counters=counters,
        usable=usable,
        said=said,
        shown_for=_said_text(visit),
        last=visit.last_target or said,
    )


def _said_text(visit: Visit) -> str:
    """What the settings say about where the calls go, to see whether a form was shown for other files."""
    return "; ".join(sorted(f"{one.counter or ''} {one.goal or ''}".strip() for one in visit.said_targets))


async def choose_counter(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """Where the calls go."""
    if form.get("shown_for") != _said_text(visit):
        visit.notify("counter_stale")
        return go_to(visit, "send")
    number = (form.get("counter") or form.get("number")).strip()
    if form.get("counter") == "other":
        number = form.get("number").strip()
    if not (number.isascii() and number.isdecimal() and int(number[:12]) > 0 and len(number) <= 12):
        visit.notify("counter_not_number")
        return go_to(visit, "send")
    visit.choose_target(Target(int(number), form.get("goal").strip(), form.get("changed") == "1"))
    return go_to(visit, "send")


async def change_counter(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """Another counter, or another goal."""
    visit.choose_target(None)
    return go_to(visit, "send")


def _show_plan(visit: Visit, request: Request) -> Response:
    plan = visit.plan
    assert plan is not None  # noqa: S101 - it was waited for
    language = reader_language(visit, request)
    old = 0 if plan.said.summary is None else plan.said.summary.by_code[_OLD]
    comments = visit.said_comments
    differ = ", ".join(f"«{one}»" for one in comments if one) if len(comments) > 1 else ""
    words = _said_words(plan.said, language)
    return render(visit, request, "plan.html.j2", page="send", plan=plan, old=old, comments_differ=differ, **words)


# -- upload --------------------------------------------------------------------------


async def send(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """Send what the plan has shown: the first time that its token comes, whatever is pressed or reloaded later."""
    plan, account = visit.plan, visit.account
    if visit.upload is None and plan is not None and account is not None and form.get("plan") == plan.token:
        if plan.may_be_sent:
            visit.upload = Upload(plan, account, Path(tempfile.mkdtemp(prefix="send-", dir=visit.folder)))
            visit.plan = None
    elif visit.upload is None:
        visit.notify("plan_stale")
    return go_to(visit, "send")


class Upload:
    """An upload under way, or its end.

    Args:
        plan: What was agreed to.
        account: Who sends.
        folder: An empty folder for the file: what is converted meanwhile must not take its place.
    """

    def __init__(self, plan: ShownPlan, account: Account, folder: Path) -> None:
        file = folder / plan.file.name
        shutil.copyfile(plan.file, file)
        self.plan = plan = replace(plan, file=file)
        self.result: UploadResult | None = None
        self.said = Said(Progress())
        self.said.look = plan.said.look
        self.work = Work(lambda _: upload(plan, account, self.said), self._keep)

    def _keep(self, result: UploadResult) -> None:
        self.result = result

    @property
    def is_done(self) -> bool:
        """Whether nothing more happens."""
        return self.work.is_done

    @property
    def is_sending(self) -> bool:
        """Whether calls are on their way, so that the program must not end."""
        return not self.is_done and self.said.is_sending

    def stop_watching(self) -> None:
        """Wait for the service no longer: the calls have arrived."""
        self.said.progress.stop()

    @property
    def error(self) -> CalltoolsError | None:
        """Why it broke off."""
        return self.work.error


def _show_upload(visit: Visit, request: Request) -> Response:
    current = visit.upload
    assert current is not None  # noqa: S101 - the caller has looked
    language = reader_language(visit, request)
    parts = [] if current.result is None else list(current.result.parts)
    return render(
        visit,
        request,
        "upload.html.j2",
        page="send",
        upload=current,
        ended=[(part, format_part_line(part, language)) for part in parts],
        shown=any(will_be_shown(part) for part in parts),
        held=any(part.held for part in parts),
        error=None if current.error is None else current.error.say(language),
        code=None if current.result is None else current.result.code,
        **_said_words(current.said, language),
    )


async def stop_watching(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """Wait for the service no longer."""
    if visit.upload is not None and not visit.upload.is_sending:
        visit.upload.stop_watching()
        await asyncio.to_thread(visit.upload.work.wait, 5)
    return go_to(visit, "send")


async def begin_anew(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """The next plan, once the upload has ended."""
    if visit.upload is not None and visit.upload.is_done:
        visit.upload = None
        visit.choose_target(None)
    return go_to(visit, "send")


def _said_words(said: Said, language: Language) -> dict[str, Any]:
    return {
        "lines": [say_line(key, facts, language) for key, facts in list(said.lines)],
        "errors": [error.say(language) for error in list(said.errors)],
    }


def say_line(key: str, facts: dict[str, object], language: Language) -> str:
    """A sentence of an upload."""
    if "status" in facts:
        facts = facts | {"status": explain_status(str(facts["status"]), language)}
    return say(key, language, **facts).strip()  # type: ignore[arg-type]  # a key that was checked where it was named
