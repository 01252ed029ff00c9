"""Of the findings on one fault, one is reported."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import calltools
from calltools.fields.table import FIELD_NAMES
from calltools.model.finding import Findings
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.validation.ruleset import FindingFilter, select_rules
from tests.test_pipeline import GOOD

NOW = 1773100800
FORMULA, ERROR = "=A1", "#N/A"
WHOLE = GOOD | {"Price": "100.00", "Currency": "RUB"}


@pytest.fixture
def codes_of(tmp_path):
    def checked(**cells):
        workbook = openpyxl.Workbook()
        workbook.active.append(FIELD_NAMES)
        for row in (WHOLE, WHOLE | {"DateTime": str(NOW - 60)} | cells):
            workbook.active.append([row.get(name, "") for name in FIELD_NAMES])
        workbook.save(tmp_path / "calls.xlsx")
        found = calltools.validate(tmp_path / "calls.xlsx", as_of=NOW).findings
        return sorted(one.code for one in found if one.record == 2)

    return checked


@pytest.mark.parametrize(("cell", "code"), [(FORMULA, "CT014"), (ERROR, "CT015")])
@pytest.mark.parametrize("name", ["ClientId", "Price", "Currency"])
def test_an_unreadable_value_is_not_reported_as_missing(codes_of, name, cell, code):
    assert codes_of(**{name: cell}) == [code]


def test_a_missing_value_beside_an_unreadable_cell_is_reported(codes_of):
    assert codes_of(Tag=FORMULA, ClientId="") == ["CT014", "CT301"]
    assert codes_of(Tag=ERROR, Price="") == ["CT015", "CT304"]
    assert codes_of(ClientId=FORMULA, Currency="") == ["CT014", "CT303"]


def located(code, record, position=None):
    at = np.array([record])
    return Findings.for_rule(code, records=at, places=at + 1, severity="error").with_column("position", position)


def deduplicate(rules, *found, layout=("ClientId", "DateTime", "Tag")):
    """The findings that are kept of (code, record, position)s with these rules added to the catalog."""
    finding_filter = FindingFilter(
        select_rules(), {name: (name, place) for place, name in enumerate(layout)}, False, (*RULES, *rules)
    )
    kept = finding_filter.deduplicate(Findings.concat([located(*one) for one in found]))
    return [(row["code"], row["record"]) for row in kept.to_rows()]


def test_a_cell_rule_is_silent_on_a_cell_that_a_rule_it_yields_to_has_named():
    invented = replace(RULES_BY_CODE["CT263"], code="CT299", yields_to=("CT261",))

    found = deduplicate([invented], ("CT261", 1, 2), ("CT299", 1, 2), ("CT299", 1, 1), ("CT299", 2, 2))

    assert found == [("CT299", 1), ("CT261", 1), ("CT299", 2)]


def test_a_row_rule_is_silent_where_a_cell_that_it_misses_was_named():
    invented = replace(RULES_BY_CODE["CT306"], code="CT399", yields_to=("CT015",), misses=("Tag",))

    found = deduplicate([invented], ("CT015", 1, 2), ("CT399", 1), ("CT015", 2, 0), ("CT399", 2), ("CT399", 3))

    assert found == [("CT015", 1), ("CT399", 2), ("CT015", 2), ("CT399", 3)]


def test_a_rule_that_excludes_others_silences_the_others_of_its_record():
    invented = replace(RULES_BY_CODE["CT018"], code="CT099", excludes_others=True)

    assert deduplicate([invented], ("CT099", 1), ("CT261", 1, 2), ("CT301", 1), ("CT301", 2)) == [
        ("CT099", 1),
        ("CT301", 2),
    ]


def test_row_rules_yield_to_a_header_rule():
    invented = replace(RULES_BY_CODE["CT306"], code="CT399", yields_to=("CT101",), misses=("Tag",))
    found = Findings.concat([located("CT399", 1), located("CT301", 1)])

    def codes_of(layout, found_codes=None):
        finding_filter = FindingFilter(select_rules(), dict.fromkeys(layout, ("", 0)), False, (*RULES, invented))
        return [row["code"] for row in finding_filter.suppress_repeats(found, found_codes).to_rows()]

    assert codes_of(["Tag", "ClientId"]) == ["CT399", "CT301"]
    assert codes_of(["ClientId"]) == ["CT301"]
    assert codes_of([]) == []
    assert codes_of([], {"CT102"}) == ["CT399"]


def test_precedence_is_written_in_the_catalog_alone():
    modules = Path(calltools.__file__).parent.joinpath("validation").glob("*.py")

    assert [path.name for path in modules if re.search("[\"']CT[0-9]", path.read_text(encoding="utf-8"))] == []
