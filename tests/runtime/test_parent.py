"""Children end with their parent: also when that is killed, and when they are in the middle of a loop."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calltools.runtime.parent import end_with_parent
from calltools.runtime.process import ForkedWorker
from tests.processes import start_process, wait_for
from tests.workers.test_second_process import state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a child with its parent")

ROOT = Path(__file__).parents[2]
#: A fork that says who it is, and then is busy for ever: in Python, and in C, where no other thread runs.
FORKED = """
import os, re
from calltools.runtime.process import ForkedWorker

def busy(was_notified, send):
    send(os.getpid())
    {loop}

worker = ForkedWorker(busy)
print(worker.receive(), flush=True)
worker.receive()
"""
#: The process of a workbook that waits in the library for a file that never comes: a pipe without a writer.
WORKBOOK = """
import sys
from calltools.files.limits import Limits
from calltools.files.workbook.reader import WorkbookProcess

with WorkbookProcess("x", Limits()) as child:
    child.send_request({{"path": sys.argv[1], "name": "x", "sheet": None, "head_rows": 1, "filled_cells": 1}})
    print(child._process.pid, flush=True)
    child.read_response()
"""


@pytest.mark.parametrize(
    ("script", "loop"),
    [
        (FORKED, "while True: pass"),
        (FORKED, "re.match('(a|a)*b', 'a' * 99)"),
        (WORKBOOK, ""),
    ],
)
def test_a_child_ends_with_a_parent_that_is_killed(script, loop, tmp_path):
    pipe = tmp_path / "calls.xlsx"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", script.format(loop=loop), str(pipe)]

    with start_process(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        child = int(parent.stdout.readline())
        assert state(child) not in "ZX"
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    wait_for(lambda: state(child) in "ZX")


@pytest.mark.parametrize(
    "calls", ["end_with_parent(1)", "WatchedRequests(os.open('/dev/null', os.O_RDONLY)).readline()"]
)
def test_a_child_that_finds_its_parent_gone_ends(calls):
    """The parent may end before the child asks the system to watch it."""
    script = f"import os; from calltools.runtime.parent import *; {calls}; print('still here')"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, cwd=ROOT, timeout=60)

    assert (done.returncode, done.stdout) == (1, b"")


def test_a_child_whose_parent_lives_goes_on():
    def work(_was_notified, send):
        end_with_parent(os.getppid())
        send("done")

    with ForkedWorker(work) as worker:
        assert worker.receive() == "done"


def test_requests_come_line_by_line():
    script = "import os, sys; from calltools.runtime.parent import *; requests = WatchedRequests(0)\n"
    script += "print(requests.readline(), requests.readline(), flush=True); requests.readline()"
    command = [sys.executable, "-c", script]

    with start_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        child.stdin.write("one\ntw")
        child.stdin.flush()
        child.stdin.write("o\n")
        child.stdin.flush()
        said = child.stdout.readline()
        child.stdin.close()
        child.wait(timeout=60)

    assert said == "b'one\\n' b'two\\n'\n"
