"""The tables ``[[jobs]]``: every slip is named before anything is done, and what a job does not say is inherited."""

import pytest

from tests.jobs.conftest import JOB, stored

TWO = JOB + JOB.replace("2001", "2002").replace("romashka", "Romashka")


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        pytest.param(JOB + 'archve = "x/"\n', "$.jobs[0].archve", "archive", id="unknown, near"),
        pytest.param(JOB + "yes = true\n", "$.jobs[0].yes", "a job does not have", id="of another command"),
        pytest.param(JOB + "all = true\n", "$.jobs[0].all", "no such option", id="of the command line"),
        pytest.param(TWO, "$.jobs[1].name", "another job", id="two of one name"),
        pytest.param(JOB.replace('name = "romashka"', ""), "$.jobs[0]", "name", id="no name"),
        pytest.param(JOB.replace("romashka", "../up"), "$.jobs[0].name", "part of paths", id="name is a path"),
        pytest.param(JOB.replace('inputs = "in/*.csv"', ""), "$.jobs[0]", "inputs", id="no inputs"),
        pytest.param(JOB.replace("in/*.csv", "-"), "$.jobs[0].inputs", "standard input", id="standard input"),
        pytest.param(JOB.replace("counter = 2001", ""), "$.jobs[0]", "counter = N", id="goes nowhere"),
        pytest.param(JOB + 'token = "y0_Secret"\n', "$.jobs[0].token", "env:NAME", id="a token"),
        pytest.param(JOB + "timezone = 3\n", "$.jobs[0].timezone", "text", id="wrong type"),
        pytest.param(JOB.replace("rejects/", "rejects/{stm}/"), "$.jobs[0].rejects", "{stm}", id="unknown placeholder"),
        pytest.param(JOB.replace("archive/", "{client}/"), "$.jobs[0].archive", "{job}, {date}", id="in the archive"),
        pytest.param(JOB.replace("in/*.csv", "in/{date}/*.csv"), "$.jobs[0].inputs", "{date}", id="in the inputs"),
        pytest.param('jobs = ["x"]\n', "$.jobs[0]", "table", id="no table"),
    ],
)
def test_a_slip_ends_with_2_and_its_path_before_anything_is_done(project, run, service, text, path, words):
    project.configure(text)
    project.add_input()

    result = run("run")

    assert result.exit_code == 2
    assert path in result.stderr
    assert words in result.stderr
    assert "y0_Secret" not in result.output
    assert project.files() == ["in/calls.csv"]
    assert service.requests == []


def test_all_slips_are_named_at_once(project, run):
    project.configure(JOB + 'archve = "x/"\n' + JOB)

    result = run("run")

    assert "$.jobs[0].archve" in result.stderr
    assert "$.jobs[1].name" in result.stderr


def test_wrong_values_are_named_with_their_jobs_together_with_all_other_slips(project, run, service):
    last = JOB.replace("romashka", "vasilek")
    first = JOB + 'timezone = "Europe/Moskow"\nvendor = "nobody"\nreport = "calls.xyz"\n'
    project.configure(f'currency = "XXQ"\n{first}{last}archve = "x/"\nselect = "CT999"\n')
    project.add_input()

    result = run("run", "--lang", "en")
    # What is wrong with the job of another client stops nobody.
    other = run("run", "vasilek", "--lang", "en")

    assert result.exit_code == 2
    for place in ("timezone", "vendor", "report"):
        assert f"  $.jobs[0].{place} (romashka): " in result.stderr
    for place in ("archve", "select"):
        assert f"  $.jobs[1].{place} (vasilek): " in result.stderr
    assert "  $.currency: " in result.stderr
    assert "Europe/Moscow" in result.stderr
    assert "romashka" not in other.stderr
    assert project.files() == ["in/calls.csv"]
    assert service.requests == []


