"""A second process that reads records and proves them clean, while this one judges and reports.

Python runs one thread at a time, and handing over costs: two processes do in parallel what two threads do in turns.
Light to import: the helper is started before anything else is loaded, and loads the same things meanwhile.
"""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from calltools.children import ChildProcess
from calltools.errors import SourceError
from calltools.workers import wire
from calltools.workers.processors import processors

if TYPE_CHECKING:
    from calltools.model.batch import Table
    from calltools.workers.plan import Plan
    from calltools.workers.working import Worked

_MODULE: Final = "calltools.workers.helper_child"
#: Arrays of a block come and go by the hundred, all of a size: glibc is to keep their memory instead of giving it back
#: to the system and asking for it again, which takes a sixth of the time. Other platforms know nothing of it.
#: Arrow holds more than it needs there when it gives it back as late as in this process.
_ENVIRON: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_ARENA_MAX": "2",
    "MIMALLOC_PURGE_DELAY": "10",
}
#: Bytes of a file from which on pandera will have something to judge.
_LARGE: Final = 4 << 20
#: Bytes of a file from which on a second process is worth its start.
_WORTH_IT: Final = 16 << 20
#: What another process can read anew, by its ending; of other files, only those that turn out to be text.
_TEXTS: Final = frozenset({".csv", ".tsv", ".txt"})


def is_large(path: Path, size: int = _LARGE) -> bool:
    """Whether there is a file of so many bytes."""
    try:
        return path.is_file() and path.stat().st_size >= size
    except (OSError, ValueError):
        return False


class Helper:
    """The second process of a run; a context manager, and with its end the process has ended too.

    It is started when it is asked for work that is worth it, or ahead of that.
    """

    def __init__(self) -> None:
        self._process: ChildProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def started(self) -> bool:
        """Whether there is a second process."""
        return self._process is not None

    def start_ahead(self, path: Path) -> None:
        """Start it now, if this file will want it."""
        if path.suffix.lower() in _TEXTS and _worth_it(path):
            self._start()

    def worked(self, table: "Table", plan: "Plan") -> Generator["Worked"]:
        """Each batch worked on, as ``working.worked`` gives them; begins at once.

        Raises:
            SourceError: The process was ended from outside.
        """
        if not table.portable or not _worth_it(table.source.path):
            return _here(table, plan)
        self._start()
        if self._process is not None:
            # One that has ended meanwhile is found out when its answers are read.
            with suppress(OSError):
                wire.send(self._process.stdin, (table, plan.of_a_batch))
        return self._answers(table, plan)

    def _answers(self, table: "Table", plan: "Plan") -> Generator["Worked"]:
        begun = done = False
        try:
            while self._process is not None and (said := wire.receive(self._process.stdout)) is not None:
                if isinstance(said, BaseException):
                    raise said
                begun = True
                yield said
            done = self._process is not None
        except EOFError:
            if begun:
                raise SourceError("reader-ended", path=table.source.name) from None
        finally:
            if not done:
                self._end()
        if not done:
            # A process that cannot be started, or never answers, is done without.
            yield from _here(table, plan)

    def _start(self) -> None:
        if self._process is None:
            with suppress(OSError):
                self._process = ChildProcess(_MODULE, environ=_ENVIRON)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with process:
                pass


def _here(table: "Table", plan: "Plan") -> Generator["Worked"]:
    from calltools.workers.working import worked  # noqa: PLC0415 - heavy

    return worked(table, plan)


def _worth_it(path: Path) -> bool:
    return is_large(path, _WORTH_IT) and processors() > 1
