"""Whole numbers that a column of floats, or white space, has changed: as words of a profile they stay what they are."""

import pyarrow as pa
import pytest

from calltools.fields.kernels import cell_kernels
from calltools.fields.kinds.phone import comparable_numbers
from calltools.vendors.transforms import condition_mask, translate_words


@pytest.mark.parametrize("written", ["1", "1.0", "1,0", "1.00", " 1 ", "1.0 ", "'1"])
def test_a_word_that_is_a_number(written):
    cells = pa.array([written, "2.0", ""])

    translated, unknown = translate_words(cells, {"1": "yes", "2": "no"}, None)

    assert translated.to_pylist() == ["yes", "no", ""]
    assert not unknown.any()
    assert translate_words(cells, {"1": "yes"}, "other")[0].to_pylist() == ["yes", "other", ""]


@pytest.mark.parametrize("written", ["1", "1.0", "1,00", " 1", "ANSWERED ", "answered\u00a0"])
def test_a_word_of_a_condition(written):
    cells = pa.array([written, "1.5", "11"])

    assert condition_mask({"a": ("1", "Answered")}, lambda _: cells, 3).tolist() == [True, False, False]


def test_an_extension_as_a_number_cell_is_an_own_number_as_well():
    assert comparable_numbers(pa.array(["600.0", "600,00", "600"]), "RU").to_pylist() == ["600"] * 3


@pytest.mark.parametrize(("russian", "english"), [("ИСТИНА", "true"), ("Ложь", "FALSE"), ("'ложь", "false")])
def test_booleans_of_a_russian_spreadsheet_are_those_of_the_profile(russian, english):
    cells = pa.array([russian, "", "иное"])

    translated, unknown = translate_words(cells, {english: "1"}, None)

    assert translated.to_pylist() == ["1", "", "иное"]
    assert unknown.tolist() == [False, False, True]
    assert condition_mask({"a": (english,)}, lambda _: pa.array([russian.lstrip("'"), "иное"]), 2).tolist() == [
        True,
        False,
    ]


def test_a_profile_may_list_russian_booleans_itself():
    assert translate_words(pa.array(["Истина", "true"]), {"истина": "1", "true": "2"}, None)[0].to_pylist() == [
        "1",
        "2",
    ]


def test_three_zeros_behind_a_comma_may_be_thousands():
    cells = pa.array(["12,000", "1.000", "600,0", "600.0000", "1234.000", "12.00", "0.000", "45.000"])

    plain = ["12,000", "1.000", "600", "600", "1234", "12", "0", "45.000"]
    assert cell_kernels.without_decimal_tail(cells).to_pylist() == plain
    assert cell_kernels.drop_decimal_tail(cells).to_pylist() == plain
