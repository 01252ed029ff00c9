"""``login`` and ``logout``: a token is got, tried, kept where only its owner reads it, found again, and never shown."""

import os
import subprocess
import sys
from pathlib import Path

import keyring
import pytest

from tests.keyrings import file_keyring
from tests.processes import start_process, wait_for
from tests.uploading.conftest import COUNTER, TOKEN
from tests.uploading.pseudo_terminal import Terminal

CLIENT_ID = "0123456789abcdef0123456789abcdef"
ENTRY = ("calltools", "metrica")


@pytest.fixture
def kept(tmp_path, environment):
    """A keyring in a file, and no token in the environment: gives what is kept there."""
    del environment["CALLTOOLS_TOKEN"]
    with file_keyring(tmp_path / "keyring") as variables:
        environment.update(variables)
        yield lambda: keyring.get_password(*ENTRY)


@pytest.fixture
def login(run):
    """``login`` with a token on standard input."""

    def called(*options, token=TOKEN, **more):
        return run("login", "--token-stdin", "--timeout", "5", *options, given=f"{token}\n", **more)

    return called


@pytest.fixture
def at_terminal(environment):
    return lambda *arguments: Terminal(environment, "login", "--timeout", "5", *arguments)


# -- a person at a terminal ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_token_is_got_tried_and_kept_and_never_shown(at_terminal, run, kept, calls, tmp_path, lang):
    with at_terminal("-v", "--debug", "--lang", lang) as screen:
        screen.until("https://oauth.yandex.ru/client/new")
        assert "metrika:offline_data" in screen.text
        assert "metrika:read" not in screen.text
        screen.until("ClientID: ")
        screen.type(f"{CLIENT_ID}\n")
        address = (
            f"https://oauth.yandex.ru/authorize?response_type=token&client_id={CLIENT_ID}&scope=metrika:offline_data"
        )
        screen.until(address)
        screen.until("stays hidden" if lang == "en" else "не отображается")
        screen.type(f"{TOKEN}\n")
        code, out = screen.end()

    assert code == 0, screen.text
    assert TOKEN not in screen.text + out
    assert out.splitlines()[0].split() == [
        COUNTER,
        "Ромашка",
        "romashka.ru",
        *{"en": ["may", "upload"], "ru": ["можно", "загружать"]}[lang],
    ]
    assert "romashka" in screen.text
    assert kept() == TOKEN
    assert run("upload", calls, "--counter", COUNTER, "--yes").exit_code == 0


@pytest.mark.slow
def test_the_address_of_the_page_with_the_token_is_taken_too(at_terminal, kept):
    with at_terminal("--client-id", CLIENT_ID) as screen:
        screen.until("stays hidden")
        assert "client/new" not in screen.text
        screen.type(
            f"https://oauth.yandex.ru/verification_code#access_token={TOKEN}&token_type=bearer&expires_in=31536000\n"
        )
        code, out = screen.end()

    assert code == 0, screen.text
    assert kept() == TOKEN
    assert TOKEN not in screen.text + out


@pytest.mark.slow
def test_a_token_pasted_at_the_wrong_question_is_not_repeated_by_us(at_terminal, service, kept):
    with at_terminal() as screen:
        screen.until("ClientID: ")
        screen.type(f"{TOKEN}\n")
        code, _ = screen.end()

    assert code == 2
    # Once, by the terminal itself, which echoes at this question.
    assert screen.text.count(TOKEN) == 1
    assert (kept(), service.requests) == (None, [])


@pytest.mark.slow
@pytest.mark.usefixtures("default_signals")
def test_an_interrupt_at_the_hidden_question_leaves_nothing(at_terminal, service, kept):
    with at_terminal("--client-id", CLIENT_ID) as screen:
        screen.until("stays hidden")
        screen.interrupt()
        code, _ = screen.end()

    assert (code, kept(), service.requests) == (130, None, [])


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["\x04", "\n", "two words\n"])
def test_no_token_at_the_hidden_question_is_exit_2(at_terminal, service, kept, typed):
    with at_terminal("--client-id", CLIENT_ID) as screen:
        screen.until("stays hidden")
        screen.type(typed)
        code, _ = screen.end()

    assert (code, kept(), service.requests) == (2, None, [])
    assert "words" not in screen.text.partition("stays hidden")[2]


@pytest.mark.parametrize("place", ["a file/token", "folder"])
def test_a_place_that_cannot_be_written_is_said_before_a_token_is_asked_for(login, service, tmp_path, place):
    (tmp_path / "a file").write_text("x")
    (tmp_path / "folder").mkdir()

    result = login("--token-file", tmp_path / place)

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert service.requests == []


def test_where_nobody_can_be_asked_the_command_is_named(run, kept, service):
    result = run("login")

    assert result.exit_code == 2
    assert "calltools login --token-stdin" in result.stderr
    assert service.requests == []


# -- what the service says of the token ---------------------------------------------------


def test_a_token_that_the_service_does_not_know_is_not_kept(login, kept):
    result = login(token="another")  # noqa: S106 - none at all

    assert result.exit_code == 4
    assert kept() is None
    assert "another" not in result.output


def test_a_denied_access_is_no_token(login, kept, service):
    result = login(token="https://oauth.yandex.ru/verification_code#error=access_denied")  # noqa: S106 - an address

    assert (result.exit_code, kept(), service.requests) == (2, None, [])
    assert "access was not allowed" in result.stderr


def test_without_a_connection_nothing_is_kept(login, kept, service):
    service.refuse()

    result = login("--timeout", "1")

    assert (result.exit_code, kept()) == (4, None)
    assert "No connection" in result.stderr


