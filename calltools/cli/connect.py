"""The ledger and the client of the service, as options and environment say. Heavy: imported when a command runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import time

from calltools import ledger
from calltools.cli.upload_console import UploadConsole
from calltools.cli.upload_options import AccessOptions
from calltools.ledger import Ledger
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, Timeouts
from calltools.metrica.token import TokenOptions, find_token, redact_logs
from calltools.settings import read_settings, token_from_environment


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """The ledger, closed at the end."""
    with ledger.open_ledger_in(ledger.state_folder(read_settings().state_dir), time) as book:
        yield book


@contextmanager
def connect(access: AccessOptions, console: UploadConsole) -> Iterator[Client]:
    """The service, with a token that no log shows.

    Raises:
        CredentialError: There is no token, or it lies open.
        UsageError: The address or the file of authorities is wrong.
    """
    settings = read_settings()
    clocks = Timeouts(post_total=access.timeout, get_total=min(Timeouts().get_total, access.timeout))
    service = ConnectionOptions(settings.api_url or ConnectionOptions().url, access.ca_file, clocks)
    token = find_token(
        TokenOptions(access.token_file, sys.stdin if access.token_stdin else None, token_from_environment())
    )
    unguard = redact_logs(token)
    console.print_detail("upload-service", host=service.host, seconds=round(access.timeout))
    try:
        with Client(token, service, on_wait=lambda wait, _: console("upload-again", seconds=round(wait))) as client:
            yield client
    finally:
        unguard()
