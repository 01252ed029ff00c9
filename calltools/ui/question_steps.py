"""The step of questions: what the files do not say, with three calls before and after under each answer."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from calltools.errors import CalltoolsError, UsageError
from calltools.files.atomic import AtomicFile, map_os_errors
from calltools.guide import Example, Inspection, Question, ask, read_answer
from calltools.guide.draft import NO_COLUMN
from calltools.texts import Language
from calltools.texts.ui_labels import ui_label
from calltools.ui.advice import OFFERED
from calltools.ui.pages import go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.steps import need_inspection
from calltools.ui.visit import Visit
from calltools.ui.work import Progress, run_apart
from calltools.vendors.profile_library import PROJECT_FOLDER

_ANSWER: Final = "answer-"
_OWN: Final = "own-"
#: The value of the choice beside which an answer of one's own is typed; no option has such an answer.
OTHER: Final = "*own*"
#: Of more choices a list is offered while one types.
_MAX_RADIOS: Final = 8


#: Questions that advice leads to, although the files do not ask them; what depends on the files is left out.
_WANTED: Final[Mapping[str, Callable[[str], Question]]] = MappingProxyType(
    {
        "timezone": ask.ask_zone,
        "region": lambda name: ask.ask_region(name, 0, {}),
        "currency": lambda name: ask.ask_currency(name, (), 0),
        "static-call": lambda name: ask.ask_static_call(name, 0, 1, is_joined=False),
        "sheet": lambda name: ask.ask_sheet(name, ()),
        "date-order": lambda name: ask.ask_date_order(name, "", 0),
        "duration-format": lambda name: ask.ask_duration_format(name, column="–"),
        **{key: partial(ask.ask_typed, key) for key in ask.TYPED},
    }
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it is shown.

    Attributes:
        question: The question.
        chosen: The answer that is filled in.
        examples: Calls under this answer.
        is_list: Whether it has too many choices to show them all.
        refusal: Why the last answer was not taken.
        title: In the words of the page, where the question has none of its own; else empty.
        is_wanted: Whether only advice has led to it.
    """

    question: Question
    chosen: str
    examples: Sequence[Example]
    is_list: bool
    refusal: CalltoolsError | None
    title: str = ""
    is_wanted: bool = False


async def show_questions(visit: Visit, request: Request) -> Response:
    """What must be said, and what was said."""
    found = await need_inspection(visit, request)
    if isinstance(found, Response):
        return found
    if (key := request.query_params.get("ask", "")) in _WANTED:
        visit.wanted.add(key)
    questions = _questions(visit, found)
    visit.asked |= {question.key: question for question in questions}
    asked = await asyncio.to_thread(_prepare, visit, found, questions, reader_language(visit, request))
    return render(
        visit,
        request,
        "questions.html.j2",
        page="questions",
        asked=asked,
        given=_list_given(visit, reader_language(visit, request)),
        no_column=NO_COLUMN,
        other=OTHER,
        asked_of=visit.file_numbers,
        inspection=found,
        profile_name=found.draft.profile_name if found.draft is not None and found.draft.is_complete else "",
    )


def _list_given(visit: Visit, language: Language) -> list[tuple[str, str, str]]:
    """Key, question and answer of what was said, as the visitor knows them."""
    given = []
    for key, text in visit.answers.items():
        question = visit.asked.get(key)
        if question is not None:
            given.append((key, question.what.say(language), question.name(text, language)))
        else:
            given.append((key, ui_label("role_second", language) if key == "identifiers" else f"--{key}", text))
    return given


def _questions(visit: Visit, found: Inspection) -> list[Question]:
    """What the files ask, and before it what advice has led to."""
    known = {question.key for question in found.questions}
    name = found.files[0].name
    wanted = [
        replace(question, choices=tuple(replace(one, consequence=None) for one in question.choices))
        for key in sorted(visit.wanted - known)
        for question in [_WANTED[key](name)]
    ]
    return [*wanted, *found.questions]


def _prepare(visit: Visit, found: Inspection, questions: Sequence[Question], language: Language) -> list[_Asked]:
    chosen = [_chosen(visit, question) for question in questions]
    wanted = []
    for number, question in enumerate(questions):
        first = question.choices[0].value if question.choices and not question.free_text else ""
        if question.changes_calls and (shown := chosen[number] or first):
            wanted.append((question, shown))
    examples = run_apart(visit.forks, Progress(), _show_examples, found, wanted) if wanted else {}
    return [
        _Asked(
            question,
            chosen[number],
            examples.get(question.key, ()),
            len(question.choices) > _MAX_RADIOS,
            visit.refusals.get(question.key) or question.refused,
            _title(question, language),
            question not in found.questions,
        )
        for number, question in enumerate(questions)
    ]


