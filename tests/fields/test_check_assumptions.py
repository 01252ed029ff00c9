"""Assumptions of a user: taken if the value exists, refused with the nearest one otherwise."""

import pytest

from calltools.errors import UsageError
from calltools.fields.check_assumptions import check_assumptions


@pytest.mark.parametrize(
    "value",
    [
        (None, None, None),
        ("Europe/Moscow", "RU", "RUB"),
        ("UTC", "KZ", "KZT"),
        ("Etc/GMT-3", "US", "USD"),
    ],
)
def test_what_exists_is_taken(value):
    check_assumptions(*value)


@pytest.mark.parametrize(
    ("value", "near"),
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
def test_a_zone_that_does_not_exist_is_refused_with_the_one_that_was_meant(value, near):
    with pytest.raises(UsageError) as fault:
        check_assumptions(value, None, None)

    assert fault.value.facts["near"] == near
    assert value in fault.value.say("en")
    assert near in fault.value.say("ru")


@pytest.mark.parametrize("value", ["RUSSIA", "RUS", "7", "XX", "ru"])
def test_a_country_that_does_not_exist_is_refused(value):
    with pytest.raises(UsageError, match="two letters"):
        check_assumptions(None, value, None)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("RUBL", "currency-unknown"),
        ("ZZZ", "currency-unknown"),
        ("XXX", "currency-unknown"),
        ("RUR", "currency-withdrawn"),
    ],
)
def test_a_currency_that_does_not_exist_is_refused(value, key):
    with pytest.raises(UsageError) as fault:
        check_assumptions(None, None, value)

    assert fault.value.key == key
    assert ("RUB" in fault.value.say("ru")) or key == "currency-unknown"
