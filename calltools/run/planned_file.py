"""One file, opened and planned: everything that can be decided before its first record."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from calltools.batch_steps import BatchResult, RunPlan
from calltools.fields.check_assumptions import check_assumptions
from calltools.files.opening import map_read_errors
from calltools.matching.join import IdentifierIndex
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Given, ReadTask, Table
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.pipeline import OnRead, Sink, batch_work, finish_table, run_pipeline
from calltools.run import preflight
from calltools.run.context import RunContext, RunOptions
from calltools.run.edits import CellEdits
from calltools.run.reading import find_reading
from calltools.run.source import SMALL_FILE_BYTES, KeptBatches, open_export
from calltools.vendors import recognize
from calltools.vendors.binding import BoundProfile
from calltools.vendors.profile import Profile
from calltools.workers.batch_work import Cluster

#: Bytes of records in memory for each byte of a workbook or JSON document, about.
_EXPANSION: Final = 8


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file, ready to be read.

    Attributes:
        table: Its table.
        plan: How it is read.
        vendor: The name of the vendor's profile, if one is used.
        named: Own numbers and contexts that the user gave.
        read_again: Gives the tasks of a table whose records are not in memory.
        held_bytes: About how much memory the records take that the table holds.
        second_file_assumptions: How second files are read for it: with the country of its calls.
    """

    table: Table
    plan: RunPlan
    vendor: str | None
    named: tuple[str, ...] = ()
    read_again: Callable[[], Iterator[ReadTask]] | None = None
    held_bytes: int = 0
    second_file_assumptions: Assumptions | None = None

    def without_records(self) -> "PlannedFile":
        """The file without the records that it holds; they are read again."""
        if self.read_again is None:
            return self
        return replace(self, table=replace(self.table, tasks=self.read_again), held_bytes=0)

    def run(  # noqa: PLR0913 - who reads, who takes, who is told
        self,
        name: str,
        sinks: Sequence[Sink],
        on_read: OnRead = lambda _records, _bytes: None,
        *,
        may_fork: bool = False,
        results: Iterable[BatchResult] | None = None,
        cluster: Cluster | None = None,
    ) -> Summary:
        """Read the records into the sinks, after the findings on file and header; gives the counts.

        Args:
            name: What the user calls the file.
            sinks: Take the batches, in another thread.
            on_read: Called with the number of records read so far, and of their bytes, in that thread.
            may_fork: Whether a large file may be read in a copy of this process.
            results: What the first half of the flow has made of the file, where that is done (``small_files``).
            cluster: Reads and judges the file, if it can be read by ranges.

        Raises:
            SourceError: The file cannot be read to its end. The sinks have taken what comes before.
        """
        summary = Summary(name, self.table.source, self.vendor)
        summary.now = self.plan.assumptions.now
        summary.unusable = {} if self.plan.index is None else self.plan.index.unusable
        summary.outcome_files.update(self.plan.outcome_files)
        summary.named.update(dict.fromkeys(self.named, 0))
        if self.plan.mapping is not None:
            summary.not_taken = self.plan.mapping.not_taken
            summary.unverified = self.plan.mapping.profile.confidence == "code-seen"
        with map_read_errors(name):
            if results is None:
                run_pipeline(self.table, self.plan, sinks, summary, on_read, may_fork=may_fork, cluster=cluster)
            else:
                finish_table(self.table, self.plan, sinks, summary, on_read, results)
        return summary

    @property
    def can_be_ranged(self) -> bool:
        """Whether a cluster can read it by ranges, or as a whole."""
        return batch_work(self.table, self.plan).ranges is not None

    def announce(self, cluster: Cluster) -> None:
        """Tell a cluster that the results of this file will be wanted, if it can be read by ranges."""
        ranges = batch_work(self.table, self.plan).ranges
        if ranges is not None:
            cluster.expect(self.table, ranges)


