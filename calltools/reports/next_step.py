"""The last line of a report: what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.messages import say
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.gathering import RuleCount
from calltools.reports.numbers import format_count
from calltools.reports.style import ReportOptions
from calltools.reports.visible import escape_invisible
from calltools.rules.catalog import RULES

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


def suggest_next_step(summaries: Sequence[Summary], worst: RuleCount | None, mendable: FixableErrors, options: ReportOptions) -> str | None:
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
