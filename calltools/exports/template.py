"""The empty canonical file that people fill in: a CSV header, or a workbook with data validation for each kind."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import iso4217
import pyarrow as pa
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from calltools.errors import UsageError
from calltools.fields.kinds import KINDS
from calltools.fields.kinds.unix_time import EARLIEST_CALL
from calltools.fields.local_times import SECONDS_PER_DAY
from calltools.fields.table import FIELD_NAMES, FIELDS, Field
from calltools.model.assumptions import Assumptions
from calltools.texts import Language, say
from calltools.texts.report_labels import COMMENT_AUTHOR, ZONE_CELL_LABELS

CURRENCY_SHEET: Final = "ISO 4217"
_CURRENCY_KIND: Final = KINDS["currency"]
_ALL_CODES: Final = pa.array(sorted({one.code for one in iso4217.Currency}), pa.string())
#: Those that the rules accept: metals, funds and test codes are not among them.
CURRENCY_CODES: Final[tuple[str, ...]] = tuple(
    _ALL_CODES.filter(pa.array(_CURRENCY_KIND.sound(_ALL_CODES, Assumptions(now=0)))).to_pylist()
)
#: 2100-01-01 UTC. Milliseconds and dates of spreadsheets are outside of the range of times.
_LATEST_CALL: Final = 4_102_444_800
#: 2010-01-01 and 2100-01-01 as days of a spreadsheet.
_FIRST_DAY: Final = 40_179
_LAST_DAY: Final = 73_051
#: Rows of the sheet, counted from 0: the zone of the dates, the titles, the first record.
_ZONE_ROW: Final = 0
_TITLE_ROW: Final = 1
_FIRST_ROW: Final = 2
#: Zones that are offered in its cell; any other can be written there, too.
_OFFERED_ZONES: Final = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
    "Asia/Irkutsk", "Asia/Vladivostok", "Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "UTC",
)  # fmt: skip
#: Of a sheet of Excel, counted from 0.
_LAST_ROW: Final = 1_048_575
#: The same template has the same bytes: no clock.
_CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_COMMENT: Final = {"author": COMMENT_AUTHOR, "x_scale": 2, "y_scale": 1.2}
_BOX_ROWS: Final = 4
_BOX: Final = {"width": 900, "height": 72, "font": {"size": 10}, "line": {"color": "#BFBFBF"}}
_LONG_TEXT: Final = 255
# Excel takes no arrays in such a formula, and none longer than 255 signs.
_LACKS_CHARACTER: Final = 'ISERR(SEARCH("{sign}",{{cell}}))'
_DIGITS: Final = "AND(ISTEXT({cell}),LEN({cell})<=20,ISNUMBER(--{cell})," + ",".join(
    _LACKS_CHARACTER.format(sign=sign) for sign in "e.,-+ "
) + ")"  # fmt: skip
_PHONE: Final = 'AND(ISTEXT({cell}),LEFT({cell})="+",LEN({cell})>=8,LEN({cell})<=16,ISNUMBER(--MID({cell},2,15)),' + (
    ",".join(_LACKS_CHARACTER.format(sign=sign) for sign in "e.- (") + ")"
)
_TRIMMED: Final = "AND(ISTEXT({cell}),LEN(TRIM({cell}))=LEN({cell}))"
_ADDRESS: Final = 'OR(LEFT({cell},7)="http://",LEFT({cell},8)="https://")'
#: Seconds of Unix, or a date: for a spreadsheet the number of its day, with the time of day as a fraction.
_TIME: Final = (
    f"AND(ISNUMBER({{cell}}),OR(AND({{cell}}>={EARLIEST_CALL},{{cell}}<={_LATEST_CALL},{{cell}}=INT({{cell}})),"
    f"AND({{cell}}>={_FIRST_DAY},{{cell}}<={_LAST_DAY})))"
)

#: kind -> the words of XlsxWriter's ``data_validation``; ``{cell}`` is the first cell of the column.
DATA_VALIDATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "user-id": {"validate": "custom", "value": f"={_TRIMMED}"},
    "client-id": {"validate": "custom", "value": f"={_DIGITS}"},
    "click-id": {"validate": "custom", "value": f"={_DIGITS}"},
    "unix-time": {"validate": "custom", "value": f"={_TIME}"},
    "flag": {"validate": "list", "source": ["0", "1"]},
    "money": {"validate": "decimal", "criteria": ">=", "value": 0},
    "currency": {"validate": "list", "source": f"='{CURRENCY_SHEET}'!$A$1:$A${len(CURRENCY_CODES)}"},
    "phone": {"validate": "custom", "value": f"={_PHONE}"},
    "seconds": {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": SECONDS_PER_DAY},
    "text": {"validate": "length", "criteria": "<=", "value": _LONG_TEXT, "error_type": "warning"},
    "url": {"validate": "custom", "value": f"={_ADDRESS}"},
}


def data_validation_for(field: Field, column: int, language: Language) -> dict[str, Any]:
    """The check of a column, with what the spreadsheet says before and after."""
    time = field.kind == "unix-time"
    description = say("template-time", language) if time else field.description(language)
    check = dict(DATA_VALIDATIONS[field.kind])
    if check["validate"] == "custom":
        check["value"] = check["value"].format(cell=xl_rowcol_to_cell(_FIRST_ROW, column))
    return {
        "input_title": field.name,
        "input_message": description,
        "error_title": say("template-wrong", language),
        "error_message": description,
        **check,
    }


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
    example = say("template-example", language, example=field.example)
    more = f"\n{say('template-time', language)}" if field.kind == "unix-time" else ""
    return f"{field.title(language)}. {field.description(language)}{more}\n{example}"


def _build_workbook(language: Language) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": "calltools", "created": _CREATED})
    _write_calls_sheet(book, book.add_worksheet(say("template-calls", language)), language)
    _write_columns_sheet(book.add_worksheet(say("template-columns", language)), language)
    _write_currency_sheet(book.add_worksheet(CURRENCY_SHEET))
    book.close()
    return stream.getvalue()


def _write_calls_sheet(book: Workbook, sheet: Worksheet, language: Language) -> None:
    head = book.add_format({"bold": True, "bg_color": "#FFF2CC", "border": 1, "num_format": "@"})
    forms = {True: book.add_format({"num_format": "@"}), False: book.add_format({"num_format": "General"})}
    whole = book.add_format({"num_format": "0"})
    _write_zone_cell(book, sheet, language)
    for column, field in enumerate(FIELDS):
        kind = KINDS[field.kind]
        # A spreadsheet gives a cell of a general format the format of a date when somebody types one.
        is_time = field.kind == "unix-time"
        is_whole = kind.json_type in {"integer", "boolean"} and not is_time
        cells = whole if is_whole else forms[kind.json_type == "string"]
        sheet.set_column(column, column, max(len(field.name), len(field.example)) + 2, cells)
        sheet.write_string(_TITLE_ROW, column, field.name, head)
        sheet.write_comment(_TITLE_ROW, column, describe_field(field, language), _COMMENT)
        sheet.data_validation(_FIRST_ROW, column, _LAST_ROW, column, data_validation_for(field, column, language))
    sheet.freeze_panes(_FIRST_ROW, 0)


def _write_zone_cell(book: Workbook, sheet: Worksheet, language: Language) -> None:
    """The cell that names the zone of dates; nobody guesses it, so it is empty."""
    column = FIELD_NAMES.index("DateTime")
    label = book.add_format({"bold": True, "align": "right"})
    sheet.merge_range(_ZONE_ROW, 0, _ZONE_ROW, column - 1, ZONE_CELL_LABELS[language], label)
    cell = book.add_format({"bg_color": "#E2EFDA", "border": 1, "num_format": "@"})
    sheet.write_blank(_ZONE_ROW, column, None, cell)
    title, words = FIELD_NAMES[column], say("template-zone", language)
    choice = {"validate": "list", "source": list(_OFFERED_ZONES), "error_type": "information"}
    told = {"input_title": title, "input_message": words, "error_title": title, "error_message": words}
    sheet.data_validation(_ZONE_ROW, column, _ZONE_ROW, column, {**choice, **told})


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
