"""The second process: the same answer as without it, and nothing is lost when it ends."""

import io
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from calltools.errors import LimitError, SourceError
from calltools.files.csv import reader
from calltools.model.batch import Batch
from calltools.pipeline import batch_work
from calltools.run import FindingsCollector, RunOptions, plan_file, resolve
from calltools.runtime import process
from calltools.runtime.process import ForkedWorker, write_object
from calltools.workers import second_process
from tests.conftest import NOW
from tests.processes import start_process, wait_for
from tests.test_pipeline import GOOD, as_csv, some_rows

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(autouse=True)
def _each_file_is_worth_it(monkeypatch):
    """Use a second process for the smallest file, also on one processor."""
    monkeypatch.setattr(second_process, "FORK_FROM_BYTES", 1)
    monkeypatch.setattr(second_process, "cpu_count", lambda: 2)


@pytest.fixture
def workers_made(monkeypatch):
    """The forked workers that were made, by their function."""
    made = []

    class Counted(ForkedWorker):
        def __init__(self, work):
            made.append(work)
            super().__init__(work)

    monkeypatch.setattr(second_process, "ForkedWorker", Counted)
    return made


@pytest.fixture
def idleness(monkeypatch):
    """Set whether the first process takes all batches that it can get, or none; gives those that it took."""
    answers = second_process._receive_results

    def always(idle):
        worked = []

        def counted(worker, name, process_batch, _is_idle):
            return answers(worker, name, lambda batch: worked.append(batch) or process_batch(batch), lambda: idle)

        monkeypatch.setattr(second_process, "_receive_results", counted)
        return worked

    return always


@pytest.fixture
def many(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text(as_csv(some_rows(3000, seed=5)), encoding="utf-8")
    return path


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.csv"
    head, _, rows = as_csv([GOOD | {"DateTime": str(NOW - n)} for n in range(1000)]).partition("\n")
    path.write_text(head + "\n" + rows * 200, encoding="utf-8")
    return path


def plan_of(path, *, converting=False, **options):
    return plan_file(
        path,
        path.name,
        resolve(RunOptions(as_of=NOW, **options)),
        converting=converting,
        keep_records=True,
        wants_statistics=True,
    )


def run_planned(planned, *, together=False):
    """All that sinks get, and the summary."""
    collector, written = FindingsCollector(), []

    class Written:
        def take(self, batch, _findings, bad):
            written.extend(batch.columns.filter(pa.array(~bad)).to_pylist())

    summary = planned.run("x", [collector, Written()], may_fork=together)
    findings = [one.to_rows() for one in collector.parts]
    counts = (summary.read, summary.by_code, summary.by_severity, summary.skipped, summary.rewritten, summary.rejected)
    return [row for rows in findings for row in rows], written, (*counts, drawn(summary.call_statistics))


def test_records_that_are_judged_and_written_are_sent_once_and_without_what_nobody_wants(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"DateTime": str(NOW - n), "PhoneNumber": "12345"} for n in range(1000)]), "utf-8")
    planned = plan_of(path, converting=True)
    work = batch_work(planned.table, planned.plan)

    for batch in work.read(map):
        result = work.process(batch)
        sent = io.BytesIO()
        write_object(sent, result)

        assert result.batch.origin is None
        assert result.unproven.columns is result.batch.columns
        # The cells, 20 bytes of offsets, numbers and places a record, and what observers keep of it.
        assert len(sent.getvalue()) < 1.8 * result.batch.columns.nbytes


def drawn(portrait):
    """Its counts; the order of days depends on the blocks."""
    days = sorted((day, counts.tolist()) for day, counts in portrait.days.items())
    hours = [portrait.answered_by_hour.tolist(), portrait.missed_by_hour.tolist()]
    durations = [portrait.talk.tolist(), portrait.hold.tolist()]
    return portrait.zone, portrait.calls, days, hours, durations, portrait.identified, portrait.unidentified


