"""What a terminal says of the second file: its own problems first and once, one line for one cause."""

import pytest
import xlsxwriter
from typer.testing import CliRunner

from calltools.cli.app import app

CALLS = "ClientId,DateTime,PhoneNumber\n,1772434800,+74950000001\n,1772434800,+74950000002\n,1772434800,+74950000003\n"
CRM = (
    "Телефон;Дата обращения;Метрика ClientID\n"
    "8 (495) 000-00-01;02.03.2026 09:00;1604591025698235234\n"
    "+74950000002;02.03.2026 09:00;1,60459E+18\n"
    "+74950000009;когда-то;1604591025698235235\n"
    "+74950000008;02.03.2026 09:00;1604591025698235236\n"
)


@pytest.fixture
def said(tmp_path):
    crm = tmp_path / "crm.csv"
    crm.write_text(CRM, encoding="utf-8")
    calls = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path in calls:
        path.write_text(CALLS, encoding="utf-8")

    def say(*options, files=calls[:1]):
        words = ["validate", *map(str, files), "--identifiers", str(crm), "--timezone", "Europe/Moscow", *options]
        return CliRunner().invoke(app, [*words, "--as-of", "1772500000"], env={"CALLTOOLS_LANG": "en"}).stdout

    return say


def test_unusable_records_are_told_before_the_findings_once_and_with_the_option_that_helps(said):
    lines = said().splitlines()

    [place] = [number for number, line in enumerate(lines) if "cannot be used" in line]
    assert (
        "no usable identifier 1, no readable phone (try --region) 1, no readable date with a time of day 1"
        in (lines[place])
    )
    assert place < min(number for number, line in enumerate(lines) if "CT301" in line or "CT203" in line)


@pytest.mark.parametrize("options", [(), ("--max-findings", "9")], ids=["lines", "groups"])
def test_several_files_are_told_once_what_is_wrong_with_the_second_file(options, said, tmp_path):
    text = " ".join(said(*options, files=[tmp_path / "a.csv", tmp_path / "b.csv"]).split())

    assert text.count("that cannot be used") == 1


def test_with_the_option_no_option_is_offered(said):
    text = said("--region", "RU", "--date-order", "dmy")

    assert "no readable phone" not in text
    assert "no readable date with a time of day 1" in text


def test_a_call_without_partner_has_one_line_and_both_rules_are_counted(said):
    lines = said("--region", "RU").splitlines()

    assert [line for line in lines if line.startswith("calls") or ":3 " in line or ":4 " in line] == [
        line for line in lines if "the call has no UserId, ClientId or Yclid" in line
    ]
    assert [line.split()[:2] for line in lines if line.startswith("CT606")] == [["CT606", "2"]]


def test_damaged_ids_of_the_second_file_come_before_the_calls_that_miss_them(said):
    groups = [line for line in said("--region", "RU", "--max-findings", "9").splitlines() if line.startswith("error ")]

    assert [line.split()[1] for line in groups] == ["CT203", "CT301"]


def test_of_a_workbook_the_one_sheet_that_fits_is_read(tmp_path):
    crm = tmp_path / "crm.xlsx"
    with xlsxwriter.Workbook(crm) as workbook:
        workbook.add_worksheet("Отчёт").write_column(0, 0, ["Итоги", "за март", "всё хорошо"])
        sheet = workbook.add_worksheet("Контакты")
        sheet.write_row(0, 0, ["Телефон", "Дата создания", "_ym_uid"])
        sheet.write_row(1, 0, ["+74950000001", "2026-03-02 09:00", "1604591025698235234"])
    calls = tmp_path / "calls.csv"
    calls.write_text(CALLS, encoding="utf-8")
    words = ["validate", str(calls), "--identifiers", str(crm), "--timezone", "Europe/Moscow", "--as-of", "1772500000"]

    text = CliRunner().invoke(app, words, env={"CALLTOOLS_LANG": "en"}).stdout

    assert "joined 1, no partner 2" in text
