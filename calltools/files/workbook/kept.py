"""A process that reads small workbooks stays for the next one: its start costs ten times what reading one costs.

Nothing depends on it: a workbook that a used process cannot read is read again by a new one, whose answer counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(slots=True)
class KeptProcess:
    """The process that waits for the next workbook.

    Attributes:
        waiting: A ``WorkbookProcess``, or ``None``; it is taken out while it reads.
        started: How many processes were started.
    """

    waiting: Any = None
    started: int = field(default=0)

    def close(self) -> None:
        """End the process."""
        process, self.waiting = self.waiting, None
        if process is not None:
            process.__exit__(None, None, None)


#: That of the run under way; the readers of files know nothing of runs.
_CURRENT: Final[ContextVar[KeptProcess | None]] = ContextVar("kept_workbook_process", default=None)


@contextmanager
def keep_workbook_process() -> Iterator[KeptProcess]:
    """Let small workbooks share a process until the context is left, which ends it.

    A fork must not use the process of its parent: it has a context of its own.
    """
    kept = KeptProcess()
    token = _CURRENT.set(kept)
    try:
        yield kept
    finally:
        _CURRENT.reset(token)
        kept.close()


@contextmanager
def keep_or_share_workbook_process() -> Iterator[None]:
    """The same inside of such a context, whose process is then shared, and outside of one."""
    if kept_process() is not None:
        yield
        return
    with keep_workbook_process():
        yield


def kept_process() -> KeptProcess | None:
    """Where the process of the run under way waits; ``None``: each workbook has a process of its own."""
    return _CURRENT.get()
