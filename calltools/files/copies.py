"""Private copies of what addresses and pipes give: of several addresses the next ones come while one is worked on."""

import tempfile
from collections import deque
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import BinaryIO, Final, NamedTuple, Self

from calltools.files import remote
from calltools.files.atomic import map_os_errors
from calltools.files.limits import Limits
from calltools.files.opening import map_read_errors, open_private_file
from calltools.files.remote_path import RemotePath
from calltools.files.temporary import temporary_path

_PIECE_BYTES: Final = 1 << 20
#: Copies that hold a file handle.
_NAMELESS: Final = 64
#: Addresses that are read at the same time, and those that are on their way or wait until they are asked for.
_AT_ONCE: Final = 4
_AHEAD: Final = 8


class _Place(NamedTuple):
    """Where a copy is written.

    Attributes:
        stream: Takes it.
        path: Leads to it.
        is_nameless: Whether it is there only as long as its stream is open.
        attempt: Closes the stream.
    """

    stream: BinaryIO
    path: Path
    is_nameless: bool
    attempt: ExitStack


class _Copying(NamedTuple):
    """A copy on its way, in a thread."""

    place: _Place
    future: Future[None]


class Copies:
    """Copies that are kept until the context is left; the first ones have no name in any folder."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._copies: dict[Path, Path] = {}
        self._made = 0
        self._folder: Path | None = None
        self._expected: deque[tuple[RemotePath, str, Limits]] = deque()
        self._under_way: dict[Path, _Copying] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._is_over = Event()

    def __enter__(self) -> Self:
        """Nothing is opened before a file is asked for."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the copies; what is on its way breaks off."""
        self._is_over.set()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self._under_way.values():
            one.place.attempt.close()
        self._stack.close()

    def expect(self, files: Iterable[tuple[Path, str, Limits]]) -> None:
        """Begin to fetch addresses that will be asked for, a few ahead.

        Args:
            files: Path, name and limits, in this order; only addresses count.
        """
        addresses = {path: (path, name, limits) for path, name, limits in files if isinstance(path, RemotePath)}
        if len(addresses) > 1:
            self._expected.extend(addresses.values())
            self._threads = ThreadPoolExecutor(_AT_ONCE, "fetch")
            self._begin_next()

    def take(self, path: Path, name: str, limits: Limits) -> Path:
        """The copy of what an address or a pipe gives; each is read once.

        Args:
            path: The address or the pipe.
            name: Name of the file in messages.
            limits: How many bytes may come, and how long that may take.

        Raises:
            SourceError: It cannot be read.
            OutputError: The disk has no room.
            UsageError: The address is of a kind that is not read, or what reads it is not installed.
        """
        if path not in self._copies:
            ahead = self._under_way.pop(path, None)
            place = self._make_place() if ahead is None else ahead.place
            self._begin_next()
            with place.attempt as attempt, map_os_errors(temporary_path("copy")):
                if ahead is None:
                    self._copy(path, name, place.stream, limits)
                else:
                    ahead.future.result()
                place.stream.flush()
                if place.is_nameless:
                    self._stack.push(attempt.pop_all())
            self._copies[path] = place.path
        return self._copies[path]

    def _begin_next(self) -> None:
        while self._threads is not None and self._expected and len(self._under_way) < _AHEAD:
            path, name, limits = self._expected.popleft()
            if path not in self._copies:
                place = self._make_place()
                future = self._threads.submit(self._copy, path, name, place.stream, limits)
                self._under_way[path] = _Copying(place, future)

    def _make_place(self) -> _Place:
        attempt = ExitStack()
        # Each without a name takes a file handle, of which a process has few.
        is_nameless = self._made < _NAMELESS
        if is_nameless:
            stream, path = attempt.enter_context(open_private_file())
        else:
            if self._folder is None:
                self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="calltools-")))
            path = self._folder / str(self._made)
            stream = attempt.enter_context(path.open("xb"))
        self._made += 1
        return _Place(stream, path, is_nameless, attempt)

    def _copy(self, path: Path, name: str, target: BinaryIO, limits: Limits) -> None:
        guarded = _BreaksOff(target, self._is_over)
        if isinstance(path, RemotePath):
            remote.fetch(path, guarded, limits)
            return
        counted = remote.LimitedStream(guarded, name, limits)
        with map_read_errors(name), path.open("rb") as pipe:
            while piece := pipe.read(_PIECE_BYTES):
                counted.write(piece)


class _BreaksOff:
    """A stream to which nothing is written any more when it is over: a thread cannot be ended otherwise."""

    def __init__(self, target: BinaryIO, is_over: Event) -> None:
        self._target, self._is_over = target, is_over

    def write(self, data: bytes) -> int:
        if self._is_over.is_set():
            raise CancelledError
        return self._target.write(data)
