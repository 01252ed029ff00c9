"""Who gets in: requests over a real socket."""

import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from calltools.ui.folder import open_private_folder, remove_left_folders
from tests.ui.pages import Visitor, served, visited

PAGES = ["", "files", "questions", "findings", "results", "page.css", "page.js", "progress", "download/calls.csv"]


@pytest.fixture(scope="module")
def page():
    with served() as page:
        yield page


@pytest.fixture(scope="module")
def inside():
    with visited() as (visitor, _):
        yield visitor


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_the_cookie(page, path):
    door = page.visit.door

    answer = Visitor(door.port).request("GET", f"{door.base}/{path}")

    assert answer.status == 403
    assert door.form_token not in answer.text


def test_the_address_works_once(page):
    with served() as other:
        first, second = Visitor(other.visit.door.port), Visitor(other.visit.door.port)

        entered, late = first.enter(other.address), second.enter(other.address)
        again = first.enter(other.address)

    assert (entered.status, late.status, again.status) == (200, 403, 200)
    assert "Cookie" not in second.headers
    assert "set-cookie" not in again.headers


def test_the_cookie_is_kept_from_scripts_and_from_other_sites_and_paths():
    with served() as page:
        cookie = Visitor(page.visit.door.port).enter(page.address).headers["set-cookie"]

    assert cookie.endswith(f"; Path={page.visit.door.base}/; HttpOnly; SameSite=Strict")


@pytest.mark.parametrize("key", ["", "x", "é", "%00", "None"])
def test_another_key_does_not_open(page, key):
    door = page.visit.door

    answer = Visitor(door.port).request("GET", f"{door.base}/enter?key={key.encode().hex() if key == 'é' else key}")

    assert answer.status == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""]
)
def test_another_host_is_refused(inside, host):
    answer = inside.request("GET", f"{inside.base}/files", Host=host.format(port=inside.port))

    assert answer.status == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://127.0.0.1"]
)
def test_a_form_from_elsewhere_is_refused(inside, origin):
    fields = [("token", inside.token), ("to", "ru")]

    answer = inside.send("language", fields, Origin=origin.format(port=inside.port))

    assert answer.status == 403


def test_a_form_without_an_origin_is_refused(inside):
    body = f"token={inside.token}&to=ru"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    assert inside.request("POST", f"{inside.base}/language", body, **kind).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_server_may_not_even_read(inside, site):
    assert inside.request("GET", f"{inside.base}/files", **{"Sec-Fetch-Site": site}).status == 403


@pytest.mark.parametrize("token", ["", "x", "ключ"])
@pytest.mark.parametrize("form", ["files", "remove", "questions", "language", "stop", "finish"])
def test_a_form_without_its_token_changes_nothing(inside, form, token):
    assert inside.send(form, [("token", token), ("to", "ru")]).status == 403


def test_a_file_before_the_token_is_not_kept():
    with visited() as (visitor, page):
        answer = visitor.send("files", [], [("calls", "a.csv", b"x")])
        kept = list(page.visit.inbox.iterdir())

    assert answer.status == 403
    assert kept == []


@pytest.mark.parametrize("form", ["files", "remove", "questions", "language", "stop", "finish"])
def test_nothing_is_changed_by_looking(inside, form):
    answer = inside.request("GET", f"{inside.base}/{form}?to=ru&number=1&token={inside.token}")

    assert answer.status in {200, 303, 404}
    assert 'lang="en"' in inside.get("files").text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(inside, method):
    assert inside.request(method, f"{inside.base}/files", Origin=f"http://127.0.0.1:{inside.port}").status == 403


@pytest.mark.parametrize("path", ["files", "page.js", "nothing", "download/x"])
def test_each_answer_binds_the_browser(inside, path):
    headers = inside.request("GET", f"{inside.base}/{path}").headers
    policy = headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "name",
    ["../in-use.lock", "..%2fopen.html", "%2e%2e/open.html", "en-report.html", "rejected.sqlite", "calls.csv%00"],
)
def test_no_name_leads_out_of_the_outputs(inside, name):
    assert inside.request("GET", f"{inside.base}/download/{name}").status == 404


def test_only_this_machine_is_listened_to(page):
    listening = subprocess.run(
        ["ss", "-Hltn", f"sport = :{page.visit.door.port}"], capture_output=True, text=True, check=False
    )
    if listening.returncode:
        listening = Path("/proc/net/tcp").read_text(encoding="ascii")
        assert f"0100007F:{page.visit.door.port:04X} " in listening
        assert f"00000000:{page.visit.door.port:04X} " not in listening
    else:
        assert listening.stdout.split()[3] == f"127.0.0.1:{page.visit.door.port}"


def test_only_this_user_can_look_into_the_folder():
    with visited() as (visitor, page):
        visitor.post("files", files=[("calls", "a.csv", b"x")])
        folder = page.visit.folder
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
        secret = page.opener.exists()

    assert modes[folder] == 0o700
    assert all(not mode & 0o077 for path, mode in modes.items() if path.is_file() and path.name != "in-use.lock")
    assert not secret, "the address was used"
    assert not folder.exists()


def test_the_opener_is_private_and_leads_in():
    with served() as page:
        mode, text = stat.S_IMODE(page.opener.stat().st_mode), page.opener.read_text(encoding="utf-8")

    assert mode == 0o600
    assert page.address in text


def test_a_folder_in_use_stays_and_one_that_was_left_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = subprocess.run(
        [sys.executable, "-c", "import os\nfrom calltools.ui.folder import *\nwith open_private_folder() as folder:\n    print(folder, flush=True)\n    os._exit(9)"],
        env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    with open_private_folder() as used:
        remove_left_folders()
        is_used, is_left = used.exists(), Path(left.stdout.strip()).exists()

    assert left.returncode == 9
    assert (is_used, is_left) == (True, False)


def test_a_link_of_somebody_else_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "in-use.lock").touch()
    (tmp_path / "calltools-ui-x").symlink_to(mine)

    remove_left_folders()

    assert (mine / "in-use.lock").exists()


def test_finishing_ends_the_server_and_forgets():
    with served() as page:
        visitor = Visitor(page.visit.door.port)
        visitor.enter(page.address)
        said = visitor.send("finish", [("token", visitor.token)]).said
        [serving] = [thread for thread in threading.enumerate() if thread.name == f"serving-{visitor.port}"]
        serving.join()

    assert "Finished" in said
    assert not page.visit.folder.exists()
