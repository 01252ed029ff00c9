"""Two state machines: over the command line and the service, and over two computers with copies of one ledger."""

import os
import subprocess
import sys
from time import time

import pytest

LONG = os.environ.get("CALLTOOLS_LONG") == "1"
EXAMPLES, STEPS = (50, 40) if LONG else (6, 8)
#: Seeds that no earlier run of the tests had; a failure prints its own. ``make test-long`` does a million steps of them.
FIRST_SEED = int(time()) * 1000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.untraced,
    # The runner has its own time limit, or takes hours.
    pytest.mark.timeout(0 if LONG else 1200),
    pytest.mark.skipif(sys.platform == "win32", reason="no fork there"),
]


def run_machine(environment, folder, name, *numbers):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.uploading.{name}", *map(str, numbers)],
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore", "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=86_400 if LONG else 1100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", range(2 if LONG else 1))
def test_any_order_of_commands_misbehaviors_and_kills_keeps_every_invariant(environment, tmp_path, part):
    run_machine(environment, tmp_path, "state_machine", EXAMPLES, STEPS)


@pytest.mark.parametrize("first_seed", [FIRST_SEED, FIRST_SEED + 500], ids=["first", "second"])
def test_no_call_is_doubled_or_lost_by_two_computers_with_copies_of_a_ledger(first_seed, environment, tmp_path):
    run_machine(environment, tmp_path, "random_runs", "--steps", 5000, "--seed", first_seed)


def test_two_computers_keep_every_promise_over_sockets_and_when_a_process_is_killed(environment, tmp_path):
    run_machine(environment, tmp_path, "random_runs", "--steps", 300, "--seed", FIRST_SEED, "--loopback")
