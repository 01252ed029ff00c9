"""Ids that hold the second in which a call began."""

import re

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from calltools.vendors import zones

IDS = st.from_regex(r"(mia-|-| |[0-9]-)?[0-9]{8,11}([.][0-9]{0,2})?[ ]?", fullmatch=True) | st.text(
    "0189.- ", max_size=14
)


@given(st.lists(IDS, max_size=30))
@example(["1771672800.12", " 1771672800.12", "mia-1771672800.12", "999999999.1", "1771672800.", "1771672800"])
def test_the_second_is_read_from_ids_of_all_ages_and_machines(texts):
    epochs, found_mask = zones.epochs_in_ids(pa.array(texts, pa.string()))

    found = [re.search(r"(?:^|-)([0-9]{9,10})[.][0-9]+", text.strip()) for text in texts]
    assert found_mask.tolist() == [one is not None for one in found]
    assert epochs[found_mask].tolist() == [int(one[1]) for one in found if one]
