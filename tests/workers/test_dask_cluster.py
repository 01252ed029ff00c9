"""The Dask engine: the same bytes as the local one, on a cluster of real processes, some of which are killed."""

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.errors import ClusterError, SourceError
from calltools.files.csv import reader
from calltools.model.batch import ByteRanges
from calltools.run import ConversionSink, FindingsCollector, InputFile, RunOptions, Session, prepare_job, resolve
from calltools.validation.ruleset import RuleSet
from calltools.workers import dask_cluster
from calltools.workers.dask_cluster import DaskCluster
from tests.conftest import NOW
from tests.processes import start_process, wait_for
from tests.test_pipeline import GOOD, as_csv, some_rows

pytestmark = [
    pytest.mark.slow,
    # Of tornado and distributed, when a connection breaks.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SAMPLES = Path(__file__).parents[2] / "samples"
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical", "PYTHONPATH": str(SAMPLES.parent)}


class Processes:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder):
        self._file = folder / "scheduler.json"
        self._folder = folder
        self._stack = ExitStack()
        self.workers = []

    def __enter__(self):
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        wait_for(self._file.exists)
        self.address = json.loads(self._file.read_text())["address"]
        return self

    def __exit__(self, *_):
        self._stack.close()

    def add_workers(self, count):
        """Until there are so many."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _ in range(count - len(self.workers)):
            options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
            self.workers.append(self._start("dask_worker", *options))

    def _start(self, program, *options):
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(self._file), *options]
        return self._stack.enter_context(
            start_process(command, env=os.environ | QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    with Processes(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@contextmanager
def connect(processes, workers=2):
    processes.add_workers(workers)
    with DaskCluster(processes.address) as cluster:
        cluster._client.wait_for_workers(workers)
        yield cluster


@pytest.fixture(scope="module")
def cluster(processes):
    with connect(processes) as connected:
        yield connected


def run(paths, folder, cluster=None, *, gate=None, converting=True, **options):
    """All that a run gives, as bytes and values; the folder is empty before."""
    folder.mkdir(exist_ok=True)
    output, rejects = folder / "out.csv", folder / "rejects.csv"
    collector = FindingsCollector()
    context = resolve(RunOptions(as_of=NOW, **options))
    inputs = [InputFile(path, path.name, context) for path in paths]
    with ConversionSink(output, rejects, force=True) as converted:
        session = Session([*inputs], [collector, converted], converting=converting, cluster=cluster)
        if gate is not None:
            session = gate(session)
        summaries = session.run()
    rows = [row for part in collector.parts for row in part.to_rows()]
    counts = [
        (one.name, one.read, one.written, one.rejected, one.skipped, one.rewritten, one.by_code, one.error and one.error.key)
        for one in summaries
    ]
    return rows, counts, [path.read_bytes() for path in (output, rejects) if path.exists()]


def csv_of(tmp_path, count, seed=0, name="calls.csv"):
    path = tmp_path / name
    path.write_text(as_csv(some_rows(count, seed=seed)), encoding="utf-8")
    return path


PIECES = st.sampled_from(
    [
        '1604591025698235234,1773000000,+442079460000,30,0,"two\nlines, ""quoted""",https://example.com/\n',
        "1604591025698235234,1773000000,+442079460000,30,0,,\n",
        "1604591025698235235,1773000001,8 (495) 000-00-00,00:01:00,да,x,example.com\n",
        "1.60459E+18,02.03.2026 10:00,,,2,\x00,\n",
        "ragged,1773000000\n",
        'x,1773000000,+442079460000,30,0,never "closed,https://example.com/\n',
        '1604591025698235234,1773000000,+442079460000,30,0,"opens and\n',
        "\n",
        "\n\n\n",
        ",,,,,,\n",
        "Итого,5,,,,,\n",
        "1604591025698235234,1773000000,+442079460000,30,0,crlf,\r\n",
        ",".join(GOOD) + "\n",
    ]
)


