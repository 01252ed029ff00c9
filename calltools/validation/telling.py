"""What is told of what was found: the chosen rules, located, in order, and each fault once."""

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.finding import Findings
from calltools.model.rule import Rule, Scope
from calltools.rules.catalog import RULES
from calltools.validation.selection import RuleSet


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """How the findings of one file are told.

    Attributes:
        ruleset: The rules that count.
        layout: Canonical field -> title and position of its column in the file.
        joined: Identifiers may come from elsewhere than a canonical file's own columns.
        rules: The catalog, which says what yields to what.
    """

    ruleset: RuleSet
    layout: Mapping[str, tuple[str, int]]
    identifiers_may_come_from_elsewhere: bool
    rules: tuple[Rule, ...] = RULES

    def locate(self, findings: Findings) -> Findings:
        """Those of the chosen rules, with severity and column, in the order of the file."""
        return self._add_locations(self.ruleset.apply_severities(findings)).sorted_by_place()

    def deduplicate(self, findings: Findings) -> Findings:
        """Each fault by the rule that knows most of it, in the order of the file."""
        return self._drop_consequences(self._most_specific(self._alone(findings))).sorted_by_place()

    def suppress_repeats(self, findings: Findings, said: Container[str] | None = None) -> Findings:
        """Where a column is missing, a header rule says for the file what a row rule would say of each record.

        Args:
            findings: Located.
            said: Only these header rules speak; ``None``: all that were chosen.
        """
        speakers = {rule.code for rule in self.ruleset.rules() if rule.scope is Scope.HEADER}
        for rule in () if self.identifiers_may_come_from_elsewhere else self._yielding(Scope.ROW):
            spoken = any(code in speakers and (said is None or code in said) for code in rule.yields_to)
            if spoken and not any(name in self.layout for name in rule.misses):
                table = findings.table
                repeated = pc.and_(pc.equal(table["code"], rule.code), pc.equal(table["severity"], "error"))
                findings = findings.filter(pc.invert(repeated))
        return findings

    def _alone(self, findings: Findings) -> Findings:
        """A header that stands again among the records is one fault, not one in each of its cells."""
        table = findings.table
        alone = pc.is_in(table["code"], pa.array([rule.code for rule in self.rules if rule.speaks_alone], pa.string()))
        if not pc.any(alone).as_py():
            return findings
        among = pc.is_in(table["record"], pc.drop_null(table["record"].filter(alone)))
        return findings.filter(pc.or_(alone, pc.invert(among)))

    def _most_specific(self, findings: Findings) -> Findings:
        """Where a reader or the mapping has named a cell's fault, no rule on cells names it again."""
        yielding: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for rule in self._yielding(Scope.CELL):
            yielding[rule.yields_to].append(rule.code)
        for speakers, codes in yielding.items():
            table = findings.table
            named = pc.is_in(table["code"], pa.array(speakers))
            if not pc.any(named).as_py():
                continue
            cell = pc.add(pc.multiply(table["record"], 1 << 15), pc.cast(table["position"], pa.int64()))
            same = pc.is_in(cell, pc.drop_null(cell.filter(named)))
            findings = findings.filter(pc.invert(pc.and_(same, pc.is_in(table["code"], pa.array(codes)))))
        return findings

    def _drop_consequences(self, findings: Findings) -> Findings:
        """Where a reader has said that a value is not there, no rule on records says that it is missing."""
        for rule in self._yielding(Scope.ROW):
            table = findings.table
            unread = table.filter(pc.is_in(table["code"], pa.array(rule.yields_to)))
            if not unread.num_rows:
                continue
            positions = pa.array([self.layout[name][1] for name in rule.misses if name in self.layout], pa.int32())
            records = pc.drop_null(unread["record"].filter(pc.is_in(unread["position"], positions)))
            echo = pc.and_(pc.equal(table["code"], rule.code), pc.is_in(table["record"], records))
            findings = findings.filter(pc.invert(echo))
        return findings

    def _yielding(self, scope: Scope) -> list[Rule]:
        """Rules of a scope that yield to others."""
        return [rule for rule in self.rules if rule.scope is scope and rule.yields_to]

    def _add_locations(self, findings: Findings) -> Findings:
        """Findings on a canonical field get the title and position of its column in the file."""
        if not len(findings):
            return findings
        field_index = pc.index_in(findings.table["field"], pa.array(list(self.layout), pa.string()))
        titles = pa.array([title for title, _ in self.layout.values()], pa.string())
        positions = pa.array([position for _, position in self.layout.values()], pa.int32())
        column = pc.coalesce(findings.table["column"], pc.take(titles, field_index), findings.table["field"])
        position = pc.coalesce(findings.table["position"], pc.take(positions, field_index))
        return findings.with_column("column", column).with_column("position", position)
