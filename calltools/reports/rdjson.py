"""Reviewdog Diagnostic Format.

Source:
    reviewdog, proto/rdf/reviewdog.proto: DiagnosticResult.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TextIO

from calltools.model.finding import Finding
from calltools.reports.json_array import JsonArrayReporter, line_to_annotate, repository_path
from calltools.reports.reporter import ReportOptions

_SEVERITIES: Final = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def make_rdjson_reporter(stream: TextIO, options: ReportOptions) -> JsonArrayReporter:
    """A reporter for ``reviewdog -f=rdjson``."""
    head = json.dumps({"source": {"name": "calltools"}, "severity": "WARNING"})[:-1] + ', "diagnostics": [\n'
    return JsonArrayReporter(stream, options, head, _format_diagnostic, lambda _left_out: "\n]}\n")


def _format_diagnostic(finding: Finding) -> Mapping[str, Any]:
    return {
        "message": finding.message,
        "location": {"path": repository_path(finding.file), "range": {"start": {"line": line_to_annotate(finding)}}},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }
