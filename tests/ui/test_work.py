"""Work in a process of its own: how far it is, its faults, its end when nobody wants it, and when its process dies."""

import os
import signal
import time

import pytest

from calltools.errors import SourceError, traceback_places
from calltools.runtime.fork_server import ForkServer
from calltools.ui.work import Progress, Work, run_apart

pytestmark = pytest.mark.skipif(not ForkServer.supported, reason="files are read by forks on Linux")


@pytest.fixture
def forks():
    with ForkServer(lambda: None) as started:
        yield started


def read(progress, name):
    with progress.reading(name, 1000) as on_read:
        on_read(10, 500)
    return os.getpid()


def fail(_progress):
    raise ZeroDivisionError


def die(_progress):
    os.kill(os.getpid(), signal.SIGKILL)


def read_for_ever(progress, name):
    with progress.reading(name, 1000):
        time.sleep(3600)


def test_how_far_it_is_and_the_result_come_from_another_process(forks):
    progress = Progress()
    pid = run_apart(forks, progress, read, "calls.csv")

    assert pid != os.getpid()
    assert (progress.file, progress.size, progress.records, progress.read) == ("calls.csv", 1000, 10, 500)


def test_without_such_processes_it_is_done_here():
    assert run_apart(None, Progress(), read, "calls.csv") == os.getpid()


def test_a_fault_keeps_its_places(forks):
    with pytest.raises(ZeroDivisionError) as raised:
        run_apart(forks, Progress(), fail)

    assert "test_work.py" in traceback_places(raised.value)


def test_a_process_that_dies_is_the_failure_of_its_file(forks):
    with pytest.raises(SourceError) as raised:
        run_apart(forks, Progress(file="calls.csv"), die)

    assert raised.value.key == "reader-ended"
    assert raised.value.facts["path"] == "calls.csv"


def test_without_the_server_it_is_said_and_nothing_waits(forks):
    forks.__exit__(None, None, None)

    with pytest.raises((SourceError, OSError)):
        run_apart(forks, Progress(file="calls.csv"), read, "calls.csv")


def test_what_is_stopped_ends_in_the_middle_of_a_call_and_gives_nothing(forks):
    kept = []
    work = Work(lambda progress: run_apart(forks, progress, read_for_ever, "calls.csv"), kept.append)
    while work.progress.size == 0:
        time.sleep(0.01)
    work.cancel()
    work.wait()

    assert work.is_done
    assert work.error is None
    assert kept == []
