"""What a user says about a file: taken if it exists, refused with what was probably meant."""

import pytest

from calltools.errors import UsageError
from calltools.fields.check_assumptions import check_assumptions


@pytest.mark.parametrize(
    "said",
    [
        (None, None, None),
        ("Europe/Moscow", "RU", "RUB"),
        ("UTC", "KZ", "KZT"),
        ("Etc/GMT-3", "US", "USD"),
    ],
)
def test_what_exists_is_taken(said):
    check_assumptions(*said)


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("europe/moscow", "Europe/Moscow"),
        ("Europe/Moskva", "Europe/Moscow"),
        ("Moskow", "Europe/Moscow"),
        ("MSK", "Europe/Moscow"),
        ("москва", "Europe/Moscow"),
        ("Russia/Samara", "Europe/Samara"),
        ("Ekaterinburg", "Asia/Yekaterinburg"),
        ("new york", "America/New_York"),
        ("UTC+3", "Etc/GMT-3"),
        ("+03:00", "Etc/GMT-3"),
        ("GMT-05", "Etc/GMT+5"),
        ("UTC+0", "UTC"),
        ("UTC+15", ""),
        ("+5:30", ""),
        ("OMS", ""),
        ("home", ""),
    ],
)
def test_a_zone_that_does_not_exist_is_refused_with_the_one_that_was_meant(said, near):
    with pytest.raises(UsageError) as fault:
        check_assumptions(said, None, None)

    assert fault.value.facts["near"] == near
    assert said in fault.value.say("en")
    assert near in fault.value.say("ru")


@pytest.mark.parametrize("said", ["RUSSIA", "RUS", "7", "XX", "ru"])
def test_a_country_that_does_not_exist_is_refused(said):
    with pytest.raises(UsageError, match="two letters"):
        check_assumptions(None, said, None)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("RUBL", "currency-unknown"),
        ("ZZZ", "currency-unknown"),
        ("XXX", "currency-unknown"),
        ("RUR", "currency-withdrawn"),
    ],
)
def test_a_currency_that_does_not_exist_is_refused(said, key):
    with pytest.raises(UsageError) as fault:
        check_assumptions(None, None, said)

    assert fault.value.key == key
    assert ("RUB" in fault.value.say("ru")) or key == "currency-unknown"
