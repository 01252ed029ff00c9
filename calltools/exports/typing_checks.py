"""What a spreadsheet checks while a person types into the template: a test for each kind of value."""

from collections.abc import Mapping
from typing import Any, Final

import iso4217
import pyarrow as pa
from xlsxwriter.utility import xl_rowcol_to_cell

from calltools.fields.field import Field
from calltools.fields.kinds import KINDS
from calltools.messages import Language
from calltools.model.assumptions import Assumptions

CURRENCY_SHEET: Final = "ISO 4217"
_CURRENCY_KIND: Final = KINDS["currency"]
_ALL_CODES: Final = pa.array(sorted({one.code for one in iso4217.Currency}), pa.string())
#: Those that the rules accept: metals, funds and test codes are not among them.
CURRENCY_CODES: Final[tuple[str, ...]] = tuple(
    _ALL_CODES.filter(pa.array(_CURRENCY_KIND.sound(_ALL_CODES, Assumptions(now=0)))).to_pylist()
)
#: 2010-01-01 and 2100-01-01 UTC: milliseconds and spreadsheet dates lie outside.
_EARLIEST, _LATEST = 1_262_304_000, 4_102_444_800
_DAY_S: Final = 86_400
_LONG_TEXT: Final = 255
_WRONG: Final = {"en": "Not as Metrica takes it", "ru": "Метрика так не примет"}
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

#: kind -> the words of XlsxWriter's ``data_validation``; ``{cell}`` is the first cell of the column.
DATA_VALIDATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "user-id": {"validate": "custom", "value": f"={_TRIMMED}"},
    "client-id": {"validate": "custom", "value": f"={_DIGITS}"},
    "click-id": {"validate": "custom", "value": f"={_DIGITS}"},
    "unix-time": {"validate": "integer", "criteria": "between", "minimum": _EARLIEST, "maximum": _LATEST},
    "flag": {"validate": "list", "source": ["0", "1"]},
    "money": {"validate": "decimal", "criteria": ">=", "value": 0},
    "currency": {"validate": "list", "source": f"='{CURRENCY_SHEET}'!$A$1:$A${len(CURRENCY_CODES)}"},
    "phone": {"validate": "custom", "value": f"={_PHONE}"},
    "seconds": {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": _DAY_S},
    "text": {"validate": "length", "criteria": "<=", "value": _LONG_TEXT, "error_type": "warning"},
    "url": {"validate": "custom", "value": f"={_ADDRESS}"},
}


def data_validation_for(field: Field, column: int, language: Language) -> dict[str, Any]:
    """The check of a column, with what the spreadsheet says before and after."""
    description = field.description_ru if language == "ru" else field.description_en
    check = dict(DATA_VALIDATIONS[field.kind])
    if check["validate"] == "custom":
        check["value"] = check["value"].format(cell=xl_rowcol_to_cell(1, column))
    return {
        "input_title": field.name,
        "input_message": description,
        "error_title": _WRONG[language],
        "error_message": description,
        **check,
    }
