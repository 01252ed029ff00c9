"""What ``calltools run`` does: jobs become values, each is run, and what came of it is printed. Heavy."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import time
from typing import Final

from calltools.cli.configuration.job_tables import JobTable
from calltools.cli.configuration.keys import resolve_text
from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.job_console import JobConsole
from calltools.cli.job_options import build_good_jobs, build_jobs, select_tables
from calltools.cli.run import JobRunOptions
from calltools.cli.service_access import find_usual_token, open_client_with, open_ledger
from calltools.cli.upload_options import AccessOptions, OutputOptions
from calltools.errors import UsageError
from calltools.jobs.caller import JobMode
from calltools.jobs.definition import Job
from calltools.jobs.inputs import find_bases, list_inputs
from calltools.jobs.outputs import find_paths
from calltools.jobs.results import JobResult
from calltools.jobs.run import JobRunner
from calltools.jobs.shared_outputs import SharedOutputs
from calltools.ledger import JobRuns, find_job_runs, has_database, state_folder
from calltools.metrica.token import Token, read_token_at
from calltools.runtime.packages import join_command
from calltools.runtime.process import forbid_core_dumps
from calltools.runtime.threads import cpu_count
from calltools.settings import read_settings, variables
from calltools.uploading.context import Connect

_SPAN: Final = re.compile(r"([0-9]{1,6})([dhm])")
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60}


def run_jobs(
    names: Sequence[str], options: JobRunOptions, access: AccessOptions, output: OutputOptions, layers: OptionLayers
) -> int:
    """Run jobs, and print what came of them; gives the exit code, the highest of all."""
    if options.max_age is not None:
        raise UsageError("job-max-age", given=options.max_age)
    tables = select_tables(layers, names)
    # All of them first: a wrong option of the last one is refused before the first is run.
    jobs = build_jobs(tables, layers, output.language, access.timeout)
    console = JobConsole(output, options.output_format, len(jobs))
    mode = JobMode(options.all, options.plan, options.dry_run, options.accept_partial)
    try:
        with ExitStack() as stack:
            ledger = None if options.dry_run else stack.enter_context(open_ledger())
            clients = _Clients({table.name: table for table in tables}, layers, access, console, stack)
            now = time()
            shared = SharedOutputs(build_good_jobs(layers, output.language, access.timeout) if names else jobs)
            runner = JobRunner(
                ledger, clients.connect, console, _day(now), int(now), mode, processes=cpu_count(), shared=shared
            )
            results: list[JobResult] = []
            try:
                for job in jobs:
                    console.next_job()
                    results.append(runner.run(job))
                    console.report_result(results[-1])
            except KeyboardInterrupt:
                if results:
                    console.report_results(results, planned=not mode.writes)
                done = len(results)
                console.report_interrupt([job.name for job in jobs], done, _command(names, options))
                runner.confirm_said(jobs[:done], results)
                raise
            console.report_results(results, planned=not mode.writes)
            runner.confirm_said(jobs, results)
    finally:
        console.upload.live_line.stop()
    return max(result.code for result in results)


def _command(names: Sequence[str], options: JobRunOptions) -> str:
    """What goes on with an interrupted run."""
    flags = [name for name in ("plan", "dry_run", "all", "accept_partial") if getattr(options, name)]
    return join_command(["calltools", "run", *names, *(f"--{name.replace('_', '-')}" for name in flags)])


class _Clients:
    """Clients of the service, one for each place of a token, opened when one is first needed."""

    def __init__(
        self,
        tables: dict[str, JobTable],
        layers: OptionLayers,
        access: AccessOptions,
        console: JobConsole,
        stack: ExitStack,
    ) -> None:
        self._tables, self._layers, self._access = tables, layers, access
        self._console, self._stack = console, stack
        self._known: dict[tuple[str, str] | None, Connect] = {}

    def connect(self, job: Job) -> Connect:
        """What connects to the service for a job."""
        place = self._tables[job.name].token
        if place not in self._known:
            self._known[place] = cache(self._opener(place))
        return self._known[place]

    def _opener(self, place: tuple[str, str] | None) -> Connect:
        console = self._console.upload

        def find() -> Token:
            if place is None:
                return find_usual_token(self._access, console)
            forbid_core_dumps()
            kind, name = place
            folder = self._layers.config.folder
            where = resolve_text(name, None if folder == Path.cwd() else folder) if kind == "file" else name
            return read_token_at(kind, where, variables(), console.notify)

        return lambda: self._stack.enter_context(open_client_with(find(), self._access, console))


def list_jobs(
    names: Sequence[str], options: JobRunOptions, access: AccessOptions, output: OutputOptions, layers: OptionLayers
) -> int:
    """List jobs and when each last succeeded; 1 if one is older than it may be."""
    limit = None if options.max_age is None else parse_span(options.max_age)
    jobs = build_jobs(select_tables(layers, names), layers, output.language, access.timeout)
    console = JobConsole(output, options.output_format, len(jobs))
    runs, now = _find_runs(jobs), time()
    for job, one in zip(jobs, runs, strict=True):
        written = find_paths(job, _day(now)).own_folders(find_bases(job.inputs))
        inputs = list_inputs(job.inputs, written, recursive=job.recursive).inputs
        console.add_listed(job, len(inputs), one)
    console.print_listed()
    old = [
        job.name
        for job, one in zip(jobs, runs, strict=True)
        if limit is not None and (one.succeeded is None or now - one.succeeded > limit)
    ]
    if old:
        console.upload.notify_always("jobs-old", span=options.max_age, names=", ".join(old))
    return int(bool(old))


def _find_runs(jobs: Sequence[Job]) -> list[JobRuns]:
    """When each job ran; a list makes no ledger."""
    if not has_database(state_folder(read_settings().state_dir)):
        return [JobRuns() for _ in jobs]
    with open_ledger() as ledger:
        return [find_job_runs(ledger, job.key) for job in jobs]


def _day(now: float) -> str:
    """The day on this machine, as paths name it."""
    return f"{datetime.fromtimestamp(now, UTC).astimezone():%Y-%m-%d}"


def parse_span(text: str) -> int:
    """Seconds of a span of time such as ``36h``.

    Raises:
        UsageError: It is none.
    """
    span = _SPAN.fullmatch(text.strip().lower())
    if span is None:
        raise UsageError("job-span", given=text)
    return int(span[1]) * _SECONDS[span[2]]
