"""Which rules count in a run, and how much."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.model.finding import FINDINGS_SCHEMA, Findings
from calltools.model.rule import Rule, Severity
from calltools.rules.catalog import RULES_BY_CODE, RULES_BY_NAME, RULES


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
        return Findings(table.set_column(FINDINGS_SCHEMA.get_field_index("severity"), FINDINGS_SCHEMA.field("severity"), severity))

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
        nearest = difflib.get_close_matches(word.lower(), [*RULES_BY_NAME, *(code.lower() for code in RULES_BY_CODE)], 1, 0.5)
        key = "rule-unknown-near" if nearest else "rule-unknown"
        near = nearest[0].upper() if nearest and nearest[0].startswith("ct") else "".join(nearest)
        raise UsageError(key, word=word, nearest=near)
    return found
