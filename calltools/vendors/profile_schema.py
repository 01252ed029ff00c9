"""The vocabulary of profiles as JSON Schema, for completion in editors."""

from typing import Any, Final, get_args

from calltools.fields.table import NAMES
from calltools.vendors import loader
from calltools.vendors.profile import Confidence

_WORDS: Final = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_TEXT: Final = {"type": "string"}
_TABLE: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_BOTH: Final = {"type": "object", "additionalProperties": False, "properties": {"en": _TEXT, "ru": _TEXT}}
_CONDITION: Final = {"type": "object", "additionalProperties": _WORDS}


def profile_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a profile."""
    step = _object(
        loader.STEP,
        {
            "from": _WORDS,
            "first_of": _WORDS,
            "format": _WORDS,
            "sum": _WORDS,
            "seconds_from": _WORDS,
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
        "one_call_by": _WORDS,
        "one_call_by_all": _WORDS,
        "first": _WORDS,
        "incoming": _WORDS,
    }
    trial = {"source": _TABLE, "expect": _TABLE, "assume": _TABLE}
    top = {
        "confidence": {"enum": list(get_args(Confidence))},
        "description": _BOTH,
        "lacks": _BOTH,
        "aliases": _WORDS,
        "recognize": _WORDS,
        "read": _object(loader.READ, {"empty": _WORDS, "quotes": {"enum": list(loader.QUOTES)}}),
        "rows": _object(loader.ROWS, rows),
        "shapes": {"type": "array", "items": _object(("columns",), {"columns": _WORDS})},
        "patterns": _TABLE,
        "fields": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(NAMES, steps)},
        "examples": {"type": "array", "items": _object(loader.TRIAL, trial)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "calltools vendor profile",
        **_object(loader.TOP, top),
        "required": ["name", "title", "confidence", "recognize", "fields"],
    }


def _object(names: tuple[str, ...], known: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: known.get(name, _TEXT) for name in names},
    }
