"""The empty canonical file that people fill in: as text, or as a workbook that checks while they type."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from calltools.errors import UsageError
from calltools.exports.typing_checks import CURRENCY_CODES, CURRENCY_SHEET, data_validation_for
from calltools.fields.field import Field
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, FIELD_NAMES
from calltools.messages import Language

_LAST_ROW: Final = 1_048_575
_CALLS: Final = {"en": "Calls", "ru": "Звонки"}
_COLUMNS: Final = {"en": "Columns", "ru": "Столбцы"}
_EXAMPLE: Final = {"en": "Example", "ru": "Пример"}
#: The same template has the same bytes: no clock.
_CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_COMMENT: Final = {"author": "calltools", "x_scale": 2, "y_scale": 1.2}
_BOX_ROWS: Final = 4
_BOX: Final = {"width": 900, "height": 72, "font": {"size": 10}, "line": {"color": "#BFBFBF"}}


def build_template(path: Path, language: Language = "en") -> bytes:
    """The bytes of a template; the ending of the name decides which.

    Raises:
        UsageError: No template has this ending.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        return (",".join(FIELD_NAMES) + "\n").encode()
    if ending == ".xlsx":
        return _build_workbook(language)
    raise UsageError("template-ending-unknown", path=path)


def describe_field(field: Field, language: Language) -> str:
    """What a column means, how it is written, and an example."""
    title, description = (
        (field.title_ru, field.description_ru) if language == "ru" else (field.title_en, field.description_en)
    )
    return f"{title}. {description}\n{_EXAMPLE[language]}: {field.example}"


def _build_workbook(language: Language) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": "calltools", "created": _CREATED})
    _write_calls_sheet(book, book.add_worksheet(_CALLS[language]), language)
    _write_columns_sheet(book.add_worksheet(_COLUMNS[language]), language)
    _write_currency_sheet(book.add_worksheet(CURRENCY_SHEET))
    book.close()
    return stream.getvalue()


def _write_calls_sheet(book: Workbook, sheet: Worksheet, language: Language) -> None:
    head = book.add_format({"bold": True, "bg_color": "#FFF2CC", "border": 1, "num_format": "@"})
    forms = {True: book.add_format({"num_format": "@"}), False: book.add_format({"num_format": "General"})}
    whole = book.add_format({"num_format": "0"})
    for column, field in enumerate(FIELDS):
        kind = KINDS[field.kind]
        cells = whole if kind.json_type in {"integer", "boolean"} else forms[kind.json_type == "string"]
        sheet.set_column(column, column, max(len(field.name), len(field.example)) + 2, cells)
        sheet.write_string(0, column, field.name, head)
        sheet.write_comment(
            0, column, describe_field(field, language), {"author": "calltools", "x_scale": 2, "y_scale": 1.2}
        )
        sheet.data_validation(1, column, _LAST_ROW, column, data_validation_for(field, column, language))
    sheet.freeze_panes(1, 0)


def _write_columns_sheet(sheet: Worksheet, language: Language) -> None:
    """A card a column. The cards are drawn, not written into cells: a sheet with cells would be a second table."""
    sheet.hide_gridlines(2)
    for number, field in enumerate(FIELDS):
        box: dict[str, Any] = {**_BOX, "description": field.name}
        sheet.insert_textbox(number * _BOX_ROWS, 0, f"{field.name}: {describe_field(field, language)}", box)


def _write_currency_sheet(sheet: Worksheet) -> None:
    """Excel takes a list of this length only from cells."""
    sheet.write_column(0, 0, CURRENCY_CODES)
    sheet.very_hidden()
