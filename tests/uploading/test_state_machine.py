"""Two state machines: over the command line and the service, and over two computers with copies of one ledger."""

import os
import subprocess
import sys

import pytest

LONG = os.environ.get("CALLTOOLS_LONG") == "1"
EXAMPLES, STEPS = (2000, 40) if LONG else (6, 8)
#: Four runs, so that the cores share them: 10,000 steps in all, or a million.
RUNS, COMPUTER_EXAMPLES, COMPUTER_STEPS = 4, (5000 if LONG else 50), 50

pytestmark = [
    pytest.mark.slow,
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


def test_any_order_of_commands_misbehaviors_and_kills_keeps_every_invariant(environment, tmp_path):
    run_machine(environment, tmp_path, "state_machine", EXAMPLES, STEPS)


@pytest.mark.parametrize("run", range(RUNS))
def test_no_call_is_doubled_or_lost_by_two_computers_with_copies_of_a_ledger(run, environment, tmp_path):
    run_machine(environment, tmp_path, "two_computers", COMPUTER_EXAMPLES, COMPUTER_STEPS)
