"""Processes that tests start, and what they wait for."""

import subprocess
import time
from contextlib import contextmanager

#: Far more than anything takes on a busy machine: who waits as long has failed.
AGES_S = 120


@contextmanager
def start_process(command, **more):
    """A process that does not outlive what is done with it: a test that fails would wait for it for ever."""
    with subprocess.Popen(command, **more) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what, seconds=AGES_S):
    """Ask again and again until it is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
