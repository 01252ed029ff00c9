"""Rules with a memory, walked along with the table."""

from collections.abc import Mapping
from typing import Any

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Numbers
from calltools.model.finding import Findings
from calltools.model.rule import Observer
from calltools.validation.selection import RuleSet


class Observers:
    """The observers of one file."""

    def __init__(self, ruleset: RuleSet, assumptions: Assumptions) -> None:
        self._assumptions = assumptions
        self._observers: Mapping[str, Observer] = {
            rule.code: rule.observer() for rule in ruleset.rules() if rule.observer is not None
        }

    def digest(self, columns: Mapping[str, Cells]) -> dict[str, Any]:
        """What each observer must know of a batch. Pure; runs in worker threads."""
        if not any(len(cells) for cells in columns.values()):
            return {}
        return {code: observer.digest(columns, self._assumptions) for code, observer in self._observers.items()}

    def add(self, digests: Mapping[str, Any], records: Numbers, places: Numbers) -> Findings:
        """Take the digests of a batch, in the order of the file."""
        return Findings.join(
            [_coded(code, self._observers[code].add(digest, records, places)) for code, digest in digests.items()]
        )

    def close(self) -> Findings:
        """What only the end of the table shows."""
        return Findings.join([_coded(code, observer.close()) for code, observer in self._observers.items()])


def _coded(code: str, findings: Findings) -> Findings:
    if not len(findings):
        return findings
    return findings.with_column("code", code)
