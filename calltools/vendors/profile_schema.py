"""The vocabulary of profiles as JSON Schema, for completion in editors."""

from typing import Any, Final, get_args

from calltools.fields.table import FIELD_NAMES
from calltools.vendors import loader
from calltools.vendors.profile import Confidence

_TEXT_OR_LIST: Final = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_TEXT: Final = {"type": "string"}
_TABLE: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_BILINGUAL: Final = {"type": "object", "additionalProperties": False, "properties": {"en": _TEXT, "ru": _TEXT}}
_CONDITION: Final = {"type": "object", "additionalProperties": _TEXT_OR_LIST}


def build_profile_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a profile."""
    step = _object_schema(
        loader.STEP_KEYS,
        {
            "from": _TEXT_OR_LIST,
            "first_of": _TEXT_OR_LIST,
            "format": _TEXT_OR_LIST,
            "sum": _TEXT_OR_LIST,
            "seconds_from": _TEXT_OR_LIST,
            "difference": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
            "values": _TABLE,
            "when": {"oneOf": [{"const": "answered"}, _CONDITION]},
            "scale": {"enum": list(loader.SCALES)},
        },
    )
    steps = {"oneOf": [step, {"type": "array", "items": step}]}
    rows = {
        "direction": steps,
        "answered": _CONDITION,
        "one_call_by": _TEXT_OR_LIST,
        "one_call_by_all": _TEXT_OR_LIST,
        "first": _TEXT_OR_LIST,
        "incoming": _TEXT_OR_LIST,
    }
    trial = {"source": _TABLE, "expect": _TABLE, "assume": _TABLE}
    top = {
        "confidence": {"enum": list(get_args(Confidence))},
        "description": _BILINGUAL,
        "lacks": _BILINGUAL,
        "aliases": _TEXT_OR_LIST,
        "recognize": _TEXT_OR_LIST,
        "read": _object_schema(loader.READ_KEYS, {"empty": _TEXT_OR_LIST, "quotes": {"enum": list(loader.QUOTES)}}),
        "rows": _object_schema(loader.ROWS_KEYS, rows),
        "shapes": {"type": "array", "items": _object_schema(("columns",), {"columns": _TEXT_OR_LIST})},
        "patterns": _TABLE,
        "fields": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(FIELD_NAMES, steps)},
        "examples": {"type": "array", "items": _object_schema(loader.EXAMPLE_KEYS, trial)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "calltools vendor profile",
        **_object_schema(loader.TOP_KEYS, top),
        "required": ["name", "title", "confidence", "recognize", "fields"],
    }


def _object_schema(names: tuple[str, ...], known: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: known.get(name, _TEXT) for name in names},
    }
