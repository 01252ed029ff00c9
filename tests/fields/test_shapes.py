"""Shapes of whole columns against what Python says of each cell."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields import any_cell
from calltools.fields.kinds import money
from calltools.fields.shapes import is_sign
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
    told = any_cell.control_character(pa.array(texts, pa.string()))

    assert told.tolist() == [bool(CONTROL.search(text)) for text in texts]


@given(st.lists(st.text("01.a", max_size=3)), st.integers(0, 3))
def test_dots_and_signs_are_found_in_their_rows(texts, first):
    cells = pa.array(texts, pa.string()).slice(first)
    positions, rows = money.dots(cells)

    assert rows.tolist() == [row for row, text in enumerate(texts[first:]) for sign in text if sign == "."]
    assert len(positions) == len(rows)
    assert is_sign(cells, "1").tolist() == [text == "1" for text in texts[first:]]
