"""Bytes as text: exactly what Python reads, or nothing."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.files.csv.encoding import (
    LOG_PRIORS,
    _log_likelihood,
    decode_cells,
    is_utf8_block,
    text_log_likelihood,
    view_as_text,
)

ENCODINGS = ["cp1251", "cp866", "koi8-r", "latin-1", "cp1252"]


@given(st.lists(st.binary(max_size=12)), st.sampled_from(ENCODINGS), st.integers(0, 3))
def test_every_cell_is_decoded_as_python_does(texts, encoding, first):
    column = pa.chunked_array([pa.array(texts, pa.binary()).slice(first)])
    try:
        expected = [text.decode(encoding) for text in texts[first:]]
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            decode_cells(column, encoding)
        return

    assert decode_cells(column, encoding).to_pylist() == expected
    decode_cells(column, encoding).validate(full=True)


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-8", "replace")[:-1]))
def test_a_block_is_utf8_exactly_where_python_decodes_it(data):
    try:
        data.decode()
        expected = True
    except UnicodeDecodeError:
        expected = False

    assert is_utf8_block(memoryview(data)) is expected


@given(st.lists(st.text(max_size=5)))
def test_utf8_is_text_as_it_is(texts):
    column = pa.chunked_array([pa.array([text.encode() for text in texts], pa.binary())])

    assert view_as_text(column).to_pylist() == texts
    assert view_as_text(pa.chunked_array([column.chunk(0)[:1], column.chunk(0)[1:]])).to_pylist() == texts


@pytest.mark.parametrize("encoding", LOG_PRIORS)
@given(
    st.one_of(
        st.binary(max_size=40),
        st.text("абвяёАБВЯЁ -a\n", max_size=40).map(lambda text: text.encode("cp1251")),
        st.text("яЁaZ -", max_size=20).map(lambda text: text.encode("cp1251")),
        st.text("ЁАб", max_size=12).map(lambda text: text.encode("cp866")),
    )
)
def test_bytes_are_weighed_as_their_text_is(encoding, head):
    text = head.decode(encoding, "replace")

    assert _log_likelihood(head, encoding) - LOG_PRIORS[encoding] == pytest.approx(text_log_likelihood(text), abs=1e-6)
