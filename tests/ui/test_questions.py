"""Questions: only what is missing, each with its reason and calls before and after; unknown exports become profiles."""

import csv
import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook

from calltools.run import RunOptions
from tests.ui.pages import visited

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NOW = 1773273600
UNKNOWN = """Когда,Кто звонил,Куда,Направление,Состояние,Разговор
02.03.2026 10:00:00,+74950000101,+74950000200,вх,отвечен,35
02.03.2026 11:30:00,+74950000102,+74950000200,вх,не отвечен,0
14.03.2026 12:00:00,+74950000103,+74950000200,исх,отвечен,70
"""


@pytest.fixture
def sipuni():
    return SAMPLES / "sipuni" / "export.csv"


def test_only_what_is_missing_is_asked_with_its_reason(sipuni):
    with visited([sipuni], RunOptions(as_of=NOW)) as (visitor, page):
        asked = visitor.get("questions").said
        [question] = [one for one in page.visit.inspection.questions if one.key == "timezone"]

    assert question.what.say("en") in asked
    assert question.why.say("en") in " ".join(asked.split())


def test_nothing_is_asked_of_a_canonical_file():
    with visited([SAMPLES / "canonical" / "good.csv"], RunOptions(as_of=NOW)) as (visitor, _):
        assert "Nothing is missing" in visitor.get("questions").said


