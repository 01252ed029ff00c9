"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TextIO

from calltools.model.assumptions import DateOrder
from calltools.model.batch import Batch, Source
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.concise import format_concise_lines, format_severity
from calltools.reports.escape import escape_invisible
from calltools.reports.examples import Example, format_examples
from calltools.reports.lines import LineReporter
from calltools.reports.reporter import (
    BOLD,
    DIM,
    RESET,
    ReportOptions,
    RuleCount,
    RuleLimiter,
    format_count,
)
from calltools.reports.second_files import (
    is_of_second_file,
    outcome_lines,
    unusable_lines,
    without_explained,
)
from calltools.reports.snippets import Snippets
from calltools.reports.wording import (
    format_advice,
    format_counts_line,
    format_total_line,
    worst_first,
)
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import Language, MessageKey, render_text, say
from calltools.texts.rule_titles import rule_title

INDENT: Final = "  "
WRAP_OPTIONS: Final[Mapping[str, Any]] = {
    "initial_indent": INDENT,
    "subsequent_indent": INDENT * 2,
    "break_long_words": False,
    "break_on_hyphens": False,
    "replace_whitespace": False,
}
#: The delimiters that ``--delimiter`` accepts; ``None``: a text with one column.
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


#: Findings of a rule among which those that say the same are looked for.
_LOOKED_AT: Final = 300
#: Files whose findings are shown, and files in order that are named, of a run over several.
_MAX_SECTIONS: Final = 10
_MAX_NAMES: Final = 5
#: Rules beyond which the table of rules stands below their findings: fewer are on one screen.
_RULES_ON_A_SCREEN: Final = 4


