"""Processes that tests start, and waiting for conditions."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import coverage

#: Far more than anything takes on a busy machine; after that the test fails.
AGES_S = 120


def environment_of_measured():
    """What a process needs in its environment so that it counts for the coverage of this suite, if that is measured."""
    measured = coverage.Coverage.current()
    if measured is None:
        return {}
    settings = Path(measured.config.config_file)
    # Beside the settings, as the suite's own: tests change the current folder.
    data_file = settings.parent / measured.get_option("run:data_file")
    return {"COVERAGE_PROCESS_START": str(settings), "COVERAGE_FILE": str(data_file)}


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
