"""SIGKILL at any step of an upload: no call is doubled, none is lost, and what is not known is held."""

import json
import os
import subprocess
import sys

import pytest

from tests.debian import program

#: Every step is for ``make test-long``; a run of tests takes some of them.
LONG = os.environ.get("CALLTOOLS_LONG") == "1"
#: What is killed, how the service behaves meanwhile, and at which steps in a short run: of all, and of those around the request.
CASES = {
    ("upload", "well"): {"open": (180, 430), "getaddrinfo": (3, 9, 14, 45)},
    ("upload", "resets-after-storing"): {"getaddrinfo": (8, 16)},
    ("upload", "resets-after-body"): {"getaddrinfo": (7, 60)},
    ("upload", "500-after-storing"): {"getaddrinfo": (12, 30)},
    ("upload", "403"): {"getaddrinfo": (5, 20)},
    ("upload", "503"): {"getaddrinfo": (13, 25)},
    ("resume", "resets-after-storing"): {"open": (150,), "getaddrinfo": (12, 40)},
    ("resume", "resets-after-body"): {"getaddrinfo": (10, 30)},
    ("watch", "well"): {"open": (130,), "getaddrinfo": (9, 30)},
}
if LONG:
    more = [("upload", name) for name in ("429-soon", "200-truncated", "closes-at-once", "garbage", "terse")]
    more += [("resume", "429-late"), ("resume", "503"), ("list", "resets-after-storing")]
    CASES = {case: {"open": ()} for case in [*CASES, *more]}

pytestmark = [
    pytest.mark.slow,
    # What is run has a limit of its own, or takes hours.
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
]


def collect_faults(module, environment, tmp_path, *words):
    told = subprocess.run(
        [sys.executable, "-m", f"tests.uploading.{module}", str(tmp_path), *map(str, words)],
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=7200 if LONG else 300,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def assert_exactly_once(one, *, refused=0):
    """The invariants: numbers are those of the protocol."""
    held = one["codes"][-1] == 6
    assert one["most"] <= 1, one  # I1, I2: nothing is there twice
    assert one["calls"] == (0 if held else 10), one  # I3: accepted or held, all of it
    assert one["held"] == held, one  # I9: the exit code is the state
    assert set(one["codes"]) <= {0, 6}, one
    assert {post.split()[0] for post in one["posts"]} <= {*one["attempts"]}, one  # I4: no POST without its intent
    assert len(one["posts"]) <= 1 + refused, one  # I5
    assert len({*one["posts"]}) == len(one["posts"]), one
    assert one["faults"] == [], one  # I6
    assert one["posts_of_second_resume"] == 0, one  # I7
    assert one["leaked"] == [], one  # I8
    assert one["spool"] == held, one


@pytest.mark.parametrize(("victim", "behaviour"), CASES)
def test_a_kill_at_any_step_neither_doubles_nor_loses_a_call(environment, tmp_path, calls, victim, behaviour):
    for since, steps in CASES[victim, behaviour].items():
        folder = tmp_path / since
        folder.mkdir()
        found = collect_faults("kills", environment, folder, calls, victim, behaviour, since, *steps)

        assert any(one["killed"] for one in found)
        for one in found:
            assert_exactly_once(one, refused=behaviour in {"403", "429-soon", "429-late"})


def test_kills_around_the_request_meet_every_ending(environment, tmp_path, calls):
    """Before a byte went, in the middle of the body, after it was stored, after the answer was written down."""
    found = collect_faults("kills", environment, tmp_path, calls, "upload", "well", "getaddrinfo", 2, 7, 14, 60)

    assert [(one["codes"][0], len(one["posts"]) and one["codes"][-1]) for one in found[::2]] == [(6, 0), (6, 0)]
    assert (found[0]["calls"], found[0]["posts"], found[2]["calls"]) == (0, [], 10)
    assert found[3]["codes"] == [0, 0, 0, 0]
    for one in found:
        assert_exactly_once(one)


#: A call of the system, what happens at it, and at which n of it in a short run.
SIGKILL, EIO, ENOSPC = "signal=SIGKILL", "error=EIO", "error=ENOSPC"
SYSTEM_FAULTS = {
    ("pwrite64", SIGKILL): (25, 40), ("fdatasync", SIGKILL): (5,), ("fsync", SIGKILL): (2,), ("write", SIGKILL): (2,),
    ("sendto", SIGKILL): (3,), ("unlink", SIGKILL): (2,), ("rename", SIGKILL): (1,),
    ("pwrite64", EIO): (30,), ("fdatasync", EIO): (4,), ("fsync", EIO): (1,), ("write", EIO): (2,), ("sendto", EIO): (2,),
    ("pwrite64", ENOSPC): (20,), ("write", ENOSPC): (1,),
}  # fmt: skip


@pytest.fixture(scope="session")
def strace():
    """Without it the tests below would prove nothing, so they are not skipped."""
    return program("strace", packages=["strace"])


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("call", "fault"), SYSTEM_FAULTS)
def test_a_fault_at_any_call_of_the_system_neither_doubles_nor_loses_a_call(environment, tmp_path, calls, call, fault):
    numbers = () if LONG else SYSTEM_FAULTS[call, fault]
    found = collect_faults("strace", environment, tmp_path, calls, call, fault, *numbers)

    hits = [one["hit"] for one in found]
    assert hits == [True] * len(numbers) if numbers else hits == [True] * (len(hits) - 1) + [False]
    assert any(hits)
    for one in found:
        assert_exactly_once(one)
        assert one["code"] in {0, 4, 6, -9}, one
