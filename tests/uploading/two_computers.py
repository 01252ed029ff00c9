"""Two computers upload to one counter, with copies of a ledger, backups, losses, kills and misbehaviors in any order.

A step is one thing that a user, the service or the disk does; after each step every promise must hold: no call is
stored twice without a request, and none is lost without a word. ``random_runs.py`` chooses the steps. The command line
is left out, so that many thousand steps fit into a run of the tests; ``state_machine.py`` holds all of it to the same
promises.
"""

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
from calltools.uploading.resume import ResumeOptions, adopt_uploadings, give_up_part, list_uploadings, resume_parts
from tests.uploading.conftest import call_line, write_csv
from tests.uploading.kills import KILLED

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


class TwoComputers:
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

    def step(self, name, arguments):
        """Do one step, then check the promises."""
        self.service.advance(STEP_S)
        self.watch_keys()
        getattr(self, name)(**arguments)
        self.check_store()

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

    # -- possible steps ------------------------------------------------------------------------

    def upload(self, host, calls, again, behavior, listing, trip, obeys):
        made = int(self.now() - 1 - self.first_call) // CALL_SPACING_S
        calls = [(min(number, made), tag) for number, tag in calls]
        self.misbehave(behavior, listing)
        self.upload_calls(self.computers[host], calls, again, trip, obeys=obeys)

    def upload_calls(self, computer, calls, again="none", trip=None, *, obeys=False):
        """Upload a file, once more if the user obeys the advice of exit code 4; gives the exit code."""
        file = write_csv(self.folder / "calls.csv", [self.line(number, tag) for number, tag in calls])
        events = RecordedPlan()
        send = partial(self.send_file, file=file, again=again, events=events)
        code = self.act(computer, send, trip)
        self.service.behave_well()
        requests = 1
        if code == REFUSED and obeys:
            self.adopt_all(computer)
            requests = 2
            code, trip = self.act(computer, send), None
        self.record_request(computer, calls, again, requests)
        assert code in {OK, REFUSED, IN_PART, HELD} or (code == KILLED and trip), code
        # What a killed run has planned is not known.
        if not trip:
            self.check_told(computer, {number for number, _ in calls}, code, events)
        return code

    def line(self, number, tag):
        return call_line(number, tag=tag, moment=self.first_call + (CALL_SPACING_S - 1) * number)

    def record_request(self, computer, calls, again, requests):
        """A call that was sent on request may be there once more; ``changed`` means only those with another tag."""
        for number, tag in calls:
            self.tags_of.setdefault(number, set()).add(tag)
        numbers = {number for number, _ in calls if again == "all" or len(self.tags_of[number]) > 1}
        if again != "none":
            self.decided_by(computer).again.update(dict.fromkeys(numbers, requests))

    def resume(self, host, behavior, listing, trip, obeys):
        computer = self.computers[host]
        self.misbehave(behavior, listing)
        code = self.act(computer, self.resume_all, trip)
        self.service.behave_well()
        if code == REFUSED and obeys:
            self.adopt_all(computer)
            code, trip = self.act(computer, self.resume_all), None
        assert code in {OK, REFUSED, IN_PART, HELD} or (code == KILLED and trip), code
        if not trip:
            self.check_resumed(computer, code)

    def list_known(self, host, trip):
        self.act(self.computers[host], self.list_all, trip)

    def decide(self, host, choice, give_up, copied, behavior, listing, trip):
        """A person decides about a part that is held or waits, perhaps just after the ledger was copied."""
        if copied:
            self.copy_to_other(host)
        computer = self.computers[host]
        parts = sorted(self.open_parts(computer), key=lambda part: part.waiting)
        if parts:
            part = parts[choice % len(parts)]
            self.misbehave(behavior, listing)
            if listing in LATE_LISTINGS and not give_up:
                self.sent_blindly.add(part.mark)
            (self.give_up if give_up else self.send_again)(computer, part, trip)
            self.service.behave_well()

    def give_up(self, computer, part, trip=None):
        code = self.act(computer, lambda ledger: give_up_part(ledger, part, SilentEvents()) and OK, trip)
        if part.held and code in {OK, KILLED}:
            self.decided_by(computer).abandoned |= self.calls_of[part.mark]

    def send_again(self, computer, part, trip=None):
        if any(known.adopted for known in computer.seen):
            # Whoever has adopted uploadings with unknown calls answers for what is sent on request.
            self.decided_by(computer).again.update(self.calls_of[part.mark])
        self.act(computer, partial(self.resume_all, resend=part.name), trip)

    def let_time_pass(self, host, listing):
        """The policy may send again what was absent for long enough."""
        self.misbehave("well", listing)
        for _ in range(4):
            code = self.act(self.computers[host], partial(self.resume_all, on_absent="resend"))
            assert code in {OK, REFUSED, IN_PART, HELD}, code
            self.service.advance(600)
        self.service.behave_well()

    def adopt(self, host, trip):
        self.adopt_all(self.computers[host], trip)

    def adopt_all(self, computer, trip=None):
        """What the advice of exit code 4 says."""
        adopt = partial(adopt_uploadings, connect=lambda: self.service.client, counter=COUNTER, events=SilentEvents())
        if computer.key:
            self.act(computer, lambda ledger: max(adopt(ledger).code, REFUSED), trip, start_anew=True)

    def misbehave(self, behavior, listing):
        """Let the service misbehave at the next upload, and whenever its list is read."""
        for name, times, only in ((behavior, 1, "upload"), (listing, None, "list")):
            if name != "well":
                self.service.behave(name, times, only=only)

    # -- what happens to the files of a ledger ---------------------------------------------------

    def back_up(self, host):
        computer = self.computers[host]
        if computer.state.is_dir():
            shutil.rmtree(computer.backup, ignore_errors=True)
            shutil.copytree(computer.state, computer.backup)

    def restore(self, host):
        computer = self.computers[host]
        if computer.backup.is_dir():
            self.copied = True
            computer.become(computer.backup)

    def copy_to_other(self, host):
        source, target = self.computers[host], self.computers[1 - host]
        if source.state.is_dir():
            self.copied = True
            target.become(source.state)

    def lose(self, host, name):
        """Files are removed; without its key a ledger is another one, and the service cannot tell it from a stranger."""
        for path in self.computers[host].state.glob(name):
            path.unlink()
            if path.parent.name == "spool":
                self.removed.add(path.stem.partition("-")[2])
            else:
                self.copied = self.rewound = True

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

    def check_ways_out(self):
        """Whoever follows the advice comes to an end, and then every call is stored or was told of."""
        for computer in self.computers:
            if computer.key:
                assert any(self.follow_advice(computer) in {OK, IN_PART} for _ in range(ROUNDS)), "there is no way out"
                self.check_store()

    def follow_advice(self, computer):
        self.service.advance(CALL_SPACING_S * self.call_count)
        code = self.act(computer, self.resume_all)
        if code == REFUSED:
            self.adopt_all(computer)
        parts, stored = self.open_parts(computer), self.marks()
        for part in (part for part in parts if part.held):
            assert part.mark not in stored or code == REFUSED, f"{part.name} is in the list, and held"
            known = self.calls_of[part.mark] <= self.stored(computer.key).keys()
            (self.give_up if known or part.mark in self.removed else self.send_again)(computer, part)
        calls = [(number, TAGS[0]) for number in range(self.call_count)]
        return self.upload_calls(computer, calls, obeys=True)


def undecided(parts):
    """Those of the parts that are held or wait."""
    return [part for part in parts if part.held or part.waiting]


def mark_of(uploading):
    return parse_marker(uploading.comment)[0]
