"""What the process does with its streams and with signals: no traceback, no half-written file, no wrong code."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import NOW, spawn
from tests.processes import AGES_S, start_process, wait_for
from tests.test_pipeline import GOOD, as_csv, some_rows
from tests.uploading.pseudo_terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the devices of Linux")]


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"DateTime": str(int(NOW) - n)} for n in range(5)]), encoding="utf-8")
    return path


def shell(line, *arguments, **more):
    """The command line of a shell, in which ``$@`` is calltools with the arguments."""
    command = [sys.executable, "-m", "calltools", *map(str, arguments)]
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


# Prints a line when it begins to load the commands: before the first line of ours runs, Python itself would end the process.
BEGUN = """
import sys

class Teller:
    def find_spec(self, name, *_):
        if name == "calltools.cli.app":
            print("begun", flush=True)

sys.meta_path.insert(0, Teller())
from calltools.__main__ import main
main()
"""


def libraries_loaded(process, _folder):
    """Wait until the process has loaded Arrow: it is loading the commands."""
    return "libarrow" in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")


def outputs_begun(_process, folder):
    return len(list(folder.iterdir())) > 1


def outputs_under_way(_process, folder):
    return any(one.stat().st_size for one in folder.iterdir() if one.name != "many.csv")


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize(
    ("sent", "reached"),
    [
        (signal.SIGINT, None),
        (signal.SIGINT, libraries_loaded),
        (signal.SIGINT, outputs_begun),
        (signal.SIGINT, outputs_under_way),
        (signal.SIGTERM, libraries_loaded),
        (signal.SIGHUP, outputs_begun),
    ],
)
def test_a_terminated_run_leaves_no_file(tmp_path, sent, reached):
    path = tmp_path / "many.csv"
    lines = as_csv(some_rows(2000)).split("\n", 1)
    path.write_text(lines[0] + "\n" + lines[1] * 300, encoding="utf-8")
    reports = [word for ending in ("jsonl", "html") for word in ("--report", str(tmp_path / f"report.{ending}"))]
    command = [sys.executable, "-c", BEGUN, "convert", str(path), "-o", str(tmp_path / "out.csv"),
               "--rejects", str(tmp_path / "rejects.csv"), "--no-fast-path", *reports]  # fmt: skip

    with start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        if reached:
            wait_for(lambda: reached(process, tmp_path))
        process.send_signal(sent)
        _, printed = process.communicate(timeout=AGES_S)

    assert process.returncode == 130, printed
    assert b"Traceback" not in printed
    assert [one.name for one in tmp_path.iterdir()] == ["many.csv"]


@pytest.mark.parametrize("ignored", ["SIGHUP", "SIGINT"])
def test_what_is_ignored_stays_ignored(ignored):
    """``nohup`` lets a process outlive its terminal, and a script's ``&`` lets it outlive Ctrl-C."""
    code = (
        f"import atexit, signal, sys; signal.signal(signal.{ignored}, signal.SIG_IGN)\n"
        "sys.argv = ['calltools', '--version']\n"
        "from calltools.__main__ import main\n"
        f"atexit.register(lambda: print(signal.getsignal(signal.{ignored}) is signal.SIG_IGN))\n"
        "main()"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=120)

    assert result.stdout.decode().splitlines()[-1] == "True"


def test_one_of_several_files_that_is_wrong_is_named(calls, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b,c\n1,2,3\n", encoding="utf-8")

    result = spawn("validate", calls, other, "--lang", "en")

    # One of several: its own failure, and the other file is checked.
    assert result.returncode == 3
    assert "calltools: No known export" in result.stderr.decode()
    assert f"calltools vendors new {other}" in " ".join(result.stderr.decode().split())
    assert spawn("validate", other, "--lang", "en").stderr.startswith(b"calltools: No known export")


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_broken_off_ends_with_130(tmp_path, key):
    sample = tmp_path / "pbx.csv"
    sample.write_text("Дата;Откуда;Статус\n02.03.2026 10:00:00;+74950000001;принят\n", encoding="utf-8")
    profile = tmp_path / "pbx.toml"
    command = [sys.executable, "-m", "calltools", "vendors", "new", str(sample), "-o", str(profile), "--lang", "en"]
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    with start_process(
        [sys.executable, "-c", terminal, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        printed = b""
        while b"Answer, Enter is" not in printed and (piece := process.stdout.read(4096)):
            printed += piece
        # Between the question and the reading of its answer the terminal is set anew, and a key may be lost.
        while process.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(key)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
        printed += process.stdout.read()

    assert process.returncode == 130, printed
    assert b"Traceback" not in printed
    assert b"fault" not in printed
    assert not profile.exists()


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Reading what is typed or pasted here"), ("ru", "введено или вставлено")]
)
def test_a_terminal_that_is_read_says_so(language, said):
    with Terminal({}, "validate", "-", "--as-of", NOW, "--lang", language) as terminal:
        terminal.until(said)
        terminal.type(as_csv([GOOD | {"DateTime": NOW}]) + "\x04")
        code, _ = terminal.end()

    assert code == 0
    assert terminal.text.count(said) == 1
