"""What is wrong with a file before its first record is read."""

from pathlib import Path
from typing import Final

from calltools.model.batch import Table
from calltools.model.finding import Findings
from calltools.run.settling import Setting
from calltools.validation.selection import RuleSet
from calltools.vendors.fitting import fit, fold
from calltools.vendors.mapping import Mapped

#: The service's limit for one file: 1 GB.
_LARGEST_UPLOAD: Final = 10**9


def findings(path: Path, table: Table, setting: Setting, ruleset: RuleSet, mapping: Mapped | None) -> Findings:
    """On the bytes, the header, the size, and the second file.

    Args:
        path: Where the bytes of the file are.
        table: The file.
        setting: What the files of the run share.
        ruleset: The rules that count for this file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
    """
    header = _header_findings(table, ruleset, mapping)
    return Findings.join([table.findings, header, _size(path, ruleset), _lost_ids(setting)])


def _header_findings(table: Table, ruleset: RuleSet, mapping: Mapped | None) -> Findings:
    if not table.titles:
        return Findings.none()
    if mapping is not None:
        return _doubled(table, mapping) if "CT105" in ruleset else Findings.none()
    return Findings.of(
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


def _doubled(table: Table, mapping: Mapped) -> Findings:
    """Columns that the profile reads and that stand twice; the first of them is read."""
    folded = [fold(title) for title in table.titles]
    places = [
        [position for position, title in enumerate(folded) if title == fold(name)]
        for name in fit(mapping.profile, table.titles).doubled
    ]
    return Findings.of(
        {
            "code": "CT105",
            "place": table.source.header_row,
            "position": second,
            "column": table.titles[second],
            "detail": str(first + 1),
        }
        for first, second, *_ in places
    )


def _size(path: Path, ruleset: RuleSet) -> Findings:
    size = path.stat().st_size
    too_large = size > _LARGEST_UPLOAD and "CT013" in ruleset
    return Findings.of([{"code": "CT013", "detail": f"{size / 1e9:.2f}"}] if too_large else [])


def _lost_ids(setting: Setting) -> Findings:
    """Ids that the second file holds as numbers; the title says where, for they have no place in this file."""
    second = setting.options.identifiers
    if second is None or setting.index is None or "CT209" not in setting.ruleset:
        return Findings.none()
    return Findings.of(
        {**row, "column": f"{row['column']} ({second.name}:{row['place']})", "place": None, "position": None}
        for row in setting.index.findings.rows()
    )
