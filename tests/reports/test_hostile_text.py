"""Hostile text through every form: the output keeps its structure, and nothing in it is executed."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from calltools.reports.reporter import ReportOptions
from tests.reports.sample_findings import CSV, TEXT_FORMS, WORKBOOK, cell, render_in_form

# Many examples of a few laws: tracing each of them takes half as long again.
pytestmark = pytest.mark.untraced

NAUGHTY = {
    "ansi": "\x1b[2J\x1b]0;title\x07",
    "c1": "\x9b31m\x9d0;x\x9c",
    "bidi": "\u202eevil\u2066x\u2069",
    "zero width": "a\u200b\u200d\ufeffb",
    "line ends": "a\nb\r\nc\rd\u2028e\u0085f",
    "workflow command": "\n::error file=x::pwned\n::stop-commands::t",
    "old command": "x ##[add-path]/tmp",
    "command escapes": "100%0A::set-env name=A::b",
    "formula": '=HYPERLINK("http://example.com?"&A1,"click")',
    "dde": "=cmd|' /C calc'!A0",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "quotes": '"\'`\\"\\',
    "braces": "{0} {value} %s ${x} {{7*7}}",
    "markup": "[bold red]x[/] [link=http://x]y[/]",
    "nul": "a\x00b",
    "separator": "a\x1fb",
    "wide": "\U0001f600\U0001f1f7\U0001f1fa\u0301\u0489",
    "tags": "\U000e0041\U000e007f",
    "surrogate-like": "\ud7ff\ue000\uffff\ufffd",
    "delimiters": 'a,b;c\td|e"',
}
_SEEN_ONLY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def render_report(form, text, language):
    row = cell("CT281", "Tag", 11, text, text) | {"column": text, "detail": text}
    stranger = cell("CT601", None, 3, text) | {"column": text, "detail": text}
    sources = (replace(CSV, name=f"{text}.csv"), replace(WORKBOOK, sheet=text))
    return render_in_form(form, [row, stranger], sources=sources, options=ReportOptions(language, show_values=True))


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("form", TEXT_FORMS)
def test_nothing_unseen_reaches_the_reader(form, language, text):
    report = render_report(form, text, language).replace("\u00a0", " ")

    assert not _SEEN_ONLY.search(report)


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_json_gives_the_text_back(text):
    report = json.loads(render_report("json", text, "en"))
    lines = render_report("jsonl", text, "en").splitlines()

    assert [one["value"] for one in report["findings"]] == [text] * 4
    assert [json.loads(line)["column"] for line in lines] == [text] * 4
    assert report["files"][0]["path"] == f"{text}.csv"
    assert report["findings"][2]["sheet"] == text


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_csv_stays_a_table_without_formulas(text):
    rows = list(csv.reader(io.StringIO(render_report("csv", text, "en"), newline=""), strict=True))

    assert {len(row) for row in rows} == {14}
    assert len(rows) == 1 + 4
    assert not [value for row in rows for value in row if value[:1] and value[0] in "=+-@"]


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_concise_stays_a_line_a_finding(text):
    assert render_report("concise", text, "en").count("\n") == 4


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_the_runner_obeys_only_our_own_commands(text):
    lines = render_report("github", text, "en").splitlines()
    commands = [line for line in lines if line.lstrip().startswith("::")]

    assert all(re.match(r"::(error|warning|notice) (file=[^:]*,line=[0-9]+,)?title=[^:]*::", line) for line in commands)
    assert len(commands) == 4
    assert not [line for line in lines if "##[" in line]


def test_a_file_whose_name_is_a_command_is_not_obeyed_in_the_log():
    source = replace(CSV, name="::error::x ##[y].csv")

    log = render_in_form("github", sources=(source,))

    assert log.startswith(r"\x3a:error::x #\x23[y].csv:1 ")
    assert r"::error file=%3A%3Aerror%3A%3Ax #\x23[y].csv,line=" in log
