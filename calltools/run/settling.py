"""What all files of a run share, settled once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from calltools.fields import assuming
from calltools.files.opening import open_table
from calltools.matching.identifiers import Index, build_index, find_columns, holds_identifiers, judge_header
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Hints
from calltools.run.options import Options
from calltools.validation.baseline import Baseline
from calltools.validation.baseline import read as read_baseline
from calltools.validation.selection import RuleSet, choose
from calltools.vendors import library
from calltools.vendors.profile import Profile


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


def _index(path: Path, options: Options, assumptions: Assumptions) -> Index:
    judge = partial(judge_header, explicit=options.identifier_columns)
    holds = partial(holds_identifiers, explicit=options.identifier_columns)
    table = open_table(path, str(path), Hints(), judge, options.limits, identifier_titles=holds)
    columns = find_columns(table.titles, options.identifier_columns)
    return build_index((task() for task in table.tasks()), table.titles, columns, assumptions)
