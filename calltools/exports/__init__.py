"""The field table in other notations. Each is generated, so none can say anything else than ``fields/table.py``.

A form of the schema is one module here and one line in ``EXPORTS``. This module is light, because the command line
reads the table before it knows what it is asked for: the module of a form is loaded when it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Export:
    """A form of the schema. A call gives its text.

    Attributes:
        maker: ``module:function`` of what gives the text; the module is one of this package.
    """

    maker: str

    def __call__(self) -> str:
        """The text of the schema in this form."""
        text: str = resolve_name(f"{__name__}.{self.maker}")()
        return text


#: The forms, in the order in which the help of ``calltools schema`` lists them.
EXPORTS: Final[Mapping[str, Export]] = MappingProxyType(
    {
        "table-schema": Export("table_schema:render_table_schema"),
        "json-schema": Export("json_schema:render_json_schema"),
        "csvw": Export("csvw:render_csvw"),
        "markdown": Export("markdown:render_field_tables"),
        "pandera": Export("pandera_module:render_pandera_module"),
    }
)
