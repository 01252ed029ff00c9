"""Pages from templates: those of the report, with the words of the page in the reader's language."""

import re
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from calltools.fields.table import FIELDS_BY_NAME
from calltools.reports.escape import escape_invisible
from calltools.reports.html.reporter import jinja_environment, read_asset
from calltools.reports.reporter import ReportOptions, format_count
from calltools.texts import Language
from calltools.texts.keys import UiLabel
from calltools.texts.ui_labels import ui_label
from calltools.ui.advice import format_advice
from calltools.ui.receive import TOKEN_FIELD
from calltools.ui.visit import Visit
from calltools.ui.work import Progress

#: The steps in their order: name of the page, label.
STEPS: Final[tuple[tuple[str, UiLabel], ...]] = (
    ("files", "step_files"),
    ("questions", "step_questions"),
    ("findings", "step_findings"),
    ("results", "step_results"),
    ("send", "step_send"),
    ("history", "step_history"),
)
#: The template of the page that shows how far the work is.
WORKING: Final = "working.html.j2"
_WISH: Final = re.compile(r"\s*([a-z]+)[\w-]*\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*", re.IGNORECASE)
#: Where a file lies that was handed over: nobody knows it by that.
_OWN_PATH: Final = re.compile(r"\S*calltools-ui-[^/\\\s]+[/\\]in[/\\][^/\\]+[/\\]")
_UNITS: Final = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def reader_language(visit: Visit, request: Request) -> Language:
    """The language that the visitor has chosen, else the one that the browser wishes most; neither: English."""
    if visit.language is not None:
        return visit.language
    wishes: dict[Language, float] = {}
    for wish in request.headers.get("accept-language", "").split(","):
        found = _WISH.fullmatch(wish)
        if found and (language := {"en": "en", "ru": "ru"}.get(found[1].lower())):
            try:
                weight = float(found[2] or 1)
            except ValueError:
                continue
            wishes.setdefault(language, weight)  # type: ignore[arg-type]  # one of the two
    return max(wishes, key=lambda one: wishes[one]) if wishes else "en"


def render(visit: Visit, request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page of the visit.

    Args:
        visit: The visit.
        request: Tells the language.
        template: Name of the template.
        status: Of the answer.
        facts: What the template names; ``page`` is the step that it belongs to.
    """
    language = reader_language(visit, request)
    # A page that is replaced as soon as the work is done leaves them to the one that replaces it.
    notices = [] if template == WORKING else visit.take_notices()
    text = (
        _environment(language)
        .get_template(template)
        .render(
            base=visit.door.base,
            form_token=visit.door.form_token,
            token_field=TOKEN_FIELD,
            notices=[ui_label(key, language, **notice) for key, notice in notices],
            visit=visit,
            steps=STEPS,
            options=ReportOptions(language),
            format_code=lambda words: format_advice(words, visit.door.base, language, visit.answers),
            **{"page": "", "places": "", "back": ""} | facts,
        )
    )
    return HTMLResponse(text, status)


def say_progress(progress: Progress, language: Language) -> str:
    """How far a run is: the file, its bytes as far as its reader counts them, and its records."""
    if not progress.file:
        return ""
    name, size = escape_invisible(_OWN_PATH.sub("", progress.file)), _format_size(progress.size, language)
    records = format_count(progress.records, ReportOptions(language))
    if progress.read and progress.size:
        read = min(progress.read, progress.size)
        facts = {"percent": 100 * read // progress.size, "read": _format_size(read, language), "size": size}
        return ui_label("working_bytes", language, name=name, records=records, **facts)
    if progress.records:
        return ui_label("working_file", language, name=name, records=records)
    return ui_label("working_opening", language, name=name, size=size)


def go_to(visit: Visit, page: str) -> Response:
    """The answer to a form: another page, so that reloading it sends nothing again."""
    return RedirectResponse(f"{visit.door.base}/{page}", 303)


@lru_cache(maxsize=2)
def _environment(language: Language) -> Environment:
    options = ReportOptions(language)
    environment = jinja_environment(replace(options), "calltools.ui")
    environment.globals |= {
        "ui": lambda key, **facts: ui_label(key, language, **facts),
        "visible": lambda text: escape_invisible(_OWN_PATH.sub("", str(text))),
        "field_title": lambda name: FIELDS_BY_NAME[name].title(language),
        "say_progress": lambda progress: say_progress(progress, language),
        "format_size": lambda size: _format_size(size, language),
    }
    return environment


def _format_size(size: int, language: Language) -> str:
    for unit, factor in _UNITS:
        if size >= factor:
            text = f"{size / factor:.1f}"
            word = {"GiB": "ГБ", "MiB": "МБ", "KiB": "КБ"}[unit] if language == "ru" else unit
            return f"{text.replace('.', ',') if language == 'ru' else text} {word}"
    return f"{size} {'Б' if language == 'ru' else 'B'}"


@lru_cache(maxsize=2)
def read_style() -> str:
    """The style sheet: that of the report, and what a page has beside it."""
    return read_asset("page.css") + _read_own("page.css")


@lru_cache(maxsize=2)
def read_script() -> str:
    """The script: that of the report, and what a page has beside it; each step works without it."""
    return read_asset("page.js") + _read_own("page.js")


def _read_own(name: str) -> str:
    return files("calltools.ui").joinpath(name).read_text(encoding="utf-8")
