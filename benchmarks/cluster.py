"""What the Dask engine costs: the scan, a unit, a task of distributed, whole runs by the CPU seconds of each process.

``python benchmarks/cluster.py FILE.csv [WORKERS…]``; ``generate.py canonical 1000000 FILE.csv`` makes the file. A
scheduler and its workers are processes of their own, so that what each of them uses is known.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cloudpickle
import psutil
import pyarrow as pa
import pyarrow.csv
from distributed import Client

from calltools.pipeline import batch_work
from calltools.run import ConversionSink, FindingsCollector, InputFile, RunOptions, Session, plan_file, resolve
from calltools.workers.dask_cluster import DaskCluster

NOW = 1_773_100_800
_ROUNDS = 3
_TASKS = 2000


def measure_parts(path: Path) -> None:
    """CPU seconds of the scan, of Arrow's parse, and of the units, in this process, least of some rounds."""
    planned = plan_file(path, path.name, resolve(RunOptions(as_of=NOW)), converting=False, keep_records=False)
    work = batch_work(planned.table, planned.plan).ranges
    if work is None:
        sys.exit("this file has no ranges")
    process = cloudpickle.loads(cloudpickle.dumps(work.process))
    found = list(work.scan())
    units = [found[at : at + 4] for at in range(0, len(found), 4)]
    process(units[0], None)
    scan, parse, all_units, size = [], [], [], 0
    for _ in range(_ROUNDS):
        scan.append(_cpu_of(lambda: list(work.scan())))
        parse.append(_cpu_of(lambda: _parse(path)))
        all_units.append(_cpu_of(lambda: [process(unit, None) for unit in units]))
    buffers: list[object] = []
    for unit in units:
        body = cloudpickle.dumps(process(unit, None), protocol=5, buffer_callback=buffers.append)
        size += len(body) + sum(buffer.raw().nbytes for buffer in buffers)  # type: ignore[attr-defined]
        buffers.clear()
    megabytes = path.stat().st_size / 1e6
    print(f"{path.name}: {megabytes:.0f} MB, {len(found)} ranges, {len(units)} units")
    for name, seconds in (("scan", scan), ("Arrow's parse", parse), ("all units", all_units)):
        print(f"  {name}: {min(seconds):.2f} s CPU, {megabytes / min(seconds):.0f} MB/s")
    print(f"  work: {len(cloudpickle.dumps(work.process))} bytes; results: {size / 1e6:.1f} MB")


def _parse(path: Path) -> None:
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(pa.csv.open_csv(path).schema.names, pa.string()), strings_can_be_null=False
    )
    reading = pa.csv.ReadOptions(use_threads=False, block_size=6 << 20)
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    for _ in pa.csv.open_csv(path, reading, parsing, options):
        pass


def _cpu_of(call) -> float:
    before = time.process_time()
    call()
    return time.process_time() - before


@contextmanager
def start_cluster(workers: int) -> Iterator[tuple[str, psutil.Process, list[psutil.Process]]]:
    """A scheduler and workers of one thread each; gives the address and the processes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        started = [_start("dask_scheduler", file, "--port", "0", "--host", "127.0.0.1", "--no-dashboard")]
        try:
            while not file.exists():
                time.sleep(0.1)
            options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", folder)
            started += [_start("dask_worker", file, *options) for _ in range(workers)]
            scheduler, *others = (psutil.Process(one.pid) for one in started)
            yield json.loads(file.read_text())["address"], scheduler, others
        finally:
            for one in started:
                one.kill()
                one.wait()


def _start(program: str, file: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(file), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _cpu(*processes: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def measure_run(path: Path, workers: int, *, converting: bool) -> None:
    """CPU and elapsed seconds of a file on so many workers, by process, without their start; no worker: local."""
    if not workers:
        began, before = time.monotonic(), sum(os.times()[:4])
        _run(path, None, converting=converting)
        spent, elapsed = sum(os.times()[:4]) - before, time.monotonic() - began
        print(f"  local engine: {elapsed:.1f} s; CPU: {spent:.2f}")
        return
    ours = psutil.Process(os.getpid())
    with start_cluster(workers) as (address, scheduler, others), DaskCluster(address) as cluster:
        cluster._client.wait_for_workers(workers)  # noqa: SLF001 - the benchmark wants all of them
        for attempt in range(2):
            before_each, began = (_cpu(ours), _cpu(scheduler), _cpu(*others)), time.monotonic()
            _run(path, cluster, converting=converting)
            elapsed = time.monotonic() - began
            after_each = (_cpu(ours), _cpu(scheduler), _cpu(*others))
            mine, theirs, of_workers = (end - start for start, end in zip(before_each, after_each, strict=True))
            # The first one loads pandera on each worker.
            print(
                f"  {workers} workers, run {attempt + 1}: {elapsed:.1f} s; CPU: "
                f"this process {mine:.2f}, scheduler {theirs:.2f}, workers {of_workers:.2f}"
            )


def _run(path: Path, cluster: DaskCluster | None, *, converting: bool) -> None:
    one = InputFile(path, path.name, resolve(RunOptions(as_of=NOW)))
    with tempfile.TemporaryDirectory() as folder, ConversionSink(Path(folder) / "calls.csv") as converted:
        sinks = [FindingsCollector(), *([converted] if converting else [])]
        Session([one], sinks, converting=converting, may_fork=True, cluster=cluster).run()


def measure_tasks() -> None:
    """CPU seconds of distributed for a task that does nothing, by process."""
    ours = psutil.Process(os.getpid())
    with start_cluster(2) as (address, scheduler, others), Client(address, set_as_default=False) as client:
        client.wait_for_workers(2)
        client.gather(client.map(abs, range(100), pure=False))
        before = (_cpu(ours), _cpu(scheduler), _cpu(*others))
        waiting = [client.submit(abs, number, pure=False) for number in range(_TASKS)]
        for one in waiting:
            one.result()
        after = (_cpu(ours), _cpu(scheduler), _cpu(*others))
        each = [1e3 * (end - start) / _TASKS for start, end in zip(before, after, strict=True)]
        print(f"a task: CPU ms: this process {each[0]:.2f}, scheduler {each[1]:.2f}, workers {each[2]:.2f}")


if __name__ == "__main__":
    file = Path(sys.argv[1])
    measure_parts(file)
    for converts in (False, True):
        print("convert" if converts else "validate")
        for count in [int(word) for word in sys.argv[2:]] or [0, 1, 2]:
            measure_run(file, count, converting=converts)
    measure_tasks()
