"""Any order of commands, misbehaviors and kills, over the whole command line and a real service: hypothesis chooses them.

``python -m tests.uploading.state_machine EXAMPLES STEPS`` ends with 0 when every invariant held. The service is a process of
its own and each command a fork, so that this process has no threads and a command can be killed at any step.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import time

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from calltools.ledger import find_faults, held_parts, list_parts, open_ledger_in, parse_marker
from tests.fake_metrica.control import call_control
from tests.uploading.conftest import call_line, write_csv
from tests.uploading.crash_runner import find_leaks, import_modules_of_run, run_forked, upload_of

SHORT = ("--timeout", "1", "--poll-interval", "0.05")
#: What the service does to the next upload; nothing that it alone can do wrong, such as storing twice.
BEHAVIORS = ("well", "well", "resets-after-storing", "resets-after-body", "closes-at-once", "500-after-storing", "503",
              "403", "400", "429-late", "429-soon", "200-html", "200-truncated", "partial", "terse",
              "gateway-403", "gateway-403-after-storing", "gateway-429-after-storing", "gateway-json-after-storing")  # fmt: skip
REFUSING = {"403", "400"}
CALLS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["заявка", "продажа"])), min_size=1, max_size=4)
#: Mostly none; else one of about nine hundred steps, or of the fifty around a request.
TRIPS = st.one_of(
    st.none(), st.none(), st.tuples(st.integers(1, 900), st.just("open")),
    st.tuples(st.integers(1, 50), st.just("getaddrinfo")),
)  # fmt: skip
#: Counters that no earlier run has used, on any service.
NUMBERS = count(int(time()) % 1_000_000 * 1000)


@dataclass
class UserActions:
    """What the user can know without the ledger.

    Attributes:
        again: How often the user had a call sent although the ledger had it.
        resent: Marks of parts that a person sent again, and how often.
        given_up: Calls that a person has left.
    """

    again: Counter = field(default_factory=Counter)
    resent: Counter = field(default_factory=Counter)
    abandoned: set = field(default_factory=set)


class UploadMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.state, self.output = self.folder / "state", self.folder / "said"
        self.counter = next(NUMBERS)
        self.watcher = UserActions()
        os.environ["CALLTOOLS_STATE_DIR"] = str(self.state)
        call_control("behave-well")
        call_control("clear")

    def teardown(self):
        call_control("behave-well")
        self.run("uploads", "resume", *SHORT[:2])
        with self.ledger() as ledger:
            held = {part.mark for part in held_parts(ledger)}
        assert not held & set(self.marks()), "what is in the list is never held after a look at it"
        shutil.rmtree(self.folder)

    # -- what the service has --------------------------------------------------------------

    def run(self, *arguments, trip=None):
        step, since = trip or (0, "open")
        return run_forked(arguments, step, self.output, since)

    def ledger(self):
        return open_ledger_in(self.state, time)

    def parts(self):
        with self.ledger() as ledger:
            return list_parts(ledger)

    def uploadings(self):
        return [uploading for uploading in call_control("state")["uploadings"] if uploading["counter"] == self.counter]

    def marks(self):
        return [parse_marker(uploading["comment"])[0] for uploading in self.uploadings()]

    def posts(self):
        posts = [
            request
            for request in call_control("state")["requests"]
            if request["method"] == "POST" and f"/{self.counter}/" in request["path"]
        ]
        return [parse_marker(post["query"]["comment"]) for post in posts]

    # -- possible steps ---------------------------------------------------------------------

    @rule(calls=CALLS, again=st.sampled_from(["", "", "", "--all", "--changed"]), behaviour=st.sampled_from(BEHAVIORS),
          trip=TRIPS)  # fmt: skip
    def upload(self, calls, again, behaviour, trip):
        file = write_csv(self.folder / "calls.csv", [call_line(number, tag=tag) for number, tag in calls])
        numbers = {number for number, _ in calls}
        if behaviour != "well":
            call_control(f"behave?name={behaviour}&times=1")
        arguments = [again] if again else []
        code = self.run("upload", file, "--counter", self.counter, "--yes", *SHORT, *arguments, trip=trip)
        call_control("behave-well")
        if again:
            self.watcher.again.update(numbers)
        assert code in {0, 4, 5, 6} or (code == -9 and trip), code
        held = self.numbers_of(part for part in self.parts() if part.held)
        if code == 6:
            assert held
        if code == 0 and not trip:
            missing = numbers - self.numbers_stored() - self.watcher.abandoned
            assert not missing, f"reported as done, and not stored: {missing}"
            assert not held & numbers

    @rule(trip=TRIPS)
    def resume(self, trip):
        code = self.run("uploads", "resume", *SHORT[:2], trip=trip)
        assert code in {0, 4, 5, 6} or (code == -9 and trip), code
        if code == -9:
            return
        assert (code == 6) == any(part.held for part in self.parts())
        before = self.posts()
        self.run("uploads", "resume", *SHORT[:2])
        assert self.posts() == before, "a second resume sends nothing"

    @rule(behaviour=st.sampled_from(["reading-fails", "reading-resets", "list-empty", "list-lags", "list-short-pages"]),
          trip=TRIPS)  # fmt: skip
    def list_with_failure(self, behaviour, trip):
        call_control(f"behave?name={behaviour}")
        self.run("uploads", "list", "--timeout", "1", trip=trip)
        call_control("behave-well")

    @precondition(lambda self: any(part.held for part in self.parts()))
    @rule(data=st.data(), give_up=st.booleans(), trip=TRIPS)
    def decide(self, data, give_up, trip):
        """A person who has looked into the service decides."""
        part = data.draw(st.sampled_from([part for part in self.parts() if part.held]))
        if give_up:
            numbers = self.numbers_of([part])
            if self.run("uploads", "resume", "--give-up", part.name) == 0:
                self.watcher.abandoned |= numbers
        else:
            self.watcher.resent[part.mark] += 1
            self.run("uploads", "resume", "--resend", part.name, *SHORT[:2], trip=trip)

    @rule()
    def settle(self):
        """A quarter of an hour passes by the clock of the service, and the configuration sends absent parts again."""
        for _ in range(3):
            code = self.run("uploads", "resume", *SHORT[:2], "--on-absent", "resend")
            call_control("advance?seconds=600")
            assert code in {0, 4, 5, 6}, code

    @precondition(lambda self: any(part.processing for part in self.parts()))
    @rule(data=st.data(), trip=TRIPS)
    def watch(self, data, trip):
        part = data.draw(st.sampled_from([part for part in self.parts() if part.processing]))
        code = self.run("uploads", "watch", part.name, *SHORT, trip=trip)
        assert code in {0, 5} or (code == -9 and trip), code

    def numbers_of(self, parts):
        """Calls of parts that are not spent, from their files."""
        files = [self.state / "spool" / f"{part.counter}-{part.mark}.csv" for part in parts]
        rows = [row for file in files for row in file.read_text(encoding="utf-8").splitlines()[1:]]
        return {int(row.split(",")[1]) - 1760000000 for row in rows}

    def numbers_stored(self):
        return {
            int(row["DateTime"]) - 1760000000 for uploading in self.uploadings() for row in uploading["rows"]
        } | self.rows_left_out()

    def rows_left_out(self):
        """Rows that the service left out of a file that it accepted; it does not name them, so none is sent again."""
        lost = any(len(uploading["rows"]) < uploading["source_quantity"] for uploading in self.uploadings())
        return set(range(6)) if lost else set()

    # -- invariants -----------------------------------------------------------------------

    @invariant()
    def no_part_is_stored_twice(self):
        twice = [mark for mark, times in Counter(self.marks()).items() if times > 1]
        assert not twice, twice

    @invariant()
    def no_call_is_stored_twice_without_a_request(self):
        stored = Counter(
            int(row["DateTime"]) - 1760000000 for uploading in self.uploadings() for row in uploading["rows"]
        )
        for number, times in stored.items():
            assert times <= 1 + self.watcher.again[number], (number, times)

    @invariant()
    def each_post_has_its_intent_and_its_reason(self):
        posts = self.posts()
        assert len(posts) == len(set(posts)), "no attempt is posted twice"
        parts = {part.mark: part for part in self.parts()}
        for mark, attempt in posts:
            assert attempt <= len(parts[mark].attempts)
        for part in parts.values():
            doubtful = sum(attempt.state == "ambiguous" for attempt in part.attempts[:-1])
            assert doubtful <= self.watcher.resent[part.mark], part

    @invariant()
    def the_ledger_adds_up_and_keeps_its_files(self):
        with self.ledger() as ledger:
            assert find_faults(ledger) == []
            needed = {part.mark for part in list_parts(ledger) if part.waiting or part.held}
        assert {path.stem.partition("-")[2] for path in (self.state / "spool").iterdir()} == needed

    @invariant()
    def accepted_calls_are_stored_and_stored_calls_are_not_free(self):
        stored = set(self.marks())
        for part in self.parts():
            assert not part.accepted or part.mark in stored, part
            assert part.mark not in stored or part.state not in {"rejected", "released"}, part

    @invariant()
    def no_value_of_a_person_is_printed_or_kept(self):
        assert find_leaks(self.state, self.output) == []


def main():
    examples, steps = map(int, sys.argv[1:])
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        calls = write_csv(Path(folder, "calls.csv"), [call_line(0, moment=int(time()) - 3600)])
        commands = upload_of(calls, 1), *(("uploads", *words) for words in (("resume",), ("watch", "L1"), ("list",)))
        assert import_modules_of_run(Path(folder), *commands) == [0, 0, 0, 0]
    run_state_machine_as_test(UploadMachine, settings=chosen)


if __name__ == "__main__":
    main()
