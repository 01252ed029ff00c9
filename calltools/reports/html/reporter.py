"""Findings as one page: gathered while files run, written when all have ended."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Final, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible
from calltools.reports.html import charts
from calltools.reports.html.charts import FindingHistogram
from calltools.reports.overview import describe_source
from calltools.reports.reporter import ReportOptions, RuleCount, RuleLimiter, format_count
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice, format_counts_line, severity_name
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.manual import manual_for
from calltools.texts.keys import HtmlLabel
from calltools.texts.report_labels import html_label

#: Words for the counts of findings, by severity, and those of the buttons that show only such findings.
SEVERITY_COUNTS: Final[Mapping[Severity, HtmlLabel]] = MappingProxyType(
    {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
)
SEVERITY_FILTERS: Final[Mapping[Severity, HtmlLabel]] = MappingProxyType(
    {Severity.ERROR: "only_error", Severity.WARNING: "only_warning", Severity.NOTE: "only_note"}
)

#: Findings shown of each rule; of all rules of all files together; files shown with charts. They bound the page.
_MAX_EXAMPLES_OF_RULE: Final = 5
_MAX_EXAMPLES: Final = 240
_MAX_FILE_SECTIONS: Final = 8
_MAX_TABLE_ROWS: Final = 500
#: Signs of a cell that the page has room for.
_MAX_CELL_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class RuleSection:
    """A rule that was met, and examples of it."""

    rule_count: RuleCount
    name: str
    finds: str
    why: str
    advice: str
    examples: Sequence[Finding]


@dataclass(slots=True)
class FileSection:
    """What the page says of one file."""

    source: Source | None
    name: str
    summary: Summary | None = None
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_EXAMPLES_OF_RULE))
    examples: list[Finding] = field(default_factory=list)
    histogram: FindingHistogram = field(default_factory=FindingHistogram)


@dataclass(slots=True)
class HtmlReporter:
    """One page for all files of a run; it stays under 500 KB whatever they hold."""

    stream: TextIO
    options: ReportOptions
    sections: list[FileSection] = field(default_factory=list)
    examples_left: int = _MAX_EXAMPLES

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.sections.append(FileSection(source, name))

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        page = self.sections[-1]
        page.histogram.add(findings)
        kept = list(render_findings(page.limiter.pass_first(findings), page.source, page.name, self.options))[
            : self.examples_left
        ]
        self.examples_left -= len(kept)
        page.examples += kept

    def finish(self, summary: Summary) -> None:
        """The file has ended."""
        self.sections[-1].summary = summary

    def close(self, _summaries: list[Summary]) -> None:
        """Write the page."""
        ended = [(page, page.summary) for page in self.sections if page.summary is not None]
        script, sheet = _read_asset("page.js"), _read_asset("page.css")
        template = _jinja_environment(self.options).get_template("page.html.j2")
        self.stream.writelines(
            template.generate(
                pages=[page for page, _ in ended[:_MAX_FILE_SECTIONS]],
                listed=[summary for _, summary in ended[:_MAX_TABLE_ROWS]],
                more=len(ended) - min(len(ended), _MAX_FILE_SECTIONS),
                groups=self._rule_sections,
                now=datetime.fromtimestamp(max((one.now for _, one in ended), default=0), UTC),
                version=version("calltools"),
                script=Markup(script),  # noqa: S704 - our own files
                sheet=Markup(sheet),  # noqa: S704
                script_hash=_csp_hash(script),
                sheet_hash=_csp_hash(sheet),
                style=self.options,
            )
        )

    def _rule_sections(self, page: FileSection) -> list[RuleSection]:
        return [
            RuleSection(
                rule_count=met,
                name=RULES_BY_CODE[met.code].name,
                finds=manual_for(RULES_BY_CODE[met.code], self.options.language).finds,
                why=manual_for(RULES_BY_CODE[met.code], self.options.language).why,
                advice=format_advice(met.code, self.options.language),
                examples=[one for one in page.examples if one.code == met.code and one.severity == met.severity.value],
            )
            for met in page.limiter.rule_counts()
        ]


@lru_cache(maxsize=8)
def _jinja_environment(options: ReportOptions) -> Environment:
    """Templates are compiled once; what they call follows the style."""
    made = Environment(
        loader=PackageLoader("calltools.reports.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "charts": charts,
        "coded": _format_code,
        "counts_line": format_counts_line,
        "language": options.language,
        "number": lambda count: format_count(count, options),
        "opening": lambda source: describe_source(source, options),
        "percent": lambda share: f"{share:.1f}".replace(".", "," if options.language == "ru" else "."),
        "severity_counts": SEVERITY_COUNTS,
        "severity_filters": SEVERITY_FILTERS,
        "severity_name": lambda severity: severity_name(severity, options.language),
        "short": _truncate,
        "word": lambda key, **facts: html_label(key, options.language, **facts),
    }
    return made


def _truncate(text: str | None) -> str:
    clean = escape_invisible(text or "")
    return clean if len(clean) <= _MAX_CELL_CHARACTERS else clean[:_MAX_CELL_CHARACTERS] + "…"


def _format_code(text: str) -> Markup:
    """A text with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _read_asset(name: str) -> str:
    return files("calltools.reports.html").joinpath(name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """As a content security policy names what it allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
