"""The field table in other notations: fresh, valid, and saying the same as the kinds."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.cli.schema import Notation
from calltools.exports import EXPORTS
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS

SCHEMAS = Path(__file__).parents[2] / "schemas"
GOOD = {field.name: field.example for field in FIELDS}


@pytest.fixture
def record_schema():
    found = json.loads(EXPORTS["json-schema"]())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.mark.parametrize(
    ("name", "export"), [("metrica_calls.table.json", "table-schema"), ("metrica_calls.schema.json", "json-schema")]
)
def test_generated_files_are_fresh(name, export):
    assert (SCHEMAS / name).read_text(encoding="utf-8") == EXPORTS[export]()


@pytest.mark.parametrize("export", sorted(EXPORTS))
def test_every_export_names_every_column_in_order(export):
    text = EXPORTS[export]()

    places = [re.search(rf'["`]{name}["`]', text).start() for name in FIELD_NAMES]

    assert places == sorted(places)


@pytest.mark.parametrize("export", sorted(EXPORTS))
def test_the_command_prints_the_export(export):
    assert CliRunner().invoke(app, ["schema", export]).stdout == EXPORTS[export]()


def test_the_command_writes_every_export_and_names_them_when_another_is_requested():
    result = CliRunner().invoke(app, ["schema", "avro"])

    assert {notation.value for notation in Notation} == set(EXPORTS)
    assert result.exit_code == 2
    assert "markdown" in result.stderr


def test_a_record_of_examples_is_valid(record_schema):
    record_schema.validate(GOOD)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ClientId": "1.60459E+18"}, id="id in scientific notation"),
        pytest.param({"ClientId": "0160459102569823523"}, id="leading zero"),
        pytest.param({"DateTime": ""}, id="no time"),
        pytest.param({"DateTime": "2026-03-02 10:00:00"}, id="local time"),
        pytest.param({"PhoneNumber": "8 (495) 000-00-00"}, id="not international"),
        pytest.param({"Price": "12,50"}, id="decimal comma"),
        pytest.param({"Currency": "rub"}, id="small letters"),
        pytest.param({"CallMissed": "да"}, id="a word for a flag"),
        pytest.param({"TalkDuration": "00:01:00"}, id="clock"),
        pytest.param({"URL": "example.com"}, id="no scheme"),
        pytest.param({"Tag": "NUL\x00"}, id="control character"),
        pytest.param({"PurchaseId": "1"}, id="unknown column"),
        pytest.param({"PhoneNumber": 74950000000}, id="a number, not text"),
        pytest.param(dict.fromkeys(IDENTIFIER_FIELDS, ""), id="no identifier"),
    ],
)
def test_a_faulty_record_is_not_valid(record_schema, change):
    assert not record_schema.is_valid(GOOD | change)


def test_empty_cells_are_absent_but_for_the_time(record_schema):
    record_schema.validate(dict.fromkeys(FIELD_NAMES, "") | {"DateTime": "1772434800", "Yclid": "5871026893748593412"})


def test_a_static_call_needs_no_identifier(record_schema):
    record_schema.validate(GOOD | dict.fromkeys(IDENTIFIER_FIELDS, "") | {"StaticCall": "1"})
    record_schema.validate({"DateTime": "1772434800", "StaticCall": "1"})


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_pattern_of_the_schema_agrees_with_the_examples_of_the_kind(record_schema, kind):
    field = next(field for field in FIELDS if field.kind == kind.name)
    pattern = record_schema.schema["properties"][field.name]["pattern"]

    for example in kind.examples:
        if example.canonical:
            assert re.search(pattern, example.canonical), example


def test_the_table_schema_describes_required_fields_and_formats():
    fields = {field["name"]: field for field in json.loads(EXPORTS["table-schema"]())["fields"]}

    assert [name for name, field in fields.items() if field["constraints"]["required"]] == ["DateTime"]
    assert fields["ClientId"]["type"] == "string"
    assert fields["ClientId"]["constraints"]["pattern"] == "[1-9][0-9]{0,19}"
    assert fields["Price"]["type"] == "number"
    assert fields["CallMissed"]["type"] == "boolean"
    assert fields["CallMissed"]["trueValues"] == ["1"]
    assert "pattern" not in fields["TalkDuration"]["constraints"]


def test_the_table_schema_lets_a_file_have_some_of_the_columns_and_no_other():
    """The standard (2.1): of ``superset`` data may have fewer fields than the schema, but none beside them."""
    found = json.loads(EXPORTS["table-schema"]())

    assert found["fieldsMatch"] == "superset"
    assert found["$schema"] == "https://datapackage.org/profiles/2.1/tableschema.json"


def test_csvw_gives_ids_as_text_and_titles_in_both_languages():
    columns = {column["name"]: column for column in json.loads(EXPORTS["csvw"]())["tableSchema"]["columns"]}

    assert columns["Yclid"]["datatype"] == {"base": "string", "format": "[1-9][0-9]{0,19}"}
    assert columns["DateTime"]["required"] is True
    assert columns["PhoneNumber"]["dc:title"] == {"en": "Phone number", "ru": "Номер телефона"}


def test_markdown_tables_are_rectangular_in_both_languages():
    lines = [line for line in EXPORTS["markdown"]().splitlines() if line.startswith("|")]

    assert len(lines) == 2 * (len(FIELDS) + 2)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {7}
