"""Events: what is written when something happens, and the state that follows from them.

The tables ``batch`` and ``attempt`` are what the events add up to. Both come from ``applied``, so replaying the events
from nothing gives the tables again.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from calltools.metrica.ledger.states import State, Step, after
from calltools.metrica.ledger.values import Attempt, Batch

_BATCH: Final = tuple(name for name in Batch.__dataclass_fields__ if name != "attempts")
_ATTEMPT: Final = tuple(Attempt.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one batch.

    Attributes:
        at: Unix seconds.
        batch: Which.
        step: What.
        facts: Fields of the batch that it changed.
        attempts: Fields of attempts that it changed, by number.
    """

    at: float
    batch: int
    step: Step
    facts: Mapping[str, Any] = field(default_factory=dict)
    attempts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def applied(batch: Batch | None, event: Event) -> Batch:
    """The batch after the event. Pure.

    Args:
        batch: ``None``: the event is the first one.
        event: What happened.

    Raises:
        DefectError: The step is not allowed from the state of the batch.
    """
    if batch is None:
        state = after(State.FROZEN, event.step)
        return Batch(id=event.batch, state=state, created=event.at, changed=event.at, **event.facts)
    return replace(
        batch,
        state=after(batch.state, event.step),
        changed=event.at,
        attempts=_attempts(batch.attempts, event.attempts),
        **event.facts,
    )


def _attempts(attempts: tuple[Attempt, ...], changes: Mapping[int, Mapping[str, Any]]) -> tuple[Attempt, ...]:
    known = {attempt.n: attempt for attempt in attempts}
    for n, fields in changes.items():
        plain = {**fields, "state": State(fields["state"])}
        known[n] = replace(known[n], **plain) if n in known else Attempt(n=n, **plain)
    return tuple(known[n] for n in sorted(known))


def happen(connection: sqlite3.Connection, batch: Batch | None, event: Event) -> Batch:
    """Write an event and what follows from it; the caller's transaction makes it durable."""
    changed = applied(batch, event)
    facts = json.dumps({"facts": dict(event.facts), "attempts": dict(event.attempts)}, ensure_ascii=False)
    connection.execute(
        "INSERT INTO event (at, batch, step, state, facts) VALUES (?, ?, ?, ?, ?)",
        (event.at, event.batch, event.step, changed.state, facts),
    )
    _put(connection, "batch", ("id",), {name: getattr(changed, name) for name in _BATCH})
    for n in event.attempts:
        attempt = next(attempt for attempt in changed.attempts if attempt.n == n)
        _put(connection, "attempt", ("batch", "n"), {"batch": changed.id, **asdict(attempt)})
    return changed


def _put(connection: sqlite3.Connection, table: str, key: tuple[str, ...], row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in key)
    # Names of tables and columns are those of the dataclasses above; values are bound.
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"  # noqa: S608
    connection.execute(statement, tuple(row.values()))


def events(connection: sqlite3.Connection, batch: int | None = None) -> list[Event]:
    """All events, or those of one batch, in order."""
    where, bound = ("", ()) if batch is None else ("WHERE batch = ?", (batch,))
    rows = connection.execute(f"SELECT at, batch, step, facts FROM event {where} ORDER BY id", bound)  # noqa: S608
    return [_event(*row) for row in rows]


def _event(at: float, batch: int, step: str, facts: str) -> Event:
    known = json.loads(facts)
    attempts = {int(n): fields for n, fields in known["attempts"].items()}
    return Event(at, batch, Step(step), known["facts"], attempts)


def replayed(history: Iterable[Event]) -> dict[int, Batch]:
    """The batches that events add up to."""
    batches: dict[int, Batch] = {}
    for event in history:
        batches[event.batch] = applied(batches.get(event.batch), event)
    return batches


def batches(connection: sqlite3.Connection, where: str = "1", bound: tuple[object, ...] = ()) -> list[Batch]:
    """Batches from the tables, oldest first.

    Args:
        connection: To the ledger.
        where: A condition written in this package, with question marks for values.
        bound: The values.
    """
    statement = f"SELECT {', '.join(_BATCH)} FROM batch WHERE {where} ORDER BY id"  # noqa: S608 - see above
    found = [dict(zip(_BATCH, row, strict=True)) for row in connection.execute(statement, bound)]
    return [
        Batch(**{**row, "state": State(row["state"])}, attempts=_attempts_of(connection, row["id"])) for row in found
    ]


def _attempts_of(connection: sqlite3.Connection, batch: int) -> tuple[Attempt, ...]:
    statement = f"SELECT {', '.join(_ATTEMPT)} FROM attempt WHERE batch = ? ORDER BY n"  # noqa: S608 - see above
    rows = [dict(zip(_ATTEMPT, row, strict=True)) for row in connection.execute(statement, (batch,))]
    return tuple(Attempt(**{**row, "state": State(row["state"])}) for row in rows)
