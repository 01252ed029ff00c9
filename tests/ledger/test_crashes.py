"""SIGKILL at steps of an upload, then resume: no call is sent twice, none is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.fakes import call

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("CALLTOOLS_LONG") == "1"
ALL_CALLS = sorted([list(call(n).values())[:5] for n in range(5)])

pytestmark = [
    pytest.mark.slow,
    pytest.mark.untraced,
    # The runner has its own time limit, or takes hours.
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
]


def run_crashes(folder, what, behavior, stride):
    command = [sys.executable, "-m", "tests.ledger.crash_runner", folder, what, behavior, str(1 if LONG else stride)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("what", "behavior", "stride"),
    [
        ("upload", "stored", 7),
        ("upload", "lost", 5),
        ("upload", "vanished", 9),
        ("upload", "refused", 9),
        ("upload", "unreachable", 9),
        ("upload", "busy", 9),
        ("resume", "lost", 7),
        ("resume", "vanished", 7),
        ("resume", "unreachable", 11),
    ],
)
def test_an_upload_killed_at_any_step_and_resumed_sends_each_call_once(tmp_path, what, behavior, stride):
    found = run_crashes(tmp_path, what, behavior, stride)

    assert len(found) > 20
    assert [one["killed"] for one in found] == [True] * (len(found) - 1) + [False]
    for one in found:
        assert one["calls"] == ALL_CALLS, one
        assert one["faults"] == [], one
        assert one["spool"] == [], one
        assert one["intents"], one
        assert one["posts_of_second_resume"] == 0, one
        # A part that the service had is found and never sent again; otherwise there is one more POST.
        assert one["posts"] == one["posted_before"] + (one["stored_before"] == 0), one
        # Each POST has its attempt; another follows one in doubt only after a person has decided, because no uploading
        # of ours is a witness that the list shows comments.
        ends = [state for attempts in one["attempts"] for state in attempts]
        assert one["posts"] <= len(ends), one
        assert {*ends[:-1]} <= {"not-sent", "throttled", "ambiguous", "rejected"}, one
        assert ends[-1] == "acked", one


def test_kills_cover_every_point_around_the_post(tmp_path):
    found = run_crashes(tmp_path, "upload", "stored", 3)

    histories = {(one["posted_before"], one["stored_before"], *map(tuple, one["attempts"])) for one in found}
    assert histories == {
        (0, 0, ("acked",)),  # before the intent
        (0, 0, ("ambiguous", "acked")),  # the intent is durable, nothing has gone
        (1, 0, ("ambiguous", "acked")),  # it has gone, and the service has not stored it
        (1, 1, ("acked",)),  # stored; the answer is read, or it is not
    }
    assert {tuple(one["states"]) for one in found} == {("acked",), ("processed",)}
    assert found[-1]["states"] == ["processed"]
