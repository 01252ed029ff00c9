"""The Dask engine: the same bytes as the local one, on a cluster of real processes, some of which are killed."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.errors import ClusterError, OutputError, SourceError
from calltools.files import parts
from calltools.files.csv import reader
from calltools.files.limits import Limits
from calltools.files.parts import PartsWriter
from calltools.run import (
    ConversionSink,
    FindingsCollector,
    InputFile,
    RunOptions,
    Session,
    plan_file,
    resolve,
    session,
    sinks,
)
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


def run(paths, folder, cluster=None, *, sink=None, converting=True, **options):
    """All that a run gives, as bytes and values; the folder is empty before."""
    folder.mkdir(exist_ok=True)
    output, rejects = folder / "out.csv", folder / "rejects.csv"
    collector = FindingsCollector() if sink is None else sink
    context = resolve(RunOptions(as_of=NOW, **options))
    inputs = [InputFile(path, path.name, context) for path in paths]
    with ConversionSink(output, rejects, force=True) as converted:
        summaries = Session(inputs, [collector, converted], converting=converting, cluster=cluster).run()
    rows = [row for part in collector.parts for row in part.to_rows()]
    counts = [
        (
            one.name,
            one.read,
            one.written,
            one.rejected,
            one.skipped,
            one.rewritten,
            one.by_code,
            one.error and one.error.key,
        )
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
        # The legs of a call may lie anywhere in the file: it is read by one worker.
        (
            "asterisk/export.csv",
            {"timezone": "Europe/Moscow", "inbound_contexts": ("from-trunk",), "vendor": "asterisk"},
        ),
        # A workbook was read when it was opened.
        ("calltouch-xlsx/export.xlsx", {"timezone": "Europe/Moscow", "static_call": "1"}),
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
    limits = Limits(record_bytes=100_000)
    alone = run(paths, tmp_path / "out", limits=limits)
    noted = []
    monkeypatch.setattr(cluster._client, "submit", _noting(cluster._client.submit, noted))

    class Noting(FindingsCollector):
        def take(self, batch, findings, bad):
            super().take(batch, findings, bad)
            noted.append(len(batch))

    together = run(paths, tmp_path / "out", cluster, sink=Noting(), limits=limits)

    assert together == alone
    assert [one[-1] for one in alone[1]] == [None, "csv-record-too-long", None, None]
    # Work was sent once for each file that can be read, and for more than one before the first had given a record.
    assert noted.count("keep") == 3
    assert noted[: noted.index(300)].count("keep") > 1


def test_a_cluster_takes_one_run_after_the_other(cluster, tmp_path):
    # A table may lie where one lay before.
    counts = [run([csv_of(tmp_path, 20 + n)], tmp_path / "out", cluster)[1][0][1] for n in range(12)]

    assert counts == [20 + n for n in range(12)]
    assert not cluster._expected


def test_a_result_may_take_longer_than_a_look_at_the_cluster(cluster, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 3000)
    alone = run([path], tmp_path / "out")
    # A transfer that was broken off after each look would never end.
    monkeypatch.setattr(dask_cluster, "_POLL_S", 1e-6)

    assert run([path], tmp_path / "out", cluster) == alone


def test_a_second_file_is_sent_once_for_all_files(cluster, tmp_path, monkeypatch):
    paths = []
    for number in range(3):
        calls = [GOOD | {"ClientId": "", "DateTime": str(NOW - 100 * number - n)} for n in range(60)]
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text(as_csv(calls), encoding="utf-8")
    crm = tmp_path / "crm.csv"
    crm.write_text(f"phone,time,ClientId\n+442079460000,{NOW - 86_400},1604591025698235234\n", encoding="utf-8")
    options = {"identifiers": crm, "timezone": "Europe/Moscow"}
    alone = run(paths, tmp_path / "out", **options)
    noted = []
    monkeypatch.setattr(cluster._client, "submit", _noting(cluster._client.submit, noted))

    assert run(paths, tmp_path / "out", cluster, **options) == alone
    # The work on three files, and the index.
    assert noted.count("keep") == 4
    assert alone[1][0][2] == 60


def test_outcomes_reach_the_same_calls(cluster, tmp_path):
    paths = []
    for number in range(3):
        calls = [GOOD | {"DateTime": str(NOW - 100 * number - n)} for n in range(600)]
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text(as_csv(calls), encoding="utf-8")
    crm = tmp_path / "crm.csv"
    records = [f"{GOOD['PhoneNumber']},{NOW - 10 * n},{n}.5,RUB\n" for n in range(90)]
    crm.write_text("phone,time,Price,Currency\n" + "".join(records), encoding="utf-8")
    alone = run(paths, tmp_path / "out", outcomes=(crm,))

    assert run(paths, tmp_path / "out", cluster, outcomes=(crm,)) == alone
    assert b".5,RUB" in alone[2][0]


def _noting(submit, noted):
    def noting(function, *arguments, **more):
        noted.append(function.__name__)
        return submit(function, *arguments, **more)

    return noting


def gate_of(tmp_path, nth):
    """A function that lets the first process that calls it for the nth time write its number and wait for its death."""
    entered = tmp_path / "entered"

    def pass_or_wait(seen=[]):  # noqa: B006 - it counts
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


@contextmanager
def start_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def gated_rules(ruleset, gate):
    """Rules of which the test of one, which only pandera calls, waits at a gate."""

    @dataclass(frozen=True)
    class Gated(RuleSet):
        def rules(self):
            return tuple(
                replace(rule, cell=gated(rule.cell)) if rule.code == "CT241" else rule for rule in RuleSet.rules(self)
            )

    def gated(test):
        def waits(cells, assumptions):
            gate()
            return test(cells, assumptions)

        return waits

    return Gated(ruleset.severities)


def gate_reading(planned, gate):
    """The file with a gate before each range is read."""
    read = planned.table.ranges.read

    def gated(found):
        gate()
        return read(found)

    return replace(planned, table=replace(planned.table, ranges=replace(planned.table.ranges, read=gated)))


def gate_judging(planned, gate):
    """The file with a gate in the middle of what pandera does."""
    return replace(planned, plan=replace(planned.plan, ruleset=gated_rules(planned.plan.ruleset, gate)))


@pytest.mark.parametrize("stage", [gate_reading, gate_judging])
def test_a_worker_killed_at_work_costs_no_record(stage, processes, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 3000)
    alone = run([path], tmp_path / "out")
    monkeypatch.setattr(reader, "BLOCK_SIZE", 20_000)
    monkeypatch.setattr(dask_cluster, "_MAX_RANGES", 1)
    entered, gate = gate_of(tmp_path, nth=3)
    monkeypatch.setattr(session, "plan_file", lambda *found, **more: stage(plan_file(*found, **more), gate))

    with connect(processes) as cluster, start_thread(kill_who_entered, entered, processes):
        together = run([path], tmp_path / "out", cluster)

    assert together == alone
    assert entered.exists()


def test_a_worker_killed_with_results_that_nobody_has_costs_no_record(processes, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 3000)
    alone = run([path], tmp_path / "out")
    monkeypatch.setattr(reader, "BLOCK_SIZE", 20_000)
    monkeypatch.setattr(dask_cluster, "_MAX_RANGES", 1)
    monkeypatch.setattr(dask_cluster, "_UNITS_AHEAD", 20)
    killed = []

    class KillsWhenAllIsDone(FindingsCollector):
        def take(self, batch, findings, bad):
            super().take(batch, findings, bad)
            if len(batch) and not killed:
                # All units are done, and most of their results are on the workers still.
                wait_for(lambda: not any(cluster._client.processing().values()))
                killed.append(next(worker for worker in processes.workers if worker.poll() is None))
                killed[0].kill()
                killed[0].wait()

    with connect(processes) as cluster:
        together = run([path], tmp_path / "out", cluster, sink=KillsWhenAllIsDone())

    assert together == alone
    assert killed


def test_a_fault_on_a_worker_is_the_same_fault(cluster, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 300)

    def missing(planned, _gate):
        found, read = list(planned.table.ranges.scan()), planned.table.ranges.read
        read.__self__._path = Path("/nowhere/calls.csv")
        return replace(
            planned, table=replace(planned.table, ranges=replace(planned.table.ranges, scan=partial(iter, found)))
        )

    monkeypatch.setattr(session, "plan_file", lambda *found, **more: missing(plan_file(*found, **more), None))

    rows, counts, _ = run([path], tmp_path / "out", cluster)

    assert not rows
    assert counts[0][-1] == "range-unreadable"


def test_a_file_that_was_written_to_is_refused(tmp_path, monkeypatch):
    path = csv_of(tmp_path, 300)
    monkeypatch.setattr(reader, "BLOCK_SIZE", 2_000)
    planned = plan_file(path, "x", resolve(RunOptions(as_of=NOW)), converting=True, keep_records=True)
    found = list(planned.table.ranges.scan())
    path.write_text(path.read_text(encoding="utf-8").replace("\n", " "), encoding="utf-8")

    with pytest.raises(SourceError) as raised:
        planned.table.ranges.read(found[3])

    assert raised.value.key == "range-changed"


# -- an output in parts ----------------------------------------------------------------------


def parts_of(paths, folder, cluster, *others, **options):
    """The parts that workers write, joined, and what the first process counts; nothing else is left in the folder."""
    inputs = [InputFile(path, path.name, resolve(RunOptions(as_of=NOW, **options))) for path in paths]
    with ConversionSink(folder / "{part}.csv", folder.parent / "rejects.csv", force=True) as converted:
        summaries = Session(inputs, [*others, converted], converting=True, cluster=cluster).run()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = [one["name"] for one in manifest["parts"]]
    texts = [(folder / name).read_bytes() for name in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "manifest.json"])
    assert [hashlib.sha256(text).hexdigest() for text in texts] == [one["sha256"] for one in manifest["parts"]]
    header = texts[0].partition(b"\n")[0]
    joined = header + b"\n" + b"".join(text.removeprefix(header + b"\n") for text in texts)
    return joined, manifest, [one.written for one in summaries], (folder.parent / "rejects.csv").read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_parts_of_workers_joined_are_the_one_file_for_every_block_and_unit(seed, cluster, tmp_path, monkeypatch):
    paths = [csv_of(tmp_path, 50 + 300 * number, seed + number, f"{number}.csv") for number in range(3)]
    _, counts, (alone, rejects) = run(paths, tmp_path / "out")
    # Counts are taken there, too: workers need not give records back for them.
    monkeypatch.setattr(reader, "BLOCK_SIZE", [1_000, 3_000, 20_000][seed % 3])
    monkeypatch.setattr(dask_cluster, "_MAX_RANGES", 1 + seed)
    monkeypatch.setattr(parts, "_PART_RECORDS", [1, 90, 100_000][seed // 2])
    given_back = []

    class Looks(FindingsCollector):
        def take(self, batch, *_):
            given_back.append(batch.columns.num_rows)

    joined, manifest, written, rejected = parts_of(paths, tmp_path / "parts", cluster, Looks())

    assert (joined, rejected) == (alone, rejects)
    assert written == [one[2] for one in counts]
    assert manifest["total"]["records"] == sum(written)
    assert not any(given_back)


def test_a_baseline_decides_here_which_records_are_good(cluster, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"PhoneNumber": "12"}] * 3), encoding="utf-8")
    baseline = tmp_path / "baseline.json"
    accepting = ["validate", str(path), "--as-of", str(NOW), "--write-baseline", str(baseline)]
    assert CliRunner().invoke(app, accepting).exit_code == 0
    inputs = [InputFile(path, str(path), resolve(RunOptions(as_of=NOW, baseline=baseline)))]

    with ConversionSink(tmp_path / "out" / "{part}.csv") as converted:
        (summary,) = Session(inputs, [converted], converting=True, cluster=cluster).run()

    assert summary.written == 3
    assert (tmp_path / "out" / "00000.csv").read_bytes().count(b"\n") == 4


@pytest.mark.parametrize("stage", ["storing", "writing"])
def test_a_worker_killed_while_parts_are_made_costs_no_record(stage, processes, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 3000)
    _, _, (alone, rejects) = run([path], tmp_path / "out")
    monkeypatch.setattr(reader, "BLOCK_SIZE", 20_000)
    monkeypatch.setattr(dask_cluster, "_MAX_RANGES", 1)
    monkeypatch.setattr(parts, "_PART_RECORDS", 200)
    entered, gate = gate_of(tmp_path, nth=3)
    if stage == "writing":
        write_work = sinks.write_work
        monkeypatch.setattr(sinks, "write_work", lambda parts: replace(write_work(parts), process=gate_writing(gate)))
    else:
        monkeypatch.setattr(session, "plan_file", lambda *found, **more: gate_judging(plan_file(*found, **more), gate))

    with connect(processes) as cluster, start_thread(kill_who_entered, entered, processes):
        joined, manifest, _, rejected = parts_of([path], tmp_path / "parts", cluster)

    assert (joined, rejected) == (alone, rejects)
    assert len(manifest["parts"]) > 3
    assert entered.exists()


def gate_writing(gate):
    def write(some, shared):
        # Half of the work is done when the worker dies.
        written = parts.write_parts(some, shared)
        gate()
        return written

    return write


def test_workers_that_do_not_see_the_folder_write_nothing(cluster, tmp_path, monkeypatch):
    path = csv_of(tmp_path, 300)
    use_workers = PartsWriter.use_workers
    monkeypatch.setattr(PartsWriter, "use_workers", lambda *found: use_workers(*found) / "elsewhere")

    inputs = [InputFile(path, path.name, resolve(RunOptions(as_of=NOW)))]

    with ConversionSink(tmp_path / "out" / "{part}.csv") as sink, pytest.raises(OutputError):
        Session(inputs, [sink], converting=True, cluster=cluster).run()

    assert not (tmp_path / "out").exists()


# -- the command line ------------------------------------------------------------------------


def calltools(*arguments, **more):
    command = [sys.executable, "-m", "calltools", *map(str, arguments)]
    return start_process(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_a_cluster_of_this_machine_writes_the_same_files(tmp_path):
    path = csv_of(tmp_path, 3000)
    said = []
    for engine in ("local", "dask"):
        outputs = ["-o", tmp_path / f"{engine}.csv", "--rejects", tmp_path / f"{engine}.rejects.csv"]
        report = ["--report", tmp_path / f"{engine}.jsonl", "--as-of", NOW, "--no-progress"]
        with calltools("convert", path, "--engine", engine, *outputs, *report) as process:
            # The next command repeats the engine and the names of the outputs.
            own = rf"\b{engine}(?=\.(?:csv|rejects|jsonl))|(?<=--engine ){engine}"
            said.append((*(re.sub(own, "ENGINE", text) for text in process.communicate()), process.returncode))

    assert said[0] == said[1]
    assert said[0][-1] == 1
    for ending in ("csv", "rejects.csv", "jsonl"):
        local, dask = (tmp_path / f"{engine}.{ending}" for engine in ("local", "dask"))
        assert local.read_bytes() == dask.read_bytes()
        assert local.stat().st_size


def test_without_its_scheduler_a_run_ends_with_4_and_writes_nothing(tmp_path):
    path = csv_of(tmp_path, 3000)
    (tmp_path / "cluster").mkdir()
    (tmp_path / "out").mkdir()
    with Processes(tmp_path / "cluster") as other:
        with connect(other, workers=1) as cluster:
            (worker,) = other.workers
            # Its worker does nothing more, so the run waits for results.
            worker.send_signal(signal.SIGSTOP)
            asked = cluster._client.scheduler_info
            arguments = ["convert", path, "--engine", "dask", "--scheduler", other.address, "--as-of", NOW]
            with calltools(
                *arguments, "-o", tmp_path / "out" / "calls.csv", "--report", tmp_path / "out" / "a.jsonl"
            ) as running:
                wait_for(lambda: len(asked()["workers"]) == 1)
                wait_for(lambda: cluster._client.run_on_scheduler(_count_tasks) > 1)
                other.scheduler.kill()
                _, said = running.communicate()
            with pytest.raises(ClusterError) as raised:
                run([path], tmp_path / "again", cluster)
        worker.kill()

    assert raised.value.key == "cluster-lost"
    assert running.returncode == 4
    assert f"The connection to the Dask scheduler at {other.address} was lost" in said
    assert not list((tmp_path / "out").iterdir())


def _count_tasks(dask_scheduler):
    return len(dask_scheduler.tasks)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "No Dask scheduler answers at"), ("ru", "не ответил планировщик Dask")]
)
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "foo://127.0.0.1:9"])
def test_no_scheduler_at_the_address(address, language, sentence, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 1)
    path = csv_of(tmp_path, 3)

    result = CliRunner().invoke(
        app, ["validate", str(path), "--engine", "dask", "--scheduler", address, "--lang", language]
    )

    assert result.exit_code == 4
    assert sentence in result.stderr
    assert address in result.stderr


def test_a_cluster_without_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 1)
    (tmp_path / "cluster").mkdir()

    with Processes(tmp_path / "cluster") as other, pytest.raises(ClusterError) as raised, DaskCluster(other.address):
        pass

    assert raised.value.key == "cluster-empty"
    assert f"dask worker {other.address}" in raised.value.say()


def test_a_worker_with_other_packages_is_refused(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "find_versions", lambda: {"pyarrow": "1.0"})

    with pytest.raises(ClusterError) as raised:
        run([csv_of(tmp_path, 3)], tmp_path / "out", cluster)

    assert (raised.value.key, raised.value.facts["package"], raised.value.facts["ours"]) == (
        "cluster-versions",
        "pyarrow",
        "1.0",
    )


def test_the_extra_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    result = CliRunner().invoke(app, ["validate", str(csv_of(tmp_path, 3)), "--engine", "dask"])

    assert result.exit_code == 2
    assert "pip install 'calltools[dask]'" in result.stderr


def test_a_scheduler_alone_is_no_engine(tmp_path):
    result = CliRunner().invoke(app, ["validate", str(csv_of(tmp_path, 3)), "--scheduler", "tcp://127.0.0.1:9"])

    assert result.exit_code == 2
    assert "--engine dask" in result.stderr
