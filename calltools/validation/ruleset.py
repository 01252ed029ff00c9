"""RuleSet: the rules of a run and their severity. FindingFilter: which findings are reported, each fault once."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError, nearest_word
from calltools.model.finding import FINDINGS_SCHEMA, Findings
from calltools.model.rule import Rule, Scope, Severity
from calltools.rules.catalog import RULES, RULES_BY_CODE, RULES_BY_NAME
from calltools.texts.keys import MessageKey


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a run.

    Attributes:
        severities: Code -> severity of each chosen rule. A rule that is not here does not exist in this run.
    """

    severities: Mapping[str, Severity]

    def __contains__(self, code: object) -> bool:
        return code in self.severities

    def rules(self) -> tuple[Rule, ...]:
        """The chosen rules in the order of the catalog."""
        return _rules_of(tuple(self.severities))

    def apply_severities(self, findings: Findings) -> Findings:
        """The findings of chosen rules, each with its severity; one that has a severity already keeps it."""
        if not len(findings):
            return findings
        codes = pa.array(list(self.severities), pa.string())
        severities = pa.array([str(severity) for severity in self.severities.values()], pa.string())
        index = pc.index_in(findings.table["code"], codes)
        table = findings.table.filter(pc.is_valid(index)) if index.null_count else findings.table
        severity = pc.coalesce(table["severity"], pc.take(severities, pc.drop_null(index)))
        return Findings(
            table.set_column(FINDINGS_SCHEMA.get_field_index("severity"), FINDINGS_SCHEMA.field("severity"), severity)
        )

    def for_normalized(self, *, vendor: bool) -> "RuleSet":
        """The rules for records that are normalized before they are judged.

        Args:
            vendor: Whether they come from a vendor's export, which has titles of its own.
        """
        rules = [rule for rule in self.rules() if rule.converting != "left out" and (rule.of_exports or not vendor)]
        softer = {rule.code: Severity.NOTE for rule in rules if rule.converting == "note"}
        return replace(self, severities={rule.code: self.severities[rule.code] for rule in rules} | softer)


