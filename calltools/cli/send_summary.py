"""What a person is told of a conversion between the last answer and the plan: a line for each rule, and no details."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from calltools.model.batch import Batch, Source
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions
from calltools.reports.second_files import (
    outcome_file_lines,
    outcome_lines,
    second_file_mask,
    unusable_lines,
    without_explained,
)
from calltools.reports.wording import format_rule_title, severity_name
from calltools.rules.catalog import RULES_BY_CODE
from calltools.run import SessionSink
from calltools.run.planned_file import PlannedFile
from calltools.texts import Language, MessageKey, say

#: A note asks nothing of anybody.
_TOLD: Final = (Severity.ERROR, Severity.WARNING)
#: Told by the line of the files of outcomes, with how many records each reason has.
_TOLD_IN_LINES: Final = "CT608"


@dataclass(slots=True)
class ConversionWatcher(SessionSink):
    """Counts the findings of a conversion by severity and rule.

    Attributes:
        counts: Severity and code -> findings on calls.
        on_second_files: Severity and code -> findings on files of identifiers and of outcomes.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_second_files: Counter[tuple[str, str]] = field(default_factory=Counter)
    _source: Source | None = None

    def start_file(self, _name: str, planned: PlannedFile | None) -> None:
        """Remember which second files it has."""
        self._source = None if planned is None else planned.table.source

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Count the findings of a batch."""
        if len(findings):
            # A call without an identifier is told once, with the reason that the second file gives.
            told = without_explained(findings, findings)
            is_second = second_file_mask(told, self._source)
            for counts, some in ((self.on_second_files, is_second), (self.counts, ~is_second)):
                table = told.filter(pa.array(some)).table
                counts.update(zip(table["severity"].to_pylist(), table["code"].to_pylist(), strict=True))

    def describe(self, summaries: Sequence[Summary], language: Language, *, keeps_rejects: bool) -> Iterator[str]:
        """Lines on what was found: of second files first, because other findings follow from theirs; the worst first.

        Args:
            summaries: The counts of the files.
            language: The reader's.
            keeps_rejects: Whether the records with errors are written somewhere.
        """
        options = ReportOptions(language)
        for summary in summaries[:1]:
            # One file of identifiers for all, and files of outcomes are counted with the first file.
            yield from () if summary.source is None else unusable_lines(summary.source, options)
        for summary in summaries:
            yield from outcome_file_lines(summary, options)
        counted = Counter({key: count for key, count in self.on_second_files.items() if key[1] != _TOLD_IN_LINES})
        yield from _describe_counts("send-found-second", counted, language)
        yield from _describe_counts("send-found", self.counts, language)
        joined = Counter[str]()
        for summary in summaries:
            joined.update(summary.joined)
        if joined:
            counts = {key: joined[key] for key in ("joined", "unjoined", "ambiguous")}
            yield say("report-joined", language, **counts)
        if taken := sum((summary.outcomes for summary in summaries), Counter[str]()):
            yield from outcome_lines(Summary("", outcomes=taken), options)
        if any(summary.rejected for summary in summaries) and not keeps_rejects:
            yield say("send-rejects", language)


def _describe_counts(key: MessageKey, counts: Counter[tuple[str, str]], language: Language) -> Iterator[str]:
    """A line for each rule."""
    for severity in _TOLD:
        found = {code: count for (word, code), count in counts.items() if word == severity.value}
        for code, count in sorted(found.items(), key=lambda one: (-one[1], one[0])):
            facts = {"severity": severity_name(severity, language), "code": code, "count": count}
            yield say(key, language, **facts, title=format_rule_title(RULES_BY_CODE[code], language))
