"""No token and no phone number in output, files, or arguments of other processes: for each command and failure."""

import os
import re
import subprocess
import sys

import openpyxl
import pytest

from tests.fake_metrica.behaviors import BEHAVIORS
from tests.processes import start_process, wait_for
from tests.programs import find_program
from tests.uploading.conftest import COUNTER, HEADER, TOKEN, call_line, write_csv
from tests.uploading.test_crashes import LONG

pytestmark = pytest.mark.slow

CANARIES = (TOKEN, "+7495000", "4950007", "1604591025698", "000-00-01", "romashka.example", "ivan7")
COMMANDS = [
    ("upload", "FILE", "--counter", COUNTER, "--yes", "--wait", "--poll-interval", "0.05", "--wait-limit", "0.5"),
    ("uploads", "list", "--counter", COUNTER), ("uploads", "list", "--output-format", "json"), ("uploads", "resume"),
    ("uploads", "show", "L1"), ("uploads", "watch", "L1", "--poll-interval", "0.05", "--wait-limit", "0.5"),
    ("doctor", "--counter", COUNTER), ("uploads", "resume", "--give-up", "L1"),
]  # fmt: skip


def found_canaries(*texts):
    return [canary for canary in CANARIES for text in texts if canary in text]


def written_files(folder):
    """The files of the state folder, without the calls that wait."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "spool"]
    return [path.read_bytes().decode("latin-1") for path in files] + [path.name for path in folder.rglob("*")]


@pytest.fixture
def debugged(run, calls):
    """All commands, one after the other, with debug output: all that they printed."""

    def called(*options, **more):
        outputs = []
        for command in COMMANDS:
            shown = [calls if word == "FILE" else word for word in command]
            offline = command[1] == "show" or "--give-up" in command
            result = run(*shown, "--debug", "-v", *([] if offline else ["--timeout", "1"]), *options, **more)
            assert result.exit_code in {0, 2, 4, 5, 6}, result.output
            outputs.append(result.output)
        return outputs

    return called


#: One of each class that is not tried again and again; ``make test-long`` takes all.
SOME_BEHAVIORS = ("400", "401-early", "403", "302", "429-late", "200-errors", "200-truncated", "garbage", "resets-after-body",
        "partial", "list-doubles", "list-huge", "reading-401", "reading-redirects", "status-unknown", "clock-late")  # fmt: skip


@pytest.mark.parametrize("name", sorted(BEHAVIORS) if LONG else SOME_BEHAVIORS)
def test_no_misbehavior_of_the_service_makes_a_value_leak(debugged, service, state, name):
    service.behave(name)

    outputs = debugged()

    assert found_canaries(*outputs, *written_files(state)) == []


def test_a_fault_of_our_own_shows_where_and_no_value(environment, tmp_path, calls):
    """A defect is planted whose exception holds the file: the output does not."""
    code = (
        "import sqlite3, sys\n"
        "from calltools.uploading import upload as stage\n"
        "from calltools.cli.app import start\n"
        "def broken(*arguments):\n"
        "    raise RuntimeError(open(sys.argv[2]).read())\n"
        "stage._send_all = broken\n"
        "sys.exit(start())\n"
    )
    arguments = ["upload", str(calls), "--counter", COUNTER, "--yes", "--debug"]

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 70
    assert "RuntimeError" in done.stderr
    assert found_canaries(done.stdout, done.stderr) == []


@pytest.mark.parametrize(
    "command",
    [
        ["upload", "calls.csv", "--counter", COUNTER, "--yes", "--timeout", "2"],
        ["validate", "calls.xlsx"],
        ["convert", "calls.xlsx", "-o", "out.csv"],
        ["doctor", "--counter", COUNTER],
    ],
    ids=lambda command: command[0],
)
def test_no_other_process_is_handed_anything(environment, service, tmp_path, command):
    """Seen by the system: the arguments and the environment of every process that is started."""
    write_csv(tmp_path / "calls.csv", [call_line(1)])
    workbook = openpyxl.Workbook()
    for row in (HEADER.split(","), call_line(1).split(",")):
        workbook.active.append(row)
    workbook.save(tmp_path / "calls.xlsx")
    log = tmp_path / "strace"
    tracing = [
        find_program("strace", packages=["strace"]),
        "-f",
        "-qq",
        "-v",
        "-s",
        "100000",
        "-e",
        "trace=execve",
        "-o",
        str(log),
    ]

    done = subprocess.run(
        [*tracing, sys.executable, "-m", "calltools", *command], env={**os.environ, **environment}, cwd=tmp_path,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    ourselves, *children = re.findall(r"execve\(.*", log.read_text(encoding="utf-8", errors="replace"))
    assert TOKEN in ourselves  # it is seen where the user put it
    assert bool(children) == ("calls.xlsx" in command)
    assert found_canaries(*children) == []


@pytest.mark.parametrize("options", [["--timeout", "60"], ["--timeout", "60", "--skip-bad"]], ids=["whole", "skip bad"])
def test_a_kill_leaves_calls_nowhere_but_in_the_spool(environment, service, state, tmp_path, options):
    service.behave("silent")
    place = tmp_path / "tmp"
    place.mkdir()
    bad = [call_line(2).replace("+7495", "8495")] if "--skip-bad" in options else []
    text = "\n".join([HEADER, call_line(1), *bad]) + "\n"
    arguments = [sys.executable, "-m", "calltools", "upload", "-", "--counter", COUNTER, "--yes", *options]

    with start_process(
        arguments, env={**os.environ, **environment, "TMPDIR": str(place)}, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        process.stdin.write(text)
        process.stdin.close()
        wait_for(lambda: service.posts)
        names = list(place.rglob("*"))
        process.kill()

    assert names == []
    assert list(place.rglob("*")) == []
    assert found_canaries(*written_files(state)) == []
    (spooled,) = (state / "spool").iterdir()
    assert spooled.stat().st_mode & 0o777 == 0o600
