"""What the commands that talk to the service work with: the ledger, the token, a client. Heavy imports."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from time import time

from calltools.cli.upload_console import UploadConsole
from calltools.cli.upload_options import (
    AccessOptions,
)
from calltools.ledger import (
    Ledger,
    open_ledger_in,
    state_folder,
)
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, Timeouts
from calltools.metrica.token import Token, TokenOptions, find_token, redact_logs
from calltools.runtime.process import forbid_core_dumps
from calltools.settings import read_settings, token_from_environment
from calltools.uploading.context import Connect


@contextmanager
def open_ledger(*, start_anew: bool = False) -> Iterator[Ledger]:
    """The ledger of the state folder, closed at the end."""
    with open_ledger_in(state_folder(read_settings().state_dir), time, start_anew=start_anew) as ledger:
        yield ledger


@contextmanager
def open_client(access: AccessOptions, console: UploadConsole) -> Iterator[Client]:
    """A client of the service, with a token that no log shows.

    Raises:
        CredentialError: There is no token, or others can read its file.
        UsageError: The address of the service or the file of authorities is wrong.
    """
    with open_client_with(find_usual_token(access, console), access, console) as client:
        yield client


def find_usual_token(access: AccessOptions, console: UploadConsole) -> Token:
    """The token of the first place that has one: an option, the environment, the keyring.

    Raises:
        CredentialError: There is none, or others can read its file.
    """
    forbid_core_dumps()
    stdin = sys.stdin if access.token_stdin else None
    token = find_token(TokenOptions(access.token_file, stdin, token_from_environment()), console.notify)
    console.print_detail("token-found", where=token.where)
    return token


@contextmanager
def open_client_with(token: Token, access: AccessOptions, console: UploadConsole) -> Iterator[Client]:
    """A client of the service for a token, which no log shows.

    Raises:
        UsageError: The address of the service or the file of authorities is wrong.
    """
    settings = read_settings()
    timeouts = Timeouts(post_total=access.timeout, get_total=min(Timeouts().get_total, access.timeout))
    service = ConnectionOptions(settings.api_url or ConnectionOptions().url, access.ca_file, timeouts)
    show_logs = redact_logs(token)
    console.print_detail("upload-service", host=service.host, seconds=round(access.timeout))
    if settings.proxy_variables:
        console.print_detail("proxy-ignored", names=", ".join(settings.proxy_variables))
    try:
        with Client(
            token, service, on_wait=lambda wait, _: console.notify("upload-again", seconds=round(wait))
        ) as client:
            yield client
    finally:
        show_logs()


def connect_once(access: AccessOptions, console: UploadConsole, stack: ExitStack) -> Connect:
    """A client that is opened when it is first needed: a run that sends nothing needs no token."""
    return cache(lambda: stack.enter_context(open_client(access, console)))
