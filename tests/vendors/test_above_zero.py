"""The word ``>0`` of a condition: a number above zero."""

import pyarrow as pa

from calltools.vendors.transforms import condition_mask


def test_only_numbers_above_zero_hold():
    cells = pa.array(["12", "0", "", "00", "007", "-1", "x", "1.5"])

    assert condition_mask({"a": (">0",)}, lambda _: cells, 8).tolist() == [
        True,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
    ]


def test_it_combines_with_other_transforms():
    cells = pa.array(["12", "0", "", "never"])

    assert condition_mask({"a": (">0", "")}, lambda _: cells, 4).tolist() == [True, False, True, False]
    assert condition_mask({"a": (">0",)}, lambda _: None, 4).tolist() == [False] * 4
