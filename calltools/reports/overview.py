"""The lines of the text report about a whole file.

How it was read, rules and counts, what was done, and the next step.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.assumptions import DateOrder
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary, Unusable
from calltools.reports.concise import format_severity
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, RuleCount, format_count
from calltools.reports.wording import format_advice, format_counts_line
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.texts import MessageKey, render_text, say

INDENT: Final = "  "
WRAP_OPTIONS: Final[Mapping[str, Any]] = {
    "initial_indent": INDENT,
    "subsequent_indent": INDENT * 2,
    "break_long_words": False,
    "break_on_hyphens": False,
    "replace_whitespace": False,
}
#: The delimiters that ``--delimiter`` takes, and that of a text with one column.
DELIMITERS: Final[Mapping[str | None, MessageKey]] = MappingProxyType(
    {
        None: "delimiter-comma",
        ",": "delimiter-comma",
        ";": "delimiter-semicolon",
        "\t": "delimiter-tab",
        "|": "delimiter-pipe",
    }
)
DATE_ORDERS: Final[Mapping[DateOrder, MessageKey]] = MappingProxyType(
    {"dmy": "report-dates-dmy", "mdy": "report-dates-mdy", "ymd": "report-dates-ymd"}
)
UNUSABLE: Final[Mapping[Unusable, MessageKey]] = MappingProxyType(
    {
        "damaged": "unusable-damaged",
        "phone": "unusable-phone",
        "time": "unusable-time",
        "identifier": "unusable-identifier",
    }
)


def describe_source(source: Source, options: ReportOptions) -> str:
    """What was found out about the file, in one line."""
    dates = [say(DATE_ORDERS[source.date_order], options.language)] if source.date_order else []
    return "; ".join([_describe_format(source, options), _describe_header(source, options), *dates])


def format_overview(summary: Summary, met: Sequence[RuleCount], options: ReportOptions) -> list[str]:
    """The end of a file's report: rules, severities, counts, and what was done on the way."""
    lines = [] if met or summary.error else [_format_clean(summary, options)]
    for one in met:
        # With a limit the advice stands beside the findings of the rule.
        lines += [
            _format_rule_line(one, options),
            *([format_rule_advice(one, options)] if options.limit is None else []),
        ]
    if met:
        counts = {f"{one.value}s": format_count(summary.by_severity[one.value], options) for one in Severity}
        lines.append(say("report-found", options.language, **counts))
    lines += _processing_lines(summary, options)
    if summary.written is None and not summary.error:
        lines.append(format_counts_line(summary, options.language))
    return [*lines, ""] if lines else []


def _format_clean(summary: Summary, options: ReportOptions) -> str:
    """That nothing is wrong, or nothing new: what a baseline accepts is not forgotten."""
    accepted = summary.accepted.total()
    key: MessageKey = "report-nothing-new" if accepted else "report-clean"
    return say(key, options.language, name=escape_invisible(summary.name), count=format_count(accepted, options))


def format_rule_advice(met: RuleCount, options: ReportOptions) -> str:
    """What to do about a rule, folded."""
    said = say("report-fix", options.language, advice=format_advice(met.code, options.language))
    return textwrap.fill(said, options.width, **WRAP_OPTIONS)


def _describe_format(source: Source, options: ReportOptions) -> str:
    facts = {
        "name": escape_invisible(source.name),
        "encoding": source.encoding or "utf-8",
        "delimiter": say(DELIMITERS[source.delimiter], options.language),
        "sheet": escape_invisible(source.sheet or ""),
    }
    return render_text(source.format.read_as, options.language, **facts)


def _describe_header(source: Source, options: ReportOptions) -> str:
    if source.format.titles is not None:
        return render_text(source.format.titles, options.language)
    if source.header_row is None:
        return say("report-header-none", options.language)
    key: MessageKey = "report-header-row" if source.format.address == "cell" else "report-header-line"
    return say(key, options.language, row=source.header_row)


def _format_rule_line(met: RuleCount, options: ReportOptions) -> str:
    count = format_count(met.count, options)
    return f"{met.code} {count:>9}  {format_severity(met.severity, options)}: {RULES_BY_CODE[met.code].name}"


def _processing_lines(summary: Summary, options: ReportOptions) -> Iterator[str]:
    language = options.language
    if summary.vendor is not None:
        yield say("report-vendor", language, vendor=escape_invisible(summary.vendor))
    left_out = summary.skipped.total()
    if left_out > summary.rejected and left_out + summary.rejected == summary.read:
        yield textwrap.fill(say("report-none-incoming", language), options.width, break_on_hyphens=False)
    if summary.unverified:
        yield textwrap.fill(say("report-unverified", language), options.width, break_on_hyphens=False)
    if summary.rewritten.total():
        fields = ", ".join(
            f"{name} {format_count(count, options)}" for name, count in sorted((+summary.rewritten).items())
        )
        yield say("report-rewritten", language, fields=fields)
    if summary.joined:
        counts = {key: format_count(summary.joined[key], options) for key in ("joined", "unjoined", "ambiguous")}
        yield say("report-joined", language, **counts)
    if unusable := [
        f"{say(UNUSABLE[reason], language)} {format_count(count, options)}"
        for reason, count in summary.unusable.items()
        if count
    ]:
        yield say("report-unusable", language, reasons=", ".join(unusable))
    if summary.withheld:
        yield say("report-withheld", language, count=format_count(summary.withheld, options))
    if summary.not_taken:
        yield say("report-not-taken", language, columns=", ".join(map(escape_invisible, summary.not_taken)))


_SAFE_FIX_CODES: Final = frozenset(rule.code for rule in RULES if rule.fix == "safe")


@dataclass(slots=True)
class FixableErrors:
    """Counts errors that a conversion mends without being told anything."""

    count: int = 0

    def add(self, findings: Findings) -> None:
        """Some findings."""
        table = findings.table
        safe = pc.is_in(table["code"], pa.array(sorted(_SAFE_FIX_CODES), pa.string()))
        wrong = pc.and_(safe, pc.equal(table["severity"], Severity.ERROR.value))
        self.count += pc.sum(pc.and_(wrong, pc.is_valid(table["after"]))).as_py() or 0


def suggest_next_step(
    summaries: Sequence[Summary], worst: RuleCount | None, mendable: FixableErrors, options: ReportOptions
) -> str | None:
    """What to do next, if there is anything to say."""
    checked = all(one.written is None and one.source is not None for one in summaries)
    name = _quote_for_shell(summaries[0].name) if len(summaries) == 1 else say("report-files", options.language)
    if worst is None or worst.severity is Severity.NOTE:
        fit = checked and len(summaries) == 1 and _is_uploadable(summaries[0])
        return say("report-next-upload", options.language, name=name) if fit else None
    if checked and mendable.count:
        count = format_count(mendable.count, options)
        return say("report-next-convert", options.language, name=name, count=count, code=worst.code)
    return say("report-next", options.language, code=worst.code)


def _is_uploadable(summary: Summary) -> bool:
    canonical = summary.source is not None and summary.source.format.canonical and not summary.vendor
    return canonical and not summary.error and not summary.accepted


def _quote_for_shell(name: str) -> str:
    """A file as shells of all systems take it."""
    shown = escape_invisible(name)
    return f'"{shown}"' if " " in shown else shown
