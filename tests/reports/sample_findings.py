"""Findings to show, and a way to show them in every form."""

import io
from collections import Counter
from pathlib import Path

from calltools.files.inputs import INPUTS
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports import REPORTERS
from calltools.reports.reporter import ReportOptions

#: A workbook is not text; it has its own tests.
TEXT_FORMS = sorted(REPORTERS.keys() - {"workbook"})

CSV = Source(Path("/nowhere"), "calls.csv", INPUTS["csv"].format, "utf-8", ",", 1)
WORKBOOK = Source(
    Path("/nowhere"), "calls.xlsx", INPUTS["workbook"].format, header_row=3, sheet="Звонки", first_column=1
)
JSON = Source(Path("/nowhere"), "calls.json", INPUTS["json"].format, "utf-8")

PHONE = "8 (495) 000-12-34"
CLIENT_ID = "1604591025698235234"


def finding(code, severity="error", **more):
    return {"code": code, "severity": severity, **more}


def cell(code, name, position, value, after=None, *, record=1, severity="error"):
    return finding(
        code,
        severity,
        record=record,
        place=record + 1,
        position=position,
        column=name,
        field=name,
        value=value,
        after=after,
    )


#: One of each sort: the file, a column, cells with and without repair, a record, a note, an observer's.
FINDINGS = (
    finding("CT005", place=1, detail="semicolon"),
    finding("CT103", place=1, position=15, column="Comment"),
    cell("CT241", "PhoneNumber", 7, PHONE, "+74950001234", record=2),
    cell("CT203", "ClientId", 1, "1.60459E+18", record=2),
    cell("CT221", "Price", 5, "12,50", "12.50", record=3),
    finding("CT301", "note", record=3, place=4),
    cell("CT281", "Tag", 11, "(not set)", "", record=4, severity="warning"),
    cell("CT241", "PhoneNumber", 7, "8 (495) 000-56-78", "+74950005678", record=5),
    finding("CT402", "warning", detail="ClientId, Yclid"),
)


def summary_of(source, rows, **more):
    counts = {key: Counter(value) if isinstance(value, dict) else value for key, value in more.items()}
    summary = Summary(source.name, source, read=9, rejected=3, **counts)
    summary.by_code.update(row["code"] for row in rows)
    summary.by_severity.update(row["severity"] for row in rows)
    return summary


def render_in_form(form, rows=FINDINGS, sources=(CSV,), options=None, batches=1, **more):
    """The report of some findings, which are the same in each source; the form by name, or by the factory of its reporter."""
    stream = io.StringIO()
    reporter = (REPORTERS[form] if isinstance(form, str) else form)(stream, options or ReportOptions())
    summaries = []
    for source in sources:
        reporter.start(source, source.name)
        size = -(-len(rows) // batches) or 1
        for start in range(0, len(rows), size):
            reporter.take(Findings.from_rows(rows[start : start + size]))
        summaries.append(summary_of(source, rows, **more))
        reporter.finish(summaries[-1])
    reporter.close(summaries)
    return stream.getvalue()
