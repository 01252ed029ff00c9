"""``calltools run``: inputs are converted, sent, reported and put away; what is not finished stays."""

import json
import os
import pty
import re
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.jobs import conversion
from tests.jobs.conftest import COUNTER, JOB, SHORT, stored
from tests.uploading.conftest import HEADER, TOKEN, call_line, write_csv

SAMPLES = Path(__file__).parent.parent.parent / "samples"
WRONG = "y0_wrong"
CONVERTING = """
[[jobs]]
name = "only"
inputs = "in/"
output = "out/{stem}.csv"
"""

PROFILED = 'vendor = "ours.toml"\n'
PROFILE = """
name = "ours"
title = "Ours"
confidence = "code-seen"
recognize = ["When", "Who", "How"]
[fields.DateTime]
from = "When"
format = "unix"
[fields.PhoneNumber]
from = "Who"
[fields.FirstTimeCaller]
from = "How"
[fields.FirstTimeCaller.values]
yes = "1"
"""


def bad_line(number):
    return f"16045910256982352{number:02},soon,0,+749500007{number:02},35,0,x"


def states(result, job="romashka"):
    return {one["path"]: one["state"] for one in result.jobs[job]["inputs"]}


def test_a_job_sends_each_call_and_puts_its_input_away(project, run_jobs, service):
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert set(stored(service).values()) == {1}
    assert len(stored(service)) == 10
    assert project.files() == ["archive/calls.csv"]
    facts = result.jobs["romashka"]
    assert (facts["read"], facts["written"], facts["rejected"], facts["sent"]) == (10, 10, 0, 10)
    assert facts["inputs"][0]["moved_to"] == "archive/calls.csv"


def test_without_a_connection_a_job_is_to_be_run_again(project, run_jobs, service):
    project.add_input()
    service.refuse()

    stopped = run_jobs()
    service.listen_again()
    later = run_jobs()

    assert (stopped.exit_code, later.exit_code) == (4, 0)
    assert "there is no connection to the service. Run again" in stopped.stderr
    assert "--without-list" not in stopped.output
    assert stopped.jobs["romashka"]["todo"] == "calltools run romashka"
    assert set(stored(service).values()) == {1}


def test_a_second_run_asks_nobody(project, run_jobs, service):
    project.configure(JOB.replace('archive = "archive/"', ""))
    project.add_input()
    run_jobs()
    asked = len(service.requests)

    result = run_jobs()

    assert result.exit_code == 0
    assert states(result) == {"in/calls.csv": "unchanged"}
    assert len(service.requests) == asked
    assert project.files() == ["in/calls.csv"]


def test_an_input_that_grew_is_taken_again_and_only_its_new_calls_go(project, run_jobs, service):
    project.configure(JOB.replace('archive = "archive/"', ""))
    project.add_input(numbers=range(5))
    run_jobs()
    project.add_input(numbers=range(8))

    result = run_jobs()

    assert result.jobs["romashka"]["sent"] == 3
    assert len(stored(service)) == 8
    assert set(stored(service).values()) == {1}


def test_all_takes_what_is_finished_and_sends_nothing_twice(project, run_jobs, service):
    project.configure(JOB.replace('archive = "archive/"', ""))
    project.add_input()
    run_jobs()

    result = run_jobs("--all")

    assert (result.jobs["romashka"]["read"], result.jobs["romashka"]["sent"]) == (10, 0)
    assert set(stored(service).values()) == {1}


def test_a_job_without_a_counter_converts_and_meets_no_service(project, run_jobs, service):
    project.configure(CONVERTING)
    project.add_input()

    result = run_jobs(CALLTOOLS_COUNTER="7")

    assert result.exit_code == 0, result.output
    assert project.files() == ["in/calls.csv", "out/calls.csv"]
    assert result.jobs["only"]["counter"] is None
    assert service.requests == []


@pytest.mark.parametrize("ending", [".csv.gz", ".parquet"])
def test_an_output_has_the_form_of_its_ending(project, run_jobs, ending):
    project.configure(CONVERTING.replace(".csv", ending))
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert project.files("out") == [f"out/calls{ending}"]


