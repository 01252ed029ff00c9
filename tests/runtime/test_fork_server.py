"""A fork for each task: it gives its result or its fault, is ended at once, has its limit, and leaves the server well."""

import os
import threading
import time
from pathlib import Path

import pytest

from calltools.runtime.fork_server import ForkServer

pytestmark = pytest.mark.skipif(not ForkServer.supported, reason="only on Linux")

MIB = 1 << 20


@pytest.fixture
def server():
    with ForkServer(lambda: None, 4096 * MIB) as started:
        yield started


def add(send, first, second):
    send(f"adding {first}")
    send(f"and {second}")
    return first + second


def fail(_send):
    raise KeyError("x")


def give_what_cannot_be_sent(_send):
    return lambda: None


def take_memory(_send, size):
    return len(bytearray(size))


def never_end(send):
    send(os.getpid())
    time.sleep(3600)


def tell_pid(_send):
    return os.getpid(), os.getppid()


def test_a_task_sends_and_gives_its_result(server):
    heard = []
    with server.start(add, 2, 3) as task:
        result = task.result(heard.append)

    assert result == 5
    assert heard == ["adding 2", "and 3"]


def test_a_fault_is_raised_here_and_the_next_task_runs(server):
    with pytest.raises(KeyError), server.start(fail) as task:
        task.result(print)
    with server.start(add, 1, 1) as task:
        assert task.result(lambda _: None) == 2


def test_each_task_is_a_process_of_its_own_and_none_of_this_one(server):
    with server.start(tell_pid) as one, server.start(tell_pid) as other:
        pids = [one.result(print), other.result(print)]

    assert len({pid for pid, _ in pids} | {os.getpid()}) == 3
    assert len({parent for _, parent in pids}) == 1
    assert pids[0][1] != os.getpid()


def test_more_memory_than_the_limit_ends_the_task_alone(server):
    with pytest.raises(MemoryError), server.start(take_memory, 8192 * MIB) as task:
        task.result(print)
    with server.start(take_memory, MIB) as task:
        assert task.result(print) == MIB


def test_a_result_that_cannot_be_sent_is_an_end_and_no_wait(server):
    with pytest.raises(EOFError), server.start(give_what_cannot_be_sent) as task:
        task.result(print)


def test_a_task_that_never_ends_is_ended_from_another_thread(server):
    pids = []
    begun = threading.Event()

    def take(pid):
        pids.append(pid)
        begun.set()

    with server.start(never_end) as task:
        threading.Thread(target=lambda: (begun.wait(60), task.kill())).start()
        with pytest.raises(EOFError):
            task.result(take)

    assert is_gone(pids[0])


def test_a_task_that_is_not_wanted_before_it_has_begun_is_ended(server):
    with server.start(never_end) as task:
        task.kill()
        with pytest.raises(EOFError):
            task.result(lambda _: None)


def test_the_end_of_the_server_is_the_end_of_its_tasks():
    with ForkServer(lambda: None) as server, server.start(never_end) as task:

        def end_server(pid):
            pids.append(pid)
            server.__exit__(None, None, None)

        pids = []
        with pytest.raises(EOFError):
            task.result(end_server)
        with pytest.raises(OSError, match=r"."):
            server.start(add, 1, 1)

    assert is_gone(pids[0])


def is_gone(pid):
    """Whether a process ends; who waits for it is its own parent."""
    for _ in range(6000):
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False
