"""One upload per counter: lock, lease, and processes that end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calltools import ledger
from calltools.errors import LedgerError
from calltools.ledger import NotSent, State
from calltools.ledger.lock import LockHolder, _posix_start_time, current_process, is_alive, lock_holder, opening_lock
from tests.ledger.fakes import COUNTER, Clock, FakeService, upload_file, write_numbered_calls

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from calltools import ledger
with ledger.open_ledger_in(Path(sys.argv[1]), time.time) as open_ledger, ledger.hold_counter(open_ledger, int(sys.argv[2])):
    if len(sys.argv) > 3:
        [part] = ledger.reserve(open_ledger, ledger.plan_upload(open_ledger, Path(sys.argv[3]), int(sys.argv[2])))
        ledger.begin_attempt(open_ledger, part.id)
    print("held", flush=True)
    sys.stdin.read()
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals and flock")]


@pytest.fixture
def other(folder):
    """Start processes that hold a counter until the test ends."""
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


def test_the_second_upload_of_a_counter_is_refused_with_the_process_of_the_first(open_ledger, other):
    process = other(COUNTER)

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(open_ledger, COUNTER):
        pass

    assert (refused.value.key, refused.value.exit_code) == ("ledger-locked", 4)
    assert f"Process {process.pid} " in refused.value.say("en")
    assert str(process.pid) in refused.value.say("ru")


def test_a_lock_without_a_lease_is_respected(open_ledger, other):
    other(COUNTER)
    open_ledger.connection.execute("DELETE FROM lease")

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(open_ledger, COUNTER):
        pass

    assert refused.value.key == "ledger-locked-somehow"


def test_another_counter_is_free(open_ledger, other):
    other(COUNTER)

    with ledger.hold_counter(open_ledger, 7):
        pass


def test_the_lock_ends_with_its_process(open_ledger, other):
    process = other(COUNTER)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert lock_holder(open_ledger, COUNTER).pid == process.pid

    with ledger.hold_counter(open_ledger, COUNTER):
        assert lock_holder(open_ledger, COUNTER) == current_process()

    assert lock_holder(open_ledger, COUNTER) is None


def test_the_part_of_a_living_process_is_left_alone(open_ledger, folder, clock, other, tmp_path):
    process = other(COUNTER, write_numbered_calls(tmp_path / "a.csv", 3))

    with ledger.open_ledger_in(folder, clock) as second:
        [part] = ledger.list_parts(second)
        assert part.state is State.SENDING
        assert len(list((folder / "spool").iterdir())) == 1
    process.kill()
    process.wait()

    with ledger.open_ledger_in(folder, clock) as second:
        [part] = ledger.list_parts(second)
        assert (part.state, part.reason, part.attempts[0].reason) == ("ambiguous", "interrupted", "interrupted")


def test_a_process_cannot_take_a_counter_twice(folder, open_ledger, clock):
    with (
        ledger.hold_counter(open_ledger, COUNTER),
        ledger.open_ledger_in(folder, clock) as second,
        pytest.raises(LedgerError, match=str(os.getpid())),
        ledger.hold_counter(second, COUNTER),
    ):
        pass


def put_lease(open_ledger, holder):
    open_ledger.connection.execute(
        "INSERT INTO lease VALUES (?, ?, ?, ?, 0)", (COUNTER, holder.pid, holder.boot, holder.started)
    )


def parent():
    text = Path(f"/proc/{os.getppid()}/stat").read_text() if sys.platform == "linux" else ""
    return LockHolder(os.getppid(), current_process().boot, text.rpartition(")")[2].split()[19] if text else "")


def test_the_lease_of_a_living_process_is_respected_even_without_its_lock(open_ledger):
    put_lease(open_ledger, parent())

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(open_ledger, COUNTER):
        pass

    assert refused.value.facts["pid"] == os.getppid()
    assert lock_holder(open_ledger, COUNTER) == parent()


@pytest.mark.skipif(sys.platform != "linux", reason="boot id and start times")
@pytest.mark.parametrize(
    "change",
    [{"boot": "another-run-of-the-machine"}, {"started": "1"}, {"pid": 2**22 + 1}],
    ids=lambda change: next(iter(change)),
)
def test_the_lease_of_a_dead_process_is_replaced(open_ledger, change):
    fields = {name: getattr(parent(), name) for name in ("pid", "boot", "started")}
    stale = LockHolder(**fields | change)
    put_lease(open_ledger, stale)
    assert not is_alive(stale)

    with ledger.hold_counter(open_ledger, COUNTER):
        assert lock_holder(open_ledger, COUNTER) == current_process()


def test_the_number_of_a_dead_process_may_belong_to_another_user_now():
    """Nobody may signal such a process, which says nothing of the one that held the lock."""
    stale, later = LockHolder(1, current_process().boot, "1"), LockHolder(1, current_process().boot, "")
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setuid(65534)
        with pytest.raises(PermissionError):
            os.kill(1, 0)
        os._exit(2 * is_alive(stale) + is_alive(later))

    # Without a start time the process may be the holder.
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (1 if sys.platform == "linux" else 3)


@pytest.mark.skipif(sys.platform != "linux", reason="states of processes")
def test_a_process_that_has_ended_holds_nothing_though_nobody_waits_for_it(open_ledger, other):
    """In a container the first process often waits for nobody: the number stays taken for ever."""
    process = other(COUNTER)
    holder = lock_holder(open_ledger, COUNTER)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert (holder.pid, is_alive(holder)) == (process.pid, False)
    with ledger.hold_counter(open_ledger, COUNTER):
        assert lock_holder(open_ledger, COUNTER) == current_process()


def test_ps_tells_the_start_of_a_process_where_there_is_no_proc():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        first = _posix_start_time(process.pid)
        process.stdin.close()

    assert first.split()[0] in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
    assert _posix_start_time(process.pid) == ""


OPENER = """
import sys
from pathlib import Path
from calltools.ledger.lock import opening_lock
with opening_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def opener(folder, open_ledger):
    """A process that hangs while it opens the ledger."""
    open_ledger.close()
    command = [sys.executable, "-c", OPENER, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_who_opens_the_ledger_for_too_long_is_named(opener, folder):
    """By a command, too: with its limit of ten seconds."""
    environment = {**os.environ, "CALLTOOLS_STATE_DIR": str(folder), "CALLTOOLS_LANG": "en"}
    done = subprocess.run(
        [sys.executable, "-m", "calltools", "uploads", "list"],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (4, "")
    assert f"Process {opener.pid} has been opening the ledger" in done.stderr


def test_whoever_waits_to_open_the_ledger_opens_it_when_the_other_has(opener, folder, clock):
    opener.stdin.close()

    with ledger.open_ledger_in(folder, clock) as opened:
        assert ledger.find_faults(opened) == []


def test_a_dead_process_that_opened_the_ledger_is_not_named(opener, folder):
    left_file = folder / "locks" / "opening.lock"
    left_behind = left_file.read_bytes()
    opener.kill()
    opener.wait()
    named, unnamed = [], []

    with opening_lock(folder):
        with pytest.raises(LedgerError) as refused, opening_lock(folder, wait_s=0.1):
            pass
        named.append(refused.value)
        # As in the moment before the new holder has written its name.
        left_file.write_bytes(left_behind)
        with pytest.raises(LedgerError) as refused, opening_lock(folder, wait_s=0.1):
            pass
        unnamed.append(refused.value)

    assert [(fault.key, fault.facts["pid"], fault.exit_code) for fault in named] == [("ledger-opening", os.getpid(), 4)]
    assert [(fault.key, fault.exit_code) for fault in unnamed] == [("ledger-busy", 4)]
    assert left_file.read_bytes() == b""


RACER = """
import sys, time
from pathlib import Path
from calltools.errors import LedgerError
from calltools import ledger
from tests.ledger.fakes import COUNTER, FakeService, send_part
state, folder = Path(sys.argv[1]), Path(sys.argv[2])
service = FakeService(folder, state)
while True:
    try:
        with ledger.open_ledger_in(state, time.time) as open_ledger, ledger.hold_counter(open_ledger, COUNTER):
            for part in ledger.reserve(open_ledger, ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER)):
                send_part(open_ledger, part, lambda attempt: service.post(attempt, "stored"))
        break
    except LedgerError as fault:
        assert fault.key.startswith("ledger-locked"), fault.key
        print("refused", flush=True)
        time.sleep(0.01)
"""


def test_four_uploads_at_once_send_each_call_once(folder, tmp_path):
    write_numbered_calls(tmp_path / "calls.csv", 500)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, folder, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ended = [(racer.communicate()[1].decode(), racer.returncode) for racer in racers]

    service = FakeService(tmp_path, folder)
    assert ended == [("", 0)] * 4
    assert len(service.posted()) == 1
    assert len({tuple(cells) for cells in service.calls()}) == len(service.calls()) == 500
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        assert ledger.find_faults(open_ledger) == []


def test_the_lease_ends_when_the_upload_fails(open_ledger, tmp_path):
    with pytest.raises(ZeroDivisionError):
        upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), lambda _attempt: 1 / 0)

    assert lock_holder(open_ledger, COUNTER) is None
    with ledger.hold_counter(open_ledger, COUNTER):
        assert [part.state for part in ledger.held_parts(open_ledger)] == ["ambiguous"]


def test_orphaned_files_in_the_spool_are_removed(open_ledger, folder, tmp_path):
    [waiting] = upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), NotSent())
    for name in (f"{COUNTER}-{'a' * 26}.csv", f"{COUNTER}-{'b' * 26}.csv.part", f"7-{'c' * 26}.csv"):
        (folder / "spool" / name).write_text("x")

    with ledger.hold_counter(open_ledger, COUNTER):
        pass

    assert sorted(path.name for path in (folder / "spool").iterdir()) == [
        f"{COUNTER}-{waiting.mark}.csv",
        f"7-{'c' * 26}.csv",
    ]


@pytest.mark.parametrize("pid", [-1, 0, 1 << 40, 10**30, "x"])
def test_a_number_that_no_process_can_have_holds_nothing(pid):
    """A bit of the lease, or of the file of the lock, has rotted."""
    assert not is_alive(LockHolder(pid, "", ""))
