"""Writes the workbooks under ``samples/``: ``python tests/sample_workbooks.py``. Their tests make them again and compare."""

import csv
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

SAMPLES = Path(__file__).parent.parent / "samples"
_TITLES = ("ClientId", "DateTime", "PhoneNumber", "TalkDuration", "CallMissed", "Tag", "Price", "Currency")
_ROUNDED = 1604591025698235235  # a workbook keeps 15 digits of it
_BROKEN_ROWS = (
    ("Звонки за март 2026",),
    (),
    _TITLES,
    ("1604591025698235234", 1772434800, "+74950000701", 35, 0, "заявка"),
    (_ROUNDED, 1772434900, "8 (495) 000-07-02", 40, 0, "целевой", "1 500,00", "rub"),
    ("1604591025698235236", datetime(2026, 3, 2, 10, 5), "+7 (495) 000-07-03", "00:01:10", 0, "(not set)"),  # noqa: DTZ001 - sheets know no zone
    ("1604591025698235237", 1772435100, 74950000704, 50, "да", "повтор", "#N/A", "RUR"),
    (),
    ("=VLOOKUP(C8,CRM!A:B,2,0)", 1772435300, "anonymous", 0, 1, "без ответа"),
    ("1.60459E+18", 1772435400, "+74950000706", 20, 0, "заявка", 250),
    ("1604591025698235238", 1772435500, "+7495000", 15, 2, "=1+1"),
)
_GLOSSARY_ROWS = (("Метка", "Что значит"), ("заявка", "оставил заявку"))


def write_broken(path: Path) -> None:
    """A workbook as an analyst keeps it: a title, ids and phones as numbers, a formula, an error, a second sheet."""
    workbook = Workbook()
    calls = workbook.active
    calls.title = "Звонки"
    for number, row in enumerate(_BROKEN_ROWS, start=1):
        for column, value in enumerate(row, start=1):
            calls.cell(number, column, value)
    calls["A5"].number_format = "0"
    calls["F11"].data_type = "s"  # a text that begins with =, not a formula
    glossary = workbook.create_sheet("Справочник")
    for row in _GLOSSARY_ROWS:
        glossary.append(row)
    workbook.save(path)


def write_good(path: Path) -> None:
    """The good CSV as a workbook in which all cells are text."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Звонки"
    with (SAMPLES / "canonical" / "good.csv").open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream), start=1):
            for column, text in enumerate(row, start=1):
                sheet.cell(number, column, text).data_type = "s"
    sheet.freeze_panes = "A2"
    workbook.save(path)


if __name__ == "__main__":
    write_broken(SAMPLES / "broken" / "calls.xlsx")
    write_good(SAMPLES / "canonical" / "good.xlsx")
