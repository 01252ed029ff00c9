"""Many small files in one run: judged together, by several processes, with the answer that each gives alone."""

import io
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calltools import batch_steps
from calltools.files.csv.reader import _CsvReader
from calltools.reports import REPORTERS
from calltools.reports.reporter import ReportOptions
from calltools.rules import dataset
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.run import (
    ConversionSink,
    InputFile,
    ReporterSink,
    RunOptions,
    Session,
    SessionEvents,
    plan_file,
    preflight,
    resolve,
    small_files,
)
from calltools.run import session as session_module
from calltools.validation.pandera_schema import PanderaSchema
from calltools.vendors import zones
from tests.conftest import NOW
from tests.processes import start_process, wait_for
from tests.test_pipeline import GOOD, as_csv, some_rows
from tests.workers.test_second_process import children_of

SIPUNI = (Path(__file__).parents[2] / "samples/sipuni/export.csv").read_bytes()
WORKBOOK = (Path(__file__).parents[2] / "samples/calltouch-xlsx/export.xlsx").read_bytes()
ODD_FILES = {
    "empty.csv": b"",
    "header.csv": as_csv([]).encode(),
    "binary.csv": bytes(range(256)) * 8,
    "damaged.xlsx": WORKBOOK[:3000],
    "vendor.csv": SIPUNI,
    "fewer.csv": as_csv([{"DateTime": str(NOW - 60), "ClientId": "1"}] * 3, ["DateTime", "ClientId"]).encode(),
    "ragged.csv": as_csv([GOOD] * 2).encode() + b"1,2,3\n",
    "blanks.csv": as_csv([GOOD]).encode() + b"\n\n" + as_csv([GOOD]).encode().partition(b"\n")[2],
}


@pytest.fixture
def counted(monkeypatch):
    """How often pandera was called and a process forked."""
    counts = Counter()
    validate, fork = PanderaSchema.failed_checks, os.fork

    def counting_validate(self, *args):
        counts["pandera"] += 1
        return validate(self, *args)

    def counting_fork():
        counts["fork"] += 1
        return fork()

    monkeypatch.setattr(PanderaSchema, "failed_checks", counting_validate)
    monkeypatch.setattr(os, "fork", counting_fork)
    return counts


