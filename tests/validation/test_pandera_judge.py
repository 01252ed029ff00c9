"""pandera as the judge: a failure is a verdict or a defect, and its text never has values."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from calltools.errors import DefectError
from calltools.rules.catalog import RULES_BY_CODE
from calltools.validation.pandera_schema import PanderaSchema

FORMULA = RULES_BY_CODE["CT282"]


def failures(rule, assumptions, *cells, type_="string"):
    schema = PanderaSchema([rule], ["Tag"], assumptions)
    return schema.failed_checks({"Tag": pa.array(list(cells), type_)})


def test_a_verdict_names_the_rule_the_column_and_the_rows(assumptions):
    (failure,) = failures(FORMULA, assumptions, "=1", "a", "+1")

    assert (failure.code, failure.column, failure.rows.tolist()) == ("CT282", "Tag", [0, 2])
    assert failures(FORMULA, assumptions, "a", "") == []


def test_a_schema_forgets_the_frame_before(assumptions):
    schema = PanderaSchema([FORMULA], ["Tag"], assumptions)
    columns = {"Tag": pa.array(["=1", "=2"])}

    first = schema.failed_checks(columns, {"Tag": np.array([True, False])})
    second = schema.failed_checks(columns)

    assert [one.rows.tolist() for one in (*first, *second)] == [[0], [0, 1]]


def test_cells_that_are_alike_are_judged_once(assumptions):
    seen = []
    counted = replace(FORMULA, cell=lambda cells, given: seen.append(len(cells)) or FORMULA.cell(cells, given))
    schema = PanderaSchema([counted], ["Tag"], assumptions)
    cells = ["=1", "a", "b", "+1"] * 500

    (failure,) = schema.failed_checks({"Tag": pa.array(cells)}, {"Tag": np.ones(len(cells), bool)})

    assert failure.rows.tolist() == [row for row, cell in enumerate(cells) if cell in {"=1", "+1"}]
    assert seen == [4]


def test_a_check_that_raises_is_a_defect_without_a_value(assumptions):
    def broken(cells, _assumptions):
        raise ValueError(cells[0].as_py())

    with pytest.raises(DefectError) as caught:
        failures(replace(FORMULA, cell=broken), assumptions, "+74950000001")
    assert "CT282" in str(caught.value)
    assert "4950000001" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_column_that_is_no_text_is_a_defect(assumptions):
    with pytest.raises(DefectError) as caught:
        failures(FORMULA, assumptions, 74950000001, type_="int64")
    assert "4950000001" not in str(caught.value)


def test_the_environment_cannot_switch_pandera_off(assumptions, monkeypatch):
    monkeypatch.setattr("pandera.config.CONFIG.validation_enabled", False)

    assert len(failures(FORMULA, assumptions, "=1")) == 1
