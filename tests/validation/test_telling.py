"""What is told of what was found: each fault once."""

import openpyxl
import pytest

import calltools
from calltools.fields.table import NAMES
from tests.test_pipeline import GOOD

NOW = 1773100800
FORMULA, ERROR = "=A1", "#N/A"
WHOLE = GOOD | {"Price": "100.00", "Currency": "RUB"}


@pytest.fixture
def told(tmp_path):
    def checked(**cells):
        book = openpyxl.Workbook()
        book.active.append(NAMES)
        for row in (WHOLE, WHOLE | {"DateTime": str(NOW - 60)} | cells):
            book.active.append([row.get(name, "") for name in NAMES])
        book.save(tmp_path / "calls.xlsx")
        found = calltools.validate(tmp_path / "calls.xlsx", as_of=NOW).findings
        return sorted(one.code for one in found if one.record == 2)

    return checked


@pytest.mark.parametrize(("cell", "code"), [(FORMULA, "CT014"), (ERROR, "CT015")])
@pytest.mark.parametrize("name", ["ClientId", "Price", "Currency"])
def test_a_value_that_could_not_be_read_is_not_said_to_be_missing(told, name, cell, code):
    assert told(**{name: cell}) == [code]


def test_what_is_missing_beside_a_cell_that_could_not_be_read_is_named(told):
    assert told(Tag=FORMULA, ClientId="") == ["CT014", "CT301"]
    assert told(Tag=ERROR, Price="") == ["CT015", "CT304"]
    assert told(ClientId=FORMULA, Currency="") == ["CT014", "CT303"]
