"""The token: a value that does not show itself, the places it may come from, and the guard of the logs."""

import logging
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn, TextIO, final

from calltools.errors import CredentialError
from calltools.metrica.hiding import HIDDEN

#: What a header may hold and a token does: one word of visible ASCII.
_WORD: Final = re.compile(r"[\x21-\x7e]+")
_LONGEST: Final = 4096
#: Under this name and user the system keyring is asked.
_KEYRING: Final = ("calltools", "metrica")


@final
class Token:
    """A secret that shows itself only where it is asked for by name.

    Not a dataclass: ``asdict`` and ``fields`` would read it out.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str, where: str = "token") -> None:
        """Take a secret.

        Args:
            text: The bare token, without ``OAuth``.
            where: What to call its place when it is malformed.

        Raises:
            CredentialError: It holds a space, a line end or another character that a header must not have.
        """
        if not _WORD.fullmatch(text) or len(text) > _LONGEST:
            raise CredentialError("token-malformed", where=where)
        self.__text = text

    def header(self) -> str:
        """The value of the Authorization header."""
        return f"OAuth {self.__text}"

    def hide(self, text: str) -> str:
        """The text without the secret, however its letters are written."""
        return re.sub(re.escape(self.__text), HIDDEN, text, flags=re.IGNORECASE)

    def __repr__(self) -> str:
        return f"Token({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not written down")


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """Where to look, in this order. What the user named comes before what lies around.

    Attributes:
        file: ``--token-file``.
        stdin: ``--token-stdin``: the stream to read.
        environment: ``CALLTOOLS_TOKEN``, as it stands there.
    """

    file: Path | None = None
    stdin: TextIO | None = None
    environment: str | None = None

    def __repr__(self) -> str:
        return f"TokenPlaces(file={self.file}, stdin={self.stdin is not None}, environment={HIDDEN})"


def find_token(places: TokenPlaces) -> Token:
    """The token.

    Raises:
        CredentialError: There is none; it is malformed; the file can be read by others.
    """
    if places.file is not None:
        return Token(_line_of(_from_file(places.file)), str(places.file))
    if places.stdin is not None:
        return Token(_line_of(places.stdin.read(_LONGEST + 2)), "stdin")
    if places.environment is not None:
        return Token(places.environment, "CALLTOOLS_TOKEN")
    if (kept := _from_keyring()) is not None:
        return Token(kept, "keyring")
    raise CredentialError("token-missing")


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            _must_be_closed(path, os.fstat(file.fileno()).st_mode)
            return file.read(_LONGEST + 5).decode("utf-8-sig", "replace")
    except OSError as error:
        raise CredentialError("token-file-unreadable", path=path, reason=error.strerror) from None


def _must_be_closed(path: Path, mode: int) -> None:
    # The file that was opened is looked at, not the name: between the two the name may change hands.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise CredentialError("token-file-open", path=path, mode=f"{stat.S_IMODE(mode):04o}")


def _line_of(text: str) -> str:
    """Editors end the last line; a second line is no part of a token."""
    return text.removesuffix("\n").removesuffix("\r")


def _from_keyring() -> str | None:
    try:
        keyring = import_module("keyring")
    except ModuleNotFoundError:
        return None
    try:
        kept = keyring.get_password(*_KEYRING)
    except Exception as error:  # noqa: BLE001 - each system's keyring has faults of its own; none may print a secret
        raise CredentialError("keyring-unusable", reason=type(error).__name__) from None
    return kept if isinstance(kept, str) else None


def guard_logs(token: Token) -> Callable[[], None]:
    """Take the token out of everything that the handlers of the root logger write from now on.

    Returns:
        What ends the guard.
    """
    guard = token_filter(token)
    handlers = tuple(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(guard)

    def end() -> None:
        for handler in handlers:
            handler.removeFilter(guard)

    return end


def token_filter(token: Token) -> Callable[[logging.LogRecord], bool]:
    """A filter for a handler that takes the token out of message, arguments, traceback and stack."""

    def cleaned(record: logging.LogRecord) -> bool:
        record.msg, record.args = token.hide(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = token.hide(record.exc_text)
        if record.stack_info:
            record.stack_info = token.hide(record.stack_info)
        return True

    return cleaned
