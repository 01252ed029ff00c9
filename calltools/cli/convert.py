"""``calltools convert``: a vendor's export or an untidy file becomes the canonical CSV."""

import typer

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import (
    EngineOptions,
    Files,
    FindingOptions,
    ReadingOptions,
    WritingOptions,
    exit_on_error,
    format_examples,
    resolve_language,
)
from calltools.cli.typed_command import read_typed_command, telling_next
from calltools.cli.typer_app import expand_options
from calltools.runtime.startup import load_arrow

EXAMPLES = format_examples(
    "calltools convert export.csv --timezone Europe/Moscow --static-call 1 -o calls.csv",
    "calltools convert journal.json --rejects rejects.csv -o calls.csv",
    "calltools convert export.csv --timezone Asia/Almaty --identifiers crm.xlsx -o calls.csv",
    "calltools convert 's3://bucket/exports/*.csv.gz' --timezone Europe/Moscow --static-call 1 -o s3://bucket/calls.csv",
    "calltools convert exports/ --check --timezone Europe/Moscow --static-call 1",
)


@expand_options
def convert_command(  # noqa: PLR0913, PLR0917 - the groups of options
    context: typer.Context,
    files: Files,
    writing: WritingOptions,
    reading: ReadingOptions,
    showing: FindingOptions,
    running: EngineOptions,
) -> None:
    """Vendor export (CSV, XLSX, JSON, Parquet) or untidy canonical file -> canonical CSV."""
    with exit_on_error(resolve_language(showing.lang), debug=showing.debug):
        layers = load_layers(context)
        writing, reading = (layers.apply(writing), layers.apply(reading))
        showing, running = (layers.apply(showing), layers.apply(running))
    typed, language = read_typed_command(context), resolve_language(showing.lang)
    with exit_on_error(language, debug=showing.debug), telling_next(typed, language):
        load_arrow()
        from calltools.cli.session_run import convert_files, validate_files  # noqa: PLC0415 - heavy

        if writing.check:
            validate_files(files, reading, showing, running, layers, typed, converting=True)
        else:
            raise typer.Exit(convert_files(files, writing, reading, showing, running, layers, typed)[1])
