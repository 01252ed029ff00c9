"""Of a date at midnight only the format of its cell tells whether it is a time."""

from datetime import datetime

import pytest
from openpyxl import Workbook

from calltools.files.opening import open_table
from calltools.files.workbook.clock_formats import shows_hours
from calltools.model.batch import HeaderGuess, Hints

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
