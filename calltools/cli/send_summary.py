"""What a person is told of a conversion between the last answer and the plan: a line for each rule, and no details."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.wording import format_rule_title, severity_name
from calltools.rules.catalog import RULES_BY_CODE
from calltools.run import SessionSink
from calltools.texts import Language, say

#: A note asks nothing of anybody.
_TOLD: Final = (Severity.ERROR, Severity.WARNING)


@dataclass(slots=True)
class ConversionWatcher(SessionSink):
    """Counts the findings of a conversion by severity and rule.

    Attributes:
        counts: Severity and code -> findings.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Count the findings of a batch."""
        if len(findings):
            table = findings.table
            self.counts.update(zip(table["severity"].to_pylist(), table["code"].to_pylist(), strict=True))

    def describe(self, summaries: Sequence[Summary], language: Language, *, keeps_rejects: bool) -> Iterator[str]:
        """Lines on what was found, the worst first.

        Args:
            summaries: The counts of the files.
            language: The reader's.
            keeps_rejects: Whether the records with errors are written somewhere.
        """
        for severity in _TOLD:
            found = {code: count for (word, code), count in self.counts.items() if word == severity.value}
            for code, count in sorted(found.items(), key=lambda one: (-one[1], one[0])):
                title = format_rule_title(RULES_BY_CODE[code], language)
                yield say(
                    "send-found",
                    language,
                    severity=severity_name(severity, language),
                    code=code,
                    count=count,
                    title=title,
                )
        joined = Counter[str]()
        for summary in summaries:
            joined.update(summary.joined)
        if joined:
            counts = {key: joined[key] for key in ("joined", "unjoined", "ambiguous")}
            yield say("report-joined", language, **counts)
        if any(summary.rejected for summary in summaries) and not keeps_rejects:
            yield say("send-rejects", language)
