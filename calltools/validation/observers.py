"""The observers of one file: rules that need the whole table, fed batch by batch in file order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Numbers
from calltools.model.finding import Findings
from calltools.model.rule import CrossFileObserver, Observer, Rule
from calltools.validation.ruleset import RuleSet

#: Code of a rule -> its observer, which is handed from one file to the next.
CrossFileObservers: TypeAlias = dict[str, CrossFileObserver]


class Observers:
    """The observers of one file.

    Args:
        ruleset: The rules of the run.
        assumptions: What their digests depend on.
        name: The file, as findings in later files name it.
        earlier: Observers of earlier files, where several files become one; new ones are added to it.
    """

    def __init__(
        self, ruleset: RuleSet, assumptions: Assumptions, name: str = "", earlier: CrossFileObservers | None = None
    ) -> None:
        self._assumptions = assumptions
        earlier = {} if earlier is None else earlier
        self._observers: Mapping[str, Observer] = {
            rule.code: _begin_observer(rule, name, earlier) if rule.spans_files else rule.observer()
            for rule in ruleset.rules()
            if rule.observer is not None
        }

    def digest(self, columns: Mapping[str, Cells]) -> dict[str, Any]:
        """Code of an observer -> what it must know of a batch. Pure; runs in worker threads."""
        [digests] = self.digest_each(columns, [len(next(iter(columns.values()), ()))])
        return digests

    def digest_each(self, columns: Mapping[str, Cells], sizes: Sequence[int]) -> list[dict[str, Any]]:
        """What ``digest`` gives for each of several batches, in one pass over all of them.

        Args:
            columns: The columns of the batches, one after the other.
            sizes: Count of records of each batch.
        """
        ends = np.cumsum([0, *sizes])
        digests = {
            code: observer.digest(columns, ends, self._assumptions)
            for code, observer in (self._observers.items() if ends[-1] else ())
        }
        # Of a batch without records there is nothing to know.
        return [
            {code: of_batches[number] for code, of_batches in digests.items()} if size else {}
            for number, size in enumerate(sizes)
        ]

    def add(self, digests: Mapping[str, Any], records: Numbers, places: Numbers) -> Findings:
        """Take the digests of a batch, in the order of the file; gives what can be reported already."""
        return Findings.concat(
            [_set_code(code, self._observers[code].add(digest, records, places)) for code, digest in digests.items()]
        )

    def close(self) -> Findings:
        """The findings that only the whole table shows."""
        return Findings.concat([_set_code(code, observer.close()) for code, observer in self._observers.items()])


def _begin_observer(rule: Rule, name: str, earlier: CrossFileObservers) -> Observer:
    if rule.code not in earlier:
        earlier[rule.code] = cast("Callable[[], CrossFileObserver]", rule.observer)()
    earlier[rule.code].begin_file(name)
    return earlier[rule.code]


def _set_code(code: str, findings: Findings) -> Findings:
    if not len(findings):
        return findings
    return findings.with_column("code", code)
