"""``calltools upload``: each call reaches the service exactly once, or is held and said so."""

import re
from typing import Annotated, Final

import typer

from calltools.cli.gathering import gathered
from calltools.cli.layers import layers
from calltools.cli.options import ending, examples
from calltools.cli.uploading_options import Absence, Access, Chosen, Following, Going, Speaking
from calltools.errors import UsageError

EXAMPLES = examples(
    'calltools upload calls.csv --counter 12345678 --goal "Звонок"',
    "calltools upload calls.csv --counter 12345678 --plan",
    "calltools convert export.csv --timezone Europe/Moscow --static-call 1 | "
    "calltools upload - --counter 12345678 --yes --wait",
)
#: The service takes letters, digits and spaces in a comment; the marker needs room.
_COMMENT: Final = re.compile(r"[A-Za-zА-Яа-яЁё0-9 ]*")
_COMMENT_LONGEST: Final = 200


@gathered
def upload(  # noqa: PLR0913 - each is a group of options
    context: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Canonical CSV; - is standard input.", show_default=False)
    ],
    *,
    chosen: Chosen,
    going: Going,
    following: Following,
    absence: Absence,
    access: Access,
    speaking: Speaking,
) -> None:
    """Send the calls of canonical CSV files to Yandex Metrica: each exactly once."""
    with ending(speaking.language, debug=speaking.debug):
        found = layers(context)
        speaking, going = found.over(speaking), found.over(going)
    with ending(speaking.language, debug=speaking.debug):
        access = found.over(access)
        if "-" in files and access.token_stdin:
            raise UsageError("upload-stdin-twice")
        from calltools.cli.uploading import Wanted, upload_files  # noqa: PLC0415 - heavy

        def wanted(name: str) -> Wanted:
            matching = found.config.matching(going.stdin_name if name == "-" else name)
            asked = found.over(chosen, matching), found.over(going, matching)
            _refuse(*asked)
            return Wanted(asked[0].counter or 0, asked[1], found.over(following, matching), found.over(absence))

        raise typer.Exit(upload_files(files, wanted, access, speaking))


def _refuse(chosen: Chosen, going: Going) -> None:
    """What can be told before anything is read."""
    if not going.dry_run and chosen.counter is None:
        raise UsageError("upload-counter-needed")
    if not _COMMENT.fullmatch(going.comment) or len(going.comment) > _COMMENT_LONGEST:
        raise UsageError("upload-comment-wrong", limit=_COMMENT_LONGEST)
