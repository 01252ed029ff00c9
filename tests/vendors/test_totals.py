"""Rows of totals below the records of a report: known by word and shape, left out and counted."""

import pytest
from openpyxl import Workbook

import calltools
from tests.conftest import NOW

HEADER = ["Тип", "Статус", "Время", "Откуда", "Куда", "Длительность звонка", "Длительность разговора"]
CALL = ["Входящий", "Отвечен", "09.03.2026 10:00:00", "+74950000101", "210", "75", "60"]


def convert(tmp_path, rows, ending):
    path = tmp_path / f"export.{ending}"
    if ending == "csv":
        path.write_text("\n".join(";".join(row) for row in [HEADER, *rows]) + "\n", encoding="utf-8")
    else:
        book = Workbook()
        for row in [HEADER, *rows]:
            book.active.append([cell or None for cell in row])
        book.save(path)
    return calltools.convert(path, tmp_path / "out.csv", as_of=NOW, timezone="Europe/Moscow", static_call="1")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "totals",
    [
        ["Итого", "", "", "", "", "75", "60"],
        ["", "", "Всего:", "", "", "75", ""],
        ["TOTAL", "1", "", "", "", "75", ""],
    ],
)
def test_totals_are_left_out_and_counted(tmp_path, totals, ending):
    result = convert(tmp_path, [CALL, totals], ending)

    assert (result.summary.written, dict(result.summary.skipped), result.summary.rejected) == (1, {"total": 1}, 0)
    assert result.summary.adds_up


def test_a_call_with_the_word_in_a_cell_is_a_call(tmp_path):
    called = ["Входящий", "Отвечен", "09.03.2026 10:00:00", "+74950000101", "Итого", "75", "60"]
    named = ["Итого", "Отвечен", "09.03.2026 10:00:00", "+74950000102", "210", "75", "60"]

    result = convert(tmp_path, [called, named], "csv")

    assert result.summary.skipped.total() == 0
    assert result.summary.read == 2
