"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.assumptions import DateOrder
from calltools.model.batch import Batch, Source
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.concise import format_concise_lines, format_lines_under_rule, format_severity
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import (
    BOLD,
    DIM,
    RESET,
    LineReporter,
    ReportOptions,
    RuleCount,
    RuleLimiter,
    format_count,
)
from calltools.reports.snippets import Snippets
from calltools.reports.wording import (
    OUTCOME_REASONS,
    format_advice,
    format_counts_line,
    format_options,
    format_total_line,
    worst_first,
)
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.texts import Language, MessageKey, render_text, say
from calltools.texts.sentences import OPTION_ADVICE

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
_SECOND_FILES: Final = ("identifiers", "outcomes")
#: Rules that say why a call has no identifier.
_REASONS: Final = pa.array(["CT606", "CT607"])
#: Why a record of the file of identifiers cannot be read -> the option that may help.
_HELPFUL_OPTIONS: Final = {"phone": "region", "time": "date-order"}
UNUSABLE: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "damaged": "unusable-damaged",
        "no-phone": "unusable-no-phone",
        "phone": "unusable-phone",
        "time": "unusable-time",
        "identifier": "unusable-identifier",
    }
)


#: Rules whose repaired cells ``calltools convert`` writes -> options on which the repair rests.
_WRITTEN_FIXES: Final = {
    rule.code: frozenset() if rule.fix == "safe" else frozenset(OPTION_ADVICE[rule.code])
    for rule in RULES
    if rule.fix == "safe" or (rule.fix and rule.cell and rule.repair is None)
}


@dataclass(slots=True)
class FixableErrors:
    """Counts errors that ``calltools convert`` repairs without other options than those of this run."""

    count: int = 0

    def add(self, findings: Findings, source: Source | None) -> None:
        """Count some findings of a file."""
        given = set() if source is None else {one.option for one in source.given}
        table, codes = findings.table, [code for code, options in _WRITTEN_FIXES.items() if options <= given]
        written = pc.is_in(table["code"], pa.array(codes, pa.string()))
        errors = pc.and_(written, pc.equal(table["severity"], Severity.ERROR.value))
        self.count += pc.sum(pc.and_(errors, pc.is_valid(table["after"]))).as_py() or 0


