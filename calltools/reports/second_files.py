"""What the text report says of second files: a file of identifiers, files of outcomes."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, format_count
from calltools.reports.wording import OUTCOME_REASONS
from calltools.texts import Language, MessageKey, say

_SECOND_FILES: Final = ("identifiers", "outcomes")
#: Rules that say why a call has no identifier.
_REASONS: Final = ("CT606", "CT607")
#: Why a record of the file of identifiers cannot be read -> the option that may help.
#: For times there is none: where the order of day and month is not proven, the run has stopped before.
_HELPFUL_OPTIONS: Final = {"phone": "region"}
UNUSABLE: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "damaged": "unusable-damaged",
        "no-phone": "unusable-no-phone",
        "phone": "unusable-phone",
        "time": "unusable-time",
        "identifier": "unusable-identifier",
    }
)


def without_explained(shown: Findings, findings: Findings) -> Findings:
    """Findings to show, without those that only say why a call has no identifier (CT301): its advice says so, too.

    Args:
        shown: Those of the findings that are to be shown.
        findings: All findings of some records.
    """
    missing = pc.drop_null(findings.table["record"].filter(pc.equal(findings.table["code"], "CT301")))
    table = shown.table
    explained = pc.and_(pc.is_in(table["code"], pa.array(_REASONS)), pc.is_in(table["record"], missing))
    return shown.filter(pc.invert(explained))


def is_of_second_file(findings: Findings, source: Source | None) -> bool:
    """Whether some findings are on a file of identifiers or of outcomes: then the column names it."""
    given = () if source is None else source.given
    names = [PurePath(one.value).name for one in given if one.option in _SECOND_FILES]
    without_place = findings.filter(pc.is_null(findings.table["place"])).table["column"]
    columns = pc.fill_null(without_place, "").to_pylist()
    return any(f"({name}" in column or column.startswith(f"{name}:") for name in names for column in columns)


def unusable_lines(source: Source, options: ReportOptions) -> Iterator[str]:
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


def outcome_lines(summary: Summary, options: ReportOptions) -> Iterator[str]:
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
