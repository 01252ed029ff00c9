"""``calltools template``: an empty canonical file for people."""

from pathlib import Path
from typing import Annotated

import typer

from calltools.cli.options import Lang, exit_on_error, format_examples, resolve_language

EXAMPLES = format_examples(
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
        from calltools.exports.template import build_template as made  # noqa: PLC0415 - heavy
        from calltools.files.atomic import AtomicFile  # noqa: PLC0415 - heavy

        content = made(output, resolve_language(lang))
        with AtomicFile(output, force=force) as stream:
            stream.write(content)
