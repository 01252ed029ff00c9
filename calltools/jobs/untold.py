"""What a run has found out and not said yet: it is in the ledger until it is said.

An input is done with before the run ends. A run that is killed in between has said nothing of it, and the next one
would find nothing to do: it says it in its place, with the same exit code.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from calltools.jobs.results import Cure, InputResult, InputState, JobResult, RecordCounts
from calltools.ledger import JobKey, Ledger, Part, find_untold, list_parts
from calltools.uploading.results import FINDINGS, IN_PART

#: Exit codes that no other run would come to: what they are about is done with.
_LASTING: Final = frozenset({FINDINGS, IN_PART})


@dataclass(slots=True)
class Untold:
    """What is not said yet of a job.

    Attributes:
        inputs: What became of inputs that the job is done with, by their keys.
        parts: Numbers of the parts that have their calls.
        code: The exit code that their uploadings call for.
        text: How the ledger has it; ``None``: it has nothing.
    """

    inputs: dict[str, InputResult] = field(default_factory=dict)
    parts: set[int] = field(default_factory=set)
    code: int = 0
    text: str | None = None

    @classmethod
    def find(cls, ledger: Ledger, key: JobKey) -> Self:
        """What an earlier run of a job has not said."""
        text = find_untold(ledger, key)
        if text is None:
            return cls()
        facts = json.loads(text)
        return cls({key: _read(one) for key, one in facts["inputs"].items()}, set(facts["parts"]), facts["code"], text)

    def add(self, done: Mapping[str, InputResult], result: JobResult) -> str:
        """Take in inputs that the job is done with, and what came of their calls; gives the text for the ledger."""
        self.inputs |= done
        self.parts |= {part.id for part in result.parts}
        self.code = max([self.code, *_LASTING.intersection(result.codes)])
        self.text = self._to_json()
        return self.text

    def take(self, key: str) -> InputResult | None:
        """What an earlier run has not said of an input."""
        return self.inputs.get(key)

    def drop(self, keys: Iterable[str]) -> None:
        """Leave out inputs that are read again: this run finds it out anew."""
        for key in keys:
            self.inputs.pop(key, None)

    def find_parts(self, ledger: Ledger, counter: int) -> list[Part]:
        """The parts, as they are now."""
        return [part for part in list_parts(ledger, counter) if part.id in self.parts] if self.parts else []

    def _to_json(self) -> str:
        inputs = {
            key: {
                "name": one.name,
                "counts": asdict(one.counts),
                "rejects": one.rejects,
                "outputs": one.outputs,
                "has_findings": one.has_findings,
                "by_code": one.by_code,
                "cure": one.cure,
            }
            for key, one in self.inputs.items()
        }
        return json.dumps({"inputs": inputs, "parts": sorted(self.parts), "code": self.code}, ensure_ascii=False)


def _read(facts: Mapping[str, object]) -> InputResult:
    # An earlier version kept neither the codes nor the cure.
    found = {"cure": None, **facts}
    found["cure"] = None if found["cure"] is None else Cure(str(found["cure"]))
    return InputResult(state=InputState.FINISHED, counts=RecordCounts(**found.pop("counts")), **found)  # type: ignore[arg-type]
