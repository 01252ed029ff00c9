"""``phones = "international"``: digits that begin with a country code get their plus, and nothing else changes."""

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.phone_spellings import with_international_plus

#: An assigned number of every region whose metadata has an example. Seven digits may be a city number: they stay.
ASSIGNED = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number(region)) is not None and len(str(number.national_number)) > 5
]


@pytest.mark.parametrize("region", [None, "DE", "US"])
def test_the_number_of_every_country_gets_its_plus(region):
    read = with_international_plus(pa.array([text[1:] for text in ASSIGNED]), region).to_pylist()

    assert len(ASSIGNED) > 200
    assert [text for text in zip(ASSIGNED, read, strict=True) if text[0] != text[1]] == []


@pytest.mark.parametrize("region", ["RU", "KZ"])
def test_eight_and_ten_digits_stay_as_they_are_dialed_there(region):
    assert with_international_plus(pa.array(["84950000101", "74950000101", "375291234567"]), region).to_pylist() == [
        "84950000101",
        "+74950000101",
        "+375291234567",
    ]


@given(st.lists(st.text("+0123456789 ()-x", max_size=17)), st.sampled_from([None, "RU", "DE"]))
def test_nothing_but_a_plus_is_added(texts, region):
    read = with_international_plus(pa.array(texts, pa.string()), region).to_pylist()

    changed = [(before, after) for before, after in zip(texts, read, strict=True) if before != after]
    assert all(after == f"+{before}" and before.isdecimal() and len(before) > 7 for before, after in changed)
