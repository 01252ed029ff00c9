"""What must be said of a file is asked, with what the file suggests; nothing else is."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFile
from calltools.guide import NOTHING, inspect, option_words
from calltools.guide.trial import try_file
from calltools.run import RunOptions

SAMPLES = Path(__file__).parent.parent.parent / "samples"
#: Samples that need nothing but what is asked.
VENDORS = sorted(path.parent for path in SAMPLES.glob("*/export.*") if (path.parent / "options").is_file())
AS_OF = RunOptions(as_of=1_773_273_600)


def found(path):
    return [FoundFile(path, str(path))]


def answer(question):
    """An answer that a person could give."""
    if question.default is not None:
        return question.default
    return question.choices[0].value if question.choices else {"own-number": "74950000001"}.get(question.key, "")


def answer_all(path, options=AS_OF, **given):
    answers = {key.replace("_", "-"): text for key, text in given.items()}
    asked = []
    for _ in range(30):
        inspection = inspect(found(path), answers, options)
        if not inspection.questions:
            return inspection, asked
        question = inspection.questions[0]
        asked.append(question.key)
        answers[question.key] = answer(question)
    raise AssertionError(asked)


@pytest.fixture
def sipuni(tmp_path):
    return Path(shutil.copy(SAMPLES / "sipuni" / "export.csv", tmp_path / "export.csv"))


def test_the_zone_that_the_ids_prove_is_the_default(sipuni):
    question = inspect(found(sipuni), {}, AS_OF).questions[0]

    assert (question.key, question.found.value) == ("timezone", "Europe/Moscow")


def test_what_is_answered_is_not_asked_again(sipuni):
    inspection, asked = answer_all(sipuni)

    assert asked == ["timezone", "identifiers", "static-call"]
    assert inspection.answers["identifiers"] == NOTHING
    assert (inspection.files[0].records, inspection.files[0].written) == (30, 21)
    assert option_words(inspection.options)[:4] == ["--timezone", "Europe/Moscow", "--static-call", "auto"]


def test_to_go_back_is_to_leave_an_answer_out(sipuni):
    both = inspect(found(sipuni), {"timezone": "Europe/Moscow", "identifiers": ""}, AS_OF)
    back = inspect(found(sipuni), {"timezone": "Europe/Moscow"}, AS_OF)

    assert [one.key for one in both.questions] == ["static-call"]
    assert [one.key for one in back.questions] == ["identifiers"]


def test_an_answer_that_the_file_contradicts_is_refused_and_the_others_are_kept(sipuni):
    inspection = inspect(found(sipuni), {"timezone": "Asia/Omsk", "static-call": "1"}, AS_OF)
    question = inspection.questions[0]

    assert (question.key, question.refused.key) == ("timezone", "guide-zone-contradicted")
    assert question.found.value == "Europe/Moscow"
    assert inspection.answers == {"static-call": "1"}


def test_an_option_that_the_file_contradicts_is_no_question(sipuni):
    with pytest.raises(CalltoolsError, match="zone"):
        inspect(found(sipuni), {}, RunOptions(timezone="Asia/Omsk"))


def test_a_second_file_beside_the_export_is_proposed(sipuni, tmp_path):
    shutil.copy(SAMPLES / "walkthrough" / "crm.csv", tmp_path)
    question = inspect(found(sipuni), {"timezone": "Europe/Moscow"}, AS_OF).questions[0]

    assert question.key == "identifiers"
    assert question.found.value == str(tmp_path / "crm.csv")
    examples = inspect(found(sipuni), {"timezone": "Europe/Moscow"}, AS_OF).examples(question, question.found.value)
    assert [sorted(one.after) for one in examples] == [["ClientId"]] * 3


@pytest.mark.parametrize("folder", VENDORS, ids=lambda path: path.name)
def test_after_all_answers_nothing_is_refused(folder, tmp_path):
    name = next(folder.glob("export.*")).name
    inspection, asked = answer_all(Path(shutil.copy(folder / name, tmp_path / name)))

    assert inspection.fault is None, asked
    assert inspection.files[0].records


def test_the_date_order_of_a_second_file_is_asked_about_its_own_column(sipuni, tmp_path):
    crm = tmp_path / "leads.csv"
    crm.write_text("phone;когда;ClientID\n+74950000100;02/03/2026 09:00;1604591025698235234\n", encoding="utf-8")
    answers = {"timezone": "Europe/Moscow", "identifiers": str(crm), "identifier-columns": "time=когда"}
    [question, *_] = inspect(found(sipuni), answers, AS_OF).questions

    assert question.key == "date-order"
    assert "второго файла (столбец когда)" in question.what.say("ru")
    for language in ("en", "ru"):
        assert "()" not in question.why.say(language)
        assert "0" not in question.why.say(language)
    assert inspect(found(sipuni), answers | {"date-order": "dmy"}, AS_OF).files[0].records


def test_a_question_that_is_asked_again_counts_no_calls(sipuni):
    answers = {"currency": "RUX", "identifiers": "missing.csv", "timezone": "Europe/Moscow"}
    again = [one for one in inspect(found(sipuni), answers, AS_OF).questions if one.refused is not None]

    assert again
    assert not any("0" in one.why.say("ru") for one in again if one.key in {"currency", "identifiers"})


CRM = "phone,time,Price\n+74950009999,1772434800,{}\n"


@pytest.fixture
def sales(tmp_path):
    """A workbook with two sheets that could hold the outcomes of calls."""
    book = Workbook()
    for number, name in enumerate(("Март", "Апрель")):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = name
        for line in CRM.format(number + 1).splitlines():
            sheet.append(line.split(","))
    book.save(tmp_path / "sales.xlsx")
    return tmp_path / "sales.xlsx"


def test_what_outcomes_need_is_asked_and_their_problems_are_facts(sipuni, sales):
    options = replace(AS_OF, timezone="Europe/Moscow", static_call="auto", outcomes=(sales,))
    inspection, asked = answer_all(sipuni, options)

    assert asked == ["outcomes-sheet", "currency"]
    assert inspection.options.outcomes_sheet == "Март"
    assert any("files of outcomes: 1, no call 1" in fact.say() for fact in inspection.files[0].facts)
    assert "--outcomes-sheet" in option_words(inspection.options)


def test_an_unknown_sheet_of_outcomes_names_its_own_option(sipuni, sales):
    with pytest.raises(CalltoolsError, match="--outcomes-sheet"):
        inspect(found(sipuni), {}, replace(AS_OF, timezone="Europe/Moscow", outcomes=(sales,), outcomes_sheet="Май"))


def test_columns_of_outcomes_that_are_not_clear_are_asked(sipuni, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("phone,when,Price,Currency\n+74950000100,1772434800,1,RUB\n", "utf-8")
    options = replace(AS_OF, timezone="Europe/Moscow", static_call="auto", outcomes=(path,))

    assert [one.key for one in inspect(found(sipuni), {}, options).questions] == ["outcome-columns"]
    refused = inspect(found(sipuni), {"outcome-columns": "time=wann"}, options).questions[0]
    assert (refused.key, refused.refused.key) == ("outcome-columns", "identifier-column-missing")
    assert inspect(found(sipuni), {"outcome-columns": "time=when"}, options).questions == ()


def test_options_of_a_file_are_no_question_and_go_before_the_answers(sipuni, tmp_path):
    other = Path(shutil.copy(sipuni, tmp_path / "other.csv"))
    own = {str(other): replace(AS_OF, timezone="Europe/Moscow", static_call="1")}

    def look(**answers):
        both = [*found(other), *found(sipuni)]
        return inspect(both, {key.replace("_", "-"): text for key, text in answers.items()}, AS_OF, own.get)

    own |= {str(sipuni): AS_OF}
    assert [(one.key, one.file) for one in look().questions] == [("timezone", str(sipuni))]
    answered = look(timezone="Europe/Moscow", identifiers="", static_call="0")
    assert [one.options.static_call for one in answered.files] == ["1", "0"]
    assert [one.rejected for one in answered.files] == [0, 21]
    refused = look(timezone="Asia/Omsk").questions[0].refused
    assert refused.about_file == str(sipuni)
    own[str(sipuni)] = own[str(other)]
    assert look().questions == ()


def test_nobody_is_asked_for_a_second_file_where_no_caller_has_a_phone(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("ClientId,DateTime,PhoneNumber,TalkDuration\n,1773000000,,5\n", "utf-8")
    with_phone = tmp_path / "phones.csv"
    with_phone.write_text("ClientId,DateTime,PhoneNumber\n,1773000000,+74950000001\n", "utf-8")

    assert [one.key for one in inspect(found(path), {}, AS_OF).questions] == ["static-call"]
    assert [one.key for one in inspect(found(with_phone), {}, AS_OF).questions] == ["identifiers"]


def test_a_zone_that_does_not_exist_is_refused_with_the_nearest_one(sipuni):
    question = inspect(found(sipuni), {"timezone": "Екатеринбурк"}, AS_OF).questions[0]
    nowhere = inspect(found(sipuni), {"timezone": "Мордор"}, AS_OF).questions[0]

    assert (question.key, question.found.value) == ("timezone", "Asia/Yekaterinburg")
    assert "Может быть, Asia/Yekaterinburg?" in question.refused.say("ru")
    assert "города: Мордор" in nowhere.refused.say("ru")


def test_a_zone_that_is_missing_is_refused_with_the_zones_to_choose_from(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes((SAMPLES / "3cx" / "export.csv").read_bytes())
    with pytest.raises(CalltoolsError, match="Europe/Kaliningrad, Europe/Samara"):
        try_file(*found(path), AS_OF)


def test_an_example_says_why_a_call_is_not_sent_but_not_for_want_of_a_later_answer(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(
        "ClientId,DateTime,PhoneNumber,Price\n,1773000000,+74950000001,5\n,1873000000,+74950000002,5\n", "utf-8"
    )
    inspection = inspect(found(path), {}, AS_OF)
    [question] = [one for one in inspection.questions if one.key == "currency"]

    shown = inspection.examples(question, "RUB")

    assert [one.left_out_by for one in shown] == [None, "CT214"]


def test_a_second_file_whose_phones_want_a_country_asks_for_it_and_is_not_refused(tmp_path):
    path, crm = tmp_path / "calls.csv", tmp_path / "crm.csv"
    path.write_text("ClientId,DateTime,PhoneNumber\n,1773000000,+74950000001\n", "utf-8")
    crm.write_text("phone,time,ClientId\n8 (495) 000-00-01,1772990000,1604591025698235234\n", "utf-8")
    answers = {"identifiers": str(crm)}

    [question] = inspect(found(path), answers, AS_OF).questions
    answered = inspect(found(path), answers | {"region": "RU"}, AS_OF)

    assert (question.key, question.refused) == ("region", None)
    assert (answered.questions, answered.files[0].written) == ((), 1)


@pytest.mark.parametrize(
    ("count", "said"), [(3, "makes 3 of them valid"), (2_100, "makes 2000 of the first 2000 valid")]
)
def test_of_many_phones_it_is_said_how_many_were_looked_at(tmp_path, count, said):
    lines = [f"{1_773_000_000 + number},8 (495) 000-{number // 100:02}-{number % 100:02},1" for number in range(count)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["DateTime,PhoneNumber,StaticCall", *lines]) + "\n")

    [question] = inspect(found(path), {}, AS_OF).questions

    assert (question.key, question.choices[0].value) == ("region", "RU")
    assert question.choices[0].consequence.say("en") == said


def test_an_inspection_prints_in_one_line_and_is_compared_hashed_and_pickled(sipuni):
    first, again = (inspect(found(sipuni), {}, AS_OF) for _ in range(2))

    assert repr(first) == f"<calltools.Inspection {first.files[0].name}: asks {first.questions[0].key}>"
    assert first == again == pickle.loads(pickle.dumps(first))  # noqa: S301 - our own
    assert hash(first) == hash(again)
