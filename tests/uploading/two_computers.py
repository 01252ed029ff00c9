"""Two computers upload to one counter, with copies of a ledger, backups, losses, kills and misbehaviors in any order.

``python -m tests.uploading.two_computers EXAMPLES STEPS`` ends with 0 when every invariant held. It works without the
command line, so that many thousand steps fit into a run of the tests; ``state_machine.py`` holds the whole command line
to the same promises. The service is a process of its own; what may be killed runs in a fork.
"""

import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic, time

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from calltools.errors import CalltoolsError, LedgerError
from calltools.ledger import (
    CallStatus,
    ReconcilePolicy,
    find_faults,
    held_parts,
    list_parts,
    open_ledger_in,
    parse_marker,
    waiting_parts,
)
from calltools.ledger.part import is_own_mark
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy, Timeouts
from calltools.metrica.token import Token
from calltools.uploading.context import Clock, SilentEvents, UploadOptions
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.resume import ResumeOptions, adopt_uploadings, give_up_part, list_uploadings, resume_parts
from tests.uploading.conftest import call_line, write_csv
from tests.uploading.crash_runner import call_control, kill_at_step

#: What the service or a gateway does to the next upload, by how it ends for the ledger; nothing that the service alone
#: can do wrong, such as storing twice.
WAITING_BEHAVIORS = ("429-late", "429-soon", "429-at-once", "429-nonsense", "429-daily")
REFUSED_BEHAVIORS = ("403", "400", "partial", "terse")
UNCLEAR_BEHAVIORS = (
    "resets-after-storing", "resets-after-body", "closes-at-once", "closes-after-storing", "500-after-storing",
    "504-after-storing", "503", "200-html", "200-empty", "200-truncated", "garbage", "gateway-403",
    "gateway-403-after-storing", "gateway-429-after-storing", "gateway-json-after-storing", "replays",
    "replays-after-storing",
)  # fmt: skip
BEHAVIORS = st.one_of(st.just("well"), *map(st.sampled_from, (WAITING_BEHAVIORS, REFUSED_BEHAVIORS, UNCLEAR_BEHAVIORS)))
LIST_BEHAVIORS = st.sampled_from(
    ("well",) * 6 + ("reading-fails", "reading-resets", "reading-truncated", "list-short-pages", "clock-none")
)
# Few calls, so that the files meet.
CALLS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["заявка", "продажа"])), min_size=1, max_size=2)
#: Mostly none; else one of the calls into the system or SQLite, counted from the first of all or of the request.
TRIPS = st.one_of(
    st.none(), st.none(), st.none(), st.none(), st.tuples(st.integers(1, 900), st.just("open")),
    st.tuples(st.integers(1, 50), st.just("getaddrinfo")),
)  # fmt: skip
# No draw depends on what happened before: where exactly a run is killed varies, and hypothesis must not trip over it.
HOSTS = st.integers(0, 1)
KILLED = -9
FIRST_TIME = 1760000000
NUMBERS = count(1000)


@dataclass
class Computer:
    """A computer with a state folder, and the backup of it."""

    folder: Path

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


