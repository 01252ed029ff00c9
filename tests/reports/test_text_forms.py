"""Text, concise and GitHub: for people."""

import io
import re
from dataclasses import replace

import pytest

from calltools.errors import SourceError
from calltools.model.finding import Findings
from calltools.reports import REPORTERS
from calltools.reports.reporter import ReportOptions
from tests.reports.sample_findings import (
    CSV,
    FINDINGS,
    JSON,
    PHONE,
    WORKBOOK,
    cell,
    finding,
    render_in_form,
    summary_of,
)

MANY = [cell("CT241", "PhoneNumber", 7, PHONE, record=n) for n in range(1, 1225)]
DIFFERENT = [cell("CT221", "Price", 5, f"{n},50", record=n) for n in range(1, 1225)]
FEW = [cell("CT281", "Tag", 11, "-", "", record=n, severity="warning") for n in range(1, 4)]


def lines_about(report, code):
    return [line for line in report.splitlines() if re.search(rf"{code} (error|warning|note|ошибка):", line)]


@pytest.mark.parametrize("batches", [1, 7, 100])
@pytest.mark.parametrize(
    ("language", "more", "count"),
    [("en", "and 1,221 more", "1,224"), ("ru", "и ещё таких же: 1\u00a0221", "1\u00a0224")],
    ids=["en", "ru"],
)
def test_text_shows_the_first_of_each_rule_and_exact_counts(batches, language, more, count):
    report = render_in_form("text", [*DIFFERENT, *FEW], options=ReportOptions(language, limit=3), batches=batches)

    of_prices = report[report.index(" CT221 ") : report.index(" CT281 ")]
    assert len([line for line in of_prices.splitlines() if line.startswith("  calls.csv:")]) == 3
    assert "calls.csv:4" in report
    assert "calls.csv:5" not in report
    assert more in report
    assert f"({count})" in of_prices.splitlines()[0]


@pytest.mark.parametrize("batches", [1, 7])
@pytest.mark.parametrize(
    ("source", "places"),
    [
        (CSV, "calls.csv:8, 17–21 PhoneNumber: "),
        (WORKBOOK, "Звонки!I8, I17–I21: "),
        (JSON, "calls.json record 7, 16–20 "),
    ],
    ids=["csv", "workbook", "json"],
)
def test_neighbors_of_which_the_same_is_said_are_ranges(source, places, batches):
    rows = [cell("CT241", "PhoneNumber", 7, PHONE, record=n) for n in (7, *range(16, 21))]

    report = render_in_form("text", rows, sources=(source,), options=ReportOptions(limit=3, width=400), batches=batches)

    assert report.count(places) == 1
    assert "more like this" not in report


def test_a_line_names_few_ranges_and_the_rest_is_counted():
    rows = [cell("CT241", "PhoneNumber", 7, PHONE, record=2 * n) for n in range(1, 11)]

    report = render_in_form("text", rows, options=ReportOptions(limit=3, width=400))

    assert "calls.csv:3, 5, 7, 9, 11, 13, …: " in report or "calls.csv:3, 5, 7, 9, 11, 13, … " in report
    assert "and 4 more like this" in report


def test_rules_are_listed_where_their_findings_fill_more_than_a_screen():
    few = render_in_form("text", [*MANY, *FEW], options=ReportOptions("ru", limit=3))
    many = render_in_form("text", options=ReportOptions("ru", limit=3))

    assert "CT241 телефон без плюса или кода страны (1\u00a0224)" in few
    assert "CT241 1" not in few
    assert "CT241         2  ошибка: телефон без плюса или кода страны" in many


def test_of_several_files_the_worst_comes_first_and_those_in_order_are_a_line():
    stream, limited = io.StringIO(), ReportOptions(limit=3, several_files=True)
    reporter = REPORTERS["text"](stream, limited)
    found = {"a.csv": [], "b.csv": FEW, "c.csv": [*MANY], "d.csv": [finding("CT301", "note", record=1, place=2)]}
    summaries = []
    for name, rows in found.items():
        source = replace(CSV, name=name)
        reporter.start(source, name)
        if rows:
            reporter.take(Findings.from_rows(rows))
        summaries.append(summary_of(source, rows))
        reporter.finish(summaries[-1])
    assert stream.getvalue() == ""

    reporter.close(summaries)

    report = stream.getvalue()
    assert report.index("c.csv: text, utf-8") < report.index("b.csv: text, utf-8")
    assert "nothing is wrong, or only noted, in 2 of 4 files: d.csv, a.csv" in report
    assert "a.csv: text" not in report
    assert "d.csv: text" not in report
    assert "\nc.csv: errors: 1,224, warnings: 0, notes: 0\nb.csv: errors: 0, warnings: 3, notes: 0\n" in report
    assert report.rstrip().splitlines()[-1].startswith("total of 4 files: ")


