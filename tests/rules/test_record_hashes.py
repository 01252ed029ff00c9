"""Hashes by which equal records are found."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from calltools.rules.repeated_keys import hash_rows

TEXTS = st.text(max_size=20) | st.sampled_from(["", "1", "12345678", "123456789", "x" * 64, "x" * 65, "x" * 64 + "y"])


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=30), st.integers(0, 3))
def test_rows_have_one_hash_exactly_when_they_have_one_text(rows, skipped):
    columns = [pa.array(column, pa.string()).slice(min(skipped, len(rows) - 1)) for column in zip(*rows, strict=True)]
    sliced = rows[min(skipped, len(rows) - 1) :]

    hashes = hash_rows(columns).tolist()

    assert {
        (one, other): hashes[one] == hashes[other] for one in range(len(sliced)) for other in range(len(sliced))
    } == {(one, other): sliced[one] == sliced[other] for one in range(len(sliced)) for other in range(len(sliced))}


def test_texts_that_differ_by_zero_bytes_or_by_their_cut_have_different_hashes():
    columns = [pa.array(["a", "a\x00", "", "\x00", "ab", "a"]), pa.array(["b", "b", "ab", "ab", "", "b\x00"])]

    assert len(set(hash_rows(columns).tolist())) == 6