@pytest.mark.parametrize("archive", ["", 'archive = "archive/"'])
def test_outputs_of_deliveries_are_kept_and_that_of_an_export_that_stays_follows_it(project, run_jobs, archive):
    project.configure(CONVERTING + archive)
    for number in (1, 2):
        project.add_input(numbers=[number])
        run_jobs()

    texts = [(project.folder / name).read_text() for name in project.files("out")]
    assert ["+74950000702" in text for text in texts] == ([True, False] if archive else [True])


def test_an_output_never_takes_the_place_of_that_of_an_older_input(project, run_jobs):
    project.configure(CONVERTING.replace('"in/"', '"in/**/*.csv"'))
    project.add_input("a/calls.csv")
    run_jobs()
    project.add_input("b/calls.csv", [50])

    result = run_jobs()

    assert result.exit_code == 2
    assert "+7495" in (project.folder / "out/calls.csv").read_text()
    assert "+74950000750" not in (project.folder / "out/calls.csv").read_text()


def test_rejects_of_two_files_of_one_name_are_both_kept(project, run_jobs):
    for number in (1, 2):
        write_csv(project.inputs / "calls.csv", [call_line(number), bad_line(number)])
        result = run_jobs()

    assert result.exit_code == 1
    assert project.files("archive", "rejects") == [
        "archive/calls-2.csv",
        "archive/calls.csv",
        "rejects/calls-2.rejects.csv",
        "rejects/calls.rejects.csv",
    ]
    texts = [(project.folder / name).read_text() for name in project.files("rejects")]
    assert len(texts) == 2
    assert len({*texts}) == 2


STATIC_TODO = 'give the job static-call = "auto" (or identifiers), '


def anonymous_line(number):
    return f",176000{number:04},,+749500009{number:02},35,0,x"


@pytest.mark.parametrize("archive", [True, False])
def test_calls_without_an_identifier_are_sent_once_the_job_says_what_they_are(project, run_jobs, service, archive):
    job = (JOB if archive else JOB.replace('archive = "archive/"', "")) + 'timezone = "Europe/Moscow"\n'
    project.configure(job)
    write_csv(project.inputs / "calls.csv", [*map(call_line, range(3)), *map(anonymous_line, range(2))])

    first = run_jobs()
    project.configure(job + 'static-call = "auto"\n')
    if archive:
        (project.folder / "rejects" / "calls.rejects.csv").rename(project.inputs / "calls.rejects.csv")
        later = run_jobs("romashka")
    else:
        unchanged = run_jobs("romashka")
        assert states(unchanged) == {"in/calls.csv": "unchanged"}
        later = run_jobs("romashka", "--all")

    facts = first.jobs["romashka"]
    way = "put rejects/calls.rejects.csv in with the inputs, then calltools run romashka"
    assert facts["todo"] == STATIC_TODO + (way if archive else "then calltools run romashka --all")
    assert facts["inputs"][0]["errors_by_code"] == {"CT301": 2}
    assert later.exit_code == 0, later.output
    assert later.jobs["romashka"]["sent"] == 2
    assert len(stored(service)) == 5
    assert set(stored(service).values()) == {1}


def test_an_input_that_stays_for_calls_without_an_identifier_says_what_the_job_lacks(project, run_jobs):
    project.configure(JOB.replace('rejects = "rejects/"', 'on-error = "fail"'))
    write_csv(project.inputs / "calls.csv", [call_line(1), anonymous_line(1)])

    assert run_jobs().jobs["romashka"]["todo"] == STATIC_TODO + "then calltools run romashka --all"


def test_a_word_that_the_profile_does_not_know_is_no_fault_of_the_record(project, run_jobs, service):
    project.configure(JOB.replace('archive = "archive/"', "") + 'static-call = "auto"\n' + PROFILED)
    (project.folder / "ours.toml").write_text(PROFILE, encoding="utf-8")
    (project.inputs / "calls.csv").write_text(
        "When,Who,How\n1760000001,+74950000701,yes\n1760000002,+74950000702,maybe\n", encoding="utf-8"
    )

    first = run_jobs()
    (project.folder / "ours.toml").write_text(PROFILE + 'maybe = "1"\n', encoding="utf-8")
    later = run_jobs("romashka", "--all")

    todo = "add the words to the profile (calltools rules CT601), then calltools run romashka --all"
    assert first.jobs["romashka"]["todo"] == todo
    assert (first.jobs["romashka"]["sent"], later.jobs["romashka"]["sent"]) == (1, 1)
    assert later.exit_code == 0, later.output


