"""``calltools schema``: the columns of the canonical file in another notation."""

import sys
from enum import StrEnum

import typer

from calltools.cli.encodings import for_machines
from calltools.cli.options import examples

EXAMPLES = examples(
    "calltools schema markdown", "calltools schema json-schema > record.json", "calltools schema table-schema"
)


class Notation(StrEnum):
    """Notations of the schema."""

    TABLE_SCHEMA = "table-schema"
    JSON_SCHEMA = "json-schema"
    CSVW = "csvw"
    MARKDOWN = "markdown"


def schema(which: Notation) -> None:
    """The columns of the canonical file, for other tools."""
    from calltools.exports import EXPORTS  # noqa: PLC0415 - heavy

    for_machines(sys.stdout)
    typer.echo(EXPORTS[which.value]().rstrip("\n"))