@lru_cache(maxsize=16)
def _rules_of(codes: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules with these codes, in the order of the catalog; it is asked several times a file."""
    return tuple(rule for rule in RULES if rule.code in codes)


def select_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> RuleSet:
    """The rules that ``--select`` and ``--ignore`` leave.

    Args:
        select: Codes, names or prefixes of codes; nothing means all rules.
        ignore: Codes, names or prefixes of codes.

    Raises:
        UsageError: A word matches no rule; the nearest code or name is named.
    """
    wanted = _matching_codes(select) or set(RULES_BY_CODE)
    unwanted = _matching_codes(ignore)
    return RuleSet(
        {rule.code: rule.severity for rule in RULES if rule.code in wanted and rule.code not in unwanted},
    )


def _matching_codes(words: Iterable[str]) -> set[str]:
    return {code for word in words for code in _codes_for_word(word.strip())}


def _codes_for_word(word: str) -> set[str]:
    if word.lower() in RULES_BY_NAME:
        return {RULES_BY_NAME[word.lower()].code}
    found = {code for code in RULES_BY_CODE if word and code.startswith(word.upper())}
    if not found:
        nearest = nearest_word(word.lower(), [*RULES_BY_NAME, *(code.lower() for code in RULES_BY_CODE)])
        key: MessageKey = "rule-unknown-near" if nearest else "rule-unknown"
        near = nearest.upper() if nearest.startswith("ct") else nearest
        raise UsageError(key, word=word, nearest=near)
    return found


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Selects and locates the findings of one file.

    Attributes:
        ruleset: The rules that count.
        layout: Canonical field -> title and position of its column in the file.
        identifiers_may_come_from_elsewhere: Whether a profile or a second file may fill identifiers, so that no header
            rule reports their columns as missing.
        rules: The catalog, which says which rule yields to which (``yields_to``).
    """

    ruleset: RuleSet
    layout: Mapping[str, tuple[str, int]]
    identifiers_may_come_from_elsewhere: bool
    rules: tuple[Rule, ...] = RULES

    def locate(self, findings: Findings) -> Findings:
        """The findings of chosen rules, with severity, title and position of the column, in the order of the file."""
        if not len(findings):
            return findings
        return self._add_locations(self.ruleset.apply_severities(findings)).sorted_by_place()

    def deduplicate(self, findings: Findings) -> Findings:
        """Each fault once, by the rule that is most specific, in the order of the file."""
        if not len(findings):
            return findings
        # Few codes of a file are such that others yield to them, and each look costs as much as for many findings.
        present = set(pc.unique(findings.table["code"]).to_pylist())
        findings = self._keep_repeated_header_alone(findings, present)
        findings = self._keep_most_specific(findings, present)
        return self._drop_consequences(findings, present).sorted_by_place()

    def suppress_repeats(self, findings: Findings, reported: Container[str] | None = None) -> Findings:
        """Without findings on each record that a header rule reports once: a column is missing in the whole file.

        Args:
            findings: Located findings.
            reported: Codes of the header rules that count here; ``None``: all chosen ones.
        """
        if not len(findings):
            return findings
        header_codes = {rule.code for rule in self.ruleset.rules() if rule.scope is Scope.HEADER}
        for rule in () if self.identifiers_may_come_from_elsewhere else self._yielding(Scope.ROW):
            is_reported = any(
                code in header_codes and (reported is None or code in reported) for code in rule.yields_to
            )
            if is_reported and not any(name in self.layout for name in rule.misses):
                table = findings.table
                repeated = pc.and_(pc.equal(table["code"], rule.code), pc.equal(table["severity"], "error"))
                findings = findings.filter(pc.invert(repeated))
        return findings

    def _keep_repeated_header_alone(self, findings: Findings, present: set[str]) -> Findings:
        """A header that is repeated among the records is one fault, not one in each of its cells."""
        table = findings.table
        codes = [rule.code for rule in self.rules if rule.excludes_others]
        if present.isdisjoint(codes):
            return findings
        alone = pc.is_in(table["code"], pa.array(codes, pa.string()))
        among = pc.is_in(table["record"], pc.drop_null(table["record"].filter(alone)))
        return findings.filter(pc.or_(alone, pc.invert(among)))

    def _keep_most_specific(self, findings: Findings, present: set[str]) -> Findings:
        """Where the reader or the mapping has reported a cell, no cell rule reports it again."""
        yielding: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for rule in self._yielding(Scope.CELL):
            yielding[rule.yields_to].append(rule.code)
        for speakers, codes in yielding.items():
            if present.isdisjoint(speakers):
                continue
            table = findings.table
            named = pc.is_in(table["code"], pa.array(speakers))
            # One number for record and position: a file has at most 2 ** 14 columns (files/limits.py).
            cell = pc.add(pc.multiply(table["record"], 1 << 15), pc.cast(table["position"], pa.int64()))
            same = pc.is_in(cell, pc.drop_null(cell.filter(named)))
            findings = findings.filter(pc.invert(pc.and_(same, pc.is_in(table["code"], pa.array(codes)))))
        return findings

    def _drop_consequences(self, findings: Findings, present: set[str]) -> Findings:
        """Where the reader has reported an unreadable value, no row rule reports that the value is missing."""
        for rule in self._yielding(Scope.ROW):
            if present.isdisjoint(rule.yields_to):
                continue
            table = findings.table
            unread = table.filter(pc.is_in(table["code"], pa.array(rule.yields_to)))
            positions = pa.array([self.layout[name][1] for name in rule.misses if name in self.layout], pa.int32())
            records = pc.drop_null(unread["record"].filter(pc.is_in(unread["position"], positions)))
            echo = pc.and_(pc.equal(table["code"], rule.code), pc.is_in(table["record"], records))
            findings = findings.filter(pc.invert(echo))
        return findings

    def _yielding(self, scope: Scope) -> list[Rule]:
        """The rules of a scope that yield to others."""
        return [rule for rule in self.rules if rule.scope is scope and rule.yields_to]

    def _add_locations(self, findings: Findings) -> Findings:
        """Give findings on a canonical field the title and position of its column in the file."""
        if not len(findings):
            return findings
        field_index = pc.index_in(findings.table["field"], pa.array(list(self.layout), pa.string()))
        titles = pa.array([title for title, _ in self.layout.values()], pa.string())
        positions = pa.array([position for _, position in self.layout.values()], pa.int32())
        column = pc.coalesce(findings.table["column"], pc.take(titles, field_index), findings.table["field"])
        position = pc.coalesce(findings.table["position"], pc.take(positions, field_index))
        return findings.with_column("column", column).with_column("position", position)
