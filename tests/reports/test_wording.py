"""Words in both languages: Russian nouns that agree with their numbers; the order of files in a report."""

from collections import Counter

import pytest

from calltools.errors import SourceError
from calltools.model.summary import Summary
from calltools.reports.wording import format_call_count, worst_first


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


def test_the_worst_files_come_first_and_none_is_left_out():
    counts = {
        "clean": {},
        "notes": {"note": 9},
        "bad": {"error": 2},
        "worse": {"error": 2, "warning": 1},
        "also clean": {},
    }
    summaries = [Summary(name, by_severity=Counter(count)) for name, count in counts.items()]
    summaries.append(Summary("unread", error=SourceError("file-missing", path="unread")))

    assert [one.name for one in worst_first(summaries)] == ["unread", "worse", "bad", "notes", "clean", "also clean"]
