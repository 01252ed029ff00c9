"""Reviewdog Diagnostic Format.

Source:
    reviewdog, proto/rdf/reviewdog.proto: DiagnosticResult.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TextIO

from calltools.model.finding import Finding
from calltools.reports.arrays import ArrayReporter, line_of, relative
from calltools.reports.style import Style

_SEVERITIES: Final = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def reporter(stream: TextIO, style: Style) -> ArrayReporter:
    """A reporter for ``reviewdog -f=rdjson``."""
    head = json.dumps({"source": {"name": "calltools"}, "severity": "WARNING"})[:-1] + ', "diagnostics": [\n'
    return ArrayReporter(stream, style, head, _item, lambda _left_out: "\n]}\n")


def _item(finding: Finding) -> Mapping[str, Any]:
    return {
        "message": finding.message,
        "location": {"path": relative(finding.file), "range": {"start": {"line": line_of(finding)}}},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }
