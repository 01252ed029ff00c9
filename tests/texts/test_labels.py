"""Words in both languages: one word for one thing, and Russian nouns that agree with their numbers."""

import pytest

from calltools.model.rule import Severity
from calltools.reports.wording import SEVERITY_NAMES, format_call_count, russian_plural
from calltools.texts import say
from calltools.texts.report_labels import html_label as on_the_page
from calltools.texts.report_labels import workbook_label as in_the_workbook


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 строк"), (1, "1 строка"), (2, "2 строки"), (4, "4 строки"), (5, "5 строк"), (11, "11 строк"), (12, "12 строк"),
     (14, "14 строк"), (20, "20 строк"), (21, "21 строка"), (22, "22 строки"), (101, "101 строка"), (111, "111 строк"),
     (112, "112 строк"), (121, "121 строка"), (1011, "1011 строк"), (1234, "1234 строки")],
    ids=str,
)  # fmt: skip
def test_nouns_agree_with_numbers(count, said):
    assert russian_plural(count, "строка", "строки", "строк") == said


def test_calls_agree_with_numbers_in_both_languages():
    assert [format_call_count(count, "ru") for count in (1, 3, 11)] == ["1 звонок", "3 звонка", "11 звонков"]
    assert [format_call_count(count, "en") for count in (1, 3)] == ["1 call", "3 calls"]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("severity", list(Severity))
def test_a_severity_has_one_name_everywhere(severity, language):
    name = SEVERITY_NAMES[severity.value][language == "ru"]

    assert say(f"severity-{severity.value}", language) == name
    assert on_the_page(severity.value, language) == name
    assert in_the_workbook(severity.value, language) == name
