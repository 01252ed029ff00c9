"""``python -m calltools`` and the ``calltools`` command."""

import atexit
import contextlib
import os
import signal
import sys
from typing import Final, NoReturn

from calltools.lean import lean_start

_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the contract."""
    _interrupt_when_ended()
    lean_start()
    try:
        from calltools.cli.app import start  # noqa: PLC0415 - nothing heavy at import of the package

        code = start()
    except KeyboardInterrupt:  # while the commands were still being loaded
        code = _INTERRUPTED
    # All is written and said: what comes now must not turn into a traceback, or into another code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_at_once(code)


def _end_at_once(code: int) -> NoReturn:
    """End without taking everything apart, a tenth of a second after a large file.

    Where an interrupt met code made from text, as dataclasses are, Python would also end by the signal instead.
    """
    # Those of libraries, such as a measurement of coverage.
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to ask for them
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _interrupt_when_ended() -> None:
    """Take a request to end, or a closed terminal, as Ctrl-C: what is half-written is cleared away."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


if __name__ == "__main__":
    main()
