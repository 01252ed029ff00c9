"""Uploads that a person watches: the question, the line that changes, the interrupt."""

import os
import signal
import subprocess
import sys

import pytest

from tests.fake_metrica.store import STEPS
from tests.processes import wait_for
from tests.uploading.conftest import COUNTER, call_line, stored_calls, write_csv
from tests.uploading.pseudo_terminal import Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
    pytest.mark.usefixtures("default_signals"),
]
#: Where the service is silent, the process is ended long before the timeout.
ASK = ("--counter", COUNTER, "--timeout", "60", "--poll-interval", "0.05")


@pytest.fixture
def terminal(environment):
    def opened(*arguments):
        return Terminal(environment, *arguments)

    return opened


def test_the_plan_is_shown_and_confirmed(terminal, service, calls):
    with terminal("upload", calls, *ASK) as screen:
        screen.until("Send 10 calls to counter")
        assert "10 of 10 calls to send" in screen.text
        assert service.posts == []
        screen.type("y\n")
        code, out = screen.end()

    assert code == 0
    assert out == "uploading 1000 ACKED sent 10 accepted 10\n"


def test_no_is_an_answer(terminal, service, calls):
    with terminal("upload", calls, *ASK, "--lang", "ru") as screen:
        screen.until("Отправить звонков: 10 в счётчик")
        screen.type("n\n")
        code, out = screen.end()

    assert (code, out) == (0, "")
    assert "ничего не отправлено" in screen.text
    assert service.posts == []


def test_a_file_that_changes_after_it_was_shown_is_not_sent(terminal, service, calls):
    with terminal("upload", calls, *ASK) as screen:
        screen.until("Send 10 calls to counter")
        write_csv(calls, [call_line(1).replace("+7495", "8495")])
        screen.type("y\n")
        code, _ = screen.end()

    assert code == 3
    assert "was changed while its upload was being prepared" in screen.text
    assert service.posts == []


def test_progress_of_the_service_is_one_line_that_is_erased(terminal, service, calls):
    service.store.step_seconds = 600
    with terminal("upload", calls, *ASK, "--wait", "--yes") as screen:
        for status in STEPS:
            screen.until(f"L1: 10 calls, {status}")
            service.store.advance(600)
        code, out = screen.end()

    assert code == 0
    assert out == "uploading 1000 PROCESSED sent 10 accepted 10 linked 9\n"
    shown, _, after = screen.text.partition("L1: 10 calls, PREPARED")
    assert "sending L1: 10 calls" in shown
    # Back to the beginning of the line and over it, not one line after the other.
    live = after[: after.rindex("MATCHED")]
    assert "UPLOADED" in live
    assert "\n" not in live
    assert "\x1b[2K" in live
    assert after.rindex("\x1b[?25h") > after.rindex("\x1b[?25l") if "\x1b[?25l" in after else True


def test_uploadings_of_another_ledger_are_said_before_the_question(terminal, service, upload, calls, tmp_path):
    upload(calls, CALLTOOLS_STATE_DIR=str(tmp_path / "other"))
    with terminal("upload", calls, *ASK) as screen:
        screen.until("Send 10 calls to counter")
        warned = "uploadings of another ledger" in " ".join(screen.text.split())
        screen.type("n\n")
        code, _ = screen.end()

    assert warned
    assert code == 0
    assert " ".join(screen.text.split()).count("uploadings of another ledger") == 1
    assert len(service.posts) == 1


def test_an_interrupt_while_sending_names_the_held_part_and_resume_finds_it(terminal, service, run, calls):
    service.behave("silent-after-storing", 1)
    with terminal("upload", calls, *ASK, "--yes") as screen:
        screen.until("sending L1")
        wait_for(lambda: stored_calls(service))
        screen.interrupt()
        code, out = screen.end()

    assert (code, out) == (130, "")
    assert "L1: not known whether its 10 calls have arrived" in screen.text
    assert "Traceback" not in screen.text
    resumed = run("uploads", "resume", "--timeout", "60")
    assert (resumed.exit_code, resumed.stdout) == (
        0,
        "L1  counter 12345678  acked  uploading 1000 ACKED sent 10 accepted 10\n",
    )
    assert len(service.posts) == 1


