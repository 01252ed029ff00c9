"""Processes that tests start, and waiting for conditions."""

import json
import os
import subprocess
import sys
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


def collect_lines(module, environment, tmp_path, *arguments, timeout=300):
    """The JSON lines that a module of the tests prints, run as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(tmp_path), *map(str, arguments)],
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
