"""Work on the ranges of files by a Dask cluster: machines that open the files themselves, or processes of this one.

A unit of work is some ranges of a file that follow one another. Only places in the file travel there, and results come
back; they are taken in the order of the files, however the units end. A unit is a pure function, so Dask runs it again
where a worker was lost. Faults come back as values: Dask would log the arguments of a task that raises.
"""

import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from tempfile import TemporaryDirectory
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar

from calltools.errors import CalltoolsError, ClusterError, PackageError
from calltools.runtime.packages import BrokenPackage
from calltools.runtime.process import ChildProcess
from calltools.runtime.threads import cpu_count, map_in_order
from calltools.workers.batch_work import RangeWork
from calltools.workers.packed_work import PackedWork, find_versions, keep, run_unit

if TYPE_CHECKING:
    from distributed import Client, Future

#: Ranges of a unit at most: as many blocks of a CSV hold the records that pandera judges at once.
_MAX_RANGES: Final = 4
#: Units under way for each thread of the cluster: one is worked on, one waits.
_UNITS_AHEAD: Final = 2
#: Results that are brought here before they are needed.
_FETCHED_AHEAD: Final = 3
_CONNECT_S: Final = 10
#: How long the processes of this machine may take to start.
_START_S: Final = 60
#: How long no worker may be there while results are waited for.
_PATIENCE_S: Final = 60
_POLL_S: Final = 2

_Result = TypeVar("_Result")


class _Expected:
    """A table whose results are wanted, or were: ``is_over`` says that nobody wants more of them."""

    def __init__(self, table: object, work: RangeWork[Any]) -> None:
        self.table = table
        self.work = work
        self.is_over = False


#: Of a unit, with the table that it belongs to: the future of its results, then the results. ``None`` is the end of the
#: table, an exception is a fault in its place.
_Part: TypeAlias = tuple[_Expected, Any]


