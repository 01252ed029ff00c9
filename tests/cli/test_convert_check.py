"""``convert --check``: the findings of the conversion, without its output."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app

SIPUNI = Path(__file__).parent.parent.parent / "samples" / "sipuni" / "export.csv"
UNTIDY = "ClientId,DateTime,PhoneNumber\n1604591025698235234,1773014400,8 (495) 000-12-34\n"
BAD = "ClientId,DateTime,PhoneNumber\nnobody,1773014400,+74950001234\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "untidy.csv").write_text(UNTIDY, encoding="utf-8")
    (tmp_path / "bad.csv").write_text(BAD, encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(
        app, [*arguments, "--as-of", "2026-03-12T00:00:00Z", "--lang", "en", "--output-format", "concise"]
    )


def test_what_convert_repairs_is_no_finding(run):
    assert run("validate", "untidy.csv", "--region", "RU").exit_code == 1
    assert run("convert", "untidy.csv", "--check", "--region", "RU").exit_code == 0


def test_nothing_is_written_and_no_record_is_printed(run, tmp_path):
    before = sorted(tmp_path.iterdir())

    done = run("convert", "bad.csv", "untidy.csv", "--check", "-o", "out.csv", "--rejects", "rejects.csv")

    assert done.exit_code == 1
    assert "CT201" in done.stdout
    assert "1604591025698235234" not in done.output
    assert sorted(tmp_path.iterdir()) == before


def test_the_findings_are_those_of_the_conversion(run):
    arguments = ("convert", str(SIPUNI), "--timezone", "Europe/Moscow", "--report")

    checked = run(*arguments, "checked.csv", "--check")
    converted = run(*arguments, "converted.csv", "-o", "out.csv")

    assert checked.exit_code == converted.exit_code == 1
    assert checked.stdout == converted.stdout
    assert Path("checked.csv").read_bytes() == Path("converted.csv").read_bytes()


def test_other_files_are_checked_when_one_cannot_be_read(run):
    done = run("convert", "nowhere.csv", "bad.csv", "--check")

    assert done.exit_code == 3
    assert "bad.csv:2 ClientId CT201" in done.stdout
