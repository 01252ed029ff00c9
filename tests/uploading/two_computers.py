"""Two computers upload to one counter, with copies of a ledger, backups, losses, kills and misbehaviors in any order.

A step is one thing that a user, the service or the disk does; after each step every promise must hold: no call is
stored twice without a request, and none is lost without a word. ``random_runs.py`` chooses the steps. The command line
is left out, so that many thousand steps fit into a run of the tests; ``state_machine.py`` holds all of it to the same
promises.
"""

import shutil
from functools import partial

from calltools.ledger.states import State
from calltools.uploading.context import SilentEvents
from calltools.uploading.resume import adopt_uploadings, give_up_part
from tests.uploading.conftest import call_line, write_csv
from tests.uploading.kills import KILLED
from tests.uploading.watched_computers import (
    CALL_SPACING_S,
    COUNTER,
    HELD,
    IN_PART,
    LATE_LISTINGS,
    OK,
    REFUSED,
    ROUNDS,
    STEP_S,
    TAGS,
    RecordedPlan,
    WatchedComputers,
)


class TwoComputers(WatchedComputers):
    """The steps, by their names. ``host`` is the number of a computer."""

    def step(self, name, arguments):
        """Do one step, then check the promises."""
        self.service.advance(STEP_S)
        self.watch_keys()
        getattr(self, name)(**arguments)
        self.check_store()

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
        self.act(computer, lambda ledger: give_up_part(ledger, part, SilentEvents()).code, trip)
        # The exit code may be that of another part, whose file is gone.
        if part.held and self.state_of(computer, part) is State.GIVEN_UP:
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
            self.act(computer, lambda ledger: adopt(ledger).code, trip, start_anew=True)

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

    # -- how it ends -----------------------------------------------------------------------------

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
