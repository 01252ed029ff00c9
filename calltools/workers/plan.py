"""All that a run needs, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from calltools.matching.identifiers import IdentifierIndex
from calltools.model.assumptions import Assumptions
from calltools.model.finding import Findings
from calltools.validation.baseline import RuleAndColumn
from calltools.validation.observing import CrossFileObservers
from calltools.validation.selection import RuleSet
from calltools.validation.telling import FindingFilter
from calltools.vendors.mapping import BoundProfile


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that a run needs, frozen.

    Attributes:
        ruleset: The rules that count.
        assumptions: What the user says and the file does not.
        layout: Canonical field -> title and position of its column in the file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
        normalize: Whether cells are rewritten before they are judged.
        static_call: ``0``, ``1`` or ``auto`` for records whose export does not say.
        index: Identifiers from a second file.
        window_s: How far back a partner in ``index`` may lie, in seconds.
        exact_only: Prove nothing: each record goes through pandera.
        keeps_records: Whether a sink wants the records and not only the findings.
        draws: Whether a report wants a portrait of the calls.
        findings: What is wrong with the file and its header, known before the first record.
        known: What the baseline knows of the file: as many findings of a rule in a column do not exist.
        earlier: What observers know of the files before, of those that become one.
    """

    ruleset: RuleSet
    assumptions: Assumptions
    layout: Mapping[str, tuple[str, int]]
    mapping: BoundProfile | None = None
    normalize: bool = False
    static_call: str | None = None
    index: IdentifierIndex | None = None
    window_s: int = 21 * 86_400
    exact_only: bool = False
    keep_records: bool = False
    wants_statistics: bool = False
    preflight_findings: Findings = field(default_factory=Findings.empty)
    baseline_counts: Mapping[RuleAndColumn, int] = field(default_factory=dict)
    cross_file_observers: CrossFileObservers = field(default_factory=dict)

    @property
    def finding_filter(self) -> FindingFilter:
        """How findings are told."""
        return FindingFilter(self.ruleset, self.layout, identifiers_may_come_from_elsewhere=self.mapping is not None or self.index is not None)

    @property
    def of_a_batch(self) -> "RunPlan":
        """What the work on one batch needs of it."""
        return replace(self, preflight_findings=Findings.empty(), baseline_counts={}, cross_file_observers={})