@dataclass(slots=True)
class TextReporter:
    """Writes findings by rule, the worst first, if there is a limit; else in the order of the file.

    With a limit and several files it writes at the end, the worst file first; the files in order are one line.
    """

    stream: TextIO
    options: ReportOptions
    line_reporter: LineReporter = field(init=False)
    limiter: RuleLimiter = field(init=False)
    examples: list[Findings] = field(default_factory=list)
    snippets: Snippets = field(init=False)
    source: Source | None = None
    name: str = ""
    section: TextIO = field(init=False)
    sections: dict[int, str] = field(default_factory=dict)
    #: Of the file of identifiers: it is told once, although it is the same beside each file of calls.
    _unusable: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        self.section = self.stream
        self.line_reporter = LineReporter(self.stream, self.options, format_concise_lines)
        self.limiter = self._create_limiter()
        self.snippets = Snippets(self.options)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file: write how it was read."""
        self.source, self.name = source, name
        self.limiter = self._create_limiter()
        self.examples = []
        self.snippets = Snippets(self.options)
        self.section = io.StringIO() if self._sorts_files else self.stream
        self.line_reporter.start(source, name)
        if source is not None:
            self._write_lines([self._bold(self._wrap(describe_source(source, self.options)))])
            if source.unusable != self._unusable:
                self._write_lines(self._wrap(line) for line in unusable_lines(source, self.options))
            self._unusable = source.unusable
            self._write_lines([""])

    @property
    def wants_records(self) -> bool:
        """Whether the first findings of each rule are shown in their records."""
        return self.options.limit is not None

    def take_records(self, batch: Batch, findings: Findings, layout: Mapping[str, tuple[str, int]]) -> None:
        """Look at records before their findings are taken: the first finding of each rule is shown in its record."""
        self.snippets.layout = layout
        self.snippets.add_records(batch, findings)

    def take(self, findings: Findings) -> None:
        """Keep the first findings of each rule, or write all findings if there is no limit."""
        passed = without_explained(self.limiter.pass_first(findings), findings)
        if self.options.limit is None:
            self.line_reporter.take(passed)
        else:
            self.examples.append(passed)

    def finish(self, summary: Summary) -> None:
        """Write the findings by rule, and the overview."""
        self.line_reporter.finish(summary)
        if self.options.limit is not None:
            self._write_groups(Findings.concat(self.examples))
        elif self.source is not None:
            self._write_lines([""])
        self._write_lines(format_overview(summary, self.limiter.rule_counts(), self.options))
        if isinstance(self.section, io.StringIO):
            self.sections[id(summary)] = self.section.getvalue()

    def close(self, summaries: list[Summary]) -> None:
        """Write the files if they are sorted, and the total of several files."""
        self.line_reporter.close(summaries)
        self.section = self.stream
        if len(summaries) < 2:
            return
        ordered = worst_first(summaries)
        if self._sorts_files:
            ordered = self._write_sections(ordered)
        # ``convert`` prints the total itself, beside the file that it has written.
        if {summary.written for summary in summaries if summary.error is None} == {None}:
            self._write_lines([*map(self._format_file_line, ordered), ""])
            self._write_lines([format_total_line(summaries, self.options.language), ""])

    @property
    def _sorts_files(self) -> bool:
        return self.options.limit is not None and self.options.several_files

    def _write_sections(self, summaries: Sequence[Summary]) -> list[Summary]:
        """The reports of the worst files, and a line on those that are in order; gives the others."""
        bad = [one for one in summaries if one.error or one.by_severity["error"] or one.by_severity["warning"]]
        detailed = [one for one in bad if one.error is None]
        self.stream.writelines(self.sections.get(id(one), "") for one in detailed[:_MAX_SECTIONS])
        if len(detailed) > _MAX_SECTIONS:
            more = format_count(len(detailed) - _MAX_SECTIONS, self.options)
            self._write_lines([say("report-sections-more", self.options.language, count=more), ""])
        in_order = [escape_invisible(one.name) for one in summaries if one not in bad]
        if in_order:
            self._write_lines([self._wrap(self._format_in_order(in_order, len(summaries))), ""])
        return bad

    def _format_in_order(self, names: Sequence[str], all_files: int) -> str:
        listed = ", ".join(names[:_MAX_NAMES])
        if len(names) > _MAX_NAMES:
            more = format_count(len(names) - _MAX_NAMES, self.options)
            listed = say("report-files-more", self.options.language, names=listed, count=more)
        counts = {"count": format_count(len(names), self.options), "all": format_count(all_files, self.options)}
        return say("report-clean-files", self.options.language, names=listed, **counts)

    def _format_file_line(self, summary: Summary) -> str:
        """A line of the table of files."""
        counts = {f"{severity}s": format_count(summary.by_severity[severity], self.options) for severity in Severity}
        found = say("report-found", self.options.language, **counts)
        said = found if summary.error is None else say("report-unread", self.options.language)
        return f"{escape_invisible(summary.name)}: {said}"

    def _create_limiter(self) -> RuleLimiter:
        limit = self.options.limit
        return RuleLimiter(None if limit is None else max(limit, _LOOKED_AT))

    def _write_groups(self, findings: Findings) -> None:
        groups = [(rule, own) for rule in self.limiter.rule_counts() if len(own := rule.select(findings))]
        # What is wrong with a second file comes before what follows from it; what has no finding is told beside the
        # rule that explains it.
        groups.sort(key=lambda group: not is_of_second_file(group[1], self.source))
        most = self.options.limit or _LOOKED_AT
        found = [own for _, own in groups]
        examples = format_examples(found, self.source, self.name, self.options, most)
        for (rule, _), (first, *others) in zip(groups, examples, strict=True):
            self._write_lines([self._format_heading(rule)])
            snippet = self.snippets.lines.get(f"{rule.code} {rule.severity.value}", ())
            self._write_lines([self._wrap_colored(first.line), *snippet])
            self._write_lines(self._wrap_colored(one.line) for one in others)
            self._write_lines([*self._lines_after_group(rule, [first, *others]), ""])

    def _format_heading(self, rule: RuleCount) -> str:
        title = self._bold(f"{rule.code} {format_rule_heading(rule.code, self.options)}")
        line = f"{format_severity(rule.severity, self.options)} {title} ({format_count(rule.count, self.options)})"
        # Codes of colors take no room, so a line with them is left to the terminal.
        return line if self.options.color else self._wrap(line)

    def _wrap(self, line: str) -> str:
        """The line in lines of the report's width; without a limit the report is for programs such as grep."""
        if self.options.limit is None:
            return line
        return textwrap.fill(line, self.options.width, break_long_words=False, break_on_hyphens=False)

    def _wrap_colored(self, line: str) -> str:
        """A line of a finding in lines of the report's width."""
        # A color code takes no room on the screen: one character stands for it while the line is wrapped.
        marked = line.replace(BOLD, "\x0e").replace(RESET, "\x0f")
        wrapped = textwrap.fill(marked, self.options.width, **WRAP_OPTIONS)
        return wrapped.replace("\x0e", BOLD).replace("\x0f", RESET)

    def _lines_after_group(self, rule: RuleCount, shown: Sequence[Example]) -> Iterator[str]:
        if more := rule.count - sum(one.count for one in shown):
            yield self._dim(INDENT + say("report-more", self.options.language, count=format_count(more, self.options)))
        yield format_rule_advice(rule, self.source, self.options)

    def _write_lines(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if self.section is self.stream:
            # In its place between findings that may wait.
            self.line_reporter.write_text(text)
        else:
            self.section.write(text)

    def _bold(self, text: str) -> str:
        return f"{BOLD}{text}{RESET}" if self.options.color else text

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{RESET}" if self.options.color else text


def describe_source(source: Source, options: ReportOptions) -> str:
    """How the file was read, in one line: format, encoding, header, order of dates."""
    dates = [say(DATE_ORDERS[source.date_order], options.language)] if source.date_order else []
    return "; ".join([_describe_format(source, options), _describe_header(source, options), *dates])


def format_overview(summary: Summary, rules: Sequence[RuleCount], options: ReportOptions) -> list[str]:
    """The last lines of a file's report: rules, counts by severity, counts of records, what else the run did."""
    lines = [] if rules or summary.error else [_format_clean(summary, options)]
    for rule in rules if options.limit is None or len(rules) > _RULES_ON_A_SCREEN else ():
        lines.append(_format_rule_line(rule, options))
        # With a limit each group of findings ends with its advice.
        if options.limit is None:
            lines.append(format_rule_advice(rule, summary.source, options))
    if rules:
        counts = {f"{severity}s": format_count(summary.by_severity[severity], options) for severity in Severity}
        lines.append(say("report-found", options.language, **counts))
    lines += _processing_lines(summary, options)
    # ``convert`` prints this line itself, beside the file that it has written.
    if summary.written is None and not summary.error:
        name = f"{escape_invisible(summary.name)}: " if options.several_files else ""
        lines.append(name + format_counts_line(summary, options.language))
    return [*lines, ""] if lines else []


def _format_clean(summary: Summary, options: ReportOptions) -> str:
    """The sentence that nothing is wrong, or nothing but what the baseline accepts."""
    accepted = summary.accepted.total()
    key: MessageKey = "report-nothing-new" if accepted else "report-clean"
    return say(key, options.language, name=escape_invisible(summary.name), count=format_count(accepted, options))


def format_rule_advice(rule: RuleCount, source: Source | None, options: ReportOptions) -> str:
    """What to do about findings of a rule, in lines of the report's width."""
    return _wrap_advice(format_advice(rule.code, options.language, source), options.language, options.width)


@lru_cache(maxsize=256)
def _wrap_advice(advice: str, language: Language, width: int) -> str:
    """The advice in lines; many files of a run have the same."""
    return textwrap.fill(say("report-fix", language, advice=advice), width, **WRAP_OPTIONS)


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
        titles = render_text(source.format.titles, options.language)
        if source.records is None:
            return titles
        others = ", ".join(f"{path} ({count})" for path, count in source.other_lists)
        facts = {"titles": titles, "list": escape_invisible(source.records), "others": escape_invisible(others)}
        key: MessageKey = "report-records-others" if others else "report-records"
        return say(key, options.language, **facts)
    if source.header_row is None:
        return say("report-header-none", options.language)
    key = "report-header-row" if source.format.address == "cell" else "report-header-line"
    return say(key, options.language, row=source.header_row)


def _format_rule_line(rule: RuleCount, options: ReportOptions) -> str:
    count = format_count(rule.count, options)
    return (
        f"{rule.code} {count:>9}  {format_severity(rule.severity, options)}: {format_rule_heading(rule.code, options)}"
    )


def format_rule_heading(code: str, options: ReportOptions) -> str:
    """What stands beside the code of a rule: in English the name that options take, in Russian its title."""
    return RULES_BY_CODE[code].name if options.language == "en" else rule_title(code, options.language)


def _processing_lines(summary: Summary, options: ReportOptions) -> Iterator[str]:
    language = options.language
    if summary.vendor is not None:
        yield say("report-vendor", language, vendor=escape_invisible(summary.vendor))
    skipped = summary.skipped.total()
    # No record is left, and most of them were skipped: then the directions are more likely misread than the cells.
    if skipped > summary.rejected and skipped + summary.rejected == summary.read:
        yield textwrap.fill(say("report-none-incoming", language), options.width, break_on_hyphens=False)
    if summary.unseen and summary.read:
        words = ", ".join(map(escape_invisible, summary.unseen))
        yield textwrap.fill(say("report-unseen", language, words=words), options.width, break_on_hyphens=False)
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
    yield from outcome_lines(summary, options)
    if summary.withheld:
        yield say("report-withheld", language, count=format_count(summary.withheld, options))
    if summary.not_taken:
        yield say("report-not-taken", language, columns=", ".join(map(escape_invisible, summary.not_taken)))
