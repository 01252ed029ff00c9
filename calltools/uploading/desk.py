"""Everything that an upload works with, on one desk."""

from collections.abc import Callable
from dataclasses import dataclass

from calltools.metrica.client import Client
from calltools.metrica.ledger import Batch, Book
from calltools.uploading.asked import Asked, Clock, Tell, nobody


@dataclass(frozen=True, slots=True)
class Desk:
    """The ledger, the service, what was asked, and who is told.

    Attributes:
        book: The ledger.
        client: The service.
        asked: How the upload goes.
        tell: Told what happens.
        done: Told of each part when nothing more will happen to it in this run.
        clock: Time.
    """

    book: Book
    client: Client
    asked: Asked
    tell: Tell = nobody
    done: Callable[[Batch], None] = lambda _: None
    clock: Clock = Clock()  # noqa: RUF009 - frozen
