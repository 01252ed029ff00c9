"""Before the first record: findings on file and header, and refusals with a suggestion from the file."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from calltools.errors import UsageError, VendorError
from calltools.files.opening import open_table
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.finding import Findings
from calltools.model.titles import redacted_titles
from calltools.run.context import RunContext, RunOptions
from calltools.validation.ruleset import RuleSet
from calltools.vendors import profile_library, recognize, zones
from calltools.vendors.binding import BoundProfile, MappingOptions, bind_profile
from calltools.vendors.infer import looks_like_record
from calltools.vendors.profile import Profile
from calltools.vendors.recognize import match_header, normalize_title

#: The service's limit for one file: 1 GB.
_MAX_UPLOAD_BYTES: Final = 10**9


def preflight_findings(
    path: Path, table: Table, context: RunContext, ruleset: RuleSet, mapping: BoundProfile | None
) -> Findings:
    """On the bytes, the header, the size, and the second file.

    Args:
        path: Where the bytes of the file are.
        table: The file.
        context: What the files of the run share.
        ruleset: The rules that count for this file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
    """
    header = _header_findings(table, ruleset, mapping)
    return Findings.concat(
        [table.findings, header, _file_size_findings(path, ruleset), _lost_identifier_findings(context)]
    )


def _header_findings(table: Table, ruleset: RuleSet, mapping: BoundProfile | None) -> Findings:
    if not table.titles:
        return Findings.empty()
    if mapping is not None:
        return _duplicate_columns(table, mapping) if "CT105" in ruleset else Findings.empty()
    return Findings.from_rows(
        {
            "code": rule.code,
            "place": table.source.header_row,
            "position": position,
            "column": None if position is None else table.titles[position],
            "detail": detail,
        }
        for rule in ruleset.rules()
        if rule.header is not None
        for position, detail in rule.header(table.titles)
    )


def _duplicate_columns(table: Table, mapping: BoundProfile) -> Findings:
    """Columns that the profile reads and that stand twice; the first of them is read."""
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


def _file_size_findings(path: Path, ruleset: RuleSet) -> Findings:
    size = path.stat().st_size
    too_large = size > _MAX_UPLOAD_BYTES and "CT013" in ruleset
    return Findings.from_rows([{"code": "CT013", "detail": f"{size / 1e9:.2f}"}] if too_large else [])


def _lost_identifier_findings(context: RunContext) -> Findings:
    """Ids that the second file holds as numbers; the title says where, for they have no place in this file."""
    second = context.options.identifiers
    if second is None or context.index is None or "CT209" not in context.ruleset:
        return Findings.empty()
    return Findings.from_rows(
        {**row, "column": f"{row['column']} ({second.name}:{row['place']})", "place": None, "position": None}
        for row in context.index.findings.to_rows()
    )


#: Words of a column that are told.
_MAX_WORDS: Final = 12


def read_first_batch(table: Table) -> list[Batch]:
    """The first records, if there are any."""
    return [task() for task in islice(table.tasks(), 1)]


def with_suggestion(
    fault: UsageError, table: Table, profile: Profile, wanted: MappingOptions, options: RunOptions
) -> UsageError:
    """The fault, with what a look at the file adds: the profile that fits, the zone that its ids agree on."""
    if fault.key == "vendor-misfit":
        return _explain_misfit(fault, table, profile, options)
    if fault.key == "incoming-unknown" and (there := _frequent_words(table, str(fault.facts["column"]))):
        return UsageError("incoming-unknown-there", **fault.facts, there=there)
    if fault.key == "timezone-needed":
        mapped = bind_profile(profile, table.titles, replace(wanted, timezone="UTC"))
        for sample in read_first_batch(table):
            if suggestion := zones.suggest_zone(sample, mapped):
                return UsageError("timezone-needed-suggested", **fault.facts, suggestion=suggestion)
    return fault


def _frequent_words(table: Table, column: str) -> str:
    """The words of a column in the first records, the most frequent first."""
    place = [normalize_title(title) for title in table.titles].index(normalize_title(column))
    counts = Counter(
        word for one in read_first_batch(table) for word in one.cells(unique_titles(table.titles)[place]).to_pylist()
    )
    return redacted_titles(f"{word}: {count}" for word, count in counts.most_common(_MAX_WORDS) if word)


def _explain_misfit(fault: UsageError, table: Table, profile: Profile, options: RunOptions) -> UsageError:
    """What the vendor that was named misses in the file as it reads without that name, and whose export it is."""
    everyone = profile_library.load_profiles()
    plain = open_table(
        table.source.path,
        table.source.name,
        options.hints,
        recognize.create_header_finder(everyone),
        limits=options.limits,
    )
    compared = match_header(profile, plain.titles)
    if compared.matches:
        return fault
    if looks_like_record(plain.titles):
        return VendorError("vendor-headless-named", vendor=profile.name, count=len(plain.titles))
    facts = {"vendor": profile.name, "missing": ", ".join(compared.missing), "titles": redacted_titles(plain.titles)}
    others = [other.name for other in everyone if match_header(other, plain.titles).matches]
    if len(others) == 1:
        return VendorError("vendor-misfit-other", **facts, other=others[0])
    return VendorError("vendor-misfit", **facts)
