"""Running the examples inside a profile: each is mapped and normalized, but not validated."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from calltools.fields.kinds import normalize_columns
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, unique_titles
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.mapping import fill_static_call, map_batch
from calltools.vendors.profile import Profile, ProfileExample
from calltools.vendors.recognize import normalize_title, source_columns


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """A field of an example whose cell is not the expected one.

    Attributes:
        number: Number of the example, from 1.
        why: What the example shows.
        field: Canonical field, or ``skipped``.
        expected: The cell that the example expects.
        got: The cell that the profile gives.
    """

    number: int
    why: str
    field: str
    expected: str
    got: str


def run_examples(profile: Profile) -> list[ExampleFailure]:
    """Run every example of a profile; returns what differs from the expected cells."""
    return [
        failure
        for number, example in enumerate(profile.examples, start=1)
        for failure in _example_failures(profile, example, number)
    ]


def _example_failures(profile: Profile, example: ProfileExample, number: int) -> list[ExampleFailure]:
    got = run_example(profile, example)
    expected = {"skipped": example.skipped} if example.skipped else dict(example.expect)
    return [
        ExampleFailure(number, example.why, name, text or "", got.get(name, ""))
        for name, text in expected.items()
        if got.get(name, "") != text
    ]


def run_example(profile: Profile, example: ProfileExample) -> dict[str, str]:
    """The result of an example: canonical field -> cell, or ``skipped`` -> the reason."""
    assume = example.assume
    options = MappingOptions(
        timezone=assume.get("timezone"),
        region=assume.get("region", profile.region),
        currency=assume.get("currency"),
        date_order=assume.get("date_order"),  # type: ignore[arg-type]  # one of three words
        own_numbers=_split_list(assume.get("own_number")),
        inbound_contexts=_split_list(assume.get("inbound_context")),
    )
    titles = _example_titles(profile, example)
    mapped = map_batch(_example_batch(titles, example), bind_profile(profile, titles, options)).count_notes()
    if mapped.skipped:
        return {"skipped": next(iter(mapped.skipped))}
    if choice := assume.get("static_call"):
        mapped = fill_static_call(mapped, choice)
    assumptions = Assumptions(0, options.timezone, options.region, options.currency, options.date_order)
    columns, _ = normalize_columns({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    return {name: cells[0].as_py() for name, cells in columns.items()}


def _example_titles(profile: Profile, example: ProfileExample) -> tuple[str, ...]:
    """The header of an example: its own columns, and those that identify the export."""
    titles = {normalize_title(title): title for title in (*example.source, *profile.recognize)}
    known = {normalize_title(title) for title in source_columns(profile)} | {
        normalize_title(title) for shape in profile.shapes for title in shape.titles
    }
    return tuple(title for normalized, title in titles.items() if normalized in known or title in example.source)


def _example_batch(titles: tuple[str, ...], example: ProfileExample) -> Batch:
    cells = {normalize_title(title): text for title, text in example.source.items()}
    columns = [pa.array([cells.get(normalize_title(title), "")], pa.string()) for title in titles]
    record = np.array([1], np.int64)
    return Batch(pa.table(columns, list(unique_titles(titles))), record, record + 1, read=1)


def _split_list(word: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in word.split(",")) if word else ()