@pytest.mark.parametrize(
    "option", ['timezone = "Europe/Moskow"', 'select = "CT999"', 'vendor = "nobody"', 'comment = "no, never"']
)
def test_a_wrong_option_of_the_last_job_stops_the_first(project, run, service, option):
    project.configure(JOB + JOB.replace("romashka", "last") + f"{option}\n")
    project.add_input()

    result = run("run")

    assert result.exit_code == 2
    assert service.requests == []


def test_the_counter_of_a_variable_never_beats_that_of_a_job(project, run_jobs, service):
    project.add_input()

    run_jobs(CALLTOOLS_COUNTER="9", CALLTOOLS_GOAL="From outside")

    assert len(stored(service)) == 10
    assert {one.goal for one in service.store.uploadings} == {"From outside"}


@pytest.mark.parametrize("where", ["the job", "the file", "an override", "nowhere"])
def test_reading_options_come_from_the_job_or_from_what_holds_for_all(project, run_jobs, where):
    option = 'ignore = ["CT212"]\n'
    parts = {
        "the job": JOB + option,
        "the file": option + JOB,
        "an override": JOB + f'[[overrides]]\nfiles = "in/*.csv"\n{option}',
        "nowhere": JOB,
    }
    project.configure(parts[where])
    path = project.add_input()
    path.write_text(path.read_text().replace("1760000000", "soon"))

    assert run_jobs("--dry-run").jobs["romashka"]["written"] == (9 if where == "nowhere" else 10)


def test_the_goal_of_an_override_holds_for_its_inputs_and_its_counter_does_not(project, run_jobs, service):
    project.configure(JOB + '[[overrides]]\nfiles = "in/b.csv"\ngoal = "Client B"\ncounter = 3\n')
    project.add_input("a.csv", range(5))
    project.add_input("b.csv", range(5, 10))

    run_jobs()

    assert [(one.counter, one.goal) for one in service.store.uploadings] == [(2001, ""), (2001, "Client B")]


@pytest.mark.parametrize("option", ["identifiers", "outcomes"])
@pytest.mark.parametrize("goes_to", ["counter = 2001", 'output = "made/"'])
def test_of_a_second_file_that_is_missing_the_error_is_what_is_to_be_done(project, run_jobs, option, goes_to):
    project.configure(JOB.replace("counter = 2001", goes_to) + f'currency = "RUB"\n{option} = "gone.csv"\n')
    project.add_input()

    result = run_jobs("--lang", "en")

    assert result.exit_code == 3
    assert result.jobs["romashka"]["todo"] == "see the error above"


def test_a_job_says_more_than_an_override(project, run_jobs):
    project.configure(JOB + 'select = "CT212"\n[[overrides]]\nfiles = "in/*.csv"\nselect = "CT243"\n')
    path = project.add_input()
    path.write_text(path.read_text().replace("1760000000", "soon"))

    assert run_jobs("--dry-run").jobs["romashka"]["rejected"] == 1


def test_paths_start_in_the_folder_of_the_file(project, run_jobs, service, monkeypatch):
    project.configure(JOB + 'output = "out/"\nreport = "reports/{stem}.json"\n')
    project.add_input()
    below = project.folder / "below" / "here"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    result = run_jobs()

    assert result.exit_code == 0, result.output
    assert project.files() == ["archive/calls.csv", "out/calls.csv", "reports/calls.json"]


def test_a_number_of_processes_and_jobs_do_not_disturb_one_another(project, run):
    project.configure("jobs = 2\n")
    project.add_input()

    assert run("validate", "in/calls.csv").exit_code == 0
    assert "jobs = 2" in run("config", "show").stdout
    assert "has no [[jobs]]" in run("run").stderr


def test_other_commands_do_not_mind_jobs(project, run):
    project.add_input()

    assert run("validate", "in/calls.csv").exit_code == 0


def test_without_a_configuration_there_are_no_jobs(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = run("run")

    assert result.exit_code == 2
    assert "[[jobs]]" in result.stderr
