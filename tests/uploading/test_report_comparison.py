"""``uploads check``: accepted calls beside those that the reports show."""

import json

import pytest

from tests.uploading.conftest import COUNTER, call_line, write_csv

#: 2025-10-09 23:59 and 2025-10-10 00:01 in Moscow, which is 20:59 and 21:01 of one day in UTC.
BEFORE, AFTER = 1760043540, 1760043660
DAYS = ("--from", "2025-10-09", "--to", "2025-10-10")


@pytest.fixture
def check(run):
    return lambda *options, **more: run("uploads", "check", "--counter", COUNTER, *DAYS, *options, **more)


@pytest.fixture
def two_days(tmp_path):
    lines = [call_line(0, moment=BEFORE), call_line(0, moment=AFTER), call_line(1, moment=AFTER)]
    lines[2] = lines[2].replace(",35,0,", ",0,1,")
    return write_csv(tmp_path / "days.csv", lines)


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def day(name, accepted, accepted_missed, shown, shown_missed):
    return {"day": name, "accepted": accepted, "accepted_missed": accepted_missed, "shown": shown,
            "shown_missed": shown_missed}  # fmt: skip


def test_days_are_those_of_the_counters_zone(upload, check, two_days):
    upload(two_days)

    done = check("--output-format", "json", "--min-visible", "100")

    assert done.exit_code == 0
    assert rows(done) == [day("2025-10-09", 1, 0, 1, 0), day("2025-10-10", 2, 1, 2, 1)]
    assert "Europe/Moscow" in done.stderr


@pytest.mark.parametrize(("lang", "total"), [("en", "total"), ("ru", "всего")])
def test_too_few_visible_calls_are_exit_code_5(upload, check, service, two_days, lang, total):
    upload(two_days)
    service.behave("report-half")

    few = check("--min-visible", "90", "--lang", lang)
    enough = check("--min-visible", "30")

    assert (few.exit_code, enough.exit_code) == (5, 0)
    table = [line.split() for line in few.stdout.splitlines()]
    # Half a call is rounded to the even number.
    assert table[1:] == [
        ["2025-10-09", "1", "0", "-1", "0", "0"], ["2025-10-10", "2", "1", "-1", "1", "0"],
        [total, "3", "1", "-2", "1", "0"],
    ]  # fmt: skip
    assert len({len(line) for line in few.stdout.splitlines()}) == 1
    assert "90%" in few.stderr


def test_calls_that_were_sent_again_count_once_and_refused_ones_never(upload, check, service, tmp_path, two_days):
    upload(two_days)
    changed = write_csv(
        tmp_path / "changed.csv", [call_line(0, moment=BEFORE, tag="продажа"), call_line(5, moment=BEFORE)]
    )
    service.behave("400", 1, only="upload")
    refused = upload(write_csv(tmp_path / "refused.csv", [call_line(7, moment=BEFORE)]))
    sent = upload(changed, "--changed")

    found = rows(check("--output-format", "json"))

    assert (refused.exit_code, sent.exit_code) == (4, 0)
    # The fake service adds the changed call; the real one replaces it.
    assert [(one["accepted"], one["shown"]) for one in found] == [(2, 3), (2, 2)]


def test_adopted_calls_have_no_day(run, upload, check, state, two_days):
    upload(two_days)
    for path in state.glob("ledger.sqlite3*"):
        path.unlink()
    run("uploads", "adopt", "--counter", COUNTER)

    done = check("--output-format", "json")

    assert rows(done) == [day("2025-10-09", 0, 0, 1, 0), day("2025-10-10", 0, 0, 2, 1)]
    assert "in no line: 3" in done.stderr


def test_without_calls_there_is_a_total_of_nothing(check):
    done = check("--min-visible", "100")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].split() == ["total", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize(("name", "code"), [("reading-401", 4), ("report-strange", 4), ("reading-truncated", 4)])
def test_a_report_that_cannot_be_read_is_no_zero(upload, check, service, two_days, name, code):
    upload(two_days)
    service.behave(name, only="report")

    done = check()

    assert (done.exit_code, done.stdout) == (code, "")


def test_days_in_the_wrong_order_are_refused(run):
    done = run("uploads", "check", "--counter", COUNTER, "--from", "2025-10-10", "--to", "2025-10-09")

    assert done.exit_code == 2
    assert "--to 2025-10-09 is before --from 2025-10-10" in done.stderr


@pytest.mark.parametrize(
    "days", [("--to", "0001-01-01"), ("--to", "0001-01-20"), ("--from", "9999-12-31", "--to", "9999-12-31")]
)
def test_the_calendar_has_an_end_on_both_sides(run, days):
    done = run("uploads", "check", "--counter", COUNTER, *days)

    assert done.exit_code == 0
    assert f" {days[-1]}: " in done.stderr
