"""``calltools upload``: send the calls of canonical files, each exactly once, or hold them and say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from calltools.cli.configuration.file import ConfigCheck
from calltools.cli.configuration.layers import OptionLayers, load_layers
from calltools.cli.options import exit_on_error, format_examples
from calltools.cli.typed_command import read_typed_command
from calltools.cli.typer_app import expand_options
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    SendOptions,
)
from calltools.errors import UsageError

EXAMPLES = format_examples(
    'calltools upload calls.csv --counter 12345678 --goal "Звонок"',
    "calltools upload calls.csv --counter 12345678 --plan",
    "calltools convert export.csv --timezone Europe/Moscow --static-call 1 | "
    "calltools upload - --counter 12345678 --yes --wait",
)


@expand_options
def upload_command(  # noqa: PLR0913 - each is a group of options
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Canonical files, folders, patterns; -: stdin.", show_default=False),
    ],
    *,
    counter_option: CounterOption,
    send: SendOptions,
    follow: FollowOptions,
    absence: AbsencePolicy,
    access: AccessOptions,
    output: OutputOptions,
) -> None:
    """Send the calls of canonical CSV files to Yandex Metrica: each exactly once."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        send, access = layers.apply(send), layers.apply(access)
        if "-" in files and access.token_stdin:
            raise UsageError("upload-stdin-twice")
        from calltools.cli.upload_run import FileOptions, choose_options, upload_files  # noqa: PLC0415 - heavy
        from calltools.uploading.context import refuse_wrong_request  # noqa: PLC0415 - heavy

        def options_for(name: str) -> FileOptions:
            named = send.stdin_name if name == "-" else name
            chosen = choose_options(layers, named, counter_option, send, follow, absence)
            refuse_wrong_request(chosen.counter or None, chosen.send.comment, dry_run=chosen.send.dry_run)
            return chosen

        typed = read_typed_command(context)
        raise typer.Exit(upload_files(files, options_for, access, output, typed, recursive=send.recursive))


@contextmanager
def open_layers(
    context: typer.Context, output: OutputOptions, check: ConfigCheck = lambda _: ()
) -> Iterator[OptionLayers]:
    """The layers of the options of a command; an error in here ends the command with its exit code."""
    with exit_on_error(output.language, debug=output.debug):
        layers = load_layers(context, check)
    # The configuration may name the language of all errors but its own.
    output = layers.apply(output)
    with exit_on_error(output.language, debug=output.debug):
        yield layers
