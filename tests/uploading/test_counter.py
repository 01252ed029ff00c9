"""The counter is looked at before anything is sent: its name, the right to upload, its visits."""

import pytest

from tests.uploading.conftest import COUNTER, call_line, write_csv

LABEL = "12345678 «Ромашка», romashka.ru"


def test_the_plan_names_the_counter(run, service, calls):
    result = run("upload", calls, "--counter", COUNTER, "--plan")

    assert result.exit_code == 0
    assert f"calls.csv to counter {LABEL}: 10 of 10 calls to send" in result.stderr
    assert service.posts == []


def test_the_plan_does_without_the_service(run, service, calls):
    service.refuse()

    offline = run("upload", calls, "--counter", COUNTER, "--plan")
    without = run("upload", calls, "--counter", COUNTER, "--plan", CALLTOOLS_TOKEN="")

    for result, reason in ((offline, "No connection"), (without, "There is no token")):
        assert result.exit_code == 0
        assert f"counter {COUNTER} was not looked at: {reason}" in result.stderr
        assert "calls.csv to counter 12345678: 10 of 10 calls to send" in result.stderr


@pytest.mark.parametrize("permission", ["view", "analyst", "public_stat"])
@pytest.mark.parametrize("option", ["--yes", "--plan"])
def test_a_counter_that_the_token_cannot_write_to_is_said_before_anything_is_sent(
    run, service, calls, permission, option
):
    service.counters[int(COUNTER)]["permission"] = permission

    result = run("upload", calls, "--counter", COUNTER, option)

    assert result.exit_code == 4
    assert f"may not upload to counter {LABEL}" in result.stderr
    assert permission in result.stderr
    assert service.posts == []
    # Nothing is left over: with the right, the file goes as if nothing had been.
    service.counters[int(COUNTER)]["permission"] = "edit"
    assert run("upload", calls, "--counter", COUNTER, "--yes").stdout == "uploading 1000 ACKED sent 10 accepted 10\n"


def test_files_for_other_counters_go_on(run, service, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "a.csv", [call_line(1)])
    write_csv(tmp_path / "b.csv", [call_line(2)])
    (tmp_path / "calltools.toml").write_text(
        f'counter = {COUNTER}\n[[overrides]]\nfiles = "a.csv"\ncounter = 403\n', encoding="utf-8"
    )

    result = run("upload", "a.csv", "b.csv", "--yes")

    assert result.exit_code == 4
    assert [one.counter for one in service.store.uploadings] == [int(COUNTER)]


def test_what_waits_is_not_sent_to_a_counter_without_the_right(run, upload, service, calls):
    service.behave("list-huge")
    upload(calls)
    service.behave_well()
    service.counters[int(COUNTER)]["permission"] = "view"

    result = run("uploads", "resume")

    assert result.exit_code == 4
    assert "may not upload" in result.stderr
    assert service.posts == []


def test_a_counter_without_visits_is_said_before_anything_is_sent(upload, service, calls):
    service.counters[int(COUNTER)]["visits"] = 0

    result = upload(calls)

    assert f"Counter {LABEL} had no visits in the last 21 days" in result.stderr
    assert result.stderr.index("had no visits") < result.stderr.index("sending L1")
    asked = next(one["query"] for one in service.requests if one["path"] == "/stat/v1/data")
    assert (asked["ids"], asked["date1"], asked["date2"]) == (COUNTER, "21daysAgo", "today")
    assert result.exit_code == 0


def test_visits_do_not_matter_to_static_calls(upload, service, tmp_path):
    service.counters[int(COUNTER)]["visits"] = 0

    result = upload(write_csv(tmp_path / "static.csv", [call_line(1, static=1)]))

    assert "had no visits" not in result.stderr
    assert result.exit_code == 0


def test_a_token_that_may_only_upload_is_told_that_the_name_is_hidden(upload, service, calls):
    service.may_read = False

    result = upload(calls)

    assert result.exit_code == 0
    assert f"counter {COUNTER}: the service does not show this token its name" in result.stderr
    assert "10 of 10 calls to send" in result.stderr


def test_a_counter_is_looked_at_once_for_several_files(upload, service, tmp_path):
    files = [write_csv(tmp_path / f"{number}.csv", [call_line(number)]) for number in range(3)]

    upload(files[0], *files[1:])

    looks = [one for one in service.requests if one["path"] == f"/management/v1/counter/{COUNTER}"]
    assert len(looks) == 1


def test_a_name_that_holds_a_number_is_masked(run, service, calls):
    service.counters[int(COUNTER)]["name"] = "Сайт +7 (495) 000-00-01"

    result = run("upload", calls, "--counter", COUNTER, "--plan")

    assert "000-00-01" not in result.stderr
    assert "«Сайт ***»" in result.stderr