def test_an_interrupt_while_the_connection_is_refused_leaves_nothing_unclear(terminal, service, run, calls):
    """No byte has left: the part waits, and the next run sends it."""
    service.refuse()
    with terminal("upload", calls, *ASK, "--yes", "--without-list") as screen:
        screen.until("sending L1")
        # The reading of the list, which nobody answers either, came before.
        screen.text = screen.text.partition("sending L1")[2]
        screen.until("trying again")
        screen.interrupt()
        code, out = screen.end()
    service.listen_again()

    assert (code, out) == (130, "")
    assert "uploading L1 NOT-SENT waiting 10" in screen.text
    assert "not known" not in screen.text
    assert "held" not in screen.text
    assert service.requests == []
    again = run("upload", calls, *ASK, "--yes")
    assert (again.exit_code, again.stdout) == (0, "uploading 1000 ACKED sent 10 accepted 10\n")
    assert len(service.posts) == 1


def test_an_interrupt_while_watching_reports_no_held_part(terminal, service, run, calls):
    service.store.step_seconds = 60
    with terminal("upload", calls, *ASK, "--yes", "--wait") as screen:
        screen.until("L1: 10 calls, PREPARED")
        screen.interrupt()
        code, _ = screen.end()
    service.store.advance(600)

    assert code == 130
    assert "held" not in screen.text
    assert "calltools uploads watch L1" in screen.text
    watched = run("uploads", "watch", "L1", "--poll-interval", "0.05")
    assert (watched.exit_code, watched.stdout) == (0, "uploading 1000 PROCESSED sent 10 accepted 10 linked 9\n")


def test_yes_is_understood_in_both_languages(terminal, service, calls):
    with terminal("upload", calls, *ASK, "--lang", "ru") as screen:
        screen.until("Отправить звонков: 10 в счётчик")
        screen.type("да\n")
        code, _ = screen.end()

    assert code == 0
    assert len(service.posts) == 1


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_next_run_recovers_from_any_ending(terminal, service, run, calls, signal_):
    service.behave("silent-after-storing", 1)
    with terminal("upload", calls, *ASK, "--yes") as screen:
        screen.until("sending L1")
        wait_for(lambda: stored_calls(service))
        os.killpg(screen.process.pid, signal_)
        screen.end()

    again = run("upload", calls, *ASK, "--yes")
    assert again.exit_code == 6
    assert "10 calls of this file" in again.stderr
    assert run("uploads", "resume", "--timeout", "60").exit_code == 0
    assert len(service.posts) == 1


def test_two_at_once_never_interleave_and_the_second_names_the_first(terminal, service, run, calls, tmp_path):
    service.behave("silent-after-storing", 1)
    other = write_csv(tmp_path / "other.csv", [call_line(number) for number in range(20, 25)])
    with terminal("upload", calls, *ASK, "--yes") as first:
        first.until("sending L1")
        wait_for(lambda: stored_calls(service))
        second = run("upload", other, *ASK, "--yes")
        elsewhere = run("upload", other, "--counter", "777", "--timeout", "60", "--yes")
        resume = run("uploads", "resume", "--timeout", "60")
        assert first.process.poll() is None
        pid = first.process.pid

    assert second.exit_code == resume.exit_code == 4
    assert f"Process {pid} is uploading to counter {COUNTER}" in second.stderr
    assert str(pid) in resume.stderr
    assert elsewhere.exit_code == 0
    assert [one.counter for one in service.store.uploadings] == [int(COUNTER), 777]


def test_who_reads_no_more_stops_no_upload(environment, service, calls):
    """``upload | head -0``: the exit code is still that of the upload."""
    reading, writing = os.pipe()
    os.close(reading)
    service.behave("partial")

    done = subprocess.run(
        [sys.executable, "-m", "calltools", "upload", str(calls), *ASK, "--yes"],
        env={**os.environ, **environment}, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=120,
    )  # fmt: skip
    os.close(writing)

    assert done.returncode == 5
    assert len(stored_calls(service)) == 1