def test_text_without_a_limit_shows_all_in_the_order_of_the_file():
    report = render_in_form("text", [*FEW, *MANY], batches=3)

    assert len(lines_about(report, "CT241")) == 1224
    assert report.index("CT281 warning") < report.index("CT241 error")
    assert "more" not in report


def test_text_puts_the_worst_first():
    report = render_in_form("text", [*FEW, *MANY[:2]], options=ReportOptions(limit=20))

    assert report.index("CT241 phone-not-international (2)") < report.index("CT281 placeholder-value (3)")


def test_text_gives_advice_once_a_rule():
    for options in (ReportOptions(limit=20), ReportOptions()):
        assert render_in_form("text", [*MANY[:5], *FEW], options=options).count("fix: ") == 2


def test_advice_is_folded_to_the_width():
    report = render_in_form("text", FINDINGS, options=ReportOptions(limit=1, width=40))
    advice = re.search(r"  fix: say which.*?(?=\n\n)", report, re.DOTALL)[0].splitlines()

    assert len(advice) > 2
    assert all(len(line) <= 40 for line in advice)


@pytest.mark.parametrize(
    ("source", "opening"),
    [
        (CSV, "calls.csv: text, utf-8, cells separated by comma; header on line 1"),
        (WORKBOOK, "calls.xlsx: workbook, sheet Звонки; header in row 3"),
        (JSON, "calls.json: JSON, utf-8; columns are the keys of records"),
    ],
    ids=["csv", "workbook", "json"],
)
def test_text_starts_with_how_the_file_was_read(source, opening):
    assert render_in_form("text", sources=(source,)).splitlines()[0] == opening


def test_text_shows_how_a_headerless_file_with_tabs_was_read():
    source = replace(CSV, delimiter="\t", header_row=None, encoding="cp1251")

    assert render_in_form("text", sources=(source,), options=ReportOptions("ru")).startswith(
        "calls.csv: текст, cp1251, разделитель — табуляция; без заголовка\n"
    )


def test_a_clean_file_is_called_clean():
    report = render_in_form("text", [])

    assert "calls.csv: nothing is wrong" in report
    assert "fix" not in report


def test_text_lists_what_was_changed_on_the_way():
    report = render_in_form(
        "text", [], vendor="pbx", withheld=2, not_taken=("Сумма",), written=9,
        joined={"joined": 5, "unjoined": 3, "ambiguous": 1}, rewritten={"PhoneNumber": 7},
    )  # fmt: skip

    assert "read as an export of pbx" in report
    assert "callers who withheld their number: 2" in report
    assert "because nothing says their currency: Сумма" in report
    assert "joined 5, no partner 3, several partners 1" in report
    assert "cells rewritten: PhoneNumber 7" in report


def test_the_counts_line_is_not_repeated_when_records_are_written():
    assert "read 9" in render_in_form("text", [])
    assert "read 9" not in render_in_form("text", [], written=9)


def test_an_unreadable_file_is_left_to_standard_error():
    report = render_in_form("text", [], error=SourceError("file-missing", path="calls.csv"), written=None)

    assert "nothing is wrong" not in report
    assert "read 9" not in report


def test_a_note_does_not_take_the_room_of_an_error_of_the_same_rule():
    rows = [*(finding("CT301", "note", record=n, place=n) for n in range(1, 30)), finding("CT301", record=30, place=30)]

    assert "calls.csv:30 CT301 error" in render_in_form("concise", rows, options=ReportOptions(limit=5))
    assert "error CT301 identifier-missing (1)\n  calls.csv:30: " in render_in_form(
        "text", rows, options=ReportOptions(limit=5)
    )
    assert "::error file=calls.csv,line=30," in render_in_form("github", rows)
    assert "::notice file=calls.csv,line=1," in render_in_form("github", rows)


