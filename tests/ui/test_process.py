"""``calltools ui`` as a process of its own: how it starts, who sees its secret, how it ends, and what a kill leaves."""

import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fake_metrica.server import FakeMetrica
from tests.ui.pages import Visitor
from tests.uploading.conftest import COUNTER, TOKEN, call_line, stored_calls, write_csv

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("default_signals"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]


@contextmanager
def started(tmp_path, *words, **environment):
    """A process, and the address that it has printed."""
    folder = tmp_path / "tmp"
    folder.mkdir(exist_ok=True)
    env = (
        os.environ
        | {"TMPDIR": str(folder), "CALLTOOLS_LANG": "en", "CALLTOOLS_STATE_DIR": str(tmp_path / "state")}
        | environment
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "calltools", "ui", *map(str, words)], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        yield process, line.strip().rpartition(" ")[2]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def left(tmp_path):
    return list((tmp_path / "tmp").glob("calltools-ui-*"))


def visitor_of(address):
    visitor = Visitor(urlsplit(address).port)
    assert visitor.enter(address).status == 200
    return visitor


def test_ctrl_c_ends_it_well_and_leaves_nothing(tmp_path):
    with started(tmp_path, "--no-browser") as (process, address):
        visitor = visitor_of(address)
        visitor.post("files", files=[("calls", "a.csv", b"ClientId,DateTime\n")])
        while_open = left(tmp_path)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert len(while_open) == 1
    assert stat.S_IMODE(Path(tmp_path / "tmp").stat().st_mode) & 0o700
    assert left(tmp_path) == []
    assert process.returncode == 0
    assert visitor.base not in errors
    assert "Traceback" not in errors


def test_after_a_kill_the_next_start_clears_away(tmp_path):
    with started(tmp_path, "--no-browser") as (process, address):
        visitor_of(address).post("files", files=[("calls", "a.csv", b"ClientId,DateTime\n")])
        process.kill()
        process.wait()
    killed = left(tmp_path)
    with started(tmp_path, "--no-browser"):
        after = left(tmp_path)

    assert len(killed) == 1
    assert len(after) == 1
    assert after != killed


def test_the_browser_is_started_without_the_secret(tmp_path):
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {seen}\n', encoding="utf-8")
    browser.chmod(0o700)
    with started(tmp_path, BROWSER=f"{browser} %s", DISPLAY=":0") as (process, address):
        key = address.rpartition("=")[2]
        arguments = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
        while not (seen.exists() and seen.read_text(encoding="utf-8")):
            time.sleep(0.05)

    assert seen.read_text(encoding="utf-8").strip().endswith("/open.html")
    assert key not in seen.read_text(encoding="utf-8")
    assert key not in arguments


def test_killed_while_it_sends_no_call_goes_twice(tmp_path):
    source = write_csv(tmp_path / "export.csv", [call_line(number) for number in range(10)])
    with FakeMetrica(token=TOKEN, step_seconds=0.02) as service:
        environment = {"CALLTOOLS_API_URL": service.url, "CALLTOOLS_TOKEN": TOKEN}
        service.behave("silent-after-storing", 1)
        with started(tmp_path, source, "--no-browser", **environment) as (process, address):
            visitor = visitor_of(address)
            press(visitor)
            while not service.store.uploadings:
                time.sleep(0.05)
            process.kill()
            process.wait()
        service.behave_well()
        with started(tmp_path, source, "--no-browser", **environment) as (_, address):
            visitor = visitor_of(address)
            visitor.post("history/decide", {"what": "look"})
            said = plan(visitor).said

    assert "Nothing new" in said
    assert [len(part) for part in stored_calls(service)] == [10]


def plan(visitor):
    visitor.get("send")
    return visitor.post("send/counter", {"counter": COUNTER, "goal": ""})


def press(visitor):
    token = plan(visitor).text.partition('name="plan" value="')[2].partition('"')[0]
    visitor.send("send/go", [("token", visitor.token), ("plan", token)])


def test_a_port_that_is_taken_is_named(tmp_path):
    with started(tmp_path, "--no-browser") as (_, address):
        port = str(urlsplit(address).port)
        second = subprocess.run(
            [sys.executable, "-m", "calltools", "ui", "--no-browser", "--port", port], capture_output=True, text=True,
            env=os.environ | {"TMPDIR": str(tmp_path / "tmp"), "CALLTOOLS_LANG": "en"}, timeout=60, check=False,
        )  # fmt: skip

    assert second.returncode == 2
    assert port in second.stderr
