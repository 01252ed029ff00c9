"""pandera as the judge: what fails is a verdict or a defect, and never a text with values."""

from dataclasses import replace

import pandas as pd
import pytest

from calltools.errors import DefectError
from calltools.rules.catalog import RULES_BY_CODE
from calltools.validation.pandera_schema import PanderaSchema
from calltools.validation.validator import _failed_rows

FORMULA = RULES_BY_CODE["CT282"]


def failures(rule, assumptions, *cells, dtype="str", doubtful=None):
    frame = pd.DataFrame({"Tag": pd.Series(list(cells), dtype=dtype)})
    return PanderaSchema([rule], ["Tag"], assumptions).failed_checks(frame, doubtful or {})


def test_a_verdict_names_the_rule_the_column_and_the_rows(assumptions):
    (failure,) = failures(FORMULA, assumptions, "=1", "a", "+1")

    code, column, rows = _failed_rows(failure)

    assert (code, column, rows.tolist()) == ("CT282", "Tag", [0, 2])
    assert failures(FORMULA, assumptions, "a", "") == []


def test_a_schema_forgets_the_frame_before(assumptions):
    schema = PanderaSchema([FORMULA], ["Tag"], assumptions)
    frame = pd.DataFrame({"Tag": pd.Series(["=1", "=2"], dtype="str")})

    first = schema.failed_checks(frame, {"Tag": pd.Series([True, False]).to_numpy()})
    second = schema.failed_checks(frame)

    assert [_failed_rows(one)[2].tolist() for one in (*first, *second)] == [[0], [0, 1]]


def test_a_check_that_breaks_is_a_defect_and_says_no_value(assumptions):
    def broken(cells, _assumptions):
        raise ValueError(cells[0].as_py())

    (failure,) = failures(replace(FORMULA, cell=broken), assumptions, "+74950000001")

    with pytest.raises(DefectError) as caught:
        _failed_rows(failure)
    assert "CT282" in str(caught.value)
    assert "4950000001" not in str(caught.value)


def test_a_column_that_is_no_text_is_a_defect(assumptions):
    (failure,) = failures(FORMULA, assumptions, 74950000001, dtype="int64")[:1]

    with pytest.raises(DefectError) as caught:
        _failed_rows(failure)
    assert "4950000001" not in str(caught.value)
