"""Several processes at one ledger: one uploads, the others end with 4 and name it; who keeps it busy loses no part."""

import os
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from tests.fake_metrica.behaviors import BEHAVIORS, Behavior
from tests.processes import AGES_S, start_process, wait_for
from tests.uploading.conftest import CALL_COUNT, COUNTER, call_line, stored_calls, write_csv
from tests.uploading.pseudo_terminal import Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
    pytest.mark.usefixtures("default_signals"),
]
#: Where the service is silent, the process is ended long before the timeout.
OPTIONS = ("--counter", COUNTER, "--timeout", "60")


@pytest.fixture
def start(environment):
    """Start ``calltools upload`` in a process of its own."""
    with ExitStack() as stack:

        def started(*arguments):
            command = [sys.executable, "-m", "calltools", "upload", *map(str, arguments)]
            return stack.enter_context(
                start_process(
                    command,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )

        yield started


def test_the_second_upload_of_the_same_file_ends_with_4_and_is_never_held(start, service, run, calls, tmp_path):
    """The calls that the first one is sending look held to the second one."""
    service.behave("silent-after-storing", 1)
    longer = write_csv(tmp_path / "longer.csv", [call_line(number) for number in range(CALL_COUNT + 5)])
    respelled = tmp_path / "respelled.csv"
    respelled.write_text("sep=,\n" + calls.read_text(encoding="utf-8").replace("ClientId", "ClientID"), "utf-8")
    first = start(calls, *OPTIONS, "--yes")
    wait_for(lambda: stored_calls(service))

    during = [run("upload", file, *OPTIONS, "--yes") for file in (calls, longer, respelled)]
    during.append(run("upload", calls, *OPTIONS, "--plan"))
    assert first.poll() is None
    first.kill()
    first.wait()
    after = [run("upload", file, *OPTIONS, "--yes") for file in (calls, longer, respelled)]
    after.append(run("upload", calls, *OPTIONS, "--plan"))

    assert [(result.exit_code, result.stdout) for result in during] == [(4, "")] * 4
    for result in during:
        assert f"Process {first.pid} is uploading to counter {COUNTER}" in result.stderr
    # Now nobody sends, and nobody knows.
    assert [result.exit_code for result in after] == [6] * 4
    assert len(service.posts) == 1


def test_a_plan_in_which_nothing_is_held_stops_no_upload_and_needs_no_lock(start, service, run, calls, tmp_path):
    service.behave("silent-after-storing", 1)
    other = write_csv(tmp_path / "other.csv", [call_line(number) for number in range(20, 25)])
    first = start(calls, *OPTIONS, "--yes")
    wait_for(lambda: stored_calls(service))

    planned = run("upload", other, *OPTIONS, "--plan")

    assert first.poll() is None
    assert planned.exit_code == 0
    assert "5 of 5 calls to send" in planned.stderr


def test_of_four_at_once_one_sends_and_none_is_held(start, service, calls):
    service.behave("slow")

    started = [start(calls, *OPTIONS, "--yes") for _ in range(4)]
    ended = [(process.communicate(timeout=AGES_S)[1], process.returncode) for process in started]

    codes = [code for _, code in ended]
    assert set(codes) <= {0, 4}, ended
    assert 0 in codes
    pids = {str(process.pid) for process in started}
    for words, code in ended:
        assert code == 0 or any(f"Process {pid} is uploading" in words for pid in pids), words
    assert [len(uploading) for uploading in stored_calls(service)] == [CALL_COUNT]


def test_calls_that_are_held_while_a_person_is_asked_are_not_sent(environment, service, run, calls):
    with Terminal(environment, "upload", calls, *OPTIONS) as screen:
        screen.until("Send 10 calls to counter")
        service.behave("resets-after-storing", 1)
        service.behave("list-empty")
        other = run("upload", calls, "--counter", COUNTER, "--timeout", "2", "--yes")
        service.behave_well()
        service.behave("list-empty")
        screen.type("y\n")
        code, out = screen.end()

    assert (other.exit_code, code, out) == (6, 6, "")
    assert "10 calls of this file" in screen.text
    assert "(L1)" in screen.text
    assert len(service.posts) == 1


def open_database(state):
    """The database of the ledger, as another process has it open; in any thread."""
    return closing(sqlite3.connect(state / "ledger.sqlite3", isolation_level=None, check_same_thread=False))


@pytest.mark.parametrize("name", ["slow", "resets-after-storing", "429-soon"])
def test_a_ledger_that_is_busy_when_the_answer_comes_is_exit_6_with_a_line(start, service, run, state, calls, name):
    """However the service has answered: what is not recorded is not known."""
    assert run("uploads", "list").exit_code == 0  # makes the ledger
    with open_database(state) as other:

        def answer_while_busy(exchange):
            # Another process begins to write while the part is on its way, and does not end.
            other.execute("BEGIN IMMEDIATE")
            BEHAVIORS[name].act(exchange)

        service.behave(Behavior(("upload",), answer_while_busy), 1)
        first = start(calls, *OPTIONS, "--yes")
        out, words = first.communicate(timeout=AGES_S)
        other.execute("ROLLBACK")

    assert (first.returncode, out) == (6, "uploading L1 SENDING held 10\n")
    assert "uploads resume" in words
    assert "Traceback" not in words
    # The next run knows that nobody knows, and sends nothing before it has looked.
    again = run("upload", calls, *OPTIONS, "--yes")
    assert again.exit_code == 6
    assert len(service.posts) == 1
    run("uploads", "resume", "--timeout", "60")
    assert len(service.posts) == 1


def test_a_ledger_that_is_busy_while_a_part_is_followed_leaves_its_line(start, service, run, state, calls):
    """The service has the part, and the ledger knows it: only the status is missing."""
    assert run("uploads", "list").exit_code == 0  # makes the ledger
    with open_database(state) as other:

        def answer_while_busy(exchange):
            other.execute("BEGIN IMMEDIATE")
            exchange.answer_as_documented()

        service.behave(Behavior(("status",), answer_while_busy), 1)
        first = start(calls, *OPTIONS, "--yes", "--wait")
        out, words = first.communicate(timeout=AGES_S)
        other.execute("ROLLBACK")

    assert (first.returncode, out) == (4, "uploading 1000 ACKED sent 10 accepted 10\n")
    assert "busy" in words
    assert "uploads watch L1" in words
