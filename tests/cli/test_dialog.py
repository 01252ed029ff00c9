"""Questions at a terminal, with what a person sees under an answer."""

import io

import pytest

from calltools.cli.dialog import Dialog, format_table
from calltools.files.folders import FoundFile
from calltools.guide import inspect
from calltools.run import RunOptions


def test_a_call_that_an_answer_leaves_as_it_is_is_not_said_to_be_left_out(tmp_path, monkeypatch, capsys):
    source = tmp_path / "calls.csv"
    source.write_text(
        "ClientId,DateTime,Price\n1604591025698235234,1773000000,150\n1604591025698235235,1773000060,\n", "utf-8"
    )
    found = [FoundFile(source, source.name)]
    monkeypatch.setattr("sys.stdin", io.StringIO("RUB\n"))
    answers = Dialog("en").ask_all({}, lambda given: inspect(found, given, RunOptions(as_of=1773273600)))
    shown = capsys.readouterr().err

    assert answers == {"currency": "RUB"}
    assert "150" in shown
    assert "is not sent" not in shown


HEAD = ("", "Номер звонящего", "", "Время звонка", "Длительность разговора")
ROWS = [("    4", "+7495***01**", "->", "22.11.2026 10:00:00 +03:00", "58"), ("    5", "+7495***02**", "->", "-")]


@pytest.mark.parametrize("width", [200, 79, 60, 30])
def test_a_table_of_calls_fits_the_terminal_and_loses_nothing(width):
    lines = format_table(HEAD, ROWS, width)

    assert max(map(len, lines)) <= width
    shown = " ".join(" ".join(lines).split())
    for word in [
        "Номер",
        "звонящего",
        "Время",
        "звонка",
        "Длительность",
        "разговора",
        "22.11.2026",
        "+03:00",
        "+7495***02**",
        "58",
    ]:
        assert word in shown
    assert (len(lines) == 3) == (width > 75)


def test_the_question_before_a_refused_answer_is_that_of_the_answer_before(tmp_path, monkeypatch, capsys):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime,Price\n1604591025698235234,2026-03-02 10:00:00,150\n", "utf-8")
    found = [FoundFile(source, source.name)]
    monkeypatch.setattr("sys.stdin", io.StringIO("Мордор\nназад\nМосква\nназад\nОмск\n?\nруб\n"))

    dialog = Dialog("ru")
    answers = dialog.ask_all({}, lambda given: inspect(found, given, RunOptions(as_of=1773273600)))
    shown = capsys.readouterr().err

    assert answers == {"timezone": "Asia/Omsk", "currency": "RUB"}
    assert shown.count("Это первый вопрос.") == 1
    assert "города: Мордор" in shown
    assert "Ctrl-C — прервать" in shown
    assert dialog.may_go_back
    assert dialog.take_back(answers) == {"timezone": "Asia/Omsk"}
