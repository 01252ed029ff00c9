"""Ctrl-C, and what counts as one: where it comes at a bad moment, it comes again a little later.

What Python raises for it can come between any two lines. Loading a module loses it in places, and the run would go on;
or a lock of the loading stays closed, and other threads wait for ever.
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

_HEARD: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: Whose code loses what is raised in it: the loading of modules, and what typer turns texts into values with.
_DEAF: Final = frozenset({"_frozen_importlib", "importlib", "pydantic"})
_LATER_S: Final = 0.05
#: Nothing here takes as long; who still waits then is to be interrupted wherever that is.
_PATIENCE_S: Final = 5.0


class _State:
    """Of this process, which has one main thread."""

    held = 0
    #: When the one that is being waited for came, or was raised last.
    since: float | None = None
    raised = False


def listen() -> None:
    """Take Ctrl-C, a request to end and a closed terminal alike: what is half-written is cleared away.

    What is ignored stays ignored: ``nohup`` lets a process outlive its terminal.
    """
    for number in _HEARD:
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _unraisable


def listen_no_more() -> None:
    """All is written and said: what comes now must not turn into a traceback, or into another code."""
    for number in _HEARD:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """What is done here is done whole; for moments, and in the main thread."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _State.since is None:
        _State.since = now
    # After the first one things are being cleared away: a second one must not cut that short.
    wait = _State.held or _State.raised or _is_deaf(frame)
    if wait and now - _State.since < _PATIENCE_S:
        start_new_thread(_send_again, (number,))
        return
    _State.since, _State.raised = now, True
    raise KeyboardInterrupt


def _unraisable(fault: "sys.UnraisableHookArgs") -> None:
    """What is raised while an object is taken apart goes nowhere; an interrupt comes again."""
    if fault.exc_type is KeyboardInterrupt:
        _State.raised = False
        start_new_thread(_send_again, (signal.SIGINT,))
    else:
        sys.__unraisablehook__(fault)


def _is_deaf(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEAF:
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    time.sleep(_LATER_S)
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:  # ends a wait, too
        signal.pthread_kill(main, number)
    else:
        interrupt_main(signal.Signals(number))