def _chosen(visit: Visit, question: Question) -> str:
    known = visit.answers.get(question.key, "") if question.key in visit.wanted else ""
    return visit.previews.get(question.key, question.default or known)


def _title(question: Question, language: Language) -> str:
    """What a plain question about an option is called, for who does not know options."""
    if question.what.text != "guide-again":
        return ""
    if question.key == "vendor":
        return ui_label("again_vendor", language, file=question.file or "")
    label = OFFERED.get(question.key)
    return ui_label("again_other", language, title=question.key if label is None else ui_label(label, language))


def _show_examples(
    _progress: Progress, found: Inspection, wanted: Sequence[tuple[Question, str]]
) -> dict[str, Sequence[Example]]:
    """Key of a question -> calls under an answer to it."""
    return {question.key: found.examples(question, answer, show_values=True) for question, answer in wanted}


async def show_examples(visit: Visit, request: Request) -> Response:
    """Three calls under an answer that was not given yet: a part of the page."""
    found, key = visit.inspection, request.query_params.get("key", "")
    question = next((one for one in (_questions(visit, found) if found else ()) if one.key == key), None)
    answer = request.query_params.get("answer", "")
    examples: Sequence[Example] = ()
    if found is not None and question is not None and answer and question.changes_calls:
        examples = await asyncio.to_thread(_examples, visit, found, question, answer)
    return render(visit, request, "examples.html.j2", examples=examples)


def _examples(visit: Visit, found: Inspection, question: Question, typed: str) -> Sequence[Example]:
    try:
        answer = found.read(question, read_answer(question, typed))
    except UsageError:
        return ()
    return run_apart(visit.forks, Progress(), _show_examples, found, [(question, answer)])[question.key]


async def take_answers(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """Answers to some questions; the files are looked at again with them."""
    found = visit.inspection
    if found is None:
        return go_to(visit, "questions")
    if form.get("asked_of") != visit.file_numbers:
        for one in form.files:
            one.remove()
        visit.notify("answers_stale")
        return go_to(visit, "questions")
    visit.refusals = {}
    if preview := form.get("preview"):
        visit.previews[preview] = _typed(form, preview)
        return go_to(visit, f"questions#q-{preview}")
    files = {one.field: one for one in form.files}
    for question in _questions(visit, found):
        if (file := files.get(_ANSWER + question.key)) is not None:
            visit.answer(question.key, str(file.path))
        elif _ANSWER + question.key in form.fields or _OWN + question.key in form.fields:
            _take_answer(visit, request, found, question, _typed(form, question.key))
    visit.wanted = {key for key in visit.wanted if key in visit.refusals}
    visit.forget_results()
    return go_to(visit, "questions")


def _typed(form: ReceivedForm, key: str) -> str:
    typed = form.get(_ANSWER + key)
    return (form.get(_OWN + key) if typed == OTHER or _ANSWER + key not in form.fields else typed).strip()


def _take_answer(visit: Visit, request: Request, found: Inspection, question: Question, typed: str) -> None:
    visit.previews.pop(question.key, None)
    if not typed:
        if not question.required:
            visit.answer(question.key, "")
        return
    try:
        if question.kind == "new-file":
            _keep_profile(visit, request, found, typed)
            # From now on the export is recognized by its columns. Said as an answer it would hold for all files, and
            # another export that nobody knows would be refused.
            visit.forget_mapping()
        else:
            visit.answer(question.key, found.read(question, read_answer(question, typed)))
    except CalltoolsError as refusal:
        visit.previews[question.key] = typed
        visit.refusals[question.key] = refusal


def _keep_profile(visit: Visit, request: Request, found: Inspection, name: str) -> None:
    """Write the profile that the answers make, where calltools finds it by itself from then on.

    Raises:
        OutputError: There is one of that name, or the folder cannot be written.
    """
    assert found.draft is not None  # noqa: S101 - only a draft asks for its name
    stem = re.sub(r"[^\w-]", "-", Path(name).stem).strip("-")[:60] or "export"
    path = PROJECT_FOLDER / f"{stem}.toml"
    text, _ = found.draft.write(reader_language(visit, request), path)
    with map_os_errors(PROJECT_FOLDER):
        PROJECT_FOLDER.mkdir(exist_ok=True)
    with AtomicFile(path, force=False) as stream:
        stream.write(text.encode())
    visit.profile = text
    visit.notify("profile_kept", path=path)


async def forget_answer(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """An answer is to be another one: its question is asked again."""
    visit.previews[form.get("key")] = visit.answers.pop(form.get("key"), "")
    visit.forget_results()
    return go_to(visit, "questions")