def children_of(parent):
    """Ids of living workers_made of a process."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = status.read_text().rpartition(")")
            called = status.with_name("cmdline").read_bytes()
            if rest.split()[1] == str(parent) and called == Path(f"/proc/{parent}/cmdline").read_bytes():
                found.append(int(status.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("sample", "options"),
    [
        ("canonical/good.csv", {}),
        ("broken/structure.csv", {}),
        ("broken/excel-cp1251.csv", {}),
        ("sipuni/export.csv", {"timezone": "Europe/Moscow", "static_call": "1"}),
        (
            "asterisk/export.csv",
            {"timezone": "Europe/Moscow", "inbound_contexts": ("from-trunk",), "vendor": "asterisk"},
        ),
        ("uis/export.csv", {"timezone": "Europe/Moscow", "static_call": "auto"}),
    ],
)
def test_the_answer_is_that_of_one_process(sample, options, workers_made, idleness):
    path = SAMPLES / sample
    converting = bool(options)
    alone = run_planned(plan_of(path, converting=converting, **options))
    assert not workers_made

    for idle in (True, False):
        idleness(idle)
        together = run_planned(plan_of(path, converting=converting, **options), together=True)

        assert together == alone
    assert len(workers_made) == 2


@pytest.mark.parametrize("idle", [True, False])
def test_many_blocks_and_groups_are_put_in_order(many, monkeypatch, idleness, idle):
    monkeypatch.setattr(reader, "BLOCK_SIZE", 20_000)
    alone = run_planned(plan_of(many))

    worked = idleness(idle)
    together = run_planned(plan_of(many), together=True)

    assert together == alone
    assert together[2][0] == 3000
    assert bool(worked) == idle


def test_each_file_has_a_second_process_of_its_own(many, workers_made):
    first = run_planned(plan_of(many), together=True)
    other = run_planned(plan_of(SAMPLES / "canonical" / "good.csv"), together=True)

    assert len(workers_made) == 2
    assert (first, other) == (run_planned(plan_of(many)), run_planned(plan_of(SAMPLES / "canonical" / "good.csv")))
    assert not children_of(os.getpid())


def test_a_fault_of_the_second_process_is_the_same_fault(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(as_csv([GOOD]) + "x" * 3_000_000, encoding="utf-8")
    planned = plan_of(path)
    limits = replace(planned.table.tasks.__self__._limits, record_bytes=100_000)
    planned.table.tasks.__self__._limits = limits
    with pytest.raises(LimitError) as alone:
        run_planned(planned)

    with pytest.raises(LimitError) as raised:
        run_planned(planned, together=True)

    assert (raised.value.key, raised.value.facts) == (alone.value.key, alone.value.facts)
    assert not children_of(os.getpid())


def test_a_defect_names_the_places_of_the_second_process(many):
    # Reads the file in the second process, as of a large one.
    planned = plan_of(many).without_records()
    planned.table.tasks.__self__._names = ("one",)

    with pytest.raises(ValueError, match="names") as raised:
        run_planned(planned, together=True)

    assert any("reader.py" in note for note in raised.value.__notes__)


def test_a_process_that_is_killed_from_outside_is_an_error(large, monkeypatch):
    received = process.read_object

    def then_killed(stream):
        answer = received(stream)
        for child in children_of(os.getpid()):
            os.kill(child, signal.SIGKILL)
        return answer

    # The first answer has arrived, and the pipe cannot hold the others.
    monkeypatch.setattr(process, "read_object", then_killed)

    with pytest.raises(SourceError) as raised:
        run_planned(plan_of(large), together=True)

    assert raised.value.key == "reader-ended"
    assert "large.csv" in raised.value.say("ru")
    assert not children_of(os.getpid())


def test_threads_do_the_work_where_the_system_starts_no_more_processes(many, monkeypatch):
    monkeypatch.setattr(os, "fork", out_of_processes)

    assert run_planned(plan_of(many), together=True) == run_planned(plan_of(many))


def out_of_processes():
    raise BlockingIOError


@pytest.mark.parametrize("failing", [1, 2])
def test_a_worker_that_cannot_be_forked_leaves_nothing_open(monkeypatch, failing):
    made, pipe = [], os.pipe

    def pipes():
        made.append(None)
        if len(made) == failing:
            raise OSError(24, "Too many open files")
        return pipe()

    monkeypatch.setattr(os, "pipe", pipes)
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(OSError, match="Too many"):
        ForkedWorker(print)

    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_a_worker_ends_when_its_results_are_closed_before_the_first(large):
    planned = plan_of(large)
    answers = second_process.start_work(batch_work(planned.table, planned.plan), planned.table, may_fork=True)
    assert len(children_of(os.getpid())) == 1

    answers.close()
    answers.close()

    assert not children_of(os.getpid())


def test_a_system_that_reaps_children_itself_changes_nothing(large):
    """``trap '' CHLD`` in bash, and some supervisors: who is started by them ignores it, too."""
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    code += "from calltools.workers import second_process; second_process.cpu_count = lambda: 2\n"
    code += "from calltools.__main__ import main; main()"
    command = [sys.executable, "-c", code, "validate", str(large), "-q"]

    result = subprocess.run(command, capture_output=True, check=False, timeout=120)

    assert (result.returncode, result.stderr) == (0, b"")


def test_only_a_large_text_file_and_a_second_processor_are_worth_a_fork(many, monkeypatch, workers_made):
    assert second_process.expects_second_process(many)
    assert not second_process.expects_second_process(many.with_suffix(".xlsx"))
    assert not second_process.expects_second_process(many.with_name("nothing.csv"))
    assert not second_process.expects_second_process(many.with_name("no\0name.csv"))
    for name, value in (("FORK_FROM_BYTES", 1 << 30), ("cpu_count", lambda: 1)):
        with monkeypatch.context() as patch:
            patch.setattr(second_process, name, value)
            run_planned(plan_of(many), together=True)
    with monkeypatch.context() as patch:
        patch.setattr(ForkedWorker, "supported", False)
        run_planned(plan_of(many), together=True)
    run_planned(plan_of(SAMPLES / "canonical" / "good.xlsx"), together=True)
    run_planned(plan_of(many))
    assert not workers_made


def test_a_run_that_is_given_up_leaves_no_process(many):
    class Full:
        def take(self, *_):
            raise OSError

    with pytest.raises(SourceError):
        plan_of(many).run("x", [Full()], may_fork=True)
    assert not children_of(os.getpid())


def test_a_worker_never_goes_on_with_the_code_of_the_first_process(tmp_path):
    done = tmp_path / "done"

    def fails(_was_notified, answer):
        answer(os.getpid())
        raise KeyboardInterrupt

    try:
        with ForkedWorker(fails) as worker:
            other = worker.receive()
            with pytest.raises(EOFError):
                worker.receive()
    finally:
        with done.open("a") as file:
            file.write(f"{os.getpid()}\n")

    assert other != os.getpid()
    assert done.read_text().split() == [str(os.getpid())]


def test_a_worker_has_streams_and_a_session_of_its_own():
    def raised(_was_notified, answer):
        ours = [os.fstat(stream).st_rdev for stream in (0, 1, 2)]
        answer((ours, os.getsid(0) == os.getpid(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL))

    with ForkedWorker(raised) as worker:
        assert worker.receive() == ([Path(os.devnull).stat().st_rdev] * 3, True, True)


def test_a_worker_is_notified_once():
    def raised(was_notified, answer):
        answer(was_notified())
        while not was_notified():
            pass
        answer(was_notified())

    with ForkedWorker(raised) as worker:
        assert worker.receive() is False
        worker.notify()
        assert worker.receive() is False


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize(("sent", "ended"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_the_second_process_ends_with_the_first(large, tmp_path, sent, ended):
    code = "import sys; from calltools.workers import second_process; second_process.cpu_count = lambda: 2\n"
    code += "from calltools.__main__ import main; main()"
    command = [sys.executable, "-c", code, "validate", str(large), "--report", str(tmp_path / "findings.csv")]

    with start_process(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        there = []
        while not there and process.poll() is None:
            there = children_of(process.pid)
        process.send_signal(sent)
        process.wait(timeout=120)
        process.stderr.read()

    assert there
    assert process.returncode == ended
    wait_for(lambda: all(state(child) in "ZX" for child in there))


def state(child):
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def test_columns_come_over_as_they_were():
    table = pa.table({"a": ["", "заявка", "x" * 100_000], "b": ["1", "2", "3"]}).slice(1)
    batch = Batch(table, np.arange(5, 7), np.arange(8, 10), read=2)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as received, os.fdopen(writing, "wb") as sent:
        sender = threading.Thread(
            target=lambda: (
                process.write_object(sent, batch),
                process.write_object(sent, None),
                sent.close(),
            )
        )
        sender.start()
        raised = process.read_object(received)
        nothing = process.read_object(received)
        sender.join()
        with pytest.raises(EOFError):
            process.read_object(received)

    assert raised.columns.equals(table)
    assert (raised.records.tolist(), raised.places.tolist(), raised.read, nothing) == ([5, 6], [8, 9], 2, None)
