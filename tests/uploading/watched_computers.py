"""Two computers, their ledgers and the service, watched from outside: what a run says and what a ledger has must be so."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic, time

from calltools.errors import CalltoolsError, LedgerError
from calltools.files.opening import read_stamp
from calltools.ledger import (
    CallStatus,
    ReconcilePolicy,
    find_faults,
    get_part,
    list_parts,
    lost_parts,
    open_ledger_in,
    parse_marker,
)
from calltools.ledger.part import is_own_mark
from calltools.ledger.states import FREED_STATES
from calltools.uploading.checking import find_clean_file, remember_clean_file
from calltools.uploading.context import Clock, SilentEvents, UploadOptions
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.resume import ResumeOptions, list_uploadings, resume_parts

COUNTER = 1000
#: The service shows less than it has; harmless while nobody sends with a copy of the ledger.
LATE_LISTINGS = ("list-lags", "list-empty")
TAGS = ("заявка", "продажа")
#: Between two calls of the universe; a call is in no file before it was made.
CALL_SPACING_S = 20
#: Between two steps: less than a list may be late.
STEP_S = 3
#: For two looks into the list after an unclear end.
SEARCH_TIMEOUT_S = 3
#: What a user needs at most to follow the advice of exit codes 4 and 6 until nothing is open.
ROUNDS = 5
OK, REFUSED, IN_PART, HELD = 0, 4, 5, 6


@dataclass
class Computer:
    """A computer with a state folder, and the backup of it.

    Attributes:
        folder: Where both are.
        seen: The parts that its ledger had when it was last looked at.
    """

    folder: Path
    seen: list = field(default_factory=list)

    @property
    def state(self):
        return self.folder / "state"

    @property
    def backup(self):
        return self.folder / "backup"

    @property
    def key(self):
        path = self.state / "ledger.key"
        return path.read_bytes() if path.is_file() else b""

    def become(self, folder):
        """Replace the state folder by a copy of another."""
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(folder, self.state)


@dataclass
class Decisions:
    """What a user decided, for the ledgers of one key.

    Attributes:
        again: How often a call was sent on request although it was known.
        abandoned: Calls of parts that were given up.
    """

    again: Counter = field(default_factory=Counter)
    abandoned: set = field(default_factory=set)


class RecordedPlan(SilentEvents):
    """Keeps what a user is told of the calls of a file."""

    def __init__(self):
        self.counts = Counter()

    def report_plan(self, _name, plan, _waiting):
        self.counts = plan.counts


class WatchedComputers:
    """The computers, the service, and what is known of them without the ledgers.

    Attributes:
        decisions: What users decided, by the key of their ledger.
        calls_of: Numbers of the calls of a part, by its mark.
        tags_of: The tags with which a call was ever in a file, by its number.
        removed: Marks of the parts whose file was removed from a spool.
        sent_blindly: Marks of the parts that somebody wanted to be sent again when the list did not show all.
        copied: Whether a ledger may be older than what was sent with its key.
        rewound: Whether a ledger has lost its last transactions.
        checked: How many uploadings there were when they were last checked; none is ever removed.
    """

    def __init__(self, service, folder, call_count):
        self.service, self.folder, self.call_count = service, folder, call_count
        self.computers = [Computer(folder / name) for name in ("first", "second")]
        self.clock = Clock(lambda: monotonic() + service.ahead, service.advance)
        self.decisions: dict[bytes, Decisions] = {}
        self.calls_of: dict[str, set[int]] = {}
        self.tags_of: dict[int, set[str]] = {}
        self.removed: set[str] = set()
        self.sent_blindly: set[str] = set()
        self.copied = self.rewound = False
        self.checked = 0
        service.begin_anew()
        self.first_call = int(self.now()) - STEP_S

    def now(self):
        return time() + self.service.ahead

    # -- a run of the program ------------------------------------------------------------------

    def act(self, computer, action, trip=None, *, start_anew=False):
        """Open the ledger and do something with it, perhaps until it is killed; the exit code."""
        computer.state.mkdir(parents=True, exist_ok=True)
        run = partial(self.run_action, computer, action, start_anew, checks=trip is None)
        code = self.service.run_killed(run, computer.state, *trip) if trip else run()
        for path in computer.state.glob("spool/*.csv"):
            mark = path.stem.partition("-")[2]
            if mark not in self.calls_of:
                rows = path.read_text(encoding="utf-8").splitlines()[1:]
                self.calls_of[mark] = {self.number_of(row.split(",")[1]) for row in rows}
        return code

    def run_action(self, computer, action, start_anew, *, checks):
        try:
            with open_ledger_in(computer.state, self.now, start_anew=start_anew) as ledger:
                untold = lost_parts(ledger)
                try:
                    code = action(ledger)
                finally:
                    if checks:
                        self.check_ledger(computer, ledger)
                # What was adopted meanwhile is stored, and lost no more.
                untold = [part for part in untold if not get_part(ledger, part.id).accepted]
                assert not untold or code >= REFUSED or action == self.list_all, "a lost part was not told"
                return code
        except CalltoolsError as error:
            return error.exit_code

    def resume_all(self, ledger, resend=None, on_absent="hold"):
        options = ResumeOptions(COUNTER, resend, policy=ReconcilePolicy(on_absent=on_absent))
        return resume_parts(ledger, lambda: self.service.client, options, SilentEvents(), self.clock).code

    def list_all(self, ledger):
        list_uploadings(ledger, lambda: self.service.client, COUNTER)
        return OK

    def send_file(self, ledger, file, again, events):
        # As after ``calltools validate``; another run validates the file itself.
        if not self.service.validates and find_clean_file(ledger, file) is None:
            remember_clean_file(ledger, file, read_stamp(file))
        request = UploadRequest(file, "calls", UploadOptions(COUNTER, again=again, search_timeout_s=SEARCH_TIMEOUT_S))
        return Uploader(ledger, lambda: self.service.client, events, self.clock).upload_files([request])[0].code

    def open_parts(self, computer):
        """The parts of a ledger that are held or wait; none if it was lost."""
        try:
            with open_ledger_in(computer.state, self.now) as ledger:
                computer.seen = list_parts(ledger)
                return undecided(computer.seen)
        except LedgerError:
            return []

    def state_of(self, computer, part):
        """The state of a part in its ledger; ``None`` if that was lost."""
        try:
            with open_ledger_in(computer.state, self.now) as ledger:
                return get_part(ledger, part.id).state
        except LedgerError:
            return None

    def watch_keys(self):
        for computer in self.computers:
            self.decided_by(computer)

    def decided_by(self, computer):
        return self.decisions.setdefault(computer.key, Decisions())

    # -- what the service has ------------------------------------------------------------------

    def number_of(self, moment):
        return (int(moment) - self.first_call) // CALL_SPACING_S

    def marks(self):
        return {mark_of(uploading) for uploading in self.service.uploadings()}

    def stored(self, key):
        """How often each call is stored; a part that somebody has sent twice counts once."""
        of_parts = {mark_of(one): one for one in self.of_key(key)}
        return Counter(self.number_of(row["DateTime"]) for one in of_parts.values() for row in one.rows)

    def left_out(self, key):
        """Calls that the service left out of a file that it accepted: it does not name them."""
        return set(map(self.number_of, (row["DateTime"] for one in self.of_key(key) for row in one.left_out)))

    def of_key(self, key):
        return [one for one in self.service.uploadings() if key and is_own_mark(key, mark_of(one))]

    # -- what must hold --------------------------------------------------------------------------

    def check_store(self):
        """No part is stored twice, and no call without a request."""
        self.watch_keys()
        marks = [mark_of(uploading) for uploading in self.service.uploadings()]
        if len(marks) == self.checked:
            return
        self.checked = len(marks)
        twice = {mark for mark, times in Counter(marks).items() if times > 1}
        assert twice <= self.sent_blindly, "a part is stored twice"
        for key, decisions in self.decisions.items():
            for number, times in self.stored(key).items():
                assert times <= 1 + decisions.again[number], f"call {number} is stored {times} times"

    def check_ledger(self, computer, ledger):
        """The ledger adds up, and says of no part what is not so."""
        computer.seen = list_parts(ledger)
        stored = self.marks()
        assert find_faults(ledger) == []
        for part in computer.seen:
            assert part.mark in stored or not part.accepted, f"{part.name} is not stored"
            assert self.copied or part.mark not in stored or part.state not in FREED_STATES, f"{part.name} is stored"
            assert self.rewound or part.mark in self.removed or not part.lost, f"{part.name} has lost its file"

    def check_told(self, computer, numbers, code, events):
        """What a run says of the calls of its file is so."""
        left = undecided(computer.seen)
        if code == HELD:
            assert any(part.held for part in left), "nothing is held"
        if code == OK:
            decisions = self.decided_by(computer)
            done = {*self.stored(computer.key), *self.left_out(computer.key), *decisions.abandoned}
            assert len(numbers - done) <= events.counts[CallStatus.MAYBE_ADOPTED], f"not stored: {numbers - done}"
            assert not any(numbers & self.calls_of[part.mark] for part in left), "a call is not decided"

    def check_resumed(self, computer, code):
        left = undecided(computer.seen)
        if code == OK:
            assert not left, "a part is not decided"
        if code == HELD:
            assert any(part.held for part in left), "nothing is held"


def undecided(parts):
    """Those of the parts that are held or wait."""
    return [part for part in parts if part.held or part.waiting]


def mark_of(uploading):
    return parse_marker(uploading.comment)[0]
