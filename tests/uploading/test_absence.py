"""A part that the list does not show: when it is sent again by itself, and when never."""

import pytest

from tests.uploading.conftest import CALL_COUNT, COUNTER, call_line, stored_calls, write_csv

pytestmark = pytest.mark.slow

#: Twice this is a quarter of an hour.
MINUTES = 450
RESUME = ("uploads", "resume", "--on-absent", "resend", "--timeout", "2")


@pytest.fixture
def lost(process, service, calls, tmp_path):
    """A part that never arrived, after one that did. Each run is a process of its own, as with a schedule."""
    process("upload", write_csv(tmp_path / "before.csv", [call_line(50)]), "--counter", COUNTER, "--yes")
    service.behave("resets-after-body", 1)
    held = process("upload", calls, "--counter", COUNTER, "--yes", "--timeout", "2")
    assert held.returncode == 6
    return service


def resume_later(process, service, times, seconds=MINUTES):
    """Resume some times, so many seconds apart by the clock of the service; the last result."""
    for _ in range(times):
        service.store.advance(seconds)
        done = process(*RESUME)
    return done


def test_an_absent_part_is_sent_again_after_three_lists_that_count(process, lost):
    soon = [process(*RESUME).returncode for _ in range(3)]
    posts = len(lost.posts)

    done = resume_later(process, lost, 2)

    assert (soon, posts) == ([6, 6, 6], 2)
    assert done.returncode == 0, done.stderr
    assert [len(rows) for rows in stored_calls(lost)] == [1, CALL_COUNT]


def test_what_counts_so_far_is_told(process, lost):
    lost.store.advance(MINUTES)

    english = process(*RESUME)
    russian = process(*RESUME, "--lang", "ru")

    assert "L2: its 10 calls are not in the list; that counts 2 times of 3" in english.stderr
    assert "засчитано раз: 2 из 3" in russian.stderr


def test_a_jump_of_the_clock_of_the_machine_sends_nothing(run, lost, monkeypatch):
    from time import time  # noqa: PLC0415 - what the ledger's clock is made of

    for hours in range(1, 5):
        monkeypatch.setattr("calltools.cli.service_access.time", lambda ahead=hours: time() + 3600 * ahead)
        resumed = run(*RESUME)

    assert resumed.exit_code == 6
    assert len(lost.posts) == 2


def test_a_jump_of_the_clock_of_the_service_within_one_process_sends_nothing(run, lost):
    run(*RESUME)
    for _ in range(4):
        lost.store.advance(MINUTES)
        resumed = run(*RESUME)

    assert resumed.exit_code == 6
    assert len(lost.posts) == 2


@pytest.mark.parametrize(
    "name", ["list-without-comments", "list-alters-comments", "clock-none", "list-ignores-offset", "list-empty"]
)
def test_a_list_that_proves_nothing_sends_nothing_and_says_so(process, lost, name):
    lost.behave(name)

    english = resume_later(process, lost, 3)
    russian = process(*RESUME, "--lang", "ru")

    assert [english.returncode, russian.returncode] == [6, 6]
    assert "cannot prove that something is missing" in english.stderr
    assert "не может доказать" in russian.stderr
    assert len(lost.posts) == 2


def test_a_part_is_never_sent_again_if_no_other_ever_arrived(process, service, calls):
    service.behave("resets-after-body", 1)
    process("upload", calls, "--counter", COUNTER, "--yes", "--timeout", "2")

    held = resume_later(process, service, 4)

    assert held.returncode == 6
    assert len(service.posts) == 1
