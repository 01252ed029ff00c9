"""One file, opened and planned: everything that can be decided before its first record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from calltools.batch_steps import RunPlan
from calltools.errors import UsageError
from calltools.fields.kinds import unix_time
from calltools.files.opening import map_read_errors, open_table
from calltools.model.assumptions import Assumptions, DateOrder
from calltools.model.batch import Batch, Hints, Table, unique_titles
from calltools.model.cells import Cells
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.pipeline import Sink, run_pipeline
from calltools.rules import header
from calltools.run import preflight
from calltools.run.context import RunContext, RunOptions
from calltools.run.preflight import read_first_batch, with_suggestion
from calltools.vendors import recognize, zones
from calltools.vendors.mapping import BoundProfile, MappingOptions, dates_of_unknown_order
from calltools.vendors.mapping import bind_profile as prepare_mapping
from calltools.vendors.profile import Profile


@dataclass(frozen=True, slots=True)
class Job:
    """One file, ready to be walked."""

    table: Table
    plan: RunPlan
    vendor: str | None

    def run(
        self,
        name: str,
        sinks: Sequence[Sink],
        on_read: Callable[[int], None] = lambda _: None,
        *,
        may_fork: bool = False,
    ) -> Summary:
        """Walk the records; the findings on file and header come first."""
        summary = Summary(name, self.table.source, self.vendor)
        summary.now = self.plan.assumptions.now
        summary.unusable = {} if self.plan.index is None else self.plan.index.unusable
        if self.plan.mapping is not None:
            summary.not_taken = self.plan.mapping.not_taken
            summary.unverified = self.plan.mapping.profile.confidence == "code-seen"
        with map_read_errors(name):
            run_pipeline(self.table, self.plan, sinks, summary, on_read, may_fork=may_fork)
        return summary


def prepare_job(  # noqa: PLR0913 - what the sinks want is not an option of the user
    path: Path, name: str, context: RunContext, *, converting: bool, keep_records: bool, wants_statistics: bool = False
) -> Job:
    """Open a file and settle how its records are read.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        context: What the files of the run share.
        converting: Normalize before judging, as ``convert`` does.
        keep_records: Whether a sink wants the records.
        wants_statistics: Whether a report wants a portrait of the calls.

    Raises:
        UsageError: No profile fits, the zone is not known, and the like.
        SourceError: The file cannot be read.
    """
    options = context.options
    judged_by = () if options.vendor == "none" else context.profiles
    hints = _merge_hints(options, context)
    judge = recognize.create_header_finder(judged_by)
    table = open_table(path, name, hints, judge, limits=options.limits, exact_only=options.exact_only)
    profile = _choose_profile(table, context)
    if profile is not None and profile.quotes != hints.quotes:
        hints = replace(hints, quotes=profile.quotes)
        table = open_table(path, name, hints, judge, limits=options.limits, exact_only=options.exact_only)
    assumptions = context.assumptions
    if profile is not None and profile.region and assumptions.region is None:
        assumptions = replace(assumptions, region=profile.region)
    ruleset = context.ruleset
    if converting or profile is not None:
        ruleset = ruleset.for_normalized(vendor=profile is not None)
    mapping = None if profile is None else _prepare_mapping(table, profile, context, assumptions)
    doubtful, order = (False, None) if assumptions.date_order else _prove_date_order(table, mapping)
    if order is not None:
        assumptions = replace(assumptions, date_order=order)
        table = replace(table, source=replace(table.source, date_order=order))
        mapping = None if profile is None else _prepare_mapping(table, profile, context, assumptions)
    undecided = [Findings.from_rows([{"code": "CT605", "field": "DateTime"}])] if doubtful and order is None else []
    plan = RunPlan(
        ruleset=ruleset,
        assumptions=assumptions,
        layout=mapping.first_columns if mapping is not None else _canonical_layout(table.titles),
        mapping=mapping,
        normalize=converting or mapping is not None,
        static_call=options.static_call,
        index=context.index,
        window_s=options.identifier_window_s,
        exact_only=options.exact_only,
        keep_records=keep_records,
        wants_statistics=wants_statistics,
        baseline_counts={
            spot: count for spot, count in context.baseline.counts_for(name).items() if spot[0] in ruleset
        },
        preflight_findings=Findings.concat(
            [preflight.preflight_findings(path, table, context, ruleset, mapping), *undecided]
        ),
    )
    return Job(table, plan, None if profile is None else profile.name)


def _merge_hints(options: RunOptions, context: RunContext) -> Hints:
    """The user's hints, and behind them those of the one profile that the user named."""
    if options.vendor in {"auto", "none"}:
        return options.hints
    said, (profile,) = options.hints, context.profiles()
    return replace(
        said,
        encoding=said.encoding or profile.encoding,
        delimiter=said.delimiter or profile.delimiter,
        quotes=profile.quotes,
    )


def _choose_profile(table: Table, context: RunContext) -> Profile | None:
    if context.options.vendor == "none" or not table.titles:
        return None
    if context.options.vendor != "auto":
        return context.profiles()[0]
    return (
        None
        if recognize.is_canonical_header(table.titles)
        else recognize.recognize_profile(table.titles, context.profiles())
    )


def _prepare_mapping(table: Table, profile: Profile, context: RunContext, assumptions: Assumptions) -> BoundProfile:
    options = context.options
    wanted = MappingOptions(
        timezone=assumptions.timezone,
        region=assumptions.region,
        currency=assumptions.currency,
        date_order=assumptions.date_order,
        own_numbers=options.own_numbers,
        inbound_contexts=options.inbound_contexts,
    )
    try:
        mapped = prepare_mapping(profile, table.titles, wanted)
    except UsageError as fault:
        raise with_suggestion(fault, table, profile, wanted, options) from None
    for sample in read_first_batch(table):
        zones.refuse_contradicted_zone(sample, mapped)
    return mapped


def _prove_date_order(table: Table, mapping: BoundProfile | None) -> tuple[bool, DateOrder | None]:
    """Whether the first records hold dates that can be read two ways, and the order that one of them proves."""
    dates: Callable[[Batch], Cells] | None = None
    if mapping is not None:
        dates = partial(dates_of_unknown_order, mapped=mapping) if mapping.steps_of_unknown_order else None
    elif (place := _canonical_layout(table.titles).get("DateTime")) is not None:
        dates = partial(Batch.cells, name=unique_titles(table.titles)[place[1]])
    samples = read_first_batch(table) if dates is not None else []
    if dates is None or not samples:
        return False, None
    # Dots are day first wherever they are written; of a profile's layouts nobody knows.
    return unix_time.prove_date_order(dates(samples[0]), "/" if mapping is None else "/.-")


def _canonical_layout(titles: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    return {name: (titles[position], position) for name, position in header.canonical_positions(titles).items()}
