"""Table Schema of the canonical file.

Source:
    Data Package standard, Table Schema, version 2.1.
"""

import json
from typing import Any, Final

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, IDENTIFIER_FIELDS, Field, Kind

#: What the notation says of a kind beyond its type.
_TYPE_PROPERTIES: Final[dict[str, dict[str, Any]]] = {
    "boolean": {"trueValues": ["1"], "falseValues": ["0"]},
    "integer": {"bareNumber": True},
    "number": {"bareNumber": True, "decimalChar": "."},
    "string": {},
}


def render_table_schema() -> str:
    """The schema as text."""
    schema = {
        "$schema": "https://datapackage.org/profiles/2.1/tableschema.json",
        # A canonical file has the columns that are filled, and no others.
        "fieldsMatch": "superset",
        "missingValues": [""],
        "fields": [_field(field) for field in FIELDS],
        # The notation has no word for this: at least one of these columns, and one filled cell in each dynamic call.
        "calltools:atLeastOneOf": list(IDENTIFIER_FIELDS),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _field(field: Field) -> dict[str, Any]:
    kind = KINDS[field.kind]
    return {
        "name": field.name,
        "type": kind.json_type,
        "title": field.title("en"),
        "description": field.description("en"),
        "example": field.example,
        **_TYPE_PROPERTIES[kind.json_type],
        "constraints": _constraints(field, kind),
    }


def _constraints(field: Field, kind: Kind) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": field.requirement.cell}
    if kind.json_type == "string":
        constraints["pattern"] = kind.pattern
    if kind.json_type in {"integer", "number"}:
        constraints["minimum"] = 0
    return constraints
