"""Words in both languages: Russian nouns that agree with their numbers."""

import pytest

from calltools.reports.wording import format_call_count


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 звонков"), (1, "1 звонок"), (2, "2 звонка"), (4, "4 звонка"), (5, "5 звонков"), (11, "11 звонков"), (12, "12 звонков"),
     (14, "14 звонков"), (20, "20 звонков"), (21, "21 звонок"), (22, "22 звонка"), (101, "101 звонок"), (111, "111 звонков"),
     (112, "112 звонков"), (121, "121 звонок"), (1011, "1011 звонков"), (1234, "1234 звонка")],
    ids=str,
)  # fmt: skip
def test_nouns_agree_with_numbers(count, expected):
    assert format_call_count(count, "ru") == expected


def test_calls_agree_with_numbers_in_english():
    assert [format_call_count(count, "en") for count in (0, 1, 3, 21)] == ["0 calls", "1 call", "3 calls", "21 calls"]
