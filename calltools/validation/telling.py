"""What is told of what was found: the chosen rules, located, in order, and each fault once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.table import IDENTIFIERS
from calltools.model.finding import Findings
from calltools.validation.selection import RuleSet

#: Rules of readers and of the mapping that name the fault of a cell.
_NAMED_BEFORE: Final = pa.array(["CT014", "CT015", "CT209", "CT601", "CT602", "CT603", "CT604"])

#: Rules of readers that say that a cell's value is not there.
_UNREAD: Final = pa.array(["CT014", "CT015"])
#: Rule on records -> the fields in which it misses a value.
_MISSES: Final = {"CT301": IDENTIFIERS, "CT303": ("Currency",), "CT304": ("Price",)}


@dataclass(frozen=True, slots=True)
class Telling:
    """How the findings of one file are told.

    Attributes:
        ruleset: The rules that count.
        layout: Canonical field -> title and position of its column in the file.
        joined: Identifiers may come from elsewhere than a canonical file's own columns.
    """

    ruleset: RuleSet
    layout: Mapping[str, tuple[str, int]]
    joined: bool

    def told(self, findings: Findings) -> Findings:
        """Those of the chosen rules, with severity and column, in the order of the file."""
        return self._located(self.ruleset.stamped(findings)).in_order()

    def once(self, findings: Findings) -> Findings:
        """Each fault by the rule that knows most of it, in the order of the file."""
        return self._without_echoes(_most_specific(_header_once(findings))).in_order()

    def file_speaks(self, findings: Findings) -> Findings:
        """Without an identifier column CT102 says for the file what CT301 would say of each record."""
        if self.joined or "CT102" not in self.ruleset or any(name in self.layout for name in IDENTIFIERS):
            return findings
        table = findings.table
        repeated = pc.and_(pc.equal(table["code"], "CT301"), pc.equal(table["severity"], "error"))
        return findings.where(pc.invert(repeated))

    def _without_echoes(self, findings: Findings) -> Findings:
        """Where a reader has said that a value is not there, no rule on records says that it is missing."""
        table = findings.table
        unread = table.filter(pc.is_in(table["code"], _UNREAD))
        if not unread.num_rows:
            return findings
        for code, fields in _MISSES.items():
            positions = pa.array([self.layout[name][1] for name in fields if name in self.layout], pa.int32())
            records = pc.drop_null(unread["record"].filter(pc.is_in(unread["position"], positions)))
            echo = pc.and_(pc.equal(findings.table["code"], code), pc.is_in(findings.table["record"], records))
            findings = findings.where(pc.invert(echo))
        return findings

    def _located(self, findings: Findings) -> Findings:
        """Findings on a canonical field get the title and position of its column in the file."""
        if not len(findings):
            return findings
        field_index = pc.index_in(findings.table["field"], pa.array(list(self.layout), pa.string()))
        titles = pa.array([title for title, _ in self.layout.values()], pa.string())
        positions = pa.array([position for _, position in self.layout.values()], pa.int32())
        column = pc.coalesce(findings.table["column"], pc.take(titles, field_index), findings.table["field"])
        position = pc.coalesce(findings.table["position"], pc.take(positions, field_index))
        return findings.with_column("column", column).with_column("position", position)


def _header_once(findings: Findings) -> Findings:
    """A header that stands again among the records is one fault, not one in each of its cells."""
    table = findings.table
    repeated = pc.equal(table["code"], "CT019")
    if not pc.any(repeated).as_py():
        return findings
    among = pc.is_in(table["record"], pc.drop_null(table["record"].filter(repeated)))
    return findings.where(pc.or_(repeated, pc.invert(among)))


def _most_specific(findings: Findings) -> Findings:
    """Where a reader or the mapping has named a cell's fault, no rule on cells names it again."""
    table = findings.table
    named = pc.is_in(table["code"], _NAMED_BEFORE)
    if not pc.any(named).as_py():
        return findings
    cell = pc.add(pc.multiply(table["record"], 1 << 15), pc.cast(table["position"], pa.int64()))
    again = pc.and_(pc.is_in(cell, pc.drop_null(cell.filter(named))), pc.starts_with(table["code"], "CT2"))
    return findings.where(pc.invert(pc.and_(again, pc.invert(named))))
