"""The marked copy of a workbook: everything unmarked is unchanged to the byte, for any producer."""

import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib

import pytest
import xlsxwriter
from openpyxl import load_workbook
from openpyxl.styles import PatternFill

from calltools.texts.report_labels import FINDINGS_SHEETS, SUMMARY_SHEETS
from tests.reports.test_hostile_text import NAUGHTY
from tests.reports.test_workbook_report import AS_OF, BAD_PHONE, ERROR, GOOD, TITLES, WARNING, write_marked

FINDINGS_SHEET, SUMMARY_SHEET = FINDINGS_SHEETS["en"], SUMMARY_SHEETS["en"]

MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PLAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def picture():
    """A red dot as PNG."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    dot = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


def write_rich_workbook(path, records=(GOOD, BAD_PHONE)):
    """Write a workbook with nearly everything that a workbook can hold."""
    workbook = xlsxwriter.Workbook(path)
    sheet, other = workbook.add_worksheet("Звонки"), workbook.add_worksheet("Итоги")
    head, wide = (
        workbook.add_format({"bold": True, "bg_color": "#1F4E78"}),
        workbook.add_format({"italic": True, "border": 1}),
    )
    sheet.write_row(0, 0, TITLES, head)
    for number, record in enumerate(records, start=1):
        for column, text in enumerate(record):
            if text:
                sheet.write_string(number, column, text, wide)
    sheet.set_column(1, 2, 30, workbook.add_format({"num_format": "0.0"}))
    sheet.autofilter(0, 0, len(records), 3)
    sheet.freeze_panes(1, 1)
    sheet.conditional_format("B2:B9", {"type": "data_bar"})
    sheet.data_validation("D2:D9", {"validate": "list", "source": ["заявка", "повтор"]})
    sheet.write_comment("A2", "моя заметка", {"author": "Анна"})
    sheet.write_comment("C3", "перезвонить", {"author": "Анна"})
    sheet.insert_image("G2", "dot.png", {"image_data": __import__("io").BytesIO(picture())})
    chart = workbook.add_chart({"type": "column"})
    chart.add_series({"values": "=Итоги!$B$1:$B$2"})
    sheet.insert_chart("G6", chart)
    sheet.insert_button("J2", {"caption": "Кнопка"})
    other.write_column("B1", [3, 4])
    other.write_formula("B3", "=SUM(B1:B2)", None, 7)
    other.write_comment("B3", "итог", {"author": "Анна"})
    other.add_table("D1:E3", {"columns": [{"header": "а"}, {"header": "б"}]})
    workbook.define_name("Всего", "=Итоги!$B$3")
    workbook.close()
    return path


def parts(path):
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def edit_package(path, change):
    """Change the parts of a package by a function of name and text."""
    before = parts(path)
    with zipfile.ZipFile(path, "w") as package:
        for name, data in before.items():
            found = change(name, data)
            if found is not None:
                package.writestr(name, found)
    return path


def test_parts_that_hold_no_mark_stay_to_the_byte(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    before, after = parts(source), parts(write_marked(tmp_path, source))

    touched = {name for name in before if before[name] != after.get(name)}
    assert touched == {
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
    }
    assert set(after) - set(before) == {
        "xl/tables/calltools_findings.xml",
        "xl/worksheets/_rels/calltools_findings.xml.rels",
        "xl/worksheets/calltools_findings.xml",
        "xl/worksheets/calltools_summary.xml",
    }


def test_of_the_sheet_only_the_styles_of_marked_cells_change(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")
    sheet = "xl/worksheets/sheet1.xml"

    before, after = parts(source)[sheet], parts(write_marked(tmp_path, source))[sheet]

    assert before != after
    for address in (b"C3", b"D3"):
        before, after = (re.sub(rb'(<c r="%s" s=")[0-9]+' % address, rb"\1", text) for text in (before, after))
    assert before == after


def test_styles_that_were_there_keep_their_numbers(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    before, after = (parts(path)["xl/styles.xml"].decode() for path in (source, write_marked(tmp_path, source)))

    for name in ("fonts", "fills", "cellXfs"):
        old, new = (re.search(rf"<{name}[^>]*>(.*?)</{name}>", text)[1] for text in (before, after))
        assert new.startswith(old)
        members = len(re.findall(f"<{name[:-1] if name != 'cellXfs' else 'xf'}[ >/]", new))
        assert re.search(rf'<{name} count="{members}"', after)


def test_a_mark_changes_the_fill_and_nothing_else_of_a_cell(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    cell = load_workbook(write_marked(tmp_path, source))["Звонки"]["C3"]

    assert (cell.fill.fgColor.rgb, cell.font.i, cell.border.left.style) == (ERROR, True, "thin")


def test_comments_of_the_user_stay_above_ours(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    workbook = load_workbook(write_marked(tmp_path, source))

    sheet = workbook["Звонки"]
    assert (sheet["A2"].comment.text, sheet["A2"].comment.author) == ("моя заметка", "Анна")
    assert re.match("перезвонить\n— calltools —\nCT241 ", sheet["C3"].comment.text)
    assert sheet["D3"].comment.text.startswith("— calltools —\nCT281 ")
    assert workbook["Итоги"]["B3"].comment.text == "итог"


def test_boxes_of_comments_have_numbers_of_their_own(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx", [GOOD, *[BAD_PHONE] * 1400])

    drawings = [data.decode() for name, data in parts(write_marked(tmp_path, source)).items() if name.endswith(".vml")]

    numbers = [found for one in drawings for found in re.findall(r'id="(_x0000_s[0-9]+)"', one)]
    blocks = [
        int(one) for drawing in drawings for one in re.search(r'idmap [^>]*data="([0-9,]+)"', drawing)[1].split(",")
    ]
    assert len(set(numbers)) == len(numbers) > 2000
    assert len(set(blocks)) == len(blocks)
    assert {int(number[8:]) // 1024 for number in numbers} <= set(blocks)


def test_a_cell_that_is_not_there_is_made_with_the_style_of_its_column_or_row(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx", [GOOD, (GOOD[0], "", *GOOD[2:]), ("", *GOOD[1:])])
    edit_package(
        source,
        lambda name, data: (
            data.replace(b'<row r="4" spans="1:4">', b'<row r="4" spans="2:4" s="2" customFormat="1">')
            if name.endswith("sheet1.xml")
            else data
        ),
    )

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert (sheet["B3"].fill.fgColor.rgb, sheet["B3"].number_format) == (ERROR, "0.0")
    assert (sheet["A4"].fill.fgColor.rgb, sheet["A4"].font.b) == (ERROR, True)
    assert "CT301" in sheet["A4"].comment.text


def test_a_row_that_is_not_there_is_made(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx", [GOOD, ("", "", "", ""), BAD_PHONE])

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert "CT009" in sheet["A3"].comment.text
    assert sheet["A3"].fill.fgColor.rgb == WARNING
    assert sheet["C4"].value == BAD_PHONE[2]


def test_stored_results_of_formulas_stay(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    copy = write_marked(tmp_path, source)

    assert load_workbook(copy, data_only=True)["Итоги"]["B3"].value == 7


def test_nothing_is_lost_and_no_loss_is_reported(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx")

    summary = load_workbook(write_marked(tmp_path, source))[SUMMARY_SHEET]

    assert not [row for row in summary.iter_rows(values_only=True) if "Not kept" in str(row[0])]


def test_marking_a_marked_copy_again_changes_nothing_but_styles(tmp_path):
    once = write_marked(tmp_path, write_rich_workbook(tmp_path / "calls.xlsx"), name="calls-1.xlsx")

    twice = write_marked(tmp_path, once, name="calls-2.xlsx")

    before, after = parts(once), parts(twice)
    assert set(before) == set(after)
    assert before["xl/comments1.xml"].decode().count("<comment ") == after["xl/comments1.xml"].decode().count(
        "<comment "
    )
    first, second = load_workbook(once), load_workbook(twice)
    for address in ("A2", "C3", "D3"):
        one, other = first["Звонки"][address], second["Звонки"][address]
        # Advice names the file of the run.
        assert one.comment.text == other.comment.text.replace("calls-1.xlsx", "calls.xlsx")
        assert one.fill.fgColor.rgb == other.fill.fgColor.rgb
    assert second.sheetnames == ["Звонки", "Итоги", FINDINGS_SHEET, SUMMARY_SHEET]


def test_our_comments_are_recognized_without_author_and_with_cut_text(tmp_path):
    def change(name, data):
        if name != "xl/comments1.xml":
            return data
        text = re.sub(r"<author>.*?</author>", "<author> </author>", data.decode())
        return text.replace("— calltools —\n", "— calltools —</t></r><r><t>\n").encode()

    once = edit_package(
        write_marked(tmp_path, write_rich_workbook(tmp_path / "calls.xlsx"), name="calls-1.xlsx"), change
    )

    sheet = load_workbook(write_marked(tmp_path, once, name="calls-2.xlsx"))["Звонки"]

    lines = [cell.comment.text for row in sheet for cell in row if cell.comment]
    assert [text.count("— calltools —") for text in lines] == [0, 1, 1]
    assert [text.count("CT241") + text.count("CT281") for text in lines] == [0, 1, 1]


def test_a_stale_mark_without_a_comment_goes_too(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx", [GOOD])
    workbook = load_workbook(source)
    workbook["Звонки"]["A2"].fill = PatternFill("solid", fgColor=ERROR)
    workbook.save(source)

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert sheet["A2"].fill.fill_type is None
    assert sheet["A2"].font.i


def add_prefixes(name, data):
    if not name.startswith("xl/worksheets/sheet1"):
        return data
    text = data.decode().replace("xmlns=", "xmlns:x=")
    return re.sub(r"<(/?)(?=[a-zA-Z])(?!x:)", r"<\1x:", text).encode()


@pytest.mark.parametrize(
    "change",
    [
        add_prefixes,
        lambda name, data: data.replace(b"<sheetData>", b"<!-- <row> --><sheetData>") if "sheet1" in name else data,
        lambda name, data: re.sub(rb'<row r="[0-9]+"', b"<row", data) if "sheet1.xml" in name else data,
    ],
    ids=["prefixes", "comments", "rows without numbers"],
)
def test_a_package_that_is_not_understood_is_rewritten_with_a_warning(tmp_path, change):
    source = edit_package(write_rich_workbook(tmp_path / "calls.xlsx"), change)

    workbook = load_workbook(write_marked(tmp_path, source))

    assert workbook["Звонки"]["C3"].fill.fgColor.rgb == ERROR
    assert "CT241" in workbook["Звонки"]["C3"].comment.text
    lines = [str(row[0]) for row in workbook[SUMMARY_SHEET].iter_rows(values_only=True)]
    assert any("Not kept" in one and "charts" in one and "drawings" in one for one in lines)


def test_a_rewritten_workbook_holds_no_time(tmp_path):
    source = edit_package(write_rich_workbook(tmp_path / "calls.xlsx"), add_prefixes)
    once = write_marked(tmp_path, source, name="one.xlsx").read_bytes()

    time.sleep(1.1)  # a workbook holds the time when it was written, to the second

    assert write_marked(tmp_path, source, name="one.xlsx").read_bytes() == once


def test_the_copy_of_a_workbook_with_macros_has_none_and_a_warning(tmp_path):
    def change(name, data):
        if name == "[Content_Types].xml":
            return data.replace(PLAIN.encode(), MACROS.encode()).replace(
                b"</Types>", b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
            )
        if name == "xl/_rels/workbook.xml.rels":
            line = b'<Relationship Id="rId99" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/>'
            return data.replace(b"</Relationships>", line + b"</Relationships>")
        return data

    source = edit_package(write_rich_workbook(tmp_path / "calls.xlsx"), change)
    with zipfile.ZipFile(source, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")

    copy = write_marked(tmp_path, source)

    after = parts(copy)
    assert "xl/vbaProject.bin" not in after
    assert b"vbaProject.bin" not in after["xl/_rels/workbook.xml.rels"]
    assert MACROS.encode() not in after["[Content_Types].xml"]
    lines = [str(row[0]) for row in load_workbook(copy)[SUMMARY_SHEET].iter_rows(values_only=True)]
    assert any("macros" in one for one in lines)


def test_cells_that_people_talk_about_are_filled_and_their_talk_is_left_alone(tmp_path):
    def change(name, data):
        if name == "xl/comments1.xml":
            text = data.decode()
            author = "tc={00000000-0001-0000-0000-000000000000}"
            return text.replace("<author>Анна</author>", f"<author>{author}</author>").encode()
        return data

    source = edit_package(write_rich_workbook(tmp_path / "calls.xlsx"), change)

    sheet = load_workbook(write_marked(tmp_path, source))["Звонки"]

    assert sheet["C3"].comment.text == "перезвонить"
    assert sheet["C3"].fill.fgColor.rgb == ERROR


def test_text_that_excel_would_read_as_an_escape_stays_as_it_is(tmp_path):
    tag = "_x0041_ <b>&amp;"
    source = write_rich_workbook(tmp_path / "calls.xlsx", [(*GOOD[:2], tag, "заявка")])

    page = parts(write_marked(tmp_path, source))["xl/worksheets/calltools_findings.xml"].decode()

    # Excel reads _x0041_ as the letter A; openpyxl does not.
    assert "_x005F_x0041_ &lt;b&gt;&amp;amp;" in page


def test_hostile_cells_reach_every_sheet_as_text(tmp_path):
    texts = [text for text in NAUGHTY.values() if text.strip()]
    source = tmp_path / "calls.xlsx"
    workbook = xlsxwriter.Workbook(source, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet("R&D 'calls' <1>")
    sheet.write_row(0, 0, ("ClientId", "DateTime", "URL"))
    for number, text in enumerate(texts, start=1):
        sheet.write_row(number, 0, ("1604591025698235234", "1772434800"))
        sheet.write_string(number, 2, text)
    workbook.close()

    copy = write_marked(tmp_path, source)

    after = load_workbook(copy)
    page = after[FINDINGS_SHEET]
    found = {row[4].value: row[6].value for row in page.iter_rows(min_row=2) if row[1].value == "CT271"}
    assert len(found) > len(texts) / 2
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert all(
        row[4].hyperlink.location.startswith("'R&D ''calls'' <1>'!")
        for row in page.iter_rows(min_row=2)
        if row[4].hyperlink
    )
    assert [cell.value for cell in after.worksheets[0]["C"]] == [
        cell.value for cell in load_workbook(source).worksheets[0]["C"]
    ]
    assert parts(copy)["xl/sharedStrings.xml"] == parts(source)["xl/sharedStrings.xml"]


@pytest.mark.slow
def test_a_large_workbook_is_marked_in_little_memory(tmp_path):
    source = write_rich_workbook(tmp_path / "calls.xlsx", [GOOD, *[BAD_PHONE] * 20_000])
    script = (
        "import atexit, resource; from calltools.__main__ import main\n"
        "atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))\n"
        "main()"
    )

    def peak(*report):
        arguments = ["validate", str(source), "--as-of", AS_OF, "-q", *report]
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False, encoding="utf-8"
        )
        return int(done.stdout.splitlines()[-1])

    assert peak("--report", str(tmp_path / "copy.xlsx")) < peak() + 150