@dataclass(slots=True)
class TextReporter:
    """Writes findings by rule, the worst first, if there is a limit; else in the order of the file."""

    stream: TextIO
    options: ReportOptions
    line_reporter: LineReporter = field(init=False)
    limiter: RuleLimiter = field(init=False)
    examples: list[Findings] = field(default_factory=list)
    worst_rules: list[RuleCount] = field(default_factory=list)
    fixable: FixableErrors = field(default_factory=FixableErrors)
    snippets: Snippets = field(init=False)
    source: Source | None = None
    name: str = ""
    #: Of the file of identifiers: it is told once, although it is the same beside each file of calls.
    _unusable: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        self.line_reporter = LineReporter(self.stream, self.options, format_concise_lines)
        self.limiter = RuleLimiter(self.options.limit)
        self.snippets = Snippets(self.options)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file: write how it was read."""
        self.source, self.name = source, name
        self.limiter = RuleLimiter(self.options.limit)
        self.examples = []
        self.snippets = Snippets(self.options)
        self.line_reporter.start(source, name)
        if source is not None:
            self._write_lines([self._bold(self._wrap(describe_source(source, self.options)))])
            if source.unusable != self._unusable:
                self._write_lines(self._wrap(line) for line in _unusable_lines(source, self.options))
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
        self.fixable.add(findings, self.source)
        passed = _without_explained(self.limiter.pass_first(findings), findings)
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
        self.worst_rules += self.limiter.rule_counts()[:1]

    def close(self, summaries: list[Summary]) -> None:
        """Write the total of several files, and what to do next."""
        # ``convert`` prints it itself, beside the file that it has written.
        if len(summaries) > 1 and {summary.written for summary in summaries if summary.error is None} == {None}:
            self._write_lines([*map(self._format_file_line, worst_first(summaries)), ""])
            self._write_lines([format_total_line(summaries, self.options.language), ""])
        worst = min(self.worst_rules, key=lambda rule: rule.sort_key, default=None)
        if suggestion := suggest_next_step(summaries, worst, self.fixable, self.options):
            self._write_lines([self._bold(self._wrap(suggestion))])

    def _format_file_line(self, summary: Summary) -> str:
        """A line of the table of files."""
        counts = {f"{severity}s": format_count(summary.by_severity[severity], self.options) for severity in Severity}
        found = say("report-found", self.options.language, **counts)
        said = found if summary.error is None else say("report-unread", self.options.language)
        return f"{escape_invisible(summary.name)}: {said}"

    def _write_groups(self, findings: Findings) -> None:
        groups = [(rule, rule.select(findings)) for rule in self.limiter.rule_counts()]
        # What is wrong with a second file comes before what follows from it.
        groups.sort(key=lambda group: not _is_of_second_file(group[1], self.source))
        # One call for all groups: to word one finding costs as much as to word a hundred.
        lines = iter(
            format_lines_under_rule(Findings.concat([own for _, own in groups]), self.source, self.name, self.options)
        )
        for rule, own in groups:
            if not len(own):
                continue  # told beside the rule that they explain
            title = self._bold(f"{rule.code} {RULES_BY_CODE[rule.code].name}")
            self._write_lines(
                [f"{format_severity(rule.severity, self.options)} {title} ({format_count(rule.count, self.options)})"]
            )
            first, *others = islice(lines, len(own))
            snippet = self.snippets.lines.get(f"{rule.code} {rule.severity.value}", ())
            wrapped = map(self._wrap_colored, others)
            self._write_lines([self._wrap_colored(first), *snippet, *wrapped, *self._lines_after_group(rule), ""])

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

    def _lines_after_group(self, rule: RuleCount) -> Iterator[str]:
        if more := self.limiter.count_held_back(rule):
            yield self._dim(INDENT + say("report-more", self.options.language, count=format_count(more, self.options)))
        yield format_rule_advice(rule, self.source, self.options)

    def _write_lines(self, lines: Iterable[str]) -> None:
        self.stream.writelines(f"{line}\n" for line in lines)

    def _bold(self, text: str) -> str:
        return f"{BOLD}{text}{RESET}" if self.options.color else text

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{RESET}" if self.options.color else text


def _without_explained(shown: Findings, findings: Findings) -> Findings:
    """Findings to show, without those that only say why a call has no identifier (CT301): its advice says so, too.

    Args:
        shown: Those of the findings that are to be shown.
        findings: All findings of some records.
    """
    missing = pc.drop_null(findings.table["record"].filter(pc.equal(findings.table["code"], "CT301")))
    table = shown.table
    explained = pc.and_(pc.is_in(table["code"], _REASONS), pc.is_in(table["record"], missing))
    return shown.filter(pc.invert(explained))


def _is_of_second_file(findings: Findings, source: Source | None) -> bool:
    """Whether some findings are on a file of identifiers or of outcomes: then the column names it."""
    given = () if source is None else source.given
    names = [PurePath(one.value).name for one in given if one.option in _SECOND_FILES]
    without_place = findings.filter(pc.is_null(findings.table["place"])).table["column"]
    columns = pc.fill_null(without_place, "").to_pylist()
    return any(f"({name}" in column or column.startswith(f"{name}:") for name in names for column in columns)


def describe_source(source: Source, options: ReportOptions) -> str:
    """How the file was read, in one line: format, encoding, header, order of dates."""
    dates = [say(DATE_ORDERS[source.date_order], options.language)] if source.date_order else []
    return "; ".join([_describe_format(source, options), _describe_header(source, options), *dates])


def format_overview(summary: Summary, rules: Sequence[RuleCount], options: ReportOptions) -> list[str]:
    """The last lines of a file's report: rules, counts by severity, counts of records, what else the run did."""
    lines = [] if rules or summary.error else [_format_clean(summary, options)]
    for rule in rules:
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
    sentence = say("report-fix", options.language, advice=format_advice(rule.code, options.language, source))
    return textwrap.fill(sentence, options.width, **WRAP_OPTIONS)


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
    return f"{rule.code} {count:>9}  {format_severity(rule.severity, options)}: {RULES_BY_CODE[rule.code].name}"


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
    yield from _outcome_lines(summary, options)
    if summary.withheld:
        yield say("report-withheld", language, count=format_count(summary.withheld, options))
    if summary.not_taken:
        yield say("report-not-taken", language, columns=", ".join(map(escape_invisible, summary.not_taken)))


