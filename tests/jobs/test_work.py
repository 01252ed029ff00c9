"""The work of many small jobs: one process, and nothing that a plain conversion of their files would not do."""

import os
import subprocess
from collections import Counter
from time import time

import pytest

from calltools.validation import pandera_schema
from tests.uploading.conftest import call_line, write_csv

JOBS = 30


@pytest.fixture
def counted(monkeypatch):
    """How often the costly things are done: processes started, schemas of pandera built, frames judged by them."""
    counts = Counter()

    def count(owner, name):
        original = getattr(owner, name)

        def called(*arguments, **more):
            counts[name] += 1
            return original(*arguments, **more)

        monkeypatch.setattr(owner, name, called)

    for owner, name in (
        (os, "fork"),
        (subprocess.Popen, "__init__"),
        (pandera_schema.PanderaSchema, "__init__"),
        (pandera_schema.PanderaSchema, "failed_checks"),
    ):
        count(owner, name)
    return counts


def build_jobs(project, doubtful):
    """Jobs of one small file each; so many of the files have a record that pandera has to judge."""
    # Calls of a moment ago: of older ones pandera would have to say so.
    tables, moment = [], int(time()) - 3600
    for number in range(JOBS):
        lines = [call_line(one, moment=moment) for one in range(5)]
        bad = [lines[0].replace(str(moment), "soon")] if number < doubtful else []
        write_csv(project.inputs / f"{number}.csv", [*lines, *bad])
        tables.append(
            f'[[jobs]]\nname = "{number}"\ninputs = "in/{number}.csv"\noutput = "out/"\nrejects = "rejects/"\n'
        )
    project.configure("\n".join(tables))


@pytest.mark.parametrize("doubtful", [0, 4])
def test_small_jobs_start_no_process_and_judge_what_is_doubtful_once(project, run_jobs, counted, doubtful):
    build_jobs(project, doubtful)

    result = run_jobs()

    assert len(result.jobs) == JOBS
    assert len(project.files("out")) == JOBS
    assert counted["fork"] == 0
    # A schema and a verdict for each file with a doubtful record, and none for the others.
    assert counted["failed_checks"] == doubtful
    assert counted["__init__"] <= doubtful


def test_a_second_run_of_small_jobs_reads_no_record(project, run_jobs, counted):
    build_jobs(project, 2)
    run_jobs()
    counted.clear()

    result = run_jobs()

    assert {one["read"] for one in result.jobs.values()} == {0}
    assert counted.total() == 0
