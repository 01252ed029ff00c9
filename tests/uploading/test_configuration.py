"""Uploads whose options come from ``calltools.toml`` or from variables."""

import pytest

from tests.uploading.conftest import COUNTER, TOKEN, call_line, stored_calls, write_csv

SHORT = ("--timeout", "2", "--poll-interval", "0.05")


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes ``calltools.toml`` into the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def written(text, name="calltools.toml"):
        (folder / name).write_text(text, encoding="utf-8")
        return folder

    return written


@pytest.mark.parametrize(
    ("name", "head"), [("calltools.toml", ""), ("pyproject.toml", "[tool.calltools]\n")], ids=["own", "pyproject"]
)
def test_an_upload_takes_its_options_from_the_file(run, service, configured, calls, name, head):
    configured(
        f'{head}counter = {COUNTER}\ngoal = "Звонок"\ncomment = "март"\nyes = true\nwait = true\n'
        "timeout = 2\npoll-interval = 0.05\n",
        name,
    )

    result = run("upload", calls)

    assert result.exit_code == 0, result.output
    assert "PROCESSED" in result.stdout
    (one,) = service.store.uploadings
    assert (one.counter, one.goal) == (int(COUNTER), "Звонок")
    assert one.comment.endswith(" март")


def test_option_beats_variable_beats_file(run, service, configured, tmp_path):
    configured("counter = 1\nyes = true\n")
    files = [write_csv(tmp_path / f"{number}.csv", [call_line(number)]) for number in range(3)]

    run("upload", files[0], *SHORT)
    run("upload", files[1], *SHORT, CALLTOOLS_COUNTER="2")
    run("upload", files[2], *SHORT, "--counter", "3", CALLTOOLS_COUNTER="2")

    assert [one.counter for one in service.store.uploadings] == [1, 2, 3]


def test_each_client_has_a_counter_of_its_own(run, service, configured):
    folder = configured(
        'counter = 1\nyes = true\n[[overrides]]\nfiles = "romashka/*.csv"\ncounter = 2\ngoal = "Звонок Ромашке"\n'
    )
    (folder / "romashka").mkdir()
    write_csv(folder / "romashka" / "calls.csv", [call_line(1)])
    write_csv(folder / "calls.csv", [call_line(2)])

    codes = [run("upload", name, *SHORT).exit_code for name in ("romashka/calls.csv", "calls.csv")]

    assert codes == [0, 0]
    assert [(one.counter, one.goal) for one in service.store.uploadings] == [(2, "Звонок Ромашке"), (1, "")]


def test_too_few_linked_calls_by_the_file_are_exit_5(upload, configured, calls):
    configured("min-linked = 95\n")

    assert upload(calls).exit_code == 5


@pytest.mark.parametrize(
    "arguments",
    [["upload", "calls.csv", "--yes"], ["uploads", "list"], ["uploads", "resume"], ["uploads", "show", "L1"],
     ["uploads", "watch", "L1"], ["doctor"]],
    ids=" ".join,
)  # fmt: skip
def test_an_unknown_key_is_exit_2_with_the_nearest_and_no_request(run, service, state, configured, arguments):
    configured("countr = 12345678\n")

    result = run(*arguments)

    assert result.exit_code == 2
    assert "$.countr" in result.stderr
    assert "nearest is counter" in result.stderr
    assert service.requests == []
    assert not state.exists()


def test_a_token_in_the_file_is_refused_and_not_repeated(run, service, configured, calls):
    configured(f'counter = {COUNTER}\ntoken = "{TOKEN}"\n')

    result = run("upload", calls, "--yes", CALLTOOLS_TOKEN="")

    assert result.exit_code == 2
    assert "CALLTOOLS_TOKEN" in result.stderr
    assert TOKEN not in result.output
    assert service.requests == []


def test_the_doctor_requests_the_counter_of_the_file(run, configured):
    configured(f'counter = {COUNTER}\nlang = "ru"\n')

    result = run("doctor", CALLTOOLS_LANG="")

    assert result.exit_code == 0, result.output
    assert f"счётчик {COUNTER}" in result.stdout


@pytest.mark.parametrize("variable", ["", "2"])
def test_a_counter_of_the_file_hides_no_uploading_of_another(run, upload, configured, tmp_path, variable):
    upload(write_csv(tmp_path / "a.csv", [call_line(1)]))
    upload(write_csv(tmp_path / "b.csv", [call_line(2)]), "--counter", "2")
    if not variable:
        configured("counter = 2\n")

    every = run("uploads", "list", CALLTOOLS_COUNTER=variable)
    one = run("uploads", "list", "--counter", "2")

    assert [text.split()[0] for text in every.stdout.splitlines()] == ["ID", "L1", "L2"]
    assert [text.split()[0] for text in one.stdout.splitlines()] == ["ID", "L2"]


def test_a_counter_of_the_file_is_asked_about_although_the_ledger_does_not_know_it(run, upload, configured, calls):
    upload(calls, CALLTOOLS_STATE_DIR=str(calls.parent / "another machine"))
    configured(f"counter = {COUNTER}\n")

    assert "other" in run("uploads", "list").stdout


def test_resume_says_what_it_leaves_for_another_counter(run, service, upload, configured, calls):
    service.behave("resets-after-body", 1)
    upload(calls)
    configured("counter = 2\n")

    result = run("uploads", "resume", *SHORT[:2])

    assert "Only counter 2 is looked at; of other counters 1 uploads are held" in result.stderr


def test_missing_parts_are_sent_again_when_the_file_sets_it(service, process, configured, upload, calls, tmp_path):
    upload(write_csv(tmp_path / "before.csv", [call_line(50)]))
    service.behave("resets-after-body", 1)
    upload(calls)
    resume = ("uploads", "resume", *SHORT[:2])
    for _ in range(2):
        service.store.advance(330)
        process(*resume, "--on-absent", "hold", "--settle-minutes", "60")
    before = len(service.posts)
    configured('on_absent = "resend"\nsettle_minutes = 15\n')
    service.store.advance(330)

    last = process(*resume)

    assert before == 2
    assert last.returncode == 0, last.stderr
    assert [len(rows) for rows in stored_calls(service)] == [1, 10]


def test_where_each_option_of_an_upload_comes_from(run, configured):
    configured(f"counter = {COUNTER}\nmin_linked = 80\n")

    result = run("config", "show", "--origin", CALLTOOLS_GOAL="Звонок")

    lines = result.stdout.splitlines()
    assert f"counter = {COUNTER}  # calltools.toml: $.counter" in lines
    assert "min-linked = 80  # calltools.toml: $.min_linked" in lines
    assert 'goal = "Звонок"  # CALLTOOLS_GOAL' in lines
    assert "settle-minutes = 15  # default" in lines
    assert 'on-absent = "hold"  # default' in lines
    assert "# ca-file is not set" in lines
