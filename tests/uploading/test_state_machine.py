"""A state machine over the command line and the service: see ``machine``."""

import os
import subprocess
import sys

import pytest

LONG = os.environ.get("CALLTOOLS_LONG") == "1"
EXAMPLES, STEPS = (2000, 40) if LONG else (6, 8)

pytestmark = [
    pytest.mark.slow,
    # The runner has its own time limit, or takes hours.
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no fork there"),
]


def test_any_order_of_commands_misbehaviors_and_kills_keeps_every_invariant(environment, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.uploading.state_machine", str(EXAMPLES), str(STEPS)],
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=86_400 if LONG else 400,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
