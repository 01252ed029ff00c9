"""Invented calls, a clock that a test sets, and a fake service in files."""

import csv
import json
import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from calltools import ledger

COUNTER = 12345678
TITLES = ("ClientId", "DateTime", "Price", "Currency", "PhoneNumber", "Tag")
START = 1773100800


@dataclass
class Clock:
    """A clock that only the test moves."""

    at: float = START

    def __call__(self) -> float:
        return self.at


def call(n, **cells):
    return {
        "ClientId": f"1604591025{n:09d}",
        "DateTime": str(1772434800 + n),
        "Price": "100",
        "Currency": "RUB",
        "PhoneNumber": f"+7495000{n:04d}",
        "Tag": "",
    } | cells


def write_calls(path, calls, titles=TITLES):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, titles, restval="", extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(calls)
    return path


def write_numbered_calls(path, count, first=0):
    return write_calls(path, [call(n) for n in range(first, first + count)])


def read_records(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def upload_file(open_ledger, path, outcome, counter=COUNTER, again="none"):
    """Plan a file, reserve and send every part; the outcome is one for all, or a function of the started attempt."""
    with ledger.hold_counter(open_ledger, counter):
        parts = ledger.reserve(
            open_ledger, ledger.plan_upload(open_ledger, path, counter, again), goal="Звонок", source=path.name
        )
        return [send_part(open_ledger, part, outcome) for part in parts]


def send_part(open_ledger, part, outcome):
    attempt = ledger.begin_attempt(open_ledger, part.id)
    return ledger.finish_attempt(open_ledger, part.id, outcome(attempt) if callable(outcome) else outcome)


@dataclass
class FakeService:
    """A service that keeps each uploading as a line of a file, so that it outlives the process that posts.

    It also checks with a connection of its own that the intent of each POST was durable before the POST.
    """

    folder: Path
    state: Path
    posts: Path = field(init=False)
    store: Path = field(init=False)

    def __post_init__(self):
        self.posts, self.store = self.folder / "posts", self.folder / "store"

    def post(self, attempt, behavior):
        _append(self.posts, {"comment": attempt.comment, "intent": self._intent(attempt.comment)})
        number = len(self.held()) + 1
        if behavior in {"stored", "lost"}:
            calls = [tuple(record.values()) for record in read_records(attempt.file)]
            _append(self.store, {"id": number, "comment": attempt.comment, "calls": calls})
        return {
            "stored": ledger.Acked(number, attempt.part.rows, attempt.part.rows),
            "lost": ledger.Ambiguous("answer lost"),
            "vanished": ledger.Ambiguous("reset"),
            "refused": ledger.Rejected("invalid file"),
            "unreachable": ledger.NotSent("refused"),
            "busy": ledger.Throttled(START + 60),
        }[behavior]

    def _intent(self, comment):
        mark, attempt = ledger.parse_marker(comment)
        connection = sqlite3.connect(self.state / "ledger.sqlite3")
        try:
            found = connection.execute(
                "SELECT attempt.state, batch.state FROM attempt JOIN batch ON batch.id = batch WHERE mark = ? AND n = ?",
                (mark, attempt),
            ).fetchall()
        finally:
            connection.close()
        return found == [("sending", "sending")]

    def posted(self):
        return _lines(self.posts)

    def held(self):
        return _lines(self.store)

    def listing(self):
        return [
            ledger.ListedUploading(one["id"], one["comment"], len(one["calls"]), len(one["calls"]))
            for one in self.held()
        ]

    def calls(self):
        return sorted(tuple(cells) for one in self.held() for cells in one["calls"])


def _append(path, value):
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(value) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def _lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
