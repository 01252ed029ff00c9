"""The empty canonical file: a header, no record, and a workbook that checks while people type."""

import io
import re
import shlex
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import UsageError
from calltools.exports.template import CURRENCY_CODES, CURRENCY_SHEET, DATA_VALIDATIONS, build_template
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES, FIELDS

ZONE_CELL = "D1"


def open_template(language="en"):
    return openpyxl.load_workbook(io.BytesIO(build_template(Path("t.xlsx"), language)))


@pytest.fixture(scope="module")
def calls():
    return open_template().worksheets[0]


def checks_by_column(sheet):
    checks = {str(one.sqref).split(":")[0]: one for one in sheet.data_validations.dataValidation}
    return {place.rstrip("0123456789"): one for place, one in checks.items() if place != ZONE_CELL}


def test_a_csv_template_is_the_header_and_nothing_else():
    assert build_template(Path("t.CSV")) == (",".join(FIELD_NAMES) + "\n").encode()


def test_a_workbook_template_is_one_frozen_header_without_rows(calls):
    assert [cell.value for cell in calls[2]] == list(FIELD_NAMES)
    assert calls.max_row == 2
    assert calls.freeze_panes == "A3"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_title_explains_itself_in_the_readers_language(language):
    header = open_template(language).worksheets[0][2]

    for cell, field in zip(header, FIELDS, strict=True):
        assert field.description(language) in cell.comment.text
        assert field.example in cell.comment.text


def test_ids_and_phones_are_typed_as_text(calls):
    spans = calls.column_dimensions.values()
    text = {FIELD_NAMES[at - 1] for span in spans if span.number_format == "@" for at in range(span.min, span.max + 1)}

    assert {"UserId", "ClientId", "Yclid", "PhoneNumber"} <= text


def test_every_kind_has_a_check_and_every_column_has_one(calls):
    assert set(DATA_VALIDATIONS) == set(KINDS)
    assert sorted(checks_by_column(calls)) == sorted(get_column_letter(n + 1) for n in range(len(FIELDS)))


def test_checks_stay_within_the_limits_of_a_spreadsheet(calls):
    for one in checks_by_column(calls).values():
        assert len(one.formula1) <= 255
        assert len(one.prompt) <= 255
        assert len(one.promptTitle) <= 32
        assert one.showErrorMessage


def test_flags_and_currencies_are_chosen_from_lists(calls):
    checks = checks_by_column(calls)

    assert checks["E"].formula1 == '"0,1"'
    assert checks["G"].formula1 == f"'{CURRENCY_SHEET}'!$A$1:$A${len(CURRENCY_CODES)}"
    assert {"RUB", "USD", "EUR", "KZT"} <= set(CURRENCY_CODES)
    assert {"RUR", "XXX", "XAU"}.isdisjoint(CURRENCY_CODES)


def test_times_are_seconds_or_dates_and_no_milliseconds(calls):
    formula = checks_by_column(calls)["D"].formula1
    ranges = re.findall(r"D3>=(\d+),D3<=(\d+)", formula)

    def allowed(number):
        return any(int(first) <= number <= int(last) for first, last in ranges)

    assert len(ranges) == 2
    # Seconds of Unix, and 2 March 2026 as the day of a spreadsheet.
    assert allowed(1_772_434_800)
    assert allowed(46_083.4)
    assert not allowed(1_772_434_800_000)
    assert not allowed(260_302)


def fill(path, zone, *times, language="ru"):
    workbook = open_template(language)
    sheet = workbook.worksheets[0]
    sheet[ZONE_CELL] = zone
    for row, time in enumerate(times, start=3):
        sheet.cell(row, 2, f"160459102569823523{row}")
        cell = sheet.cell(row, 4, time)
        if isinstance(time, datetime):
            cell.number_format = "dd.mm.yyyy h:mm"
        sheet.cell(row, 8, "+74950000101")
    workbook.save(path)
    return path


@pytest.mark.parametrize("language", ["en", "ru"])
def test_dates_are_typed_in_the_zone_that_a_cell_names_beside_seconds(tmp_path, monkeypatch, language):
    monkeypatch.chdir(tmp_path)
    moment = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - a spreadsheet knows no zone
    fill("calls.xlsx", "Europe/Moscow", moment, 1772434800, "02.03.2026 10:00", language=language)
    run = ["--as-of", "2026-03-12T00:00:00Z"]

    checked = CliRunner().invoke(app, ["validate", "calls.xlsx", *run, "--lang", "en"], env={"GITHUB_ACTIONS": ""})
    (command,) = re.findall(r"^  (calltools convert .*)$", checked.stdout, re.MULTILINE)
    done = CliRunner().invoke(app, shlex.split(command)[1:])

    assert "mends 2 of 2 errors" in checked.stdout
    assert "the sheet says Europe/Moscow" in checked.stdout
    assert "CT016" not in checked.stdout
    assert command == f"calltools convert calls.xlsx --as-of {run[1]} --lang en -o clean.csv"
    assert done.exit_code == 0
    lines = Path("clean.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines] == ["DateTime", "1772434800", "1772434800", "1772434800"]


def test_an_upload_of_dates_says_how_they_become_a_csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))
    moment = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - as above
    fill("calls.xlsx", "Europe/Moscow", moment)

    done = CliRunner().invoke(app, ["upload", "calls.xlsx", "--counter", "12", "--yes"])

    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "  calltools convert calls.xlsx -o clean.csv"


def test_an_option_beats_the_cell_and_a_wrong_zone_there_is_refused(tmp_path):
    moment = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - as above
    path = fill(tmp_path / "calls.xlsx", "Europe/Moscow", moment)
    wrong = fill(tmp_path / "wrong.xlsx", "Moskow", moment)

    calltools.convert(path, tmp_path / "out.csv", timezone="Asia/Omsk", as_of=1773273600)

    assert "1772424000" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="Europe/Moscow"):
        calltools.validate(wrong)


def test_dates_without_a_zone_are_asked_for_one(tmp_path):
    path = fill(tmp_path / "calls.xlsx", None, datetime(2026, 3, 2, 10, 0))  # noqa: DTZ001 - as above

    done = CliRunner().invoke(app, ["validate", str(path), "--lang", "en"], env={"GITHUB_ACTIONS": ""})

    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1].endswith("--timezone ZONE")


def test_the_currency_sheet_is_hidden_and_the_explanations_hold_no_cell():
    workbook = open_template()

    assert [sheet.sheet_state for sheet in workbook.worksheets] == ["visible", "visible", "veryHidden"]
    assert workbook.worksheets[1].calculate_dimension() == "A1:A1"
    assert workbook.worksheets[1]["A1"].value is None


def test_the_same_template_has_the_same_bytes():
    assert build_template(Path("t.xlsx"), "ru") == build_template(Path("t.xlsx"), "ru")


def test_another_ending_is_refused():
    with pytest.raises(UsageError, match=r"t\.ods"):
        build_template(Path("t.ods"))


def command(*arguments):
    return CliRunner().invoke(app, ["template", *map(str, arguments)])


def test_the_command_writes_and_does_not_overwrite(tmp_path):
    path = tmp_path / "calls.csv"

    assert command(path).exit_code == 0
    assert path.read_bytes() == build_template(path)
    assert command(path).exit_code == 2
    assert command(path, "--force", "--lang", "ru").exit_code == 0


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_validating_a_template_finds_only_that_it_has_no_record(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(build_template(path))

    result = calltools.validate(path)

    assert [finding.code for finding in result.findings] == ["CT002"]