def test_a_plan_says_what_would_be_rejected(project, run_jobs, run):
    (project.inputs / "calls.csv").parent.mkdir(exist_ok=True)
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2), bad_line(3)])

    planned = run_jobs("--plan")
    table = run("run", "--plan", *SHORT).stdout

    facts = planned.jobs["romashka"]
    assert (facts["rejected"], facts["inputs"][0]["rejected"]) == (2, 2)
    assert facts["inputs"][0]["errors_by_code"] == {"CT212": 2}
    assert facts["todo"].startswith("2 would be rejected: CT212 2")
    assert "2 would be rejected: CT212 2" in table


def test_an_input_with_rejects_stays_where_nothing_on_the_disk_says_why(project, run_jobs, service):
    project.configure(JOB.replace('rejects = "rejects/"', ""))
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])

    result = run_jobs()

    assert result.exit_code == 1
    assert states(result) == {"in/calls.csv": "left"}
    assert "rejects" in result.jobs["romashka"]["inputs"][0]["reason"]
    assert len(stored(service)) == 1
    assert project.files() == ["in/calls.csv"]


def test_of_an_input_with_errors_nothing_goes_where_on_error_is_fail(project, run_jobs, service):
    project.configure(JOB + 'on-error = "fail"\noutput = "out/"\n')
    write_csv(project.inputs / "bad.csv", [call_line(1), bad_line(2)])
    project.add_input("good.csv", range(3, 5))

    result = run_jobs()

    assert result.exit_code == 1
    assert states(result) == {"in/bad.csv": "left", "in/good.csv": "finished"}
    assert len(stored(service)) == 2
    assert project.files("in", "archive", "out") == ["archive/good.csv", "in/bad.csv", "out/good.csv"]


def test_a_job_that_fails_does_not_stop_the_others(project, run_jobs, service):
    other = JOB.replace("romashka", "vasilek").replace("2001", "2002").replace("in/", "other/")
    project.configure(JOB.replace("in/*.csv", "missing.csv") + other)
    (project.folder / "other").mkdir()
    write_csv(project.folder / "other" / "calls.csv", [call_line(1)])

    result = run_jobs()

    assert result.exit_code == 3
    assert [one["exit_code"] for one in result.jobs.values()] == [3, 0]
    assert len(stored(service, 2002)) == 1


def test_a_damaged_input_does_not_stop_the_others_of_its_job(project, run_jobs, service):
    project.add_input("good.csv", range(3))
    (project.inputs / "bad.csv").write_bytes(b"PK\x03\x04 no workbook")

    result = run_jobs()

    assert result.exit_code == 3
    assert states(result) == {"in/bad.csv": "failed", "in/good.csv": "finished"}
    assert len(stored(service)) == 3


def test_an_only_input_that_nobody_recognizes_is_its_own_failure(project, run_jobs, service):
    (project.inputs / "week.csv").write_text("Когда;Кто\n02.03.2026 10:00;84950000100\n", "utf-8")

    result = run_jobs()

    assert result.exit_code == 3
    assert states(result) == {"in/week.csv": "failed"}
    assert stored(service) == {}


def test_a_defect_names_its_places_and_stops_no_other_job(project, run, service, monkeypatch):
    other = JOB.replace("romashka", "vasilek").replace("2001", "2002")
    project.configure(JOB + other)
    project.add_input()
    original = conversion.convert_inputs

    def fail(job, *arguments, **more):
        return 1 / 0 if job.name == "romashka" else original(job, *arguments, **more)

    monkeypatch.setattr("calltools.jobs.run.convert_inputs", fail)

    result = run("run", *SHORT)

    assert result.exit_code == 70
    assert "ZeroDivisionError" in result.stderr
    assert "test_run.py" in result.stderr
    assert len(stored(service, 2002)) == 10


def test_a_refused_token_leaves_the_inputs_and_the_next_run_sends_them(project, run_jobs, service):
    project.add_input()

    refused = run_jobs(CALLTOOLS_TOKEN=WRONG)
    sent = run_jobs()

    assert refused.exit_code == 4
    assert states(refused) == {"in/calls.csv": "left"}
    assert sent.exit_code == 0, sent.output
    assert set(stored(service).values()) == {1}
    assert project.files() == ["archive/calls.csv"]


