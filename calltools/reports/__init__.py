"""REPORTERS: the forms in which findings are written, one module a form."""

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
    """A form of output. A call makes its reporter.

    Attributes:
        maker: ``module:name`` of what makes a reporter of a stream and a style; the module is one of this package.
        ending: Of the report files that are written in this form; ``None``: it is for the screen only.
        rank: Where help and messages list the ending: the lowest first, then the order of the table.
        on_screen: Whether ``--output-format`` takes it.
        for_people: Whether people read it on the screen; the other forms keep their bytes there.
        draws: Whether it shows statistics of the calls beside what is wrong with them.
    """

    maker: str
    ending: str | None = None
    rank: int = _LAST
    on_screen: bool = True
    for_people: bool = False
    draws: bool = False

    def __call__(self, stream: TextIO, style: "ReportOptions") -> "Reporter":
        """The reporter that writes in this form."""
        reporter: Reporter = resolve_name(f"{__name__}.{self.maker}")(stream, style)
        return reporter


#: The forms, in the order in which the help of ``--output-format`` lists them.
REPORTERS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "text": Form("text:TextReporter", for_people=True),
        "concise": Form("concise:ConciseReporter", for_people=True),
        "json": Form("json_report:JsonReporter", ".json", 3),
        "jsonl": Form("json_lines:make_jsonl_reporter", ".jsonl", 4),
        "csv": Form("csv_report:make_csv_reporter", ".csv", 5),
        "github": Form("github:GithubReporter"),
        "gitlab": Form("gitlab:make_gitlab_reporter", ".gitlab.json", 10),
        "sarif": Form("sarif:make_sarif_reporter", ".sarif", 6),
        "junit": Form("junit:JunitReporter", ".xml", 7),
        "rdjson": Form("rdjson:make_rdjson_reporter", ".rdjson", 9),
        "markdown": Form("markdown:MarkdownReporter", ".md", 8),
        "html": Form("html.reporter:HtmlReporter", ".html", 1, on_screen=False, draws=True),
        "workbook": Form("workbook.reporter:WorkbookReporter", ".xlsx", 2, on_screen=False),
    }
)


def endings() -> tuple[str, ...]:
    """The endings of report files, in the order in which help and messages list them."""
    ranked = sorted(REPORTERS.values(), key=lambda form: form.rank)
    return tuple(form.ending for form in ranked if form.ending is not None)


def form_for_path(path: Path) -> str:
    """The name of the form that a report file's ending asks for.

    Raises:
        UsageError: No form has this ending.
    """
    name = path.name.lower()
    fitting = {form.ending: key for key, form in REPORTERS.items() if form.ending and name.endswith(form.ending)}
    if not fitting:
        raise UsageError("report-ending-unknown", path=path, endings=", ".join(endings()))
    # Of ``.json`` and ``.gitlab.json`` the longer one is meant.
    return fitting[max(fitting, key=len)]
