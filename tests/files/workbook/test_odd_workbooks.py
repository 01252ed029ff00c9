"""Good workbooks that one reader refuses or spoils: read right, or named; never cut, never called damaged."""

import io
import shutil
import struct
import zipfile

import pytest
from openpyxl import Workbook

from calltools.errors import SourceError
from calltools.files.workbook import binary_file
from calltools.files.workbook.binary_file import EncryptedError, mend_workbook, read_workbook_stream
from calltools.reports.workbook.reporter import resave_with_openpyxl
from tests import xls_files
from tests.files.workbook.test_workbook_reader import found, read, rows
from tests.xls_files import compound_file, record, shared_text_cell, simple, workbook_stream

HEADER = ["ClientId", "DateTime", "Tag"]
CALL = ["1604591025698235234", "1773014400", "заявка"]
RELATIONS = "xl/_rels/workbook.xml.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
EXPECTED = [dict(zip(HEADER, CALL, strict=True))]


def xls(path, stream=None, name="Workbook", **more):
    path.write_bytes(compound_file(stream or workbook_stream([("Calls", 0, simple([HEADER, CALL]))], **more), name))
    return path


def xlsx(path, edit=None):
    """A workbook of two sheets, whose parts an edit changes."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Calls"
    for row in (HEADER, CALL):
        sheet.append(row)
    book.create_sheet("Two")["A1"] = "x"
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    if edit is not None:
        edit(parts)
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return path


@pytest.mark.parametrize("ending", ["xls", "xlsb", "ods", "xlsm", "csv", "dat", "XLS"])
def test_a_workbook_is_known_by_its_content(tmp_path, ending):
    table = read(shutil.copy(xlsx(tmp_path / "calls.xlsx"), tmp_path / f"named.{ending}"))

    assert rows(table) == EXPECTED
    assert "openpyxl" not in table.source.format.read_as[0]


@pytest.mark.parametrize("ending", ["xlsx", "xlsb", "ods", "txt"])
def test_an_old_workbook_is_known_by_its_content(tmp_path, ending):
    assert rows(read(xls(tmp_path / f"calls.{ending}"))) == EXPECTED


def test_a_workbook_with_another_ending_is_saved_again_for_its_marked_copy(tmp_path):
    path = shutil.copy(xlsx(tmp_path / "calls.xlsx"), tmp_path / "calls.xls")

    with resave_with_openpyxl(path) as saved:
        assert zipfile.is_zipfile(saved)


@pytest.mark.parametrize("name", ["Workbook", "WORKBOOK", "workbook", "Book", "BOOK", "bOoK"])
def test_the_stream_of_an_old_workbook_may_be_named_in_any_letters(tmp_path, name):
    assert rows(read(xls(tmp_path / "calls.xls", name=name))) == EXPECTED


@pytest.mark.parametrize("page", [0, 367, 1200, 1251, 1252, 8001, 10007, 21010, 0x8000, 0x8001, 65001])
def test_any_code_page_of_an_old_workbook_gives_the_same_texts(tmp_path, page):
    """Texts are Unicode there; a library that believes the code page gives a NUL between the letters."""
    assert rows(read(xls(tmp_path / "calls.xls", code_page=page))) == EXPECTED


def test_a_password_of_an_old_workbook_is_named(tmp_path):
    stream = workbook_stream([("Calls", 0, simple([HEADER, CALL]))], before=record(0x2F, bytes(6)))

    with pytest.raises(SourceError) as raised:
        read(xls(tmp_path / "calls.xls", stream))

    assert raised.value.key == "workbook-password"


@pytest.mark.parametrize("kind", [1, 2, 6])
@pytest.mark.parametrize("first", [True, False])
def test_macro_sheets_of_an_old_workbook_are_no_harm(tmp_path, kind, first):
    sheets = [("Calls", 0, simple([HEADER, CALL])), ("Macro", kind, b"")]

    assert rows(read(xls(tmp_path / "calls.xls", workbook_stream(sheets[:: -1 if first else 1])))) == EXPECTED


@pytest.mark.parametrize("kind", [0x204, 0xD6])
@pytest.mark.parametrize("text", ["x" * 8_216, "x" * 20_000, "я" * 8_000 + "😀" * 100])
def test_a_long_text_comes_whole(tmp_path, kind, text):
    wide = not text.isascii()
    data = text.encode("utf-16-le" if wide else "latin-1")
    head = struct.pack("<HHHHB", 1, 2, 0, len(text.encode("utf-16-le")) // 2, wide)
    room = 8_000
    cell = record(kind, (head + data[:room]).ljust(8_010, b" ")[: len(head) + room])
    more = b"".join(record(0x3C, bytes([wide]) + data[at : at + room]) for at in range(room, len(data), room))
    cells = simple([HEADER, CALL[:2]]) + cell + more

    table = read(xls(tmp_path / "calls.xls", workbook_stream([("Calls", 0, cells)])))

    assert rows(table)[0]["Tag"] == text


def test_a_long_result_of_a_formula_comes_whole(tmp_path):
    text = "y" * 9_000
    formula = record(0x06, struct.pack("<HHH", 1, 2, 0) + bytes(6) + b"\xff\xff" + bytes(8))
    body = struct.pack("<HB", len(text), 0) + text[:8_200].encode()
    cells = simple([HEADER, CALL[:2]]) + formula + record(0x207, body) + record(0x3C, b"\0" + text[8_200:].encode())

    assert rows(read(xls(tmp_path / "calls.xls", workbook_stream([("Calls", 0, cells)]))))[0]["Tag"] == text


def test_long_shared_strings_come_whole(tmp_path):
    texts = ["x" * 9_000, "ж" * 20_000, "z"]
    cells = simple([["ClientId", "DateTime", "Tag"]])
    cells += b"".join(shared_text_cell(1, column, column) for column in range(3))

    table = read(
        xls(tmp_path / "calls.xls", workbook_stream([("Calls", 0, cells)], before=xls_files.shared_strings(texts)))
    )

    assert list(rows(table)[0].values()) == texts


BRACKETS = [
    "[Red][<0]0;[Blue][>100]0;[Green]0",
    "[Red][>=1]0;[$-409][<=2]0",
    "[$-419][Red][>9999999](000) 000-00-00;[Blue][$-409]0",
    "[Magenta][Cyan][White]0",
    "[$USD][Color5][>=1]0[$-409]",
    "[=1][=2][=3][=4]0",
]


@pytest.mark.parametrize("text", BRACKETS)
def test_a_number_stays_a_number_under_a_format_of_many_brackets(tmp_path, text):
    before = xls_files.number_format(164, text) + xls_files.style(0) + xls_files.style(164)
    cells = simple([HEADER, CALL[:1]]) + xls_files.number_cell(1, 1, 50, 1)
    book = Workbook()
    book.active.append(HEADER)
    book.active["A2"], book.active["B2"] = CALL[0], 50
    book.active["B2"].number_format = text
    book.save(tmp_path / "new.xlsx")

    old = read(xls(tmp_path / "calls.xls", workbook_stream([("Calls", 0, cells)], before=before)))

    assert rows(old)[0]["DateTime"] == rows(read(tmp_path / "new.xlsx"))[0]["DateTime"] == "50"


def test_a_stream_is_found_again_in_the_file_that_is_built():
    for size in (10, 5_000, 9_000_000):
        raw = binary_file._build_compound_file(bytes(range(250)) * (size // 250 + 1), "Workbook")

        name, stream = read_workbook_stream(raw)

        assert name == "Workbook"
        assert stream.startswith(bytes(range(250)) * (size // 250 + 1))


def test_a_file_that_is_read_right_stays_as_it_is():
    raw = compound_file(workbook_stream([("Calls", 0, b"")]))

    assert mend_workbook(raw) is raw
    with pytest.raises(EncryptedError):
        mend_workbook(compound_file(workbook_stream([], before=record(0x2F, b"\0" * 6))))
    with pytest.raises(KeyError):
        mend_workbook(compound_file(b"", "Other"))


def replaced(old, new, part=RELATIONS):
    def edit(parts):
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new)

    return edit


def without(part):
    return lambda parts: parts.pop(part)


SECOND = f'{OFFICE}/worksheet" Target="/xl/worksheets/sheet2.xml"'
MACRO = 'http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" Target="/xl/worksheets/sheet2.xml"'


@pytest.mark.parametrize(
    ("edit", "with_openpyxl"),
    [
        pytest.param(replaced(SECOND, MACRO), True, id="macro sheet"),
        pytest.param(replaced(SECOND, MACRO.replace("xlMacro", "xlIntlMacro")), True, id="international macro sheet"),
        pytest.param(replaced(SECOND, SECOND.replace("/worksheet", "/dialogsheet")), False, id="dialog sheet"),
        pytest.param(replaced(SECOND, SECOND.replace("/worksheet", "/new")), True, id="sheet of a type to come"),
        pytest.param(replaced(SECOND, f'{OFFICE}/worksheet" Target="NULL"'), True, id="relation to nothing"),
        pytest.param(without("xl/worksheets/sheet2.xml"), True, id="sheet missing"),
        pytest.param(replaced('r:id="rId2"', 'r:id="rId99"', "xl/workbook.xml"), True, id="relation missing"),
        pytest.param(replaced('r:id="rId2"', 'r:id=""', "xl/workbook.xml"), True, id="relation without a name"),
        pytest.param(without("_rels/.rels"), True, id="relations of the package missing"),
        pytest.param(replaced('"styles.xml"', '"nothing.xml"'), False, id="styles lead nowhere"),
    ],
)
def test_the_good_sheet_is_read_beside_one_that_is_not(tmp_path, edit, with_openpyxl):
    table = read(xlsx(tmp_path / "calls.xlsx", edit))

    assert rows(table) == EXPECTED
    assert ("openpyxl" in table.source.format.read_as[0]) == with_openpyxl


def test_a_sheet_that_cannot_be_read_is_named(tmp_path):
    table = read(xlsx(tmp_path / "calls.xlsx", without("xl/worksheets/sheet2.xml")))

    assert [(code, detail) for code, *_, detail in found_details(table)] == [("CT017", "Calls\x1fTwo")]


def found_details(table):
    return [(one["code"], one["detail"]) for one in table.findings.to_rows()]


def test_openpyxl_gives_the_same_cells_and_issues(tmp_path):
    def make(path, edit):
        book = Workbook()
        sheet = book.active
        sheet.title = "Calls"
        sheet.append(["ClientId", "DateTime", "Price", "Tag", "URL"])
        sheet.append(["1", 45_000.5, 2.5, "#N/A", "=A1"])
        sheet["B2"].number_format = "yyyy-mm-dd hh:mm"
        sheet["D2"].data_type = "e"
        sheet.append([])
        sheet.append([10**15, True, 2, "text", None])
        book.create_sheet("Two")
        book.save(path)
        if edit:
            with zipfile.ZipFile(path) as package:
                parts = {name: package.read(name).decode() for name in package.namelist()}
            edit(parts)
            with zipfile.ZipFile(path, "w") as package:
                for name, text in parts.items():
                    package.writestr(name, text)
        return read(path)

    usual = make(tmp_path / "a.xlsx", None)
    other = make(tmp_path / "b.xlsx", replaced(SECOND, MACRO))

    assert "openpyxl" in other.source.format.read_as[0]
    assert rows(other) == rows(usual)
    assert found(other) == found(usual)
    assert {code for code, *_ in found(other)} == {"CT014", "CT015", "CT209"}


def test_both_readers_say_what_is_wrong(tmp_path):
    with pytest.raises(SourceError) as raised:
        read(xlsx(tmp_path / "calls.xlsx", without(RELATIONS)))

    assert raised.value.key == "workbook-unreadable"
    for language in ("en", "ru"):
        assert "calamine: " in raised.value.say(language)
        assert "openpyxl: " in raised.value.say(language)
