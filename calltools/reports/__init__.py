"""``REPORTERS``: the forms in which findings are written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TextIO

from calltools.errors import UsageError

if TYPE_CHECKING:  # both load pyarrow
    from calltools.reports.reporter import Reporter, ReportOptions

_LAST: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Form:
    """A form of output. Calling it makes a reporter.

    Attributes:
        maker: ``module:name`` of a function or class of this package, called with a stream and ``ReportOptions``. It
            is a name, so that the help of a command loads no reporter.
        ending: Ending of report files in this form; ``None``: no report file has this form.
        rank: Position of the ending in help and messages: the lowest first, then the order of the table.
        on_screen: Whether ``--output-format`` accepts it.
        for_people: Whether people read it on the screen; other forms keep their bytes there.
        draws: Whether it shows call statistics beside the findings.
        start: Pattern of the first bytes of a report that could be taken for a table of calls; empty: none could.
    """

    maker: str
    ending: str | None = None
    rank: int = _LAST
    on_screen: bool = True
    for_people: bool = False
    draws: bool = False
    start: str = ""

    def __call__(self, stream: TextIO, options: "ReportOptions") -> "Reporter":
        """Make a reporter that writes in this form."""
        reporter: Reporter = resolve_name(f"{__name__}.{self.maker}")(stream, options)
        return reporter


#: The forms, in the order in which the help of ``--output-format`` lists them.
REPORTERS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "text": Form("text:TextReporter", for_people=True),
        "concise": Form("concise:ConciseReporter", for_people=True),
        "json": Form(
            "json_report:JsonReporter", ".json", 3, start=r'\{"schema_version": \d+, "tool": \{"name": ?"calltools"'
        ),
        "jsonl": Form("json_report:make_jsonl_reporter", ".jsonl", 4, start=r'\{"code": ?"CT\d{3}", "name":'),
        "csv": Form("csv_report:make_csv_reporter", ".csv", 5, start="file,sheet,severity,code,name,record,"),
        "github": Form("github:GithubReporter"),
        "gitlab": Form("json_array:make_gitlab_reporter", ".gitlab.json", 10, start=r'\[\n\{"description": ?"CT\d{3} '),
        "sarif": Form("sarif:make_sarif_reporter", ".sarif", 6),
        "junit": Form("junit:JunitReporter", ".xml", 7),
        "rdjson": Form("json_array:make_rdjson_reporter", ".rdjson", 9),
        "markdown": Form("markdown:MarkdownReporter", ".md", 8),
        "html": Form("html.reporter:HtmlReporter", ".html", 1, on_screen=False, draws=True),
        "workbook": Form("workbook.reporter:WorkbookReporter", ".xlsx", 2, on_screen=False),
    }
)
_HEAD_BYTES: Final = 256
#: The part of a workbook report that holds the summary; the directory of a zip file is its end.
_WORKBOOK_MARK: Final = b"xl/worksheets/calltools_summary.xml"
_DIRECTORY_BYTES: Final = 1 << 20


def is_report(path: Path) -> bool:
    """Whether a file is a report as calltools has written it; a marked workbook that somebody has saved is none.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "replace")
        if head.startswith("PK"):
            stream.seek(max(0, path.stat().st_size - _DIRECTORY_BYTES))
            return _WORKBOOK_MARK in stream.read()
    return any(form.start and re.match(form.start, head) for form in REPORTERS.values())


def endings() -> tuple[str, ...]:
    """Endings of report files, in the order in which help and messages list them."""
    ranked = sorted(REPORTERS.values(), key=lambda form: form.rank)
    return tuple(form.ending for form in ranked if form.ending is not None)


def form_for_path(path: Path) -> str:
    """Name of the form that belongs to the ending of a report file.

    Raises:
        UsageError: No form has this ending.
    """
    name = path.name.lower()
    matches = {form.ending: key for key, form in REPORTERS.items() if form.ending and name.endswith(form.ending)}
    if not matches:
        raise UsageError("report-ending-unknown", path=path, endings=", ".join(endings()))
    # ``.gitlab.json`` also ends with ``.json``: the longer ending is meant.
    return matches[max(matches, key=len)]
