"""Invented calls, a clock that is set by hand, and an oracle that stands for the service."""

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
    """Seconds that pass only when the test says so."""

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


def upload_file(book, path, outcome, counter=COUNTER, again="none"):
    """Plan, reserve and send every part; the same outcome for each, or a function of what is sent."""
    with ledger.hold_counter(book, counter):
        batches = ledger.reserve(book, ledger.plan_upload(book, path, counter, again), goal="Звонок", source=path.name)
        return [send_part(book, batch, outcome) for batch in batches]


def send_part(book, batch, outcome):
    sending = ledger.begin_attempt(book, batch.id)
    return ledger.finish_attempt(book, batch.id, outcome(sending) if callable(outcome) else outcome)


@dataclass
class FakeService:
    """What a service would hold: lines of a file, so that it outlives the process that posts.

    It also looks, from outside, whether the intent of each POST was durable before it came.
    """

    folder: Path
    state: Path
    posts: Path = field(init=False)
    store: Path = field(init=False)

    def __post_init__(self):
        self.posts, self.store = self.folder / "posts", self.folder / "store"

    def post(self, sending, behavior):
        _append(self.posts, {"comment": sending.comment, "intent": self._intent(sending.comment)})
        number = len(self.held()) + 1
        if behavior in {"stored", "lost"}:
            calls = [tuple(record.values()) for record in read_records(sending.file)]
            _append(self.store, {"id": number, "comment": sending.comment, "calls": calls})
        return {
            "stored": ledger.Acked(number, sending.batch.rows, sending.batch.rows),
            "lost": ledger.Ambiguous("answer lost"),
            "vanished": ledger.Ambiguous("reset"),
            "refused": ledger.Rejected("invalid file"),
            "unreachable": ledger.NotSent("refused"),
            "busy": ledger.Throttled(START + 60),
        }[behavior]

    def _intent(self, comment):
        mark, attempt = ledger.parse_marker(comment)
        outside = sqlite3.connect(self.state / "ledger.sqlite3")
        try:
            found = outside.execute(
                "SELECT attempt.state, batch.state FROM attempt JOIN batch ON batch.id = batch WHERE mark = ? AND n = ?",
                (mark, attempt),
            ).fetchall()
        finally:
            outside.close()
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
