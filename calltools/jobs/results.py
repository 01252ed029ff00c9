"""What a run of a job has come to: its inputs, its counts, its exit code, and what is left to do."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from calltools.errors import NO_CONNECTION, CalltoolsError, LockedError, SourceError
from calltools.ledger import Part
from calltools.model.summary import Summary
from calltools.runtime.packages import join_command
from calltools.texts.keys import MessageKey
from calltools.uploading.results import FINDINGS, HELD, IN_PART, OK, accepted_count, part_facts


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


class Cure(StrEnum):
    """What takes errors away that nobody can mend in the records; the values are in the ledger."""

    #: The job says nothing of calls without an identifier.
    STATIC_CALL = "static-call"
    #: The profile does not know words of the export.
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence: its key and facts."""

    key: MessageKey
    facts: Mapping[str, object] = field(default_factory=dict)


#: The exit code of an input that stays until a person has done something, by the reason. The others go with the next
#: run, or have an error that has a code of its own.
_CODES_OF_LEFT: Final[Mapping[MessageKey, int]] = {
    "job-left-errors": FINDINGS,
    "job-left-unexplained": FINDINGS,
    "job-left-partial": IN_PART,
    "job-left-adopted": HELD,
    "job-left-held": HELD,
}


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """How many records an input has, and what became of them: ``read`` is the sum of the others."""

    read: int = 0
    written: int = 0
    skipped: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, summaries: Iterable[Summary]) -> Self:
        """The sums of the counts of tables."""
        counts = [(one.read, one.written or 0, one.skipped.total(), one.rejected) for one in summaries]
        return cls(*map(sum, zip(*counts, strict=True)))


