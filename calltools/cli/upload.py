"""``calltools upload``: each call reaches the service exactly once, or is held and said so."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import typer

from calltools.cli.gathering import gathered
from calltools.cli.options import ending, examples
from calltools.cli.uploading_options import Access, Speaking
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


class Form(StrEnum):
    """What stands on standard output."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Going:
    """What goes, and when it is done."""

    counter: Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of the counter.")] = None
    goal: Annotated[str, typer.Option(metavar="NAME", help="Goal that the service makes for calls.")] = ""
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Letters, digits, spaces; shown in Metrica.")] = ""
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be sent; send nothing.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file; no network, no ledger.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Follow until Metrica is done.")] = False
    min_linked: Annotated[
        float | None,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Calls that must be linked; implies --wait."),
    ] = None
    all: Annotated[bool, typer.Option("--all", help="Also calls that were sent before.")] = False
    changed: Annotated[bool, typer.Option("--changed", help="Also known calls that have changed since.")] = False
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave records with errors out.")] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
    poll_interval: Annotated[float, typer.Option(min=0.05, metavar="SECONDS", help="Between two looks.")] = 60
    wait_limit: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For how long to follow.")] = 10_800
    output_format: Annotated[Form, typer.Option(help="What stands on standard output.")] = Form.TEXT
    stdin_name: Annotated[str, typer.Option(metavar="NAME", help="What standard input is called.")] = "stdin"


@gathered
def upload(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A canonical CSV; - is standard input.")],
    going: Going,
    access: Access,
    speaking: Speaking,
) -> None:
    """Send the calls of a canonical CSV to Yandex Metrica: each exactly once."""
    with ending(speaking.language, debug=speaking.debug):
        _refuse(file, going, access)
        from calltools.cli.uploading import upload_file  # noqa: PLC0415 - heavy

        raise typer.Exit(upload_file(file, going, access, speaking))


def _refuse(file: str, going: Going, access: Access) -> None:
    """What can be told before anything is read."""
    if not going.dry_run and going.counter is None:
        raise UsageError("upload-counter-needed")
    if not _COMMENT.fullmatch(going.comment) or len(going.comment) > _COMMENT_LONGEST:
        raise UsageError("upload-comment-wrong", limit=_COMMENT_LONGEST)
    if file == "-" and access.token_stdin:
        raise UsageError("upload-stdin-twice")
