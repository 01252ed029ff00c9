"""A workbook of findings alone, for sources that are none."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from calltools.model.own_sheets import FINDINGS_SHEET, SUMMARY_SHEET
from calltools.reports.style import Style
from calltools.reports.workbook.listing import FILLS, WIDTHS, Row, titles

#: The same findings make the same bytes: no clock.
_MADE: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def fresh(rows: Sequence[Row], counts: Sequence[tuple[str | int, ...]], style: Style) -> bytes:
    """The bytes of a workbook with both sheets; every text is text, whatever it begins with."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": "calltools", "created": _MADE})
    wrapped = book.add_format({"valign": "top", "text_wrap": True, "num_format": "@"})
    shades = {severity: book.add_format({"bg_color": f"#{fill}", "valign": "top"}) for severity, fill in FILLS.items()}
    _findings(book.add_worksheet(FINDINGS_SHEET), rows, style, wrapped, shades)
    _summary(book.add_worksheet(SUMMARY_SHEET), counts, wrapped)
    book.close()
    return stream.getvalue()


def _findings(sheet: Worksheet, rows: Sequence[Row], style: Style, wrapped: Any, shades: Any) -> None:
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    for line, row in enumerate(rows, start=1):
        for column, text in enumerate(row.texts):
            sheet.write_string(line, column, text, wrapped if column else shades[row.severity])
    named = [{"header": title} for title in titles(style)]
    sheet.add_table(
        0, 0, max(len(rows), 1), len(named) - 1, {"columns": named, "name": "findings", "style": "Table Style Light 1"}
    )
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _summary(sheet: Worksheet, counts: Sequence[tuple[str | int, ...]], wrapped: Any) -> None:
    for column, width in enumerate((28, 40, 32, 12, 80)):
        sheet.set_column(column, column, width)
    for line, row in enumerate(counts):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(line, column, value)
            else:
                sheet.write_string(line, column, value, wrapped if len(row) > 1 else None)
