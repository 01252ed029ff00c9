"""Options that several commands share, and how a command ends.

The choices of an option are an enum. An enum that mirrors a type below is written out, because help loads no numpy and
mypy checks only members that it can read; ``tests/cli/test_options.py`` holds both equal.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from calltools.errors import CalltoolsError, traceback_places
from calltools.reports import REPORTERS, endings
from calltools.settings import read_settings
from calltools.texts import Language, say


class OutputFormat(StrEnum):
    """What ``--output-format`` accepts: the forms of ``REPORTERS`` that are for the screen."""

    _ignore_ = "members form"
    members = vars()
    for form in REPORTERS:
        if REPORTERS[form].on_screen:
            members[form.upper().replace("-", "_")] = form


class Lang(StrEnum):
    """What ``--lang`` accepts: ``Language``."""

    EN = "en"
    RU = "ru"


class FailOnLevel(StrEnum):
    """What ``--fail-on`` accepts: ``Severity``."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class StaticCallChoice(StrEnum):
    """What ``--static-call`` accepts: ``StaticCall``."""

    NO = "0"
    YES = "1"
    AUTO = "auto"


class DateOrderChoice(StrEnum):
    """What ``--date-order`` accepts: ``DateOrder``."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class DurationFormatChoice(StrEnum):
    """What ``--duration-format`` accepts: ``DurationFormat``."""

    MINUTES = "mm:ss"
    HOURS = "h:mm"


class Engine(StrEnum):
    """What ``--engine`` accepts: where the files are read and judged."""

    LOCAL = "local"
    DASK = "dask"


class OnError(StrEnum):
    """What ``--on-error`` accepts: what to do with good records if others have errors."""

    REJECT = "reject"
    FAIL = "fail"


class Color(StrEnum):
    """What ``--color`` accepts."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Files: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...", help="Files, folders, patterns, addresses (s3://…); - is standard input.", show_default=False
    ),
]


LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language of sentences; default: the locale.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more: how files were read, what is usually known.")
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where a run stopped, without values.")]
RecursiveOption = Annotated[bool, typer.Option("--recursive", help="Look into the folders of a folder, too.")]
StdinNameOption = Annotated[str, typer.Option(metavar="NAME", help="What standard input is called.")]
_Encoding = Annotated[str | None, typer.Option(metavar="CODEC", help="Force the encoding.")]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Raise a limit that stopped a run, such as seconds=900; repeatable."),
]
_Delimiter = Annotated[str | None, typer.Option(metavar="CHAR", help="Force the delimiter: , ; tab |")]
_Sheet = Annotated[str | None, typer.Option(metavar="TITLE", help="Sheet of a workbook.")]
_HeaderRow = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Line or row of the header; 0: there is none.")
]
_Records = Annotated[
    str | None, typer.Option(metavar="PATH", help="List that holds the records of JSON, such as data[].list.")
]