def test_the_calls_change_with_the_answer_before_it_is_given(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime\n1604591025698235234,2026-03-02 10:00:00\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("questions")
        moscow, almaty, nowhere = (
            visitor.get(f"questions/examples?key=timezone&answer={zone}").said
            for zone in ("Europe/Moscow", "Asia/Almaty", "x")
        )
        given = dict(page.visit.answers)
        shown = visitor.post("questions", {"preview": "timezone", "answer-timezone": "Asia/Almaty"}).said

    assert "+03:00" in moscow
    assert "+05:00" in almaty
    assert nowhere.strip() == ""
    assert given == {}
    assert "+05:00" in shown


def test_an_answer_that_is_none_is_asked_again_with_the_reason(sipuni):
    with visited([sipuni], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("questions")
        said = visitor.post("questions", {"answer-timezone": "Mars/Olympus"}).said

    assert "Mars/Olympus" in said
    assert "timezone" not in page.visit.answers


def test_answers_of_an_old_tab_are_not_taken_for_other_files(sipuni, tmp_path):
    other = tmp_path / "calls.csv"
    other.write_text("ClientId,DateTime\n1604591025698235234,2026-03-02 10:00:00\n", encoding="utf-8")
    with visited([sipuni], RunOptions(as_of=NOW)) as (visitor, page):
        old = visitor.asked_of
        visitor.post("files", files=[("calls", "calls.csv", other.read_bytes())])
        visitor.post("remove", {"number": "1"})
        visitor.get("questions")
        second = [("answer-identifiers", "second.csv", b"phone\n1\n")]
        said = visitor.post("questions", {"asked_of": old, "answer-timezone": "Asia/Almaty"}, second).said
        given, kept = dict(page.visit.answers), [*page.visit.inbox.rglob("second.csv")]
        visitor.post("questions", {"answer-timezone": "Europe/Moscow"})
        taken = dict(page.visit.answers)

    assert "the answers, which were about other files, were not taken" in said
    assert given == {}
    assert kept == []
    assert taken == {"timezone": "Europe/Moscow"}


def test_an_answer_can_be_taken_back(sipuni):
    with visited([sipuni], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.answer(page, {"timezone": "Europe/Moscow", "static-call": "auto"})
        before = dict(page.visit.answers)
        visitor.post("questions/forget", {"key": "timezone"})

    assert before["timezone"] == "Europe/Moscow"
    assert "timezone" not in page.visit.answers


def test_a_second_file_is_handed_over_with_its_question_and_shown_by_its_own_name(sipuni, tmp_path):
    second = b"phone,time,ClientId\n+74950000100,2026-03-02 09:00:00,1604591025698235234\n"
    with visited([sipuni], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.post("files", files=[("second", "crm (март).csv", second)])
        visitor.answer(page, {"timezone": "Europe/Moscow", "static-call": "auto"})
        pages = [visitor.get(name) for name in ("files", "questions", "findings", "results")]
        calls = visitor.get("download/calls.csv").text
        report = visitor.get("download/report.html").text

    assert "1604591025698235234" in calls
    assert all(str(page.visit.folder) not in one.text for one in pages)
    assert str(page.visit.folder) not in report
    assert "--identifiers 'crm (март).csv'" in pages[3].said


@pytest.fixture
def workbook(sipuni):
    """A workbook with the calls of an export, and what a CRM knows in another sheet."""
    book = Workbook()
    calls = book.active
    calls.title = "Звонки"
    with sipuni.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file, delimiter=";"):
            calls.append(row)
    leads = book.create_sheet("Лиды")
    leads.append(["phone", "time", "ClientID"])
    leads.append(["+74950000100", "2026-03-02 09:00:00", "1604591025698235234"])
    book.save(content := io.BytesIO())
    return content.getvalue()


def hand_over_with_second_sheet(visitor, page, workbook):
    visitor.post("files", files=[("calls", "Звонки.xlsx", workbook)])
    path = page.visit.files[0].found.path
    answers = {"identifiers": f"{path}::Лиды", "timezone": "Europe/Moscow", "static-call": "auto"}
    visitor.answer(page, answers)
    assert page.visit.answers["identifiers"] == f"{path}::Лиды"
    return path


def test_a_second_file_that_is_a_sheet_of_the_calls_is_removed_without_them(workbook):
    with visited(options=RunOptions(as_of=NOW)) as (visitor, page):
        path = hand_over_with_second_sheet(visitor, page, workbook)
        files = visitor.post("remove", {"what": "second"})
        exists = path.exists()

    assert files.status == 200
    assert "Звонки.xlsx" in files.said
    assert "identifiers" not in page.visit.answers
    assert exists


def test_a_second_file_that_is_a_sheet_goes_with_its_workbook(workbook):
    with visited(options=RunOptions(as_of=NOW)) as (visitor, page):
        path = hand_over_with_second_sheet(visitor, page, workbook)
        visitor.post("remove", {"number": "1"})
        exists = path.exists()
        answers = dict(page.visit.answers)
        again = visitor.post("files", files=[("calls", "next.xlsx", workbook)])

    assert not exists
    assert "identifiers" not in answers
    assert again.status == 200
    assert "There is no file" not in again.said


def test_an_unknown_export_becomes_a_profile_that_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "journal.csv"
    source.write_text(UNKNOWN, encoding="utf-8")
    answers = {
        "column.DateTime": "Когда", "column.PhoneNumber": "Кто звонил", "column.direction": "Направление",
        "column.CallMissed": "Состояние", "column.TalkDuration": "Разговор", "vendor": "our-pbx",
        "word.вх": "incoming", "word.исх": "outgoing", "word.отвечен": "answered", "word.не отвечен": "missed",
        "timezone": "Europe/Moscow", "static-call": "auto", "column.HoldDuration": "-",
    }  # fmt: skip
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        first = visitor.get("questions").said
        visitor.answer(page, answers)
        findings = visitor.get("findings").said
        profile = visitor.get("download/profile.toml").text
        visitor.get("results")
        lines = visitor.get("download/calls.csv").text.splitlines()
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        again = visitor.get("files").said

    assert "Когда" in first
    assert "read 3 = written 2 + skipped 1" in findings
    assert (tmp_path / "calltools-vendors" / "our-pbx.toml").read_text(encoding="utf-8") == profile
    assert len(lines) == 3
    assert "our-pbx" in again


def test_a_time_in_two_columns_is_filled_in_and_answers_stand_in_the_words_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "export.csv"
    source.write_text(
        "День,Час,Клиент\n11.11.2026,10:15:20,+74950000101\n12.11.2026,11:15:20,+74950000102\n", encoding="utf-8"
    )
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        asked = visitor.get("questions")
        given = visitor.post("questions", {"answer-column.direction": "-"})

    assert '<option value="День + Час" selected>' in asked.text
    assert "suggests: -" not in asked.said
    assert "column.direction" not in given.said
    assert "Which column tells incoming calls from outgoing ones? no column" in " ".join(given.said.split())


def test_advice_names_the_question_of_the_page_and_leads_to_it(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text(
        "ClientId,DateTime,PhoneNumber\n1604591025698235234,1772434800,8 495 000-01-01\n", encoding="utf-8"
    )
    with visited([source], RunOptions(as_of=NOW, region="US")) as (visitor, page):
        findings = visitor.get("findings")
        [link] = set(re.findall(r'href="([^"]*questions\?ask=[^"]*)"', findings.text))
        asked = visitor.get(link.removeprefix(f"{visitor.base}/"))
        answered = visitor.post("questions", {"answer-region": "RU"})
        after = visitor.get("findings").said
        told = dict(page.visit.answers)

    assert "--region" not in findings.said
    assert link.endswith("ask=region#q-region")
    assert 'id="q-region"' in asked.text
    assert "The findings have led you here" in asked.said
    assert "Nothing more is missing" in answered.said
    assert told == {"region": "RU"}
    assert "Every call can go to Metrica" in after


@pytest.mark.parametrize(("key", "wrong", "reason", "right"), [
    ("header-row", "9", "calls.csv has no such header row", "3"),
    ("header-row", "x", "header-row cannot be x", "3"),
    ("header-row", "9" * 5000, "header-row cannot be 999", "3"),
    ("identifier-window", "ten days", "ten days is not a span of time", "10d"),
    ("outcome-window", "10 d", "10 d is not a span of time", "12h"),
    ("as-of", "tomorrow", "tomorrow is not a time with its zone", "2026-03-10T12:00:00+03:00"),
    ("as-of", "2026-03-10 12:00", "2026-03-10 12:00 is not a time with its zone", "1773273601"),
])  # fmt: skip
def test_what_advice_leads_to_is_asked_and_a_wrong_answer_is_asked_again(tmp_path, key, wrong, reason, right):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime\n1604591025698235234,1772434800\nClientId,DateTime\n")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        usual = page.visit.options
        asked = visitor.get(f"questions?ask={key}")
        refused = " ".join(visitor.post("questions", {f"own-{key}": wrong}).said.split())
        kept = dict(page.visit.answers)
        visitor.post("questions", {f"own-{key}": right})
        visitor.get("findings")
        taken, options = dict(page.visit.answers), page.visit.options
        [read] = page.visit.inspection.files

    # A choice of leaving it open beside the field would be sent, too, and go before what is typed.
    assert f'name="answer-{key}"' not in asked.text
    assert reason in refused
    assert f"--{key}" not in refused
    assert kept == {}
    assert taken == {key: right}
    assert options != usual
    assert read.source.header_row == (3 if key == "header-row" else 1)


def test_a_question_that_only_names_an_option_is_asked_in_words(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime\n1604591025698235234,1772434800\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        page.visit.answers = {"vendor": "nobody"}
        asked = visitor.get("questions").said

    assert "--vendor?" not in asked
    assert "Which profile fits" in asked


def test_two_unknown_exports_are_asked_about_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(UNKNOWN, encoding="utf-8")
    (tmp_path / "b.csv").write_text(
        "start;caller;did;dir;res;sec\n2026-03-02 10:00:00;74950000103;74950000200;in;ok;35\n"
        "2026-03-02 11:30:00;74950000104;74950000200;in;no;0\n",
        encoding="utf-8",
    )
    answers = {
        "a.csv": {
            "column.DateTime": "Когда", "column.PhoneNumber": "Кто звонил", "column.direction": "Направление",
            "column.CallMissed": "Состояние", "column.TalkDuration": "Разговор", "column.HoldDuration": "-",
            "word.вх": "incoming", "word.исх": "outgoing", "word.отвечен": "answered", "word.не отвечен": "missed",
            "vendor": "pbx-a", "timezone": "Europe/Moscow", "static-call": "auto",
        },
        "b.csv": {
            "column.DateTime": "start", "column.PhoneNumber": "caller", "column.direction": "dir",
            "column.CallMissed": "res", "column.TalkDuration": "sec", "column.HoldDuration": "-",
            "word.in": "incoming", "word.ok": "answered", "word.no": "missed", "vendor": "pbx-b", "region": "RU",
        },
    }  # fmt: skip
    with visited(["a.csv", "b.csv"], RunOptions(as_of=NOW)) as (visitor, page):
        first = visitor.get("questions").said
        order = []
        for _ in range(10):
            visitor.get("questions")
            asked = page.visit.inspection.questions
            if not asked:
                break
            order += [one.file for one in asked if one.key == "column.DateTime"]
            visitor.post("questions", {f"answer-{one.key}": answers[one.file].get(one.key, "") for one in asked})
        findings = visitor.get("findings").said

    assert "b.csv: nobody knows this export yet" in first
    assert "--vendor" not in first
    assert order == ["a.csv", "b.csv"]
    assert {path.name for path in (tmp_path / "calltools-vendors").iterdir()} == {"pbx-a.toml", "pbx-b.toml"}
    assert findings.count("written 2") == 2
