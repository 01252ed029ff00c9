"""Words of the command line as values."""

import pytest

from calltools.cli.options import FindingOptions, ReadingOptions
from calltools.cli.run_options import build_run_options
from calltools.errors import UsageError


def options_of(**reading):
    return build_run_options(ReadingOptions(**reading), FindingOptions())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("21d", 1_814_400), ("12h", 43_200), ("90m", 5_400), ("45s", 45), (" 1D ", 86_400), ("0d", 0)],
)
def test_a_window_has_a_unit(text, seconds):
    assert options_of(identifier_window=text).identifier_window_s == seconds


@pytest.mark.parametrize("text", ["21", "5y", "d", "-1d", "1.5h", "", "1d12h"])
def test_a_window_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="span of time"):
        options_of(identifier_window=text)


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("1773100800", 1773100800),
        ("2026-03-10T00:00:00Z", 1773100800),
        ("2026-03-10T03:00:00+03:00", 1773100800),
        ("2026-03-10 03:00+03:00", 1773100800),
    ],
)
def test_now_is_a_moment(text, now):
    assert options_of(as_of=text).as_of == now


def test_columns_of_the_second_file_are_pairs():
    pairs = options_of(identifier_columns="phone = Телефон, time=Дата=время,ClientId=cid").identifier_columns

    assert pairs == {"phone": "Телефон", "time": "Дата=время", "ClientId": "cid"}


@pytest.mark.parametrize("text", ["phone", "phone=", "=Телефон", "mail=Почта"])
def test_columns_that_are_no_pairs_are_refused(text):
    with pytest.raises(UsageError, match="identifier-columns"):
        options_of(identifier_columns=text)


@pytest.mark.parametrize(
    ("spelling", "taken"), [("tab", "\t"), ("\\t", "\t"), ("Semicolon", ";"), (",", ","), ("pipe", "|"), ("|", "|")]
)
def test_a_delimiter_may_be_named(spelling, taken):
    assert options_of(delimiter=spelling).hints.delimiter == taken
