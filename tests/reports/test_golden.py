"""Each form of output as it was approved; ``CALLTOOLS_GOLDEN=rewrite`` writes them again."""

import os
from pathlib import Path

import pytest

from calltools.reports.reporter import ReportOptions
from tests.reports.sample_findings import CSV, JSON, TEXT_FORMS, WORKBOOK, render_in_form

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    **{f"{form}-{language}": (form, ReportOptions(language)) for form in TEXT_FORMS for language in ("en", "ru")},
    "text-first-of-each-rule-en": ("text", ReportOptions(limit=1)),
    "text-first-of-each-rule-ru": ("text", ReportOptions("ru", limit=1)),
    "text-colored-en": ("text", ReportOptions(limit=20, color=True)),
    "concise-first-of-each-rule-en": ("concise", ReportOptions(limit=1)),
    "concise-values-shown-en": ("concise", ReportOptions(show_values=True)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_report_is_as_approved(name):
    form, options = CASES[name]
    path = GOLDEN / f"{name}.txt"

    report = render_in_form(form, sources=(CSV, WORKBOOK, JSON), options=options)

    if os.environ.get("CALLTOOLS_GOLDEN") == "rewrite":
        path.write_bytes(report.encode())
    assert path.read_bytes().decode() == report


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)
