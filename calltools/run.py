"""From options to results: what the command line and the library both call.

A run has two halves. ``prepare`` looks at a file and settles everything that can be asked before the first
record: how it is read, whose export it is, which zone. ``Job.run`` walks along the records.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypedDict

from calltools.errors import UsageError, VendorError
from calltools.fields import assuming
from calltools.fields.kinds import unix_time
from calltools.files.limits import Limits
from calltools.files.opening import open_table, unreadable
from calltools.matching.identifiers import Index, build_index, find_columns, holds_identifiers, judge_header
from calltools.model.assumptions import Assumptions, DateOrder
from calltools.model.batch import Batch, Hints, Table, unique_titles
from calltools.model.cells import Cells
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.model.titles import told
from calltools.pipeline import Plan, Sink, run
from calltools.rules import header
from calltools.validation.baseline import Baseline
from calltools.validation.baseline import read as read_baseline
from calltools.validation.selection import RuleSet, choose
from calltools.validation.validator import load_ahead
from calltools.vendors import library, recognize, zones
from calltools.vendors.fitting import fit, fold
from calltools.vendors.guessing import is_data
from calltools.vendors.mapping import Mapped, MappingOptions, undecided_dates
from calltools.vendors.mapping import prepare as prepare_mapping
from calltools.vendors.profile import Profile

StaticCall = Literal["0", "1", "auto"]

#: The service's limit for one file: 1 GB.
_LARGEST_UPLOAD: Final = 10**9
#: Words of a column that are told.
_MOST_WORDS: Final = 12
#: Bytes from which on a file is worth loading the judge ahead.
_LARGE: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says, as values.

    Attributes:
        vendor: ``auto``, ``none``, a profile's name, or the path of one.
        hints: How the file is read, as far as the user says.
        timezone: IANA name for wall-clock times.
        region: ISO 3166 country of phone numbers without a country code.
        currency: Of a price column without one.
        static_call: For records whose export does not say.
        date_order: Of dates that can be read two ways.
        identifiers: A second file with identifiers.
        identifier_window_s: How far back its records may lie, in seconds.
        identifier_columns: Its columns, where they are not found by their names.
        own_numbers: Our numbers: a call to one is incoming.
        inbound_contexts: Dialplan contexts of incoming calls.
        as_of: "Now" for the time rules, Unix seconds; ``None``: the clock.
        select: Rules to apply; nothing: all.
        ignore: Rules not to apply.
        baseline: Findings that are known and do not count.
        exact_only: Every block over the exact road, every record through pandera.
        limits: What reading a file may cost.
    """

    vendor: str = "auto"
    hints: Hints = field(default_factory=Hints)
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    static_call: StaticCall | None = None
    date_order: DateOrder | None = None
    identifiers: Path | None = None
    identifier_window_s: int = 21 * 86_400
    identifier_columns: Mapping[str, str] = field(default_factory=dict)
    own_numbers: tuple[str, ...] = ()
    inbound_contexts: tuple[str, ...] = ()
    as_of: int | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: Path | None = None
    exact_only: bool = False
    limits: Limits = field(default_factory=Limits)


class Asked(TypedDict, total=False):
    """The fields of ``Options`` as keyword arguments of the library."""

    vendor: str
    hints: Hints
    timezone: str | None
    region: str | None
    currency: str | None
    static_call: StaticCall | None
    date_order: DateOrder | None
    identifiers: str | Path | None
    identifier_window_s: int
    identifier_columns: Mapping[str, str]
    own_numbers: tuple[str, ...]
    inbound_contexts: tuple[str, ...]
    as_of: int | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    baseline: str | Path | None
    exact_only: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class Setting:
    """What all files of a run share, settled once.

    Attributes:
        options: What the user says.
        ruleset: The rules that count.
        assumptions: What the user says and the files do not.
        profiles: Gives the profiles that may fit, or the one that was named; a canonical file asks for none.
        index: Identifiers from a second file.
        baseline: Findings that are known.
    """

    options: Options
    ruleset: RuleSet
    assumptions: Assumptions
    profiles: Callable[[], tuple[Profile, ...]]
    index: Index | None
    baseline: Baseline = field(default_factory=Baseline)