def _unusable_lines(source: Source, options: ReportOptions) -> Iterator[str]:
    """What of the file of identifiers cannot be joined to any call, with the option that helps where none was given."""
    language, given = options.language, {one.option for one in source.given}
    words = [
        f"{say(UNUSABLE[reason], language)}{_helpful_option(reason, given, language)} {format_count(count, options)}"
        for reason, count in source.unusable
    ]
    if words:
        path = next((one.value for one in source.given if one.option == "identifiers"), "")
        yield say("report-unusable", language, path=escape_invisible(path), reasons=", ".join(words))


def _helpful_option(reason: str, given: Collection[str], language: Language) -> str:
    option = _HELPFUL_OPTIONS.get(reason)
    return "" if option is None or option in given else say("unusable-option", language, option=f"--{option}")


def _outcome_lines(summary: Summary, options: ReportOptions) -> Iterator[str]:
    """What files of outcomes gave to the calls of a file; below the first file of a run, what they gave to none."""
    language = options.language

    def rest(counts: Mapping[str, int]) -> str:
        return "".join(
            say(
                "report-outcome-more",
                options.language,
                word=say(key, options.language),
                count=format_count(count, options),
            )
            for reason, key in OUTCOME_REASONS.items()
            if (count := counts.get(reason, 0))
        )

    if summary.outcome_files:
        read = format_count(summary.outcome_files["read"], options)
        yield say("report-outcome-files", language, read=read, more=rest(summary.outcome_files))
    if summary.outcomes:
        counts = {key: format_count(summary.outcomes[key], options) for key in ("taken", "calls")}
        yield say("report-outcomes", language, **counts, more=rest(summary.outcomes))


def suggest_next_step(
    summaries: Sequence[Summary], worst: RuleCount | None, fixable: FixableErrors, options: ReportOptions
) -> str | None:
    """The command to run next; ``None``: there is nothing to suggest."""
    checked = all(summary.written is None and summary.source is not None for summary in summaries)
    name = _quote_for_shell(summaries[0].name) if len(summaries) == 1 else say("report-files", options.language)
    if worst is None or worst.severity is Severity.NOTE:
        uploadable = checked and not options.uploading and len(summaries) == 1 and _is_uploadable(summaries[0])
        return say("report-next-upload", options.language, name=name) if uploadable else None
    if checked and fixable.count:
        count = format_count(fixable.count, options)
        command = " ".join([name, *_shared_options(summaries)])
        return say("report-next-convert", options.language, command=command, count=count, code=worst.code)
    return say("report-next", options.language, code=worst.code)


def _shared_options(summaries: Sequence[Summary]) -> Iterator[str]:
    """The options of the run, as arguments; those that not all files have are left to the configuration."""
    given = [() if summary.source is None else summary.source.given for summary in summaries]
    yield from format_options([one for one in given[0] if all(one in others for others in given)])


def _is_uploadable(summary: Summary) -> bool:
    canonical = summary.source is not None and summary.source.format.canonical and not summary.vendor
    return canonical and not summary.error and not summary.accepted


def _quote_for_shell(name: str) -> str:
    """The name of a file as an argument for the shells of all systems."""
    visible = escape_invisible(name)
    return f'"{visible}"' if " " in visible else visible
