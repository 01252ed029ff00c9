"""The uploadings of the fake service, their rows, and their status, which advances with time."""

import csv
import io
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

STEPS = ("PREPARED", "UPLOADED", "EXPORTED", "MATCHED")
IDENTIFIERS = ("ClientId", "UserId", "Yclid")
COLUMNS = {
    *IDENTIFIERS, "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration", "HoldDuration",
    "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
}  # fmt: skip


class BadFileError(Exception):
    """The service refuses the file; the text is its message."""


@dataclass
class Uploading:
    """One stored uploading with its accepted rows, and those that the service has left out."""

    id: int
    counter: int
    comment: str
    goal: str
    client_id_type: str
    source_quantity: int
    rows: list[dict[str, str]]
    stored: float
    created: str
    left_out: list[dict[str, str]] = field(default_factory=list)

    @property
    def static(self) -> int:
        return sum(row.get("StaticCall") == "1" for row in self.rows)

    @property
    def linked(self) -> int:
        """Number of linked calls. A visitor whose id ends with 9 is unknown."""
        return sum(row.get("StaticCall") != "1" and is_known(row) for row in self.rows)


def is_known(row):
    found = next(filter(None, (row.get(name) for name in IDENTIFIERS)), "")
    return bool(found) and not found.endswith("9")


class Store:
    """All uploadings of all counters, and their files as they came. The clock can be advanced."""

    def __init__(self, step_seconds=0.2):
        self.step_seconds = step_seconds
        self.uploadings = []
        self.files = []
        self.lock = threading.Lock()
        #: Seconds by which the clock of the service was advanced; header ``Date`` is by the same clock.
        self.ahead = 0.0

    def now(self):
        return time.monotonic() + self.ahead

    def unix_time(self):
        """Unix seconds by the clock of the service."""
        return time.time() + self.ahead

    def advance(self, seconds):
        self.ahead += seconds

    def add(self, counter, query, content):
        """Store a file as the service does: without the rows that are not accepted.

        Raises:
            BadFileError: The file is not a table of calls.
        """
        rows, count = read_rows(content)
        now = self.unix_time()
        accepted, left_out = ([row for row in rows if is_accepted_row(row, now) is kept] for kept in (True, False))
        with self.lock:
            uploading = Uploading(
                id=1000 + len(self.uploadings),
                counter=counter,
                comment=query.get("comment", ""),
                goal=query.get("new_goal_name", ""),
                client_id_type=query.get("client_id_type", ""),
                source_quantity=count,
                rows=accepted,
                stored=self.now(),
                created=f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
                left_out=left_out,
            )
            self.uploadings.append(uploading)
            self.files.append(content)
        return uploading

    def status(self, uploading):
        passed = int((self.now() - uploading.stored) / self.step_seconds) if self.step_seconds else len(STEPS)
        if passed < len(STEPS):
            return STEPS[passed]
        return "PROCESSED" if uploading.linked else "LINKAGE_FAILURE"

    def of(self, counter):
        """Uploadings of a counter, newest first. The reference does not document the order of the list."""
        with self.lock:
            return [uploading for uploading in reversed(self.uploadings) if uploading.counter == counter]

    def find(self, counter, number):
        return next((uploading for uploading in self.of(counter) if uploading.id == number), None)


def read_rows(content):
    """The rows that have a cell in each column, and the number of all rows."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        header, *rows = list(reader) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFileError(f"The file is not CSV in UTF-8: {type(error).__name__}") from None
    if unknown := [name for name in header if name not in COLUMNS]:
        raise BadFileError(f"Unknown column {unknown[0]}")
    if "DateTime" not in header or not set(header) & set(IDENTIFIERS):
        raise BadFileError("The columns DateTime and one of UserId, ClientId, Yclid are required")
    if not rows:
        raise BadFileError("The file holds no rows")
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)], len(rows)


def is_accepted_row(row, now):
    when = row["DateTime"]
    return when.isascii() and when.isdecimal() and int(when) < now
