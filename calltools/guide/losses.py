"""What converting loses for want of an answer, as questions: by the findings of the rules that name the option."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import digits_only, full_match
from calltools.fields.kinds import normalize_field_cells
from calltools.fields.kinds.phone import impossible_number
from calltools.files.folders import FoundFile
from calltools.guide import ask
from calltools.guide.answers import Answers
from calltools.guide.question import Question
from calltools.guide.second_files import find_second_files
from calltools.guide.trial import Trial, has_amounts, has_joinable
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells
from calltools.run.context import RunOptions

#: Countries that are tried on phones without a country code, the most likely ones first.
_REGIONS: Final = ("RU", "KZ", "BY", "UA", "UZ", "AM", "GE", "KG", "AZ", "TR", "DE", "GB", "US")
_INTERNATIONAL: Final = r"\+[1-9][0-9]{6,14}"
#: Cells that are looked at: of a larger file the question says that its counts are of the first ones.
_LOOKED_AT: Final = 2_000


def questions_of_losses(trial: Trial, options: RunOptions, answers: Answers, found: FoundFile) -> Iterator[Question]:
    """The questions whose answers would keep what this trial loses, in the order in which to ask.

    Args:
        trial: A file, converted with the options so far.
        options: These options.
        answers: The answers that are in them, and those that left something open.
        found: The file.
    """
    name = found.name
    assumptions = trial.planned.plan.assumptions
    if options.timezone is None and (count := _count_times(trial, assumptions)):
        yield ask.ask_zone(name, count=count)
        return
    if options.date_order is None and (count := trial.count("CT605")):
        yield ask.ask_date_order(name, _first(trial.values("CT605")), count)
        return
    if assumptions.region is None and (count := trial.count("CT241")):
        cells = trial.values("CT241").slice(0, _LOOKED_AT)
        yield ask.ask_region(name, count, _count_by_region(cells, assumptions), looked_at=len(cells))
        return
    if assumptions.duration_format is None and (count := _count_durations(trial, assumptions)):
        yield ask.ask_duration_format(name, column="TalkDuration", texts=_first(trial.values("CT261")))
        return
    unpriced = trial.count("CT303")
    if (
        options.currency is None
        and "currency" not in answers
        and (unpriced or (trial.summary.not_taken and has_amounts(found, options)))
    ):
        yield ask.ask_currency(name, trial.summary.not_taken, unpriced)
    yield from _identifier_questions(trial, options, answers, found)


def _identifier_questions(trial: Trial, options: RunOptions, answers: Answers, found: FoundFile) -> Iterator[Question]:
    without = trial.count("CT301")
    if not without:
        return
    is_open = options.identifiers is None and "identifiers" not in answers and options.static_call is None
    if is_open and has_joinable(found, options):
        yield ask.ask_identifiers(found.name, without, find_second_files(found, trial.table.source.sheet, options))
    elif options.static_call is None:
        total = trial.summary.read - trial.summary.skipped.total()
        yield ask.ask_static_call(found.name, without, total, is_joined=options.identifiers is not None)


def _count_times(trial: Trial, assumptions: Assumptions) -> int:
    """Times that only want a zone."""
    cells = trial.values("CT212")
    read = normalize_field_cells("DateTime", cells, replace(assumptions, timezone="UTC"))
    return int((digits_only(read) & ~digits_only(cells)).sum()) if len(cells) else 0


def _count_durations(trial: Trial, assumptions: Assumptions) -> int:
    """Durations that only want their layout."""
    cells = trial.values("CT261")
    read = normalize_field_cells("TalkDuration", cells, replace(assumptions, duration_format="mm:ss"))
    return int(digits_only(read).sum()) if len(cells) else 0


def _count_by_region(cells: Cells, assumptions: Assumptions) -> dict[str, int]:
    """Country -> how many of the phones it makes valid, the most first; only countries that make any valid."""
    counts = {}
    for region in _REGIONS:
        read = normalize_field_cells("PhoneNumber", cells, replace(assumptions, region=region))
        counts[region] = int((full_match(read, _INTERNATIONAL) & ~impossible_number(read)).sum())
    return dict(sorted(((one, count) for one, count in counts.items() if count), key=lambda one: -one[1]))


def _first(cells: Cells, count: int = 3) -> str:
    distinct: list[str] = pc.unique(cells.slice(0, _LOOKED_AT)).to_pylist() if len(cells) else []
    return ", ".join(distinct[:count])
