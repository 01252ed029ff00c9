"""What text says of a file as a whole: how it was read, which rules were met, and counts."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from calltools.messages import say, worded
from calltools.model.assumptions import DateOrder
from calltools.model.batch import Source
from calltools.model.rule import Severity
from calltools.model.summary import Summary, Unusable
from calltools.reports.concise import severity_word
from calltools.reports.gathering import Met
from calltools.reports.numbers import number
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice, counts_line
from calltools.rules.catalog import BY_CODE

INDENT: Final = "  "
FOLD: Final[Mapping[str, Any]] = {
    "initial_indent": INDENT,
    "subsequent_indent": INDENT * 2,
    "break_long_words": False,
    "break_on_hyphens": False,
    "replace_whitespace": False,
}
#: The delimiters that ``--delimiter`` takes, and that of a text with one column.
DELIMITERS: Final[Mapping[str | None, str]] = MappingProxyType(
    {
        None: "delimiter-comma",
        ",": "delimiter-comma",
        ";": "delimiter-semicolon",
        "\t": "delimiter-tab",
        "|": "delimiter-pipe",
    }
)
DATE_ORDERS: Final[Mapping[DateOrder, str]] = MappingProxyType(
    {"dmy": "report-dates-dmy", "mdy": "report-dates-mdy", "ymd": "report-dates-ymd"}
)
UNUSABLE: Final[Mapping[Unusable, str]] = MappingProxyType(
    {
        "damaged": "unusable-damaged",
        "phone": "unusable-phone",
        "time": "unusable-time",
        "identifier": "unusable-identifier",
    }
)


def opening(source: Source, style: Style) -> str:
    """What was found out about the file, in one line."""
    dates = [say(DATE_ORDERS[source.date_order], style.language)] if source.date_order else []
    return "; ".join([_read_as(source, style), _header(source, style), *dates])


def overview(summary: Summary, met: Sequence[Met], style: Style) -> list[str]:
    """The end of a file's report: rules, severities, counts, and what was done on the way."""
    lines = [] if met or summary.error else [_clean(summary, style)]
    for one in met:
        # With a limit the advice stands beside the findings of the rule.
        lines += [_line(one, style), *([fix(one, style)] if style.limit is None else [])]
    if met:
        counts = {f"{one.value}s": number(summary.by_severity[one.value], style) for one in Severity}
        lines.append(say("report-found", style.language, **counts))
    lines += _on_the_way(summary, style)
    if summary.written is None and not summary.error:
        lines.append(counts_line(summary, style.language))
    return [*lines, ""] if lines else []


def _clean(summary: Summary, style: Style) -> str:
    """That nothing is wrong, or nothing new: what a baseline accepts is not forgotten."""
    accepted = summary.accepted.total()
    key = "report-nothing-new" if accepted else "report-clean"
    return say(key, style.language, name=visible(summary.name), count=number(accepted, style))


def fix(met: Met, style: Style) -> str:
    """What to do about a rule, folded."""
    said = say("report-fix", style.language, advice=advice(met.code, style.language))
    return textwrap.fill(said, style.width, **FOLD)


def _read_as(source: Source, style: Style) -> str:
    facts = {
        "name": visible(source.name),
        "encoding": source.encoding or "utf-8",
        "delimiter": say(DELIMITERS[source.delimiter], style.language),
        "sheet": visible(source.sheet or ""),
    }
    return worded(source.format.read_as, style.language, **facts)


def _header(source: Source, style: Style) -> str:
    if source.format.titles is not None:
        return worded(source.format.titles, style.language)
    if source.header_row is None:
        return say("report-header-none", style.language)
    key = "report-header-row" if source.format.address == "cell" else "report-header-line"
    return say(key, style.language, row=source.header_row)


def _line(met: Met, style: Style) -> str:
    count = number(met.count, style)
    return f"{met.code} {count:>9}  {severity_word(met.severity, style)}: {BY_CODE[met.code].name}"


def _on_the_way(summary: Summary, style: Style) -> Iterator[str]:
    language = style.language
    if summary.vendor is not None:
        yield say("report-vendor", language, vendor=visible(summary.vendor))
    left_out = summary.skipped.total()
    if left_out > summary.rejected and left_out + summary.rejected == summary.read:
        yield textwrap.fill(say("report-none-incoming", language), style.width, break_on_hyphens=False)
    if summary.unverified:
        yield textwrap.fill(say("report-unverified", language), style.width, break_on_hyphens=False)
    if summary.rewritten.total():
        fields = ", ".join(f"{name} {number(count, style)}" for name, count in sorted((+summary.rewritten).items()))
        yield say("report-rewritten", language, fields=fields)
    if summary.joined:
        counts = {key: number(summary.joined[key], style) for key in ("joined", "unjoined", "ambiguous")}
        yield say("report-joined", language, **counts)
    if unusable := [
        f"{say(UNUSABLE[reason], language)} {number(count, style)}"
        for reason, count in summary.unusable.items()
        if count
    ]:
        yield say("report-unusable", language, reasons=", ".join(unusable))
    if summary.withheld:
        yield say("report-withheld", language, count=number(summary.withheld, style))
    if summary.not_taken:
        yield say("report-not-taken", language, columns=", ".join(map(visible, summary.not_taken)))
