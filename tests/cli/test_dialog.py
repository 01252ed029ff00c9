"""Questions at a terminal, with what a person sees under an answer."""

import io

import pytest
import typer

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


class _Interrupted:
    def readline(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize("typed", [_Interrupted(), io.StringIO("")], ids=["Ctrl-C", "the input ends"])
def test_whoever_stops_at_a_question_is_told_that_nothing_was_sent(tmp_path, monkeypatch, capsys, typed):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime,Price\n1604591025698235234,1773000000,150\n", "utf-8")
    found = [FoundFile(source, source.name)]
    monkeypatch.setattr("sys.stdin", typed)

    with pytest.raises(typer.Abort):
        Dialog("ru").ask_all({}, lambda given: inspect(found, given, RunOptions(as_of=1773273600)))

    assert capsys.readouterr().err.endswith("\n  Прервано: ничего не отправлено.\n")


def test_a_refused_answer_is_folded_between_words(tmp_path, monkeypatch, capsys):
    titles = ["Дата и время звонка", "Номер звонящего абонента", "Длительность разговора", "Оценка менеджера"]
    source = tmp_path / "calls.csv"
    source.write_text(f"{','.join(titles)}\n01.11.2026 9:05,+74950001101,195,5\n", "utf-8")
    found = [FoundFile(source, source.name)]
    monkeypatch.setattr("sys.stdin", io.StringIO("завтра\n"))
    monkeypatch.setattr("calltools.cli.dialog.report_width", lambda _stream: 60)

    with pytest.raises(typer.Abort):
        Dialog("ru").ask_all({}, lambda given: inspect(found, given, RunOptions(as_of=1773273600)))

    # What is typed, with the end of its line, is not in what the program prints.
    refused = capsys.readouterr().err.partition("  В образце нет столбца завтра.")[2].partition("\n\n")[0]
    told = f"  В образце нет столбца завтра.{refused}".splitlines()[:-1]
    assert len(told) > 1
    assert max(map(len, told)) <= 60
