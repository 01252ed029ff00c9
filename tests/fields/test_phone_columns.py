"""Whole columns of phones: what becomes of a number does not depend on those beside it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields import phone_spellings
from calltools.fields.phone_spellings import is_plus_and_digits, rewrite_as_e164
from calltools.model.assumptions import Assumptions

WRITTEN = st.sampled_from(
    ["", "+74950000001", "8 (495) 000-00-02", "7 495 000\u201300\u201303", "84950000004", "89300000005", "8 495",
     "+8 495 000-00-06", "8 10 44 2079460000", "810442079460000", "74950000007.0", "anonymous", "(495) 000-00-08",
     "8a950000009", "+442079460000", "8 (495) 000-00-02 доб. 1", "88005553535", "٨٤٩٥٠٠٠٠٠٠٠١"]
) | st.from_regex(r"[78][ (-]{0,2}[0-9]{3}[) -]{0,2}[0-9]{3}-?[0-9]{3,5}", fullmatch=True)  # fmt: skip


@given(st.lists(WRITTEN, min_size=1, max_size=12), st.sampled_from(["RU", "KZ", "DE", None]), st.integers(0, 2))
def test_a_column_is_rewritten_as_each_of_its_cells_is_alone(written, region, skipped):
    assumptions = Assumptions(0, region=region)
    # A slice does not begin where its buffers do.
    column = pa.array([*["8 (495) 000-00-99"] * skipped, *written])[skipped:]

    alone = [rewrite_as_e164(pa.array([cell]), assumptions)[0].as_py() for cell in written]

    assert rewrite_as_e164(column, assumptions).to_pylist() == alone
    assert is_plus_and_digits(column).tolist() == [cell[:1] == "+" and cell[1:].isdigit() for cell in written]


@pytest.mark.parametrize("prefix", ["8 (495) ", "7495", "8495"])
def test_assigned_russian_numbers_are_rewritten_without_the_parser(monkeypatch, prefix):
    parsed = []
    monkeypatch.setattr(phone_spellings, "_format_e164", lambda text, _region: parsed.append(text) or text)
    column = pa.array([*(f"{prefix}{number:07}" for number in range(3_000_000, 3_000_500)), "+74950000001", "", "123"])

    rewritten = rewrite_as_e164(column, Assumptions(0, region="RU")).to_pylist()

    assert rewritten[:2] == ["+74953000000", "+74953000001"]
    assert rewritten[-3:] == ["+74950000001", "", "123"]
    assert parsed in ([], ["123"])
