"""A run of a job: inputs are taken, converted, their calls are sent, and what is finished is put away.

The order makes a kill at any moment harmless. What is written comes before what is sent, what is sent is in the ledger
before it leaves, the ledger knows that an input is finished before it is moved. The next run takes again what is not
finished, and the ledger sends no call twice.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from calltools.errors import CalltoolsError, DefectError, SourceError, UsageError
from calltools.files.atomic import map_os_errors
from calltools.files.remote_path import RemotePath
from calltools.jobs import archive, outputs
from calltools.jobs.caller import JobEvents, JobMode
from calltools.jobs.conversion import ConvertedTable, convert_inputs
from calltools.jobs.definition import Job
from calltools.jobs.inputs import JobInput, JobInputs, find_bases, list_inputs, sort_inputs
from calltools.jobs.judging import WRITTEN_TO, find_fault, judge_input
from calltools.jobs.results import InputResult, InputState, JobResult, RecordCounts, Remark
from calltools.jobs.sending import JobSender
from calltools.jobs.shared_outputs import SharedOutputs
from calltools.jobs.untold import Untold
from calltools.ledger import (
    Ledger,
    find_finished,
    forget_finished,
    forget_untold,
    hold_job,
    record_finished,
    record_job_run,
)
from calltools.run import RunContexts
from calltools.uploading.context import Clock, Connect


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs; it needs no terminal.

    Attributes:
        ledger: The ledger; ``None``: a dry run.
        connect: Gives what connects to the service for a job.
        events: The caller.
        day: Of the run, as paths name it: ``2026-03-10``.
        now: Of the run, Unix seconds.
        mode: How jobs are run.
        clock: Time, and how to wait.
        processes: How many may work on files, this one included; more than one in a process of our own only.
        shared: What all jobs of the configuration write.
    """

    ledger: Ledger | None
    connect: Callable[[Job], Connect]
    events: JobEvents
    day: str
    now: int
    mode: JobMode = field(default_factory=JobMode)
    clock: Clock = field(default_factory=Clock)
    processes: int = 1
    shared: SharedOutputs = field(default_factory=SharedOutputs)

    def run(self, job: Job) -> JobResult:
        """Run a job; whatever fails is in the result, so that the next job follows.

        Raises:
            KeyboardInterrupt: The user interrupts the run.
        """
        result = JobResult(job.name, None if job.upload is None else job.upload.counter)
        try:
            with self._locked(job), self._work_folder(job) as folder:
                _JobRun(self, job, result, folder).run()
        except CalltoolsError as error:
            self._fail(job, result, error)
        except Exception as fault:  # noqa: BLE001 - a defect that one client meets must not stop the others
            defect = DefectError("defect", fault=type(fault).__name__)
            self._fail(job, result, defect.with_traceback(fault.__traceback__))
        if self.ledger is not None and self.mode.writes:
            try:
                record_job_run(self.ledger, job.key, result.code, succeeded=result.succeeded)
            except CalltoolsError as error:
                self._fail(job, result, error)
        return result

    def confirm_said(self, jobs: Sequence[Job], results: Sequence[JobResult]) -> None:
        """Take note that the results of jobs were said to somebody: the next run does not say them again."""
        said = {job.key: one.untold for job, one in zip(jobs, results, strict=True) if one.untold is not None}
        if self.ledger is not None and said:
            forget_untold(self.ledger, said)

    def _fail(self, job: Job, result: JobResult, error: CalltoolsError) -> None:
        result.fail(error)
        self.events.job_failed(job, error)

    def _locked(self, job: Job) -> AbstractContextManager[None]:
        return nullcontext() if self.ledger is None or not self.mode.writes else hold_job(self.ledger, job.key)

    @contextmanager
    def _work_folder(self, job: Job) -> Iterator[Path]:
        """A private folder; what a killed run has left in it is removed first."""
        if self.ledger is None or not self.mode.writes:
            with TemporaryDirectory(prefix="calltools-") as temporary:
                yield Path(temporary)
            return
        name = sha256(f"{job.key.config}\n{job.key.name}".encode()).hexdigest()[:32]
        folder = self.ledger.folder / "jobs" / name
        shutil.rmtree(folder, ignore_errors=True)
        with map_os_errors(folder):
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _JobRun:
    """One run of one job, under its lock."""

    runner: JobRunner
    job: Job
    result: JobResult
    folder: Path
    untold: Untold = field(default_factory=Untold)

    def run(self) -> None:
        """Run the job.

        Raises:
            CalltoolsError: The job as a whole cannot be run.
        """
        job, mode = self.job, self.runner.mode
        paths = outputs.find_paths(job, self.runner.day)
        bases = find_bases(job.inputs)
        paths.refuse_inputs_in(job.name, job.inputs)
        listed = list_inputs(job.inputs, paths.own_folders(bases), recursive=job.recursive)
        _refuse_moving_addresses(job, paths, listed.inputs)
        inputs = self._sort(listed.inputs)
        self._find_untold(inputs)
        names = [table.name for one in listed.inputs for table in one.tables]
        outputs.refuse_equal_outputs(paths, names)
        outputs.refuse_read_files(job, paths, listed.inputs)
        self.runner.shared.refuse(job, paths, names, self.runner.day)
        if mode.writes and len(inputs):
            # What cannot be written is refused before anything is sent.
            outputs.make_folders(paths, names)
            for folder in dict.fromkeys(paths.archive_of(one.path) for one in listed.inputs):
                if folder is not None:
                    archive.prepare_folder(folder)
        self.runner.events.job_started(job, len(inputs.changed), listed.found)
        for one, error in inputs.failed:
            self._report(error)
            self._end(InputResult(one.name, InputState.FAILED, reason=Remark(error.key, error.facts)))
        sender = self._sender()
        if sender is not None:
            sender.resume(self.result)
        done = self._process(inputs.changed, paths, sender) if inputs.changed else []
        known = [(one, self.untold.take(one.key)) for one in inputs.finished]
        unchanged = [(one, ended or InputResult(one.name, InputState.UNCHANGED)) for one, ended in known]
        self._put_away([*done, *unchanged], paths)
        self.result.untold = self.untold.text

    def _find_untold(self, inputs: JobInputs) -> None:
        """Look up what an earlier run has not said; of what it has put away it is said at once."""
        ledger, upload = self.runner.ledger, self.job.upload
        if ledger is None or not self.runner.mode.writes:
            return
        self.untold = Untold.find(ledger, self.job.key)
        self.untold.drop(one.key for one in (*inputs.changed, *(failed for failed, _ in inputs.failed)))
        self.result.codes.append(self.untold.code)
        if upload is not None:
            self.result.parts += self.untold.find_parts(ledger, upload.counter)
        still_there = {one.key for one in inputs.finished}
        for key, ended in self.untold.inputs.items():
            if key not in still_there:
                ended.is_gone = True
                self._end(ended)

    def _sort(self, listed: Sequence[JobInput]) -> JobInputs:
        ledger = self.runner.ledger
        known = {} if ledger is None or self.runner.mode.take_all else find_finished(ledger, self.job.key)
        return sort_inputs(listed, ledger, known, self.job, self.folder / "copies")

    def _sender(self) -> JobSender | None:
        job, runner = self.job, self.runner
        if job.upload is None:
            return None
        return JobSender(
            runner.ledger,
            runner.connect(job),
            runner.events.sending(),
            job.upload,
            runner.clock,
            plan_only=not runner.mode.writes,
            accept_partial=runner.mode.accept_partial,
            options_for=job.upload_for,
        )

    def _process(
        self, inputs: Sequence[JobInput], paths: outputs.JobPaths, sender: JobSender | None
    ) -> list[tuple[JobInput, InputResult]]:
        """Convert inputs, write, send, and record those that are finished; gives these."""
        converted = convert_inputs(
            self.job,
            inputs,
            RunContexts(self.runner.now),
            paths,
            self.folder,
            self.runner.events.converting(),
            ledger=self.runner.ledger,
            writes=self.runner.mode.writes,
            processes=self.runner.processes,
        )
        taken = [(one, self._judge(one, converted[one.key])) for one in inputs]
        open_ = [(ended, converted[one.key]) for one, ended in taken if ended.state is not InputState.FAILED]
        if self.runner.mode.writes:
            for ended, tables in open_:
                _write(ended, tables, paths)
        if sender is not None:
            self._send(sender, [pair for pair in open_ if pair[0].state is InputState.FINISHED])
        for ended, _ in open_:
            if not self.runner.mode.writes:
                ended.state = InputState.PLANNED
            elif ended.reason is not None:
                ended.state = InputState.LEFT
        done = [(one, ended) for one, ended in taken if ended.state is InputState.FINISHED]
        for _, ended in taken:
            if ended.state is not InputState.FINISHED:
                self._end(ended)
        if self.runner.ledger is not None and done:
            untold = self.untold.add({one.key: ended for one, ended in done}, self.result)
            record_finished(self.runner.ledger, self.job.key, {one.key: one.digest for one, _ in done}, untold)
        return done

    def _send(self, sender: JobSender, converted: Sequence[tuple[InputResult, Sequence[ConvertedTable]]]) -> None:
        """Send calls, and say of each input whether one of them is not accepted."""
        try:
            sender.send([table for _, tables in converted for table in tables if table.has_calls], self.result)
        except CalltoolsError as error:
            self._report(error)
        if not self.runner.mode.writes:
            return
        for ended, tables in converted:
            reasons = (sender.look_up(table, self.result) for table in tables if table.has_calls)
            ended.reason = next((reason for reason in reasons if reason is not None), ended.reason)

    def _judge(self, one: JobInput, tables: Sequence[ConvertedTable]) -> InputResult:
        fault = find_fault(one, tables)
        if fault is None:
            return judge_input(self.job, one, tables)
        if fault.key == WRITTEN_TO:
            # What a table could not be read for was said while it was read.
            self._report(fault)
        self.result.codes.append(SourceError.exit_code)
        return InputResult(
            one.name,
            InputState.FAILED,
            RecordCounts.of([table.summary for table in tables]),
            Remark(fault.key, fault.facts),
        )

    def _put_away(self, done: Sequence[tuple[JobInput, InputResult]], paths: outputs.JobPaths) -> None:
        """Move finished inputs to the archive, if the job has one."""
        moved: list[str] = []
        for one, ended in done:
            folder = paths.archive_of(one.path)
            if folder is not None and self.runner.mode.writes:
                try:
                    ended.moved_to = str(archive.put_away(one.path, one.stamp, folder))
                    ended.state, ended.is_gone = InputState.FINISHED, True
                    moved.append(one.key)
                except SourceError as error:
                    # The new file is an input of the next run.
                    ended.state, ended.reason = InputState.LEFT, Remark(error.key, error.facts)
                except CalltoolsError as error:
                    self._report(error)
                    ended.state, ended.reason = InputState.LEFT, Remark(error.key, error.facts)
            self._end(ended)
        if self.runner.ledger is not None and moved:
            forget_finished(self.runner.ledger, self.job.key, moved)

    def _report(self, error: CalltoolsError) -> None:
        self.result.fail(error)
        self.runner.events.job_failed(self.job, error)

    def _end(self, ended: InputResult) -> None:
        self.result.inputs.append(ended)
        self.runner.events.input_ended(self.job, ended)


def _refuse_moving_addresses(job: Job, paths: outputs.JobPaths, inputs: Sequence[JobInput]) -> None:
    """Refuse an archive for what is at an address.

    Raises:
        UsageError: It has one.
    """
    for one in inputs if paths.archive is not None else ():
        if isinstance(one.path, RemotePath):
            raise UsageError("job-not-moved", job=job.name, path=one.path)


def _write(ended: InputResult, tables: Sequence[ConvertedTable], paths: outputs.JobPaths) -> None:
    """Put rejects and outputs of an input in their places."""
    for table in tables:
        rejects, output = paths.rejects_of(table.name), paths.output_of(table.name)
        if rejects is not None and table.summary.rejected:
            ended.rejects.append(str(outputs.put_beside(table.rejects, rejects)))
        if output is not None and table.output.is_file():
            # An input that stays has one output, which follows it. Of those that are put away each has its own.
            put = outputs.put_beside if paths.keeps_outputs else outputs.put_output
            ended.outputs.append(str(put(table.output, output)))
