"""SIGKILL at any step of an upload: no call is doubled, none is lost, and parts with unknown results are held."""

import os
import sys
from time import time

import pytest

from tests.processes import collect_lines
from tests.programs import find_program
from tests.uploading.conftest import CALL_COUNT, call_line, write_csv

#: Every step is for ``make test-long``; a run of tests takes some of them.
LONG = os.environ.get("CALLTOOLS_LONG") == "1"
#: The killed command, the behavior of the service, and the steps of a short run: of all steps, and of those around the request.
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
    pytest.mark.untraced,
    # The runner has its own time limit, or takes hours.
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
]


@pytest.fixture
def calls(tmp_path):
    """Calls of a moment ago: nothing but the upload is done with a file of them that is known to be clean."""
    moment = int(time()) - 3600
    return write_csv(tmp_path / "calls.csv", [call_line(number, moment=moment) for number in range(CALL_COUNT)])


def collect_faults(module, environment, tmp_path, *arguments):
    timeout = 7200 if LONG else 300
    return collect_lines(f"tests.uploading.{module}", environment, tmp_path, *arguments, timeout=timeout)


def assert_exactly_once(run, *, refused=0):
    """The invariants: numbers are those of the protocol."""
    held = run["codes"][-1] == 6
    assert run["max_copies"] <= 1, run  # I1, I2: nothing is there twice
    assert run["calls"] == (0 if held else 10), run  # I3: accepted or held, all of it
    assert run["held"] == held, run  # I9: the exit code is the state
    assert set(run["codes"]) <= {0, 6}, run
    assert {post.split()[0] for post in run["posts"]} <= {*run["attempts"]}, run  # I4: no POST without its intent
    assert len(run["posts"]) <= 1 + refused, run  # I5
    assert len({*run["posts"]}) == len(run["posts"]), run
    assert run["faults"] == [], run  # I6
    assert run["posts_of_second_resume"] == 0, run  # I7
    assert run["leaked"] == [], run  # I8
    assert run["spool"] == held, run


@pytest.mark.parametrize(("victim", "behaviour"), CASES)
def test_a_kill_at_any_step_neither_doubles_nor_loses_a_call(environment, tmp_path, calls, victim, behaviour):
    for since, steps in CASES[victim, behaviour].items():
        folder = tmp_path / since
        folder.mkdir()
        runs = collect_faults("crash_runner", environment, folder, calls, victim, behaviour, since, *steps)

        assert any(run["killed"] for run in runs)
        for run in runs:
            assert_exactly_once(run, refused=behaviour in {"403", "429-soon", "429-late"})


def test_kills_around_the_request_reach_every_ending(environment, tmp_path, calls):
    """Before anything was recorded, before a byte went, in the body, after it was stored, after the answer was noted."""
    runs = collect_faults(
        "crash_runner", environment, tmp_path, calls, "upload", "well", "getaddrinfo", *range(110, 300, 8)
    )

    endings = {(run["codes"][0], run["codes"][-1], len(run["posts"]), run["calls"]) for run in runs}
    assert (
        {(0, 0, 1, 10), (6, 6, 0, 0), (6, 0, 1, 10)}
        <= endings
        <= {(0, 0, 1, 10), (6, 6, 0, 0), (6, 6, 1, 0), (6, 0, 1, 10)}
    )
    for run in runs:
        assert_exactly_once(run)


#: A system call, the injected fault, and the numbers of the call in a short run.
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
    return find_program("strace", packages=["strace"])


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("call", "fault"), SYSTEM_FAULTS)
def test_a_fault_at_any_call_of_the_system_neither_doubles_nor_loses_a_call(environment, tmp_path, calls, call, fault):
    numbers = () if LONG else SYSTEM_FAULTS[call, fault]
    runs = collect_faults("strace_runner", environment, tmp_path, calls, call, fault, *numbers)

    hits = [run["hit"] for run in runs]
    assert hits == [True] * len(numbers) if numbers else hits == [True] * (len(hits) - 1) + [False]
    assert any(hits)
    for run in runs:
        assert_exactly_once(run)
        assert run["code"] in {0, 4, 6, -9}, run
