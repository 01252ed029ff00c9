"""GitLab Code Quality.

Source:
    GitLab Docs, Code Quality, "Code Quality report format": description, check_name, fingerprint, severity, location.
"""

from collections.abc import Mapping
from typing import Any, Final, TextIO

from calltools.model.finding import Finding
from calltools.reports.arrays import ArrayReporter, line_of, relative
from calltools.reports.style import Style

_SEVERITIES: Final = {"error": "major", "warning": "minor", "note": "info"}


def reporter(stream: TextIO, style: Style) -> ArrayReporter:
    """A reporter for the artifact ``codequality``."""
    return ArrayReporter(stream, style, "[\n", _item, lambda _left_out: "\n]\n")


def _item(finding: Finding) -> Mapping[str, Any]:
    return {
        "description": f"{finding.code} {finding.message}",
        "check_name": finding.name,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": relative(finding.file), "lines": {"begin": line_of(finding)}},
    }