@pytest.mark.parametrize("place", ["env:ROMASHKA", "file:token.txt"])
def test_each_job_may_have_a_token_of_its_own(project, run_jobs, service, place):
    project.configure(JOB + f'token = "{place}"\n')
    project.add_input()
    (project.folder / "token.txt").write_text(TOKEN + "\n")
    (project.folder / "token.txt").chmod(0o600)

    result = run_jobs(CALLTOOLS_TOKEN=WRONG, ROMASHKA=TOKEN)

    assert result.exit_code == 0, result.output
    assert len(stored(service)) == 10
    assert TOKEN not in result.output


def test_without_its_token_a_job_fails_before_it_sends(project, run_jobs, service):
    project.configure(JOB + 'token = "env:NOBODY"\n')
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 2
    assert "env:NOBODY" in result.stderr
    assert project.files() == ["in/calls.csv"]
    assert service.store.uploadings == []


@pytest.mark.parametrize("option", ["--plan", "--dry-run"])
def test_a_plan_sends_writes_and_moves_nothing(project, run_jobs, service, option):
    project.configure(JOB + 'output = "out/"\nreport = "reports/{stem}.html"\n')
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])

    result = run_jobs(option)

    assert result.exit_code == 1
    assert states(result) == {"in/calls.csv": "planned"}
    assert result.jobs["romashka"]["to_send"] == (1 if option == "--plan" else None)
    assert project.files() == ["in/calls.csv"]
    assert service.store.uploadings == []


def test_a_plan_counts_each_call_once_and_changed_ones_where_they_are_sent(project, run_jobs, service):
    project.configure(JOB + "changed = true\n")
    write_csv(project.inputs / "a.csv", [call_line(number) for number in range(3)])
    run_jobs()
    before = sum(stored(service).values())
    header = f"{HEADER},Price,Currency"
    lines = [f"{call_line(number)},100,RUB" for number in range(6)]
    write_csv(project.inputs / "b.csv", lines[:4], header)
    write_csv(project.inputs / "c.csv", lines[2:], header)

    planned = run_jobs("--plan").jobs["romashka"]["to_send"]
    run_jobs()

    assert (before, planned, sum(stored(service).values())) == (3, 6, 9)


@pytest.mark.parametrize("inputs", ["in/", "in", "in/*.csv"])
def test_a_folder_in_which_there_is_nothing_today_is_no_failure(project, run_jobs, service, inputs):
    project.configure(JOB.replace("in/*.csv", inputs))
    project.add_input()
    first, second = run_jobs(), run_jobs()

    assert (first.exit_code, second.exit_code) == (0, 0), second.output
    assert len(stored(service)) == 10


def test_what_a_folder_holds_and_is_no_input_is_said_where_something_is_read(project, run):
    project.configure(JOB.replace("in/*.csv", "in/"))
    project.add_input()
    (project.inputs / "letter.docx").write_text("no table")

    first, second = run("run", *SHORT), run("run", *SHORT)

    assert "in/" in first.stderr
    assert "not taken" in first.stderr
    assert "not taken" not in second.stderr


def test_named_jobs_run_alone_in_the_order_of_the_file(project, run_jobs):
    project.configure("".join(JOB.replace("romashka", name) for name in ("a", "b", "c")))

    result = run_jobs("c", "A")

    assert [*result.jobs] == ["a", "c"]


def test_a_wrong_name_names_the_nearest(project, run):
    result = run("run", "romashk")

    assert result.exit_code == 2
    assert "Did you mean romashka?" in result.stderr


def test_paths_name_job_day_and_input(project, run_jobs):
    project.configure(JOB + 'output = "out/{job}/{stem}.csv"\nreport = "reports/{job}/{stem}.json"\n')
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert project.files("out", "reports") == ["out/romashka/calls.csv", "reports/romashka/calls.json"]
    assert json.loads((project.folder / "reports/romashka/calls.json").read_text())["files"][0]["written"] == 10


