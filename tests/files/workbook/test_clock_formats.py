"""Of a date at midnight only the format of its cell tells whether it is a time."""

import struct
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from calltools.files.opening import open_table
from calltools.files.workbook.clock_formats import shows_hours
from calltools.files.workbook.clock_formats_binary import find_xls_clock_cells, find_xlsb_clock_cells
from calltools.model.batch import HeaderGuess, Hints
from tests.files.workbook.test_error_cells import biff, compound, record, wide, xls_stream, xlsb
from tests.files.workbook.test_workbook_reader import BRACKETED

DAY = datetime(2026, 3, 2)  # noqa: DTZ001 - cells of a workbook know no zone
TEN = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    ("code", "hours"),
    [
        ("dd.mm.yyyy hh:mm", True),
        ("[$-419]d mmmm yyyy h:mm AM/PM;@", True),
        ("[h]:mm:ss", True),
        ("m/d/yyyy", False),
        ("[$-F800]dddd, mmmm dd, yyyy", False),
        ('dd.mm.yyyy "hour"', False),
        (r"yyyy\h", False),
        ("General", False),
    ],
)
def test_a_format_shows_hours(code, hours):
    assert shows_hours(code) is hours


def read(path, *rows):
    """The cells of a column as they are read; a row is a cell and its format."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["DateTime", "ClientId"])
    for number, (value, code) in enumerate(rows, 2):
        sheet.cell(number, 1, value).number_format = code
        sheet.cell(number, 2, "1604591025698235234")
    workbook.save(path)
    table = open_table(path, path.name, Hints(), lambda _: HeaderGuess(0, 2))
    return [cell for task in table.tasks() for cell in task().cells("DateTime").to_pylist()]


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ([(TEN, "dd.mm.yyyy h:mm"), (DAY, "dd.mm.yyyy h:mm")], ["2026-03-02 10:00:00", "2026-03-02 00:00:00"]),
        ([(TEN, "dd.mm.yyyy h:mm"), (DAY, "dd.mm.yyyy")], ["2026-03-02 10:00:00", "2026-03-02"]),
        ([(TEN, "m/d/yy h:mm"), (DAY, "m/d/yy h:mm"), (DAY, "mm-dd-yy")],
         ["2026-03-02 10:00:00", "2026-03-02 00:00:00", "2026-03-02"]),
        ([("02.03.2026 10:00:00", "General"), (DAY, "dd.mm.yyyy hh:mm")], ["02.03.2026 10:00:00", "2026-03-02 00:00:00"]),
        ([(DAY, "dd.mm.yyyy hh:mm")], ["2026-03-02 00:00:00"]),
        ([(DAY, "dd.mm.yyyy")], ["2026-03-02"]),
        ([(DAY, "dd.mm.yyyy hh:mm"), (DAY, "dd.mm.yyyy hh:mm")], ["2026-03-02", "2026-03-02"]),
    ],
)  # fmt: skip
def test_only_a_cell_that_shows_hours_is_a_time(tmp_path, rows, cells):
    assert read(tmp_path / "calls.xlsx", *rows) == cells


SERIAL = 46083.0  # 2026-03-02


def biff_cell(row, style, value):
    return biff(0x203, struct.pack("<HHHd", row, 0, style, value))


def xls_format(number, code, *, two_bytes=False):
    text = code.encode("utf-16-le" if two_bytes else "latin-1")
    return biff(0x41E, struct.pack("<HHB", number, len(code), two_bytes) + text)


def test_formats_of_an_xls_are_known(tmp_path):
    styles = [biff(0xE0, struct.pack("<HH", 0, number) + b"\0" * 16) for number in (0, 14, 22, 164, 165)]
    formats = [xls_format(164, "dd.mm.yyyy h:mm"), xls_format(165, 'dd.mm.yyyy "ч"', two_bytes=True)]
    cells = [biff_cell(row, style, SERIAL) for row, style in enumerate((1, 2, 3, 4), 1)]
    # Two cells in one record, as RK numbers: whole numbers times four, plus 2.
    cells.append(biff(0xBD, struct.pack("<HHHIHIH", 5, 0, 2, 46083 << 2 | 2, 1, 46083 << 2 | 2, 1)))
    path = compound(tmp_path / "calls.xls", xls_stream(*cells, before=b"".join(formats + styles)))

    wanted = {(row, column) for row in range(7) for column in range(2)}

    assert find_xls_clock_cells(path, 0, wanted) == {(2, 0), (3, 0), (5, 0)}
    assert find_xls_clock_cells(path, 0, {(3, 0), (4, 0)}) == {(3, 0)}


def test_a_number_of_an_xls_under_a_format_with_brackets_is_no_date(tmp_path):
    formats = [xls_format(200 + number, code, two_bytes=True) for number, code in enumerate(BRACKETED)]
    styles = [biff(0xE0, struct.pack("<HH", 0, 200 + number) + b"\0" * 16) for number in range(len(BRACKETED))]
    cells = [biff_cell(row, row, 50.0) for row in range(len(BRACKETED))]
    path = compound(tmp_path / "calls.xls", xls_stream(*cells, before=b"".join(formats + styles)))

    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()

    assert read == [[50.0]] * len(BRACKETED)


def test_formats_of_an_xlsb_are_known(tmp_path):
    def style(number):
        return record(47, struct.pack("<HH", 0, number) + b"\0" * 12)

    styles = record(44, struct.pack("<H", 164) + wide("dd.mm.yyyy hh:mm")) + record(626) + style(22) + record(627)
    styles += record(617) + style(14) + style(164) + style(22) + record(618)
    cells = record(0, struct.pack("<I", 3) + b"\0" * 13)
    for column, number in enumerate((0, 1, 2 | 1 << 24)):
        cells += record(5, struct.pack("<IId", column, number, SERIAL))
    path = xlsb(tmp_path / "calls.xlsb", Calls=cells)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    listed = parts["xl/_rels/workbook.bin.rels"].decode()
    parts["xl/_rels/workbook.bin.rels"] = listed.replace(
        "</Rel", f'<Relationship Id="s" Type="{kind}" Target="styles.bin"/></Rel'
    ).encode()  # fmt: skip
    with zipfile.ZipFile(path, "w") as made:
        for name, content in (parts | {"xl/styles.bin": styles}).items():
            made.writestr(name, content)

    assert find_xlsb_clock_cells(path, "Calls", {(3, 0), (3, 1), (3, 2)}) == {(3, 1), (3, 2)}
