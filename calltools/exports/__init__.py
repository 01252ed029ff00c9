"""The field table in other notations. Each is generated, so none can say anything else than ``fields/table.py``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from calltools.exports.csvw import csvw
from calltools.exports.json_schema import json_schema
from calltools.exports.markdown import markdown
from calltools.exports.table_schema import table_schema

EXPORTS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {"table-schema": table_schema, "json-schema": json_schema, "csvw": csvw, "markdown": markdown}
)
