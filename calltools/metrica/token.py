"""The token: a value that never prints itself, the places it is read from, and its removal from logs."""

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
from calltools.metrica.redaction import MASK

#: What a header may hold and a token does: one word of visible ASCII.
_TOKEN_PATTERN: Final = re.compile(r"[\x21-\x7e]+")
_MAX_LENGTH: Final = 4096
#: Under this name and user the system keyring is asked.
_KEYRING_ENTRY: Final = ("calltools", "metrica")


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
        if not _TOKEN_PATTERN.fullmatch(text) or len(text) > _MAX_LENGTH:
            raise CredentialError("token-malformed", where=where)
        self.__text = text

    def authorization_header(self) -> str:
        """The value of the Authorization header."""
        return f"OAuth {self.__text}"

    def redact(self, text: str) -> str:
        """The text without the secret, however its letters are written."""
        return re.sub(re.escape(self.__text), MASK, text, flags=re.IGNORECASE)

    def __repr__(self) -> str:
        return f"Token({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not written down")


@dataclass(frozen=True, slots=True)
class TokenOptions:
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
        return f"TokenPlaces(file={self.file}, stdin={self.stdin is not None}, environment={MASK})"


def find_token(options: TokenOptions) -> Token:
    """The token.

    Raises:
        CredentialError: There is none; it is malformed; the file can be read by others.
    """
    if options.file is not None:
        return Token(_strip_line_end(_read_token_file(options.file)), str(options.file))
    if options.stdin is not None:
        return Token(_strip_line_end(options.stdin.read(_MAX_LENGTH + 2)), "stdin")
    if options.environment is not None:
        return Token(options.environment, "CALLTOOLS_TOKEN")
    if (kept := _read_keyring()) is not None:
        return Token(kept, "keyring")
    raise CredentialError("token-missing")


def _read_token_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            _refuse_shared_file(path, os.fstat(file.fileno()).st_mode)
            return file.read(_MAX_LENGTH + 5).decode("utf-8-sig", "replace")
    except OSError as error:
        raise CredentialError("token-file-unreadable", path=path, reason=error.strerror) from None


def _refuse_shared_file(path: Path, mode: int) -> None:
    # The file that was opened is looked at, not the name: between the two the name may change hands.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise CredentialError("token-file-open", path=path, mode=f"{stat.S_IMODE(mode):04o}")


def _strip_line_end(text: str) -> str:
    """Editors end the last line; a second line is no part of a token."""
    return text.removesuffix("\n").removesuffix("\r")


def _read_keyring() -> str | None:
    try:
        keyring = import_module("keyring")
    except ModuleNotFoundError:
        return None
    try:
        kept = keyring.get_password(*_KEYRING_ENTRY)
    except Exception as error:  # noqa: BLE001 - each system's keyring has faults of its own; none may print a secret
        raise CredentialError("keyring-unusable", reason=type(error).__name__) from None
    return kept if isinstance(kept, str) else None


def redact_logs(token: Token) -> Callable[[], None]:
    """Take the token out of everything that the handlers of the root logger write from now on.

    Returns:
        What ends the guard.
    """
    guard = token_log_filter(token)
    handlers = tuple(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(guard)

    def end() -> None:
        for handler in handlers:
            handler.removeFilter(guard)

    return end


def token_log_filter(token: Token) -> Callable[[logging.LogRecord], bool]:
    """A filter for a handler that takes the token out of message, arguments, traceback and stack."""

    def redact_record(record: logging.LogRecord) -> bool:
        record.msg, record.args = token.redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = token.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = token.redact(record.stack_info)
        return True

    return redact_record
