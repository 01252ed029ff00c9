"""The server of the page: on loopback, on one socket, until the visitor ends it."""

import html
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn

from calltools.errors import UsageError
from calltools.files.folders import FoundFile
from calltools.run import RunOptions
from calltools.runtime.fork_server import ForkServer
from calltools.runtime.threads import return_freed_memory, use_single_arena
from calltools.texts import Language
from calltools.ui.app import create_app
from calltools.ui.folder import open_private_folder, remove_left_folders
from calltools.ui.guard import Door
from calltools.ui.visit import FileSettings, Visit
from calltools.validation.validator import load_pandera

#: Address space of a process that reads files: several times what a million records take, and less than a machine.
_TASK_MEMORY: Final = 8 << 30


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
def open_page(  # noqa: PLR0913 - what it begins with, and how
    files: Sequence[FoundFile],
    options: RunOptions,
    *,
    port: int = 0,
    language: Language | None = None,
    config: Path | None = None,
    may_fork: bool = False,
    settings_for: FileSettings | None = None,
) -> Iterator[OpenPage]:
    """Make a page ready for its visitor.

    Args:
        files: What it begins with; they are read where they are.
        options: What was said before.
        port: Where it listens; 0: anywhere.
        language: Of the pages; ``None``: as the browser wishes.
        config: The configuration that jobs are kept in; ``None``: ``calltools.toml`` of the working folder.
        may_fork: Whether files may be read in copies of this process: only in a process of our own, which has no
            threads yet.
        settings_for: Gives what was said before for a file, by its name; ``None``: ``options``, and no counter.

    Raises:
        UsageError: The port is taken.
    """
    remove_left_folders()
    # Before all else: a copy that had the lock of the folder would keep it after a kill.
    with ExitStack() as stack:
        forks = (
            stack.enter_context(ForkServer(_prepare_tasks, _TASK_MEMORY)) if may_fork and ForkServer.supported else None
        )
        folder, listening = stack.enter_context(open_private_folder()), stack.enter_context(_listen(port))
        visit = Visit(
            Door(listening.getsockname()[1]), folder, options, language, config or Path.cwd() / "calltools.toml"
        )
        visit.forks, visit.settings_for = forks, settings_for
        for one in files:
            visit.add(one, one.path.stat().st_size if one.path.is_file() else 0, is_copy=False)
        opener = folder / "open.html"
        _write_private(opener, _opener_page(visit.door.address))
        server = uvicorn.Server(_config(visit))
        visit.end = lambda: setattr(server, "should_exit", True)
        yield OpenPage(visit.door.address, opener, visit, partial(_serve, server, listening, visit), visit.end)


def _serve(server: uvicorn.Server, listening: socket.socket, visit: Visit) -> None:
    try:
        server.run(sockets=[listening])
    finally:
        visit.end_work()
        if visit.upload is not None:
            # Calls that are on their way arrive; nobody watches what the service does with them then.
            visit.upload.stop_watching()
            visit.upload.work.wait()


def _prepare_tasks() -> None:
    """Load what reading files needs, and let its memory go back to the system."""
    load_pandera()
    use_single_arena()
    return_freed_memory()


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