class DaskCluster:
    """A Dask cluster that does the work on files; a context manager.

    Args:
        scheduler: Its address, such as ``tcp://10.0.0.1:8786``; ``None``: a cluster of as many processes of this
            machine as it has processors, which ends with the context.
    """

    def __init__(self, scheduler: str | None = None) -> None:
        self._address = scheduler
        self._stack = ExitStack()
        #: Tables of which nothing was sent yet, and those of which results may still come.
        self._waiting: deque[_Expected] = deque()
        self._expected: list[_Expected] = []
        self._threads, self._counted_until = 1, 0.0
        self._shared: dict[int, tuple[Any, Future[PackedWork]]] = {}
        self._parts: Iterator[_Part] = iter(())

    def __enter__(self) -> Self:
        """Connect to the scheduler, or start the processes.

        Raises:
            PackageError: The extra ``dask`` is not installed.
            ClusterError: There is no scheduler, or it has no worker.
        """
        try:
            import distributed  # noqa: F401, PLC0415 - heavy, and an extra
        except ImportError as fault:
            raise PackageError(BrokenPackage("distributed", "distributed", f"{fault}", extra="dask")) from None
        try:
            self._client = self._connect()
            self._fetchers = self._stack.enter_context(ThreadPoolExecutor(_FETCHED_AHEAD, "fetch"))
            # They wait for results, and end when the client does.
            self._stack.callback(self._client.close)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; what is under way there is dropped."""
        self._stack.close()

    def expect(self, table: object, work: RangeWork[Any]) -> None:
        """The results of this table will be wanted after those that were named before: work may begin ahead."""
        self._expected.append(_Expected(table, work))
        self._waiting.append(self._expected[-1])

    def results(self, table: object, work: RangeWork[_Result]) -> Generator[_Result]:
        """The result for each batch of a table, in the order of the file.

        Raises:
            CalltoolsError: What the work has raised on a worker, or the scan of the file here.
            ClusterError: The scheduler or all workers were lost, work was lost again and again, or a worker has other
                packages than this process.
        """
        if all(one.table is not table for one in self._expected):
            self.expect(table, work)
        wanted = next(one for one in self._expected if one.table is table)
        try:
            yield from work.join(self._results_of_units(wanted))
        finally:
            wanted.is_over = True
            self._expected.remove(wanted)

    def _results_of_units(self, wanted: _Expected) -> Iterator[Sequence[Any]]:
        while True:
            of_table, outcome = self._next_part()
            if of_table is not wanted:
                continue  # the rest of a table that broke off
            if outcome is None:
                return
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome

    def _next_part(self) -> _Part:
        part = next(self._parts, None)
        while part is None:
            if not self._waiting:
                raise ClusterError("cluster-lost", address=self._address)  # a fault has ended the parts before
            # All tables that were named have been sent, and another one was named since.
            self._parts = map_in_order(self._fetchers, self._fetch, self._submit_ahead(), _FETCHED_AHEAD)
            part = next(self._parts, None)
        return part

    # -- what is sent ------------------------------------------------------------------------

    def _submit_ahead(self) -> Iterator[_Part]:
        """The parts of all tables in order, with some units under way behind each."""
        under_way: deque[_Part] = deque()
        for part in self._submit():
            under_way.append(part)
            while len(under_way) > _UNITS_AHEAD * self._count_threads():
                yield under_way.popleft()
        yield from under_way

    def _submit(self) -> Iterator[_Part]:
        while self._waiting:
            one = self._waiting.popleft()
            try:
                process, shared = self._send(one.work.process), self._send_once(one.work.shared)
                with closing(_cut(one.work.scan(), self._count_threads)) as units:
                    for unit in units:
                        if one.is_over:
                            break
                        name = _new_name("calltools")
                        yield one, self._submit_task(run_unit, process, shared, unit, key=name)
                yield one, None
            except (CalltoolsError, OSError) as fault:
                yield one, fault

    def _send(self, what: Any) -> "Future[PackedWork]":
        """Something that the workers need for many units, sent to one of them and passed on among them.

        It is the result of a task and not scattered: when the workers that hold it are lost, Dask makes it again.
        """
        import cloudpickle  # noqa: PLC0415 - heavy, and an extra

        packed = PackedWork(_new_name("calltools-work"), find_versions(), cloudpickle.dumps(what))
        return self._submit_task(keep, packed, key=packed.name)

    def _send_once(self, shared: Any) -> "Future[PackedWork] | None":
        """The same, if it was not sent before; ``None``: it is nothing."""
        if shared is None:
            return None
        if id(shared) not in self._shared:
            self._shared[id(shared)] = shared, self._send(shared)
        return self._shared[id(shared)][1]

    def _submit_task(self, function: Callable[..., Any], *arguments: Any, key: str) -> "Future[Any]":
        with self._map_lost_connection():
            return self._client.submit(function, *arguments, pure=False, key=key)

    @contextmanager
    def _map_lost_connection(self) -> Iterator[None]:
        try:
            yield
        except (CancelledError, OSError, RuntimeError):
            # Futures are canceled when the connection is lost, and nothing can be asked for any more.
            raise ClusterError("cluster-lost", address=self._address) from None

    def _count_threads(self) -> int:
        """Threads of all workers: some may have come since the run began. Asked for now and then: it is a long list."""
        now = time.monotonic()
        if now >= self._counted_until:
            self._threads = max(sum(int(worker["nthreads"]) for worker in self._workers().values()), 1)
            self._counted_until = now + _POLL_S
        return self._threads

    def _workers(self) -> Mapping[str, Any]:
        with self._map_lost_connection():
            found: Mapping[str, Any] | None = self._client.scheduler_info(n_workers=-1).get("workers")
        if found is None:  # a client that has given up knows nothing of its scheduler
            raise ClusterError("cluster-lost", address=self._address)
        return found

    # -- what comes back ---------------------------------------------------------------------

    def _fetch(self, part: _Part) -> _Part:
        """The part with results in place of their future, or with a fault; runs in a thread."""
        table, future = part
        if future is None or isinstance(future, BaseException):
            return part
        try:
            return table, self._wait(future)
        except ClusterError as fault:
            return table, fault

    def _wait(self, future: "Future[Any]") -> Any:
        from distributed import KilledWorker  # noqa: PLC0415 - heavy, and an extra

        alone_since: float | None = None
        done = Event()
        future.add_done_callback(lambda _: done.set())  # type: ignore[no-untyped-call]  # of a package without types
        while not done.wait(_POLL_S):
            alone_since = self._alone_since(alone_since)
        try:
            with self._map_lost_connection():
                return self._bring(future)
        except KilledWorker:
            raise ClusterError("cluster-killed") from None
        except ClusterError:
            raise
        except Exception as fault:
            # Not of the work, whose faults are results: Dask could not run it there.
            raise ClusterError("cluster-refused", reason=type(fault).__name__) from fault

    def _bring(self, future: "Future[Any]") -> Any:
        """The result of a future that is done. It may be large: a time limit breaks off its transfer, so it grows."""
        seconds, alone_since = _PATIENCE_S, None
        while True:
            try:
                return future.result(timeout=seconds)
            except TimeoutError:
                # Its worker was lost meanwhile, or the network is slow.
                seconds *= 2
                alone_since = self._alone_since(alone_since)

    def _alone_since(self, before: float | None) -> float | None:
        """Since when no worker is there; ``None``: one is."""
        if self._workers():
            return None
        now = time.monotonic()
        if before is not None and now - before > _PATIENCE_S:
            raise ClusterError("cluster-empty", address=self._address)
        return now if before is None else before

    # -- the connection ----------------------------------------------------------------------

    def _connect(self) -> "Client":
        import dask  # noqa: PLC0415 - heavy, and an extra
        from distributed import Client  # noqa: PLC0415 - as above

        # What Dask logs about lost workers and schedulers, calltools says itself.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}))
        is_local = self._address is None
        if self._address is None:
            self._address = self._start_processes()
        try:
            client: Client = self._stack.enter_context(
                Client(self._address, timeout=_CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]  # of a package without types
            )
        except (OSError, ValueError) as fault:
            raise ClusterError("cluster-unreachable", address=self._address, seconds=_CONNECT_S) from fault
        try:
            client.wait_for_workers(1, timeout=_START_S if is_local else _CONNECT_S)
        except TimeoutError:
            raise ClusterError("cluster-empty", address=self._address) from None
        return client

    def _start_processes(self) -> str:
        """Start a scheduler in this process, and workers in others, which it starts again; gives its address."""
        from distributed import LocalCluster  # noqa: PLC0415 - heavy, and an extra

        # Its own workers would be in the session of this process, and print what they think of Ctrl-C.
        local = self._stack.enter_context(
            LocalCluster(  # type: ignore[no-untyped-call]  # of a package without types
                n_workers=0,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            )
        )
        address: str = local.scheduler_address
        folder = self._stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        options = {
            "nworkers": cpu_count(),
            "nthreads": 1,
            "memory-limit": 0,
            "host": "127.0.0.1",
            "death-timeout": _START_S,
            "local-directory": folder,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        self._stack.enter_context(ChildProcess("distributed.cli.dask_worker", address, "--no-dashboard", *words))
        return address


def _cut(ranges: Iterator[Any], count_threads: Callable[[], int]) -> Generator[tuple[Any, ...]]:
    """Units of ranges: small ones first, so that all threads have work at once, then larger ones, which cost less."""
    unit: list[Any] = []
    sent = 0
    for one in ranges:
        unit.append(one)
        if len(unit) >= min(1 + sent // count_threads(), _MAX_RANGES):
            yield tuple(unit)
            unit, sent = [], sent + 1
    if unit:
        yield tuple(unit)


def _new_name(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex}"