def test_concise_is_a_line_a_finding_and_a_count_behind_the_limit():
    report = render_in_form("concise", [*MANY, *FEW], options=ReportOptions(limit=2)).splitlines()

    assert report[:2] == [line for line in report if line.startswith("calls.csv:") and "CT241" in line]
    assert report[-2:] == [
        "calls.csv CT241 error: and 1,222 more like this",
        "calls.csv CT281 warning: and 1 more like this",
    ]
    assert len(report) == 2 + 2 + 2


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (CSV, "calls.csv:3 PhoneNumber CT241"),
        (WORKBOOK, "calls.xlsx [Звонки!I3] CT241"),
        (JSON, "calls.json record 2 "),
    ],
    ids=["csv", "workbook", "json"],
)
def test_a_line_begins_with_the_place(source, place):
    row = cell("CT241", "PhoneNumber", 7, PHONE, record=2)

    assert render_in_form("concise", [row], sources=(source,)).startswith(place)


def test_colors_only_on_request():
    assert "\x1b" not in render_in_form("text", options=ReportOptions(limit=3))
    assert "\x1b[31merror\x1b[0m" in render_in_form("text", options=ReportOptions(limit=3, color=True))


def annotations(report, word):
    return [line for line in report.splitlines() if line.startswith(f"::{word} ")]


def test_github_shows_one_annotation_a_rule_with_count_places_and_advice():
    errors = annotations(render_in_form("github", [*MANY, *FEW]), "error")

    assert len(errors) == 1
    assert errors[0].startswith("::error file=calls.csv,line=2,title=CT241 phone-not-international::")
    _, in_all, fix = errors[0].split("%0A")
    assert in_all == "1,224 in all, at 2, 3, 4, 5, 6, …"
    assert fix.startswith("fix: say which country the numbers are from")


def test_github_shows_each_finding_while_ten_annotations_hold_them_all():
    ten = annotations(render_in_form("github", MANY[:10]), "error")
    eleven = annotations(render_in_form("github", MANY[:11]), "error")

    assert [line.split(",")[1] for line in ten] == [f"line={number}" for number in range(2, 12)]
    assert not any(" in all" in line for line in ten)
    assert len(eleven) == 1


def test_github_takes_files_together_when_rules_of_each_are_too_many():
    sources = [replace(CSV, name=f"{number:02}.csv") for number in range(11)]

    few = annotations(render_in_form("github", MANY[:3], sources=sources[:10]), "error")
    many = annotations(
        render_in_form("github", [*MANY[:3], cell("CT221", "Price", 5, "12,50")], sources=sources[:6]), "error"
    )

    assert len(few) == 10
    assert len(many) == 2
    files = ", ".join(f"0{number}.csv (3)" for number in range(5))
    assert many[0].split("%0A")[1] == f"18 in all, by file: {files}, …"


def test_github_takes_paths_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = replace(CSV, name=str(tmp_path / "in" / "calls.csv"))

    report = render_in_form("github", MANY[:1], sources=(source,))

    assert "::error file=in/calls.csv,line=2," in report


def test_github_shows_at_most_ten_of_a_severity_and_the_last_counts_the_rest():
    codes = ["CT201", "CT202", "CT203", "CT204", "CT205", "CT206", "CT207", "CT211", "CT212", "CT213", "CT214", "CT215"]
    rows = [finding(code, record=n, place=n) for code in codes for n in (1, 2)]

    errors = annotations(render_in_form("github", rows), "error")

    assert len(errors) == 10
    assert errors[-1] == (
        "::error title=calltools::and 6 more findings of CT213 (2), CT214 (2), CT215 (2): the log lists them"
    )
    assert len(annotations(render_in_form("github", rows[:20]), "error")) == 10
    assert "calltools::" not in render_in_form("github", rows[:20])


def test_github_takes_the_row_of_a_workbook_for_the_line_and_the_first_line_for_the_file():
    assert "::error file=calls.xlsx,line=2," in render_in_form("github", MANY[:1], sources=(WORKBOOK,))
    assert "::warning file=calls.csv,line=1," in render_in_form("github", [finding("CT402", "warning")])


def test_github_logs_the_findings_too_up_to_the_limit():
    report = render_in_form("github", MANY, options=ReportOptions(limit=3))

    assert report.count("calls.csv:") == 3
    assert "calls.csv CT241 error: and 1,221 more like this" in report
