"""The first half of the flow for batches of several small tables: together, as far as they are read alike."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from calltools.batch_steps import BatchResult, RunPlan
from calltools.matching.assignment import OutcomeTally
from calltools.model.batch import Batch
from calltools.model.joined_batches import JoinedBatches
from calltools.pipeline import CanonicalBatch, digest_batch, make_canonical
from calltools.validation.observers import Observers
from calltools.validation.validator import select_unproven, select_unproven_of_each


def process_together(batches: Sequence[Batch], plans: Sequence[RunPlan]) -> list[BatchResult]:
    """What ``process_batch`` makes of each batch; those with the same columns and plans are worked on in one pass."""
    made = _make_canonical_together(batches, plans)
    results: dict[int, BatchResult] = {}
    planned = [(plan, tuple(one.columns)) for plan, one in zip(plans, made, strict=True)]
    for places in _group_alike(planned, _are_proven_alike):
        alike = [(made[place], plans[place]) for place in places]
        results.update(zip(places, _prove_together(alike) if len(alike) > 1 else _prove_alone(*alike[0]), strict=True))
    return [results[number] for number in range(len(made))]


def _prove_alone(made: CanonicalBatch, plan: RunPlan) -> list[BatchResult]:
    unproven = select_unproven(made.batch, made.columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
    return [digest_batch(made, unproven, plan, Observers(plan.ruleset, plan.assumptions))]


def _prove_together(alike: Sequence[tuple[CanonicalBatch, RunPlan]]) -> list[BatchResult]:
    """What is not proven of some batches, and their digests, each from one pass over all records."""
    _, plan = alike[0]
    joined = JoinedBatches.of([made.batch for made, _ in alike])
    # One object a column: facts about a column are memoized by where it lies.
    columns = {name: joined.batch.cells(name) for name in joined.batch.columns.column_names}
    unproven = select_unproven_of_each(joined, columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
    observers = Observers(plan.ruleset, plan.assumptions)
    digests = observers.digest_each(columns, list(map(len, joined.parts)))
    return [
        digest_batch(made, own_unproven, own_plan, observers, own_digests)
        for (made, own_plan), own_unproven, own_digests in zip(alike, unproven, digests, strict=True)
    ]


def _make_canonical_together(batches: Sequence[Batch], plans: Sequence[RunPlan]) -> list[CanonicalBatch]:
    made: dict[int, CanonicalBatch] = {}
    joinable = [
        number
        for number, (batch, plan) in enumerate(zip(batches, plans, strict=True))
        if JoinedBatches.can_be_joined(batch) and plan.index is None and plan.outcomes is None
    ]
    planned = [(plans[number], tuple(batches[number].columns.column_names)) for number in joinable]
    for places in _group_alike(planned, _are_mapped_alike):
        chosen = [joinable[place] for place in places]
        if len(chosen) > 1:
            joined, plan = JoinedBatches.of([batches[number] for number in chosen]), plans[chosen[0]]
            done = make_canonical(joined.batch, plan).batch
            parts = joined.split(done if plan.keep_origin else replace(done, origin=None))
            made.update(
                {
                    number: CanonicalBatch.of(part, {}, OutcomeTally())
                    for number, part in zip(chosen, parts, strict=True)
                }
            )
    return [
        made.get(number) or make_canonical(batch, plan)
        for number, (batch, plan) in enumerate(zip(batches, plans, strict=True))
    ]


def _group_alike(
    planned: Sequence[tuple[RunPlan, tuple[str, ...]]], are_alike: Callable[[RunPlan, RunPlan], bool]
) -> list[list[int]]:
    """The places of batches with the same columns whose plans are alike, group by group."""
    groups: list[tuple[RunPlan, tuple[str, ...], list[int]]] = []
    for place, (plan, names) in enumerate(planned):
        known = next((places for one, titles, places in groups if titles == names and are_alike(one, plan)), None)
        if known is None:
            groups.append((plan, names, [place]))
        else:
            known.append(place)
    return [places for _, _, places in groups]


def _are_proven_alike(one: RunPlan, other: RunPlan) -> bool:
    same = one.assumptions == other.assumptions and one.exact_only == other.exact_only
    return same and one.ruleset == other.ruleset


def _are_mapped_alike(one: RunPlan, other: RunPlan) -> bool:
    """Whether mapping and normalizing look at nothing in which two plans differ."""
    # The mapping comes last: comparing it takes longest.
    return (
        one.normalize == other.normalize
        and one.static_call == other.static_call
        and one.keep_origin == other.keep_origin
        and one.swapped_dates == other.swapped_dates
        and one.assumptions == other.assumptions
        and one.layout == other.layout
        and one.ruleset == other.ruleset
        and one.mapping == other.mapping
    )
