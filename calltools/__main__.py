"""``python -m calltools`` and the ``calltools`` command."""

import atexit
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from calltools.runtime.signals import ignore_signals, install_handlers
from calltools.runtime.startup import configure_interpreter

_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; the process ends with one of the documented exit codes."""
    install_handlers()
    configure_interpreter()
    try:
        # Inside the handler: an interrupt while the commands are imported must end with the same code.
        code = _import_commands()()
        ignore_signals()
    except KeyboardInterrupt:
        code = _INTERRUPTED
        ignore_signals()
    _exit_without_teardown(code)


def _import_commands() -> Callable[[], int]:
    """The function that runs a command; without the packages that commands need, one that says which is missing."""
    try:
        from calltools.cli.app import start  # noqa: PLC0415 - nothing heavy at import of the package
    except Exception as error:
        from calltools.errors import package_fault  # noqa: PLC0415 - as above
        from calltools.settings import language_of_arguments  # noqa: PLC0415 - as above

        broken = package_fault(error)
        if broken is None:
            raise
        sentence, code = broken.say(language_of_arguments(sys.argv)), broken.exit_code

        def refuse() -> int:
            if sys.stderr is not None:
                sys.stderr.write(f"calltools: {sentence}\n")
            return code

        return refuse
    return start


def _exit_without_teardown(code: int) -> NoReturn:
    """End the process without freeing every object and module first, which takes up to a tenth of a run.

    It is also the only way to the documented code: where an interrupt was raised in code that ``exec`` runs, as
    dataclasses do, CPython ends the process by SIGINT whatever the exit code is.
    """
    # Functions that libraries have registered, such as a measurement of coverage.
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to run them
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
