"""The ledger and the service as the options ask for them. Heavy: imported when a command runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import time

from calltools.cli.telling import Telling
from calltools.cli.uploading_options import Access
from calltools.metrica import ledger
from calltools.metrica.client import Client
from calltools.metrica.connection import Clocks, Service
from calltools.metrica.ledger import Book
from calltools.metrica.token import TokenPlaces, find_token, guard_logs
from calltools.settings import from_environment, token_text


@contextmanager
def opened_book() -> Iterator[Book]:
    """The ledger, closed at the end."""
    with ledger.open_book(ledger.state_folder(from_environment().state_dir), time) as book:
        yield book


def has_book() -> bool:
    """Whether there is a ledger."""
    return ledger.is_there(ledger.state_folder(from_environment().state_dir))


@contextmanager
def connected(access: Access, tell: Telling) -> Iterator[Client]:
    """The service, with a token that no log shows.

    Raises:
        CredentialError: There is no token, or it lies open.
        UsageError: The address or the file of authorities is wrong.
    """
    settings = from_environment()
    clocks = Clocks(total=access.timeout, reading=min(Clocks().reading, access.timeout))
    service = Service(settings.api_url or Service().url, access.ca_file, clocks)
    token = find_token(TokenPlaces(access.token_file, sys.stdin if access.token_stdin else None, token_text()))
    unguard = guard_logs(token)
    tell.detail("upload-service", host=service.host, seconds=round(access.timeout))
    try:
        with Client(token, service, on_wait=lambda wait, _: tell("upload-again", seconds=round(wait))) as client:
            yield client
    finally:
        unguard()
