"""SIGKILL at any step of a job, twice: the next run finishes it; no call is doubled, no input and no reject is lost."""

import os
import sys

import pytest

from tests.processes import collect_lines

#: Every step is for ``make test-long``; a run of tests takes some of them.
LONG = os.environ.get("CALLTOOLS_LONG") == "1"
#: Steps of all of a run, of what follows the first request, and of what follows the first input that is moved.
STEPS = [("open", 1300, 2600), ("getaddrinfo", 36, 85), ("link", 2, 13)]
if LONG:
    STEPS = [("open", f"{first}::8") for first in range(1, 9)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
]


@pytest.mark.parametrize("steps", STEPS)
def test_a_job_that_is_killed_twice_is_finished_by_the_next_run(environment, tmp_path, steps):
    timeout = 7200 if LONG else 300
    runs = collect_lines("tests.jobs.crash_runner", environment, tmp_path, *steps, timeout=timeout)

    killed = [run["codes"][0] == -9 for run in runs]
    assert len(runs) > 200 if LONG else len(runs) == len(steps) - 1
    untouched = [False] if LONG else []
    assert killed == [True] * (len(runs) - len(untouched)) + untouched, "a step was not reached"
    for run in runs:
        assert run["max_copies"] <= 1, run
        if run["codes"][-1] == 6:
            # Killed while the service took a batch: a person decides, and until then its input stays.
            assert run["inputs"], run
            assert sorted(run["inputs"] + run["archive"]) == run["before"], run
            continue
        assert run["codes"][-1] == 0, run
        assert 1 in run["codes"] or run["told"], f"no run said that there are rejects: {run}"
        assert run["calls"] == 9, run
        assert run["inputs"] == [], run
        assert run["archive"] == run["before"], run
        assert run["rejects"] == 3, run
        assert run["report"], run
        assert (run["work"], run["spool"]) == ([], 0), run