@dataclass(frozen=True, slots=True)
class Job:
    """One file, ready to be walked."""

    table: Table
    plan: Plan
    vendor: str | None

    def run(self, name: str, sinks: Sequence[Sink], on_read: Callable[[int], None] = lambda _: None) -> Summary:
        """Walk the records; the findings on file and header come first."""
        summary = Summary(name, self.table.source, self.vendor)
        summary.now = self.plan.assumptions.now
        summary.unusable = {} if self.plan.index is None else self.plan.index.unusable
        if self.plan.mapping is not None:
            summary.not_taken = self.plan.mapping.not_taken
            summary.unverified = self.plan.mapping.profile.confidence == "code-seen"
        with unreadable(name):
            run(self.table, self.plan, sinks, summary, on_read)
        return summary


def settle(options: Options) -> Setting:
    """Settle what does not depend on a file.

    Raises:
        UsageError: An unknown rule, zone or profile; a baseline that is none.
        SourceError: The file of identifiers cannot be read.
    """
    assuming.check(options.timezone, options.region, options.currency)
    now = int(time.time()) if options.as_of is None else options.as_of
    assumptions = Assumptions(now, options.timezone, options.region, options.currency, options.date_order)
    profiles = library.profiles if options.vendor in {"auto", "none"} else _only(library.get(options.vendor))
    index = None if options.identifiers is None else _index(options.identifiers, options, assumptions)
    ruleset = choose(options.select, options.ignore)
    baseline = Baseline() if options.baseline is None else read_baseline(options.baseline)
    return Setting(options, ruleset, assumptions, profiles, index, baseline)


def _only(profile: Profile) -> Callable[[], tuple[Profile, ...]]:
    return lambda: (profile,)


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
    if path.is_file() and path.stat().st_size > _LARGE:
        load_ahead()
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
        findings=Findings.join(
            [
                table.findings,
                _header_findings(table, ruleset, mapping),
                _size(path, ruleset),
                _lost_ids(setting),
                Findings.of([{"code": "CT605", "field": "DateTime"}] if doubtful and order is None else []),
            ]
        ),
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
        raise _advised(fault, table, profile, wanted, setting) from None
    for sample in _sample(table):
        zones.check_zone(sample, mapped)
    return mapped


def _date_order(table: Table, mapping: Mapped | None) -> tuple[bool, DateOrder | None]:
    """Whether the first records hold dates that can be read two ways, and the order that one of them proves."""
    dates: Callable[[Batch], Cells] | None = None
    if mapping is not None:
        dates = partial(undecided_dates, mapped=mapping) if mapping.undecided else None
    elif (place := _layout(table.titles).get("DateTime")) is not None:
        dates = partial(Batch.cells, name=unique_titles(table.titles)[place[1]])
    samples = _sample(table) if dates is not None else []
    if dates is None or not samples:
        return False, None
    # Dots are day first wherever they are written; of a profile's layouts nobody knows.
    return unix_time.proven_order(dates(samples[0]), "/" if mapping is None else "/.-")


def _sample(table: Table) -> list[Batch]:
    """The first records, if there are any."""
    return [task() for task in islice(table.tasks(), 1)]


def _advised(fault: UsageError, table: Table, profile: Profile, wanted: MappingOptions, setting: Setting) -> UsageError:
    """The fault, with what a look at the file adds: the profile that fits, the zone that its ids agree on."""
    if fault.key == "vendor-misfit":
        return _misfit(fault, table, profile, setting.options)
    if fault.key == "incoming-unknown" and (there := _words_there(table, str(fault.facts["column"]))):
        return UsageError("incoming-unknown-there", **fault.facts, there=there)
    if fault.key == "timezone-needed":
        mapped = prepare_mapping(profile, table.titles, replace(wanted, timezone="UTC"))
        for sample in _sample(table):
            if suggestion := zones.suggested(sample, mapped):
                return UsageError("timezone-needed-suggested", **fault.facts, suggestion=suggestion)
    return fault


