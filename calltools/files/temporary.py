"""Files for the time of a run, in the system's folder for such files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from calltools.errors import OutputError
from calltools.runtime.signals import deferred_interrupts


def temporary_folder() -> Path:
    """The folder for temporary files.

    Raises:
        OutputError: There is none that can be written: most often the disk is full.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as fault:
        raise OutputError("temporary-none") from fault


def temporary_path(name: str) -> Path:
    """What messages call a temporary file that has no name, so that a full disk is told from others.

    Raises:
        OutputError: As ``temporary_folder``.
    """
    return temporary_folder() / f"calltools-{name}"


@contextmanager
def open_temporary() -> Iterator[BinaryIO]:
    """A file without a name. Whoever needs what is written flushes it; closing never fails, also on a full disk.

    Raises:
        OutputError: As ``temporary_folder``.
    """
    folder = temporary_folder()
    with deferred_interrupts():
        stream = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed below
    try:
        yield stream
    finally:
        with suppress(OSError):
            stream.close()
