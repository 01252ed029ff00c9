"""``calltools validate``: report everything that is wrong; write nothing but reports."""

import typer

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import (
    EngineOptions,
    Files,
    FindingOptions,
    ReadingOptions,
    exit_on_error,
    format_examples,
    resolve_language,
)
from calltools.cli.typed_command import read_typed_command, telling_next
from calltools.cli.typer_app import expand_options
from calltools.runtime.startup import load_arrow

EXAMPLES = format_examples(
    "calltools validate calls.csv",
    "calltools validate export.xlsx --timezone Europe/Moscow --region RU --lang ru",
    "calltools validate exports/ --output-format github --fail-on warning",
)


@expand_options
def validate_command(
    context: typer.Context, files: Files, reading: ReadingOptions, showing: FindingOptions, running: EngineOptions
) -> None:
    """Check canonical files or vendor exports; nothing is written but reports."""
    with exit_on_error(resolve_language(showing.lang), debug=showing.debug):
        layers = load_layers(context)
        reading, showing, running = (layers.apply(reading), layers.apply(showing), layers.apply(running))
    typed, language = read_typed_command(context), resolve_language(showing.lang)
    with exit_on_error(language, debug=showing.debug), telling_next(typed, language):
        load_arrow()
        from calltools.cli.session_run import validate_files  # noqa: PLC0415 - heavy

        validate_files(files, reading, showing, running, layers, typed)
