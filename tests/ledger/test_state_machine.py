"""Any order of uploads, outcomes, crashes, listings and decisions: a model of ten lines knows what must come of it."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calltools import ledger
from calltools.ledger import Acked, Ambiguous, CallStatus, ListedUploading, NotSent, Rejected, State, Throttled
from tests.ledger.fakes import COUNTER, Clock, call, read_records, write_calls

pytestmark = pytest.mark.slow

#: How long the list may lag behind the store: less than the settle time.
LAG = 600
BEHAVIORS = ("stored", "lost", "vanished", "refused", "unreachable", "busy", "killed before", "killed after")
STORING_BEHAVIORS = {"stored", "lost", "killed after"}
CALLS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["100", "200"])), min_size=1, max_size=4)


@dataclass
class PartModel:
    """What must be known of one batch, told by the test and not by the ledger."""

    prices: dict[int, str]
    fresh: set[int]
    stands: str = "waiting"
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
        self.book = ledger.open_ledger_in(self.folder / "state", self.clock)
        self.models: dict[int, PartModel] = {}
        self.known: dict[int, str] = {}
        self.store: list[tuple[int, str, float]] = []

    def teardown(self):
        self.book.close()
        self.base.cleanup()

    def expected(self, number, price):
        for stands, verdict in (("waiting", CallStatus.WAITING), ("held", CallStatus.HELD)):
            if any(model.stands == stands and number in model.prices for model in self.models.values()):
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
        """Plan and reserve; then send, unless the process is killed in between."""
        for batch in self.reserve(chosen, again):
            if behavior == "not yet":
                self.die()
            else:
                self.post(batch, behavior)

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

        plan = ledger.plan_upload(self.book, path, COUNTER, again)
        assert +Counter(plan.counts) == Counter(expected.values()) + Counter(
            {CallStatus.DOUBLED: len(chosen) - len(first)}
        )
        with ledger.hold_counter(self.book, COUNTER):
            batches = ledger.reserve(self.book, plan)

        assert sum(batch.rows for batch in batches) == plan.records_to_send == len(sent)
        for batch in batches:
            fresh = {number for number in sent if expected[number] is CallStatus.NEW}
            self.models[batch.id] = PartModel({number: first[number] for number in sent}, fresh)
        return batches

    @precondition(lambda self: ledger.waiting_parts(self.book))
    @rule(data=st.data(), behavior=st.sampled_from(BEHAVIORS))
    def send(self, data, behavior):
        self.post(data.draw(st.sampled_from(ledger.waiting_parts(self.book))), behavior)

    def post(self, batch, behavior):
        model = self.models[batch.id]
        with ledger.hold_counter(self.book, COUNTER):
            sending = ledger.begin_attempt(self.book, batch.id)
            assert {number_of(cells): cells["Price"] for cells in read_records(sending.file)} == model.prices
            model.posts += behavior != "unreachable"
            if behavior in STORING_BEHAVIORS:
                model.stored.append(len(self.store) + 1)
                self.store.append((len(self.store) + 1, sending.comment, self.clock.at))
            if not behavior.startswith("killed"):
                self.finish(batch, model, behavior)
        if behavior.startswith("killed"):
            self.die()
            model.stands = "held"

    def finish(self, batch, model, behavior):
        doubt = any(attempt.state is State.AMBIGUOUS for attempt in batch.attempts)
        done = ledger.finish_attempt(
            self.book,
            batch.id,
            {
                "stored": Acked(len(self.store), batch.rows, batch.rows),
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
            model.stands = "held" if doubt else "freed"
        elif behavior in {"lost", "vanished"}:
            model.stands = "held"
        else:
            model.allowed += behavior == "busy"
        assert done.waiting == (model.stands == "waiting")

    def accept(self, model):
        # What was given up is known already, and may have been sent anew since.
        if model.stands != "given-up":
            self.known |= model.prices
        model.stands = "accepted"

    @rule()
    def die(self):
        """As a killed process leaves it: nothing is finished, and the next one opens the ledger anew."""
        self.book.close()
        self.book = ledger.open_ledger_in(self.folder / "state", self.clock)

    @rule(complete=st.booleans(), lag=st.integers(0, LAG))
    def list_uploadings(self, complete, lag):
        shown = [(number, comment) for number, comment, at in self.store if at + lag <= self.clock.at]
        with ledger.hold_counter(self.book, COUNTER):
            changed = ledger.reconcile(
                self.book, COUNTER, [ListedUploading(*line) for line in shown], complete=complete
            )
        for batch in changed:
            model = self.models[batch.id]
            if model.stored:
                self.accept(model)
            assert batch.state == ("acked" if model.stored else "held")
        for model in self.models.values():
            late = model.stands in {"held", "waiting", "given-up"} and {number for number, _ in shown} & {*model.stored}
            assert not late

    @rule(seconds=st.sampled_from([1, 60, 450, 900, 5000]))
    def wait(self, seconds):
        self.clock.at += seconds

    @precondition(lambda self: ledger.held_parts(self.book))
    @rule(data=st.data(), give_up=st.booleans())
    def decide(self, data, give_up):
        """A person looks into the service itself before sending anything again."""
        batch = data.draw(st.sampled_from(ledger.held_parts(self.book)))
        model = self.models[batch.id]
        with ledger.hold_counter(self.book, COUNTER):
            if give_up:
                ledger.give_up(self.book, batch.id)
                model.stands = "given-up"
                self.known |= {number: model.prices[number] for number in model.fresh}
            elif not model.stored:
                ledger.resend(self.book, batch.id)
                model.stands = "waiting"
                model.allowed += 1

    @precondition(lambda self: ledger.waiting_parts(self.book))
    @rule(data=st.data())
    def withdraw(self, data):
        batch = data.draw(st.sampled_from(ledger.waiting_parts(self.book)))
        with ledger.hold_counter(self.book, COUNTER):
            done = ledger.release(self.book, batch.id)
        self.models[batch.id].stands = "held" if batch.in_doubt else "freed"
        assert done.held == batch.in_doubt

    @rule(status=st.sampled_from(["PREPARED", "PROCESSED", "LINKAGE_FAILURE", "NEW_WORD"]))
    def watch(self, status):
        for batch in ledger.processing_parts(self.book):
            ledger.record_status(self.book, batch.id, status)

    @invariant()
    def every_batch_stands_where_the_model_says(self):
        batches = {batch.id: batch for batch in ledger.list_parts(self.book)}
        assert set(batches) == set(self.models)
        for number, model in self.models.items():
            batch = batches[number]
            group = {
                "waiting": batch.waiting,
                "held": batch.held,
                "accepted": batch.accepted,
                "freed": batch.state in {"rejected", "released"},
                "given-up": batch.state == "given-up",
            }
            assert [name for name, holds in group.items() if holds] == [model.stands], (number, batch.state)

    @invariant()
    def the_service_has_no_batch_twice(self):
        assert all(len(model.stored) <= 1 for model in self.models.values())

    @invariant()
    def no_more_is_posted_than_is_allowed(self):
        assert all(model.posts <= model.allowed for model in self.models.values())

    @invariant()
    def what_is_written_adds_up(self):
        assert ledger.find_faults(self.book) == []

    @invariant()
    def the_spool_holds_what_is_needed_and_nothing_else(self):
        needed = {batch.mark for batch in ledger.list_parts(self.book) if batch.waiting or batch.held}
        assert {path.stem.partition("-")[2] for path in (self.folder / "state" / "spool").iterdir()} == needed


TestUploads = UploadMachine.TestCase
TestUploads.settings = settings(max_examples=max(100, settings().max_examples // 5), stateful_step_count=50)
