"""Both sheets as plain rows of text, whichever library writes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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

COLUMNS: Final = ("severity", "code", "rule", "file", "place", "column", "value", "message", "advice", "repaired")
WIDTHS: Final = (18, 8, 30, 24, 16, 16, 28, 60, 60, 24)
#: Fill of a cell by severity: pale enough to read black text on.
FILLS: Final = {Severity.ERROR: "FFC7CE", Severity.WARNING: "FFEB9C", Severity.NOTE: "DDEBF7"}
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as a row: its texts in the order of ``COLUMNS``, its severity, and the cell that it is about."""

    texts: tuple[str, ...]
    severity: Severity
    cell: str | None


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
    return word("whole", style.language)


def cut(text: str) -> str:
    """A text that a cell can hold: nothing unseen in it, and not too long."""
    clean = visible(text)
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"


def summary_rows(
    summaries: Sequence[Summary], met: Sequence[Met], said: Sequence[str], style: Style
) -> Iterator[tuple[str | int, ...]]:
    """The sheet of counts: what was said, each file, each rule."""
    for sentence in said:
        yield (sentence,)
    for summary in summaries:
        unread = "" if summary.error is None else word("unread", style.language, error=summary.error)
        yield (cut(summary.name), cut(unread) or counts_line(summary, style.language))
    yield ()
    language = style.language
    yield tuple(word(name, language) for name in ("severity", "code", "rule", "found", "advice"))
    for one in met:
        yield (
            word(one.severity.value, language),
            one.code,
            BY_CODE[one.code].name,
            one.count,
            advice(one.code, language),
        )


def listed(shown: int, count: int, style: Style) -> list[str]:
    """That the list is not whole, if it is not."""
    if shown == count:
        return []
    return [word("listed", style.language, listed=number(shown, style), count=number(count, style))]
