"""Findings as a workbook: gathered while files run, written when all have ended."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.gathering import FirstOfEachRule
from calltools.reports.numbers import number
from calltools.reports.presenting import column_letters, present
from calltools.reports.style import Style
from calltools.reports.workbook.listing import Row, cut, listed, row_of, summary_rows, titles
from calltools.reports.workbook.marked import MOST_COMMENTS, Mark, lost, markable, marked
from calltools.reports.workbook.words import word

#: Findings that the list has room for: a workbook is held in memory.
MOST_LISTED: Final = 50_000
#: Records of a workbook that is still marked: it has to be loaded whole.
_MOST_RECORDS: Final = 250_000


@dataclass(slots=True)
class WorkbookReporter:
    """The user's own workbook back, marked, when there is just one and it is .xlsx; else a fresh one."""

    stream: TextIO
    style: Style
    kept: list[tuple[Findings, Source | None, str]] = field(default_factory=list)
    sources: list[Source | None] = field(default_factory=list)
    all_of_them: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(0))
    room: int = MOST_LISTED
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.sources.append(source)
        self.name = name

    def take(self, findings: Findings) -> None:
        """Count them all, and keep as many as the list has room for."""
        self.all_of_them.of(findings)
        if self.room:
            some = Findings(findings.table.slice(0, self.room))
            self.kept.append((some, self.sources[-1], self.name))
            self.room -= len(some)

    def finish(self, _summary: Summary) -> None:
        """The file has ended."""

    def close(self, summaries: list[Summary]) -> None:
        """Write the workbook."""
        source = self.sources[0] if len(self.sources) == 1 else None
        refused = self._unmarkable(source, summaries)
        data = self._fresh(summaries, refused) if source is None or refused else self._marked(source, summaries)
        if not isinstance(self.stream, io.TextIOWrapper):
            raise TypeError("a workbook needs a stream of bytes")
        self.stream.flush()
        self.stream.buffer.write(data)

    def _unmarkable(self, source: Source | None, summaries: Sequence[Summary]) -> list[str]:
        if source is None or source.format != "workbook":
            return [""]
        if not markable(source.path):
            return [word("unmarkable", self.style.language)]
        records = summaries[0].read
        too_large = word("too_large", self.style.language, records=number(records, self.style))
        return [too_large] if records > _MOST_RECORDS else []

    def _fresh(self, summaries: Sequence[Summary], refused: Sequence[str]) -> bytes:
        from calltools.reports.workbook.fresh import fresh  # noqa: PLC0415 - one of the two libraries is enough

        rows = [row_of(one, self.style) for one in self._findings(self.style)]
        said = [sentence for sentence in refused if sentence]
        return fresh(rows, list(self._counts(rows, summaries, said)), self.style)

    def _marked(self, source: Source, summaries: Sequence[Summary]) -> bytes:
        # The copy is the user's own data: nothing in it is masked.
        open_style = replace(self.style, show_values=True)
        findings = list(self._findings(open_style))
        rows = [row_of(one, open_style) for one in findings]
        marks = _marks(findings, open_style, source)
        language = self.style.language
        book = marked(source.path, source.sheet or "", marks, word("more", language, count="{count}"))
        said = [self._said_of(len(marks))]
        if parts := lost(source.path):
            said.append(word("lost", language, parts=", ".join(word(part, language) for part in parts)))
        book.add(titles(self.style), rows, self._counts(rows, summaries, said), source.sheet or "")
        return book.data()

    def _said_of(self, count: int) -> str:
        key = "marked" if count <= MOST_COMMENTS else "commented"
        shown = {"marked": number(count, self.style), "commented": number(MOST_COMMENTS, self.style)}
        return word(key, self.style.language, **shown)

    def _findings(self, style: Style) -> list[Finding]:
        return [one for some, source, name in self.kept for one in present(some, source, name, style)]

    def _counts(
        self, rows: Sequence[Row], summaries: Sequence[Summary], said: Sequence[str]
    ) -> list[tuple[str | int, ...]]:
        count = self.all_of_them.seen.total()
        sentences = [*said, *listed(len(rows), count, self.style)]
        return list(summary_rows(summaries, self.all_of_them.met(), sentences, self.style))


def _marks(findings: Sequence[Finding], style: Style, source: Source) -> dict[str, Mark]:
    """What is said of each cell; a fault of a whole record is said at its first cell."""
    found: dict[str, list[Finding]] = {}
    first = column_letters(source.first_column)
    for one in findings:
        address = one.cell or (f"{first}{one.row}" if one.row else None)
        if address:
            found.setdefault(address, []).append(one)
    return {address: _mark(some, style) for address, some in found.items()}


def _mark(findings: Sequence[Finding], style: Style) -> Mark:
    worst = min((Severity(one.severity) for one in findings), key=lambda severity: severity.rank)
    return Mark(worst, tuple(_said(one, style) for one in findings))


def _said(finding: Finding, style: Style) -> str:
    row = row_of(finding, style)
    lines = [f"{finding.code} {finding.name}", cut(finding.message), word("fix", style.language, advice=row.texts[8])]
    if finding.fix is not None and finding.fix["after"]:
        lines.append(word("after", style.language, after=cut(finding.fix["after"])))
    return "\n".join(lines)
