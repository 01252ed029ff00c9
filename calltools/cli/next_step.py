"""What to do after a run: the exact command, with the options of the run and those that the findings ask for. Heavy."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import typer

from calltools.cli.options import FormOptions
from calltools.cli.typed_command import TypedCommand, free_name
from calltools.files.parts import PART
from calltools.model import marks
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.reporter import BOLD, RESET, ReportOptions, RuleLimiter, format_count
from calltools.reports.wording import WRITTEN_FIXES, worst_first
from calltools.run import is_folder_output
from calltools.run.folder_output import rejects_path
from calltools.texts import Language, MessageKey, say

#: Options on the form of a file, which rejects and a marked workbook do not share with it.
_FORM: Final = tuple(one.name for one in fields(FormOptions))
#: The country of phones if nothing tells it, as the help of ``--region`` has it.
_USUAL_REGION: Final = "RU"


@dataclass(frozen=True, slots=True)
class _OpenOption:
    """An option without which records have errors.

    Attributes:
        name: Name of the field.
        what: Key of the words for what it says.
        value: Its value, by the language and by what was given.
    """

    name: str
    what: MessageKey
    value: Callable[[Language, Mapping[str, str]], str]


def _region_of(_language: Language, given: Mapping[str, str]) -> str:
    return country_of_zone(given.get("timezone", "")) or _USUAL_REGION


_STATIC: Final = _OpenOption("static_call", "next-static-call", lambda _language, _given: "auto")
_ZONE: Final = _OpenOption("timezone", "next-timezone", lambda language, _given: say("next-zone", language))
#: Rule -> the option that mends its errors, if it was not given.
_OPTIONS: Final[Mapping[str, _OpenOption]] = MappingProxyType(
    {
        "CT102": _STATIC,
        "CT301": _STATIC,
        "CT212": _ZONE,
        "CT241": _OpenOption("region", "next-region", _region_of),
        "CT605": _OpenOption("date_order", "next-date-order", lambda _language, _given: "dmy"),
    }
)


@dataclass(slots=True)
class NextStep:
    """A reporter that writes nothing by itself: it counts what the next command depends on.

    Attributes:
        errors: Errors by rule.
        fixable: Errors that ``calltools convert`` repairs without other options than those of this run.
        given: What was said of the files, by option.
        outcomes: The files of outcomes.
    """

    options: ReportOptions
    errors: Counter[str] = field(default_factory=Counter)
    fixable: int = 0
    given: dict[str, str] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)

    def start(self, source: Source | None, _name: str) -> None:
        """Begin a file."""
        self.given |= {} if source is None else {one.option: one.value for one in source.given}
        if source is not None:
            self.outcomes = [one.value for one in source.given if one.option == "outcomes"] or self.outcomes

    def take(self, findings: Findings) -> None:
        """Count the errors, and those that converting repairs."""
        # There may be a note on each record.
        findings = findings.filter(pc.equal(findings.table["severity"], Severity.ERROR.value))
        if not len(findings):
            return
        limiter = RuleLimiter(0)
        limiter.pass_first(findings)
        self.errors.update({rule.code: rule.count for rule in limiter.rule_counts()})
        table, codes = findings.table, [code for code, needs in WRITTEN_FIXES.items() if needs <= self.given.keys()]
        written = pc.is_in(table["code"], pa.array(codes, pa.string()))
        self.fixable += pc.sum(pc.and_(written, pc.is_valid(table["after"]))).as_py() or 0

    def finish(self, _summary: Summary) -> None:
        """End a file."""

    def close(self, _summaries: list[Summary]) -> None:
        """Write nothing: a command says what is next when it has said everything else."""

    def print_for(self, typed: TypedCommand, summaries: Sequence[Summary], after: str = "") -> None:
        """Print what is next after the command, each command in a line of its own, so that it can be copied.

        Args:
            typed: The command of this run.
            summaries: Of its files.
            after: What stands before the first sentence.
        """
        begin, end = (BOLD, RESET) if self.options.color else ("", "")
        for sentence, command in self.suggest(typed, summaries):
            typer.echo(f"{after}{begin}{sentence}{end}\n  {command}")
            after = ""

    def suggest(self, typed: TypedCommand, summaries: Sequence[Summary]) -> Iterator[tuple[str, TypedCommand]]:
        """Sentences, and the command of each.

        Args:
            typed: The command of this run.
            summaries: Of its files.
        """
        readable = [one for one in summaries if one.error is None]
        if not readable or (typed.files == ("-",) and typed.options.get("output", ("-",)) == ("-",)):
            return
        if missing := self._missing_options():
            words = ", ".join(say(one.what, self.options.language) for one in missing)
            values = {one.name: one.value(self.options.language, self.given) for one in missing}
            yield self._say("next-options", what=words), typed.again().add(**values)
        elif typed.name == "convert" and "check" not in typed.options:
            yield from self._after_converting(typed, readable)
        elif any(self.errors.values()):
            yield from self._after_errors(typed, readable)
        elif not any(one.accepted for one in summaries):
            yield from self._after_validating(typed, readable)

    def _missing_options(self) -> list[_OpenOption]:
        found = {one.name: one for code, one in _OPTIONS.items() if self.errors[code]}
        return [one for name, one in found.items() if name.replace("_", "-") not in self.given]

    def _after_validating(
        self, typed: TypedCommand, summaries: Sequence[Summary]
    ) -> Iterator[tuple[str, TypedCommand]]:
        if not any(one.read > one.skipped.total() for one in summaries):
            return
        canonical = all(one.is_canonical for one in summaries)
        if typed.name == "validate" and not typed.is_told_more and canonical:
            yield self._say("next-upload"), _plan_of(typed, typed.files)
        else:
            yield self._say("next-convert"), typed.as_command("convert").add(output=free_name("calls", ".csv"))

    def _after_errors(self, typed: TypedCommand, summaries: Sequence[Summary]) -> Iterator[tuple[str, TypedCommand]]:
        if self.fixable:
            counts = {"count": self._count(self.fixable), "all": self._count(self.errors.total())}
            output = free_name("clean", ".csv")
            yield self._say("next-convert-mends", **counts), typed.as_command("convert").add(output=output)
            return
        if not any(one.read for one in summaries):
            # There is no cell to mark.
            return
        one = worst_first(summaries)[0]
        if one.source is not None and one.source.format.address == "line" and one.read > marks.MAX_RECORDS:
            apart = typed.as_command("convert", [one.name] if len(summaries) > 1 else None)
            apart = apart.add(output=free_name("clean", ".csv"), rejects=free_name("rejects", ".csv"))
            yield self._say("next-too-many", limit=self._count(marks.MAX_RECORDS)), apart
            return
        books = [word for word in typed.options.get("report", ()) if word.endswith(".xlsx") and "{" not in word]
        if books and len(summaries) == 1:
            checked = typed.as_command("validate", [books[0]]).drop(*_FORM)
            yield self._say("next-marked", path=books[0]), checked
        elif typed.files != ("-",):
            marked = typed.as_command("validate", [one.name] if len(summaries) > 1 else None)
            yield self._say("next-mark"), marked.add(report=free_name("marked", ".xlsx"))

    def _after_converting(
        self, typed: TypedCommand, summaries: Sequence[Summary]
    ) -> Iterator[tuple[str, TypedCommand]]:
        outputs, rejects = typed.options.get("output", ()), typed.options.get("rejects", ())
        rejected, written = sum(one.rejected for one in summaries), sum(one.written or 0 for one in summaries)
        if rejected and not rejects:
            kept = typed.again().add(rejects=free_name("rejects", ".csv"))
            yield self._say("next-rejects", count=self._count(rejected)), kept
        if written and outputs and outputs != ("-",):
            yield self._say("next-upload"), _plan_of(typed, [one.replace(PART, "*") for one in outputs])
        if rejected and rejects:
            mended = typed.as_command("convert", rejects).drop(
                "encoding", "delimiter", "sheet", "header_row", "records"
            )
            if self.outcomes:
                # Of all outcomes the older calls of these persons would get those that later calls have got.
                folder = Path(rejects[0]) if is_folder_output(rejects[0]) else Path(rejects[0]).parent
                mended = mended.add_all("outcomes", [str(rejects_path(folder, path)) for path in self.outcomes])
            facts = {"path": rejects[0], "count": self._count(rejected)}
            yield self._say("next-mended", **facts), mended.add(output=free_name("mended", ".csv"))

    def _count(self, number: int) -> str:
        return format_count(number, self.options)

    def _say(self, key: MessageKey, **facts: object) -> str:
        return say(key, self.options.language, **facts)


def _plan_of(typed: TypedCommand, names: Sequence[str]) -> TypedCommand:
    upload = TypedCommand("upload", tuple(names)).add(counter="N", plan=None)
    return upload.add(lang=typed.options["lang"][0]) if "lang" in typed.options else upload


def country_of_zone(zone: str) -> str | None:
    """The country of an IANA zone, two letters; ``None``: it has none, or several."""
    for line in (files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8").splitlines():
        country, _, name, *_ = [*line.split("\t"), "", ""]
        if name == zone and not line.startswith("#"):
            return country
    return None
