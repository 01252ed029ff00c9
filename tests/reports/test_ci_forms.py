"""Forms for CI: valid by their own schemas for any cell, with complete counts."""

import io
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import validator_for
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.errors import SourceError
from calltools.model.finding import Findings
from calltools.reports import REPORTERS
from calltools.reports.reporter import ReportOptions
from calltools.reports.sarif import make_sarif_reporter
from calltools.rules.catalog import RULES
from tests.reports.sample_findings import CSV, FINDINGS, JSON, WORKBOOK, cell, render_in_form, summary_of
from tests.reports.test_hostile_text import NAUGHTY

SAMPLES = Path(__file__).parent.parent.parent / "samples"
STRING = {"type": "string", "minLength": 1}
SEVERITY = {"enum": ["ERROR", "WARNING", "INFO"]}
#: Elements of JUnit with the attributes that they may have, and those that they must, as Jenkins publishes it
#: (xunit-plugin, junit-10.xsd).
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "timestamp", "hostname", "id", "package", "file", "time"},
        {"name", "tests", "failures", "errors"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "classname", "time", "group"}, {"name"}, {"skipped", "error", "failure", "system-out"}),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}


def only(**properties):
    """An object with these properties, all of them, and no other."""
    return {
        "type": "object", "properties": properties, "required": [*properties], "additionalProperties": False,
    }  # fmt: skip


#: As far as the documents of each format require; the sources are named in the modules of the reporters.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SCHEMAS = {
    "gitlab": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "required": ["path", "lines"],
                    "properties": {"path": {"not": {"pattern": "^(/|[.]/)"}},
                                   "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}},
                },
            },
        },
    },
    # As reviewdog publishes it (proto/rdf/jsonschema/DiagnosticResult.json), but nothing unknown is let through.
    "rdjson": only(
        source=only(name=STRING), severity=SEVERITY, diagnostics={"type": "array", "items": only(
            message=STRING,
            location=only(path=STRING, range=only(start=only(line={"type": "integer", "minimum": 1}))),
            severity=SEVERITY,
            code=only(value=STRING),
        )},
    ),
    "sarif": {
        "type": "object",
        "required": ["version", "runs"],
        "properties": {
            "version": {"const": "2.1.0"},
            "runs": {
                "minItems": 1,
                "items": {
                    "required": ["tool", "results"],
                    "properties": {
                        "tool": {"required": ["driver"], "properties": {"driver": {
                            "required": ["name"],
                            "properties": {"rules": {"items": {"required": ["id"], "properties": {
                                "shortDescription": TEXT, "fullDescription": TEXT, "help": TEXT}}}},
                        }}},
                        "results": {"items": {
                            "required": ["message", "ruleId", "locations"],
                            "properties": {
                                "message": TEXT,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "locations": {"minItems": 1, "items": {"required": ["physicalLocation"]}},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        }},
                    },
                },
            },
        },
    },
}  # fmt: skip
PUBLISHED = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
LISTS = {
    "gitlab": lambda document: document,
    "rdjson": lambda document: document["diagnostics"],
    "sarif": lambda document: document["runs"][0]["results"],
}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("form", SCHEMAS)
def test_each_finding_is_in_the_list_and_the_list_is_sound(form, language):
    document = json.loads(render_in_form(form, list(FINDINGS), sources=(CSV,), options=ReportOptions(language)))

    Draft202012Validator(SCHEMAS[form]).validate(document)
    assert len(LISTS[form](document)) == len(FINDINGS)


@pytest.mark.parametrize("form", SCHEMAS)
def test_a_clean_file_gives_a_sound_empty_list(form):
    document = json.loads(render_in_form(form, [], sources=(CSV,)))

    Draft202012Validator(SCHEMAS[form]).validate(document)
    assert LISTS[form](document) == []


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
@pytest.mark.parametrize("form", SCHEMAS)
def test_hostile_cells_leave_documents_sound(form, text):
    document = json.loads(
        render_in_form(
            form, [cell("CT281", text, 11, text, text)], sources=(CSV,), options=ReportOptions(show_values=True)
        )
    )

    assert len(LISTS[form](document)) == 1


def as_published(report):
    """The run, if the published schema of SARIF takes the document."""
    document = json.loads(report)
    validator_for(PUBLISHED)(PUBLISHED).validate(document)
    return document["runs"][0]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("rows", [[], list(FINDINGS)], ids=["clean", "some"])
def test_sarif_is_as_published(rows, language):
    run = as_published(render_in_form("sarif", rows, sources=(CSV, WORKBOOK, JSON), options=ReportOptions(language)))

    assert len(run["results"]) == 3 * len(rows)


