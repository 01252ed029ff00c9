"""What is wrong with a file before its first record is read."""

from pathlib import Path
from typing import Final

from calltools.model.batch import Table
from calltools.model.finding import Findings
from calltools.run.settling import RunContext
from calltools.validation.selection import RuleSet
from calltools.vendors.fitting import match_header, normalize_title
from calltools.vendors.mapping import BoundProfile

#: The service's limit for one file: 1 GB.
_MAX_UPLOAD_BYTES: Final = 10**9


def preflight_findings(path: Path, table: Table, context: RunContext, ruleset: RuleSet, mapping: BoundProfile | None) -> Findings:
    """On the bytes, the header, the size, and the second file.

    Args:
        path: Where the bytes of the file are.
        table: The file.
        setting: What the files of the run share.
        ruleset: The rules that count for this file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
    """
    header = _header_findings(table, ruleset, mapping)
    return Findings.concat([table.findings, header, _file_size_findings(path, ruleset), _lost_identifier_findings(context)])


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
