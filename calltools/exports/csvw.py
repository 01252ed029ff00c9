"""CSV on the Web: metadata of the canonical file.

Source:
    W3C, Metadata Vocabulary for Tabular Data.
"""

import json
from typing import Any, Final

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, Field
from calltools.texts.keys import LANGUAGES

_DATATYPES: Final[dict[str, dict[str, Any]]] = {
    "boolean": {"base": "boolean", "format": "1|0"},
    "integer": {"base": "integer", "minimum": 0},
    "number": {"base": "decimal", "minimum": 0},
}


def render_csvw() -> str:
    """The metadata as text; ``url`` is the file that it lies beside."""
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": "calls.csv",
        "dialect": {"encoding": "utf-8", "delimiter": ",", "lineTerminators": ["\n"], "header": True},
        "tableSchema": {"columns": [_column(field) for field in FIELDS]},
    }
    return json.dumps(metadata, ensure_ascii=False, indent=2) + "\n"


def _column(field: Field) -> dict[str, Any]:
    kind = KINDS[field.kind]
    return {
        "name": field.name,
        "titles": [field.name],
        "dc:title": {language: field.title(language) for language in LANGUAGES},
        "dc:description": {language: field.description(language) for language in LANGUAGES},
        "datatype": _DATATYPES.get(kind.json_type, {"base": "string", "format": kind.pattern}),
        "required": field.requirement.cell,
        "null": "",
    }
