"""Columns of the second file: found by name in two languages, and never guessed."""

import pytest

from calltools.errors import UsageError
from calltools.matching.columns import MatchColumns, find_match_columns, guess_header, is_identifier_column


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        pytest.param(("phone", "time", "client_id"), (0, 1, {"ClientId": 2}), id="plain"),
        pytest.param(("Телефон", "Дата", "ym_client_id"), (0, 1, {"ClientId": 2}), id="a CRM in Russian"),
        pytest.param(("_ym_uid", "Дата и время", "Номер телефона"), (2, 1, {"ClientId": 0}), id="other order"),
        pytest.param(("PHONE NUMBER", "Created-At", "YCLID"), (0, 1, {"Yclid": 2}), id="case and hyphens"),
        pytest.param(("tel", "datetime", "User ID", "yclid"), (0, 1, {"UserId": 2, "Yclid": 3}), id="several ids"),
        pytest.param(("PhoneNumber", "DateTime", "ClientId"), (0, 1, {"ClientId": 2}), id="canonical names"),
        pytest.param(("Номер", "Телефон", "Дата", "ClientID"), (1, 2, {"ClientId": 3}), id="an order's number"),
        pytest.param(("Дата", "created_at", "phone", "ClientID"), (2, 1, {"ClientId": 3}), id="a telling time"),
        pytest.param(("Номер", "Время", "ClientID Метрики"), (0, 1, {"ClientId": 2}), id="nothing better"),
    ],
)
def test_columns_are_found_by_their_titles(titles, found):
    assert find_match_columns(titles, {}) == MatchColumns(*found)


@pytest.mark.parametrize(
    ("titles", "missing"),
    [
        pytest.param(("phone", "client_id"), "time", id="no time"),
        pytest.param(("time", "client_id"), "phone", id="no phone"),
        pytest.param(("phone", "time", "name"), "ClientId", id="no identifier"),
        pytest.param(("a", "b"), "phone, time, ClientId", id="nothing"),
        pytest.param(("phone", "Телефон", "time", "client_id"), "phone", id="two phones"),
        pytest.param(("phone", "Дата", "Время", "client_id"), "time", id="date and time apart"),
        pytest.param(("phone", "time", "client_id", "ClientID", "yclid"), "ClientId", id="two ids of one kind"),
    ],
)
def test_unclear_columns_are_refused_until_they_are_named(titles, missing):
    with pytest.raises(UsageError) as caught:
        find_match_columns(titles, {})

    assert caught.value.key == "identifier-columns-unclear"
    assert caught.value.facts["missing"] == missing
    assert "--identifier-columns" in caught.value.say("en")
    assert "--identifier-columns" in caught.value.say("ru")


def test_what_the_user_names_wins():
    titles = ("Телефон", "Мобильный", "Дата", "Время", "Метка", "ClientID")

    found = find_match_columns(titles, {"phone": "Мобильный", "time": "Дата", "UserId": "Метка"})

    assert found == MatchColumns(1, 2, {"UserId": 4, "ClientId": 5})


def test_a_title_with_a_line_break_is_named_as_it_is_read():
    titles = ("Телефон", "Дата\nсделки  в CRM", "ClientID")

    found = find_match_columns(titles, {"time": "Дата сделки в CRM"})

    assert found == find_match_columns(titles, {"time": "Дата\nсделки  в CRM"}) == MatchColumns(0, 1, {"ClientId": 2})
    assert is_identifier_column("Номер\nпосетителя", {"ClientId": "Номер посетителя"})


def test_a_title_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no column Gone") as caught:
        find_match_columns(("phone", "time", "ClientId"), {"phone": "Gone"})

    assert caught.value.exit_code == 2


def test_a_named_title_that_is_there_twice_is_unclear():
    with pytest.raises(UsageError) as caught:
        find_match_columns(("A", "A", "time", "ClientId"), {"phone": "A"})

    assert caught.value.facts["missing"] == "phone"


@pytest.mark.parametrize(
    ("title", "holds"),
    [("ym_client_id", True), ("crm_id", True), ("Visitor", True), ("Телефон", False), ("google_client_id", False)],
)
def test_columns_of_ids_are_recognized(title, holds):
    assert is_identifier_column(title, {"UserId": "Visitor", "phone": "Телефон"}) is holds


@pytest.mark.parametrize(
    ("rows", "index", "score"),
    [
        pytest.param([("Телефон", "Дата", "yclid"), ("+74950000001", "1", "2")], 0, 3, id="first"),
        pytest.param([("Выгрузка", "", ""), ("Телефон", "Кто", "yclid")], 1, 2, id="under a title"),
        pytest.param([("Отчёт",), ("Кто", "Кому")], 1, 1, id="only as the user names it"),
        pytest.param([("a", "b"), ("c", "d")], 0, 0, id="nothing known"),
        pytest.param([], None, 0, id="no rows"),
    ],
)
def test_the_header_is_the_row_with_the_named_columns(rows, index, score):
    guess = guess_header(rows, {"UserId": "Кому"})

    assert (guess.index, guess.score) == (index, score)
