"""JSON Lines: an object a finding, with the keys of the JSON report."""

from typing import TextIO

from calltools.reports.gathering import Streaming
from calltools.reports.json_cells import json_lines
from calltools.reports.style import Style


def reporter(stream: TextIO, style: Style) -> Streaming:
    """Writes findings as they come."""
    return Streaming(stream, style, json_lines)
