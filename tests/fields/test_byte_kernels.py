"""Shapes of whole columns against plain Python on each cell."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    cells_with_marked_bytes,
    first_bytes,
    flatnonzero_sparse,
    is_single_character,
    last_bytes,
    parse_prefixed_numbers,
    parse_whole_parts,
    slice_bytes,
    sorts_before,
    trim_whitespace,
)
from calltools.fields.kinds import currency, money, unix_time, url
from calltools.model.cells import as_mask

CONTROL = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]")
ODD = st.text(st.sampled_from("a1.\t\n\r\x00\x7f\x80\x9f\xa0é№ы中\u2028\u202e\u2066\ufffd\ufeff😀"), max_size=6)


@given(st.lists(st.none() | st.booleans()), st.integers(0, 20))
def test_a_verdict_is_a_mask_wherever_it_begins(verdict, first):
    found = as_mask(pa.array(verdict, pa.bool_()).slice(first))

    assert found.tolist() == [bool(one) for one in verdict[first:]]
    assert found.dtype == np.bool_


def test_a_verdict_on_nothing_is_an_empty_mask():
    assert as_mask(pc.equal(pa.array([], pa.string()), "1")).tolist() == []


@given(st.lists(ODD))
def test_control_characters_are_found_in_any_script(texts):
    mask = cell_kernels.control_character(pa.array(texts, pa.string()))

    assert mask.tolist() == [bool(CONTROL.search(text.strip("\t"))) for text in texts]


@given(st.lists(st.text("01.a", max_size=5)), st.integers(0, 3))
def test_dots_and_signs_are_found_in_their_rows(texts, first):
    cells = pa.array(texts, pa.string()).slice(first)
    there = money.find_dots(cells)
    sliced = texts[first:]

    assert there.third_from_end.tolist() == [text[-3:-2] == "." for text in sliced]
    assert there.other_rows.tolist() == [
        row for row, text in enumerate(sliced) for at, sign in enumerate(text) if sign == "." and at != len(text) - 3
    ]
    assert is_single_character(cells, "1").tolist() == [text == "1" for text in sliced]
    assert first_bytes(cells).tolist() == [ord(text[0]) if text else 0 for text in sliced]
    assert last_bytes(cells).tolist() == [ord(text[-1]) if text else 0 for text in sliced]


@given(st.lists(st.text("019.", max_size=12)), st.text("019.", min_size=8, max_size=12), st.integers(0, 3))
def test_cells_of_one_length_sort_as_texts_do(texts, other, first):
    cells = pa.array([*texts, other], pa.string()).slice(first)

    assert sorts_before(cells, other).tolist() == [
        len(text) == len(other) and text < other for text in [*texts, other][first:]
    ]


@pytest.mark.parametrize("moment", [-5, 0, 10**9 - 1, 10**9, 1262304000, 1262304001, 10**10 - 1, 10**10, 10**12])
def test_times_are_before_a_moment_however_long_it_is(moment):
    texts = ["", "5", "999999999", "1000000000", "1262304000", "9999999998", "10000000000"]

    mask = unix_time.earlier_than(pa.array(texts, pa.string()), moment)

    assert mask.tolist() == [len(text) == 10 and int(text) < moment for text in texts]


@given(st.lists(st.text("+-0189a", max_size=18)), st.integers(0, 3))
def test_numbers_are_read_behind_their_sign(texts, first):
    cells = pa.array([*texts, "+123456789012345"], pa.string()).slice(first)

    values, sizes = parse_prefixed_numbers(cells, ord("+"))

    numbers = [text[1:] if re.fullmatch("[+][0-9]{1,15}", text) else "" for text in cells.to_pylist()]
    assert values.tolist() == [int(number or 0) for number in numbers]
    assert sizes.tolist() == [len(number) for number in numbers]


@given(
    st.lists(st.text("0189.", max_size=13) | st.from_regex("[0-9]{9,11}[.][0-9]?", fullmatch=True)), st.integers(0, 3)
)
def test_whole_parts_are_read_before_their_point(texts, first):
    cells = pa.array([*texts, "1771672800.1", "177167280.12"], pa.string()).slice(first)

    values, mask = parse_whole_parts(cells, 10)

    found = [re.match("([0-9]{10})[.][0-9]", text) for text in cells.to_pylist()]
    assert mask.tolist() == [one is not None for one in found]
    assert values[mask].tolist() == [int(one[1]) for one in found if one]


@given(st.lists(st.text("a.", max_size=4)), st.integers(0, 3), st.sampled_from(["a", "a." * 3, "." * 40]))
def test_marked_bytes_are_found_in_their_rows_whether_few_or_many(texts, first, other):
    cells = pa.array([*texts, *[other] * 20], pa.string()).slice(first)

    found = cells_with_marked_bytes(cells, slice_bytes(cells)[0] == ord("."))

    assert found.tolist() == ["." in text for text in [*texts, *[other] * 20][first:]]


SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace()]


@pytest.mark.parametrize("space", SPACES, ids=ascii)
@pytest.mark.parametrize("letter", ["a", "я", "р", "№", "中", ""])
def test_white_space_around_cells_goes_and_other_cells_are_the_very_same(space, letter):
    bare, inside = pa.array([letter, "", f"a{letter}"]), pa.array([f"a{space}{letter}b"])
    for text in (f"{space}{letter}", f"{letter}{space}", f"{space}{letter}{space}"):
        assert trim_whitespace(pa.array([text, letter])).to_pylist() == [letter, letter]
    for cells in (bare, inside):
        assert trim_whitespace(cells).to_pylist() == cells.to_pylist()
    assert trim_whitespace(pa.array(["ab", "р1", "1", ""])[1:]).to_pylist() == ["р1", "1", ""]


@given(st.lists(st.integers(0, 49_999), max_size=200), st.integers(0, 9), st.integers(1, 2))
def test_places_are_found_whether_few_or_many(places, first, step):
    mask = np.zeros(50_000, bool)
    mask[places] = True
    for some in (mask[first:], mask[first::step], ~mask[first:], mask[:first]):
        assert flatnonzero_sparse(some).tolist() == np.flatnonzero(some).tolist()


@given(st.lists(st.text("HTPShtps:/.é-x@", max_size=12) | st.sampled_from(["http://e.ru", "https://e.ru", "http://e"])))
def test_a_plain_address_has_a_scheme_and_a_host(texts):
    plain = url.is_plainly_sound(pa.array(texts, pa.string()))

    for text, mask in zip(texts, plain.tolist(), strict=True):
        assert mask == bool(re.fullmatch("https?://[a-zA-Z][!-?A-Z^-~]*", text))


@given(st.lists(st.sampled_from(["RUB", "rub", "JPY", "XXX", "RUR", "", "RU", "RUBL", "руб", "\x12\x15\x02"])))
def test_codes_are_compared_byte_for_byte(texts):
    cells = pa.array(texts, pa.string())
    units = {"RUB": 2, "JPY": 0}

    assert currency.minor_units(cells).tolist() == [units.get(text, -1) for text in texts]
    assert currency.KIND.sound(cells, None).tolist() == [text in {"RUB", "JPY", ""} for text in texts]


def test_white_space_behind_a_guard_goes_with_it():
    cells = pa.array(["'\n0", '=" 1604591025698235234 "', "tel: +74950000000", "\t'1"])

    assert cell_kernels.cleaned(cells).to_pylist() == ["0", "1604591025698235234", "+74950000000", "1"]
