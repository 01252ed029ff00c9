"""What makes two records the same call: drawn files, uploaded one after the other, compared with the definition."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calltools import ledger
from calltools.fields.table import FIELD_NAMES
from calltools.ledger import Acked, Ambiguous, CallStatus, NotSent, PlannedCalls, Rejected
from tests.ledger.fakes import COUNTER, Clock, read_records, send_part, upload_file, write_calls
from tests.ledger.test_planning import STORED, SentFiles, count_statuses

CALLERS = ("UserId", "ClientId", "Yclid", "PhoneNumber")
#: Few values, so that drawn calls meet.
CELLS = {
    "UserId": ["", "", "u1"],
    "ClientId": ["", "81", "82", "NULL"],
    "Yclid": ["", "", "71"],
    "DateTime": ["1772434800", "1772434801"],
    "PhoneNumber": ["", "+74950000001", "+74950000002", "-"],
    "Price": ["", "100", "200"],
    "TalkDuration": ["", "5"],
}
PLACEHOLDERS = {"NULL", "-"}


def as_sent(cells):
    return {name: "" if cells.get(name, "") in PLACEHOLDERS else cells.get(name, "") for name in FIELD_NAMES}


def drawn_call(cells):
    """A call without an identifier is static, as the rules demand."""
    found = as_sent(cells)
    return cells | {"StaticCall": "" if any(found[name] for name in CALLERS[:3]) else "1"}


def priced(price, phone=""):
    """A call of one visitor."""
    cells = {"ClientId": "81", "DateTime": "1772434800", "PhoneNumber": phone, "Price": price}
    return drawn_call(dict.fromkeys(CELLS, "") | cells)


CALLS = st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}).map(drawn_call)
FILES = st.lists(CALLS, min_size=1, max_size=6)
OUTCOMES = {"accepted": Acked(1), "refused": Rejected("no"), "waits": NotSent(), "lost": Ambiguous("lost")}


def callers(cells):
    return {name: cells[name] for name in CALLERS if cells[name]}


def others(cells):
    return {name: cell for name, cell in cells.items() if name not in (*CALLERS, "StaticCall")}


def is_same(one, other):
    """The same call: alike in time and caller; where nothing tells the caller, in all cells."""
    if callers(one) or callers(other):
        return (one["DateTime"], callers(one)) == (other["DateTime"], callers(other))
    return one == other


def has_more(one, other):
    """The one is the other, and tells more of the caller."""
    more, less = callers(one), callers(other)
    if one["DateTime"] != other["DateTime"] or more == less or not more.items() > less.items():
        return False
    return bool(less) or others(one) == others(other)


@dataclass
class Model:
    """What was sent, by the definition alone: calls by the state of their part."""

    parts: list[tuple[str, list[dict]]] = field(default_factory=list)

    def status(self, cells, earlier):
        if any(is_same(cells, one) for one in earlier):
            return CallStatus.DOUBLED
        # The last content of the same call counts.
        same = [(state, one) for state, part in self.parts for one in part if is_same(cells, one)]
        accepted = [one for state, one in same if state == "accepted"]
        found = [CallStatus.WAITING for state, _ in same if state == "waits"]
        found += [CallStatus.HELD for state, _ in same if state == "lost"]
        found += [CallStatus.UNCHANGED if accepted[-1] == cells else CallStatus.CHANGED] if accepted else []
        return max(found) if found else self.status_of_related(cells)

    def status_of_related(self, cells):
        found = [CallStatus.NEW]
        for state, part in self.parts:
            for one in part:
                related = (
                    CallStatus.IDENTIFIED
                    if has_more(cells, one)
                    else CallStatus.REDUCED
                    if has_more(one, cells)
                    else None
                )
                if related and state != "refused":
                    found.append({"waits": CallStatus.WAITING, "lost": CallStatus.HELD}.get(state, related))
        return max(found)


SENT = {
    "none": {CallStatus.NEW},
    "changed": {CallStatus.NEW, CallStatus.CHANGED, CallStatus.IDENTIFIED},
    "all": {CallStatus.NEW, CallStatus.UNCHANGED, CallStatus.CHANGED, CallStatus.IDENTIFIED, CallStatus.REDUCED},
}


@given(
    uploads=st.lists(
        st.tuples(FILES, st.sampled_from(sorted(OUTCOMES)), st.sampled_from(["none", "none", "changed", "all"])),
        min_size=1,
        max_size=4,
    )
)
def test_no_call_is_lost_none_is_sent_twice_and_no_other_call_is_taken_for_it(uploads):
    with tempfile.TemporaryDirectory() as name, ledger.open_ledger_in(Path(name) / "state", Clock()) as open_ledger:
        model = Model()
        for calls, outcome, again in uploads:
            path = write_calls(Path(name) / "calls.csv", calls, ("StaticCall", *CELLS))
            cells = [as_sent(call) for call in calls]
            expected = [model.status(one, cells[:place]) for place, one in enumerate(cells)]

            assert [
                CallStatus(one) for one in ledger.plan_upload(open_ledger, path, COUNTER, again).statuses
            ] == expected
            sent = []
            upload_file(open_ledger, path, lambda attempt, sent=sent, outcome=outcome: (
                sent.extend(map(as_sent, read_records(attempt.file))) or OUTCOMES[outcome]
            ), again=again)  # fmt: skip

            going = [one for one, status in zip(cells, expected, strict=True) if status in SENT[again]]
            assert sorted(map(sorted, map(dict.items, sent))) == sorted(map(sorted, map(dict.items, going)))
            model.parts.append((outcome, going)) if outcome != "refused" else None
            assert ledger.find_faults(open_ledger) == []


@given(
    before=FILES,
    files=st.lists(FILES, min_size=2, max_size=4),
    again=st.sampled_from(["none", "changed", "all"]),
)
@example([priced("")], [[priced("100")], [priced("200")], [priced("100")]], "changed")
@example([priced("100")], [[], [priced("200")], []], "changed")
@example([priced("100")], [[priced("100", "+74950000001")], [priced("100")]], "all")
def test_plans_of_several_files_say_what_is_sent_when_they_go_one_after_the_other(before, files, again):
    with tempfile.TemporaryDirectory() as name, ledger.open_ledger_in(Path(name) / "state", Clock()) as open_ledger:
        titles, folder = ("StaticCall", *CELLS), Path(name)
        upload_file(open_ledger, write_calls(folder / "before.csv", before, titles), Acked(1))
        paths = [write_calls(folder / f"{number}.csv", calls, titles) for number, calls in enumerate(files)]
        planned, plans = PlannedCalls(), []
        for path in paths:
            plan = ledger.plan_upload(open_ledger, path, COUNTER, again, planned=planned)
            planned.add(plan.scan, plan.sent)
            plans.append(plan)

        sent = set()
        for number, (path, plan) in enumerate(zip(paths, plans, strict=True), start=2):
            real = ledger.plan_upload(open_ledger, path, COUNTER, again, sent_now=frozenset(sent))
            shown = [CallStatus.UNCHANGED if one == CallStatus.PLANNED else one for one in plan.statuses]

            assert list(map(CallStatus, shown)) == list(map(CallStatus, real.statuses))
            assert (plan.sent == real.sent).all()
            with ledger.hold_counter(open_ledger, COUNTER):
                parts = ledger.reserve(open_ledger, real, goal="", source=path.name)
                numbers = range(number * 100, number * 100 + len(parts))
                sent |= {send_part(open_ledger, *one).id for one in zip(parts, map(Acked, numbers), strict=True)}


STATIC = {"DateTime": "1772434800", "StaticCall": "1", "TalkDuration": "5"}
TITLES = ("UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "PhoneNumber", "TalkDuration", "Tag")
PHONE, CLIENT, CLICK = {"PhoneNumber": "+74950000001"}, {"ClientId": "81"}, {"Yclid": "71"}


def test_static_calls_of_one_second_that_differ_are_different_calls(open_ledger, tmp_path):
    calls = [STATIC | {"TalkDuration": str(n % 40), "DateTime": str(1772434800 + n // 10)} for n in range(300)]
    path = write_calls(tmp_path / "a.csv", calls, TITLES)

    assert count_statuses(open_ledger, path) == {"new": 300, "sent": 300}
    upload_file(open_ledger, path, STORED)
    later = write_calls(tmp_path / "b.csv", [*calls, STATIC | {"TalkDuration": "41"}], TITLES)

    assert count_statuses(open_ledger, later) == {"unchanged": 300, "new": 1, "sent": 1}


def test_static_calls_with_the_very_same_cells_are_sent_once(open_ledger, tmp_path):
    path = write_calls(tmp_path / "a.csv", [STATIC, STATIC | {"Tag": "NULL"}, STATIC | {"Tag": "x"}], TITLES)

    assert count_statuses(open_ledger, path) == {"new": 2, "doubled": 1, "sent": 2}


@pytest.mark.parametrize(
    ("before", "later", "status"),
    [
        (STATIC, STATIC | CLIENT, "identified"),
        (STATIC, STATIC | CLIENT | {"StaticCall": "0"}, "identified"),
        (STATIC, STATIC | PHONE, "identified"),
        (STATIC, STATIC | PHONE | {"TalkDuration": "6"}, "new"),
        (STATIC | PHONE, STATIC | PHONE | CLIENT | {"StaticCall": "0", "Tag": "x"}, "identified"),
        (STATIC | PHONE, STATIC | PHONE | {"ClientId": "NULL"}, "unchanged"),
        (STATIC | CLIENT, STATIC | CLIENT | PHONE, "identified"),
        (STATIC | CLIENT, STATIC | CLIENT | CLICK, "identified"),
        (STATIC | PHONE, STATIC | CLIENT, "new"),
        (STATIC | PHONE | CLIENT, STATIC | PHONE, "reduced"),
        (STATIC | PHONE | CLIENT, STATIC | PHONE | {"ClientId": "(not set)"}, "reduced"),
        (STATIC | PHONE | CLIENT, STATIC | CLIENT, "reduced"),
        (STATIC | PHONE | CLIENT, STATIC, "reduced"),
        (STATIC | PHONE | CLIENT, STATIC | {"TalkDuration": "6"}, "new"),
        (STATIC | PHONE | CLIENT, STATIC | PHONE | CLICK, "new"),
        (STATIC | PHONE | CLIENT, STATIC | PHONE | {"ClientId": "82"}, "new"),
        (STATIC | PHONE, STATIC | PHONE | CLIENT | {"DateTime": "1772434801"}, "new"),
    ],
)
def test_a_call_that_was_identified_since_is_known(open_ledger, tmp_path, before, later, status):
    upload_file(open_ledger, write_calls(tmp_path / "a.csv", [before], TITLES), STORED)
    path = write_calls(tmp_path / "b.csv", [later], TITLES)

    assert count_statuses(open_ledger, path) == {status: 1, "sent": int(status == "new")}
    assert count_statuses(open_ledger, path, counter=7) == {"new": 1, "sent": 1}
    sent = {"identified": 1, "new": 1}.get(status, 0)
    assert count_statuses(open_ledger, path, again="changed")["sent"] == sent
    assert count_statuses(open_ledger, path, again="all")["sent"] == 1


def test_an_identified_call_that_was_sent_is_known_with_and_without_its_identifier(open_ledger, tmp_path):
    static = write_calls(tmp_path / "a.csv", [STATIC | PHONE], TITLES)
    identified = write_calls(tmp_path / "b.csv", [STATIC | PHONE | CLIENT], TITLES)
    upload_file(open_ledger, static, STORED)
    upload_file(open_ledger, identified, Rejected("no"), again="changed")
    assert count_statuses(open_ledger, identified) == {"identified": 1, "sent": 0}

    upload_file(open_ledger, identified, sent := SentFiles(), again="changed")

    assert [record["ClientId"] for record in sent.records] == ["81"]
    assert count_statuses(open_ledger, identified, again="changed") == {"unchanged": 1, "sent": 0}
    assert count_statuses(open_ledger, static, again="changed") == {"unchanged": 1, "sent": 0}
    assert ledger.find_faults(open_ledger) == []


def test_a_refused_call_leaves_nothing_to_be_known_by(open_ledger, tmp_path):
    upload_file(open_ledger, write_calls(tmp_path / "a.csv", [STATIC | PHONE | CLIENT], TITLES), Rejected("no"))

    less = write_calls(tmp_path / "b.csv", [STATIC | PHONE], TITLES)

    assert count_statuses(open_ledger, less) == {"new": 1, "sent": 1}


@pytest.mark.parametrize(("outcome", "status"), [(Ambiguous("lost"), "held"), (NotSent(), "waiting")])
@pytest.mark.parametrize(("before", "later"), [(PHONE, PHONE | CLIENT), (PHONE | CLIENT, PHONE)])
def test_a_call_that_is_on_its_way_is_not_sent_with_other_identifiers(
    open_ledger, tmp_path, before, later, outcome, status
):
    [part] = upload_file(open_ledger, write_calls(tmp_path / "a.csv", [STATIC | before], TITLES), outcome)
    path = write_calls(tmp_path / "b.csv", [STATIC | later], TITLES)

    assert count_statuses(open_ledger, path, again="all") == {status: 1, "sent": 0}
    plan = ledger.plan_upload(open_ledger, path, COUNTER)
    # A file that has the call with less does not replace the part.
    covered = int("ClientId" in later)
    assert (plan.open_parts, plan.mended_parts) == ({part.id: covered}, {part.id: covered})


def test_two_identified_calls_do_not_stand_for_two_calls_of_a_part(open_ledger, tmp_path):
    other = STATIC | {"PhoneNumber": "+74950000002"}
    [part] = upload_file(open_ledger, write_calls(tmp_path / "a.csv", [STATIC | PHONE, other], TITLES), NotSent())
    twins = [STATIC | PHONE | CLIENT, STATIC | PHONE | {"ClientId": "82"}]

    plan = ledger.plan_upload(open_ledger, write_calls(tmp_path / "b.csv", twins, TITLES), COUNTER)

    assert plan.counts[CallStatus.WAITING] == 2
    assert dict(plan.open_parts) == {part.id: 1}


def test_a_call_whose_placeholders_were_sent_before_is_told_from_others_of_its_second(
    open_ledger, tmp_path, monkeypatch
):
    """An earlier version sent NULL as it stood, and knew a call by it."""
    named = {"ClientId": "NULL"}
    path = write_calls(tmp_path / "a.csv", [STATIC | named], TITLES)
    with monkeypatch.context() as earlier:
        earlier.setattr("calltools.ledger.calls.without_placeholders", lambda cells: cells)
        upload_file(open_ledger, path, STORED)
    both = write_calls(tmp_path / "b.csv", [STATIC | named, STATIC | named | {"TalkDuration": "9"}], TITLES)

    assert count_statuses(open_ledger, both) == {"changed": 1, "new": 1, "sent": 1}


def test_two_parts_of_one_file_keep_their_calls_apart(open_ledger, tmp_path):
    """One waiting part is sent later: each call is still known by its own part."""
    path = write_calls(tmp_path / "a.csv", [STATIC | CLIENT, STATIC | CLICK], TITLES)
    first, second = upload_file(open_ledger, path, NotSent())
    with ledger.hold_counter(open_ledger, COUNTER):
        send_part(open_ledger, second, STORED)

    plan = ledger.plan_upload(open_ledger, path, COUNTER)

    assert Counter(plan.statuses.tolist()) == {CallStatus.WAITING: 1, CallStatus.UNCHANGED: 1}
    assert dict(plan.open_parts) == {first.id: 1}
