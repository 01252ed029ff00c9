"""What the columns of a sample are; files in shapes that no profile has."""

import pyarrow as pa
import pytest

from calltools.vendors.call_words import direction_meaning
from calltools.vendors.infer import infer_columns, looks_like_record
from calltools.vendors.propose import anonymize
from calltools.vendors.time_columns import find_time_columns, layout_pattern


def columns(**cells):
    return {title.replace("_", " "): pa.array(texts, pa.string()) for title, texts in cells.items()}


@pytest.mark.parametrize(
    ("cells", "titles", "layout"),
    [
        ({"Дата": ["02.03.2026 9:00:00"]}, ("Дата",), "%d.%m.%Y %H:%M:%S"),
        ({"Дата": ["02.03.2026 09:00"]}, ("Дата",), "%d.%m.%Y %H:%M"),
        ({"Дата": ["02.03.26 09:00"]}, ("Дата",), "%d.%m.%y %H:%M"),
        ({"when": ["2026-03-02T10:00:00"]}, ("when",), "%Y-%m-%dT%H:%M:%S"),
        ({"when": ["2026-03-02T10:00:00.119Z"]}, ("when",), "iso"),
        ({"when": ["2026-03-02 10:00:00 +0300"]}, ("when",), "iso"),
        ({"when": ["1772434800"]}, ("when",), "unix"),
        ({"when": ["1772434800123"]}, ("when",), "unix-ms"),
        ({"when": ["13/03/2026 10:00"]}, ("when",), "%d/%m/%Y %H:%M"),
        ({"when": ["03/13/2026 1:00:00 PM"]}, ("when",), "%m/%d/%Y %I:%M:%S %p"),
        ({"when": ["02 Mar 2026 10:00:00"]}, ("when",), "%d %b %Y %H:%M:%S"),
        ({"Время": ["10:00:05"], "Дата": ["02.03.2026"]}, ("Дата", "Время"), "%d.%m.%Y %H:%M:%S"),
        ({"День": ["2026-03-02"], "Разговор": ["00:00:40"]}, ("День",), "%Y-%m-%d %H:%M:%S"),
        (
            {
                "Дата": ["02.03.2026"],
                "Время ожидания": ["00:00:07"],
                "Дозвон": ["0:05"],
                "Время звонка": ["10:00:05"],
            },
            ("Дата", "Время звонка"),
            "%d.%m.%Y %H:%M:%S",
        ),
        ({"Ring time": ["0:05"], "Day": ["2026-03-02"], "Time": ["10:00"]}, ("Day", "Time"), "%Y-%m-%d %H:%M"),
        ({"Время в очереди": ["00:00:10"], "Дата": ["02.03.2026"]}, ("Дата",), "%d.%m.%Y %H:%M:%S"),
        ({"end": ["2026-03-02 10:01:00"], "start": ["2026-03-02 10:00:00"]}, ("start",), "%Y-%m-%d %H:%M:%S"),
        ({"answered at": ["2026-03-02 10:01:00"], "x": ["2026-03-02 10:00:00"]}, ("x",), "%Y-%m-%d %H:%M:%S"),
        ({"Дата": ["02.03.2026 10:00:00", "Итого", ""]}, None, None),
        ({"Дата": ["02.03.2026 10:00:00", "02.03.2026 10:01:00", "Итого", ""]}, ("Дата",), "%d.%m.%Y %H:%M:%S"),
    ],
)
def test_the_time_and_its_layout(cells, titles, layout):
    times = find_time_columns({title: pa.array(texts, pa.string()) for title, texts in cells.items()})

    assert (times and times.titles, times and times.layout) == (titles, layout)


@pytest.mark.parametrize(("date", "unsure"), [("03/04/2026 10:00", True), ("13/04/2026 10:00", False)])
def test_an_order_that_nothing_proves_is_unsure(date, unsure):
    assert infer_columns(columns(when=[date])).date_order_unknown is unsure


@pytest.mark.parametrize(
    ("layout", "place", "places", "cell"),
    [
        ("%m/%d/%Y %H:%M", 0, 1, "03/13/2026 10:00"),
        ("%Y-%m-%d %H:%M:%S", 0, 1, "2026-03-02 10:00:00"),
        ("%d.%m.%Y %H:%M:%S", 0, 2, "02.03.2026"),
        ("%d.%m.%Y %H:%M:%S", 1, 2, "10:00:05"),
        ("unix", 0, 1, "1772434800"),
        ("%d-%b-%y", 0, 1, "anything"),
    ],
)
def test_cells_match_the_pattern_of_their_layout(layout, place, places, cell):
    pattern = layout_pattern(layout, place, places)

    assert pa.compute.match_substring_regex(pa.array([cell]), f"^(?:{pattern})$").to_pylist() == [True]


