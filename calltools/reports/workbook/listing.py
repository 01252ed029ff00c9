"""Both sheets as plain rows of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from calltools.model.finding import Finding
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.gathering import Met
from calltools.reports.numbers import number
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice, counts_line
from calltools.reports.workbook.words import word
from calltools.rules.catalog import BY_CODE
from calltools.rules.manual import page_of

COLUMNS: Final = ("severity", "code", "rule", "file", "place", "column", "value", "message", "advice", "repaired")
WIDTHS: Final = (18, 8, 30, 24, 16, 16, 28, 60, 60, 24)
#: Fill of a cell by severity: pale enough to read black text on.
#: One step beside the shades that Excel offers, so that a fill of the user's own is never taken for ours.
FILLS: Final = {Severity.ERROR: "FFC8CE", Severity.WARNING: "FFEB9D", Severity.NOTE: "DDEBF8"}
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as a row: its texts in the order of ``COLUMNS``, its severity, and the cell that it is about."""

    texts: tuple[str, ...]
    severity: Severity
    cell: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet of counts."""

    kind: Literal["title", "said", "head", "row"]
    values: tuple[str | int, ...]
    severity: Severity | None = None


def titles(style: Style) -> list[str]:
    """The header of the list."""
    return [word(name, style.language) for name in COLUMNS]


def row_of(finding: Finding, style: Style) -> Row:
    """A finding as a row."""
    fix = "" if finding.fix is None else finding.fix["after"]
    texts = (
        word(finding.severity, style.language),
        finding.code,
        finding.name,
        finding.file,
        place(finding, style),
        finding.column or "",
        finding.value or "",
        finding.message,
        advice(finding.code, style.language),
        fix,
    )
    return Row(tuple(cut(text) for text in texts), Severity(finding.severity), finding.cell)


def place(finding: Finding, style: Style) -> str:
    """Where it is, as a person would look it up."""
    if finding.cell:
        return finding.cell
    if finding.row:
        return word("row", style.language, number=finding.row)
    if finding.line:
        return word("line", style.language, number=finding.line)
    if finding.record:
        return word("record", style.language, number=finding.record)
    return word("whole", style.language)


def cut(text: str) -> str:
    """A text that a cell can hold: nothing unseen in it, and not too long."""
    clean = visible(text)
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"


def summary_lines(
    summaries: Sequence[Summary], met: Sequence[Met], said: Sequence[str], style: Style
) -> Iterator[Line]:
    """The sheet of counts: each file, what was said, each rule."""
    language = style.language
    yield Line("title", (word("headline", language),))
    for summary in summaries:
        unread = "" if summary.error is None else word("unread", language, error=summary.error)
        yield Line("said", (f"{cut(summary.name)}: {cut(unread) or counts_line(summary, language)}",))
    for sentence in said:
        yield Line("said", (sentence,))
    yield Line("said", ())
    if not met:
        yield Line("said", (word("nothing", language),))
        return
    yield Line("head", tuple(word(name, language) for name in ("severity", "code", "what", "found", "advice")))
    for one in met:
        texts = (page_of(BY_CODE[one.code], language).finds, advice(one.code, language))
        finds, help_ = (text.replace("`", "") for text in texts)
        values = (word(one.severity.value, language), one.code, finds, one.count, help_)
        yield Line("row", values, one.severity)


def listed(shown: int, count: int, style: Style) -> list[str]:
    """That the list is not whole, if it is not."""
    if shown == count:
        return []
    return [word("listed", style.language, listed=number(shown, style), count=number(count, style))]
