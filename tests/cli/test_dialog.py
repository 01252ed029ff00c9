"""Questions at a terminal, with what a person sees under an answer."""

import io

from calltools.cli.dialog import Dialog
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
