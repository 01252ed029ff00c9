"""Numbers of records and lines, kept in few bytes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from calltools.rules.repeated_keys import DeltaEncoded


@given(st.lists(st.integers(min_value=0, max_value=2**40), max_size=50))
def test_any_numbers_come_back(numbers):
    array = np.array(numbers, np.int64)

    assert DeltaEncoded.encode(array).decode(np.arange(len(numbers))).tolist() == numbers
    assert DeltaEncoded.encode(array).decode(np.arange(0, len(numbers), 3)).tolist() == numbers[::3]


@given(first=st.integers(min_value=0, max_value=2**40), count=st.integers(min_value=1, max_value=2000))
def test_numbers_one_after_the_other_take_no_room(first, count):
    encoded = DeltaEncoded.encode(np.arange(first, first + count))

    assert encoded.deltas is None
    assert encoded.decode(np.arange(count)).tolist() == list(range(first, first + count))


def test_lines_of_records_take_a_byte_each():
    encoded = DeltaEncoded.encode(np.array([2, 3, 7, 260]))

    assert encoded.deltas is not None
    assert encoded.deltas.nbytes == 3
    assert encoded.decode(np.arange(4)).tolist() == [2, 3, 7, 260]
