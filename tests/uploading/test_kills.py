"""SIGKILL at any step of an upload: no call is doubled, none is lost, and what is not known is held."""

import json
import os
import subprocess
import sys

import pytest

#: Every step is for ``make test-long``; a run of tests takes some of them, from another beginning for each behaviour.
LONG = os.environ.get("CALLTOOLS_LONG") == "1"
STRIDE = 1 if LONG else 61
BEHAVIOURS = ["well", "resets-after-storing", "resets-after-body", "500-after-storing", "403", "503"]


def kills(environment, tmp_path, calls, behaviour):
    first = 1 if LONG else 1 + 10 * BEHAVIOURS.index(behaviour)
    told = subprocess.run(
        [sys.executable, "-m", "tests.uploading.kills", str(tmp_path), str(calls), behaviour, str(first), str(STRIDE)],
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=3000 if LONG else 300,
        check=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_kill_at_any_step_neither_doubles_nor_loses_a_call(environment, tmp_path, calls, behaviour):
    found = kills(environment, tmp_path, calls, behaviour)

    assert sum(one["killed"] for one in found) >= 3
    assert not found[-1]["killed"]
    for one in found:
        held = one["codes"][-1] == 6
        assert one["most"] <= 1, one
        assert one["calls"] == (0 if held else 10), one
        assert one["posts_of_second_resume"] == 0, one
        assert one["doctor"] == 0, one
        assert set(one["codes"]) <= {0, 6}, one
