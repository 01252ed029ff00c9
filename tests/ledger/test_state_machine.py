"""Uploads, outcomes, crashes, listings and decisions in any order, compared with a small model."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calltools import ledger
from calltools.ledger import (
    Acked,
    Ambiguous,
    CallStatus,
    ListedUploading,
    ListingTime,
    NotSent,
    Rejected,
    State,
    Throttled,
)
from tests.ledger.fakes import COUNTER, Clock, call, read_records, write_calls

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

#: Seconds that the list may lag behind the store: less than the policy needs to call a part absent.
LAG = 600
BEHAVIORS = ("stored", "lost", "vanished", "refused", "unreachable", "busy", "killed before", "killed after")
STORING_BEHAVIORS = {"stored", "lost", "killed after"}
CALLS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["100", "200"])), min_size=1, max_size=4)


@dataclass
class PartModel:
    """The model of one part, without the ledger. ``state_group`` is its group of states."""

    prices: dict[int, str]
    fresh: set[int]
    state_group: str = "waiting"
    posts: int = 0
    allowed: int = 1
    stored: list[int] = field(default_factory=list)


def number_of(cells):
    return int(cells["DateTime"]) - 1772434800


class UploadMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.base = tempfile.TemporaryDirectory()
        self.folder = Path(self.base.name)
        self.clock = Clock()
        self.ledger = ledger.open_ledger_in(self.folder / "state", self.clock)
        self.models: dict[int, PartModel] = {}
        self.known: dict[int, str] = {}
        self.store: list[tuple[int, str, float]] = []

    def teardown(self):
        self.ledger.close()
        self.base.cleanup()

    def expected(self, number, price):
        for state_group, verdict in (("waiting", CallStatus.WAITING), ("held", CallStatus.HELD)):
            if any(model.state_group == state_group and number in model.prices for model in self.models.values()):
                return verdict
        if number not in self.known:
            return CallStatus.NEW
        return CallStatus.UNCHANGED if self.known[number] == price else CallStatus.CHANGED

    @rule(
        chosen=CALLS,
        again=st.sampled_from(["none", "changed", "all"]),
        behavior=st.sampled_from((*BEHAVIORS, "not yet")),
    )
    def upload(self, chosen, again, behavior):
        """Plan and reserve; then send, unless the process is killed before it."""
        for part in self.reserve(chosen, again):
            if behavior == "not yet":
                self.die()
            else:
                self.post(part, behavior)

    def reserve(self, chosen, again):
        path = write_calls(self.folder / "calls.csv", [call(number, Price=price) for number, price in chosen])
        first = {}
        for number, price in chosen:
            first.setdefault(number, price)
        expected = {number: self.expected(number, price) for number, price in first.items()}
        goes = {
            "none": {CallStatus.NEW},
            "changed": {CallStatus.NEW, CallStatus.CHANGED},
            "all": {CallStatus.NEW, CallStatus.CHANGED, CallStatus.UNCHANGED},
        }
        sent = {number for number, verdict in expected.items() if verdict in goes[again]}

        plan = ledger.plan_upload(self.ledger, path, COUNTER, again)
        assert +Counter(plan.counts) == Counter(expected.values()) + Counter(
            {CallStatus.DOUBLED: len(chosen) - len(first)}
        )
        with ledger.hold_counter(self.ledger, COUNTER):
            parts = ledger.reserve(self.ledger, plan)

        assert sum(part.rows for part in parts) == plan.records_to_send == len(sent)
        for part in parts:
            fresh = {number for number in sent if expected[number] is CallStatus.NEW}
            self.models[part.id] = PartModel({number: first[number] for number in sent}, fresh)
        return parts

    @precondition(lambda self: ledger.waiting_parts(self.ledger))
    @rule(data=st.data(), behavior=st.sampled_from(BEHAVIORS))
    def send(self, data, behavior):
        self.post(data.draw(st.sampled_from(ledger.waiting_parts(self.ledger))), behavior)

    def post(self, part, behavior):
        model = self.models[part.id]
        with ledger.hold_counter(self.ledger, COUNTER):
            attempt = ledger.begin_attempt(self.ledger, part.id)
            assert {number_of(cells): cells["Price"] for cells in read_records(attempt.file)} == model.prices
            model.posts += behavior != "unreachable"
            if behavior in STORING_BEHAVIORS:
                model.stored.append(len(self.store) + 1)
                self.store.append((len(self.store) + 1, attempt.comment, self.clock.at))
            if not behavior.startswith("killed"):
                self.finish(part, model, behavior)
        if behavior.startswith("killed"):
            self.die()
            model.state_group = "held"

    def finish(self, part, model, behavior):
        doubt = any(attempt.state is State.AMBIGUOUS for attempt in part.attempts)
        done = ledger.finish_attempt(
            self.ledger,
            part.id,
            {
                "stored": Acked(len(self.store), part.rows, part.rows),
                "lost": Ambiguous("lost"),
                "vanished": Ambiguous("vanished"),
                "refused": Rejected("refused"),
                "unreachable": NotSent(),
                "busy": Throttled(self.clock.at + 1),
            }[behavior],
        )
        if behavior == "stored":
            self.accept(model)
        elif behavior == "refused":
            model.state_group = "held" if doubt else "freed"
        elif behavior in {"lost", "vanished"}:
            model.state_group = "held"
        else:
            model.allowed += behavior == "busy"
        assert done.waiting == (model.state_group == "waiting")

    def accept(self, model):
        # The calls of a given-up part are known already, and may be in another part since.
        if model.state_group != "given-up":
            self.known |= model.prices
        model.state_group = "accepted"

    @rule()
    def die(self):
        """Leave the ledger as a killed process does, and open it again."""
        self.ledger.close()
        self.ledger = ledger.open_ledger_in(self.folder / "state", self.clock)

    @rule(complete=st.booleans(), lag=st.integers(0, LAG))
    def list_uploadings(self, complete, lag):
        shown = [(number, comment) for number, comment, at in self.store if at + lag <= self.clock.at]
        with ledger.hold_counter(self.ledger, COUNTER):
            changed = ledger.reconcile(
                self.ledger,
                COUNTER,
                [ListedUploading(*line) for line in shown],
                complete=complete,
                at=ListingTime(self.clock.at, self.clock.at),
            )
        for part in changed:
            model = self.models[part.id]
            if model.stored:
                self.accept(model)
            assert part.state == ("acked" if model.stored else "held")
        for model in self.models.values():
            late = model.state_group in {"held", "waiting", "given-up"} and {number for number, _ in shown} & {
                *model.stored
            }
            assert not late

    @rule(seconds=st.sampled_from([1, 60, 450, 900, 5000]))
    def wait(self, seconds):
        self.clock.at += seconds

    @precondition(lambda self: ledger.held_parts(self.ledger))
    @rule(data=st.data(), give_up=st.booleans())
    def decide(self, data, give_up):
        """Decide as a person who has looked into the service: stored parts are not sent again."""
        part = data.draw(st.sampled_from(ledger.held_parts(self.ledger)))
        model = self.models[part.id]
        with ledger.hold_counter(self.ledger, COUNTER):
            if give_up:
                ledger.give_up(self.ledger, part.id)
                model.state_group = "given-up"
                self.known |= {number: model.prices[number] for number in model.fresh}
            elif not model.stored:
                ledger.resend(self.ledger, part.id)
                model.state_group = "waiting"
                model.allowed += 1

    @precondition(lambda self: ledger.waiting_parts(self.ledger))
    @rule(data=st.data())
    def withdraw(self, data):
        part = data.draw(st.sampled_from(ledger.waiting_parts(self.ledger)))
        with ledger.hold_counter(self.ledger, COUNTER):
            done = ledger.release(self.ledger, part.id)
        self.models[part.id].state_group = "held" if part.in_doubt else "freed"
        assert done.held == part.in_doubt

    @rule(status=st.sampled_from(["PREPARED", "PROCESSED", "LINKAGE_FAILURE", "NEW_WORD"]))
    def watch(self, status):
        for part in ledger.list_parts(self.ledger):
            if part.processing:
                ledger.record_status(self.ledger, part.id, status)

    @invariant()
    def every_part_is_in_the_group_of_the_model(self):
        parts = {part.id: part for part in ledger.list_parts(self.ledger)}
        assert set(parts) == set(self.models)
        for number, model in self.models.items():
            part = parts[number]
            group = {
                "waiting": part.waiting,
                "held": part.held,
                "accepted": part.accepted,
                "freed": part.state in {"rejected", "released"},
                "given-up": part.state == "given-up",
            }
            assert [name for name, holds in group.items() if holds] == [model.state_group], (number, part.state)

    @invariant()
    def the_service_has_no_part_twice(self):
        assert all(len(model.stored) <= 1 for model in self.models.values())

    @invariant()
    def no_more_is_posted_than_is_allowed(self):
        assert all(model.posts <= model.allowed for model in self.models.values())

    @invariant()
    def the_ledger_has_no_faults(self):
        assert ledger.find_faults(self.ledger) == []

    @invariant()
    def the_spool_has_the_files_that_are_needed_and_no_other(self):
        needed = {part.mark for part in ledger.list_parts(self.ledger) if part.waiting or part.held}
        assert {path.stem.partition("-")[2] for path in (self.folder / "state" / "spool").iterdir()} == needed


TestUploads = UploadMachine.TestCase
TestUploads.settings = settings(max_examples=max(100, settings().max_examples // 5), stateful_step_count=50)
