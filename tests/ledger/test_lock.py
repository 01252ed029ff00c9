"""One upload per counter."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calltools import ledger
from calltools.errors import LedgerError
from calltools.ledger import NotSent, State
from calltools.ledger.lock import LockHolder, current_process, is_alive, lock_holder
from tests.ledger.fakes import COUNTER, Clock, FakeService, upload_file, write_numbered_calls

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, time
from pathlib import Path
from calltools import ledger
with ledger.open_book(Path(sys.argv[1]), time.time) as book, ledger.hold(book, int(sys.argv[2])):
    if len(sys.argv) > 3:
        [batch] = ledger.reserve(book, ledger.plan(book, Path(sys.argv[3]), int(sys.argv[2])))
        ledger.begin(book, batch.id)
    print("held", flush=True)
    sys.stdin.read()
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals and flock")]


@pytest.fixture
def other(folder):
    """Starts a process that holds a counter until it is told to end."""
    started = []

    def start(counter, *more):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, folder, str(counter), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_second_upload_of_a_counter_is_told_who_has_it(book, other):
    process = other(COUNTER)

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(book, COUNTER):
        pass

    assert (refused.value.key, refused.value.exit_code) == ("ledger-locked", 4)
    assert f"Process {process.pid} " in refused.value.say("en")
    assert str(process.pid) in refused.value.say("ru")


def test_a_holder_that_has_not_said_its_name_yet_holds_all_the_same(book, other):
    other(COUNTER)
    book.connection.execute("DELETE FROM lease")

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(book, COUNTER):
        pass

    assert refused.value.key == "ledger-locked-somehow"


def test_another_counter_is_free(book, other):
    other(COUNTER)

    with ledger.hold_counter(book, 7):
        pass


def test_the_lock_ends_with_its_process(book, other):
    process = other(COUNTER)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert lock_holder(book, COUNTER).pid == process.pid

    with ledger.hold_counter(book, COUNTER):
        assert lock_holder(book, COUNTER) == current_process()

    assert lock_holder(book, COUNTER) is None


def test_a_living_process_that_is_sending_is_left_alone(book, folder, clock, other, tmp_path):
    process = other(COUNTER, write_numbered_calls(tmp_path / "a.csv", 3))

    with ledger.open_ledger_in(folder, clock) as second:
        [batch] = ledger.list_parts(second)
        assert batch.state is State.SENDING
        assert len(list((folder / "spool").iterdir())) == 1
    process.kill()
    process.wait()

    with ledger.open_ledger_in(folder, clock) as second:
        [batch] = ledger.list_parts(second)
        assert (batch.state, batch.reason, batch.attempts[0].reason) == ("ambiguous", "interrupted", "interrupted")


def test_a_process_cannot_take_a_counter_twice(folder, book, clock):
    with (
        ledger.hold_counter(book, COUNTER),
        ledger.open_ledger_in(folder, clock) as second,
        pytest.raises(LedgerError, match=str(os.getpid())),
        ledger.hold_counter(second, COUNTER),
    ):
        pass


def put_lease(book, holder):
    book.connection.execute(
        "INSERT INTO lease VALUES (?, ?, ?, ?, 0)", (COUNTER, holder.pid, holder.boot, holder.started)
    )


def parent():
    text = Path(f"/proc/{os.getppid()}/stat").read_text() if sys.platform == "linux" else ""
    return LockHolder(os.getppid(), current_process().boot, text.rpartition(")")[2].split()[19] if text else "")


def test_the_lease_of_a_living_process_is_respected_even_without_its_lock(book):
    put_lease(book, parent())

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(book, COUNTER):
        pass

    assert refused.value.facts["pid"] == os.getppid()
    assert lock_holder(book, COUNTER) == parent()


@pytest.mark.skipif(sys.platform != "linux", reason="boot id and start times")
@pytest.mark.parametrize(
    "change",
    [{"boot": "another-run-of-the-machine"}, {"started": "1"}, {"pid": 2**22 + 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_stale_lease_is_broken(book, change):
    fields = {name: getattr(parent(), name) for name in ("pid", "boot", "started")}
    stale = LockHolder(**fields | change)
    put_lease(book, stale)
    assert not is_alive(stale)

    with ledger.hold_counter(book, COUNTER):
        assert lock_holder(book, COUNTER) == current_process()


RACER = """
import sys, time
from pathlib import Path
from calltools.errors import LedgerError
from calltools import ledger
from tests.ledger.fakes import COUNTER, Oracle, send
state, folder = Path(sys.argv[1]), Path(sys.argv[2])
oracle = Oracle(folder, state)
while True:
    try:
        with ledger.open_book(state, time.time) as book, ledger.hold(book, COUNTER):
            for batch in ledger.reserve(book, ledger.plan(book, folder / "calls.csv", COUNTER)):
                send(book, batch, lambda sending: oracle.post(sending, "stored"))
        break
    except LedgerError as fault:
        assert fault.key.startswith("ledger-locked"), fault.key
        print("refused", flush=True)
        time.sleep(0.01)
"""


def test_many_at_once_send_each_call_once(folder, tmp_path):
    write_numbered_calls(tmp_path / "calls.csv", 500)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, folder, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ended = [(racer.communicate()[1].decode(), racer.returncode) for racer in racers]

    oracle = FakeService(tmp_path, folder)
    assert ended == [("", 0)] * 4
    assert len(oracle.posted()) == 1
    assert len({tuple(cells) for cells in oracle.calls()}) == len(oracle.calls()) == 500
    with ledger.open_ledger_in(folder, Clock()) as book:
        assert ledger.find_faults(book) == []


def test_a_lease_is_given_back_when_the_upload_fails(book, tmp_path):
    with pytest.raises(ZeroDivisionError):
        upload_file(book, write_numbered_calls(tmp_path / "a.csv", 1), lambda _sending: 1 / 0)

    assert lock_holder(book, COUNTER) is None
    with ledger.hold_counter(book, COUNTER):
        assert [batch.state for batch in ledger.held_parts(book)] == ["ambiguous"]


def test_strangers_in_the_spool_are_removed_and_the_rest_stays(book, folder, tmp_path):
    [kept] = upload_file(book, write_numbered_calls(tmp_path / "a.csv", 1), NotSent())
    for name in (f"{COUNTER}-{'a' * 26}.csv", f"{COUNTER}-{'b' * 26}.csv.part", f"7-{'c' * 26}.csv"):
        (folder / "spool" / name).write_text("x")

    with ledger.hold_counter(book, COUNTER):
        pass

    assert sorted(path.name for path in (folder / "spool").iterdir()) == [
        f"{COUNTER}-{kept.mark}.csv",
        f"7-{'c' * 26}.csv",
    ]