class TwoComputers(RuleBasedStateMachine):
    client: Client

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="computers-"))
        self.computers = [Computer(self.folder / name) for name in ("first", "second")]
        self.counter = next(NUMBERS)
        self.ahead = 0.0
        self.clock = Clock(lambda: monotonic() + self.ahead, self.wait)
        self.decisions: dict[bytes, Decisions] = {}
        self.calls_of: dict[str, set[int]] = {}
        self.uploadings = []
        call_control("clear")

    def now(self):
        return time() + self.ahead

    def wait(self, seconds):
        self.ahead += seconds
        call_control(f"advance?seconds={seconds}")

    def teardown(self):
        for computer in self.computers:
            if computer.key and self.act(computer, self.resume_all) in {0, 5, 6}:
                held = {part.mark for part in self.parts(computer, held_parts)}
                assert not held & set(self.marks()), "what is in the list is not held after a look at it"
        shutil.rmtree(self.folder)

    # -- a run of the program ------------------------------------------------------------------

    def act(self, computer, action, trip=None, *, start_anew=False):
        """Open the ledger and do something with it, perhaps until it is killed; the exit code."""
        computer.state.mkdir(parents=True, exist_ok=True)
        run = partial(self.run_action, computer, action, start_anew)
        code = self.run_forked(run, *trip) if trip else run()
        self.uploadings = call_control("state")["uploadings"]
        for path in computer.state.glob("spool/*.csv"):
            rows = path.read_text(encoding="utf-8").splitlines()[1:]
            self.calls_of[path.stem.partition("-")[2]] = {int(row.split(",")[1]) - FIRST_TIME for row in rows}
        return code

    def run_action(self, computer, action, start_anew):
        try:
            with open_ledger_in(computer.state, self.now, start_anew=start_anew) as ledger:
                return action(ledger)
        except CalltoolsError as error:
            return error.exit_code

    def run_forked(self, run, step, since):
        """Run in a fork that is killed at a step; what it learned is lost, except how far its clock went."""
        child = os.fork()
        if not child:
            code = 70
            kill_at_step(step, since)
            try:
                code = run()
            except BaseException:  # noqa: BLE001 - a fork must not return into the machine
                traceback.print_exc()
            finally:
                sys.setprofile(None)
                (self.folder / "ahead").write_text(str(self.ahead))
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != KILLED:
            self.ahead = float((self.folder / "ahead").read_text())
        return code

    def resume_all(self, ledger, resend=None, on_absent="hold"):
        options = ResumeOptions(self.counter, resend, policy=ReconcilePolicy(on_absent=on_absent))
        return resume_parts(ledger, lambda: self.client, options, SilentEvents(), self.clock).code

    def parts(self, computer, select=list_parts):
        """Parts of a ledger; none if it was lost."""
        try:
            with open_ledger_in(computer.state, self.now) as ledger:
                return select(ledger)
        except LedgerError:
            return []

    def decided_by(self, computer):
        return self.decisions.setdefault(computer.key, Decisions())

    # -- what the service has ------------------------------------------------------------------

    def marks(self):
        return [mark_of(uploading) for uploading in self.uploadings]

    def uploadings_of(self, key):
        return [uploading for uploading in self.uploadings if key and is_own_mark(key, mark_of(uploading))]

    def stored(self, key):
        return Counter(
            int(row["DateTime"]) - FIRST_TIME for uploading in self.uploadings_of(key) for row in uploading["rows"]
        )

    def left_out(self, key):
        """Every call, if the service left a row out of a file that it accepted: it does not name it."""
        short = any(len(uploading["rows"]) < uploading["source_quantity"] for uploading in self.uploadings_of(key))
        return {0, 1} if short else set()

    # -- possible steps ------------------------------------------------------------------------

    @rule(host=HOSTS, calls=CALLS, again=st.sampled_from(["none", "none", "none", "none", "all", "changed"]),
          behavior=BEHAVIORS, listing=LIST_BEHAVIORS, trip=TRIPS, obeys=st.booleans())  # fmt: skip
    def upload(self, host, calls, again, behavior, listing, trip, obeys):
        computer, events = self.computers[host], RecordedPlan()
        file = write_csv(self.folder / "calls.csv", [call_line(number, tag=tag) for number, tag in calls])
        request = UploadRequest(file, "calls", UploadOptions(self.counter, again=again))
        misbehave(behavior, "&times=1&only=upload")
        misbehave(listing, "&only=list")

        def send(ledger):
            return Uploader(ledger, lambda: self.client, events, self.clock).upload_files([request])[0].code

        code = self.act(computer, send, trip)
        call_control("behave-well")
        requests = 1
        if code == 4 and obeys:
            self.adopt_all(computer)
            requests = 2
            code, trip = self.act(computer, send), None
        numbers = {number for number, _ in calls}
        if again != "none":
            self.decided_by(computer).again.update(dict.fromkeys(numbers, requests))
        assert code in {0, 4, 5, 6} or (code == KILLED and trip), code
        # A fork cannot tell what its plan was.
        if code == 0 and not trip:
            done = set(self.stored(computer.key)) | self.left_out(computer.key) | self.decided_by(computer).abandoned
            assert len(numbers - done) <= events.counts[CallStatus.MAYBE_ADOPTED], numbers - done

    @rule(host=HOSTS, listing=LIST_BEHAVIORS, trip=TRIPS, obeys=st.booleans())
    def resume(self, host, listing, trip, obeys):
        misbehave(listing, "&only=list")
        code = self.act(self.computers[host], self.resume_all, trip)
        call_control("behave-well")
        if code == 4 and obeys:
            self.adopt_all(self.computers[host])
            code = self.act(self.computers[host], self.resume_all)
        assert code in {0, 4, 5, 6} or (code == KILLED and trip), code

    @rule(host=HOSTS, trip=TRIPS)
    def list_known(self, host, trip):
        self.act(self.computers[host], self.list_all, trip)

    def list_all(self, ledger):
        list_uploadings(ledger, lambda: self.client, self.counter)
        return 0

    @rule(host=HOSTS, choice=st.integers(0, 5), give_up=st.booleans(), copied=st.booleans(), trip=TRIPS)
    def decide(self, host, choice, give_up, copied, trip):
        """A person decides about a part that is held or waits, perhaps just after the ledger was copied."""
        computer = self.computers[host]
        if copied:
            self.copy_to_other(host)
        parts = self.parts(computer, lambda ledger: held_parts(ledger) + waiting_parts(ledger))
        if not parts:
            return
        part = parts[choice % len(parts)]
        numbers = self.calls_of[part.mark]
        if give_up:
            code = self.act(computer, lambda ledger: give_up_part(ledger, part, SilentEvents()) and 0, trip)
            if part.held and code in {0, KILLED}:
                self.decided_by(computer).abandoned |= numbers
        else:
            if any(known.adopted for known in self.parts(computer)):
                # Whoever has adopted uploadings with unknown calls answers for what is sent on request.
                self.decided_by(computer).again.update(numbers)
            self.act(computer, partial(self.resume_all, resend=part.name), trip)

    @rule(host=HOSTS)
    def let_time_pass(self, host):
        """The policy may send again what was absent for long enough."""
        for _ in range(4):
            code = self.act(self.computers[host], partial(self.resume_all, on_absent="resend"))
            assert code in {0, 4, 5, 6}, code
            self.wait(600)

    @rule(host=HOSTS, trip=TRIPS)
    def adopt(self, host, trip):
        self.adopt_all(self.computers[host], trip)

    def adopt_all(self, computer, trip=None):
        """What the advice of exit code 4 says."""
        adopt = partial(adopt_uploadings, connect=lambda: self.client, counter=self.counter, events=SilentEvents())
        if computer.key:
            self.act(computer, lambda ledger: adopt(ledger).code, trip, start_anew=True)

    # -- what happens to the files of a ledger ---------------------------------------------------

    @rule(host=HOSTS)
    def back_up(self, host):
        computer = self.computers[host]
        if computer.state.is_dir():
            shutil.rmtree(computer.backup, ignore_errors=True)
            shutil.copytree(computer.state, computer.backup)

    @rule(host=HOSTS)
    def restore(self, host):
        computer = self.computers[host]
        if computer.backup.is_dir():
            computer.become(computer.backup)

    @rule(host=HOSTS)
    def copy_to_other(self, host):
        source, target = self.computers[host], self.computers[1 - host]
        if source.state.is_dir():
            target.become(source.state)

    @rule(host=HOSTS, name=st.sampled_from(["ledger.sqlite3*", "ledger.sqlite3-wal", "spool/*"]))
    def lose(self, host, name):
        """Files are removed; without its key a ledger is another one, and the service cannot tell it from a stranger."""
        for path in self.computers[host].state.glob(name):
            path.unlink()

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def no_part_is_stored_twice(self):
        assert [mark for mark, times in Counter(self.marks()).items() if times > 1] == []

    @invariant()
    def no_call_is_stored_twice_without_a_request(self):
        for key, decisions in self.decisions.items():
            for number, times in self.stored(key).items():
                assert times <= 1 + decisions.again[number], (number, times)

    @invariant()
    def every_key_is_watched(self):
        for computer in self.computers:
            self.decided_by(computer)

    @invariant()
    def the_ledgers_add_up(self):
        for computer in self.computers:
            assert self.parts(computer, find_faults) == []


