"""JSON Lines: an object a finding, with the keys of the JSON report."""

from typing import TextIO

from calltools.reports.gathering import LineReporter
from calltools.reports.json_cells import format_json_lines
from calltools.reports.style import ReportOptions


def make_jsonl_reporter(stream: TextIO, options: ReportOptions) -> LineReporter:
    """Writes findings as they come."""
    return LineReporter(stream, options, format_json_lines)
