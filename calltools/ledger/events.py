"""Events: what is written when something happens, and the state that follows from them.

The tables ``batch`` and ``attempt`` are what the events add up to. Both come from ``applied``, so replaying the events
from nothing gives the tables again.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from calltools.ledger.part import Attempt, Part
from calltools.ledger.states import State, Transition, next_state

_PART_COLUMNS: Final = tuple(name for name in Part.__dataclass_fields__ if name != "attempts")
_ATTEMPT_COLUMNS: Final = tuple(Attempt.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one batch.

    Attributes:
        at: Unix seconds.
        part_id: Which.
        transition: What.
        part_changes: Fields of the batch that it changed.
        attempt_changes: Fields of attempts that it changed, by number.
    """

    at: float
    part_id: int
    transition: Transition
    part_changes: Mapping[str, Any] = field(default_factory=dict)
    attempt_changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def part_after(part: Part | None, event: Event) -> Part:
    """The batch after the event. Pure.

    Args:
        part: ``None``: the event is the first one.
        event: What happened.

    Raises:
        DefectError: The step is not allowed from the state of the batch.
    """
    if part is None:
        state = next_state(State.SPOOLED, event.transition)
        return Part(id=event.part_id, state=state, created=event.at, changed=event.at, **event.part_changes)
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
        plain = {**fields, "state": State(fields["state"])}
        known[n] = replace(known[n], **plain) if n in known else Attempt(n=n, **plain)
    return tuple(known[n] for n in sorted(known))


def append_event(connection: sqlite3.Connection, part: Part | None, event: Event) -> Part:
    """Write an event and what follows from it; the caller's transaction makes it durable."""
    changed = part_after(part, event)
    facts = json.dumps({"facts": dict(event.part_changes), "attempts": dict(event.attempt_changes)}, ensure_ascii=False)
    connection.execute(
        "INSERT INTO event (at, batch, step, state, facts) VALUES (?, ?, ?, ?, ?)",
        (event.at, event.part_id, event.transition, changed.state, facts),
    )
    _upsert(connection, "batch", ("id",), {name: getattr(changed, name) for name in _PART_COLUMNS})
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


def read_events(connection: sqlite3.Connection, part_id: int | None = None) -> list[Event]:
    """All events, or those of one batch, in order."""
    where, bound = ("", ()) if part_id is None else ("WHERE batch = ?", (part_id,))
    rows = connection.execute(f"SELECT at, batch, step, facts FROM event {where} ORDER BY id", bound)  # noqa: S608
    return [_to_event(*row) for row in rows]


def _to_event(at: float, part_id: int, transition: str, facts: str) -> Event:
    known = json.loads(facts)
    attempts = {int(n): fields for n, fields in known["attempts"].items()}
    return Event(at, part_id, Transition(transition), known["facts"], attempts)


def replay(history: Iterable[Event]) -> dict[int, Part]:
    """The batches that events add up to."""
    batches: dict[int, Part] = {}
    for event in history:
        batches[event.part_id] = part_after(batches.get(event.part_id), event)
    return batches


def select_parts(connection: sqlite3.Connection, where: str = "1", bound: tuple[object, ...] = ()) -> list[Part]:
    """Batches from the tables, oldest first.

    Args:
        connection: To the ledger.
        where: A condition written in this package, with question marks for values.
        bound: The values.
    """
    statement = f"SELECT {', '.join(_PART_COLUMNS)} FROM batch WHERE {where} ORDER BY id"  # noqa: S608 - see above
    found = [dict(zip(_PART_COLUMNS, row, strict=True)) for row in connection.execute(statement, bound)]
    return [
        Part(**{**row, "state": State(row["state"])}, attempts=_select_attempts(connection, row["id"])) for row in found
    ]


def _select_attempts(connection: sqlite3.Connection, part_id: int) -> tuple[Attempt, ...]:
    statement = f"SELECT {', '.join(_ATTEMPT_COLUMNS)} FROM attempt WHERE batch = ? ORDER BY n"  # noqa: S608 - see above
    rows = [dict(zip(_ATTEMPT_COLUMNS, row, strict=True)) for row in connection.execute(statement, (part_id,))]
    return tuple(Attempt(**{**row, "state": State(row["state"])}) for row in rows)
