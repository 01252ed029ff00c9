"""Durations such as 3:15, which are minutes or hours: nothing is guessed, and the run says what it needs."""

import csv
from pathlib import Path

import pytest

import calltools
from calltools.errors import UsageError
from tests.conftest import NOW

SIPUNI = "Тип;Статус;Время;Откуда;Куда;Длительность разговора;Время ответа\n"
OPTIONS = {"as_of": NOW, "timezone": "Europe/Moscow", "static_call": "1"}
#: Files seen in the field.
FILES = Path(__file__).parent.parent / "field" / "files"


def canonical(tmp_path, *durations, field="TalkDuration"):
    path = tmp_path / "calls.csv"
    lines = [f"160459102569{number:07},{NOW - 9999 + number},{text}" for number, text in enumerate(durations)]
    path.write_text("\n".join([f"ClientId,DateTime,{field}", *lines, ""]), encoding="utf-8")
    return path


def sipuni(tmp_path, *durations):
    path = tmp_path / "sipuni.csv"
    lines = [f"Входящий;Отвечен;02.03.2026 10:00:00;+74950000101;210;{talk};{hold}\n" for talk, hold in durations]
    path.write_text(SIPUNI + "".join(lines), encoding="utf-8")
    return path


def convert(path, tmp_path, **options):
    output = tmp_path / "out.csv"
    calltools.convert(path, output, force=True, **{**OPTIONS, **options})
    with output.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_both_readings_of_three_cells_and_both_commands_are_shown(tmp_path):
    path = canonical(tmp_path, "00:00", "05:13", "75", "05:13", "1:15", "'10:02", "3:59")

    with pytest.raises(UsageError) as refused:
        convert(path, tmp_path)

    said = refused.value.say("en")
    assert "(05:13 = 313, 1:15 = 75, 10:02 = 602)" in said
    assert "(05:13 = 18780, 1:15 = 4500, 10:02 = 36120)" in said
    assert f"`calltools convert {path} --duration-format mm:ss`" in said
    assert f"`calltools convert {path} --duration-format h:mm`" in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(("layout", "seconds"), [("mm:ss", "313"), ("h:mm", "18780")])
def test_the_word_of_the_user_is_followed(tmp_path, layout, seconds):
    (call,) = convert(canonical(tmp_path, "05:13"), tmp_path, duration_format=layout)

    assert call["TalkDuration"] == seconds


@pytest.mark.parametrize("field", ["TalkDuration", "HoldDuration"])
def test_every_column_of_durations_is_looked_at(tmp_path, field):
    with pytest.raises(UsageError, match=field):
        convert(canonical(tmp_path, "05:13", field=field), tmp_path)


@pytest.mark.parametrize("durations", [("75", "0:01:15", "0:00"), ("", "1 min")])
def test_durations_of_one_reading_need_no_word(tmp_path, durations):
    assert len(convert(canonical(tmp_path, *durations), tmp_path)) == len(durations)


@pytest.mark.parametrize("behind", [0, 50, 5000])
def test_minutes_that_a_cell_proves_are_reported_one_by_one(tmp_path, behind):
    path = canonical(tmp_path, "05:13", *["0"] * behind, "24:00")

    result = calltools.validate(path, vendor="none", as_of=NOW)
    written = convert(path, tmp_path)

    assert result.summary.by_code["CT261"] == 2
    assert len(written) == behind


def test_the_first_records_tell_whether_a_column_has_such_durations(tmp_path):
    # Behind them each is an error: the answer depends on no block, and a file of seconds is not read twice.
    assert len(convert(canonical(tmp_path, *["00:00"] * 1000, "05:13"), tmp_path)) == 1000
    with pytest.raises(UsageError):
        convert(canonical(tmp_path, *["00:00"] * 999, "05:13"), tmp_path)


def test_a_slip_among_seconds_is_reported_by_itself(tmp_path):
    assert len(convert(canonical(tmp_path, "60", "05:13", "75", "0"), tmp_path)) == 3
    with pytest.raises(UsageError):
        convert(canonical(tmp_path, "60", "05:13", "0", ""), tmp_path)


def test_validate_reports_the_cells_of_a_canonical_file(tmp_path):
    result = calltools.validate(canonical(tmp_path, "05:13"), as_of=NOW)

    assert result.summary.by_code["CT261"] == 1


def test_an_export_is_asked_for_too(tmp_path):
    path = sipuni(tmp_path, ("05:13", "0:15"))

    with pytest.raises(UsageError, match="Длительность разговора"):
        convert(path, tmp_path)
    with pytest.raises(UsageError, match="Длительность разговора"):
        calltools.validate(path, **OPTIONS)
    (call,) = convert(path, tmp_path, duration_format="mm:ss")
    assert (call["TalkDuration"], call["HoldDuration"]) == ("313", "15")


def test_each_column_proves_its_own_durations(tmp_path):
    with pytest.raises(UsageError, match="Время ответа"):
        convert(sipuni(tmp_path, ("75:13", "0:15")), tmp_path)


def test_a_profile_that_says_the_layout_is_believed(tmp_path):
    assert "01:15" in (FILES / "astpp.csv").read_text(encoding="utf-8")

    vendor = str(FILES / "astpp.toml")
    calls = convert(FILES / "astpp.csv", tmp_path, vendor=vendor, duration_format="h:mm", as_of=1795564800)

    assert calls[0]["TalkDuration"] == "75"