def test_every_written_path_fills_in_the_same_placeholders_in_its_folders_and_its_name(project, run_jobs):
    project.configure(
        JOB.replace("rejects/", "{job}/{stem}/bad-{stem}.csv").replace("archive/", "kept/{stem}/{job}/")
        + 'report = "{job}/{stem}/report.json"\noutput = "{job}/{stem}/"\n'
    )
    for name in ("a.csv", "b.csv"):
        write_csv(project.inputs / name, [call_line(ord(name[0])), bad_line(1)])

    result = run_jobs()

    assert result.exit_code == 1, result.output
    written = ("bad-{0}.csv", "report.json", "{0}.csv")
    expected = [f"romashka/{stem}/{path.format(stem)}" for stem in "ab" for path in written]
    assert project.files() == sorted([*expected, "kept/a/romashka/a.csv", "kept/b/romashka/b.csv"])


def test_two_inputs_that_would_write_one_file_stop_the_job_before_it_begins(project, run_jobs, service):
    project.configure(JOB.replace("in/*.csv", "in/**/*.csv") + 'output = "out/"\n')
    for folder in ("a", "b"):
        project.add_input(f"{folder}/calls.csv")

    result = run_jobs()

    assert result.exit_code == 2
    assert "in/a/calls.csv and in/b/calls.csv" in result.stderr
    assert service.requests == []


@pytest.mark.parametrize("named", [[], ["two"]], ids=["all", "one of them"])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ('output = "out/"', 'output = "OUT/../out/{stem}.csv"'),
        ('output = "out/"', 'output = "out/"\narchive = "old/"'),
        ('output = "{stem}/x.csv"', 'output = "calls/"\nreport = "calls/x.csv"'),
        ('output = "o1/"\nreport = "all.html"', 'output = "o2/"\nreport = "all.html"'),
    ],
)
def test_no_job_writes_over_what_another_job_wrote(project, run_jobs, service, one, two, named):
    (project.folder / "OUT").mkdir()
    job = '[[jobs]]\nname = "{}"\ninputs = "in/{}/"\ncounter = 2001\n{}\n'
    project.configure(job.format("one", "a", one) + job.format("two", "b", two))
    project.add_input("a/calls.csv", [1])
    project.add_input("b/calls.csv", [2])

    result = run_jobs(*named)

    assert result.exit_code == 2, result.output
    assert "two and one would both write" in result.stderr
    assert project.files() == ["in/a/calls.csv", "in/b/calls.csv"]
    assert service.store.uploadings == []


@pytest.mark.parametrize("more", ["", 'archive = "old/"'])
def test_jobs_share_a_folder_where_no_file_takes_the_place_of_another(project, run_jobs, more):
    job = '[[jobs]]\nname = "{}"\ninputs = "in/{}/"\noutput = "out/"\nreport = "{{job}}.html"\n' + more + "\n"
    broken = job.format("broken", "none/at.all") + 'timezone = "Mars/Olympus"\n'
    project.configure(job.format("one", "a") + job.format("two", "b") + broken)
    project.add_input("a/calls.csv", [1])
    project.add_input("b/calls.csv" if more else "b/others.csv", [2])

    result = run_jobs("one", "two")

    assert result.exit_code == 0, result.output
    assert (
        project.files("out") == ["out/calls-2.csv" if more else "out/others.csv", "out/calls.csv"][:: 1 if more else -1]
    )


def test_an_output_takes_the_place_of_no_rejects(project, run_jobs, service):
    project.configure(CONVERTING.replace("{stem}.csv", "") + 'rejects = "out/"\ncounter = 2001\n')
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2), bad_line(3)])
    run_jobs()
    rejects = project.folder / "out/calls.rejects.csv"
    kept = rejects.read_text()
    (project.inputs / rejects.name).write_text(kept.replace("soon", "1760000002", 1))

    result = run_jobs()

    assert result.exit_code == 2, result.output
    assert rejects.read_text() == kept
    assert [len(one.rows) for one in service.store.uploadings] == [1]


def test_two_inputs_of_one_name_are_both_in_the_archive(project, run_jobs, service):
    project.configure(JOB.replace("in/*.csv", "in/**/*.csv").replace('rejects = "rejects/"', ""))
    for number, folder in enumerate(("a", "b")):
        project.add_input(f"{folder}/calls.csv", [number])

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert project.files() == ["archive/calls-2.csv", "archive/calls.csv"]
    assert len(stored(service)) == 2