@dataclass(frozen=True, slots=True)
class FormOptions:
    """Options that say which form a file has, where it does not tell itself."""

    encoding: _Encoding = None
    delimiter: _Delimiter = None
    sheet: _Sheet = None
    header_row: _HeaderRow = None
    records: _Records = None


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Options that say how files are read, and what the files themselves do not say."""

    vendor: Annotated[
        str,
        typer.Option(metavar="NAME|PATH.toml|auto|none", help="Whose export it is; auto looks at the header."),
    ] = "auto"
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="IANA zone of wall-clock times, such as Europe/Moscow.")
    ] = None
    region: Annotated[
        str | None, typer.Option(metavar="RU", help="Country of phone numbers without a country code.")
    ] = None
    currency: Annotated[str | None, typer.Option(metavar="RUB", help="Currency of a price column that has none.")] = (
        None
    )
    static_call: Annotated[
        StaticCallChoice | None,
        typer.Option(help="StaticCall where the export does not say; auto: 1 without identifier, 0 with one."),
    ] = None
    identifiers: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Second file (CRM, form log): join identifiers by phone and time."),
    ] = None
    identifiers_sheet: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Sheet of that file, if it is a workbook with several.")
    ] = None
    identifier_window: Annotated[
        str, typer.Option(metavar="21d", help="How far back a record of that file may lie: 21d, 12h, 90m.")
    ] = "21d"
    identifier_columns: Annotated[
        str | None,
        typer.Option(metavar="phone=…,time=…,ClientId=…", help="Its columns, where their names do not say."),
    ] = None
    outcomes: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="What became of the calls (CRM): price, currency, tag; repeatable."),
    ] = None
    outcomes_sheet: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Sheet of those files that are workbooks with several.")
    ] = None
    outcome_window: Annotated[
        str, typer.Option(metavar="90d", help="How far back the call of such a record may lie: 90d, 12h, 90m.")
    ] = "90d"
    outcome_columns: Annotated[
        str | None,
        typer.Option(metavar="phone=…,time=…,Price=…", help="Their columns, where their names do not say."),
    ] = None
    encoding: _Encoding = None
    delimiter: _Delimiter = None
    sheet: _Sheet = None
    header_row: _HeaderRow = None
    records: _Records = None
    date_order: Annotated[DateOrderChoice | None, typer.Option(help="How ambiguous dates are read.")] = None
    duration_format: Annotated[
        DurationFormatChoice | None, typer.Option(help="How durations such as 3:15 are read.")
    ] = None
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help='"Now" for the time rules: ISO 8601 or Unix seconds.')
    ] = None
    stdin_name: StdinNameOption = "stdin"
    recursive: RecursiveOption = False
    inbound_context: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Dialplan context of incoming calls; repeatable.")
    ] = None
    own_number: Annotated[
        list[str] | None, typer.Option(metavar="X", help="A number or extension of ours; repeatable.")
    ] = None
    limit: LimitOption = None


@dataclass(frozen=True, slots=True)
class FindingOptions:
    """Options that say which findings count, and how they are shown."""

    select: Annotated[
        str | None, typer.Option(metavar="CODES", help="Only these rules: codes, names or prefixes, by commas.")
    ] = None
    ignore: Annotated[str | None, typer.Option(metavar="CODES", help="Not these rules.")] = None
    fail_on: Annotated[FailOnLevel, typer.Option(help="The mildest severity that ends with 1.")] = FailOnLevel.ERROR
    output_format: Annotated[
        OutputFormat | None, typer.Option(help="Form of the findings; text, on GitHub Actions github.")
    ] = None
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help=f"Write the findings here too ({{stem}}: for each input): {' '.join(endings())}; repeatable.",
        ),
    ] = None
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Accept the findings that it knows, by rule, column and count."),
    ] = None
    write_baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what is found as the known findings, and end with 0."),
    ] = None
    lang: LangOption = None
    show_values: Annotated[bool, typer.Option("--show-values", help="Print phones and ids unmasked.")] = False
    no_fast_path: Annotated[
        bool,
        typer.Option("--no-fast-path", help="Every record through the exact road and the schema: slower, same answer."),
    ] = False
    max_findings: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Examples of each rule in text; default 3 on a terminal.")
    ] = None
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False
    quiet: QuietOption = False
    verbose: VerboseOption = False
    debug: DebugOption = False
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress on the terminal.")] = False
    color: Annotated[Color, typer.Option(help="Colors of text output.")] = Color.AUTO

    force: Annotated[bool, typer.Option("--force", help="Overwrite outputs and reports that exist.")] = False


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Options that say where files are worked on; the answer does not depend on them."""

    engine: Annotated[
        Engine, typer.Option(help="dask: on a Dask cluster, of this machine or by --scheduler; same answer.")
    ] = Engine.LOCAL
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of the cluster, such as tcp://10.0.0.1:8786.")
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes that share many small files; default: the processors."),
    ] = None


@dataclass(frozen=True, slots=True)
class WritingOptions:
    """Options that say where converted records are written."""

    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR/|-",
            help="Canonical .csv, .csv.gz, .csv.zst or .parquet; {part} in the name: in parts, with a manifest.",
        ),
    ] = "-"
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Records with errors, as they came, plus the codes: .csv, .csv.gz or .csv.zst."
        ),
    ] = None
    changes: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Every cell that was rewritten: before, after, why.")
    ] = None
    diff: Annotated[bool, typer.Option("--diff", help="Show the first rewritten cell of each kind.")] = False
    on_error: Annotated[
        OnError, typer.Option(help="reject: write the good records; fail: write nothing if any is bad.")
    ] = OnError.REJECT
    check: Annotated[bool, typer.Option("--check", help="Write no records: only say what is wrong with them.")] = False


def resolve_language(lang: Lang | None) -> Language:
    """The language of the option, else that of the environment."""
    if lang is None:
        return read_settings().language
    return "ru" if lang is Lang.RU else "en"


def split_words(listed: str | None) -> tuple[str, ...]:
    """The words of a comma-separated option, without spaces around them."""
    return tuple(word.strip() for word in (listed or "").split(",") if word.strip())


@contextmanager
def exit_on_error(lang: Language, *, debug: bool = False) -> Iterator[None]:
    """Print an error of the run as one sentence on standard error, and exit with its code.

    Args:
        lang: Language of the sentence.
        debug: Whether the places of the traceback are printed too.
    """
    try:
        yield
    except CalltoolsError as error:
        typer.echo(format_error(error, lang), err=True)
        if error.next_command is not None:
            typer.echo(f"{say('next-command', lang)}\n  {error.next_command}", err=True)
        if debug:
            typer.echo(traceback_places(error), err=True)
        raise typer.Exit(error.exit_code) from None


def format_error(error: CalltoolsError, lang: Language) -> str:
    """An error as one line for standard error, with the file that it is about."""
    about = "" if error.about_file is None else f"{error.about_file}: "
    return f"calltools: {about}{error.say(lang)}"


def is_terminal(stream: object) -> bool:
    """Whether the stream is a terminal."""
    return bool(getattr(stream, "isatty", lambda: False)())


def format_examples(*lines: Sequence[str] | str) -> str:
    """Examples as the last paragraph of a command's help."""
    return "Examples:\n\n" + "\n\n".join(f"  {line}" for line in lines)
