"""Processes that tests start, and waiting for conditions."""

import subprocess
import time
from contextlib import contextmanager

#: Far more than anything takes on a busy machine; after that the test fails.
AGES_S = 120


@contextmanager
def start_process(command, **more):
    """A process that is killed at the end of the block: a failing test would wait for it without end."""
    with subprocess.Popen(command, **more) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition, seconds=AGES_S):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
