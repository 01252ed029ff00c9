"""What all files of a run share, settled once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from calltools.fields import assuming
from calltools.files.opening import open_table
from calltools.matching.identifiers import IdentifierIndex, build_index, find_match_columns, is_identifier_column, guess_header
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Hints
from calltools.run.options import RunOptions
from calltools.validation.baseline import Baseline
from calltools.validation.baseline import read_baseline as read_baseline
from calltools.validation.selection import RuleSet, select_rules
from calltools.vendors import library
from calltools.vendors.profile import Profile


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
    assuming.check_assumptions(options.timezone, options.region, options.currency)
    now = int(time.time()) if options.as_of is None else options.as_of
    assumptions = Assumptions(now, options.timezone, options.region, options.currency, options.date_order)
    profiles = library.load_profiles if options.vendor in {"auto", "none"} else _always(library.find_profile(options.vendor))
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
