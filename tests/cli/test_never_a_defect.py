"""Names, numbers and surroundings that nobody expects: a sentence and a documented exit code, never 70."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import GOOD, as_csv

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")]

NOW = "1773100800"
BYTES_NAME = os.fsdecode(b"caf\xe9.csv")
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
REPORTS = ("json", "jsonl", "csv", "sarif", "xml", "md", "html", "xlsx", "rdjson", "gitlab.json")


@pytest.fixture
def folder(tmp_path):
    rows = [GOOD | {"DateTime": NOW}, GOOD | {"DateTime": str(int(NOW) - 9), "PhoneNumber": "12"}]
    for name in ("calls.csv", BYTES_NAME, "звонки.csv"):
        (tmp_path / name).write_text(as_csv(rows), encoding="utf-8")
    (tmp_path / "good.csv").write_text(as_csv(rows[:1]), encoding="utf-8")
    (tmp_path / os.fsdecode(b"good\xe9.csv")).write_text(as_csv(rows[:1]), encoding="utf-8")
    return tmp_path


def run(folder, *arguments, start=("-m", "calltools"), **variables):
    environment = {
        key: text for key, text in os.environ.items() if not key.startswith(("CALLTOOLS_", "GITHUB_", "LC_", "LANG"))
    }
    environment |= {
        "CALLTOOLS_STATE_DIR": str(folder / "state"),
        "CALLTOOLS_TOKEN": "invented",
        "CALLTOOLS_API_URL": "http://127.0.0.1:9",  # nobody listens there
        "LANG": "C.UTF-8",
    } | variables
    environment = {key: text for key, text in environment.items() if text is not None}
    command = [sys.executable, *start, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL
    )
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("surroundings", [{}, C_LOCALE], ids=["utf-8", "C"])
@pytest.mark.parametrize("name", [BYTES_NAME, "звонки.csv"])
def test_a_file_name_of_any_bytes_is_reported_in_every_form(folder, name, surroundings):
    reports = [word for ending in REPORTS for word in ("--report", f"report.{ending}")]

    done = run(folder, "validate", name, "--as-of", NOW, *reports, **surroundings)

    assert done.returncode == 1, done.stderr
    for ending in REPORTS:
        text = (folder / f"report.{ending}").read_bytes()
        assert ending == "xlsx" or "CT245" in text.decode("utf-8")
    shown = "caf\\\\xe9.csv" if name == BYTES_NAME else name
    assert f'"path": "{shown}"' in (folder / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["text", "concise", "json", "jsonl", "csv", "github", "sarif", "junit", "markdown"])
def test_a_file_name_of_any_bytes_is_shown_on_the_screen_in_every_form(folder, form):
    assert run(folder, "validate", BYTES_NAME, "--as-of", NOW, "--output-format", form).returncode == 1


def test_a_file_name_of_any_bytes_is_written_and_sent(folder):
    output, rejects = os.fsdecode(b"out\xe9.csv"), os.fsdecode(b"bad\xe9.csv")
    known = os.fsdecode(b"known\xe9.json")

    assert run(folder, "convert", BYTES_NAME, "--as-of", NOW, "-o", output, "--rejects", rejects).returncode == 1
    assert (folder / output).exists()
    assert (folder / rejects).exists()
    assert run(folder, "validate", BYTES_NAME, "--as-of", NOW, "--write-baseline", known).returncode == 0
    assert run(folder, "validate", BYTES_NAME, "--as-of", NOW, "--baseline", known).returncode == 0
    good = os.fsdecode(b"good\xe9.csv")
    assert run(folder, "upload", good, "--counter", "7", "--yes").returncode == 4
    assert "L1" in run(folder, "uploads", "list").stdout.decode()


@pytest.mark.parametrize("option", ["--goal", "--comment"])
def test_a_text_that_is_no_utf_8_is_refused_and_one_of_another_locale_is_read(folder, option):
    arguments = ("upload", "good.csv", "--counter", "8", "--yes", "--lang", "en", option)

    refused = run(folder, *arguments, os.fsdecode(b"\xe9"))

    assert refused.returncode == 2
    assert f"{option}: this is no text in UTF-8." in refused.stderr.decode()
    assert run(folder, *arguments, "Звонок", **C_LOCALE).returncode == 4


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--timeout", "inf", "a number from 1 to 86400"),
        ("--timeout", "nan", "a number from 1 to 86400"),
        ("--timeout", "1e300", "a number from 1 to 86400"),
        ("--timeout", "-1", "a number from 1 to 86400"),
        ("--wait-limit", "nan", "a number from 0 to 31536000"),
        ("--wait-limit", "inf", "a number from 0 to 31536000"),
        ("--poll-interval", "inf", "a number from 0.05 to 86400"),
        ("--settle-minutes", "inf", "a number from 1 to 525600"),
        ("--min-linked", "nan", "a number from 0 to 100"),
        ("--counter", "9223372036854775808", "a whole number from 1 to 9223372036854775807"),
        ("--counter", "9" * 5000, "a whole number from 1 to 9223372036854775807"),
        ("--counter", "0", "a whole number from 1 to 9223372036854775807"),
        ("--counter", "1.5", "a whole number from 1 to 9223372036854775807"),
    ],
)
def test_a_number_that_no_clock_or_ledger_can_hold_is_refused(folder, option, value, says):
    done = run(folder, "upload", "good.csv", "--yes", "--lang", "en", "--counter", "1", option, value)

    assert done.returncode == 2, done.stderr
    assert f"{option}: {says} is expected" in done.stderr.decode()
    name = f"CALLTOOLS_{option.removeprefix('--').upper().replace('-', '_')}"
    counter = () if option == "--counter" else ("--counter", "1")
    assert run(folder, "upload", "good.csv", "--yes", *counter, **{name: value}).returncode == 2


@pytest.mark.parametrize("text", ["max-findings = " + "9" * 5000, "x = " + "[" * 5000, 'sheet = "a'])
def test_a_configuration_that_python_cannot_read_is_a_sentence(folder, text):
    (folder / "calltools.toml").write_text(text, encoding="utf-8")

    done = run(folder, "validate", "good.csv", "--lang", "en")

    assert done.returncode == 2, done.stderr
    assert "calltools.toml" in done.stderr.decode()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--max-findings", "1e9"), ("--max-findings", "-1"), ("--max-findings", "nan"), ("--header-row", "-1"),
        ("--as-of", "9999-12-31T23:59:59-12:00"), ("--as-of", "0001-01-01T00:00:00+12:00"), ("--as-of", "1e300"),
        ("--as-of", "-1"), ("--identifier-window", "infd"), ("--limit", "seconds=-1"), ("--limit", "seconds=1e9"),
    ],
)  # fmt: skip
def test_an_option_of_reading_that_is_out_of_range_is_refused(folder, option, value):
    done = run(folder, "validate", "good.csv", "-v", option, value)

    assert done.returncode == 2
    assert done.stderr


def test_a_counter_above_31_bits_is_one(folder):
    assert run(folder, "upload", "good.csv", "--counter", "99999999999", "--plan").returncode == 0


@pytest.mark.parametrize("version", [0, 1, -5, -(2**31), 2**31 - 1])
def test_a_ledger_whose_version_was_changed_is_refused(folder, version):
    assert run(folder, "upload", "good.csv", "--counter", "7", "--yes").returncode == 4
    with sqlite3.connect(folder / "state" / "ledger.sqlite3") as connection:
        connection.execute(f"PRAGMA user_version = {version}")

    for command in (["uploads", "list"], ["doctor"], ["upload", "good.csv", "--counter", "7", "--yes"]):
        done = run(folder, *command, "--lang", "en")

        assert done.returncode == 4
        assert "ledger" in done.stderr.decode() or "memory of the uploads" in done.stderr.decode()


def test_a_ledger_without_one_of_its_tables_is_damaged(folder):
    assert run(folder, "upload", "good.csv", "--counter", "7", "--yes").returncode == 4
    with sqlite3.connect(folder / "state" / "ledger.sqlite3") as connection:
        connection.execute("DROP TABLE attempt")

    done = run(folder, "uploads", "list", "--lang", "en")

    assert done.returncode == 4
    assert "is damaged" in done.stderr.decode()


@pytest.mark.parametrize("home", ["calls.csv", "calls.csv/x", "nowhere"])
def test_a_home_that_is_none_is_a_sentence(folder, home):
    where = {"HOME": str(folder / home), "CALLTOOLS_STATE_DIR": None}

    assert run(folder, "uploads", "list", **where).returncode == (0 if home == "nowhere" else 4)
    assert run(folder, "vendors", "list", **where).returncode == 0
    assert run(folder, "validate", "good.csv", "--as-of", NOW, **where).returncode == 0


def test_a_home_of_somebody_unknown_is_a_sentence(folder):
    done = run(folder, "uploads", "list", "--lang", "en", CALLTOOLS_STATE_DIR="~nobody-of-this-name/state")

    assert done.returncode == 2
    assert "CALLTOOLS_STATE_DIR" in done.stderr.decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become a user without an entry")
def test_a_user_without_a_home_is_asked_for_the_folder_and_gets_none_in_the_working_folder(folder):
    become = "import os, runpy, sys; os.setresuid(54321, 0, 0); runpy.run_module('calltools', run_name='__main__')"
    where = {"HOME": None, "CALLTOOLS_STATE_DIR": None, "start": ("-c", become)}
    before = sorted(folder.iterdir())

    done = run(folder, "uploads", "list", "--lang", "en", **where)

    assert done.returncode == 2
    assert "CALLTOOLS_STATE_DIR" in done.stderr.decode()
    assert run(folder, "vendors", "list", **where).returncode == 0
    assert run(folder, "validate", "good.csv", "--as-of", NOW, **where).returncode == 0
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("place", ["calls.csv", "calls.csv/state", "/proc/state", "/dev/full"])
def test_a_state_folder_that_cannot_be_made_is_a_sentence(folder, place):
    done = run(folder, "uploads", "list", "--lang", "en", CALLTOOLS_STATE_DIR=str(Path(folder, place)))

    assert done.returncode == 4
    assert place in done.stderr.decode()


COMMANDS = (
    "upload good.csv --dry-run", "upload good.csv --counter 1 --plan", "uploads list", "doctor", "vendors list",
    "vendors show sipuni", "vendors detect good.csv", "vendors new good.csv --no-input", "config show", "--version",
    "upload --help", "convert good.csv",
)  # fmt: skip


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "2>/dev/full", ">/dev/full 2>/dev/full", ">&- 2>&- <&-"])
@pytest.mark.parametrize("command", COMMANDS)
def test_streams_that_take_nothing_are_no_defect(folder, command, redirection):
    shell = ("-c", f"import os; os.execvp('sh', ['sh', '-c', '{sys.executable} -m calltools {command} {redirection}'])")

    assert run(folder, start=shell).returncode in {0, 1, 2, 4}
