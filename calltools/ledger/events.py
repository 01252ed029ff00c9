"""Events: what is recorded when something happens to a part, and the state of the part that follows.

The tables ``batch`` and ``attempt`` are the sum of the events. ``append_event`` writes both in one transaction and
computes the tables with ``part_after``, so ``replay`` gives the same tables from the events alone. ``find_faults``
compares the two.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from calltools.ledger.part import Attempt, Part
from calltools.ledger.states import State, Transition, next_state

# Fields of the dataclasses are columns on disk: a field is renamed or added only together with a migration.
PART_COLUMNS: Final = tuple(name for name in Part.__dataclass_fields__ if name != "attempts")
ATTEMPT_COLUMNS: Final = tuple(Attempt.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one part.

    Attributes:
        at: Unix seconds.
        part_id: Number of the part.
        transition: What happened.
        part_changes: New values of fields of the part.
        attempt_changes: New values of fields of attempts, by the number of the attempt; each has ``state``.
    """

    at: float
    part_id: int
    transition: Transition
    part_changes: Mapping[str, Any] = field(default_factory=dict)
    attempt_changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def part_after(part: Part | None, event: Event) -> Part:
    """Compute the part after an event. Pure.

    Args:
        part: The part before it; ``None``: the event is the first one.
        event: What happened.

    Raises:
        DefectError: The transition is not allowed from the state of the part.
    """
    if part is None:
        state = next_state(State.SPOOLED, event.transition)
        attempts = _attempts_after((), event.attempt_changes)
        return Part(
            id=event.part_id,
            state=state,
            created=event.at,
            changed=event.at,
            attempts=attempts,
            **event.part_changes,
        )
    return replace(
        part,
        state=next_state(part.state, event.transition),
        changed=event.at,
        attempts=_attempts_after(part.attempts, event.attempt_changes),
        **event.part_changes,
    )


def _attempts_after(attempts: tuple[Attempt, ...], changes: Mapping[int, Mapping[str, Any]]) -> tuple[Attempt, ...]:
    known = {attempt.n: attempt for attempt in attempts}
    for n, fields in changes.items():
        # An event that is read back from JSON has the state as a plain string.
        typed = {**fields, "state": State(fields["state"])}
        known[n] = replace(known[n], **typed) if n in known else Attempt(n=n, **typed)
    return tuple(known[n] for n in sorted(known))


def append_event(connection: sqlite3.Connection, part: Part | None, event: Event) -> Part:
    """Write an event and the tables that follow from it. The transaction of the caller makes it durable.

    Args:
        connection: In a transaction.
        part: The part before the event; ``None``: the event is the first one.
        event: What happened.

    Returns:
        The part after the event.
    """
    changed = part_after(part, event)
    # The keys of the JSON and the names of the columns are those of the first release.
    facts = json.dumps({"facts": dict(event.part_changes), "attempts": dict(event.attempt_changes)}, ensure_ascii=False)
    connection.execute(
        "INSERT INTO event (at, batch, step, state, facts) VALUES (?, ?, ?, ?, ?)",
        (event.at, event.part_id, event.transition, changed.state, facts),
    )
    _upsert(connection, "batch", ("id",), {name: getattr(changed, name) for name in PART_COLUMNS})
    for n in event.attempt_changes:
        attempt = next(attempt for attempt in changed.attempts if attempt.n == n)
        _upsert(connection, "attempt", ("batch", "n"), {"batch": changed.id, **asdict(attempt)})
    return changed


def _upsert(connection: sqlite3.Connection, table: str, key: tuple[str, ...], row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in key)
    # Names of tables and columns are those of the dataclasses above; values are bound.
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"  # noqa: S608
    connection.execute(statement, tuple(row.values()))


def replay(history: Iterable[Event]) -> dict[int, Part]:
    """Compute the parts, by number, from all events in order."""
    parts: dict[int, Part] = {}
    for event in history:
        parts[event.part_id] = part_after(parts.get(event.part_id), event)
    return parts
