"""``calltools schema``: the columns of the canonical file in another notation."""

import sys
from enum import StrEnum

import typer

from calltools.cli.options import format_examples
from calltools.cli.terminal import force_utf8
from calltools.exports import EXPORTS

EXAMPLES = format_examples(
    "calltools schema markdown", "calltools schema json-schema > record.json", "calltools schema table-schema"
)


class Notation(StrEnum):
    """Notations of the schema: those of ``EXPORTS``."""

    _ignore_ = "members notation"
    members = vars()
    for notation in EXPORTS:
        members[notation.upper().replace("-", "_")] = notation


def schema_command(which: Notation) -> None:
    """The columns of the canonical file, for other tools."""
    force_utf8(sys.stdout)
    typer.echo(EXPORTS[which.value]().rstrip("\n"))
