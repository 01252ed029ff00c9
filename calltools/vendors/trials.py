"""The examples inside a profile: run, map and normalize only."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from calltools.fields.normalize import normalize
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, unique_titles
from calltools.vendors.fitting import fold, read_columns
from calltools.vendors.mapping import MappingOptions, fill_static_call, map_batch, prepare
from calltools.vendors.profile import Profile, Trial


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that does not come out as it says.

    Attributes:
        number: Of the example, from 1.
        why: What it should show.
        field: Canonical field, or ``skipped``.
        expected: What it says.
        got: What came out.
    """

    number: int
    why: str
    field: str
    expected: str
    got: str


def run_trials(profile: Profile) -> list[Failure]:
    """Run every example of a profile."""
    return [
        failure for number, trial in enumerate(profile.trials, start=1) for failure in _failures(profile, trial, number)
    ]


def _failures(profile: Profile, trial: Trial, number: int) -> list[Failure]:
    got = outcome(profile, trial)
    expected = {"skipped": trial.skipped} if trial.skipped else dict(trial.expect)
    return [
        Failure(number, trial.why, name, text or "", got.get(name, ""))
        for name, text in expected.items()
        if got.get(name, "") != text
    ]


def outcome(profile: Profile, trial: Trial) -> dict[str, str]:
    """What comes out of an example: canonical field -> cell, or ``skipped`` -> the reason."""
    assume = trial.assume
    options = MappingOptions(
        timezone=assume.get("timezone"),
        region=assume.get("region", profile.region),
        currency=assume.get("currency"),
        date_order=assume.get("date_order"),  # type: ignore[arg-type]  # one of three words
        own_numbers=_listed(assume.get("own_number")),
        inbound_contexts=_listed(assume.get("inbound_context")),
    )
    titles = _titles(profile, trial)
    mapped = map_batch(_batch(titles, trial), prepare(profile, titles, options))
    if mapped.skipped:
        return {"skipped": next(iter(mapped.skipped))}
    if choice := assume.get("static_call"):
        mapped = fill_static_call(mapped, choice)
    assumptions = Assumptions(0, options.timezone, options.region, options.currency, options.date_order)
    columns, _ = normalize({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    return {name: cells[0].as_py() for name, cells in columns.items()}


def _titles(profile: Profile, trial: Trial) -> tuple[str, ...]:
    """The header of an example: its own columns, and those by which the export is recognized."""
    own = {fold(title): title for title in (*trial.source, *profile.recognize)}
    known = {fold(title) for title in read_columns(profile)} | {
        fold(title) for s in profile.shapes for title in s.titles
    }
    return tuple(title for folded, title in own.items() if folded in known or title in trial.source)


def _batch(titles: tuple[str, ...], trial: Trial) -> Batch:
    cells = {fold(title): text for title, text in trial.source.items()}
    columns = [pa.array([cells.get(fold(title), "")], pa.string()) for title in titles]
    one = np.array([1], np.int64)
    return Batch(pa.table(columns, list(unique_titles(titles))), one, one + 1, read=1)


def _listed(word: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in word.split(",")) if word else ()
