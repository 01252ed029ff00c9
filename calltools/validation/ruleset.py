"""RuleSet: which rules count in a run, with what severity.

FindingFilter: which findings are reported, with title and position of the column, each fault once.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

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
        severities: Of each rule that was chosen, by code. What is not here does not exist in this run.
    """

    severities: Mapping[str, Severity]

    def __contains__(self, code: object) -> bool:
        return code in self.severities

    def rules(self) -> tuple[Rule, ...]:
        """The chosen rules in the order of the catalog."""
        return tuple(rule for rule in RULES if rule.code in self.severities)

    def apply_severities(self, findings: Findings) -> Findings:
        """The findings of chosen rules, each with its severity; one that says "note" already stays a note."""
        if not len(findings):
            return findings
        codes = pa.array(list(self.severities), pa.string())
        words = pa.array([str(severity) for severity in self.severities.values()], pa.string())
        place = pc.index_in(findings.table["code"], codes)
        table = findings.table.filter(pc.is_valid(place)) if place.null_count else findings.table
        severity = pc.coalesce(table["severity"], pc.take(words, pc.drop_null(place)))
        return Findings(
            table.set_column(FINDINGS_SCHEMA.get_field_index("severity"), FINDINGS_SCHEMA.field("severity"), severity)
        )

    def for_normalized(self, *, vendor: bool) -> "RuleSet":
        """The rules for records that are normalized before they are judged."""
        rules = [rule for rule in self.rules() if rule.converting != "left out" and (rule.of_exports or not vendor)]
        softer = {rule.code: Severity.NOTE for rule in rules if rule.converting == "note"}
        return replace(self, severities={rule.code: self.severities[rule.code] for rule in rules} | softer)


def select_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> RuleSet:
    """The rules that ``--select`` and ``--ignore`` leave.

    Args:
        select: Codes, names or prefixes of codes; nothing means all.
        ignore: The same.

    Raises:
        UsageError: A word fits no rule; the nearest is named.
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
    """How the findings of one file are told.

    Attributes:
        ruleset: The rules that count.
        layout: Canonical field -> title and position of its column in the file.
        identifiers_may_come_from_elsewhere: Identifiers may come from elsewhere than a canonical file's own columns.
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
