"""Findings as a workbook: gathered while files run, written when all have ended."""

import io
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.gathering import FirstOfEachRule
from calltools.reports.numbers import number
from calltools.reports.presenting import column_letters, present
from calltools.reports.spool import spooled
from calltools.reports.style import Style
from calltools.reports.workbook.blank import blank
from calltools.reports.workbook.copying import MOST_COMMENTS, Mark, Report, copy
from calltools.reports.workbook.listing import Line, cut, listed, row_of, summary_lines, titles
from calltools.reports.workbook.package import UnknownPackageError
from calltools.reports.workbook.rewritten import is_workbook, lost, rewritten
from calltools.reports.workbook.words import word

#: Findings that the list has room for: a workbook is held in memory.
MOST_LISTED: Final = 50_000
_IN_A_COMMENT: Final = 5
#: Records of a workbook that is still marked when it has to be loaded whole.
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
        if not isinstance(self.stream, io.TextIOWrapper):
            raise TypeError("a workbook needs a stream of bytes")
        self.stream.flush()
        with self._made(summaries) as made:
            shutil.copyfileobj(made, self.stream.buffer)

    def _made(self, summaries: Sequence[Summary]) -> IO[bytes]:
        source = self.sources[0] if len(self.sources) == 1 else None
        if source is None or source.format.address != "cell":
            return self._fresh(summaries, [])
        if not is_workbook(source.path):
            return self._fresh(summaries, [word("unmarkable", self.style.language)])
        return self._marked(source, summaries)

    def _fresh(self, summaries: Sequence[Summary], said: Sequence[str]) -> IO[bytes]:
        findings = list(self._findings(self.style))
        return self._written(blank(), "", self._report(findings, summaries, said, self.style, {}))

    def _marked(self, source: Source, summaries: Sequence[Summary]) -> IO[bytes]:
        # The copy is the user's own data: nothing in it is masked.
        open_style = replace(self.style, show_values=True)
        findings = list(self._findings(open_style))
        marks = _marks(findings, open_style, source)

        def report(*, anew: bool) -> Report:
            said = [self._said_of(len(marks)), *self._lost(source, anew=anew)]
            return self._report(findings, summaries, said, open_style, marks)

        with suppress(UnknownPackageError):
            return self._written(source.path, source.sheet or "", report(anew=False))
        if summaries[0].read > _MOST_RECORDS:
            too_large = word("too_large", self.style.language, records=number(summaries[0].read, self.style))
            return self._fresh(summaries, [too_large])
        with suppress(UnknownPackageError), rewritten(source.path) as anew:
            return self._written(anew, source.sheet or "", report(anew=True), anew=True)
        return self._fresh(summaries, [word("unmarkable", self.style.language)])

    def _report(
        self,
        findings: Sequence[Finding],
        summaries: Sequence[Summary],
        said: Sequence[str],
        style: Style,
        marks: Mapping[str, Mark],
    ) -> Report:
        rows = (row_of(one, style) for one in findings)
        lines = self._lines(len(findings), summaries, said)
        return Report(titles(style), rows, len(findings), lines, marks)

    def _written(self, base: Path | IO[bytes], sheet: str, report: Report, *, anew: bool = False) -> IO[bytes]:
        made = spooled()
        try:
            copy(base, sheet, report, made, anew=anew)
        except BaseException:
            made.close()
            raise
        made.seek(0)
        return made

    def _lost(self, source: Source, *, anew: bool) -> list[str]:
        language = self.style.language
        parts = ", ".join(word(part, language) for part in lost(source.path, anew=anew))
        return [word("lost", language, parts=parts)] if parts else []

    def _said_of(self, count: int) -> str:
        key = "marked" if count <= MOST_COMMENTS else "commented"
        shown = {"marked": number(count, self.style), "commented": number(MOST_COMMENTS, self.style)}
        return word(key, self.style.language, **shown)

    def _findings(self, style: Style) -> list[Finding]:
        return [one for some, source, name in self.kept for one in present(some, source, name, style)]

    def _lines(self, shown: int, summaries: Sequence[Summary], said: Sequence[str]) -> list[Line]:
        count = self.all_of_them.seen.total()
        sentences = [*said, *listed(shown, count, self.style)]
        return list(summary_lines(summaries, self.all_of_them.met(), sentences, self.style))


def _marks(findings: Sequence[Finding], style: Style, source: Source) -> dict[str, Mark]:
    """What is said of each cell; a fault of a whole record is said at its first cell."""
    found: dict[str, list[Finding]] = {}
    first = column_letters(source.first_column)
    for one in findings:
        address = one.cell or (f"{first}{one.row}" if one.row else None)
        if address:
            found.setdefault(address, []).append(one)
    return {
        address: Mark(_worst(some), _said(some, style) if count < MOST_COMMENTS else "")
        for count, (address, some) in enumerate(found.items())
    }


def _worst(findings: Sequence[Finding]) -> Severity:
    return min((Severity(one.severity) for one in findings), key=lambda severity: severity.rank)


def _said(findings: Sequence[Finding], style: Style) -> str:
    texts = [_of_one(one, style) for one in findings[:_IN_A_COMMENT]]
    left = len(findings) - _IN_A_COMMENT
    return "\n\n".join([*texts, *([word("more", style.language, count=left)] if left > 0 else [])])


def _of_one(finding: Finding, style: Style) -> str:
    row = row_of(finding, style)
    lines = [f"{finding.code} {finding.name}", cut(finding.message), word("fix", style.language, advice=row.texts[8])]
    if finding.fix is not None and finding.fix["after"]:
        lines.append(word("after", style.language, after=cut(finding.fix["after"])))
    return "\n".join(lines)
