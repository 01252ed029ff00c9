"""``python -m calltools`` and the ``calltools`` command."""

import atexit
import contextlib
import os
import sys
from typing import Final, NoReturn

from calltools.runtime.signals import ignore_signals, install_handlers
from calltools.runtime.startup import configure_interpreter

_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the contract."""
    install_handlers()
    configure_interpreter()
    try:
        from calltools.cli.app import start  # noqa: PLC0415 - nothing heavy at import of the package

        code = start()
        ignore_signals()
    except KeyboardInterrupt:  # while the commands were still being loaded
        code = _INTERRUPTED
        ignore_signals()
    _exit_without_teardown(code)


def _exit_without_teardown(code: int) -> NoReturn:
    """End without taking everything apart, a tenth of a second after a large file.

    Where an interrupt met code made from text, as dataclasses are, Python would also end by the signal instead.
    """
    # Those of libraries, such as a measurement of coverage.
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to ask for them
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
