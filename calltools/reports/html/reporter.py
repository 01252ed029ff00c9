"""Findings as one page: gathered while files run, written when all have ended."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.gathering import FirstOfEachRule, Met
from calltools.reports.html import charts
from calltools.reports.html.strip import Strip
from calltools.reports.html.words import SEVERITY_COUNTS, SEVERITY_FILTERS, word
from calltools.reports.numbers import number
from calltools.reports.overview import opening
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice, counts_line
from calltools.rules.catalog import BY_CODE
from calltools.rules.manual import page_of

#: Findings shown of each rule; of all rules of all files together; files shown with charts. They bound the page.
_OF_A_RULE: Final = 5
_IN_ALL: Final = 240
_FILES: Final = 8
_IN_TABLE: Final = 500
#: Signs of a cell that the page has room for.
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Group:
    """A rule that was met, and examples of it."""

    met: Met
    name: str
    finds: str
    why: str
    advice: str
    examples: Sequence[Finding]


@dataclass(slots=True)
class FilePage:
    """What the page says of one file."""

    source: Source | None
    name: str
    summary: Summary | None = None
    first: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(_OF_A_RULE))
    examples: list[Finding] = field(default_factory=list)
    strip: Strip = field(default_factory=Strip)


@dataclass(slots=True)
class HtmlReporter:
    """One page for all files of a run; it stays under 500 KB whatever they hold."""

    stream: TextIO
    style: Style
    pages: list[FilePage] = field(default_factory=list)
    room: int = _IN_ALL

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.pages.append(FilePage(source, name))

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        page = self.pages[-1]
        page.strip.add(findings)
        kept = list(present(page.first.of(findings), page.source, page.name, self.style))[: self.room]
        self.room -= len(kept)
        page.examples += kept

    def finish(self, summary: Summary) -> None:
        """The file has ended."""
        self.pages[-1].summary = summary

    def close(self, _summaries: list[Summary]) -> None:
        """Write the page."""
        ended = [(page, page.summary) for page in self.pages if page.summary is not None]
        script, sheet = _asset("page.js"), _asset("page.css")
        template = _environment(self.style).get_template("page.html.j2")
        self.stream.writelines(
            template.generate(
                pages=[page for page, _ in ended[:_FILES]],
                listed=[summary for _, summary in ended[:_IN_TABLE]],
                more=len(ended) - min(len(ended), _FILES),
                groups=self._groups,
                now=datetime.fromtimestamp(max((one.now for _, one in ended), default=0), UTC),
                version=version("calltools"),
                script=Markup(script),  # noqa: S704 - our own files
                sheet=Markup(sheet),  # noqa: S704
                script_hash=_hash(script),
                sheet_hash=_hash(sheet),
                style=self.style,
            )
        )

    def _groups(self, page: FilePage) -> list[Group]:
        return [
            Group(
                met=met,
                name=BY_CODE[met.code].name,
                finds=page_of(BY_CODE[met.code], self.style.language).finds,
                why=page_of(BY_CODE[met.code], self.style.language).why,
                advice=advice(met.code, self.style.language),
                examples=[one for one in page.examples if one.code == met.code and one.severity == met.severity.value],
            )
            for met in page.first.met()
        ]


@lru_cache(maxsize=8)
def _environment(style: Style) -> Environment:
    """Templates are compiled once; what they call follows the style."""
    made = Environment(
        loader=PackageLoader("calltools.reports.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "charts": charts,
        "coded": _coded,
        "counts_line": counts_line,
        "language": style.language,
        "number": lambda count: number(count, style),
        "opening": lambda source: opening(source, style),
        "percent": lambda share: f"{share:.1f}".replace(".", "," if style.language == "ru" else "."),
        "severity_counts": SEVERITY_COUNTS,
        "severity_filters": SEVERITY_FILTERS,
        "short": _short,
        "word": lambda key, **facts: word(key, style.language, **facts),
    }
    return made


def _short(text: str | None) -> str:
    clean = visible(text or "")
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"


def _coded(text: str) -> Markup:
    """A text with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _asset(name: str) -> str:
    return files("calltools.reports.html").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names what it allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
