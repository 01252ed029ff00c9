"""All that a run needs, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from calltools.matching.identifiers import Index
from calltools.model.assumptions import Assumptions
from calltools.model.finding import Findings
from calltools.validation.baseline import Spot
from calltools.validation.observing import Earlier
from calltools.validation.selection import RuleSet
from calltools.validation.telling import Telling
from calltools.vendors.mapping import Mapped


@dataclass(frozen=True, slots=True)
class Plan:
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
    mapping: Mapped | None = None
    normalize: bool = False
    static_call: str | None = None
    index: Index | None = None
    window_s: int = 21 * 86_400
    exact_only: bool = False
    keeps_records: bool = False
    draws: bool = False
    findings: Findings = field(default_factory=Findings.none)
    known: Mapping[Spot, int] = field(default_factory=dict)
    earlier: Earlier = field(default_factory=dict)

    @property
    def telling(self) -> Telling:
        """How findings are told."""
        return Telling(self.ruleset, self.layout, joined=self.mapping is not None or self.index is not None)

    @property
    def of_a_batch(self) -> "Plan":
        """What the work on one batch needs of it."""
        return replace(self, findings=Findings.none(), known={}, earlier={})
