"""The page of a step on GitHub Actions: beside the annotations, after what the file holds, never over its limit."""

import io

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.model.finding import Findings
from calltools.reports.github import StepSummaryReporter
from calltools.reports.reporter import ReportOptions
from calltools.settings import read_settings
from tests.reports.sample_findings import CSV, FINDINGS, PHONE, render_in_form, summary_of

CALLS = f"ClientId,DateTime,PhoneNumber\n1604591025698235234,1773014400,{PHONE}\n"


def render_page(names, room, language="en"):
    stream = io.StringIO()
    reporter = StepSummaryReporter(stream, ReportOptions(language), room)
    for name in names:
        reporter.start(CSV, name)
        reporter.take(Findings.from_rows(FINDINGS))
        reporter.finish(summary_of(CSV, FINDINGS))
    reporter.close([])
    return stream.getvalue()


@pytest.fixture
def github(tmp_path, monkeypatch):
    """Runs a command as in a step, and gives the exit code, the log and the page."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("# Before\n", encoding="utf-8")

    def run(*arguments, page=page):
        environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page), "CALLTOOLS_LANG": "en"}
        done = CliRunner().invoke(app, [*arguments, "--as-of", "2026-03-12T00:00:00Z"], env=environ)
        return done.exit_code, done.stdout, page.read_text(encoding="utf-8") if page.is_file() else None

    return run


def test_the_page_is_the_markdown_report():
    assert render_page(["calls.csv"], 10**6) == render_in_form("markdown", FINDINGS)


def test_a_run_appends_its_page_to_the_file(github):
    code, log, once = github("validate", "calls.csv")
    _, _, twice = github("validate", "calls.csv")

    assert code == 1
    assert "::error file=calls.csv,line=2,title=CT241" in log
    assert once.startswith("# Before\n### calls.csv\n")
    assert twice == once + once.removeprefix("# Before\n")


def test_values_on_the_page_are_redacted_by_default(github):
    _, _, masked = github("validate", "calls.csv")
    _, _, shown_too = github("validate", "calls.csv", "--show-values")

    assert PHONE not in masked
    assert PHONE in shown_too.removeprefix(masked)


def test_other_forms_leave_the_page_alone(github):
    assert github("validate", "calls.csv", "--output-format", "json")[2] == "# Before\n"
    assert github("validate", "calls.csv", "--output-format", "github")[2] != "# Before\n"


def test_a_conversion_has_a_page_too(github):
    _, _, page = github("convert", "calls.csv", "--region", "RU", "-o", "out.csv")

    assert page.startswith("# Before\n### calls.csv\n")
    assert "written 1" in page


def test_where_the_runner_made_no_file_there_is_no_page(github, tmp_path):
    code, _, page = github("validate", "calls.csv", page=tmp_path / "nowhere" / "page.md")

    assert code == 1
    assert page is None


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "Files left out for want of room: 2;"), ("ru", "Не поместилось файлов: 2;")]
)
def test_files_are_left_out_whole_where_there_is_no_room(language, expected):
    size = len(render_page(["a.csv"], 10**6, language).encode())

    page = render_page(["a.csv", "b.csv", "c.csv"], 2 * size - 1, language)

    assert page.startswith(render_page(["a.csv"], 10**6, language))
    assert "b.csv" not in page
    assert page.splitlines()[-1].startswith(expected)


def test_the_setting_is_the_runners_variable():
    assert read_settings({"GITHUB_STEP_SUMMARY": "page.md"}).step_summary == "page.md"
    assert read_settings({"GITHUB_STEP_SUMMARY": ""}).step_summary is None
