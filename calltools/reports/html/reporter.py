"""Findings as one HTML page, collected while files are processed and written when all have ended."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible, truncate
from calltools.reports.html import charts
from calltools.reports.html.charts import FindingHistogram
from calltools.reports.reporter import ReportOptions, RuleCount, RuleLimiter, format_count
from calltools.reports.rows import render_findings
from calltools.reports.text import describe_source
from calltools.reports.wording import (
    format_advice,
    format_counts_line,
    format_total_line,
    severity_name,
    short_names,
    worst_first,
)
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.manual import manual_for
from calltools.texts import Language
from calltools.texts.keys import HtmlLabel
from calltools.texts.report_labels import html_label
from calltools.texts.rule_titles import rule_title

#: Keys of labels by severity: of the counts of findings, and of the buttons that show only such findings.
SEVERITY_COUNTS: Final[Mapping[Severity, HtmlLabel]] = MappingProxyType(
    {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
)
SEVERITY_FILTERS: Final[Mapping[Severity, HtmlLabel]] = MappingProxyType(
    {Severity.ERROR: "only_error", Severity.WARNING: "only_warning", Severity.NOTE: "only_note"}
)

# These keep the page small whatever the files hold: findings shown of one rule, findings shown in all, files shown with
# charts, files shown at all beside the table.
_MAX_EXAMPLES_OF_RULE: Final = 5
_MAX_EXAMPLES: Final = 240
_MAX_FILES_WITH_CHARTS: Final = 8
_MAX_FILE_SECTIONS: Final = 200
_MAX_CELL_CHARACTERS: Final = 120
_MAX_NAME_CHARACTERS: Final = 80
#: Uploads that had calls of a file, the last ones.
_MAX_UPLOADS: Final = 10


@dataclass(frozen=True, slots=True)
class RuleSection:
    """A rule with findings, and the first of them."""

    rule_count: RuleCount
    title: str
    name: str
    finds: str
    why: str
    advice: str
    examples: Sequence[Finding]


@dataclass(slots=True)
class FileSection:
    """The part of the page that is about one file; a file that ends has a summary."""

    source: Source | None
    name: str
    summary: Summary | None = None
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_EXAMPLES_OF_RULE))
    examples: list[Finding] = field(default_factory=list)
    histogram: FindingHistogram = field(default_factory=FindingHistogram)


@dataclass(slots=True)
class HtmlReporter:
    """Writes one page for all files of a run."""

    stream: TextIO
    options: ReportOptions
    sections: list[FileSection] = field(default_factory=list)
    examples_left: int = _MAX_EXAMPLES

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.sections.append(FileSection(source, name))

    def take(self, findings: Findings) -> None:
        """Count the findings, and keep the first ones of each rule."""
        section = self.sections[-1]
        section.histogram.add(findings)
        passed = section.limiter.pass_first(findings)
        examples = list(render_findings(passed, section.source, section.name, self.options))[: self.examples_left]
        self.examples_left -= len(examples)
        section.examples += examples

    def finish(self, summary: Summary) -> None:
        """End the file."""
        self.sections[-1].summary = summary

    def close(self, _summaries: list[Summary]) -> None:
        """Write the page."""
        summaries = worst_first(section.summary for section in self.sections if section.summary is not None)
        section_of = {id(section.summary): section for section in self.sections}
        # Of several files those without errors stand in the table alone.
        bad = [one for one in summaries if one.error or one.by_severity["error"]] if len(summaries) > 1 else summaries
        names = short_names(one.name for one in summaries)
        script, style_sheet = read_asset("page.js"), read_asset("page.css")
        template = jinja_environment(self.options).get_template("page.html.j2")
        self.stream.writelines(
            template.generate(
                sections=[section_of[id(summary)] for summary in bad[:_MAX_FILE_SECTIONS]],
                detailed=_MAX_FILES_WITH_CHARTS,
                summaries=summaries,
                names={name: truncate(escape_invisible(text), _MAX_NAME_CHARACTERS) for name, text in names.items()},
                total=format_total_line(summaries, self.options.language, partial(format_count, options=self.options)),
                omitted_files=max(len(bad) - _MAX_FILE_SECTIONS, 0),
                good_files=len(summaries) - len(bad),
                rule_sections=self.rule_sections,
                as_of=_format_moment(summaries, self.options.language),
                version=version("calltools"),
                script=Markup(script),  # noqa: S704 - a file of this package
                style_sheet=Markup(style_sheet),  # noqa: S704 - a file of this package
                script_hash=_csp_hash(script),
                style_sheet_hash=_csp_hash(style_sheet),
                options=self.options,
            )
        )

    def rule_sections(self, section: FileSection) -> list[RuleSection]:
        """The rules with findings in a file."""
        return [self._rule_section(rule, section) for rule in section.limiter.rule_counts()]

    def _rule_section(self, rule: RuleCount, section: FileSection) -> RuleSection:
        manual = manual_for(RULES_BY_CODE[rule.code], self.options.language)
        return RuleSection(
            rule_count=rule,
            title=rule_title(rule.code, self.options.language),
            name=RULES_BY_CODE[rule.code].name,
            finds=manual.finds,
            why=manual.why,
            advice=format_advice(rule.code, self.options.language, section.source),
            examples=[finding for finding in section.examples if rule.matches(finding)],
        )


@lru_cache(maxsize=8)
def jinja_environment(options: ReportOptions, package: str | None = None) -> Environment:
    """The environment of the templates, which are compiled once for the same options.

    Args:
        options: Of the report.
        package: Has templates of its own, which use those of the report.
    """
    report = PackageLoader("calltools.reports.html", ".")
    environment = Environment(
        loader=report if package is None else ChoiceLoader([PackageLoader(package), report]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "charts": charts,
        "format_code": _format_code,
        "format_counts_line": lambda summary, language: format_counts_line(
            summary, language, partial(format_count, options=options)
        ),
        "format_day": lambda seconds: charts.format_date(datetime.fromtimestamp(seconds, UTC), options.language),
        "format_number": lambda count: format_count(count, options),
        "format_percent": lambda share: f"{share:.1f}".replace(".", "," if options.language == "ru" else "."),
        # The heading above has the name already.
        "describe_source": lambda source, name=None: describe_source(
            replace(source, name=name or source.name), options
        ).removeprefix(f"{escape_invisible(name or source.name)}: "),
        "format_error": lambda error: _format_code(escape_invisible(error.say(options.language))),
        "max_uploads": _MAX_UPLOADS,
        "label": lambda key, **facts: html_label(key, options.language, **facts),
        "language": options.language,
        "severity_counts": SEVERITY_COUNTS,
        "severity_filters": SEVERITY_FILTERS,
        "severity_name": lambda severity: severity_name(severity, options.language),
        "shorten": lambda text: truncate(escape_invisible(text or ""), _MAX_CELL_CHARACTERS),
    }
    return environment


def _format_moment(summaries: Sequence[Summary], language: Language) -> tuple[str, str]:
    """The time of the run as the reader writes it, and its zone: that of all files, or UTC."""
    zones = {one.call_statistics.zone for one in summaries if one.error is None}
    zone = zones.pop() if len(zones) == 1 else "UTC"
    moment = datetime.fromtimestamp(max((one.now for one in summaries), default=0), ZoneInfo(zone))
    return f"{charts.format_date(moment, language)}, {moment:%H:%M}", zone


def _format_code(text: str) -> Markup:
    """The text as HTML; its parts in backticks are code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def read_asset(name: str) -> str:
    """A file of the page, as text."""
    return files("calltools.reports.html").joinpath(name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """The hash by which the page's content security policy allows an inline script or style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
