"""Interrupts: SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, but never where Python or a library would lose it.

Python may raise in the main thread between any two instructions. Three places do not survive that: the import of a
module, which may keep a lock or a half-made module; the moment between making a file and remembering it, so that
nobody removes it; and the clearing away after a first interrupt. There the handler does not raise. It lets a thread
send the signal again a moment later, until the place has been left.
"""

import signal
import sys
import threading
import time
from _thread import interrupt_main, start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: Packages whose code loses an exception that is raised in it: imports, and the values of typer's options.
_DEFER_IN: Final = frozenset({"_frozen_importlib", "importlib", "pydantic"})
_RETRY_DELAY_S: Final = 0.05
#: No such place takes as long; after that the process hangs there, and is interrupted all the same.
MAX_DEFER_S: Final = 5.0


class _InterruptState:
    """The state of this process, which has one main thread; handlers run only there, so no lock is needed."""

    defer_depth = 0
    #: When the interrupt that is deferred came first, or when one was raised last.
    first_seen: float | None = None
    raised = False


def install_handlers() -> None:
    """Treat Ctrl-C, a request to end and a closed terminal alike, so that half-written files are cleared away.

    A signal that is ignored stays ignored: ``nohup`` lets a process outlive its terminal.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _handle_signal)
    sys.unraisablehook = _unraisable_hook


def ignore_signals() -> None:
    """Ignore interrupts for the rest of the process: the exit code is settled, and no traceback may follow."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Run the block without an interrupt; for a few moments, and in the main thread. May be nested."""
    _InterruptState.defer_depth += 1
    try:
        yield
    finally:
        _InterruptState.defer_depth -= 1


def _handle_signal(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _InterruptState.first_seen is None:
        _InterruptState.first_seen = now
    # After the first interrupt files are being cleared away, which a second one must not cut short.
    must_wait = _InterruptState.defer_depth or _InterruptState.raised or _runs_deferring_code(frame)
    if must_wait and now - _InterruptState.first_seen < MAX_DEFER_S:
        # A raw thread: threading.Thread takes locks that the interrupted code may hold.
        start_new_thread(_resend_signal, (number,))
        return
    _InterruptState.first_seen, _InterruptState.raised = now, True
    raise KeyboardInterrupt


def _unraisable_hook(fault: "sys.UnraisableHookArgs") -> None:
    """Send an interrupt again that Python has dropped, as it drops each exception that a ``__del__`` raises."""
    if fault.exc_type is KeyboardInterrupt:
        _InterruptState.raised = False
        start_new_thread(_resend_signal, (signal.SIGINT,))
    else:
        sys.__unraisablehook__(fault)


def _runs_deferring_code(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEFER_IN:
            return True
        frame = frame.f_back
    return False


def _resend_signal(number: int) -> None:
    time.sleep(_RETRY_DELAY_S)
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # To the main thread itself: this also ends a system call in which it waits, as a read does.
        signal.pthread_kill(main, number)
    else:
        interrupt_main(signal.Signals(number))
