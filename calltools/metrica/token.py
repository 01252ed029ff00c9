"""The token: a value that never prints itself, the places it is read from, and its removal from logs."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TextIO, final
from urllib.parse import parse_qs

from calltools.errors import CredentialError
from calltools.metrica.token_store import MAX_TOKEN_BYTES, Notify, ignore, read_keyring, read_token_file
from calltools.model.foreign_words import MASK

#: One word of visible ASCII: a line end in a header would begin another header.
_TOKEN_PATTERN: Final = re.compile(r"[\x21-\x7e]+")


@final
class Token:
    """The OAuth token. It is never printed or pickled; only ``authorization_header`` gives it.

    It is not a dataclass, because ``asdict`` and ``fields`` would read it.
    """

    __slots__ = ("__text", "where")

    def __init__(self, text: str, where: str = "token") -> None:
        """Check the token.

        Args:
            text: The bare token, without ``OAuth``.
            where: Where it comes from, for messages.

        Raises:
            CredentialError: It has a space, a line end or another character that a header must not have.
        """
        if not _TOKEN_PATTERN.fullmatch(text) or len(text) > MAX_TOKEN_BYTES:
            raise CredentialError("token-malformed", where=where)
        self.__text = text
        self.where = where

    def authorization_header(self) -> str:
        """The value of header ``Authorization``."""
        return f"OAuth {self.__text}"

    def redact(self, text: str) -> str:
        """Replace the token in a text, in upper or lower case: some libraries change the case of headers."""
        return re.sub(re.escape(self.__text), MASK, text, flags=re.IGNORECASE)

    def __repr__(self) -> str:
        return f"Token({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        # Pickling would write it to a file or a pipe.
        raise TypeError("a token is not written down")


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """Where to look for the token, in this order; the system keyring comes last.

    Attributes:
        file: ``--token-file``.
        stdin: ``--token-stdin``: the stream to read.
        environment: The value of ``CALLTOOLS_TOKEN``.
    """

    file: Path | None = None
    stdin: TextIO | None = None
    environment: str | None = None

    def __repr__(self) -> str:
        return f"TokenOptions(file={self.file}, stdin={self.stdin is not None}, environment={MASK})"


def find_token(options: TokenOptions, notify: Notify = ignore) -> Token:
    """Read the token from the first place that has one.

    Args:
        options: The places.
        notify: Told what a person should know of the place.

    Raises:
        CredentialError: There is none, it is malformed, or other users can read its file.
    """
    if options.file is not None:
        return Token(_strip_line_end(read_token_file(options.file, notify)), str(options.file))
    if options.stdin is not None:
        return Token(_strip_line_end(options.stdin.read(MAX_TOKEN_BYTES + 2)), "stdin")
    if options.environment is not None:
        return Token(options.environment, "CALLTOOLS_TOKEN")
    if (text := read_keyring()) is not None:
        return Token(text, "keyring")
    raise CredentialError("token-missing")


def read_token_at(kind: str, name: str, environment: Mapping[str, str], notify: Notify = ignore) -> Token:
    """Read the token of a place that a job names.

    Args:
        kind: ``env``, ``file`` or ``keyring``.
        name: Of the variable, the file, or the user in the keyring.
        environment: The variables.
        notify: Told what a person should know of the place.

    Raises:
        CredentialError: There is none, it is malformed, or other users can read its file.
    """
    where = f"{kind}:{name}"
    if kind == "file":
        return Token(_strip_line_end(read_token_file(Path(name), notify)), where)
    text = environment.get(name) if kind == "env" else read_keyring(name)
    if not text:
        raise CredentialError("token-place-empty", where=where)
    return Token(text, where)


def parse_pasted_token(text: str) -> str:
    """The token in what a person has pasted: itself, or the address of the page that shows it.

    Raises:
        CredentialError: The page says that there is none.
    """
    pasted = text.strip()
    # Not taken apart as an address: what was pasted may be a damaged one.
    _, mark, fragment = pasted.partition("#")
    if not mark:
        return pasted
    facts = parse_qs(fragment)
    if "error" in facts:
        raise CredentialError("token-denied")
    return facts.get("access_token", [""])[0]


def _strip_line_end(text: str) -> str:
    # Editors add one line end. A second line stays, so that the token is refused as malformed.
    return text.removesuffix("\n").removesuffix("\r")


def redact_logs(token: Token) -> Callable[[], None]:
    """Take the token out of everything that the handlers of the root logger write from now on.

    Returns:
        A function that ends it.
    """
    log_filter = token_log_filter(token)
    # Filters of a logger do not see the records of its children; filters of handlers do.
    handlers = tuple(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(log_filter)

    def end() -> None:
        for handler in handlers:
            handler.removeFilter(log_filter)

    return end


def token_log_filter(token: Token) -> Callable[[logging.LogRecord], bool]:
    """Make a filter for a handler that takes the token out of message, arguments, traceback and stack."""

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
