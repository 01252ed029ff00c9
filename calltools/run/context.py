"""The options of a run as values, and what all files of a run share, resolved once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TypedDict

from calltools.fields import check_assumptions
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.matching.columns import find_match_columns, guess_header, is_identifier_column
from calltools.matching.join import IdentifierIndex, build_index
from calltools.model.assumptions import Assumptions, DateOrder
from calltools.model.batch import Hints
from calltools.validation.baseline import Baseline, read_baseline
from calltools.validation.ruleset import RuleSet, select_rules
from calltools.vendors import profile_library
from calltools.vendors.profile import Profile

StaticCall = Literal["0", "1", "auto"]


@dataclass(frozen=True, slots=True)
class RunOptions:
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


class OptionArguments(TypedDict, total=False):
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
class RunContext:
    """What all files of a run share, settled once.

    Attributes:
        options: What the user says.
        ruleset: The rules that count.
        assumptions: What the user says and the files do not.
        profiles: Gives the profiles that may fit, or the one that was named; a canonical file asks for none.
        index: Identifiers from a second file.
        baseline: Findings that are known.
    """

    options: RunOptions
    ruleset: RuleSet
    assumptions: Assumptions
    profiles: Callable[[], tuple[Profile, ...]]
    index: IdentifierIndex | None
    baseline: Baseline = field(default_factory=Baseline)


def resolve(options: RunOptions) -> RunContext:
    """Settle what does not depend on a file.

    Raises:
        UsageError: An unknown rule, zone or profile; a baseline that is none.
        SourceError: The file of identifiers cannot be read.
    """
    check_assumptions.check_assumptions(options.timezone, options.region, options.currency)
    now = int(time.time()) if options.as_of is None else options.as_of
    assumptions = Assumptions(now, options.timezone, options.region, options.currency, options.date_order)
    profiles = (
        profile_library.load_profiles
        if options.vendor in {"auto", "none"}
        else _always(profile_library.find_profile(options.vendor))
    )
    index = None if options.identifiers is None else _build_index(options.identifiers, options, assumptions)
    ruleset = select_rules(options.select, options.ignore)
    baseline = Baseline() if options.baseline is None else read_baseline(options.baseline)
    return RunContext(options, ruleset, assumptions, profiles, index, baseline)


def _always(profile: Profile) -> Callable[[], tuple[Profile, ...]]:
    return lambda: (profile,)


def _build_index(path: Path, options: RunOptions, assumptions: Assumptions) -> IdentifierIndex:
    judge = partial(guess_header, explicit=options.identifier_columns)
    holds = partial(is_identifier_column, explicit=options.identifier_columns)
    table = open_table(path, str(path), Hints(), judge, options.limits, is_identifier=holds)
    columns = find_match_columns(table.titles, options.identifier_columns)
    return build_index((task() for task in table.tasks()), table.titles, columns, assumptions)