@pytest.mark.parametrize(
    ("cells", "field", "title"),
    [
        (
            {"Линия": ["+7 495 000-00-01"] * 2, "Кто звонил": ["+79990000001", "+79990000002"]},
            "PhoneNumber",
            "Кто звонил",
        ),
        ({"to": ["12025550101", "12025550102"], "a": ["12025550103", "12025550104"]}, "PhoneNumber", "a"),
        ({"x": ["79990000001", "79990000001"], "y": ["79990000001", "79990000002"]}, "PhoneNumber", "y"),
        ({"Номер": ["1", "2"]}, "PhoneNumber", None),
        ({"Вид вызова": ["входящий", "исходящий"]}, "direction", "Вид вызова"),
        ({"Dir": ["I", "O"], "type": ["mobile", "mobile"]}, "direction", "Dir"),
        ({"type": ["mobile", "fixed"]}, "direction", None),
        ({"Направление": ["А", "Б"]}, "direction", "Направление"),
        ({"Итог": ["Успешно", "Не дозвонились"]}, "CallMissed", "Итог"),
        ({"note": ["hello", "world"]}, "CallMissed", None),
        ({"Talk": ["35", "0"], "duration": ["40", "5"]}, "TalkDuration", "Talk"),
        ({"duration ms": ["35010", "1234567"]}, "TalkDuration", "duration ms"),
        ({"Время ответа": ["3", "5"]}, "HoldDuration", "Время ответа"),
        ({"ymclid": ["5871026893748593412"] * 2}, "Yclid", None),
        ({"clientId": ["1234567890.1604591025"] * 2}, "ClientId", None),
        ({"yaClientId": ["1604591025698235234", ""]}, "ClientId", "yaClientId"),
    ],
)
def test_a_column_is_found_by_its_cells_and_its_title(cells, field, title):
    found = infer_columns({name: pa.array(texts, pa.string()) for name, texts in cells.items()}).columns

    assert found.get(field) == (None if title is None else (title,))


@pytest.mark.parametrize(
    ("title", "word", "meaning"),
    [
        ("missed", "true", "missed"),
        ("missed", "0", "answered"),
        ("answered", "Yes", "answered"),
        ("Успешный", "нет", "missed"),
        ("status", "1", ""),
        ("status", "NO ANSWER", "missed"),
        ("status", "Unanswered", "missed"),
        ("Итог вызова", "Не состоялся", "missed"),
        ("Итог вызова", "Состоялся", "answered"),
        ("Итог вызова", "разговор не состоялся", "missed"),
        ("Итог вызова", "Нет соединения", "missed"),
        ("Итог вызова", "не соединён", "missed"),
        ("Итог вызова", "не было разговора", ""),
        ("status", "NOT_CONNECTED", "missed"),
        ("status", "Unsuccessful", "missed"),
        ("status", "Incomplete", "missed"),
        ("status", "Disconnected", ""),
        ("status", "Connected", "answered"),
        ("status", "In progress", ""),
        ("status", "Out of service", ""),
        ("статус", "Не принят", "missed"),
        ("статус", "Принят", "answered"),
        ("статус", "Завершён", ""),
    ],
)
def test_words_of_a_status_are_understood_or_left_to_a_person(title, word, meaning):
    found = infer_columns({title: pa.array([word, "пропущен"], pa.string())})

    assert found.word_meanings[word] == meaning


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Incoming international", "incoming"),
        ("Outgoing local", "outgoing"),
        ("Local", "internal"),
        ("Internal incoming", "internal"),
        ("Внутренний входящий", "internal"),
        ("International", ""),
    ],
)
def test_an_international_or_local_call_is_not_an_internal_one(word, meaning):
    assert direction_meaning(word) == meaning


@pytest.mark.parametrize(
    ("phones", "region"),
    [
        (["8 (999) 000-00-01", "79990000002"], "RU"),
        (["+79990000001"], None),
        (["(202) 555-0101"], None),
        (["442079460101"], None),
    ],
)
def test_the_country_is_not_guessed_but_for_trunk_prefixes(phones, region):
    assert infer_columns(columns(phone=phones)).region == region


@pytest.mark.parametrize(
    ("titles", "data"),
    [
        (("Дата", "Кто"), False),
        (("2026-03-02 10:00:00", "in"), True),
        (("79990000001", "in"), True),
        (("column 1", "2026"), False),
    ],
)
def test_a_record_in_place_of_titles_is_seen(titles, data):
    assert looks_like_record(titles) is data


@pytest.mark.parametrize(
    ("cell", "made_up"),
    [
        ("+7 (916) 123-45-67", "+7 (916) 000-00-01"),
        ("79161234567", "79160000001"),
        ("Anna <79161234567>", "Anna <79160000001>"),
        ("Иванов Пётр", "Somebody"),
        ("ответил Пётр Иванов (210)", "ответил Somebody (210)"),
        ("Smith, John", "Somebody"),
        ("П. С. Иванов", "Somebody"),
        ('[{"user": "anna"}]', ""),
        ("Не отвечен", "Не отвечен"),
        ("NO ANSWER", "NO ANSWER"),
        ("x" * 101, ""),
        ("1604591025698235234", "1604000000000000001"),
        ("person@mail.example", "somebody@example.com"),
        ("sip:79161234567@pbx.example", "somebody@example.com"),
        ("https://user:secret@example.com/p?yclid=5871026893748593412&token=abc#id=9", "https://example.com/p?yclid=5871000000000000001&token=x#id=9"),
        ("https://crm.example.com/clients/79161234567/deals", "https://crm.example.com/clients/79160000001/deals"),
        ("00:01:05", "00:01:05"),
        ("210", "210"),
        ("принят", "принят"),
    ],
)  # fmt: skip
def test_what_could_be_a_persons_is_made_up(cell, made_up):
    assert anonymize(cell) == made_up


def test_dates_without_a_time_of_day_are_marked_and_put_no_call_at_midnight():
    inferred = infer_columns(columns(Дата=["02.03.2026", "03.03.2026"], Разговор=["40", "50"]))

    assert (inferred.time_format, inferred.time_of_day_missing) == ("%d.%m.%Y %H:%M:%S", True)


def test_a_column_of_ids_that_agree_with_date_and_clock_is_named():
    ids = {"Дата": ["02.03.2026", "02.03.2026"], "Время": ["10:00", "10:01"], "id": ["1772434801.1", "1772434899.2"]}

    assert infer_columns(columns(**ids)).epoch_id == "id"
    assert infer_columns(columns(**(ids | {"id": ["1772434801.1", "1772434001.2"]}))).epoch_id is None
