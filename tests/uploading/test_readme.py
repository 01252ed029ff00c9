"""The commands of the README against the service on loopback: from an export to Metrica, and an upload that is cut off."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_metrica.server import FakeMetrica
from tests.keyrings import file_keyring
from tests.processes import wait_for
from tests.uploading.pseudo_terminal import Terminal

ROOT = Path(__file__).parents[2]
CALLS = len((ROOT / "samples" / "sipuni" / "expected.csv").read_text(encoding="utf-8").splitlines()) - 1

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
    pytest.mark.usefixtures("default_signals"),
]


def readme_steps():
    """The commands of the block after "To try it without a token", as arguments, without comments."""
    text = (ROOT / "UPLOAD.md").read_text(encoding="utf-8").partition("To try it without a token")[2]
    block = re.search(r"```console\n(.*?)```", text, re.DOTALL)[1]
    return [shlex.split(line.removeprefix("$ ").removesuffix(" &"), comments=True) for line in block.splitlines()]


@pytest.fixture
def first_steps(tmp_path, monkeypatch):
    """The service as the README starts it, on a free port; the arguments of the three commands after it."""
    exported, started, *commands = readme_steps()
    assert exported[0] == "export"
    assert started[:3] == [".venv/bin/python", "-m", "tests.fake_metrica"]
    arguments = [word if word != "8080" else "0" for word in started[1:]]
    service = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = service.stdout.readline().strip()
        for name, _, value in (pair.partition("=") for pair in exported[1:]):
            variables = {"CALLTOOLS_API_URL": url, "CALLTOOLS_STATE_DIR": str(tmp_path / "state")}
            monkeypatch.setenv(name, variables.get(name, value))
        monkeypatch.chdir(ROOT)
        assert all(command[0] == ".venv/bin/calltools" for command in commands)
        yield [command[1:] for command in commands]
    finally:
        service.terminate()
        service.wait()
        service.stdout.close()


def run(arguments):
    return subprocess.run(
        [sys.executable, "-m", "calltools", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def read_listing():
    return run(["uploads", "list", "--counter", "1", "--timeout", "60"]).stdout


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_the_commands_of_the_readme_lose_and_double_no_call(first_steps, ended_by):
    upload, resume, watch = first_steps

    with Terminal({"CALLTOOLS_LANG": "en"}, *upload) as screen:
        screen.until(f"Send {CALLS} calls to counter 1 ")
        screen.type("y\n")
        screen.until(f"sending L1: {CALLS} calls, part 1 of 1")
        wait_for(lambda: "other" in run_elsewhere())
        os.killpg(screen.process.pid, ended_by)
        code, out = screen.end()
    resumed, watched, again = run(resume), run(watch), run([*upload, "--yes"])

    assert (code, out) == (130 if ended_by == signal.SIGINT else -9, "")
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == f"L1  counter 1  acked  uploading 1000 ACKED sent {CALLS} accepted {CALLS}\n"
    assert watched.returncode == 0
    assert watched.stdout == f"uploading 1000 LINKAGE_FAILURE sent {CALLS} accepted {CALLS} linked 0\n"
    assert f"L1: all {CALLS} calls are static" in watched.stderr
    assert f"0 of {CALLS} calls to send" in again.stderr
    assert (again.returncode, again.stdout) == (0, watched.stdout)
    assert read_listing().count("\n") == 2  # the titles, and one uploading


def five_minutes():
    """The section: its commands as arguments, and the lines that it promises."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Five minutes")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w*)\n(.*?)```", section, re.DOTALL)
    console, shown = ("".join(text for kind, text in blocks if kind == one).splitlines() for one in ("console", ""))
    commands = [shlex.split(line.removeprefix("$ "), comments=True) for line in console]
    return [arguments[1:] for arguments in commands if arguments[0] == "calltools"], shown


def test_five_minutes_lead_from_an_export_to_metrica(tmp_path, monkeypatch):
    (validate, convert, login, doctor, plan, upload), shown = five_minutes()
    for folder in ("sipuni", "walkthrough"):
        shutil.copytree(ROOT / "samples" / folder, tmp_path / "samples" / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLTOOLS_LANG", "en")
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))

    checked, converted = run(validate), run(convert)
    token = "y0_C4naryTokenAbc-123"  # noqa: S105 - a canary
    with FakeMetrica(token=token, step_seconds=0.02) as service, file_keyring(tmp_path / "keyring") as variables:
        for name, value in {"CALLTOOLS_API_URL": service.url, **variables}.items():
            monkeypatch.setenv(name, value)
        with Terminal({}, *login) as screen:
            screen.until("ClientID: ")
            screen.type("0123456789abcdef0123456789abcdef\n")
            screen.until("stays hidden")
            screen.type(f"{token}\n")
            assert screen.end()[0] == 0, screen.text
        examined, planned = run(doctor), run(plan)
        uploaded, again = (run([*upload, "--yes", "--poll-interval", "0.1"]) for _ in range(2))

    assert [one.returncode for one in (checked, converted, examined, planned)] == [0, 0, 0, 0]
    written = (tmp_path / "calls.csv").read_text(encoding="utf-8")
    assert [line for line in shown if line not in converted.stdout + converted.stderr + written] == []
    assert (tmp_path / "rejects.csv").exists()
    assert "21 of 21 calls to send" in planned.stderr
    assert planned.stdout == ""
    assert uploaded.returncode == 0, uploaded.stderr
    assert uploaded.stdout.startswith("uploading 1000 PROCESSED sent 21 accepted 21 ")
    assert "0 of 21 calls to send" in again.stderr


def run_elsewhere():
    """What another machine sees: the store, without touching this ledger."""
    return subprocess.run(
        [sys.executable, "-m", "calltools", "uploads", "list", "--counter", "1", "--timeout", "60"],
        env={**os.environ, "CALLTOOLS_STATE_DIR": os.environ["CALLTOOLS_STATE_DIR"] + "-elsewhere"},
        capture_output=True, text=True, timeout=120, check=False,
    ).stdout  # fmt: skip
