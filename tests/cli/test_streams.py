"""What the process does with its streams and with signals: no traceback, no half-written file, no wrong code."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_commands import NOW, spawn
from tests.test_pipeline import GOOD, as_csv, some_rows

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the devices of Linux")


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"DateTime": str(int(NOW) - n)} for n in range(5)]), encoding="utf-8")
    return path


def shell(line, *words, **more):
    """The command line of a shell, in which ``$@`` is calltools with the words."""
    command = [sys.executable, "-m", "calltools", *map(str, words)]
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", *command], capture_output=True, check=False, timeout=120, **more
    )


@pytest.mark.parametrize(
    "command", [["rules"], ["validate", "{calls}", "--as-of", NOW], ["schema", "csvw"], ["--help"]]
)
def test_standard_output_that_takes_no_more_is_a_sentence(calls, command):
    result = shell('"$@" > /dev/full', *(word.format(calls=calls) for word in command))

    assert result.returncode == 2
    assert result.stderr.decode().count("\n") == 1
    assert "takes no more" in result.stderr.decode()


def test_standard_error_that_takes_no_more_is_no_finding(calls, tmp_path):
    output = tmp_path / "out.csv"

    result = shell('"$@" 2> /dev/full', "convert", calls, "-o", output, "--as-of", NOW)

    assert result.returncode == 2
    assert len(output.read_text(encoding="utf-8").splitlines()) == 6


@pytest.mark.parametrize(("line", "code"), [('"$@" >&-', 0), ('"$@" 2>&-', 0), ('"$@" >&- 2>&- <&-', 0)])
def test_a_closed_stream_is_none(calls, line, code):
    result = shell(line, "validate", calls, "--as-of", NOW)

    assert result.returncode == code, result
    assert b"fault" not in result.stderr


def test_a_closed_standard_input_is_an_empty_file():
    result = shell('"$@" <&-', "validate", "-", "--lang", "en")

    assert result.returncode == 1
    assert b"CT001" in result.stdout


def test_no_room_for_a_copy_of_standard_input_is_a_sentence(calls):
    # The shell lets no file of the process grow beyond some blocks.
    result = shell('ulimit -f 8; "$@"', "validate", "-", "--as-of", NOW, "--lang", "en", input=b"x,y\n" * 100_000)

    assert result.returncode == 2
    assert "disk is full" in result.stderr.decode()


@pytest.mark.parametrize(
    ("sent", "wait_s"),
    [*((signal.SIGINT, wait_s) for wait_s in (0.12, 0.6, 1.2, 2.5)), (signal.SIGTERM, 0.6), (signal.SIGHUP, 1.2)],
)
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path, sent, wait_s):
    if signal.getsignal(sent) is signal.SIG_IGN:
        pytest.skip("these tests run in the background, or under nohup: what they start inherits that")
    path = tmp_path / "many.csv"
    lines = as_csv(some_rows(2000)).split("\n", 1)
    path.write_text(lines[0] + "\n" + lines[1] * 300, encoding="utf-8")
    reports = [word for ending in ("jsonl", "html") for word in ("--report", str(tmp_path / f"report.{ending}"))]
    command = [sys.executable, "-m", "calltools", "convert", str(path), "-o", str(tmp_path / "out.csv"),
               "--rejects", str(tmp_path / "rejects.csv"), "--no-fast-path", *reports]  # fmt: skip

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(wait_s)
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)

    # Before the first line of ours runs, Python itself ends the process.
    assert process.returncode == 130 or (wait_s < 0.5 and process.returncode == -sent), said
    assert process.returncode != 130 or b"Traceback" not in said, said
    assert [one.name for one in tmp_path.iterdir()] == ["many.csv"]


def test_what_is_ignored_stays_ignored(calls):
    """``nohup`` lets a process outlive its terminal."""
    code = (
        "import atexit, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "sys.argv = ['calltools', '--version']\n"
        "from calltools.__main__ import main\n"
        "atexit.register(lambda: print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN))\n"
        "main()"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)

    assert result.stdout.decode().splitlines()[-1] == "True"


def test_one_of_several_files_that_is_wrong_is_named(calls, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b,c\n1,2,3\n", encoding="utf-8")

    result = spawn("validate", calls, other, "--lang", "en")

    assert result.returncode == 2
    assert result.stderr.decode().startswith(f"calltools: {other}: No known export")
    assert os.fsencode(other) not in spawn("validate", other, "--lang", "en").stderr


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_broken_off_ends_with_130(tmp_path, key):
    sample = tmp_path / "pbx.csv"
    sample.write_text("Дата;Откуда;Статус\n02.03.2026 10:00:00;+74950000001;принят\n", encoding="utf-8")
    profile = tmp_path / "pbx.toml"
    command = [sys.executable, "-m", "calltools", "vendors", "new", str(sample), "-o", str(profile), "--lang", "en"]
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    with subprocess.Popen(
        [sys.executable, "-c", terminal, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        said = b""
        while b"Column with the time" not in said and (piece := process.stdout.read(4096)):
            said += piece
        # Between the question and the reading of its answer the terminal is set anew, and a key may be lost.
        while process.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(key)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
        said += process.stdout.read()

    assert process.returncode == 130, said
    assert b"Traceback" not in said
    assert b"fault" not in said
    assert not profile.exists()
