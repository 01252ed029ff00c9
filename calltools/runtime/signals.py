"""Interrupts: SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, but never while a module is being imported."""

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
#: Whose code loses what is raised in it: the loading of modules, and what typer turns texts into values with.
_DEFER_IN: Final = frozenset({"_frozen_importlib", "importlib", "pydantic"})
_RETRY_DELAY_S: Final = 0.05
#: Nothing here takes as long; who still waits then is to be interrupted wherever that is.
_MAX_DEFER_S: Final = 5.0


class _InterruptState:
    """Of this process, which has one main thread."""

    defer_depth = 0
    #: When the one that is being waited for came, or was raised last.
    first_seen: float | None = None
    raised = False


def install_handlers() -> None:
    """Take Ctrl-C, a request to end and a closed terminal alike: what is half-written is cleared away.

    What is ignored stays ignored: ``nohup`` lets a process outlive its terminal.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _handle_signal)
    sys.unraisablehook = _unraisable_hook


def ignore_signals() -> None:
    """All is written and said: what comes now must not turn into a traceback, or into another code."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """What is done here is done whole; for moments, and in the main thread."""
    _InterruptState.defer_depth += 1
    try:
        yield
    finally:
        _InterruptState.defer_depth -= 1


def _handle_signal(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _InterruptState.first_seen is None:
        _InterruptState.first_seen = now
    # After the first one things are being cleared away: a second one must not cut that short.
    wait = _InterruptState.defer_depth or _InterruptState.raised or _runs_deferring_code(frame)
    if wait and now - _InterruptState.first_seen < _MAX_DEFER_S:
        start_new_thread(_resend_signal, (number,))
        return
    _InterruptState.first_seen, _InterruptState.raised = now, True
    raise KeyboardInterrupt


def _unraisable_hook(fault: "sys.UnraisableHookArgs") -> None:
    """What is raised while an object is taken apart goes nowhere; an interrupt comes again."""
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
    if hasattr(signal, "pthread_kill") and main is not None:  # ends a wait, too
        signal.pthread_kill(main, number)
    else:
        interrupt_main(signal.Signals(number))
