"""Everything that an upload works with, on one desk."""

from collections.abc import Callable
from dataclasses import dataclass

from calltools.metrica.client import Client
from calltools.metrica.ledger import Part, Ledger
from calltools.uploading.asked import UploadOptions, Clock, Notifier, notify_nobody


@dataclass(frozen=True, slots=True)
class UploadContext:
    """The ledger, the service, what was asked, and who is told.

    Attributes:
        book: The ledger.
        client: The service.
        asked: How the upload goes.
        tell: Told what happens.
        done: Told of each part when nothing more will happen to it in this run.
        clock: Time.
    """

    ledger: Ledger
    client: Client
    options: UploadOptions
    notify: Notifier = notify_nobody
    on_part_done: Callable[[Part], None] = lambda _: None
    clock: Clock = Clock()  # noqa: RUF009 - frozen
