"""An export that nobody knows is asked about column by column, and converted by the profile of the answers."""

import tomllib

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


def answer_all(path, typed_by_key=TYPED):
    """The answers of a person, the questions in their order, and what was found."""
    answers, asked = {}, []
    while True:
        look = inspect([FoundFile(path, path.name)], answers, RunOptions(as_of=1_796_000_000))
        if not look.questions:
            return answers, asked, look
        question = look.questions[0]
        typed = typed_by_key.get(question.key, "")
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


def test_titles_with_line_breaks_are_named_in_one_line_and_written_as_they_are(tmp_path):
    book = Workbook()
    for row in (tuple(title.replace(" ", "\n") for title in TITLES), *RECORDS):
        book.active.append((*row, "Петрова") if row in RECORDS else (*row, "Менеджер\n(ответственный)"))
    path = tmp_path / "неделя.xlsx"
    book.save(path)

    _, _, look = answer_all(path)

    assert look.files[0].written == 2
    assert "Менеджер (ответственный)" in (tmp_path / "mine.toml").read_text(encoding="utf-8")


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


def write_journal(tmp_path, kinds, *more, title="Тип звонка"):
    """A journal of calls, one for each kind, and further rows below them."""
    rows = [f"02.03.2026 1{at}:00:00;+7495000010{at};{kind};{at}5" for at, kind in enumerate(kinds)]
    path = tmp_path / "журнал.csv"
    path.write_text("\n".join([f"Дата звонка;Телефон;{title};Длительность", *rows, *more, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kinds", "flags"),
    [
        (("Входящий", "Исходящий", "Пропущенный"), ["0", None, "1"]),
        (("входящие", "исходящие", "Не отвечен", "Отклонённый"), ["0", None, "1", "1"]),
        (("Incoming", "Outgoing", "Missed"), ["0", None, "1"]),
        (("Входящий", "Исходящий", "Исходящий (пропущенный)", "Входящий (пропущенный)"), ["0", None, None, "1"]),
        (("Принятый", "Исходящий", "Пропущенный", "Пропущенный исходящий"), ["0", None, "1", None]),
        (("Inbound", "Missed outbound", "Missed inbound", "Internal"), ["0", None, "1", None]),
    ],
)
def test_one_column_tells_the_direction_and_whether_a_call_was_missed(tmp_path, kinds, flags):
    path = write_journal(tmp_path, kinds)

    answers, asked, look = answer_all(path, {"timezone": "москва", "static-call": "auto"})

    (file,) = look.files
    written = [flag for flag in flags if flag is not None]
    keys = [question.key for question in asked]
    with path.with_name("mine.toml").open("rb") as stream:
        profile = tomllib.load(stream)
    assert answers["column.CallMissed"] == answers["column.direction"] == "Тип звонка"
    assert len(keys) == len(set(keys))
    assert (file.records, file.written, file.rejected) == (len(kinds), len(written), 0)
    assert set(file.skipped) <= {"outgoing", "internal"}
    assert sum(file.skipped.values()) == len(kinds) - len(written)
    expected = {kind: flag for kind, flag in zip(kinds, flags, strict=True) if flag is not None}
    assert profile["fields"]["CallMissed"]["values"] == expected


def test_what_a_word_of_both_means_is_shown_and_can_be_changed(tmp_path):
    path = write_journal(tmp_path, ("Входящий", "Исходящий", "Пропущенный", "Обратный"))
    typed = {"word.Пропущенный": "исходящий", "word.Обратный": "пропущен", "timezone": "москва", "static-call": "auto"}

    _, asked, look = answer_all(path, typed)

    questions = {question.key: question for question in asked}
    reason = questions["column.CallMissed"].found.reason.say("ru")
    assert "Входящий = входящий, отвечен" in reason
    assert "Пропущенный = входящий, пропущен" in reason
    assert questions["word.Пропущенный"].default == "missed"
    assert [key for key in questions if key.startswith("word.")] == ["word.Обратный", "word.Пропущенный"]
    assert dict(look.files[0].skipped) == {"outgoing": 2}
    profile = tomllib.loads(path.with_name("mine.toml").read_text(encoding="utf-8"))
    assert profile["fields"]["CallMissed"]["values"] == {"Входящий": "0", "Обратный": "1"}


def test_a_column_that_is_said_to_tell_both_asks_each_of_its_words_once(tmp_path):
    path = write_journal(tmp_path, ("Входящий", "Исходящий", "Исходящий"))
    typed = {"column.CallMissed": "Тип звонка", "timezone": "москва", "static-call": "auto"}

    _, asked, look = answer_all(path, typed)

    words = {question.key: question.default for question in asked if question.key.startswith("word.")}
    assert words == {"word.Входящий": "incoming", "word.Исходящий": "outgoing"}
    # No word says missed, so nothing says that the others were answered.
    assert "CallMissed" not in tomllib.loads(path.with_name("mine.toml").read_text(encoding="utf-8"))["fields"]
    assert (look.files[0].written, look.files[0].rejected) == (1, 0)


def test_a_state_in_the_column_of_directions_is_incoming_beside_a_column_of_states(tmp_path):
    path = tmp_path / "журнал.csv"
    path.write_text(
        "Дата звонка;Телефон;Тип звонка;Статус\n"
        "02.03.2026 10:00:00;+74950000100;Входящий;Отвечен\n"
        "02.03.2026 11:00:00;+74950000101;Пропущенный;Пропущенный\n"
        "02.03.2026 12:00:00;+74950000102;Исходящий;Отвечен\n",
        encoding="utf-8",
    )

    answers, _, look = answer_all(path, {"timezone": "москва", "static-call": "auto"})

    assert answers["column.CallMissed"] == "Статус"
    assert (look.files[0].written, look.files[0].rejected, dict(look.files[0].skipped)) == (2, 0, {"outgoing": 1})


def test_words_of_rows_that_are_no_calls_are_not_asked(tmp_path):
    kinds = ("Входящий", "Исходящий", "Пропущенный")
    path = write_journal(tmp_path, kinds, "Дата звонка;Телефон;Тип звонка;Длительность", ";;;", "Итого;;30;")

    _, asked, look = answer_all(path, {"timezone": "москва", "static-call": "auto"})

    assert [question.key for question in asked if question.key.startswith("word.")] == ["word.Пропущенный"]
    (file,) = look.files
    assert file.records == file.written + sum(file.skipped.values()) + file.rejected
    assert dict(file.skipped) == {"outgoing": 1, "total": 1}
    assert file.codes["CT019"] == file.rejected == 1


def test_the_country_of_phones_is_asked_where_nothing_tells_it(workbook):
    answers, asked, _ = answer_all(workbook)
    before = {key: text for key, text in answers.items() if key not in {"timezone", "region", "static-call"}}
    look = inspect([FoundFile(workbook, workbook.name)], before, RunOptions(as_of=1_796_000_000))
    shown = look.examples(look.questions[0], "Europe/Moscow")
    profile = tomllib.loads(workbook.with_name("mine.toml").read_text(encoding="utf-8"))

    (question,) = [one for one in asked if one.key == "region"]
    assert answers["region"] == "RU"
    assert "RU" in {choice.value for choice in question.choices}
    assert "region" not in profile
    # Whether a call is lost for want of its country is not known while the zone is asked.
    assert look.questions[0].key == "timezone"
    assert [one.left_out_by for one in shown] == [None, None]


def test_the_country_is_not_asked_where_phones_have_it_or_an_option_says_it(workbook, tmp_path):
    international = write_journal(tmp_path, ("Входящий", "Исходящий"))
    _, asked, _ = answer_all(international, {"timezone": "москва", "static-call": "auto"})
    given = inspect([FoundFile(workbook, workbook.name)], options=RunOptions(region="RU"))

    assert "region" not in {one.key for one in asked}
    assert 'region = "RU"' in given.draft.write("ru")[0].splitlines()
