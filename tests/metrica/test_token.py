"""The token: it is never shown, and it is read from safe places only."""

import copy
import io
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from calltools.errors import CredentialError
from calltools.metrica.token import Token, TokenOptions, find_token, parse_pasted_token, redact_logs
from calltools.metrica.token_store import forget_in_keyring, keep_in_file, keep_in_keyring
from calltools.settings import read_settings, token_from_environment
from tests.keyrings import file_keyring
from tests.programs import find_program

CANARY = "y0_C4naryTokenAbc-123"


@pytest.fixture
def closed_file(tmp_path):
    def made(content, mode=0o600):
        path = tmp_path / "token"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return made


@pytest.fixture
def no_keyring(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_token_is_given_to_the_header_only():
    token = Token(CANARY)

    shown = [repr(token), str(token), f"{token}", f"{token!r:>20}", "%s" % token, repr([token]), repr(TokenOptions(environment=CANARY))]  # noqa: UP031  # fmt: skip

    assert token.authorization_header() == f"OAuth {CANARY}"
    assert [text for text in shown if CANARY in text] == []


def test_token_has_no_readable_attributes():
    assert not hasattr(Token(CANARY), "__dict__")


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_token_cannot_be_pickled(write):
    with pytest.raises(TypeError):
        write(Token(CANARY))


def test_token_is_not_in_the_traceback_of_a_malformed_one():
    with pytest.raises(CredentialError) as caught:
        Token(f"{CANARY}\r\nX-Injected: 1")

    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format())
    assert CANARY not in text + caught.value.say("ru") + repr(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "a\n", "a\rb", "a\r\nHost: x", "токен", "a\x00b", "a\x7f", "a\t", "é", f"OAuth {CANARY}", "x" * 4097],
)  # fmt: skip
def test_token_with_characters_that_no_header_may_have_is_refused(text):
    with pytest.raises(CredentialError) as caught:
        Token(text)

    assert (caught.value.key, caught.value.exit_code) == ("token-malformed", 2)


def test_token_is_taken_out_of_a_text_however_it_is_written():
    assert Token(CANARY).redact(f"a {CANARY} b {CANARY.upper()}") == "a *** b ***"


def test_token_with_characters_of_patterns_is_taken_out():
    assert Token("a.b*c+").redact("a.b*c+ axb") == "*** axb"


# -- where it is read from ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_token_file_of_one_line(closed_file, end):
    path = closed_file(CANARY.encode() + end)

    assert find_token(TokenOptions(file=path)).authorization_header() == f"OAuth {CANARY}"


def test_token_file_with_a_byte_order_mark(closed_file):
    path = closed_file(b"\xef\xbb\xbf" + CANARY.encode())

    assert find_token(TokenOptions(file=path)).authorization_header() == f"OAuth {CANARY}"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601, 0o620])
def test_token_file_that_others_can_read_is_refused(closed_file, mode):
    path = closed_file(CANARY.encode(), mode)

    with pytest.raises(CredentialError) as caught:
        find_token(TokenOptions(file=path))

    assert (caught.value.key, caught.value.exit_code) == ("token-file-open", 2)
    assert f"{mode:04o}" in caught.value.say("en")
    assert "chmod 600" in caught.value.say("ru")


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_private_token_file_is_read(closed_file, mode):
    assert find_token(TokenOptions(file=closed_file(CANARY.encode(), mode)))


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe", b"x" * 10_000])
def test_token_file_without_one_token_is_refused(closed_file, content):
    with pytest.raises(CredentialError, match="no token"):
        find_token(TokenOptions(file=closed_file(content)))


def test_missing_token_file_is_an_error(tmp_path):
    with pytest.raises(CredentialError) as caught:
        find_token(TokenOptions(file=tmp_path / "none"))

    assert (caught.value.key, str(caught.value.facts["path"])) == ("token-file-unreadable", str(tmp_path / "none"))


def test_folder_as_token_file_is_refused(tmp_path):
    with pytest.raises(CredentialError):
        find_token(TokenOptions(file=tmp_path))


def test_token_from_standard_input():
    assert find_token(TokenOptions(stdin=io.StringIO(f"{CANARY}\n"))).authorization_header() == f"OAuth {CANARY}"


def test_token_from_the_environment():
    environ = {"CALLTOOLS_TOKEN": CANARY, "CALLTOOLS_API_URL": "https://x.example", "CALLTOOLS_STATE_DIR": "state"}

    settings = read_settings(environ)

    assert (
        find_token(TokenOptions(environment=token_from_environment(environ))).authorization_header()
        == f"OAuth {CANARY}"
    )
    assert CANARY not in repr(settings)
    assert (settings.api_url, settings.state_dir) == ("https://x.example", "state")


def test_environment_with_a_line_end_is_refused():
    with pytest.raises(CredentialError):
        find_token(TokenOptions(environment=f"{CANARY}\n"))


def test_token_options_are_read_in_order(closed_file):
    path = closed_file(b"from-file")
    places = TokenOptions(file=path, stdin=io.StringIO("from-stdin"), environment="from-environment")

    assert find_token(places).authorization_header() == "OAuth from-file"
    assert find_token(TokenOptions(None, places.stdin, places.environment)).authorization_header() == "OAuth from-stdin"


def test_missing_token_is_exit_2(no_keyring):
    with pytest.raises(CredentialError) as caught:
        find_token(TokenOptions())

    assert (caught.value.key, caught.value.exit_code) == ("token-missing", 2)