@dataclass(slots=True)
class InputResult:
    """What became of an input.

    Attributes:
        name: What messages call it.
        state: What became of it.
        counts: Its records, as far as they were read.
        reason: Why it is left or failed.
        rejects: Files that have its bad records.
        outputs: Files that have its good records.
        moved_to: Where it is now, if it was moved by this run.
        has_findings: Whether it has findings that end with exit code 1.
        by_code: Its errors by rule.
        cure: What takes some of them away in the place of mending records.
        is_gone: Whether it is no input any more, because this run or an earlier one has moved it.
    """

    name: str
    state: InputState
    counts: RecordCounts = RecordCounts()
    reason: Remark | None = None
    rejects: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    moved_to: str | None = None
    has_findings: bool = False
    by_code: dict[str, int] = field(default_factory=dict)
    cure: Cure | None = None
    is_gone: bool = False

    @property
    def code(self) -> int:
        """The exit code that it calls for."""
        is_left = self.state is InputState.LEFT and self.reason is not None
        left = _CODES_OF_LEFT.get(self.reason.key, OK) if is_left and self.reason is not None else OK
        return max(left, FINDINGS if self.has_findings else OK)


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
        untold: What the ledger keeps of it until it is said, where all of it is in this result.
    """

    name: str
    counter: int | None
    inputs: list[InputResult] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    to_send: int | None = None
    changed: int = 0
    codes: list[int] = field(default_factory=list)
    errors: list[CalltoolsError] = field(default_factory=list)
    untold: str | None = None

    @property
    def code(self) -> int:
        """The exit code: the highest."""
        inputs, errors = (one.code for one in self.inputs), (error.exit_code for error in self.errors)
        return max([OK, *self.codes, *inputs, *errors])

    @property
    def succeeded(self) -> bool:
        """Whether nothing is left behind: each input is finished or unchanged, and nothing failed."""
        done = {InputState.FINISHED, InputState.UNCHANGED}
        return (
            not self.errors and self.code in {OK, FINDINGS, IN_PART} and all(one.state in done for one in self.inputs)
        )

    def fail(self, error: CalltoolsError) -> None:
        """Take note of an error."""
        self.errors.append(error)

    @property
    def counts(self) -> RecordCounts:
        """The records of all inputs."""
        counts = [astuple(one.counts) for one in self.inputs]
        return RecordCounts(*map(sum, zip(*counts, strict=True)))

    @property
    def sent(self) -> int:
        """Calls that are with the service since this run; those that it has refused are not."""
        return sum(
            part.rows if (count := accepted_count(part)) is None else count for part in self.parts if part.accepted
        )

    @property
    def linked(self) -> int | None:
        """How many of them are linked to a visit, as far as the service has said."""
        known = [part.linked for part in self.parts if part.linked is not None]
        return sum(known) if known else None

    @property
    def held(self) -> bool:
        """Whether nobody knows of some calls whether they have arrived."""
        return any(part.held for part in self.parts)


#: What is to be done for an input that stays, by the reason; where nothing stands here, the next run does it.
_TODO_OF_LEFT: Final[Mapping[MessageKey, MessageKey]] = {
    "job-left-errors": "job-todo-errors",
    "job-left-unexplained": "job-todo-unexplained",
    "job-left-held": "job-todo-held",
    "job-left-adopted": "job-todo-linked",
    "job-left-partial": "job-todo-partial",
}


def find_todo(result: JobResult) -> Remark | None:
    """The one thing that a person has to do for a job; the first that holds counts."""
    failed = sum(one.state is InputState.FAILED for one in result.inputs)
    left = [one for one in result.inputs if one.state is InputState.LEFT]
    rejects = [path for one in result.inputs for path in one.rejects]
    cured = [one for one in result.inputs if one.counts.rejected and one.cure is not None]
    planned = [one for one in result.inputs if one.state is InputState.PLANNED and one.counts.rejected]
    locked = [error.facts.get("pid") for error in result.errors if isinstance(error, LockedError)]
    passing = [isinstance(error, SourceError) or error.key in NO_CONNECTION for error in result.errors]
    offline = all(passing) and any(error.key in NO_CONNECTION for error in result.errors)
    todos: tuple[tuple[object, Callable[[], Remark]], ...] = (
        (result.held, lambda: Remark("job-todo-held", {"counter": result.counter})),
        (locked, lambda: Remark("job-todo-locked", {"pid": locked[0]})),
        (offline, lambda: Remark("job-todo-again", {"job": join_command([result.name])})),
        (not all(isinstance(error, SourceError) for error in result.errors), lambda: Remark("job-todo-error")),
        (failed, lambda: Remark("job-todo-failed", {"count": failed})),
        (_are_of_errors(left) and cured, lambda: _todo_of_cure(cured, result.name)),
        (left, lambda: _todo_of_left(max(left, key=lambda one: one.code), result.name)),
        (planned, lambda: _todo_of_planned(planned)),
        (rejects, lambda: _todo_of_rejects(rejects)),
        (result.changed, lambda: Remark("job-todo-changed", {"count": result.changed})),
        # Such as a second file that cannot be read: no input was taken, and nothing was sent.
        (result.errors, lambda: Remark("job-todo-error")),
        (result.code > FINDINGS, lambda: Remark("job-todo-linked", {"counter": result.counter})),
    )
    return next((make() for holds, make in todos if holds), None)


def _are_of_errors(left: Sequence[InputResult]) -> bool:
    """Whether inputs that stay wait for nothing but their records with errors."""
    reasons = {one.reason.key for one in left if one.reason is not None}
    return reasons <= {"job-left-errors", "job-left-unexplained"}


def _todo_of_cure(cured: Sequence[InputResult], job: str) -> Remark:
    """What to change in the place of records, and how their inputs are taken then.

    An input that was moved is none any more: its rejects take its place, as they are.
    """
    is_static = any(one.cure is Cure.STATIC_CALL for one in cured)
    moved = [path for one in cured if one.is_gone for path in one.rejects]
    command = ["calltools", "run", job, *([] if all(one.is_gone for one in cured) else ["--all"])]
    facts = {"command": join_command(command), "path": ", ".join(dict.fromkeys(moved))}
    if len(moved) > 1:
        facts["path"] = ", ".join(dict.fromkeys(f"{Path(path).parent}/" for path in moved))
    if is_static:
        return Remark("job-todo-static-moved" if moved else "job-todo-static", facts)
    return Remark("job-todo-words-moved" if moved else "job-todo-words", facts)


def _todo_of_planned(planned: Sequence[InputResult]) -> Remark:
    codes = Counter[str]()
    for one in planned:
        codes.update(one.by_code)
    listed = ", ".join(f"{code} {count}" for code, count in codes.most_common())
    return Remark("job-todo-planned", {"count": sum(one.counts.rejected for one in planned), "codes": listed})


def _todo_of_left(one: InputResult, job: str) -> Remark:
    reason = one.reason or Remark("job-left-unsent")
    facts = {**reason.facts, "path": one.name, "job": join_command([job])}
    return Remark(_TODO_OF_LEFT.get(reason.key, "job-todo-again"), facts)


def _todo_of_rejects(paths: Sequence[str]) -> Remark:
    if len(paths) == 1:
        return Remark("job-todo-rejects", {"path": paths[0]})
    folders = ", ".join(dict.fromkeys(str(Path(path).parent) for path in paths))
    return Remark("job-todo-rejects-several", {"count": len(paths), "path": folders})


def job_facts(result: JobResult, *, say: Callable[[Remark | CalltoolsError], str]) -> dict[str, Any]:
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
        **asdict(result.counts),
        "to_send": result.to_send,
        "sent": result.sent,
        "changed": result.changed,
        "linked": result.linked,
        "held": result.held,
        "todo": None if (todo := find_todo(result)) is None else say(todo),
        "inputs": [
            {
                "path": one.name,
                "state": str(one.state),
                "reason": None if one.reason is None else say(one.reason),
                **asdict(one.counts),
                "errors_by_code": one.by_code,
                "rejects": one.rejects,
                "outputs": one.outputs,
                "moved_to": one.moved_to,
            }
            for one in result.inputs
        ],
        "parts": [part_facts(part) for part in result.parts],
        "errors": [say(error) for error in result.errors],
    }
