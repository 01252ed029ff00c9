"""The workbook back: the user's own with marked cells, the records of a CSV as one, or a fresh one."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.model import marks
from calltools.model.marks import MARKED_CODES
from calltools.texts.report_labels import COMMENT_AUTHOR, FINDINGS_SHEETS, SUMMARY_SHEETS, WORKBOOK_LABELS
from tests.reports.test_hostile_text import NAUGHTY

FINDINGS_SHEET, SUMMARY_SHEET = FINDINGS_SHEETS["en"], SUMMARY_SHEETS["en"]

SAMPLES = Path(__file__).parent.parent.parent / "samples"
AS_OF = "2026-03-12T00:00:00Z"
TITLES = ("ClientId", "DateTime", "PhoneNumber", "Tag")
ERROR, WARNING = "FFFFC8CE", "FFFFEB9D"
BAD_OF_EXCEL = "FFFFC7CE"


def write_marked(tmp_path, source, *arguments, name="errors.xlsx"):
    path = tmp_path / name
    result = CliRunner().invoke(
        app,
        ["validate", str(source), "--as-of", AS_OF, "--report", str(path), "--force", "-q", "--lang", "en", *arguments],
    )
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code in {0, 1}, result.output
    return path


def write_own(path, *records, **more):
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Звонки"
    sheet.append(TITLES)
    for record in records:
        sheet.append(record)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    if "change" in more:
        more["change"](workbook, sheet)
    workbook.save(path)
    return path


GOOD = ("1604591025698235234", "1772434800", "+74950000701", "заявка")
BAD_PHONE = ("1604591025698235235", "1772434860", "8 (495) 000-07-02", "(not set)")


def test_wrong_cells_are_filled_and_commented_and_the_others_are_not(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE)

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert sheet["C3"].fill.fgColor.rgb == ERROR
    assert sheet["D3"].fill.fgColor.rgb == WARNING
    assert "CT241 phone without plus or country code" in sheet["C3"].comment.text
    assert "What to do:" in sheet["C3"].comment.text
    assert all(cell.comment is None and cell.fill.fill_type is None for cell in (*sheet[2], sheet["A3"], sheet["B3"]))


def test_the_repaired_value_is_in_the_comment(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", ("1604591025698235235", "1772434860", "+7 (495) 000-07-02", ""))

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert "Repaired: +74950000702" in sheet["C2"].comment.text


def test_everything_else_of_the_workbook_is_kept(tmp_path):
    def change(workbook, sheet):
        sheet["A1"].font = Font(bold=True, name="Arial")
        sheet["B2"].number_format = "0"
        sheet.column_dimensions["C"].width = 33
        sheet.auto_filter.ref = "A1:D3"
        sheet.freeze_panes = "B2"
        sheet["A2"].comment = Comment("моя заметка", "Анна")
        sheet["C3"].comment = Comment("перезвонить", "Анна")
        other = workbook.create_sheet("Справочник")
        other["A1"] = "=1+1"

    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE, change=change)

    workbook = load_workbook(write_marked(tmp_path, source))

    sheet = workbook["Звонки"]
    assert workbook.sheetnames == ["Звонки", "Справочник", FINDINGS_SHEET, SUMMARY_SHEET]
    assert sheet["A1"].font.b
    assert sheet["B2"].number_format == "0"
    assert sheet.column_dimensions["C"].width == 33
    assert sheet.auto_filter.ref == "A1:D3"
    assert sheet.freeze_panes == "B2"
    assert sheet["A2"].comment.text == "моя заметка"
    assert sheet["C3"].comment.text.startswith("перезвонить\n")
    assert workbook["Справочник"]["A1"].value == "=1+1"


def test_each_finding_is_listed_with_a_link_to_its_cell(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE)

    sheet = load_workbook(write_marked(tmp_path, source))[FINDINGS_SHEET]

    rows = {row[1].value: row for row in sheet.iter_rows(min_row=2)}
    assert {"CT241", "CT281"} <= set(rows)
    assert rows["CT241"][4].value == "C3"
    assert rows["CT241"][4].hyperlink.location == "'Звонки'!C3"
    assert rows["CT241"][6].value == "8 (495) 000-07-02"
    assert sheet.tables


def test_counts_by_rule_are_in_the_summary(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE, (*BAD_PHONE[:1], "1772434861", *BAD_PHONE[2:]))

    sheet = load_workbook(write_marked(tmp_path, source))[SUMMARY_SHEET]

    found = {row[1].value: row[3].value for row in sheet.iter_rows() if len(row) > 3 and row[3].value}
    assert found["CT241"] == 2
    assert found["CT281"] == 2


def test_the_copy_can_be_validated_and_marked_again(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE)
    once = write_marked(tmp_path, source)

    twice = write_marked(tmp_path, once, name="again.xlsx")
    page = write_marked(tmp_path, once, name="again.json").read_text(encoding="utf-8")

    first, second = load_workbook(once), load_workbook(twice)
    assert second.sheetnames == first.sheetnames
    assert "CT017" not in page
    # The advice names the file that was read.
    comment = second["Звонки"]["C3"].comment.text.replace(once.name, source.name)
    assert comment == first["Звонки"]["C3"].comment.text
    assert [[cell.value for cell in row][1:3] for row in second[FINDINGS_SHEET].iter_rows()] == [
        [cell.value for cell in row][1:3] for row in first[FINDINGS_SHEET].iter_rows()
    ]


def test_a_mended_copy_loses_its_marks(tmp_path):
    once = write_marked(tmp_path, write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE))
    workbook = load_workbook(once)
    workbook["Звонки"]["C3"], workbook["Звонки"]["D3"] = "+74950000702", "повтор"
    mended = tmp_path / "mended.xlsx"
    workbook.save(mended)

    sheet = load_workbook(write_marked(tmp_path, mended, name="again.xlsx"))["Звонки"]

    assert all(cell.comment is None for row in sheet for cell in row)
    assert sheet["C3"].fill.fill_type is None


def test_the_fill_that_excel_gives_bad_cells_is_no_mark_of_ours(tmp_path):
    def change(_workbook, sheet):
        sheet["A2"].fill = PatternFill("solid", fgColor=BAD_OF_EXCEL)

    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE, change=change)

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert sheet["A2"].fill.fgColor.rgb == BAD_OF_EXCEL


def test_a_finding_on_a_whole_record_marks_its_first_cell(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, (None, "1772434860", "+74950000702", ""))

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert "CT301" in sheet["A3"].comment.text
    assert sheet["A3"].comment.author == COMMENT_AUTHOR


@pytest.mark.parametrize("source", ["broken/whole-file.csv", "broken/rounded-by-excel.csv", "sipuni/export.csv"])
def test_of_a_csv_it_holds_the_records_as_text_with_the_wrong_ones_marked(tmp_path, source):
    options = ("--timezone", "Europe/Moscow") if "sipuni" in source else ()
    workbook = load_workbook(write_marked(tmp_path, SAMPLES / source, *options))

    sheet = workbook["Calls"]
    assert workbook.sheetnames == ["Calls", FINDINGS_SHEET, SUMMARY_SHEET]
    delimiter = ";" if "sipuni" in source else ","
    lines = (SAMPLES / source).read_text(encoding="utf-8-sig").splitlines()
    records = [cells for cells in csv.reader(lines, delimiter=delimiter) if cells]
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows()] == records
    assert {(cell.data_type, cell.number_format) for row in sheet.iter_rows() for cell in row if cell.value} == {
        ("s", "@")
    }
    linked = [row[4] for row in workbook[FINDINGS_SHEET].iter_rows(min_row=2) if row[4].hyperlink]
    for cell in linked:
        assert sheet[cell.value].fill.fill_type == "solid"
    assert sheet.column_dimensions["A"].number_format == "@" or sheet["A1"].number_format == "@"


@pytest.mark.parametrize(
    "source",
    ["broken/whole-file.csv", "broken/rounded-by-excel.csv", "broken/excel-cp1251.csv", "broken/structure.csv"],
)
def test_the_records_of_a_csv_are_checked_again_in_the_workbook(tmp_path, source):
    path = write_marked(tmp_path, SAMPLES / source)

    def codes(checked):
        report = tmp_path / "found.json"
        write_marked(tmp_path, checked, "--report", str(report), name="other.xlsx")
        found = json.loads(report.read_text(encoding="utf-8"))["findings"]
        return {(one["code"], one["record"]) for one in found if one["severity"] == "error" and one["record"]}

    before, after = codes(SAMPLES / source), codes(path)

    assert {record for _, record in after} >= {record for _, record in before}
    assert {one for one in before if one[0] in MARKED_CODES} <= after


def test_a_record_that_could_not_be_split_is_refused_until_somebody_mends_it(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime,Tag\n16045910,1772434800,a\n16045911,1772434860\n", encoding="utf-8")
    path = write_marked(tmp_path, source)
    workbook = load_workbook(path)
    sheet = workbook["Calls"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert rows[0] == ["calltools_codes", "calltools_place", "ClientId", "DateTime", "Tag"]
    assert rows[1:] == [
        [None, "2", "16045910", "1772434800", "a"],
        ["CT008", "3", "[CT008] 16045911", "1772434860", None],
    ]
    sheet["C3"] = "16045911"
    workbook.save(tmp_path / "mended.xlsx")
    again = ("--as-of", AS_OF, "-q")
    assert CliRunner().invoke(app, ["validate", str(path), *again]).exit_code == 1
    assert CliRunner().invoke(app, ["validate", str(tmp_path / "mended.xlsx"), *again]).exit_code == 0


def test_a_csv_whose_cell_no_sheet_can_hold_gets_its_findings_only(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text(f"ClientId,DateTime,Tag\nnobody,1772434800,{'a' * 40_000}\n", encoding="utf-8")

    workbook = load_workbook(write_marked(tmp_path, source))

    assert workbook.sheetnames == [FINDINGS_SHEET, SUMMARY_SHEET]
    assert any("too large to be marked" in str(row[0]) for row in workbook[SUMMARY_SHEET].iter_rows(values_only=True))


def test_a_csv_of_more_records_than_are_marked_says_so_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(marks, "MAX_RECORDS", 2)
    source = tmp_path / "calls.csv"
    good = "".join(f"1604591025698235{number},1772434800\n" for number in range(3))
    source.write_text(f"ClientId,DateTime\n{good}nobody,1772434800\n", encoding="utf-8")

    workbook = load_workbook(write_marked(tmp_path, source))

    said = " ".join(str(row[0]) for row in workbook[SUMMARY_SHEET].iter_rows(values_only=True))
    assert workbook.sheetnames == [FINDINGS_SHEET, SUMMARY_SHEET]
    assert "4 records; cells are marked in up to 2" in said
    assert "`--rejects` writes the 1 wrong records" in said


def test_a_reader_of_russian_gets_sheets_and_titles_of_rules_in_russian_also_in_place_of_english_ones(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE)
    english = write_marked(tmp_path, source)

    workbook = load_workbook(write_marked(tmp_path, english, "--lang", "ru", name="ru.xlsx"))

    assert workbook.sheetnames == ["Звонки", FINDINGS_SHEETS["ru"], SUMMARY_SHEETS["ru"]]
    assert "CT241 телефон без плюса или кода страны" in workbook["Звонки"]["C3"].comment.text
    rows = list(workbook[FINDINGS_SHEETS["ru"]].iter_rows(min_row=2, values_only=True))
    assert ("CT241", "телефон без плюса или кода страны") in [row[1:3] for row in rows]


def test_values_of_several_files_are_masked(tmp_path):
    path = write_marked(tmp_path, SAMPLES / "broken" / "whole-file.csv", str(SAMPLES / "broken" / "structure.csv"))

    values = [
        cell for row in load_workbook(path)[FINDINGS_SHEET].iter_rows(min_row=2, values_only=True) for cell in row
    ]
    assert values
    assert not any("4950000" in str(value) for value in values)


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_nothing_in_a_cell_is_executed(tmp_path, text):
    source = tmp_path / "calls.csv"
    cells = text.replace('"', '""').replace("\x00", "")
    source.write_text(
        f'ClientId,DateTime,URL\n1604591025698235234,1772434800,"{cells}"\n', encoding="utf-8", newline=""
    )

    workbook = load_workbook(write_marked(tmp_path, source, "--show-values"))

    kinds = {
        cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value is not None
    }
    assert kinds <= {"s", "n"}
    links = {
        cell.hyperlink.location for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.hyperlink
    }
    assert all(location.startswith("'Calls'!") for location in links)
    assert not any(
        cell.hyperlink.target for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.hyperlink
    )


def test_a_formula_in_a_value_stays_text_in_the_marked_copy_too(tmp_path):
    formula = '=HYPERLINK("http://example.com","x")'
    source = write_own(tmp_path / "calls.xlsx", (*GOOD[:3], formula))

    sheet = load_workbook(write_marked(tmp_path, source))[FINDINGS_SHEET]

    (row,) = [row for row in sheet.iter_rows(min_row=2) if row[1].value == "CT282"]
    assert (row[6].value, row[6].data_type, row[6].quotePrefix) == (formula, "s", True)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    for source in (SAMPLES / "broken" / "calls.xlsx", SAMPLES / "broken" / "whole-file.csv"):
        once = write_marked(tmp_path, source, name="one.xlsx").read_bytes()

        assert write_marked(tmp_path, source, name="one.xlsx").read_bytes() == once


def test_several_files_share_one_fresh_workbook(tmp_path):
    path = write_marked(tmp_path, SAMPLES / "broken" / "calls.xlsx", str(SAMPLES / "broken" / "header.csv"))

    sheet = load_workbook(path)[FINDINGS_SHEET]

    files = {row[3].value for row in sheet.iter_rows(min_row=2)}
    assert {Path(name).name for name in files} == {"calls.xlsx", "header.csv"}


def test_the_source_itself_is_never_overwritten(tmp_path):
    source = write_own(tmp_path / "calls.xlsx", GOOD, BAD_PHONE)
    before = source.read_bytes()

    result = CliRunner().invoke(app, ["validate", str(source), "--as-of", AS_OF, "--report", str(source), "--force"])

    assert result.exit_code == 2
    assert source.read_bytes() == before


def test_it_is_a_sound_package(tmp_path):
    path = write_marked(tmp_path, SAMPLES / "broken" / "calls.xlsx")

    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None


def test_no_word_is_missing_in_either_language():
    assert all(english and russian and english != russian for english, russian in WORKBOOK_LABELS.values())