def test_token_from_the_keyring(tmp_path):
    with file_keyring(tmp_path):
        keep_in_keyring(CANARY)
        found = find_token(TokenOptions())
        there, again = forget_in_keyring(), forget_in_keyring()

    assert (found.authorization_header(), found.where) == (f"OAuth {CANARY}", "keyring")
    assert (there, again) == (True, False)


@pytest.mark.parametrize("act", [lambda: find_token(TokenOptions()), lambda: keep_in_keyring(CANARY)])
def test_failing_keyring_reports_only_the_class_of_its_error(act):
    before = keyring.get_keyring()
    keyring.set_keyring(LockedKeyring())
    try:
        with pytest.raises(CredentialError) as caught:
            act()
    finally:
        keyring.set_keyring(before)

    assert (caught.value.key, caught.value.facts["reason"]) == ("keyring-unusable", "KeyringLocked")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


class LockedKeyring(KeyringBackend):
    """A keyring that its user does not open."""

    priority = 1

    def get_password(self, *_):
        raise KeyringLocked(CANARY)

    set_password = delete_password = lambda self, *_: self.get_password("", "")


def test_a_keyring_that_cannot_be_loaded_is_no_missing_one(tmp_path):
    """``PYTHON_KEYRING_BACKEND`` names a module that is not there: the user has chosen it, so that is said."""
    code = "from calltools.metrica.token_store import find_keyring; find_keyring()"

    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyrings.none.such"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert "The system keyring gives no token (ModuleNotFoundError)" in done.stderr


@pytest.mark.parametrize(
    ("pasted", "token"),
    [
        (f" {CANARY}\r\n", CANARY),
        (f"https://oauth.yandex.ru/verification_code#access_token={CANARY}&token_type=bearer&expires_in=3", CANARY),
        (f"https://oauth.yandex.com/verification_code?x=1#state=&access_token={CANARY}", CANARY),
        ("https://oauth.yandex.ru/verification_code#", ""),
        (f"https://[oauth.yandex.ru/#access_token={CANARY}", CANARY),
        (f"#access_token={CANARY}", CANARY),
        ("", ""),
    ],
)
def test_what_a_person_pastes(pasted, token):
    assert parse_pasted_token(pasted) == token


# -- a secret that a service is handed ------------------------------------------------------------------


posix = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


@posix
@pytest.mark.parametrize(
    ("mode", "folder_mode", "taken"),
    [
        (0o444, 0o700, True), (0o440, 0o700, True), (0o444, 0o500, True),
        # The owner can write it, or others can enter the folder.
        (0o644, 0o700, False), (0o444, 0o755, False), (0o444, 0o711, False), (0o444, 0o750, False),
    ],
)  # fmt: skip
def test_a_file_that_nobody_can_write_in_a_closed_folder_is_taken_with_a_note(tmp_path, mode, folder_mode, taken):
    # The folder of the test is itself in a closed one; what counts is decided below an open one.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "secrets"
        folder.mkdir()
        path = folder / "token"
        path.write_text(CANARY)
        path.chmod(mode)
        folder.chmod(folder_mode)
        notes = []
        try:
            find_token(TokenOptions(file=path), lambda key, **facts: notes.append((key, facts["mode"])))
        except CredentialError as error:
            notes.append(error.key)
        folder.chmod(0o700)

    assert notes == ([("token-file-mounted", f"{mode:04o}")] if taken else ["token-file-open"])


@posix
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["0444", "0644"])
@pytest.mark.parametrize("mount", ["ro", "rw"])
def test_a_secret_on_a_mount_that_is_read_only_is_taken(mount, mode):
    """A file system of its own, as a container gets its secrets; in the open, so that only the mount protects it."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        script = (
            f"mount -t tmpfs -o mode=0755 none {place} && printf {CANARY} > {place}/token && chmod {mode} {place}/token"
            f" && mount -o remount,{mount} {place} && exec {sys.executable} -c"
            f" 'from pathlib import Path; from calltools.metrica.token import *;"
            f' find_token(TokenOptions(file=Path("{place}/token")), lambda key, **_: print(key))\''
        )
        done = subprocess.run(
            [find_program("unshare", packages=["util-linux"]), "--map-root-user", "--mount", "sh", "-c", script],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    if mount == "ro":
        assert (done.returncode, done.stdout) == (0, "token-file-mounted\n"), done.stderr
    else:
        assert f"(mode {mode})" in done.stderr


# -- logs --------------------------------------------------------------------------------


def test_logs_lose_the_token_in_message_arguments_and_traceback():
    stream = io.StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(stream)
    root.addHandler(handler)
    end = redact_logs(Token(CANARY))
    try:
        logging.getLogger("some.library").error("at %s and %s", CANARY, Path("x"))
        logging.getLogger("some.library").error("message %s", {"Authorization": f"OAuth {CANARY}"})
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("some.library").exception("failed", stack_info=True)
    finally:
        end()
        root.removeHandler(handler)

    written = stream.getvalue()
    assert CANARY not in written
    assert "with base 10: '***'" in written
    assert "at *** and x" in written
    assert handler.filters == []


def test_a_token_that_cannot_be_written_leaves_no_file(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        keep_in_file(tmp_path / "token", f"{CANARY}\udcff")

    assert list(tmp_path.iterdir()) == []
