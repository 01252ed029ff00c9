"""Jobs whose files, locks and service change under their hands: nothing is sent twice, no input is lost."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from time import time

import pytest

from calltools.cli.configuration.layers import load_layers
from calltools.cli.job_options import build_job, select_tables
from calltools.jobs.caller import JobMode
from calltools.jobs.results import InputState
from calltools.jobs.run import JobRunner
from calltools.ledger import hold_job, open_ledger_in
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions
from calltools.metrica.token import Token
from calltools.run import SessionEvents
from calltools.uploading.context import SilentEvents
from tests.jobs.conftest import JOB, SHORT, stored
from tests.processes import start_process, wait_for
from tests.uploading.conftest import TOKEN, call_line, write_csv


class Disturbance(SilentEvents, SessionEvents):
    """A caller of a job that does something when a file is about to be read, or its calls to be sent."""

    def __init__(self, *, when_reading=lambda: None, when_sending=lambda: None, when_ended=lambda: None):
        self._when_reading, self._when_sending, self._when_ended = when_reading, when_sending, when_ended
        self.errors = []

    def job_started(self, job, inputs, found):
        """Nothing."""

    def converting(self):
        return self

    def sending(self):
        return self

    def input_ended(self, _job, _one):
        self._when_ended()

    def job_failed(self, _job, error):
        self.errors.append(error)

    def started(self, _name, _job):
        self._when_reading()

    def report_plan(self, _name, _plan, _waiting):
        self._when_sending()


@pytest.fixture
def run_disturbed(project, state, service):
    """The first job of the project, run by the library; gives its result."""

    def called(events, mode=JobMode()):  # noqa: B008 - frozen
        layers = load_layers()
        [table] = select_tables(layers, [])
        job = build_job(table, layers, "en", 2.0)
        with open_ledger_in(state, time) as ledger, Client(Token(TOKEN), ConnectionOptions(service.url)) as client:
            return JobRunner(ledger, lambda _: lambda: client, events, "2026-03-10", int(time()), mode).run(job)

    return called


def append(path, number):
    with path.open("a", encoding="utf-8") as stream:
        stream.write(call_line(number) + "\n")


def test_an_input_that_grows_while_it_is_read_is_neither_sent_nor_moved(project, run_disturbed, run_jobs, service):
    path = project.add_input(numbers=range(3))

    result = run_disturbed(Disturbance(when_reading=lambda: append(path, 3)))

    assert [one.state for one in result.inputs] == [InputState.FAILED]
    assert result.code == 3
    assert not result.succeeded
    assert stored(service) == {}
    assert project.files("in", "archive") == ["in/calls.csv"]
    assert run_jobs().exit_code == 0
    assert len(stored(service)) == 4


@pytest.mark.parametrize("how", ["appended", "replaced"])
def test_an_input_that_changes_before_it_is_moved_stays_for_the_next_run(
    project, run_disturbed, run_jobs, service, how
):
    path = project.add_input(numbers=range(3))

    def change():
        if how == "appended":
            append(path, 3)
        else:
            project.add_input("new.txt", [3]).replace(path)

    result = run_disturbed(Disturbance(when_sending=change))

    assert [one.state for one in result.inputs] == [InputState.LEFT]
    assert not result.succeeded
    assert project.files("in", "archive") == ["in/calls.csv"]
    assert len(stored(service)) == 3
    assert run_jobs().exit_code == 0
    assert len(stored(service)) == 4
    assert set(stored(service).values()) == {1}
    assert project.files("in", "archive") == ["archive/calls.csv"]


def test_an_input_that_goes_while_its_calls_are_sent_is_no_defect(project, run_disturbed, service):
    path = project.add_input(numbers=range(3))

    result = run_disturbed(Disturbance(when_sending=path.unlink))

    assert result.code == 0
    assert [one.state for one in result.inputs] == [InputState.LEFT]
    assert len(stored(service)) == 3


def test_a_defect_in_one_job_is_its_failure(project, run_disturbed):
    project.add_input()

    def fail():
        raise ZeroDivisionError

    result = run_disturbed(Disturbance(when_reading=fail))

    assert result.code == 70
    assert project.files("in") == ["in/calls.csv"]


def test_a_job_that_another_process_runs_is_left_alone_and_the_next_one_goes_on(project, run, state, service):
    project.configure(JOB + JOB.replace("romashka", "other").replace("2001", "2002").replace("in/", "other/"))
    project.add_input()
    project.add_input("../other/calls.csv", [50])
    with open_ledger_in(state, time) as ledger:
        config = str(project.folder / "calltools.toml")
        [key] = [build_job(table, load_layers(), "en", 2.0).key for table in select_tables(load_layers(), ["romashka"])]
        assert key.config == config
        with hold_job(ledger, key):
            result = run("run", *SHORT)

    assert result.exit_code == 4
    assert f"process {os.getpid()}" in result.stderr
    assert project.files("in", "other", "archive") == ["archive/calls.csv", "in/calls.csv"]
    assert stored(service) == {}
    assert len(stored(service, 2002)) == 1


def test_two_runs_at_once_send_each_call_once(project, environment, service):
    service.behave("slow", 2)
    for number in range(3):
        project.add_input(f"{number}.csv", range(10 * number, 10 * number + 10))
    command = [sys.executable, "-m", "calltools", "run", *SHORT, "--output-format", "json"]
    started = [
        subprocess.Popen(
            command,
            cwd=project.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]

    outputs = [process.communicate(timeout=120)[0] for process in started]

    assert sorted(process.returncode for process in started) in ([0, 0], [0, 4])
    assert sum(json.loads(output)["sent"] for output in outputs) == 30
    assert len(stored(service)) == 30
    assert set(stored(service).values()) == {1}
    assert project.files() == [f"archive/{number}.csv" for number in range(3)]


@contextmanager
def file_sizes_limited(size):
    """No file of this process may become larger: as with a disk that is full."""
    import resource  # noqa: PLC0415 - not on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_costs_no_input_and_no_call(project, run_jobs, service):
    run_jobs()  # makes the ledger, which is smaller than the limit
    # The identifiers keep their first digits.
    lines = [f"16045910256{number:08},{1760000000 + number},0,+74950000701,35,0,x" for number in range(12_000)]
    path = project.add_input(numbers=[1])
    path.write_text("\n".join([path.read_text().splitlines()[0], *lines]) + "\n")

    with file_sizes_limited(1 << 19):
        full = run_jobs()

    assert full.exit_code == 2
    assert "full" in full.stderr or "File too large" in full.stderr
    assert project.files() == ["in/calls.csv"]
    assert stored(service) == {}
    assert run_jobs().exit_code == 0
    assert len(stored(service)) == 12_000
    assert project.files() == ["archive/calls.csv"]


def test_a_held_batch_blocks_its_own_counter_and_the_next_run_finds_it(project, run_jobs, service):
    project.configure(JOB + JOB.replace("romashka", "other").replace("2001", "2002").replace("in/", "other/"))
    project.add_input()
    project.add_input("../other/calls.csv", [50])
    service.behave("resets-after-storing", 1)
    service.behave("list-empty")

    held = run_jobs()
    service.behave_well()
    found = run_jobs()

    assert held.exit_code == 6
    assert [one["exit_code"] for one in held.jobs.values()] == [6, 0]
    assert held.jobs["romashka"]["inputs"][0]["state"] == "left"
    assert len(stored(service, 2002)) == 1
    assert found.exit_code == 0, found.output
    assert set(stored(service).values()) == {1}
    assert project.files("in", "other", "archive") == ["archive/calls-2.csv", "archive/calls.csv"]


def test_calls_that_were_refused_go_with_the_next_run(project, run_jobs, service):
    project.add_input()
    service.behave("403")

    refused = run_jobs()
    service.behave_well()
    sent = run_jobs()

    assert refused.exit_code == 4
    assert refused.jobs["romashka"]["inputs"][0]["state"] == "left"
    assert sent.exit_code == 0
    assert len(stored(service)) == 10
    assert set(stored(service).values()) == {1}


def test_an_input_of_which_the_service_took_a_part_stays_until_a_person_decides(project, run, run_jobs, service):
    project.configure(JOB + "wait = true\n")
    project.add_input()
    service.behave("partial")

    first, second = run_jobs(), run_jobs()
    table = run("run").stdout

    assert [first.exit_code, second.exit_code] == [5, 5], "it stays until a person decides, and each run says so"
    facts = first.jobs["romashka"]
    assert facts["inputs"][0]["state"] == "left"
    assert facts["sent"] == facts["parts"][0]["accepted"] < 10, "what the service refused is not there"
    assert "uploads show" in second.jobs["romashka"]["inputs"][0]["reason"]
    assert "calltools run romashka --accept-partial" in table
    assert project.files() == ["in/calls.csv"]
    assert set(stored(service).values()) == {1}

    accepted, after = run_jobs("romashka", "--accept-partial"), run_jobs()

    assert [accepted.exit_code, after.exit_code] == [0, 0], accepted.output
    assert project.files() == ["archive/calls.csv"]
    assert set(stored(service).values()) == {1}


def break_off():
    raise KeyboardInterrupt


def test_what_a_killed_run_was_done_with_is_said_by_the_next_one_with_its_exit_code(
    project, run_disturbed, run_jobs, service
):
    for number, name in enumerate(("a.csv", "b.csv")):
        write_csv(project.inputs / name, [call_line(number), call_line(9).replace("1760000009", "soon")])

    # The first input is in the archive then, the second one is not.
    with pytest.raises(KeyboardInterrupt):
        run_disturbed(Disturbance(when_ended=break_off))
    planned, next_run, last = run_jobs("--plan"), run_jobs(), run_jobs()

    assert next_run.exit_code == 1, next_run.output
    facts = next_run.jobs["romashka"]
    assert [facts[count] for count in ("read", "written", "rejected", "sent")] == [4, 2, 2, 2]
    assert sorted(path for one in facts["inputs"] for path in one["rejects"]) == project.files("rejects")
    assert project.files("in", "archive") == ["archive/a.csv", "archive/b.csv"]
    assert (planned.exit_code, last.exit_code, last.jobs["romashka"]["read"]) == (0, 0, 0)
    assert set(stored(service).values()) == {1}


def test_what_nobody_was_told_of_an_ended_job_is_said_by_the_next_run(project, run_disturbed, run_jobs):
    write_csv(project.inputs / "a.csv", [call_line(1), call_line(9).replace("1760000009", "soon")])
    # The table comes when all jobs have ended; this run ends before.
    run_disturbed(Disturbance())

    said, last = run_jobs(), run_jobs()

    assert (said.exit_code, said.jobs["romashka"]["rejected"]) == (1, 1)
    assert (last.exit_code, last.jobs["romashka"]["inputs"]) == (0, [])


def test_an_identifier_file_that_grows_takes_its_inputs_again(project, run_jobs, service):
    project.configure(
        JOB.replace('archive = "archive/"', "") + 'identifiers = "crm.csv"\nchanged = true\nstatic-call = "auto"\n'
    )
    head = "DateTime,PhoneNumber,StaticCall"
    (project.inputs / "calls.csv").write_text(f"{head}\n1760000000,+74950000701,1\n1760000100,+74950000702,1\n")
    crm = project.folder / "crm.csv"
    crm.write_text("phone,time,ClientId\n+74950000701,1759999000,1604591025698235201\n")
    run_jobs()
    unchanged = run_jobs()
    with crm.open("a") as stream:
        stream.write("+74950000702,1759999000,1604591025698235202\n")
    changed = run_jobs()

    assert unchanged.jobs["romashka"]["inputs"][0]["state"] == "unchanged"
    assert changed.jobs["romashka"]["inputs"][0]["state"] == "finished"
    assert changed.jobs["romashka"]["sent"] == 1


def test_an_outcome_goes_to_one_call_though_a_later_export_brings_a_later_call(project, run_jobs, service):
    project.configure(
        JOB.replace('archive = "archive/"', "") + 'outcomes = "deals.csv"\nchanged = true\nstatic-call = "1"\n'
    )
    head, moment = "DateTime,PhoneNumber,StaticCall", 1760000000
    (project.inputs / "first.csv").write_text(f"{head}\n{moment},+74950000701,1\n")
    (project.folder / "deals.csv").write_text(
        f"phone,time,Price,Currency\n+74950000701,{moment + 900},500,RUB\n+74950000709,{moment + 900},9,RUB\n"
    )
    first = run_jobs()
    (project.inputs / "second.csv").write_text(f"{head}\n{moment + 600},+74950000701,1\n")

    second = run_jobs()

    assert first.exit_code in {0, 1}, first.output
    assert second.jobs["romashka"]["read"] == 2
    rows = [row for one in service.store.uploadings for row in one.rows]
    assert {row["DateTime"]: row.get("Price", "") for row in rows} == {str(moment): "", str(moment + 600): "500"}
    assert "rejects/deals.romashka.rejects.csv" in project.files("rejects")


def test_exports_that_overlap_do_not_take_the_price_of_a_sold_call_back(project, run_jobs, service):
    project.configure(
        JOB.replace('archive = "archive/"', "") + 'outcomes = "deals.csv"\nchanged = true\nstatic-call = "1"\n'
    )
    head, sold, other = "DateTime,PhoneNumber,StaticCall", "1760000000,+74950000701,1", "1760050000,+74950000702,1"
    (project.folder / "deals.csv").write_text("phone,time,Price,Currency\n+74950000701,1760000900,5000,RUB\n")
    (project.inputs / "day1.csv").write_text(f"{head}\n{sold}\n")
    run_jobs()
    (project.inputs / "day2.csv").write_text(f"{head}\n{sold}\n{other}\n")

    results = [run_jobs(), run_jobs("--all"), run_jobs("--all")]

    assert [one.exit_code for one in results] == [0, 0, 0], results[0].output
    assert [(one.jobs["romashka"]["sent"], one.jobs["romashka"]["changed"]) for one in results] == [
        (1, 0),
        (0, 0),
        (0, 0),
    ]
    rows = [row for one in service.store.uploadings for row in one.rows]
    assert [(row["PhoneNumber"], row.get("Price", "")) for row in rows] == [
        ("+74950000701", "5000"),
        ("+74950000702", ""),
    ]


@pytest.mark.usefixtures("service")
def test_outcomes_that_reach_no_call_replace_no_rejected_call_and_nothing_of_another_job(project, run_jobs):
    # Calls were rejected under the very name that the outcomes have.
    job = JOB + 'outcomes = "deals.csv"\ncurrency = "RUB"\n'
    project.configure(job + job.replace('"romashka"', '"Romashka 2"').replace("2001", "2002").replace("in/", "in2/"))
    outcomes = project.folder / "deals.csv"
    outcomes.write_text("phone,time,Price\n+74950000999,1760000100,5\n")
    (project.folder / "rejects").mkdir()
    rejected = project.folder / "rejects" / "deals.romashka.rejects.csv"
    rejected.write_text("calltools_codes,calltools_place,ClientId\nCT212,2,1\n")
    kept = rejected.read_bytes()
    project.inputs.with_name("in2").mkdir()
    write_csv(project.inputs.with_name("in2") / "calls.csv", [call_line(30)])
    project.add_input()
    run_jobs()
    outcomes.write_text("phone,time,Price\n+74950000999,1760000100,6\n")
    project.add_input("calls2.csv", numbers=range(20, 23))

    run_jobs("romashka")

    left = {path.name: path.read_text().splitlines()[1:] for path in rejected.parent.iterdir() if path != rejected}
    assert rejected.read_bytes() == kept
    assert left == {
        "deals.romashka-2.rejects.csv": ["CT608,2,+74950000999,1760000100,6"],
        "deals.Romashka 2.rejects.csv": ["CT608,2,+74950000999,1760000100,5"],
    }


@pytest.mark.usefixtures("default_signals")
def test_an_interrupted_run_says_what_is_open_and_the_next_one_finishes_it(project, run_jobs, environment, service):
    first = '[[jobs]]\nname = "first"\ninputs = "other/"\noutput = "out/"\n'
    project.configure(first + JOB)
    (project.folder / "other").mkdir()
    project.add_input()
    service.behave("silent-after-storing", 1)
    command = [sys.executable, "-m", "calltools", "run", "--timeout", "60"]
    with start_process(
        command, cwd=project.folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_for(lambda: service.store.uploadings)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1].decode()

    assert process.returncode == 130
    assert "L1" in said
    assert "Jobs that were finished: first. Not finished: romashka." in said
    assert said.endswith("no call is sent twice: calltools run\n")
    assert project.files() == ["in/calls.csv"]
    finished = run_jobs()
    assert finished.exit_code == 0, finished.output
    assert set(stored(service).values()) == {1}
    assert project.files() == ["archive/calls.csv"]


def test_outcomes_that_come_later_are_sent_and_leave_an_older_call_for_a_newer_one(project, run_jobs, service):
    project.configure(
        JOB.replace('archive = "archive/"', "") + 'outcomes = ["crm.csv"]\nchanged = true\nstatic-call = "1"\n'
    )
    head = "ClientId,DateTime,PhoneNumber,StaticCall"
    (project.inputs / "a.csv").write_text(f"{head}\n,1760000000,+74950000701,1\n,1760000100,+74950000702,1\n")
    crm = project.folder / "crm.csv"
    crm.write_text("phone,time,Price,Currency\n")
    run_jobs()
    crm.write_text("phone,time,Price,Currency\n+74950000701,1760090000,500,RUB\n")
    priced, unchanged = run_jobs(), run_jobs()
    (project.inputs / "b.csv").write_text(f"{head}\n,1760080000,+74950000701,1\n")
    newer = run_jobs()

    assert priced.jobs["romashka"]["sent"] == 1
    assert {one["state"] for one in unchanged.jobs["romashka"]["inputs"]} == {"unchanged"}
    assert newer.jobs["romashka"]["sent"] == 2
    prices = [[(row["DateTime"], row.get("Price", "")) for row in one.rows] for one in service.store.uploadings]
    assert prices[1] == [("1760000000", "500")]
    assert sorted(call for one in prices[2:] for call in one) == [("1760000000", ""), ("1760080000", "500")]
