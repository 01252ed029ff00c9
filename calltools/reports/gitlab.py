"""GitLab Code Quality.

Source:
    GitLab Docs, Code Quality, "Code Quality report format": description, check_name, fingerprint, severity, location.
"""

from collections.abc import Mapping
from typing import Any, Final, TextIO

from calltools.model.finding import Finding
from calltools.reports.json_array import JsonArrayReporter, line_to_annotate, repository_path
from calltools.reports.reporter import ReportOptions

_SEVERITIES: Final = {"error": "major", "warning": "minor", "note": "info"}


def make_gitlab_reporter(stream: TextIO, options: ReportOptions) -> JsonArrayReporter:
    """A reporter for the artifact ``codequality``."""
    return JsonArrayReporter(stream, options, "[\n", _format_issue, lambda _left_out: "\n]\n")


def _format_issue(finding: Finding) -> Mapping[str, Any]:
    return {
        "description": f"{finding.code} {finding.message}",
        "check_name": finding.name,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": repository_path(finding.file), "lines": {"begin": line_to_annotate(finding)}},
    }
