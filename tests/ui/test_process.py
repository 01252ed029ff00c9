"""``calltools ui`` as a process of its own: how it starts, who sees its secret, how it ends, and what a kill leaves."""

import os
import re
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
from tests.uploading.conftest import COUNTER, HEADER, TOKEN, call_line, stored_calls, write_csv

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


def test_the_second_file_is_no_export_of_its_folder(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    write_csv(exports / "calls.csv", [call_line(number) for number in range(10)])
    crm = write_csv(exports / "crm.csv", ["+74950000700,1760000000,1604591025698235200"], header="phone,time,ClientID")
    with started(tmp_path, exports, "--identifiers", crm, "--no-browser") as (process, _):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert f"{exports}: files taken: 1; not taken: 1 (named in this command for something else: 1)" in errors


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


def tasks_of(process):
    """The processes that read files: children of the one that forks them."""
    children = [process.pid]
    for _ in range(2):
        children = [
            child
            for parent in children
            for listed in Path(f"/proc/{parent}/task").glob("*/children")
            for child in map(int, listed.read_text(encoding="ascii").split())
        ]
    return [pid for pid in children if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]


def peak_memory(pid):
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="files are read by forks on Linux")
def test_a_look_at_a_large_file_shows_how_far_it_is_and_ends_at_once_when_it_is_stopped(tmp_path):
    source = tmp_path / "calls.csv"
    lines = "".join(call_line(number) + "\n" for number in range(1000))
    with source.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        file.writelines(lines for _ in range(1000))
    with started(tmp_path, source, "--no-browser") as (process, address):
        visitor = visitor_of(address)
        form = [
            (
                "token",
                re.search(r'name="token" value="([^"]+)"', visitor.request("GET", f"{visitor.base}/files").text)[1],
            )
        ]
        shown = visitor.request("GET", f"{visitor.base}/files")
        while not re.search(r"[1-9]\d* % \([\d.]+ MiB of", shown.said):
            assert "data-working" in shown.text
            shown = visitor.request("GET", f"{visitor.base}/files")
        reading = tasks_of(process)
        visitor.send("stop", form)
        while tasks_of(process):
            time.sleep(0.01)
        stopped = visitor.request("GET", f"{visitor.base}/files")
        elsewhere = visitor.request("GET", f"{visitor.base}/findings")
        visitor.send("look", form)
        again = visitor.request("GET", f"{visitor.base}/files")

    assert len(reading) == 1
    assert "Stopped: nobody has looked into it yet" in stopped.said
    assert elsewhere.headers["location"].endswith("/files")
    assert "data-working" in again.text


@pytest.mark.skipif(sys.platform != "linux", reason="files are read by forks on Linux")
@pytest.mark.parametrize(("content", "said"), [
    (None, "holds bytes that no text has"),
    (b"x" * (64 << 20), "longer than 16 MiB"),
    (b",".join(b"c%d" % number for number in range(1_000_000)), "columns or more"),
    (b'a,"' + b'""' * (9 << 20), "Metrica's own format"),
], ids=["2 GiB of NUL", "a line of 64 MiB", "a million columns", "nine million quotes"])  # fmt: skip
def test_a_hostile_file_is_read_by_another_process_and_the_server_stays_small(tmp_path, content, said):
    source = tmp_path / "calls.csv"
    source.write_bytes(HEADER.encode() + b"\n" if content is None or content[:1] in {b"x", b"a"} else b"")
    with source.open("ab") as file:
        file.write(content or b"")
    if content is None:
        os.truncate(source, 2 << 30)
    with started(tmp_path, source, "--no-browser") as (process, address):
        visitor = visitor_of(address)
        before = peak_memory(process.pid)
        shown = visitor.get("files").said
        after = peak_memory(process.pid)

    assert said in shown
    assert after - before < 16 << 20


def test_a_port_that_is_taken_is_named(tmp_path):
    with started(tmp_path, "--no-browser") as (_, address):
        port = str(urlsplit(address).port)
        second = subprocess.run(
            [sys.executable, "-m", "calltools", "ui", "--no-browser", "--port", port], capture_output=True, text=True,
            env=os.environ | {"TMPDIR": str(tmp_path / "tmp"), "CALLTOOLS_LANG": "en"}, timeout=60, check=False,
        )  # fmt: skip

    assert second.returncode == 2
    assert port in second.stderr


def test_a_wrong_value_of_the_configuration_is_named_at_the_start_but_not_that_of_a_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = {
        "comment": '"no, never"', "timezone": '"Europe/Moskow"', "encoding": '"cp9999"', "delimiter": '"#"',
        "identifier-window": '"soon"', "identifier-columns": '"a"', "select": '"CT999"', "vendor": '"nobody"',
    }  # fmt: skip
    lines = "\n".join(f"{option} = {value}" for option, value in wrong.items())
    job = '[[jobs]]\nname = "night"\ninputs = "in/*.csv"\noutput = "out.csv"\ntimezone = "Nowhere"\n'
    config = tmp_path / "calltools.toml"

    config.write_text(f'limit = "records=many"\n{job}[[overrides]]\nfiles = "*.csv"\n{lines}\n', encoding="utf-8")
    refused = subprocess.run(
        [sys.executable, "-m", "calltools", "ui", "--no-browser"], capture_output=True, text=True,
        env=os.environ | {"CALLTOOLS_LANG": "en"}, timeout=60, check=False,
    )  # fmt: skip
    config.write_text(job, encoding="utf-8")
    with started(tmp_path, "--no-browser") as (_, address):
        assert visitor_of(address).get("files").status == 200

    assert refused.returncode == 2
    assert re.findall(r"^  (\S+): ", refused.stderr, re.MULTILINE) == [
        "$.limit", *(f"$.overrides[0].{option}" for option in wrong)
    ]  # fmt: skip
