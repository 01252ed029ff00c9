"""JSON, JSON Lines and CSV: promises to programs."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import SourceError, UsageError
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports import REPORTERS, form_for_path
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from tests.reports.sample_findings import CSV, FINDINGS, JSON, PHONE, TEXT_FORMS, WORKBOOK, cell, render_in_form

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def in_csv(report):
    return list(csv.DictReader(io.StringIO(report, newline=""), strict=True))


def test_the_json_report_has_the_published_shape():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    report = json.loads(render_in_form("json", sources=(CSV, WORKBOOK, JSON)))

    jsonschema.validate(report, SCHEMA)
    assert list(report) == ["schema_version", "tool", "files", "total", "counts", "findings"]
    assert report["counts"] == {code: 3 * count for code, count in {
        "CT005": 1, "CT103": 1, "CT203": 1, "CT221": 1, "CT241": 2, "CT281": 1, "CT301": 1, "CT402": 1,
    }.items()}  # fmt: skip


def test_the_keys_are_those_of_the_contract_and_no_others():
    report = json.loads(render_in_form("json"))

    assert list(report["files"][0]) == [
        "path", "vendor", "sheet", "encoding", "delimiter", "header_row", "records", "written", "skipped", "rejected",
        "errors", "warnings", "notes",
    ]  # fmt: skip
    assert list(report["findings"][0]) == [
        "code", "name", "severity", "message", "file", "sheet", "record", "line", "row", "column", "cell", "value",
        "fix", "fingerprint",
    ]  # fmt: skip


def test_json_and_the_library_give_the_same_findings():
    listed = [
        {key: value for key, value in asdict(one).items() if value is not None or not key.startswith("last_")}
        for one in render_findings(Findings.from_rows(FINDINGS), WORKBOOK, "calls.xlsx", ReportOptions("ru"))
    ]

    report = json.loads(render_in_form("json", sources=(WORKBOOK,), options=ReportOptions("ru")))

    assert report["findings"] == listed


def test_json_lines_are_the_findings_of_the_report():
    lines = render_in_form("jsonl", sources=(CSV, WORKBOOK)).splitlines()

    assert [json.loads(line) for line in lines] == json.loads(render_in_form("json", sources=(CSV, WORKBOOK)))[
        "findings"
    ]


def test_a_file_in_json_shows_how_it_was_read_and_its_counts():
    report = json.loads(
        render_in_form("json", sources=(WORKBOOK,), vendor="pbx", written=4, skipped={"outgoing": 2, "leg": 0})
    )

    assert report["files"] == [
        {
            "path": "calls.xlsx", "vendor": "pbx", "sheet": "Звонки", "encoding": None, "delimiter": None,
            "header_row": 3, "records": 9, "written": 4, "skipped": {"outgoing": 2}, "rejected": 3,
            "errors": 6, "warnings": 2, "notes": 1,
        }
    ]  # fmt: skip


def test_an_unreadable_file_has_its_sentence_and_no_finding():
    stream = io.StringIO()
    reporter = REPORTERS["json"](stream, ReportOptions())
    summary = Summary("gone.csv", error=SourceError("file-missing", path="gone.csv"))
    reporter.start(None, "gone.csv")
    reporter.finish(summary)
    reporter.close([summary])

    report = json.loads(stream.getvalue())

    jsonschema.validate(report, SCHEMA)
    assert report["files"][0]["error"] == "There is no file gone.csv."
    assert report["findings"] == []


def test_no_file_at_all_is_still_a_document():
    stream = io.StringIO()
    REPORTERS["json"](stream, ReportOptions()).close([])

    jsonschema.validate(json.loads(stream.getvalue()), SCHEMA)


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_the_bytes_do_not_depend_on_batches_or_the_buffer(form):
    whole = render_in_form(form, sources=(CSV, WORKBOOK))

    assert render_in_form(form, sources=(CSV, WORKBOOK), batches=4) == whole
    assert render_in_form(form, sources=(CSV, WORKBOOK), options=ReportOptions(buffer_rows=2), batches=9) == whole


@pytest.mark.parametrize("form", ["text", "concise", "csv", "jsonl"])
@pytest.mark.parametrize("limits", [{"buffer_rows": len(FINDINGS)}, {"buffer_bytes": 1}], ids=["rows", "bytes"])
def test_findings_are_written_once_the_buffer_is_full(form, limits):
    stream = io.StringIO()
    reporter = REPORTERS[form](stream, ReportOptions(**limits))
    reporter.start(CSV, "calls.csv")

    reporter.take(Findings.from_rows(FINDINGS))

    assert "CT241" in stream.getvalue()


def test_a_stream_of_bytes_gets_the_same_text():
    below = io.BytesIO()
    stream = io.TextIOWrapper(below, "utf-8", newline="")
    reporter = REPORTERS["csv"](stream, ReportOptions("ru"))
    reporter.start(CSV, "calls.csv")
    reporter.take(Findings.from_rows(FINDINGS))
    reporter.finish(Summary("calls.csv", CSV))
    reporter.close([])
    stream.flush()

    assert below.getvalue().decode() == render_in_form("csv", options=ReportOptions("ru"))


def test_the_csv_report_has_a_header_and_a_line_a_finding():
    report = render_in_form("csv", sources=(CSV, WORKBOOK))
    rows = in_csv(report)

    assert report.startswith("file,sheet,severity,code,name,record,line,row,column,cell,value,fix,after,message\n")
    assert len(rows) == 2 * len(FINDINGS) == report.count("\n") - 1
    assert rows[4] | {"message": ""} == {
        "file": "calls.csv", "sheet": "", "severity": "error", "code": "CT221", "name": "price-not-decimal",
        "record": "3", "line": "4", "row": "", "column": "Price", "cell": "", "value": "12,50", "fix": "safe",
        "after": "12.50", "message": "",
    }  # fmt: skip


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠", "|"])
def test_no_cell_of_the_csv_report_is_a_formula(lead):
    text = f"{lead}cmd|' /C calc'!A0"
    row = cell("CT282", "Tag", 11, text, text) | {"column": text}

    found = in_csv(render_in_form("csv", [row], sources=(CSV, WORKBOOK)))

    for one in found:
        for title in ("value", "after", "column", "message", "file"):
            assert one[title][:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"}
        assert "calc" in one["value"]


@given(value=TEXTS, after=st.none() | TEXTS, title=TEXTS)
def test_any_cell_survives_the_way_through_json_and_csv(value, after, title):
    row = cell("CT281", "Price", 5, value, after) | {"column": title}
    options = ReportOptions(show_values=True)

    one = json.loads(render_in_form("jsonl", [row], options=options))
    line = in_csv(render_in_form("csv", [row], options=options))

    assert (one["value"], one["column"]) == (value, title)
    assert one["fix"] == (None if after is None else {"kind": "safe", "after": after})
    assert len(line) == 1
    assert line[0]["code"] == "CT281"
    assert None not in line[0]


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("b.JSONL", "jsonl"), ("c.d.csv", "csv"), ("g.gitlab.json", "gitlab"), ("r.rdjson", "rdjson")],
)
def test_the_ending_of_a_report_file_chooses_the_form(name, form):
    assert form_for_path(Path(name)) == form


def test_an_unknown_ending_is_refused_with_the_allowed_ones():
    with pytest.raises(UsageError, match=r"r\.pdf") as caught:
        form_for_path(Path("r.pdf"))

    assert ".json, .jsonl, .csv" in str(caught.value)


def test_a_cell_of_megabytes_does_not_break_a_report():
    row = cell("CT281", "Tag", 11, "я" * 3_000_000)

    assert len(json.loads(render_in_form("jsonl", [row]))["value"]) == 3_000_000
    assert len(render_in_form("concise", [row])) < 1000
    assert PHONE not in render_in_form("concise", [row])