def test_an_address_in_sarif_is_one_and_the_advice_is_in_the_language_of_the_report():
    source = replace(CSV, name="s3://bucket/a b:c.csv")

    (result,) = as_published(
        render_in_form("sarif", [cell("CT281", "-", 11, "Tag", "-")], sources=(source,), options=ReportOptions("ru"))
    )["results"]

    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "s3://bucket/a%20b:c.csv"
    assert re.search("[а-я]", result["properties"]["advice"])


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_sarif_is_as_published_whatever_a_cell_or_a_name_holds(text):
    source = replace(CSV, name=f"{text}.csv")
    rows = [cell("CT281", text, 11, text, text)]

    assert (
        len(
            as_published(render_in_form("sarif", rows, sources=(source,), options=ReportOptions(show_values=True)))[
                "results"
            ]
        )
        == 1
    )


def test_the_published_schema_refuses_what_is_not_sarif():
    with pytest.raises(ValidationError):
        as_published('{"version": "2.1.0", "runs": [{"results": []}]}')


def test_sarif_lists_every_rule_and_findings_refer_to_it():
    document = json.loads(render_in_form("sarif", list(FINDINGS), sources=(CSV,)))

    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in document["runs"][0]["results"])


def test_sarif_counts_the_findings_it_left_out():
    document = as_published(render_in_form(partial(make_sarif_reporter, max_results=4), list(FINDINGS), sources=(CSV,)))

    assert len(document["results"]) == 4
    text = document["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert text.startswith(f"{len(FINDINGS) - 4} ")


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_junit_is_xml_whatever_a_cell_holds(text):
    report = render_in_form(
        "junit", [cell("CT281", text, 11, text, text)], sources=(CSV,), options=ReportOptions(show_values=True)
    )

    suites = fromstring(report.encode())
    assert [case.get("name") for case in suites.iter("testcase")] == ["CT281 placeholder-value"]


@pytest.mark.parametrize("rows", [[], list(FINDINGS)], ids=["clean", "some"])
@pytest.mark.parametrize("error", [None, SourceError("file-missing", path="calls.csv")], ids=["read", "unread"])
def test_junit_is_as_jenkins_publishes_it(rows, error):
    suites = fromstring(render_in_form("junit", rows, sources=(CSV, WORKBOOK, JSON), error=error).encode())

    assert suites.tag == "testsuites"
    for one in suites.iter():
        allowed, required, inside = JUNIT[one.tag]
        assert required <= set(one.keys()) <= allowed
        assert {child.tag for child in one} <= inside


def test_junit_counts_rules_and_fails_for_errors_only():
    suites = fromstring(render_in_form("junit", list(FINDINGS), sources=(CSV,)).encode())

    (suite,) = suites
    failed = {case.get("name").split()[0] for case in suite if case.find("failure") is not None}
    assert failed == {"CT005", "CT103", "CT241", "CT203", "CT221"}
    assert int(suite.get("failures")) == len(failed)
    assert int(suite.get("tests")) == len(list(suite))


def test_a_file_that_cannot_be_read_is_an_error_of_junit(tmp_path):
    result = CliRunner().invoke(app, ["validate", str(tmp_path / "none.csv"), "--output-format", "junit"])

    suites = fromstring(result.stdout.encode())
    assert result.exit_code == 3
    assert suites[0].get("errors") == "1"


def test_markdown_counts_are_exact_and_nobody_is_mentioned():
    rows = [
        cell("CT281", "@everyone <b>x</b> | y", 11, "(not set)", "", record=n + 1, severity="warning")
        for n in range(30)
    ]

    report = render_in_form("markdown", rows, sources=(CSV,))

    assert "| 30 |" in report
    assert report.count("\n- ") == 6
    assert "\\@everyone" in report
    assert "<b>" not in report


@pytest.mark.parametrize("form", ["gitlab", "sarif", "rdjson", "junit", "markdown"])
def test_paths_are_relative_and_the_same_input_gives_the_same_bytes(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / "calls.csv"
    source.write_bytes((SAMPLES / "broken" / "whole-file.csv").read_bytes())
    arguments = ["validate", str(source), "--as-of", "2026-03-12T00:00:00Z", "--output-format", form, "--lang", "en"]

    once = CliRunner().invoke(app, arguments).stdout

    assert "in/calls.csv" in once.replace("\\", "")
    assert str(tmp_path) not in once
    assert CliRunner().invoke(app, arguments).stdout == once


@pytest.mark.parametrize("form", ["gitlab", "rdjson", "sarif"])
def test_fingerprints_and_order_do_not_depend_on_batches(form):
    def written(parts):
        stream = io.StringIO()
        reporter = REPORTERS[form](stream, ReportOptions())
        reporter.start(CSV, CSV.name)
        for part in parts:
            reporter.take(Findings.from_rows(part))
        reporter.finish(summary_of(CSV, FINDINGS))
        reporter.close([])
        return stream.getvalue()

    assert written([FINDINGS]) == written([FINDINGS[:3], FINDINGS[3:4], FINDINGS[4:]])
