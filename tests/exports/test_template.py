"""The empty canonical file: a header, no record, and a workbook that checks while people type."""

import io
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


def open_template(language="en"):
    return openpyxl.load_workbook(io.BytesIO(build_template(Path("t.xlsx"), language)))


@pytest.fixture(scope="module")
def calls():
    return open_template().worksheets[0]


def checks_by_column(sheet):
    return {str(one.sqref).split(":")[0].rstrip("0123456789"): one for one in sheet.data_validations.dataValidation}


def test_a_csv_template_is_the_header_and_nothing_else():
    assert build_template(Path("t.CSV")) == (",".join(FIELD_NAMES) + "\n").encode()


def test_a_workbook_template_is_one_frozen_header_without_rows(calls):
    assert [cell.value for cell in calls[1]] == list(FIELD_NAMES)
    assert calls.max_row == 1
    assert calls.freeze_panes == "A2"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_title_explains_itself_in_the_readers_language(language):
    header = open_template(language).worksheets[0][1]

    for cell, field in zip(header, FIELDS, strict=True):
        description = field.description(language)
        assert description in cell.comment.text
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


def test_times_are_seconds_and_neither_milliseconds_nor_dates_of_a_spreadsheet(calls):
    check = checks_by_column(calls)["D"]
    earliest, latest = int(check.formula1), int(check.formula2)

    assert earliest <= 1_772_434_800 <= latest
    assert not earliest <= 1_772_434_800_000 <= latest
    assert not earliest <= 45_981 <= latest


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