def plan_file(  # noqa: PLR0913 - what the sinks want is not an option of the user
    path: Path,
    name: str,
    context: RunContext,
    *,
    converting: bool,
    keep_records: bool,
    keep_origin: bool = False,
    wants_statistics: bool = False,
    edits: CellEdits | None = None,
) -> PlannedFile:
    """Open a file and decide how its records are read.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        context: What the files of the run share.
        converting: Normalize before validating, as ``convert`` does.
        keep_records: Whether a sink wants the records.
        keep_origin: Whether a sink wants them as they are in the file, too.
        wants_statistics: Whether a report shows statistics of the calls.
        edits: Cells that count in place of those of the file.

    Raises:
        UsageError: No profile fits, the zone is not known, and the like.
        SourceError: The file cannot be read.
    """
    options = context.options
    opened, profile = _open_source(path, name, context)
    kept = _keep_records(opened, path, name, context)
    table, read_again = kept.table, kept.read_again
    shared, context = context, _with_zone_of_file(context, table.source.zone)
    if edits is not None:
        table, read_again = edits.apply_to_table(table), partial(edits.apply_to_tasks, read_again)
    normalizing = converting or profile is not None
    ruleset = context.ruleset.for_normalized(vendor=profile is not None) if normalizing else context.ruleset
    reading = find_reading(table, profile, context)
    mapping = reading.mapping
    given = (*_given_by_profile(mapping, options), *context.given)
    table = replace(reading.table, source=replace(reading.table.source, given=given, converting=converting))
    if normalizing and reading.assumptions.duration_format is None:
        preflight.refuse_unclear_durations(table, reading.duration_columns)
    # The order of its own dates a second file proves itself.
    of_second = replace(shared.assumptions, region=reading.assumptions.region)
    index = None if context.identifiers is None else context.identifiers.index(of_second)
    table = replace(table, source=replace(table.source, unusable=_count_unusable(index)))
    found = preflight.preflight_findings(path, table, context, ruleset, mapping, index)
    if converting:
        preflight.refuse_doubled_columns(found, name)
    undecided = [Findings.from_rows([{"code": "CT605", "field": "DateTime"}])] if reading.order_unknown else []
    plan = RunPlan(
        ruleset=ruleset,
        assumptions=reading.assumptions,
        layout=reading.layout,
        mapping=mapping,
        swapped_dates=reading.swapped,
        normalize=normalizing,
        static_call=options.static_call,
        index=index,
        window_s=options.identifier_window_s,
        exact_only=options.exact_only,
        keep_records=keep_records,
        keep_origin=keep_origin,
        wants_statistics=wants_statistics,
        baseline_counts={
            spot: count for spot, count in context.baseline.counts_for(name).items() if spot[0] in ruleset
        },
        preflight_findings=Findings.concat([found, *undecided]),
    )
    named = (*options.own_numbers, *options.inbound_contexts)
    planned = PlannedFile(
        table, plan, None if profile is None else profile.name, named, read_again, kept.held_bytes, of_second
    )
    return planned if kept.holds_any() else planned.without_records()


def _count_unusable(index: IdentifierIndex | None) -> tuple[tuple[str, int], ...]:
    """How many records of the file of identifiers cannot be used, by reason."""
    return () if index is None else tuple(sorted((key, count) for key, count in index.unusable.items() if count))


def _with_zone_of_file(context: RunContext, zone: str | None) -> RunContext:
    """The context with the zone that the file names, if the user names none; it is told as what is given.

    Raises:
        UsageError: There is no such zone.
    """
    if zone is None or context.assumptions.timezone is not None:
        return context
    check_assumptions(zone, None, None)
    given = (Given("timezone", zone, by_profile=True, by_file=True), *context.given)
    return replace(context, assumptions=replace(context.assumptions, timezone=zone), given=given)


@dataclass(frozen=True, slots=True)
class _KeptTable:
    """A table, so that a small one is read once.

    Attributes:
        table: It holds the records that were looked at.
        read_again: Tasks that read it again.
        held_bytes: How much memory its records take, once they were looked at.
        holds_any: Whether any was.
    """

    table: Table
    read_again: Callable[[], Iterator[ReadTask]]
    held_bytes: int
    holds_any: Callable[[], bool]


def _keep_records(table: Table, path: Path, name: str, context: RunContext) -> _KeptTable:
    size = path.stat().st_size
    if not table.can_cross_processes:
        # Its reader has read all of it.
        return _KeptTable(table, partial(_read_again, path, name, context), _EXPANSION * size, lambda: True)
    if size > SMALL_FILE_BYTES:
        return _KeptTable(table, table.tasks, 0, lambda: False)
    batches = KeptBatches(table.tasks)
    # Its text, and the offsets of its cells.
    return _KeptTable(replace(table, tasks=batches.tasks), table.tasks, 2 * size, batches.holds_any)


def _read_again(path: Path, name: str, context: RunContext) -> Iterator[ReadTask]:
    return _open_source(path, name, context)[0].tasks()


def _given_by_profile(mapping: BoundProfile | None, options: RunOptions) -> Iterator[Given]:
    """What the profile says in place of an option."""
    if mapping is None:
        return
    if mapping.profile.region and options.region is None:
        yield Given("region", mapping.profile.region, by_profile=True)
    zones_of_steps = [step.zone for step in mapping.fields.get("DateTime", ())]
    named = dict.fromkeys(zone for zone in zones_of_steps if zone is not None)
    if named and (options.timezone is None or None not in zones_of_steps):
        yield Given("timezone", ", ".join(named), by_profile=True)


def _open_source(path: Path, name: str, context: RunContext) -> tuple[Table, Profile | None]:
    """The table of a file, and the profile that maps it; ``None``: it is canonical."""
    options = context.options
    opened = open_export(
        path,
        name,
        options.hints,
        () if options.vendor == "none" else context.profiles,
        named=options.vendor not in {"auto", "none"},
        limits=options.limits,
        exact_only=options.exact_only,
    )
    titles = opened.table.titles
    if options.vendor == "none" or not titles or opened.is_canonical:
        return opened.table, None
    if options.vendor != "auto":
        return opened.table, context.profiles()[0]
    return opened.table, recognize.recognize_profile(titles, context.profiles(), name, options.hints.encoding)
