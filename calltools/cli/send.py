"""``calltools send``: convert and upload in one go; on a terminal it asks what the files do not say."""

from dataclasses import replace
from typing import Annotated

import typer

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import (
    EngineOptions,
    FindingOptions,
    ReadingOptions,
    WritingOptions,
    exit_on_error,
    format_examples,
    resolve_language,
)
from calltools.cli.typed_command import read_typed_command, telling_next
from calltools.cli.typer_app import expand_options
from calltools.cli.upload_options import AbsencePolicy, AccessOptions, CounterOption, FollowOptions, SendOptions
from calltools.runtime.startup import load_arrow

EXAMPLES = format_examples(
    "calltools send export.xlsx",
    "calltools send export.xlsx --plan",
    "calltools send export.csv --timezone Europe/Moscow --static-call auto --counter 12345678 --yes --wait",
)


@expand_options
def send_command(  # noqa: PLR0913 - each is a group of options
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Exports of calls: files, folders, patterns.", show_default=False),
    ],
    *,
    # Its --output-format is that of the result, so it comes before those of findings.
    send: SendOptions,
    reading: ReadingOptions,
    writing: WritingOptions,
    showing: FindingOptions,
    running: EngineOptions,
    counter_option: CounterOption,
    follow: FollowOptions,
    absence: AbsencePolicy,
    access: AccessOptions,
) -> None:
    """Look at an export, ask what it does not say, show the plan, ask once, and send: each call exactly once."""
    showing = replace(showing, output_format=None)
    with exit_on_error(resolve_language(showing.lang), debug=showing.debug):
        layers = load_layers(context)
        showing = replace(layers.apply(showing), output_format=None)
    typed, language = read_typed_command(context), resolve_language(showing.lang)
    with exit_on_error(language, debug=showing.debug), telling_next(typed, language):
        load_arrow()
        from calltools.cli.send_run import SendGroups, send_files  # noqa: PLC0415 - heavy

        groups = SendGroups(
            layers.apply(reading),
            layers.apply(writing),
            showing,
            layers.apply(running),
            layers.apply(counter_option).counter,
            layers.apply(send),
            layers.apply(follow),
            layers.apply(absence),
            layers.apply(access),
        )
        raise typer.Exit(send_files(files, groups, layers, typed))
