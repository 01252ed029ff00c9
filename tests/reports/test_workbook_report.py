"""The workbook back: the user's own with marked cells, or a fresh one."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.texts.report_labels import COMMENT_AUTHOR, FINDINGS_SHEET, SUMMARY_SHEET, WORKBOOK_LABELS
from tests.reports.test_hostile_text import NAUGHTY

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
    assert "CT241 phone-not-international" in sheet["C3"].comment.text
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


@pytest.mark.parametrize("source", ["broken/whole-file.csv", "broken/rounded-by-excel.csv"])
def test_of_a_csv_a_fresh_workbook_is_made_with_text_cells_and_masked_values(tmp_path, source):
    workbook = load_workbook(write_marked(tmp_path, SAMPLES / source))

    assert workbook.sheetnames == [FINDINGS_SHEET, SUMMARY_SHEET]
    values = [cell for row in workbook[FINDINGS_SHEET].iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert values
    assert all(cell.data_type == "s" for cell in values)
    assert not any("4950000" in str(cell.value) for cell in values)


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
    assert not any(cell.hyperlink for sheet in workbook for row in sheet.iter_rows() for cell in row)


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