@pytest.mark.parametrize("key", ["archive", "output", "rejects"])
def test_a_job_does_not_write_into_the_folder_of_its_inputs(project, run_jobs, service, key):
    project.configure(CONVERTING.replace('output = "out/{stem}.csv"', f'counter = 2001\n{key} = "in/"'))
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 2
    assert project.files() == ["in/calls.csv"]
    assert service.store.uploadings == []


@pytest.mark.parametrize(
    "written",
    [
        'output = "in/"',
        'output = "crm.csv"',
        'output = "deals.csv"',
        'report = "in/calls.csv"',
        'report = "known.json"',
        'rejects = "crm.csv"',
        'output = "out/"\nreport = "out/calls.csv"',
        'output = "out/"\nrejects = "out/"\nreport = "out/calls.rejects.csv"',
    ],
)
def test_a_job_writes_over_no_file_that_it_reads_or_writes(project, run_jobs, service, written):
    project.configure(
        '[[jobs]]\nname = "romashka"\ninputs = "in/calls.csv"\ncounter = 2001\nbaseline = "known.json"\n'
        f'identifiers = "crm.csv"\noutcomes = "deals.csv"\n{written}\n'
    )
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])
    (project.folder / "crm.csv").write_text("phone,time,ClientId\n+74950000701,1759999000,1604591025698235201\n")
    (project.folder / "deals.csv").write_text("phone,time,Price,Currency\n+74950000701,1760090000,5,RUB\n")
    CliRunner().invoke(app, ["validate", "in/calls.csv", "--write-baseline", "known.json"])
    before = {name: (project.folder / name).read_bytes() for name in project.files()}

    result = run_jobs()

    assert result.exit_code == 2, result.output
    assert {name: (project.folder / name).read_bytes() for name in project.files()} == before
    assert len(before) == 4
    assert service.store.uploadings == []


@pytest.mark.parametrize("inputs", ['"**/*.csv"', '"."\nrecursive = true'])
def test_what_the_job_has_written_below_its_inputs_is_no_input(project, run_jobs, service, inputs):
    project.configure(JOB.replace('"in/*.csv"', inputs) + 'output = "out/"\n')
    project.add_input()
    run_jobs()

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert result.jobs["romashka"]["inputs"] == []
    assert project.files() == ["archive/calls.csv", "out/calls.csv"]
    assert set(stored(service).values()) == {1}


@pytest.mark.parametrize("rejects", ["in/rejects/", "in/rejects/{stem}/bad.csv"])
def test_what_a_job_has_rejected_below_its_inputs_is_rejected_once(project, run_jobs, rejects):
    project.configure(CONVERTING + f'recursive = true\nrejects = "{rejects}"\n')
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])

    first, second = run_jobs(), run_jobs()

    assert (first.exit_code, second.exit_code) == (1, 0), second.output
    assert second.jobs["only"]["rejected"] == 0
    assert len(project.files()) == 3


def test_rejects_may_stand_where_no_pattern_of_the_inputs_finds_them(project, run_jobs):
    project.configure(CONVERTING.replace('"in/"', '"in/*.txt"') + 'rejects = "in/{stem}.rejects.csv"\n')
    write_csv(project.inputs / "calls.txt", [call_line(1), bad_line(2)])

    first, second = run_jobs(), run_jobs()

    assert (first.exit_code, second.exit_code) == (1, 0), first.output + second.output
    assert (project.inputs / "calls.rejects.csv").is_file()
    assert first.jobs["only"]["written"] == 1


def test_a_named_folder_below_the_rejects_is_read(project, run_jobs):
    (project.inputs / "rejects" / "mended").mkdir(parents=True)
    project.configure(CONVERTING.replace('"in/"', '["in/", "in/rejects/mended/"]') + 'rejects = "in/rejects/"\n')
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])
    write_csv(project.inputs / "rejects" / "mended" / "more.csv", [call_line(3)])

    result = run_jobs()

    assert result.jobs["only"]["read"] == 3
    assert result.jobs["only"]["written"] == 2


