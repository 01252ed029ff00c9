"""Groups of options that the commands of the upload share."""

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from calltools.cli.options import (
    DebugOption,
    LangOption,
    LimitOption,
    QuietOption,
    RecursiveOption,
    StdinNameOption,
    VerboseOption,
    resolve_language,
)
from calltools.texts import Language

#: The largest number that the ledger can keep.
MAX_COUNTER: Final = 2**63 - 1
#: Longer spans are a slip, and some are more than the clocks of a system can count.
DAY_S: Final = 86_400
YEAR_S: Final = 365 * DAY_S


class ResultFormat(StrEnum):
    """The form of the lines on standard output."""

    TEXT = "text"
    JSON = "json"


class OnAbsent(StrEnum):
    """What follows when a part counts as absent from the service's list."""

    HOLD = "hold"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class CounterOption:
    """The counter of a command."""

    counter: Annotated[int | None, typer.Option(min=1, max=MAX_COUNTER, metavar="N", help="Number of the counter.")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What is sent, and how."""

    goal: Annotated[str, typer.Option(metavar="NAME", help="Goal that the service makes for calls.")] = ""
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Letters, digits, spaces; shown in Metrica.")] = ""
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be sent; send nothing.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file; no network, no ledger.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Follow until Metrica is done.")] = False
    all: Annotated[bool, typer.Option("--all", help="Also calls that were sent before.")] = False
    changed: Annotated[
        bool, typer.Option("--changed", help="Also known calls that were changed or identified since.")
    ] = False
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave records with errors out.")] = False
    recursive: RecursiveOption = False
    limit: LimitOption = None
    without_list: Annotated[
        bool, typer.Option("--without-list", help="Send though the list of uploadings cannot be read.")
    ] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
    output_format: Annotated[ResultFormat, typer.Option(help="What stands on standard output.")] = ResultFormat.TEXT
    stdin_name: StdinNameOption = "stdin"


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How uploadings are polled, and how many calls must be linked."""

    min_linked: Annotated[
        float | None,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Calls that must be linked; upload then waits."),
    ] = None
    poll_interval: Annotated[float, typer.Option(min=0.05, max=DAY_S, metavar="SECONDS", help="Between two looks.")] = (
        60
    )
    wait_limit: Annotated[
        float, typer.Option(min=0, max=365 * DAY_S, metavar="SECONDS", help="For how long to follow.")
    ] = 10_800


@dataclass(frozen=True, slots=True)
class AbsencePolicy:
    """When a part counts as absent, and what follows."""

    settle_minutes: Annotated[
        float,
        typer.Option(
            min=1,
            max=365 * DAY_S // 60,
            metavar="MINUTES",
            help="How long a part must be missing in the service's list.",
        ),
    ] = 15
    on_absent: Annotated[
        OnAbsent, typer.Option(help="hold: a person decides about a part that is missing; resend: it goes again.")
    ] = OnAbsent.HOLD


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """How the service is reached."""

    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the token, readable by its owner alone.")
    ] = None
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates of a private authority to trust as well.")
    ] = None
    timeout: Annotated[float, typer.Option(min=1, max=DAY_S, metavar="SECONDS", help="For one whole request.")] = 900


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """How a token is got."""

    list: Annotated[bool, typer.Option("--list", help="Say which token is used, whose it is, and its counters.")] = (
        False
    )
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="ClientID of your application at Yandex; else it is asked.")
    ] = None
    read_counters: Annotated[
        bool, typer.Option("--read-counters", help="The token may also read your counters: names, visits.")
    ] = False


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Language and amount of what is printed."""

    lang: LangOption = None
    quiet: QuietOption = False
    verbose: VerboseOption = False
    debug: DebugOption = False

    @property
    def language(self) -> Language:
        """The reader's language."""
        return resolve_language(self.lang)


def repeat_options(*groups: FollowOptions | AccessOptions | OutputOptions, names: frozenset[str]) -> list[str]:
    """The words that give another command the same options, where they are not the usual ones.

    Args:
        groups: Groups of options.
        names: The fields that count.
    """
    words: list[str] = []
    for group in groups:
        for field in fields(group):
            value = getattr(group, field.name)
            if field.name in names and value != field.default:
                option = f"--{field.name.replace('_', '-')}"
                words += (
                    [option] if value is True else [option, f"{value:g}" if isinstance(value, float) else str(value)]
                )
    return words
