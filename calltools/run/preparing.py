"""A file looked at, and everything settled that can be asked before its first record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from calltools.errors import UsageError
from calltools.fields.kinds import unix_time
from calltools.files.opening import open_table, unreadable
from calltools.model.assumptions import Assumptions, DateOrder
from calltools.model.batch import Batch, Hints, Table, unique_titles
from calltools.model.cells import Cells
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.pipeline import Sink, run
from calltools.rules import header
from calltools.run import before
from calltools.run.advice import advised, first_records
from calltools.run.options import Options
from calltools.run.settling import Setting
from calltools.vendors import recognize, zones
from calltools.vendors.mapping import Mapped, MappingOptions, undecided_dates
from calltools.vendors.mapping import prepare as prepare_mapping
from calltools.vendors.profile import Profile
from calltools.workers.plan import Plan


@dataclass(frozen=True, slots=True)
class Job:
    """One file, ready to be walked."""

    table: Table
    plan: Plan
    vendor: str | None

    def run(
        self,
        name: str,
        sinks: Sequence[Sink],
        on_read: Callable[[int], None] = lambda _: None,
        *,
        may_copy: bool = False,
    ) -> Summary:
        """Walk the records; the findings on file and header come first."""
        summary = Summary(name, self.table.source, self.vendor)
        summary.now = self.plan.assumptions.now
        summary.unusable = {} if self.plan.index is None else self.plan.index.unusable
        if self.plan.mapping is not None:
            summary.not_taken = self.plan.mapping.not_taken
            summary.unverified = self.plan.mapping.profile.confidence == "code-seen"
        with unreadable(name):
            run(self.table, self.plan, sinks, summary, on_read, may_copy=may_copy)
        return summary


def prepare(  # noqa: PLR0913 - what the sinks want is not an option of the user
    path: Path, name: str, setting: Setting, *, converting: bool, keeps_records: bool, draws: bool = False
) -> Job:
    """Open a file and settle how its records are read.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        setting: What the files of the run share.
        converting: Normalize before judging, as ``convert`` does.
        keeps_records: Whether a sink wants the records.
        draws: Whether a report wants a portrait of the calls.

    Raises:
        UsageError: No profile fits, the zone is not known, and the like.
        SourceError: The file cannot be read.
    """
    options = setting.options
    judged_by = () if options.vendor == "none" else setting.profiles
    hints = _hints(options, setting)
    judge = recognize.header_judge(judged_by)
    table = open_table(path, name, hints, judge, limits=options.limits, exact_only=options.exact_only)
    profile = _profile(table, setting)
    if profile is not None and profile.quotes != hints.quotes:
        hints = replace(hints, quotes=profile.quotes)
        table = open_table(path, name, hints, judge, limits=options.limits, exact_only=options.exact_only)
    assumptions = setting.assumptions
    if profile is not None and profile.region and assumptions.region is None:
        assumptions = replace(assumptions, region=profile.region)
    ruleset = setting.ruleset
    if converting or profile is not None:
        ruleset = ruleset.mended(vendor=profile is not None)
    mapping = None if profile is None else _mapping(table, profile, setting, assumptions)
    doubtful, order = (False, None) if assumptions.date_order else _date_order(table, mapping)
    if order is not None:
        assumptions = replace(assumptions, date_order=order)
        table = replace(table, source=replace(table.source, date_order=order))
        mapping = None if profile is None else _mapping(table, profile, setting, assumptions)
    undecided = [Findings.of([{"code": "CT605", "field": "DateTime"}])] if doubtful and order is None else []
    plan = Plan(
        ruleset=ruleset,
        assumptions=assumptions,
        layout=mapping.layout if mapping is not None else _layout(table.titles),
        mapping=mapping,
        normalize=converting or mapping is not None,
        static_call=options.static_call,
        index=setting.index,
        window_s=options.identifier_window_s,
        exact_only=options.exact_only,
        keeps_records=keeps_records,
        draws=draws,
        known={spot: count for spot, count in setting.baseline.known(name).items() if spot[0] in ruleset},
        findings=Findings.join([before.findings(path, table, setting, ruleset, mapping), *undecided]),
    )
    return Job(table, plan, None if profile is None else profile.name)


def _hints(options: Options, setting: Setting) -> Hints:
    """The user's hints, and behind them those of the one profile that the user named."""
    if options.vendor in {"auto", "none"}:
        return options.hints
    said, (profile,) = options.hints, setting.profiles()
    return replace(
        said,
        encoding=said.encoding or profile.encoding,
        delimiter=said.delimiter or profile.delimiter,
        quotes=profile.quotes,
    )


def _profile(table: Table, setting: Setting) -> Profile | None:
    if setting.options.vendor == "none" or not table.titles:
        return None
    if setting.options.vendor != "auto":
        return setting.profiles()[0]
    return None if recognize.is_canonical(table.titles) else recognize.recognize(table.titles, setting.profiles())


def _mapping(table: Table, profile: Profile, setting: Setting, assumptions: Assumptions) -> Mapped:
    options = setting.options
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
        raise advised(fault, table, profile, wanted, options) from None
    for sample in first_records(table):
        zones.check_zone(sample, mapped)
    return mapped


def _date_order(table: Table, mapping: Mapped | None) -> tuple[bool, DateOrder | None]:
    """Whether the first records hold dates that can be read two ways, and the order that one of them proves."""
    dates: Callable[[Batch], Cells] | None = None
    if mapping is not None:
        dates = partial(undecided_dates, mapped=mapping) if mapping.undecided else None
    elif (place := _layout(table.titles).get("DateTime")) is not None:
        dates = partial(Batch.cells, name=unique_titles(table.titles)[place[1]])
    samples = first_records(table) if dates is not None else []
    if dates is None or not samples:
        return False, None
    # Dots are day first wherever they are written; of a profile's layouts nobody knows.
    return unix_time.proven_order(dates(samples[0]), "/" if mapping is None else "/.-")


def _layout(titles: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    return {name: (titles[position], position) for name, position in header.layout(titles).items()}
