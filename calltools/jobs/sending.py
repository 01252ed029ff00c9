"""The calls of a job are sent by the same ``Uploader`` as those of ``upload``, and then looked up in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from calltools.jobs.conversion import ConvertedTable
from calltools.jobs.results import JobResult, Remark
from calltools.ledger import (
    CallStatus,
    Ledger,
    Part,
    UploadPlan,
    get_part,
    held_parts,
    list_parts,
    plan_upload,
    waiting_parts,
)
from calltools.runtime.packages import join_command
from calltools.uploading.context import Clock, Connect, UploadEvents, UploadOptions
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.results import UploadResult
from calltools.uploading.resume import ResumeOptions, resume_parts


@dataclass(frozen=True, slots=True)
class JobSender:
    """Sends the calls of one job.

    Attributes:
        ledger: The ledger; ``None``: a dry run.
        connect: Gives the client; not called before something is to be sent or searched for.
        events: The caller.
        options: How calls are sent.
        clock: Time, and how to wait.
        options_for: Gives how the calls of a table are sent, by its name; ``None``: all as ``options`` say.
        plan_only: Send nothing.
        accept_partial: Whether it will do that the service has accepted a part of the calls of a table only.
    """

    ledger: Ledger | None
    connect: Connect
    events: UploadEvents
    options: UploadOptions
    clock: Clock
    plan_only: bool
    accept_partial: bool = False
    options_for: Callable[[str], UploadOptions | None] | None = None
    _accepted_before: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        if self.ledger is not None:
            parts = list_parts(self.ledger, self.options.counter)
            self._accepted_before.update(part.id for part in parts if part.accepted)

    def resume(self, result: JobResult) -> None:
        """Search for what an earlier run has left in doubt, and send what it has left waiting.

        Raises:
            UsageError: There is no token.
        """
        counter = self.options.counter
        if self.ledger is None or self.plan_only:
            return
        if held_parts(self.ledger, counter) or waiting_parts(self.ledger, counter):
            options = ResumeOptions(counter, policy=self.options.policy, without_list=self.options.without_list)
            self._add(result, [resume_parts(self.ledger, self.connect, options, self.events, self.clock)])

    def send(self, tables: Sequence[ConvertedTable], result: JobResult) -> None:
        """Send the calls of tables.

        Raises:
            UsageError: There is no token.
        """
        requests = [
            UploadRequest(table.calls, table.name, options, plan_only=self.plan_only, confirmed=True)
            for table in tables
            for options in [(self.options_for and self.options_for(table.name)) or self.options]
        ]
        uploader = Uploader(self.ledger, self.connect, self.events, self.clock)
        # One by one: what is wrong with one file is not to end the others.
        planned = 0
        for request in requests:
            [uploaded] = uploader.upload_files([request])
            self._add(result, [uploaded])
            planned += uploaded.planned
            if uploaded.stopped:
                # The token or the quota fails for every further file as well.
                break
        if self.ledger is not None and self.plan_only:
            result.to_send = planned

    def look_up(self, table: ConvertedTable, result: JobResult) -> Remark | None:
        """Why a table is not finished by what the ledger knows of its calls; ``None``: each of them is accepted.

        Of a part of which the service has refused some calls it does not say which.
        """
        if self.ledger is None:
            return None
        plan = plan_upload(self.ledger, table.calls, self.options.counter)
        if self.options.again != "changed":
            result.changed += plan.counts[CallStatus.CHANGED] + plan.counts[CallStatus.IDENTIFIED]
        if (remark := _find_open(plan)) or self.accept_partial:
            return remark
        return _find_refused([get_part(self.ledger, number) for number in plan.accepted_parts], result.name)

    def _add(self, result: JobResult, uploaded: Sequence[UploadResult]) -> None:
        result.codes += [one.code for one in uploaded]
        # The events have told them.
        result.errors += [error for one in uploaded for error in one.errors]
        known = {part.id: part for part in result.parts}
        known |= {part.id: part for one in uploaded for part in one.parts if part.id not in self._accepted_before}
        result.parts = [known[number] for number in sorted(known)]


def _find_open(plan: UploadPlan) -> Remark | None:
    """What is open of the calls of a plan."""
    counts, facts = plan.counts, {"counter": plan.counter}
    if count := counts[CallStatus.HELD]:
        return Remark("job-left-held", {"count": count, **facts})
    if count := counts[CallStatus.MAYBE_ADOPTED]:
        return Remark("job-left-adopted", {"count": count, **facts})
    if count := counts[CallStatus.NEW] + counts[CallStatus.WAITING]:
        return Remark("job-left-unsent", {"count": count, **facts})
    return None


def _find_refused(parts: Sequence[Part], job: str) -> Remark | None:
    """A part of which the service has accepted some calls only."""
    for part in parts:
        if part.partial or part.line_quantity == 0:
            command = join_command(["calltools", "run", job, "--accept-partial"])
            facts = {"name": part.name, "count": part.rows, "accepted": part.line_quantity, "command": command}
            return Remark("job-left-partial", facts)
    return None
