"""JSON Schema of one record of the canonical file.

A record is what a CSV reader gives: names and text. A pattern therefore says everything, and no id ever becomes a
number on the way.

Source:
    JSON Schema, draft 2020-12.
"""

import json
from typing import Any

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, IDENTIFIER_FIELDS, Field


def render_json_schema() -> str:
    """The schema as text."""
    return json.dumps(_schema(), ensure_ascii=False, indent=2) + "\n"


def _schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A call as Yandex Metrica takes it",
        "description": "One record of the canonical CSV: text as it stands in the file; an empty text is absent.",
        "type": "object",
        "properties": {field.name: _property(field) for field in FIELDS},
        "required": [field.name for field in FIELDS if field.requirement.column],
        "anyOf": [*map(_requires_value, IDENTIFIER_FIELDS), _requires_static_call()],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    kind = KINDS[field.kind]
    pattern = f"^(?:{kind.pattern})$" if field.requirement.cell else f"^(?:{kind.pattern})?$"
    return {
        "type": "string",
        "pattern": pattern,
        "title": field.title("en"),
        "description": field.description("en"),
        "examples": [field.example],
        "x-means": kind.json_type,
    }


def _requires_value(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"minLength": 1}}}


def _requires_static_call() -> dict[str, Any]:
    """A static call is tied to no visit and needs no identifier."""
    return {"required": ["StaticCall"], "properties": {"StaticCall": {"const": "1"}}}
