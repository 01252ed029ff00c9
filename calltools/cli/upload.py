"""``calltools upload``: each call reaches the service exactly once, or is held and said so."""

import re
from typing import Annotated, Final

import typer

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import exit_on_error, format_examples
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
#: The service takes letters, digits and spaces in a comment; the marker needs room.
_COMMENT: Final = re.compile(r"[A-Za-zА-Яа-яЁё0-9 ]*")
_MAX_COMMENT_LENGTH: Final = 200


@expand_options
def upload_command(  # noqa: PLR0913 - each is a group of options
    context: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Canonical CSV; - is standard input.", show_default=False)
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
    with exit_on_error(output.language, debug=output.debug):
        found = load_layers(context)
        output, send = found.apply(output), found.apply(send)
    with exit_on_error(output.language, debug=output.debug):
        access = found.apply(access)
        if "-" in files and access.token_stdin:
            raise UsageError("upload-stdin-twice")
        from calltools.cli.upload_run import UploadRequest, upload_files  # noqa: PLC0415 - heavy

        def request_for(name: str) -> UploadRequest:
            matching = found.config.matching_overrides(send.stdin_name if name == "-" else name)
            asked = found.apply(counter_option, matching), found.apply(send, matching)
            _check_options(*asked)
            return UploadRequest(asked[0].counter or 0, asked[1], found.apply(follow, matching), found.apply(absence))

        raise typer.Exit(upload_files(files, request_for, access, output))


def _check_options(counter_option: CounterOption, send: SendOptions) -> None:
    """What can be told before anything is read."""
    if not send.dry_run and counter_option.counter is None:
        raise UsageError("upload-counter-needed")
    if not _COMMENT.fullmatch(send.comment) or len(send.comment) > _MAX_COMMENT_LENGTH:
        raise UsageError("upload-comment-wrong", limit=_MAX_COMMENT_LENGTH)