def _words_there(table: Table, column: str) -> str:
    """The words of a column in the first records, the most frequent first."""
    place = [fold(title) for title in table.titles].index(fold(column))
    counts = Counter(
        word for one in _sample(table) for word in one.cells(unique_titles(table.titles)[place]).to_pylist()
    )
    return told(f"{word}: {count}" for word, count in counts.most_common(_MOST_WORDS) if word)


def _misfit(fault: UsageError, table: Table, profile: Profile, options: Options) -> UsageError:
    """What the vendor that was named misses in the file as it reads without that name, and whose export it is."""
    everyone = library.profiles()
    plain = open_table(
        table.source.path, table.source.name, options.hints, recognize.header_judge(everyone), limits=options.limits
    )
    compared = fit(profile, plain.titles)
    if compared.fits:
        return fault
    if is_data(plain.titles):
        return VendorError("vendor-headless-named", vendor=profile.name, count=len(plain.titles))
    facts = {"vendor": profile.name, "missing": ", ".join(compared.missing), "titles": told(plain.titles)}
    others = [other.name for other in everyone if fit(other, plain.titles).fits]
    if len(others) == 1:
        return VendorError("vendor-misfit-other", **facts, other=others[0])
    return VendorError("vendor-misfit", **facts)


def _layout(titles: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    return {name: (titles[position], position) for name, position in header.layout(titles).items()}


def _header_findings(table: Table, ruleset: RuleSet, mapping: Mapped | None) -> Findings:
    if not table.titles:
        return Findings.none()
    if mapping is not None:
        return _doubled(table, mapping) if "CT105" in ruleset else Findings.none()
    return Findings.of(
        {
            "code": rule.code,
            "place": table.source.header_row,
            "position": position,
            "column": None if position is None else table.titles[position],
            "detail": detail,
        }
        for rule in ruleset.rules()
        if rule.header is not None
        for position, detail in rule.header(table.titles)
    )


def _doubled(table: Table, mapping: Mapped) -> Findings:
    """Columns that the profile reads and that stand twice; the first of them is read."""
    folded = [fold(title) for title in table.titles]
    places = [
        [position for position, title in enumerate(folded) if title == fold(name)]
        for name in fit(mapping.profile, table.titles).doubled
    ]
    return Findings.of(
        {
            "code": "CT105",
            "place": table.source.header_row,
            "position": second,
            "column": table.titles[second],
            "detail": str(first + 1),
        }
        for first, second, *_ in places
    )


def _size(path: Path, ruleset: RuleSet) -> Findings:
    size = path.stat().st_size
    too_large = size > _LARGEST_UPLOAD and "CT013" in ruleset
    return Findings.of([{"code": "CT013", "detail": f"{size / 1e9:.2f}"}] if too_large else [])


def _lost_ids(setting: Setting) -> Findings:
    """Ids that the second file holds as numbers; the title says where, for they have no place in this file."""
    second = setting.options.identifiers
    if second is None or setting.index is None or "CT209" not in setting.ruleset:
        return Findings.none()
    return Findings.of(
        {**row, "column": f"{row['column']} ({second.name}:{row['place']})", "place": None, "position": None}
        for row in setting.index.findings.rows()
    )


def _index(path: Path, options: Options, assumptions: Assumptions) -> Index:
    judge = partial(judge_header, explicit=options.identifier_columns)
    holds = partial(holds_identifiers, explicit=options.identifier_columns)
    table = open_table(path, str(path), Hints(), judge, options.limits, identifier_titles=holds)
    columns = find_columns(table.titles, options.identifier_columns)
    return build_index((task() for task in table.tasks()), table.titles, columns, assumptions)
