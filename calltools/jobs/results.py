"""What a run of a job has come to: its inputs, its counts, its exit code, and what is left to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from calltools.errors import CalltoolsError
from calltools.ledger import Part
from calltools.model.summary import Summary
from calltools.texts.keys import MessageKey
from calltools.uploading.results import part_facts


class InputState(StrEnum):
    """What became of an input; the values are in the output for scripts."""

    #: Every call is accepted, skipped, or rejected with its reason on disk.
    FINISHED = "finished"
    #: It is as it was when the job was done with it.
    UNCHANGED = "unchanged"
    #: The next run takes it again.
    LEFT = "left"
    #: It cannot be read, or was written to meanwhile.
    FAILED = "failed"
    #: What would be done with it: nothing was sent.
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence: its key and facts."""

    key: MessageKey
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class InputResult:
    """What became of an input.

    Attributes:
        name: What messages call it.
        state: What became of it.
        summaries: The counts of its tables.
        reason: Why it is left or failed.
        rejects: Files that have its bad records.
        outputs: Files that have its good records.
        moved_to: Where it is now, if it was moved.
    """

    name: str
    state: InputState
    summaries: tuple[Summary, ...] = ()
    reason: Remark | None = None
    rejects: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    moved_to: str | None = None


@dataclass(slots=True)
class JobResult:
    """What a run of a job has come to.

    Attributes:
        name: Of the job.
        counter: Where its calls go; ``None``: it only converts.
        inputs: What became of its inputs.
        parts: The parts that this run has sent, or found accepted.
        to_send: Calls that would be sent; ``None`` but for a plan.
        changed: Known calls that have other cells now, and are not sent again.
        codes: Exit codes that parts of the run call for.
        errors: Why the job or a part of it failed.
    """

    name: str
    counter: int | None
    inputs: list[InputResult] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    to_send: int | None = None
    changed: int = 0
    codes: list[int] = field(default_factory=list)
    errors: list[CalltoolsError] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code: the highest."""
        return max([0, *self.codes, *(error.exit_code for error in self.errors)])

    @property
    def succeeded(self) -> bool:
        """Whether nothing is left behind: each input is finished or unchanged, and nothing failed."""
        done = {InputState.FINISHED, InputState.UNCHANGED}
        return not self.errors and self.code in {0, 1, 5} and all(one.state in done for one in self.inputs)

    def fail(self, error: CalltoolsError) -> None:
        """Take note of an error."""
        self.errors.append(error)

    def count(self, name: str) -> int:
        """The sum of a count of all tables: ``read``, ``written``, ``rejected``."""
        return sum(getattr(summary, name) or 0 for one in self.inputs for summary in one.summaries)

    @property
    def skipped(self) -> int:
        """Records that were left out."""
        return sum(summary.skipped.total() for one in self.inputs for summary in one.summaries)

    @property
    def sent(self) -> int:
        """Calls that are with the service since this run."""
        return sum(part.rows for part in self.parts if part.accepted)

    @property
    def linked(self) -> int | None:
        """How many of them are linked to a visit, as far as the service has said."""
        known = [part.linked for part in self.parts if part.linked is not None]
        return sum(known) if known else None

    @property
    def held(self) -> bool:
        """Whether nobody knows of some calls whether they have arrived."""
        return any(part.held for part in self.parts)


def job_facts(result: JobResult, *, say: Any) -> dict[str, Any]:
    """What scripts are told of a job, by stable names.

    Args:
        result: Of the job.
        say: Gives the sentence of a remark or an error.
    """
    return {
        "job": result.name,
        "counter": result.counter,
        "exit_code": result.code,
        "succeeded": result.succeeded,
        "read": result.count("read"),
        "written": result.count("written"),
        "skipped": result.skipped,
        "rejected": result.count("rejected"),
        "to_send": result.to_send,
        "sent": result.sent,
        "changed": result.changed,
        "linked": result.linked,
        "held": result.held,
        "inputs": [
            {
                "path": one.name,
                "state": str(one.state),
                "reason": None if one.reason is None else say(one.reason),
                "read": sum(summary.read for summary in one.summaries),
                "written": sum(summary.written or 0 for summary in one.summaries),
                "skipped": sum(summary.skipped.total() for summary in one.summaries),
                "rejected": sum(summary.rejected for summary in one.summaries),
                "rejects": one.rejects,
                "outputs": one.outputs,
                "moved_to": one.moved_to,
            }
            for one in result.inputs
        ],
        "parts": [part_facts(part) for part in result.parts],
        "errors": [say(error) for error in result.errors],
    }
