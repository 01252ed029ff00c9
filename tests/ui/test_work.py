"""Work in a process of its own: how far it is, its faults, its end when nobody wants it, and when its process dies."""

import asyncio
import os
import signal
import time

import pytest
from starlette.requests import Request

from calltools.errors import SourceError, traceback_places
from calltools.runtime.fork_server import ForkServer
from calltools.ui.steps import wait_for
from calltools.ui.work import Progress, Work, run_apart
from tests.ui.pages import visited

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


def test_what_another_tab_has_stopped_says_so_and_leaves_the_other_work_alone():
    kept = []
    with visited() as (_, page):
        visit = page.visit
        stopped = visit.start("one", lambda progress: progress.nap(3600), kept.append)
        other = visit.start("two", lambda progress: progress.nap(3600), kept.append)
        stopped.wait()
        scope = {"type": "http", "method": "GET", "path": f"{visit.door.base}/send", "query_string": b"", "headers": []}
        answer = asyncio.run(wait_for(visit, Request(scope), stopped))
        current = visit.current_work
        visit.stop_work()
        other.wait()

    assert answer.status_code == 409
    assert "began something else" in answer.body.decode()
    assert f'{visit.door.base}/send"' in answer.body.decode()
    assert current is other
    assert kept == []


def test_what_has_ended_well_begins_anew_and_what_has_failed_is_told_once_more():
    with visited() as (_, page):
        visit, kept = page.visit, []
        first = visit.start("one", lambda _: 1, kept.append)
        first.wait()
        second = visit.start("one", lambda _: 2, kept.append)
        second.wait()
        failed = visit.start("two", fail, kept.append)
        failed.wait()
        again = visit.start("two", fail, kept.append)

    assert kept == [1, 2]
    assert again is failed
    assert failed.error is not None