@contextmanager
def settings_of(road):
    """The way of a run: one file at a time through threads, or together in one or several processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_files, "_FILES_PER_PROCESS", 1)
        if road == "threads":
            patch.setattr(session_module, "SMALL_FILE_BYTES", -1)
        if road == "alone":
            patch.setattr(small_files, "_MAX_FILES", 1)
        if road == "bytes":
            patch.setattr(session_module, "_HELD_BYTES", 1)
            patch.setattr(small_files, "_MAX_BYTES", 3000)
        yield road if isinstance(road, int) else 1


def run_files(folder, names, road=1, events=None, **options):
    """Output, rejects, report and counts of a conversion."""
    context = resolve(RunOptions(as_of=NOW, timezone="Europe/Moscow", static_call="1", **options))
    inputs = [InputFile(folder / name, name, context) for name in names]
    report = io.StringIO()
    output, rejects = folder / "out" / "calls.csv", folder / "out" / "rejects.csv"
    output.parent.mkdir(exist_ok=True)
    sink = ConversionSink(output, rejects, force=True)
    reporters = [
        ReporterSink(REPORTERS["jsonl"](report, ReportOptions())),
        ReporterSink(REPORTERS["text"](report, ReportOptions(limit=3))),
    ]
    more = {} if events is None else {"events": events}
    with settings_of(road) as processes, sink:
        summaries = Session(
            inputs, [sink], reporters, converting=True, may_fork=True, processes=processes, **more
        ).run()
    for path in (output, rejects):
        path.touch()
    counts = [
        (
            one.name,
            one.read,
            one.written,
            one.rejected,
            dict(one.skipped),
            dict(one.by_code),
            dict(+one.rewritten),
            str(one.error),
        )
        for one in summaries
    ]
    assert all(one.adds_up for one in summaries if one.error is None)
    result = output.read_bytes(), rejects.read_bytes(), report.getvalue(), counts
    output.unlink()
    rejects.unlink()
    return result


def write_files(folder, drawn):
    folder.mkdir(exist_ok=True)
    names = []
    for number, one in enumerate(drawn):
        kind, content = one if isinstance(one, tuple) else (one, ODD_FILES[one])
        name = f"{number:02}-{kind}"
        (folder / name).write_bytes(content if isinstance(content, bytes) else as_csv(some_rows(*content)).encode())
        names.append(name)
    return names


#: A seed that comes again gives records that are in two files (CT401).
CALLS = st.tuples(st.just("calls.csv"), st.tuples(st.integers(1, 30), st.integers(0, 5)))


@given(st.lists(st.one_of(CALLS, CALLS, st.sampled_from(sorted(ODD_FILES))), min_size=2, max_size=7))
@settings(max_examples=8)
def test_the_answer_does_not_depend_on_how_small_files_are_spread(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("drawn")
    names = write_files(folder, drawn)

    expected = run_files(folder, names, "threads")

    for road in (1, 2, 3, "alone", "bytes"):
        assert run_files(folder, names, road) == expected, road


def test_a_hundred_small_files_are_judged_in_one_call_without_another_process(tmp_path, counted):
    names = write_files(tmp_path, [("calls.csv", (5, seed)) for seed in range(100)])

    run_files(tmp_path, names, "together")

    assert counted == {"pandera": 1}


def write_exports(folder, count):
    """Exports of one vendor whose calls differ: some are outgoing, hide their number, or cannot be read."""
    header, _, *lines = SIPUNI.decode().splitlines()
    names = []
    for number in range(count):
        calls = [line.split(";") for line in lines[number % 5 : number % 5 + 6]]
        for place, cells in enumerate(calls):
            cells[0] = ("Входящий", "Исходящий", "Внутренний")[(number * place) % 7 % 3]
            cells[2] = "31.02.2026 10:00:00" if place == number % 11 else cells[2]
            cells[4] = ("anonymous", "8 (495) 000-01-02", cells[4])[(number + place) % 3]
        names.append(f"{number:03}.csv")
        (folder / names[-1]).write_text("\n".join([header, *(";".join(cells) for cells in calls)]) + "\n")
    return names


def test_exports_that_are_mapped_together_give_what_each_gives_alone(tmp_path):
    names = write_exports(tmp_path, 12)

    expected = run_files(tmp_path, names, "threads")

    assert sum(sum(one[4].values()) for one in expected[3]) > 10
    assert sum(one[3] for one in expected[3]) > 2
    assert sum(bool(one[6]) for one in expected[3]) > 5
    for road in (1, 2, "bytes"):
        assert run_files(tmp_path, names, road) == expected, road


def test_a_small_export_is_read_once(tmp_path, monkeypatch):
    opened = []
    open_stream = _CsvReader._open_stream
    monkeypatch.setattr(_CsvReader, "_open_stream", lambda self: opened.append(self) or open_stream(self))

    run_files(tmp_path, write_exports(tmp_path, 5))

    assert len(opened) == 5


def test_a_canonical_file_without_a_written_date_is_read_once_and_not_held(tmp_path, monkeypatch):
    opened = []
    open_stream = _CsvReader._open_stream
    monkeypatch.setattr(_CsvReader, "_open_stream", lambda self: opened.append(self) or open_stream(self))
    names = write_files(tmp_path, [("calls.csv", (5, seed)) for seed in range(6)])
    context = resolve(RunOptions(as_of=NOW))
    planned = [plan_file(tmp_path / name, name, context, converting=False, keep_records=False) for name in names]

    assert not opened
    assert not any(one.held_bytes for one in planned)

    # Nor does it matter how many there are: none is read a second time.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "_HELD_BYTES", 1)
        Session([InputFile(tmp_path / name, name, context) for name in names]).run()

    assert len(opened) == len(names)


def test_what_depends_on_header_and_rules_alone_is_found_out_once_for_all_files(tmp_path, monkeypatch):
    compared = []
    rule = next(one for one in RULES if one.header is not None)
    counting = replace(rule, header=lambda titles: compared.append(titles) or rule.header(titles))
    monkeypatch.setattr(preflight, "RULES_BY_CODE", {**RULES_BY_CODE, rule.code: counting})
    names = write_files(tmp_path, [("calls.csv", (3, seed)) for seed in range(20)])
    preflight._header_faults.cache_clear()
    context = resolve(RunOptions(as_of=NOW))

    Session([InputFile(tmp_path / name, name, context) for name in names]).run()

    preflight._header_faults.cache_clear()
    assert len(compared) == 1


def test_the_keys_of_many_files_are_hashed_together(tmp_path, monkeypatch):
    hashed = []
    hash_rows = dataset.hash_rows
    monkeypatch.setattr(dataset, "hash_rows", lambda columns: hashed.append(len(columns[0])) or hash_rows(columns))
    names = write_files(tmp_path, [("calls.csv", (5, seed)) for seed in range(50)])
    context = resolve(RunOptions(as_of=NOW))

    Session([InputFile(tmp_path / name, name, context) for name in names]).run()

    # The keys of calls, those of calls without a caller, and those of first-time callers.
    assert len(hashed) <= 3


def test_a_profile_is_bound_and_its_zone_searched_once_for_exports_with_one_header(tmp_path, monkeypatch):
    looked = []
    refuse = zones.refuse_contradicted_zone
    monkeypatch.setattr(zones, "refuse_contradicted_zone", lambda *given: looked.append(given) or refuse(*given))
    names = write_exports(tmp_path, 30)

    run_files(tmp_path, names)

    assert len(looked) == len(names)
    # One before its dates are read, and one for each thing that they may prove.
    assert len({id(mapping) for _, mapping in looked}) <= 3


def test_exports_with_one_header_are_mapped_once(tmp_path, monkeypatch):
    mapped = []
    map_batch = batch_steps.map_batch
    monkeypatch.setattr(
        batch_steps, "map_batch", lambda batch, plan: mapped.append(len(batch)) or map_batch(batch, plan)
    )
    names = [*write_exports(tmp_path, 40), *write_files(tmp_path, ["vendor.csv"])]

    run_files(tmp_path, names)

    # Their dates tell different things about day and month: exports of which one proves the order are not as others.
    assert len(mapped) <= 4


@pytest.mark.parametrize(("files", "jobs", "forked"), [(47, 8, 0), (96, 1, 0), (96, 2, 1), (100, 8, 2)])
def test_processes_are_started_where_they_pay(tmp_path, counted, files, jobs, forked):
    names = write_files(tmp_path, [("header.csv", ODD_FILES["header.csv"])] * files)
    context = resolve(RunOptions(as_of=NOW))

    Session([InputFile(tmp_path / name, name, context) for name in names], may_fork=True, processes=jobs).run()

    assert counted["fork"] == forked


def test_a_process_that_is_killed_costs_no_file_that_can_be_read(tmp_path):
    class Killing(SessionEvents):
        def started(self, name, _job):
            if name.startswith("03"):
                for child in children_of(os.getpid()):
                    os.kill(child, signal.SIGKILL)

    names = write_files(tmp_path, [("calls.csv", (10, seed)) for seed in range(9)])

    assert run_files(tmp_path, names, 3, Killing()) == run_files(tmp_path, names)
    assert not children_of(os.getpid())


def test_a_file_that_kills_its_process_is_the_failure_of_this_file(tmp_path, monkeypatch):
    names = write_files(tmp_path, [("calls.csv", (4, seed)) for seed in range(6)])
    read, parent = small_files.read_batches, os.getpid()

    def deadly(table, plan, run):
        if table.source.name.startswith("02") and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return read(table, plan, run)

    monkeypatch.setattr(small_files, "read_batches", deadly)
    counts = run_files(tmp_path, names, 2)[3]

    failed = [one for one in counts if one[-1] != "None"]
    assert [one[0] for one in failed] == ["02-calls.csv"]
    assert [one[1] for one in counts] == [4, 4, 0, 4, 4, 4]


def test_a_defect_is_that_of_its_file(tmp_path, monkeypatch):
    names = write_files(tmp_path, [("calls.csv", (4, seed)) for seed in range(3)])
    together = small_files.process_together

    def broken(batches, plans):
        if any(len(batch) == 4 and "DateTime" not in plan.layout for batch, plan in zip(batches, plans, strict=True)):
            raise ValueError("broken")
        return together(batches, plans)

    (tmp_path / names[1]).write_text("ClientId\n" + "1\n" * 4)
    monkeypatch.setattr(small_files, "process_together", broken)
    seen = []

    class Seen(SessionEvents):
        def started(self, name, _job):
            seen.append(name)

    with pytest.raises(ValueError, match="broken"):
        run_files(tmp_path, names, events=Seen())

    assert seen == names[:2]


@pytest.mark.usefixtures("default_signals")
def test_an_interrupt_ends_all_processes(tmp_path):
    write_files(tmp_path, [("calls.csv", (60, seed)) for seed in range(60)])
    command = [sys.executable, "-m", "calltools", "validate", str(tmp_path), "--as-of", str(NOW), "--jobs", "2"]
    with start_process(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        # The report fills the pipe, and nobody reads on.
        assert run.stdout.readline()
        wait_for(lambda: children_of(run.pid))
        workers = children_of(run.pid)
        run.send_signal(signal.SIGINT)
        assert run.wait() == 130

    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
