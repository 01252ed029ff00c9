"""Findings for eyes and machines: a form of output each."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TextIO, TypeAlias

from calltools.errors import UsageError
from calltools.reports import csv_report, gitlab, json_lines, rdjson, sarif
from calltools.reports.concise import ConciseReporter
from calltools.reports.github import GithubReporter
from calltools.reports.json_report import JsonReporter
from calltools.reports.markdown import MarkdownReporter
from calltools.reports.style import Reporter, Style
from calltools.reports.text import TextReporter

MakeReporter: TypeAlias = Callable[[TextIO, Style], Reporter]


def _html(stream: TextIO, style: Style) -> Reporter:
    # The page brings a template engine along, which other forms do without.
    from calltools.reports.html.reporter import HtmlReporter  # noqa: PLC0415

    return HtmlReporter(stream, style)


def _junit(stream: TextIO, style: Style) -> Reporter:
    # Python's writer of XML brings HTTP along.
    from calltools.reports.junit import JunitReporter  # noqa: PLC0415

    return JunitReporter(stream, style)


def _workbook(stream: TextIO, style: Style) -> Reporter:
    # Two libraries for workbooks come along.
    from calltools.reports.workbook.reporter import WorkbookReporter  # noqa: PLC0415

    return WorkbookReporter(stream, style)


REPORTERS: Final[Mapping[str, MakeReporter]] = MappingProxyType(
    {
        "text": TextReporter,
        "concise": ConciseReporter,
        "json": JsonReporter,
        "jsonl": json_lines.reporter,
        "csv": csv_report.reporter,
        "github": GithubReporter,
        "gitlab": gitlab.reporter,
        "sarif": sarif.reporter,
        "junit": _junit,
        "rdjson": rdjson.reporter,
        "markdown": MarkdownReporter,
        "html": _html,
        "workbook": _workbook,
    }
)
_ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".gitlab.json": "gitlab",
        ".json": "json",
        ".jsonl": "jsonl",
        ".csv": "csv",
        ".sarif": "sarif",
        ".rdjson": "rdjson",
        ".xml": "junit",
        ".md": "markdown",
        ".html": "html",
        ".xlsx": "workbook",
    }
)


#: Forms that show a portrait of the calls beside what is wrong with them.
DRAWING: Final = frozenset({"html"})


def by_ending(path: Path) -> str:
    """The name of the form that a report file's ending asks for.

    Raises:
        UsageError: No form has this ending.
    """
    name = next((form for ending, form in _ENDINGS.items() if path.name.lower().endswith(ending)), None)
    if name is None:
        raise UsageError("report-ending-unknown", path=path, endings=", ".join(_ENDINGS))
    return name