def misbehave(name, options):
    if name != "well":
        call_control(f"behave?name={name}{options}")


def mark_of(uploading):
    return parse_marker(uploading["comment"])[0]


def load_modules(client):
    """Upload once: a run that is killed is to be killed in an upload, not in an import."""
    with tempfile.TemporaryDirectory() as folder:
        file = write_csv(Path(folder) / "calls.csv", [call_line(0)])
        with open_ledger_in(Path(folder) / "state", time) as ledger:
            (result,) = Uploader(ledger, lambda: client).upload_files([UploadRequest(file, "calls", UploadOptions(1))])
    assert result.code == 0


def main():
    examples, steps = map(int, sys.argv[1:])
    policy = RetryPolicy(attempts=2, initial_wait_s=0.001, max_wait_s=0.001, max_requested_wait_s=0)
    timeouts = Timeouts(post_total=20, get_total=20)
    options = ConnectionOptions(os.environ["CALLTOOLS_API_URL"], timeouts=timeouts, retry_policy=policy)
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,), report_multiple_bugs=False,
    )  # fmt: skip
    with Client(Token(os.environ["CALLTOOLS_TOKEN"]), options) as TwoComputers.client:
        load_modules(TwoComputers.client)
        run_state_machine_as_test(TwoComputers, settings=chosen)


if __name__ == "__main__":
    main()
