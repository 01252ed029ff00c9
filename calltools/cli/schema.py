"""``calltools schema`` and ``calltools template``: the canonical file's columns for tools, an empty file for people."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calltools.cli.options import Lang, exit_on_error, format_examples, resolve_language
from calltools.cli.terminal import force_utf8
from calltools.exports import EXPORTS

SCHEMA_EXAMPLES = format_examples(
    "calltools schema markdown", "calltools schema json-schema > record.json", "calltools schema table-schema"
)


class Notation(StrEnum):
    """The notations that ``calltools schema`` accepts: those of ``EXPORTS``."""

    _ignore_ = "members notation"
    members = vars()
    for notation in EXPORTS:
        members[notation.upper().replace("-", "_")] = notation


def schema_command(which: Notation) -> None:
    """The columns of the canonical file, for other tools."""
    force_utf8(sys.stdout)
    typer.echo(EXPORTS[which.value]().rstrip("\n"))


TEMPLATE_EXAMPLES = format_examples(
    "calltools template calls.xlsx", "calltools template calls.csv", "calltools template calls.xlsx --lang ru --force"
)


def template_command(
    output: Annotated[Path, typer.Argument(metavar="OUT.xlsx|OUT.csv", show_default=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite it.")] = False,
    lang: Annotated[Lang | None, typer.Option(help="Language of the workbook; default: the locale.")] = None,
) -> None:
    """An empty canonical file; the workbook validates while typing."""
    with exit_on_error(resolve_language(lang)):
        from calltools.exports.template import build_template  # noqa: PLC0415 - heavy
        from calltools.files.atomic import AtomicFile  # noqa: PLC0415 - heavy

        content = build_template(output, resolve_language(lang))
        with AtomicFile(output, force=force) as stream:
            stream.write(content)