@settings(max_examples=25)
@given(
    pieces=st.lists(PIECES, max_size=30),
    size=st.sampled_from([1, 64, 300, 5000]),
    most=st.integers(1, 4),
    converting=st.booleans(),
)
def test_the_same_bytes_for_every_file_block_and_unit(pieces, size, most, converting, cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    path = folder / "calls.csv"
    path.write_bytes((",".join(GOOD) + "\n" + "".join(pieces)).encode())
    alone = run([path], folder / "out", converting=converting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BLOCK_SIZE", size)
        patch.setattr(dask_cluster, "_MAX_RANGES", most)
        together = run([path], folder / "out", cluster, converting=converting)

    assert together == alone


@pytest.mark.parametrize(
    ("sample", "options"),
    [
        ("broken/structure.csv", {}),
        ("broken/excel-cp1251.csv", {}),
        ("sipuni/export.csv", {"timezone": "Europe/Moscow", "static_call": "1"}),
        # The legs of a call may lie anywhere in the file: it is read here, as a whole.
        ("asterisk/export.csv", {"timezone": "Europe/Moscow", "inbound_contexts": ("from-trunk",), "vendor": "asterisk"}),
        # A workbook has no ranges.
        ("uis/export.xlsx", {"timezone": "Europe/Moscow", "static_call": "auto"}),
    ],
)
def test_samples_give_the_same_answer(sample, options, cluster, tmp_path, monkeypatch):
    path = SAMPLES / sample
    alone = run([path], tmp_path / "out", **options)
    monkeypatch.setattr(reader, "BLOCK_SIZE", 300)

    assert run([path], tmp_path / "out", cluster, **options) == alone


def test_work_on_the_next_files_begins_before_the_first_is_done(cluster, tmp_path, monkeypatch):
    paths = [csv_of(tmp_path, 300, seed, f"calls-{seed}.csv") for seed in range(4)]
    paths[1].write_text(as_csv([GOOD]) + "x" * 3_000_000, encoding="utf-8")
    (limited,) = [RunOptions().limits]
    limited = replace(limited, record_bytes=100_000)
    alone = run(paths, tmp_path / "out", limits=limited)
    submitted = []
    monkeypatch.setattr(cluster._client, "submit", _noting(cluster._client.submit, submitted))

    def when_read(session):
        first = session.sinks[0]

        class Noting(type(first)):
            def take(self, *taken):
                submitted.append("taken")
                super().take(*taken)

        session.sinks[0] = Noting(first.parts)
        return session

    together = run(paths, tmp_path / "out", cluster, limits=limited, gate=when_read)

    assert together == alone
    assert [one[-1] for one in alone[1]] == [None, "csv-record-too-long", None, None]
    sent = [one for one in submitted if one == "_unpack"]
    assert len(sent) == 4
    # The findings on the header come first, without any record.
    records_of_first = submitted.index("taken", submitted.index("taken") + 1)
    assert submitted[:records_of_first].count("_unpack") > 1


def _noting(submit, noted):
    def noting(function, *arguments, **more):
        noted.append(function.__name__)
        return submit(function, *arguments, **more)

    return noting


def gate_of(tmp_path, nth):
    """A function that lets the first process that calls it for the nth time write its number and wait for its death."""
    entered = tmp_path / "entered"

    def pass_or_wait(seen=[]):  # noqa: B006 - it counts
        import time  # noqa: PLC0415 - it runs on a worker

        seen.append(1)
        if len(seen) >= nth:
            try:
                with entered.open("x") as stream:
                    stream.write(f"{os.getpid()}\n")
            except FileExistsError:
                return
            time.sleep(600)

    return entered, pass_or_wait


def kill_who_entered(entered, processes):
    wait_for(lambda: entered.exists() and entered.read_text().endswith("\n"))
    number = int(entered.read_text())
    assert number in {worker.pid for worker in processes.workers}
    os.kill(number, signal.SIGKILL)


def in_background(function, *arguments):
    import threading  # noqa: PLC0415

    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    return thread


class GatedRules(RuleSet):
    """Rules of which the test of one, which only pandera calls, waits at a gate."""

    __slots__ = ("gate",)

    def rules(self):
        for rule in super().rules():
            yield replace(rule, cell=self._gated(rule.cell)) if rule.code == "CT241" else rule

    def _gated(self, test):
        def gated(cells, assumptions):
            self.gate()
            return test(cells, assumptions)

        return gated
