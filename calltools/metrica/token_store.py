"""Where a token is kept: the system keyring, or a file that nobody else can read or replace."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from calltools.errors import CredentialError

#: A longer text is no token.
MAX_TOKEN_BYTES: Final = 4096
#: Service and user name in the system keyring.
_KEYRING_ENTRY: Final = ("calltools", "metrica")
#: Backends of the keyring library that keep nothing: there is no keyring, or it was switched off.
_NO_KEYRING: Final = frozenset({"keyring.backends.fail", "keyring.backends.null"})

#: Called with the key of a message and its facts.
Notify = Callable[..., None]


def ignore(*_: object, **__: object) -> None:
    """A ``Notify`` that tells nobody."""


# -- the keyring ---------------------------------------------------------------------------


def find_keyring() -> tuple[str, bool]:
    """Name of the keyring that tokens would be kept in, and whether its library trusts it.

    A keyring that is not trusted is, as a rule, a file in clear text.

    Raises:
        CredentialError: There is none.
    """
    backend = _call_keyring("get_keyring")
    if type(backend).__module__ in _NO_KEYRING:
        raise CredentialError("keyring-none")
    return str(backend.name), float(backend.priority) >= 1


def read_keyring(user: str = _KEYRING_ENTRY[1]) -> str | None:
    """The token that the keyring has; ``None``: it has none, or there is no keyring.

    Args:
        user: Name of the user in the keyring; an agency may have a token for each client.

    Raises:
        CredentialError: The keyring cannot be used.
    """
    try:
        find_keyring()
    except CredentialError as error:
        if error.key in {"keyring-missing", "keyring-none"}:
            return None
        raise
    password = _call_keyring("get_password", _KEYRING_ENTRY[0], user)
    return password if isinstance(password, str) else None


def keep_in_keyring(text: str) -> None:
    """Keep a token in the keyring, in place of an earlier one.

    Raises:
        CredentialError: The keyring cannot be used.
    """
    _call_keyring("set_password", *_KEYRING_ENTRY, text)


def forget_in_keyring() -> bool:
    """Remove the token from the keyring; gives whether it had one.

    Raises:
        CredentialError: The keyring cannot be used.
    """
    if read_keyring() is None:
        return False
    _call_keyring("delete_password", *_KEYRING_ENTRY)
    return True


def _call_keyring(name: str, *arguments: str) -> Any:
    try:
        # Of an extra, and slow to import.
        return getattr(import_module("keyring"), name)(*arguments)
    except Exception as error:  # noqa: BLE001 - each system's keyring has faults of its own; none may print a secret
        if isinstance(error, ModuleNotFoundError) and error.name == "keyring":
            raise CredentialError("keyring-missing") from None
        raise CredentialError("keyring-unusable", reason=type(error).__name__) from None


# -- a file --------------------------------------------------------------------------------


def read_token_file(path: Path, notify: Notify = ignore) -> str:
    """The text of a token file, with its line end.

    Raises:
        CredentialError: It cannot be read, or others can read or replace it.
    """
    try:
        with path.open("rb") as file:
            _check_file(path, file.fileno(), notify)
            return file.read(MAX_TOKEN_BYTES + 5).decode("utf-8-sig", "replace")
    except OSError as error:
        raise CredentialError("token-file-unreadable", path=path, reason=error.strerror) from None


def prepare_token_file(path: Path) -> None:
    """See that a token can be kept in a file; folders that are missing are made, closed to others.

    Raises:
        CredentialError: It cannot be written, or is a file of something else.
    """
    try:
        _refuse_other_file(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise CredentialError("token-file-unwritable", path=path, reason=error.strerror) from None


def keep_in_file(path: Path, text: str) -> None:
    """Write a token into a file that only its owner can read, in place of an earlier one.

    Raises:
        CredentialError: It cannot be written, or is a file of something else.
    """
    try:
        _refuse_other_file(path)
        # Made with mode 0600, so that nobody can open it before it is closed.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            # Whatever it is, an interrupt too: no copy of the token may stay.
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise CredentialError("token-file-unwritable", path=path, reason=error.strerror) from None


def forget_file(path: Path) -> bool:
    """Remove a token file; gives whether there was one.

    Raises:
        CredentialError: It cannot be removed, or is a file of something else.
    """
    try:
        if not path.exists():
            return False
        _refuse_other_file(path)
        path.unlink()
    except OSError as error:
        raise CredentialError("token-file-unwritable", path=path, reason=error.strerror) from None
    return True


def _refuse_other_file(path: Path) -> None:
    if path.exists() and len(path.read_bytes().split()) > 1:
        raise CredentialError("token-file-other", path=path)


def _check_file(path: Path, handle: int, notify: Notify) -> None:
    """Refuse a file that others can read, unless nobody can write it and others cannot get at it.

    Containers and services are handed secrets so: mode 0444, on a mount that is read-only or in a closed folder.
    """
    # The mode is that of the opened file, not of the path: the path can name another file by now.
    mode = stat.S_IMODE(os.fstat(handle).st_mode)
    if os.name != "posix" or not mode & 0o077:
        return
    read_only = bool(os.fstatvfs(handle).f_flag & os.ST_RDONLY)
    if read_only or (not mode & 0o222 and _is_in_closed_folder(path)):
        notify("token-file-mounted", path=path, mode=f"{mode:04o}")
        return
    raise CredentialError("token-file-open", path=path, mode=f"{mode:04o}")


def _is_in_closed_folder(path: Path) -> bool:
    """Whether others cannot enter one of the folders that lead to a file."""
    return any(not stat.S_IMODE(folder.stat().st_mode) & 0o077 for folder in path.resolve().parents)
