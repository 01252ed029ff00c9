"""What a person types becomes an answer, in both languages."""

import pytest

from calltools.errors import UsageError
from calltools.guide import NOTHING, read_answer
from calltools.guide.answers import apply_answers, join_second_file, option_words
from calltools.guide.ask import ask_currency, ask_region, ask_static_call, ask_zone
from calltools.guide.time_formats import read_time_format, write_time_format
from calltools.run import RunOptions

ZONE = ask_zone("calls.csv", proven="Europe/Samara")
STATIC = ask_static_call("calls.csv", 6, 21, is_joined=False)


@pytest.mark.parametrize(
    ("question", "typed", "answer"),
    [
        pytest.param(ZONE, "", "Europe/Samara", id="the found answer"),
        pytest.param(ZONE, "Москва", "Europe/Moscow", id="a label in Russian"),
        pytest.param(ZONE, "moscow", "Europe/Moscow", id="a label in English"),
        pytest.param(ZONE, "мск", "Europe/Moscow", id="another word"),
        pytest.param(ZONE, "2", "Europe/Kaliningrad", id="a number"),
        pytest.param(ZONE, "Asia/Tokyo", "Asia/Tokyo", id="free text"),
        # On the screen 2 stands before "all calls as static", whose value is 1.
        pytest.param(STATIC, "2", "1", id="the number goes before the value"),
        pytest.param(STATIC, "auto", "auto", id="a value"),
        pytest.param(ask_currency("calls.csv", ["Сумма"], 0), "руб", "RUB", id="a currency in words"),
        pytest.param(ask_zone("calls.csv"), "Екатеринбург", "Asia/Yekaterinburg", id="a city in Russian"),
        pytest.param(ask_zone("calls.csv"), "yekaterinburg", "Asia/Yekaterinburg", id="a city in English"),
        pytest.param(ask_zone("calls.csv"), "казань", "Europe/Moscow", id="a city that has the zone of another"),
        pytest.param(ask_zone("calls.csv"), "томск", "Asia/Tomsk", id="a city that is no choice"),
        pytest.param(ask_zone("calls.csv"), "New York", "America/New_York", id="a city of IANA"),
        pytest.param(ask_zone("calls.csv"), "europe/berlin", "Europe/Berlin", id="a name of IANA"),
        pytest.param(ask_zone("calls.csv"), "Мордор", "Мордор", id="no city"),
        pytest.param(ask_currency("calls.csv", ["Сумма"], 0), "", NOTHING, id="left open"),
        pytest.param(ask_currency("calls.csv", ["Сумма"], 0), "нет", NOTHING, id="no"),
    ],
)
def test_an_answer_is_understood(question, typed, answer):
    assert read_answer(question, typed, numbered=True) == answer


def test_a_number_is_a_value_where_no_numbers_were_shown():
    assert read_answer(STATIC, "1") == "1"
    assert read_answer(STATIC, "0") == "0"


@pytest.mark.parametrize("typed", ["", "7", "нет", "static"])
def test_what_is_no_answer_is_refused(typed):
    with pytest.raises(UsageError):
        read_answer(STATIC, typed)


def test_where_no_call_has_an_identifier_there_is_one_way_to_send_them():
    alone = ask_static_call("calls.csv", 21, 21, is_joined=False)

    assert [one.value for one in alone.choices] == ["auto", "0"]
    assert [one.value for one in STATIC.choices] == ["auto", "1", "0"]


def test_of_countries_with_as_many_valid_numbers_none_is_proposed():
    alike = ask_region("calls.csv", 3, {"RU": 3, "KZ": 3})
    clear = ask_region("calls.csv", 3, {"BY": 3, "RU": 1})

    assert (alike.found, clear.found.value) == (None, "BY")


def test_answers_become_the_options_of_a_run():
    second = join_second_file("crm.xlsx", "Лиды")
    answers = {"timezone": "Asia/Omsk", "region": "kz", "identifiers": second, "own-number": "100, 101", "sheet": "-"}
    options = apply_answers(RunOptions(currency="RUB"), {**answers, "static-call": "", "column.PhoneNumber": "Кто"})

    assert (options.timezone, options.region, options.currency, options.static_call) == ("Asia/Omsk", "KZ", "RUB", None)
    assert (str(options.identifiers), options.identifiers_sheet) == ("crm.xlsx", "Лиды")
    assert option_words(options)[-5:] == ["--sheet=-", "--own-number", "100", "--own-number", "101"]


@pytest.mark.parametrize(
    ("text", "cells", "layout"),
    [
        ("дд.мм.гггг чч:мм", ["02.03.2026 10:05"], "%d.%m.%Y %H:%M"),
        ("dd.mm.yyyy hh:mm:ss", ["02.03.2026 10:05:06"], "%d.%m.%Y %H:%M:%S"),
        ("мм/дд/гг чч:мм", ["03/25/26 10:05"], "%m/%d/%y %H:%M"),
        ("d.m.yyyy h:mm", ["2.3.2026 9:05"], "%d.%m.%Y %H:%M"),
        ("dd.mm.yyyy hh:mm am/pm", ["02.03.2026 10:05 PM"], "%d.%m.%Y %I:%M %p"),
        ("%Y-%m-%d %H:%M", ["2026-03-02 10:05"], "%Y-%m-%d %H:%M"),
        ("ISO", ["2026-03-02T10:05:00"], "iso"),
        ("unix-ms", ["1772434800000"], "unix-ms"),
    ],
)
def test_a_time_is_written_as_people_write_it(text, cells, layout):
    assert read_time_format(text, cells) == layout
    assert read_time_format(write_time_format(layout), cells) == layout


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("мм.дд.гггг чч:мм", "time-format-misfit"),
        ("как обычно", "time-format-unreadable"),
        ("x", "time-format-unreadable"),
    ],
)
def test_times_that_are_not_written_so_refuse_the_layout(text, key):
    with pytest.raises(UsageError) as caught:
        read_time_format(text, ["25.03.2026 10:05", "26.03.2026 10:05"])

    assert caught.value.key == key


def test_a_digit_that_is_no_number_is_no_answer():
    with pytest.raises(UsageError) as of_choice:
        read_answer(STATIC, "²", numbered=True)
    with pytest.raises(UsageError) as of_row:
        apply_answers(RunOptions(), {"header-row": "²"})

    assert (of_choice.value.key, of_row.value.key) == ("guide-answer-other", "option-value-wrong")
