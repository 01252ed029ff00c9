"""What the text report says of second files: a file of identifiers, files of outcomes."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, format_count
from calltools.reports.wording import OUTCOME_REASONS
from calltools.texts import Language, MessageKey, say

_SECOND_FILES: Final = ("identifiers", "outcomes")
#: Rules that say why a call has no identifier.
_REASONS: Final = ("CT606", "CT607")
#: Why a record of a second file cannot be read -> the option that may help.
#: For times there is none: where the order of day and month is not proven, the run has stopped before.
_HELPFUL_OPTIONS: Final = {"phone": "region", "person": "region", "currency": "currency"}
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
    if not len(shown):
        return shown
    missing = pc.drop_null(findings.table["record"].filter(pc.equal(findings.table["code"], "CT301")))
    table = shown.table
    explained = pc.and_(pc.is_in(table["code"], pa.array(_REASONS)), pc.is_in(table["record"], missing))
    return shown.filter(pc.invert(explained))


def is_of_second_file(findings: Findings, source: Source | None) -> bool:
    """Whether some findings are on a file of identifiers or of outcomes: then the column names it."""
    return bool(second_file_mask(findings, source).any())


def second_file_mask(findings: Findings, source: Source | None) -> Mask:
    """Mask of the findings on a file of identifiers or of outcomes."""
    given = () if source is None else source.given
    names = [PurePath(one.value).name for one in given if one.option in _SECOND_FILES]
    without_place: Mask = pc.is_null(findings.table["place"]).to_numpy()
    mask: Mask = np.zeros(len(findings), bool)
    for row in np.flatnonzero(without_place) if names else ():
        column = findings.table["column"][int(row)].as_py() or ""
        mask[row] = any(f"({name}" in column or column.startswith(f"{name}:") for name in names)
    return mask


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
    yield from outcome_file_lines(summary, options)
    if summary.outcomes:
        counts = {key: format_count(summary.outcomes[key], options) for key in ("taken", "calls")}
        more = _outcome_reasons(summary.outcomes, {*_HELPFUL_OPTIONS.values()}, options)
        yield say("report-outcomes", options.language, **counts, more=more)


def outcome_file_lines(summary: Summary, options: ReportOptions) -> Iterator[str]:
    """How many records the files of outcomes have, and why some reach no call, with the option that may help."""
    if summary.outcome_files:
        given = set() if summary.source is None else {one.option for one in summary.source.given}
        read = format_count(summary.outcome_files["read"], options)
        more = _outcome_reasons(summary.outcome_files, given, options)
        yield say("report-outcome-files", options.language, read=read, more=more)


def _outcome_reasons(counts: Mapping[str, int], given: Collection[str], options: ReportOptions) -> str:
    """The counts of the reasons that occur, each behind a comma."""
    words = (
        (f"{say(key, options.language)}{_helpful_option(reason, given, options.language)}", count)
        for reason, key in OUTCOME_REASONS.items()
        if (count := counts.get(reason, 0))
    )
    return "".join(
        say("report-outcome-more", options.language, word=word, count=format_count(count, options))
        for word, count in words
    )
