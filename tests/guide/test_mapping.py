"""An export that nobody knows is asked about column by column, and converted by the profile of the answers."""

import pytest
from openpyxl import Workbook

from calltools.files.folders import FoundFile
from calltools.guide import inspect
from calltools.guide.question import read_answer
from calltools.run import RunOptions

TITLES = ("Когда", "Наш телефон", "Абонент", "Вид", "Что вышло", "Длилось", "Выручка")
RECORDS = (
    ("19.11.2026 10:00", "84950000001", "8 (495) 000-01-00", "Входящий", "Поговорили", "35", "1500"),
    ("19.11.2026 10:10", "84950000001", "8 (495) 000-01-01", "Входящий", "Мимо", "0", ""),
    ("19.11.2026 10:21", "84950000002", "", "Исходящий", "Поговорили", "135", ""),
    ("20.11.2026 11:21", "84950000002", "8 (495) 000-01-03", "Обратный", "Поговорили", "195", "2 300,50"),
)
#: What a person types at each question that has no found answer, and at two of those that have a wrong one.
TYPED = {
    "column.CallMissed": "Что вышло", "column.TalkDuration": "Длилось", "column.Price": "Выручка",
    "word.Обратный": "другое", "word.Мимо": "пропущен", "word.Поговорили": "отвечен",
    "timezone": "москва", "region": "рф", "currency": "рубли", "static-call": "auto",
}  # fmt: skip


@pytest.fixture
def workbook(tmp_path):
    book = Workbook()
    for row in (("Отчёт за неделю", "ООО Ромашка"), (), TITLES, *RECORDS):
        book.active.append(row)
    path = tmp_path / "неделя.xlsx"
    book.save(path)
    return path


def answer_all(path):
    """The answers of a person, the questions in their order, and what was found."""
    answers, asked = {}, []
    while True:
        look = inspect([FoundFile(path, path.name)], answers, RunOptions(as_of=1_796_000_000))
        if not look.questions:
            return answers, asked, look
        question = look.questions[0]
        typed = TYPED.get(question.key, "")
        answer = look.read(question, read_answer(question, typed))
        if question.kind == "new-file":
            profile = path.with_name("mine.toml")
            profile.write_text(look.draft.write("ru", profile)[0], encoding="utf-8")
            answer = str(profile)
        asked.append(question)
        answers[question.key] = answer


def test_the_columns_are_asked_and_all_calls_are_accounted_for(workbook):
    answers, asked, look = answer_all(workbook)
    (file,) = look.files

    assert [question.key for question in asked][:3] == ["column.DateTime", "column.PhoneNumber", "column.direction"]
    assert (file.source.header_row, file.records, file.written, file.rejected) == (3, 4, 2, 0)
    assert dict(file.skipped) == {"outgoing": 1, "unknown": 1}
    assert answers["currency"] == "RUB"
    assert look.fault is None


def test_a_guess_shows_what_it_rests_on(workbook):
    questions = {one.key: one for one in inspect([FoundFile(workbook, workbook.name)]).questions}

    assert "19.11.2026 10:00 = 2026-11-19 10:00:00" in questions["column.DateTime"].found.reason.say("ru")
    # Our own number is filled in more often, but a caller is wanted only of incoming calls.
    assert questions["column.PhoneNumber"].found.value == "Абонент"
    assert "Входящий = входящий" in questions["column.direction"].found.reason.say("ru")
    assert all("0100" not in str(one.as_json("en")) for one in questions.values())


def test_a_title_that_the_file_has_not_is_refused_and_the_other_answers_stay(workbook):
    given = {"column.DateTime": "Когда", "column.PhoneNumber": "Кто"}
    look = inspect([FoundFile(workbook, workbook.name)], given)

    assert look.questions[0].key == "column.PhoneNumber"
    assert look.questions[0].refused.key == "columns-missing"
    assert look.answers == {"column.DateTime": "Когда"}


def test_a_second_export_with_other_columns_does_not_refuse_the_answers_of_the_first(workbook, tmp_path):
    other = tmp_path / "другая.csv"
    other.write_text("День,Час,Клиент\n11.11.2026,10:15:20,+74950000101\n12.11.2026,11:15:20,+74950000102\n", "utf-8")
    files = [FoundFile(one, one.name) for one in (workbook, other)]
    columns = {"column.DateTime": "Когда", "column.PhoneNumber": "Абонент"}
    look = inspect(files, columns)
    first, second = look.files

    assert columns.items() <= look.answers.items()
    assert [one for one in look.questions if one.refused] == []
    assert first.fault is None
    assert "День, Час, Клиент" in second.fault.say("ru")
