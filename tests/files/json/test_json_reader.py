"""JSON: records as text."""

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import LimitError, SourceError
from calltools.files.inputs import OpenRequest
from calltools.files.json import reader
from calltools.files.json.reader import open_json
from calltools.files.limits import Limits
from calltools.model.batch import HeaderGuess, Hints

LIMITS = Limits()


def request(path, limits=LIMITS):
    return OpenRequest(path, path.name, Hints(), lambda _: HeaderGuess(None, 0), limits)


@pytest.fixture
def read(tmp_path):
    def read(content, limits=LIMITS):
        path = tmp_path / "calls.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_json(request(path, limits))

    return read


def rows(table):
    return [row for task in table.tasks() for row in task().columns.to_pylist()]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[{"a":1,"b":"x"},{"a":2,"b":"y"}]', id="list"),
        pytest.param('{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n', id="lines"),
        pytest.param('{"a":1,"b":"x"}\r\n\r\n{"a":2,"b":"y"}', id="lines with a blank one"),
        pytest.param('\x1e{"a":1,"b":"x"}\n\x1e{"a":2,"b":"y"}\n', id="sequence of RFC 7464"),
        pytest.param('{"ok":true,"data":{"n":2,"calls":[{"a":1,"b":"x"},{"a":2,"b":"y"}],"errors":[]}}', id="envelope"),
    ],
)
def test_records_are_found(read, text):
    table = read(text)

    assert table.titles == ("a", "b")
    assert rows(table) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        pytest.param("12345678901234567890123", "12345678901234567890123", id="each digit"),
        pytest.param("1.50", "1.50", id="fraction as written"),
        pytest.param("1E5", "1E5", id="exponent as written"),
        pytest.param("-0", "-0", id="sign"),
        pytest.param("true", "true", id="true"),
        pytest.param("false", "false", id="false"),
        pytest.param("null", "", id="null"),
        pytest.param("{}", "", id="empty object"),
        pytest.param("NaN", "NaN", id="NaN, which some programs write"),
        pytest.param('[1, 2.50, "a", null, {"k": [true]}]', '[1,2.50,"a",null,{"k":[true]}]', id="nested list"),
        pytest.param('"\\u043f\\n"', "п\n", id="escapes"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="surrogate pair"),
        pytest.param('"\\ud83d"', "\ufffd", id="half a surrogate pair"),
    ],
)
def test_a_value_becomes_text(read, written, cell):
    assert rows(read(f'[{{"a": {written}}}]')) == [{"a": cell}]


def test_nested_keys_are_joined_by_dots_and_titles_are_the_union(read):
    table = read('[{"call":{"from":{"n":"1"}}},{"z":1,"call":{"to":"2"}}]')

    assert table.titles == ("call.from.n", "z", "call.to")
    assert rows(table) == [
        {"call.from.n": "1", "z": "", "call.to": ""},
        {"call.from.n": "", "z": "1", "call.to": "2"},
    ]


def test_places_are_record_numbers_across_batches(read, monkeypatch):
    monkeypatch.setattr(reader, "RECORDS_PER_BATCH", 2)

    batches = [task() for task in read('[{"a":1},{"a":2},{"b":3}]').tasks()]

    assert [batch.places.tolist() for batch in batches] == [[1, 2], [3]]
    assert [batch.records.tolist() for batch in batches] == [[1, 2], [1]]
    assert [batch.columns.to_pydict() for batch in batches] == [
        {"a": ["1", "2"], "b": ["", ""]},
        {"a": [""], "b": ["3"]},
    ]


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.encode(), id="utf-8"),
        pytest.param(lambda text: codecs.BOM_UTF8 + text.encode(), id="utf-8 with mark"),
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16 with mark"),
        pytest.param(lambda text: text.encode("utf-16-le"), id="utf-16-le by zero bytes"),
        pytest.param(lambda text: text.encode("utf-16-be"), id="utf-16-be by zero bytes"),
    ],
)
def test_the_encoding_is_found(read, encode):
    assert rows(read(encode('[{"a":"целевой"}]'))) == [{"a": "целевой"}]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        pytest.param('[{"a":1},', "json-damaged", id="cut off"),
        pytest.param('{"a":1}\n{"a":', "json-damaged", id="last line cut off"),
        pytest.param('[{"a":1}] x', "json-damaged", id="text behind"),
        pytest.param("[1,2]", "json-not-records", id="list of numbers"),
        pytest.param('[{"a":1},[2]]', "json-not-records", id="one that is no object"),
        pytest.param('{"a":1}\n7\n', "json-not-records", id="a line that is no object"),
        pytest.param('[{"a":1,"a":2}]', "json-key-repeated", id="key twice"),
        pytest.param('[{"a.b":1,"a":{"b":2}}]', "json-key-repeated", id="title twice"),
        pytest.param("[" * 200_000, "json-too-deep", id="deep lists"),
        pytest.param('{"a":' * 200_000, "json-too-deep", id="deep objects"),
        pytest.param(b"[{}" + "ы".encode("cp1251"), "json-encoding", id="cp1251"),
    ],
)
def test_what_is_not_records_is_refused(read, content, key):
    with pytest.raises(SourceError) as fault:
        read(content)

    assert fault.value.key == key
    assert "{" not in fault.value.say("ru").replace("[{…}, {…}]", "")


def test_the_place_of_the_damage_is_named(read):
    with pytest.raises(SourceError) as fault:
        read('{"a":1}\n{"a":2}\n{"a":oops}\n')

    assert (fault.value.facts["line"], fault.value.facts["column"]) == (3, 6)


def test_nesting_that_parses_may_still_be_too_deep_to_flatten(read):
    depth = 900
    text = "[" + '{"a":' * depth + "1" + "}" * depth + "]"

    table = read(text)

    assert table.titles == (".".join("a" * depth),)


def test_too_many_keys_and_too_many_bytes_are_limits(read, monkeypatch):
    with pytest.raises(LimitError) as keys:
        read('[{"a":1,"b":2,"c":3}]', Limits(columns=2))
    monkeypatch.setattr(reader, "MAX_JSON_BYTES", 8)
    with pytest.raises(LimitError) as size:
        read('[{"a":"longer"}]')

    assert (keys.value.key, size.value.key) == ("json-columns", "json-too-large")


@pytest.mark.parametrize("text", ["[]", '{"data":[]}', "[{}]"])
def test_no_record_is_a_table_without_titles(read, text):
    table = read(text)

    assert (table.titles, rows(table)) == ((), [])


def test_an_object_without_a_list_is_one_record(read):
    assert rows(read('{"a": 1, "tags": ["x", "y"]}')) == [{"a": "1", "tags": '["x","y"]'}]


@given(
    st.lists(st.dictionaries(st.text(min_size=1).filter(lambda key: "." not in key), st.text(), min_size=1), min_size=1)
)
def test_text_comes_back_as_it_was(tmp_path_factory, records):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(records), encoding="utf-8")

    table = open_json(request(path))

    got = [dict(zip(table.titles, row.values(), strict=True)) for row in rows(table)]
    assert got == [{title: record.get(title, "") for title in table.titles} for record in records]


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_or_a_typed_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(content)

    try:
        outcome = f"json-{len(rows(open_json(request(path))))}"
    except SourceError as fault:
        outcome = fault.key

    assert outcome.startswith("json-")
