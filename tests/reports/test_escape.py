"""What is not seen, or commands a terminal, is written out."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.reports.escape import escape_invisible, escape_invisible_cells

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("Заявка с сайта", "Заявка с сайта", id="plain"),
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="color"),
        pytest.param("a\nb\r\tc", r"a\nb\r\tc", id="line ends and tab"),
        pytest.param("\x9b31m", r"\x9b31m", id="C1 control sequence"),
        pytest.param("a\u202eb", r"a\u202eb", id="direction override"),
        pytest.param("1604\u00a0", r"1604\xa0", id="no-break space"),
        pytest.param("a\u200bb\ufeff", r"a\u200bb\ufeff", id="zero width"),
        pytest.param("\U000e0041", r"\U000e0041", id="tag"),
        pytest.param("…«ё»😀", "…«ё»😀", id="beyond ASCII but seen"),
        pytest.param("", "", id="empty"),
    ],
)
def test_odd_characters_are_written_out(text, written):
    assert escape_invisible(text) == written
    assert escape_invisible_cells(pa.array([text])).to_pylist() == [written]


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=20))
def test_columns_are_written_as_cells_are(texts):
    written = escape_invisible_cells(pa.array(texts, pa.string())).to_pylist()

    assert written == [None if text is None else escape_invisible(text) for text in texts]


@given(TEXTS)
def test_nothing_written_out_is_a_control_or_a_direction(text):
    written = escape_invisible(text)

    assert not any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in written)
    assert not any(
        unicodedata.bidirectional(sign) in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI"} for sign in written
    )
    assert escape_invisible(written) == written


def test_the_separator_of_a_detail_is_kept_on_request():
    assert escape_invisible("7\x1f\x1b8", parts=True) == "7\x1f\\x1b8"
    assert escape_invisible_cells(pa.array(["7\x1f8", "7\x1b"]), parts=True).to_pylist() == ["7\x1f8", r"7\x1b"]