def test_a_token_that_may_only_upload_is_kept_and_what_it_cannot_see_is_said(login, run, kept, service, calls):
    service.may_read = False

    result = login()

    assert result.exit_code == 0, result.output
    assert kept() == TOKEN
    assert result.stdout == ""
    assert "does not show this token its counters" in result.stderr
    assert run("upload", calls, "--counter", COUNTER, "--yes").exit_code == 0


def test_counters_are_listed_with_site_name_and_right(login, kept, service):
    service.counters = {
        number: {"name": f"Магазин {number}", "permission": permission, "site2": {"site": f"shop{number}.example"}}
        for number, permission in {7: "view", 1001: "edit", 88: "analyst"}.items()
    }
    service.login = "agency"

    result = login()

    assert result.stdout.splitlines() == [
        "7     Магазин 7     shop7.example     may only look",
        "1001  Магазин 1001  shop1001.example  may upload",
        "88    Магазин 88    shop88.example    may only look",
    ]
    assert "account agency: counters 3, of which calls can be uploaded to 1" in result.stderr
    assert "calltools upload calls.csv --counter 1001 --plan" in result.stderr


def test_an_account_that_may_upload_nowhere_is_told(login, kept, service):
    service.counters = {403: {}}

    result = login()

    assert result.exit_code == 0
    assert "Calls can be uploaded to none of them" in result.stderr


def test_a_long_list_of_counters_is_read_to_its_end(login, kept, service):
    service.counters = {number: {} for number in range(1, 451)}

    result = login("--quiet")

    assert [line.split()[0] for line in result.stdout.splitlines()] == [str(number) for number in range(1, 451)]
    assert len([one for one in service.requests if one["path"].endswith("/counters")]) == 3


# -- where it is kept, and what finds it --------------------------------------------------


def test_without_a_keyring_nothing_is_asked_and_the_way_is_named(run, service, environment):
    result = run("login", "--token-stdin", given=f"{TOKEN}\n")

    assert result.exit_code == 2
    assert "calltools login --token-file FILE" in result.stderr
    assert "CALLTOOLS_TOKEN" in result.stderr
    assert service.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_file_in_place_of_a_keyring_is_closed_and_found(login, run, environment, calls, tmp_path):
    del environment["CALLTOOLS_TOKEN"]
    path = tmp_path / "new folder" / "token"

    kept = login("--token-file", path)
    sent = run("upload", calls, "--counter", COUNTER, "--yes", "--token-file", path)
    gone = run("logout", "--token-file", path)

    assert kept.exit_code == 0, kept.output
    assert f"--token-file {path}" in kept.stderr
    assert sent.exit_code == 0, sent.output
    assert (gone.exit_code, path.exists()) == (0, False)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_token_file_is_readable_by_its_owner_alone_from_its_first_byte(login, tmp_path):
    path = tmp_path / "token"
    path.write_text("an-older-token\n")
    path.chmod(0o644)

    login("--token-file", path)

    assert path.read_text() == f"{TOKEN}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir() if "token" in one.name] == ["token"]


@pytest.mark.parametrize("command", [("login", "--token-stdin"), ("logout",)], ids=lambda words: words[0])
def test_a_file_of_something_else_is_neither_overwritten_nor_removed(run, calls, command):
    before = calls.read_bytes()
    calls.write_bytes(b"two words")

    result = run(*command, "--token-file", calls, given=f"{TOKEN}\n")

    assert result.exit_code == 2
    assert calls.read_bytes() == b"two words" != before


def test_the_token_is_found_by_option_then_environment_then_keyring(login, run, kept, tmp_path):
    login()
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)

    places = [
        run("login", "--list", *options, **more).stderr.splitlines()[0]
        for options, more in (
            ((), {}),
            ((), {"CALLTOOLS_TOKEN": TOKEN}),
            (("--token-file", path), {"CALLTOOLS_TOKEN": TOKEN}),
        )
    ]

    assert places == ["token: from keyring", "token: from CALLTOOLS_TOKEN", f"token: from {path}"]


def test_the_doctor_says_which_token_is_used(login, run, kept):
    login()

    assert "token: from keyring" in run("doctor").stdout
    assert "token: from CALLTOOLS_TOKEN" in run("doctor", "--counter", COUNTER, CALLTOOLS_TOKEN=TOKEN).stdout


def test_the_list_names_account_and_counters(login, run, kept):
    login()

    result = run("login", "--list")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split() == [COUNTER, "Ромашка", "romashka.ru", "may", "upload"]
    assert "account romashka" in result.stderr


def test_logout_forgets_and_says_what_stays(login, run, kept):
    login()

    first, second = run("logout"), run("logout", CALLTOOLS_TOKEN=TOKEN)

    assert kept() is None
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "withdraw it in Yandex ID" in first.stderr
    assert "No token was kept here" in second.stderr
    assert "CALLTOOLS_TOKEN is set" in second.stderr
    assert run("login", "--list").exit_code == 2


def test_a_keyring_in_clear_text_is_said(login, kept):
    assert "clear text" in login().stderr


def test_a_token_of_the_environment_that_goes_first_is_said(login, kept):
    assert "commands use that token first" in login(CALLTOOLS_TOKEN=TOKEN).stderr


# -- the memory of the process ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are read from /proc")
def test_no_core_dump_is_written_while_a_token_is_held(environment, service, calls, tmp_path):
    service.behave("silent")
    command = f"ulimit -c unlimited; exec {sys.executable} -m calltools upload {calls} --counter {COUNTER} --yes"

    with start_process(
        ["sh", "-c", command], env={**os.environ, **environment}, cwd=tmp_path, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        wait_for(lambda: service.posts)
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        process.kill()

    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4] == "0"
