"""Before the first record: findings on file and header, and faults of the call with a suggestion from the file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import SourceError, UnfitFileError, UsageError, VendorError
from calltools.fields.kinds import seconds
from calltools.matching.join import IdentifierIndex
from calltools.model.assumptions import DurationFormat
from calltools.model.batch import Batch, Table, name_in_command, unique_titles
from calltools.model.finding import Findings
from calltools.model.titles import redacted_titles
from calltools.rules.catalog import RULES_BY_CODE
from calltools.run.context import RunContext, RunOptions
from calltools.run.second_files import locate_in_file
from calltools.run.source import open_export
from calltools.validation.ruleset import RuleSet
from calltools.vendors import profile_library, zones
from calltools.vendors.binding import BoundProfile, MappingOptions, bind_profile
from calltools.vendors.infer import looks_like_record
from calltools.vendors.profile import Profile
from calltools.vendors.recognize import match_header, normalize_title

#: The service's limit for one file: 1 GB.
_MAX_UPLOAD_BYTES: Final = 10**9
#: Records that show whether a column has durations such as 3:15.
_DURATION_RECORDS: Final = 1000
#: Such durations that a message shows.
_SHOWN_DURATIONS: Final = 3
#: Different words of a column that a message lists.
_MAX_WORDS: Final = 12


def preflight_findings(  # noqa: PLR0913, PLR0917 - what is known before the first record
    path: Path,
    table: Table,
    context: RunContext,
    ruleset: RuleSet,
    mapping: BoundProfile | None,
    index: IdentifierIndex | None,
) -> Findings:
    """Findings on the bytes, the header and the size of a file, and on the file of identifiers.

    Args:
        path: Where the bytes of the file are.
        table: The file.
        context: What the files of the run share.
        ruleset: The rules that count for this file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical already.
        index: The file of identifiers, read.

    Returns:
        Findings that ``FindingFilter.locate`` has not seen yet: without severity.
    """
    header = _header_findings(table, ruleset, mapping)
    return Findings.concat(
        [table.findings, header, _file_size_findings(path, ruleset), _lost_identifier_findings(context, index)]
    )


def _header_findings(table: Table, ruleset: RuleSet, mapping: BoundProfile | None) -> Findings:
    if not table.titles:
        return Findings.empty()
    if mapping is not None:
        return _duplicate_columns(table, mapping) if "CT105" in ruleset else Findings.empty()
    return Findings.from_rows(
        {
            "code": code,
            "place": table.source.header_row,
            "position": position,
            "column": None if position is None else table.titles[position],
            "detail": detail,
        }
        for code, position, detail in _header_faults(
            table.titles, tuple(rule.code for rule in ruleset.rules() if rule.header is not None)
        )
    )


@lru_cache(maxsize=64)
def _header_faults(titles: tuple[str, ...], codes: tuple[str, ...]) -> tuple[tuple[str, int | None, str | None], ...]:
    """Code, position and detail of each fault of a canonical header; the files of a run mostly have the same one."""
    return tuple(
        (code, position, detail)
        for code in codes
        if (find_faults := RULES_BY_CODE[code].header) is not None
        for position, detail in find_faults(titles)
    )


def _duplicate_columns(table: Table, mapping: BoundProfile) -> Findings:
    """Columns that the profile reads and that the header has twice; the first one is read."""
    folded = [normalize_title(title) for title in table.titles]
    places = [
        [position for position, title in enumerate(folded) if title == normalize_title(name)]
        for name in match_header(mapping.profile, table.titles).duplicated
    ]
    return Findings.from_rows(
        {
            "code": "CT105",
            "place": table.source.header_row,
            "position": second,
            "column": table.titles[second],
            "detail": str(first + 1),
        }
        for first, second, *_ in places
    )


def refuse_doubled_columns(findings: Findings, name: str) -> None:
    """Refuse to convert a file that has a column twice: one of the two would be taken without a word.

    Args:
        findings: Those on the header; a ruleset without CT105 has none, and the first column is taken.
        name: What the user calls the file.

    Raises:
        UnfitFileError: There is such a column.
    """
    doubled = findings.table.filter(pc.equal(findings.table["code"], "CT105")).slice(0, 1).to_pylist()
    for one in doubled:
        titles = redacted_titles([one["column"]])
        raise UnfitFileError(
            "source-column-doubled", path=name, title=titles, first=one["detail"], second=one["position"] + 1
        )


def _file_size_findings(path: Path, ruleset: RuleSet) -> Findings:
    size = path.stat().st_size
    too_large = size > _MAX_UPLOAD_BYTES and "CT013" in ruleset
    return Findings.from_rows([{"code": "CT013", "detail": f"{size / 1e9:.2f}"}] if too_large else [])


def _lost_identifier_findings(context: RunContext, index: IdentifierIndex | None) -> Findings:
    """Ids of the file of identifiers that lost digits. They have no place in this file: the title names theirs."""
    identifiers = context.options.identifiers
    if identifiers is None or index is None:
        return Findings.empty()
    found = locate_in_file(index.findings, str(identifiers))
    return found.filter(pc.is_in(found.table["code"], pa.array([rule.code for rule in context.ruleset.rules()])))


def read_first_batch(table: Table) -> list[Batch]:
    """The first batch of a table, or nothing if it has no records."""
    return [task() for task in islice(table.tasks(), 1)]


def refuse_unclear_durations(table: Table, columns: Mapping[str, int]) -> None:
    """Refuse durations such as 3:15 if no cell of their column shows whether they are minutes or hours.

    The first records tell whether a column has such cells. All records are read only if it has.

    Args:
        table: The file.
        columns: Title -> position of its columns of durations whose layout nobody has named.

    Raises:
        UsageError: A column has such cells. The error shows both readings, and how to say which is right.
    """
    # A file that breaks off is reported by the run, which knows what has been written by then.
    shown: Mapping[str, list[str]] = {}
    with suppress(SourceError):
        shown = _find_unclear_durations(table, columns)
    for title, texts in shown.items():
        if texts:
            minutes, hours = (
                ", ".join(f"{text} = {read}" for text, read in zip(texts, _read_as(texts, layout), strict=True))
                for layout in ("mm:ss", "h:mm")
            )
            raise UsageError(
                "durations-unclear",
                column=redacted_titles([title]),
                path=name_in_command(table.source.name),
                minutes=minutes,
                hours=hours,
            )


def _find_unclear_durations(table: Table, columns: Mapping[str, int]) -> dict[str, list[str]]:
    """Title of each column in which no cell proves minutes -> its first different cells with two readings, if any.

    Beside more durations of one reading such a cell is a slip, and is reported by itself (CT261).
    """
    names = unique_titles(table.titles)
    shown: dict[str, list[str]] = {title: [] for title in columns}
    counts: Counter[str] = Counter()
    count = 0
    for task in table.tasks() if columns else ():
        batch = task()
        for title, cells in {title: batch.cells(names[columns[title]]) for title in shown}.items():
            if seconds.prove_minutes(cells):
                # Each is reported by itself, too, with the option that reads them.
                del shown[title]
            elif count < _DURATION_RECORDS:
                short, others = seconds.minutes_or_hours(cells.slice(0, _DURATION_RECORDS - count))
                shown[title] = list(dict.fromkeys([*shown[title], *short.to_pylist()]))[:_SHOWN_DURATIONS]
                counts[title] += len(short) - others
        count += len(batch)
        if count >= _DURATION_RECORDS and not any(shown[title] and counts[title] >= 0 for title in shown):
            break
    return {title: texts for title, texts in shown.items() if counts[title] >= 0}


def _read_as(texts: Sequence[str], layout: DurationFormat) -> list[str]:
    read = seconds.read_layout(pa.array(texts, pa.string()), seconds.DURATION_LAYOUTS[layout])
    return [str(number) for number in read.to_pylist()]


def add_suggestion(
    fault: UsageError, table: Table, profile: Profile, mapping_options: MappingOptions, options: RunOptions
) -> UsageError:
    """The fault of a profile that cannot be bound, with what the file suggests: the profile that fits, the zone."""
    if fault.key == "vendor-misfit-columns":
        return _explain_misfit(fault, table, profile, options)
    if fault.key == "incoming-unknown" and (words := _frequent_words(table, str(fault.facts["column"]))):
        return UsageError("incoming-unknown-there", **fault.facts, there=words)
    if fault.key == "timezone-needed":
        mapping = bind_profile(profile, table.titles, replace(mapping_options, timezone="UTC"))
        for batch in read_first_batch(table):
            if suggestion := zones.suggest_zone(batch, mapping):
                return UsageError("timezone-needed-suggested", **fault.facts, suggestion=suggestion)
    return fault


def _frequent_words(table: Table, column: str) -> str:
    """The words of a column in the first records and their counts, the most frequent first."""
    position = [normalize_title(title) for title in table.titles].index(normalize_title(column))
    counts = Counter(
        word
        for batch in read_first_batch(table)
        for word in batch.cells(unique_titles(table.titles)[position]).to_pylist()
    )
    return redacted_titles(f"{word}: {count}" for word, count in counts.most_common(_MAX_WORDS) if word)


def _explain_misfit(fault: UsageError, table: Table, profile: Profile, options: RunOptions) -> UsageError:
    """Which columns the named profile misses, and whose export the file is.

    The file is opened once more by the user's hints alone: those of a wrong profile may have spoiled its header.
    """
    source = table.source
    opened = open_export(
        source.path, source.name, options.hints, profile_library.load_profiles(), limits=options.limits
    )
    plain = opened.table
    compared = match_header(profile, plain.titles)
    path = name_in_command(table.source.name)
    if compared.matches:
        return VendorError("vendor-misfit", **fault.facts, path=path)
    if looks_like_record(plain.titles):
        return VendorError("vendor-headless-named", vendor=profile.name, count=len(plain.titles), path=path)
    facts = {"vendor": profile.name, "missing": ", ".join(compared.missing), "titles": redacted_titles(plain.titles)}
    if len(opened.fitting) == 1:
        return VendorError("vendor-misfit-other", **facts, other=opened.fitting[0].name)
    return VendorError("vendor-misfit", **facts, path=path)
