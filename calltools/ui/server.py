"""The server of the page: on loopback, on one socket, until the visitor ends it."""

import html
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from calltools.errors import UsageError
from calltools.files.folders import FoundFile
from calltools.run import RunOptions
from calltools.texts import Language
from calltools.ui.app import create_app
from calltools.ui.folder import open_private_folder, remove_left_folders
from calltools.ui.guard import Door
from calltools.ui.visit import Visit


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page that can be visited.

    Attributes:
        address: Lets one browser in, once.
        opener: A file that only this user can read and that leads there: the address itself would be seen by every
            user of the machine in the list of processes, where a browser is started with it.
        visit: The state of the visit.
        serve: Serves until it is ended by the visitor or a signal.
        end: Ends it.
    """

    address: str
    opener: Path
    visit: Visit
    serve: Callable[[], None]
    end: Callable[[], None]


@contextmanager
def open_page(
    files: Sequence[FoundFile],
    options: RunOptions,
    *,
    port: int = 0,
    language: Language | None = None,
    config: Path | None = None,
) -> Iterator[OpenPage]:
    """Make a page ready for its visitor.

    Args:
        files: What it begins with; they are read where they are.
        options: What was said before.
        port: Where it listens; 0: anywhere.
        language: Of the pages; ``None``: as the browser wishes.
        config: The configuration that jobs are kept in; ``None``: ``calltools.toml`` of the working folder.

    Raises:
        UsageError: The port is taken.
    """
    remove_left_folders()
    with open_private_folder() as folder, _listen(port) as listening:
        visit = Visit(
            Door(listening.getsockname()[1]), folder, options, language, config or Path.cwd() / "calltools.toml"
        )
        for one in files:
            visit.add(one, one.path.stat().st_size if one.path.is_file() else 0, is_copy=False)
        opener = folder / "open.html"
        _write_private(opener, _opener_page(visit.door.address))
        server = uvicorn.Server(_config(visit))
        visit.end = lambda: setattr(server, "should_exit", True)

        def serve() -> None:
            try:
                server.run(sockets=[listening])
            finally:
                visit.stop_work()
                if visit.upload is not None:
                    # Calls that are on their way arrive; nobody watches what the service does with them then.
                    visit.upload.stop_watching()
                    visit.upload.work.wait()

        yield OpenPage(visit.door.address, opener, visit, serve, visit.end)


def _config(visit: Visit) -> uvicorn.Config:
    app = create_app(visit)
    return uvicorn.Config(
        app,
        # Addresses hold secrets.
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http="h11",
        timeout_graceful_shutdown=2,
    )


@contextmanager
def _listen(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()
        except (OSError, OverflowError) as fault:
            raise UsageError("ui-port", port=port, reason=getattr(fault, "strerror", None) or fault) from None
        yield listening


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _opener_page(address: str) -> str:
    return (
        f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={html.escape(address)}"><title>calltools</title>'
        f'<p><a href="{html.escape(address)}">calltools</a></p>\n'
    )