def test_an_archive_of_two_tables_is_one_input(project, run_jobs, service):
    project.configure(JOB.replace("in/*.csv", "in/"))
    with ZipFile(project.inputs / "month.zip", "w") as packed:
        for number in (1, 2):
            packed.write(project.add_input(f"../{number}.txt", [number]), f"{number}.csv")

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert result.jobs["romashka"]["read"] == 2
    assert len(stored(service)) == 2
    assert project.files("archive") == ["archive/month.zip"]


def test_another_counter_gets_the_calls_of_inputs_that_are_still_there(project, run_jobs, service):
    text = JOB.replace('archive = "archive/"', "")
    project.configure(text)
    project.add_input()
    run_jobs()
    project.configure(text.replace("2001", "2002"))

    result = run_jobs()

    assert result.jobs["romashka"]["sent"] == 10
    assert len(stored(service, 2002)) == 10


def test_a_report_alone_does_not_let_an_input_go(project, run_jobs):
    project.configure(JOB.replace('rejects = "rejects/"', 'report = "report.json"'))
    write_csv(project.inputs / "calls.csv", [call_line(1), bad_line(2)])

    result = run_jobs()

    assert states(result) == {"in/calls.csv": "left"}
    assert project.files() == ["in/calls.csv", "report.json"]


def test_an_archive_that_cannot_be_written_stops_the_job_before_it_sends(project, run_jobs, service):
    project.add_input()
    (project.folder / "archive").write_text("a file in the place of the folder")

    result = run_jobs()

    assert result.exit_code == 2
    assert project.files() == ["archive", "in/calls.csv"]
    assert service.store.uploadings == []


def test_the_list_says_when_a_job_last_succeeded(project, run, run_jobs):
    project.add_input()
    before = run("run", "--list", "--max-age", "36h")
    run_jobs()
    after = run("run", "--list", "--max-age", "36h")

    assert before.exit_code == 1
    assert "never" in before.stdout
    assert "romashka" in before.stderr
    assert after.exit_code == 0
    assert "never" not in after.stdout


def test_a_run_that_leaves_an_input_behind_is_no_success(project, run, run_jobs):
    project.add_input()
    run_jobs(CALLTOOLS_TOKEN=WRONG)

    listed = run("run", "--list", "--output-format", "json")

    assert json.loads(listed.stdout)["last_success"] is None
    assert json.loads(listed.stdout)["exit_code"] == 4
    assert json.loads(listed.stdout)["counter"] == COUNTER


def test_a_report_tells_of_calls_of_its_inputs_that_were_sent_before(project, run_jobs, service):
    project.configure(JOB.replace('archive = "archive/"', 'report = "report.html"'))
    project.add_input(numbers=range(5))
    run_jobs()
    before = "What has been uploaded" in (project.folder / "report.html").read_text(encoding="utf-8")
    project.add_input(numbers=range(8))

    run_jobs()

    assert not before
    assert "What has been uploaded" in (project.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_on_a_narrow_terminal_the_commands_stand_below_the_table_whole(project, environment, monkeypatch, language):
    project.configure(JOB.replace("rejects/", "rejects/{job} and a folder with a name that takes much room/"))
    for name in ("a.csv", "b.csv"):
        write_csv(project.inputs / name, [call_line(ord(name[0])), bad_line(1)])
    for name, value in {**environment, "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        with pytest.raises(SystemExit) as ended:
            app(["run", "--lang", language])
    shown = os.read(ours, 1 << 16).decode().splitlines()
    os.close(ours)

    assert ended.value.code == 1
    folder = "rejects/romashka and a folder with a name that takes much room"
    assert [line for line in shown if folder in line] == [shown[-1]]
    assert shown[-1].startswith("romashka: ")
    assert all(len(line) <= 80 for line in shown[:-1])


def test_an_error_that_names_an_option_says_what_to_write_into_the_job(project, run_jobs):
    project.configure(CONVERTING + 'vendor = "ringostat"\ntimezone = "Europe/Moscow"\nregion = "RU"\n')
    shutil.copy(SAMPLES / "ringostat" / "export.csv", project.inputs)

    result = run_jobs("--lang", "en")

    assert result.exit_code == 2
    assert re.search(r'only takes it from calltools.toml: write timezone = "Europe/\w+" into the job', result.stderr)
