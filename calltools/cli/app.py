"""The commands, and how the process starts and ends."""

import errno
import itertools
import os
import sys
from pathlib import Path
from typing import Final, TextIO, cast

import typer

from calltools.cli import config, convert, doctor, rules, schema, template, terminal, upload, uploads, validate, vendors
from calltools.cli.options import traceback_places
from calltools.cli.terminal import PipeSafeStream, redirect_to_devnull
from calltools.cli.typer_app import App
from calltools.cli.usage_errors import CommandLineError, explain_usage_error
from calltools.errors import CalltoolsError, OutputError, UsageError
from calltools.settings import read_settings
from calltools.texts import Language, say

app = App(
    name="calltools",
    help="Check phone-call exports, convert them to the CSV that Yandex Metrica takes, and upload it.",
    epilog="Exit codes: 0 clean, 1 findings, 2 wrong call, 3 unreadable input, 4 refused, 5 accepted in part, "
    "6 held, 130 interrupted.",
    no_args_is_help=True,
    # Rich help and rich tracebacks cost a tenth of a second at each start, and a traceback may show values.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate_command)
app.command("convert", epilog=convert.EXAMPLES)(convert.convert_command)
app.command("upload", epilog=upload.EXAMPLES)(upload.upload_command)
app.add_typer(uploads.app, name="uploads")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor_command)
app.add_typer(vendors.app, name="vendors")
app.add_typer(config.app, name="config")
app.command("rules", epilog=rules.EXAMPLES)(rules.rules_command)
app.command("schema", epilog=schema.EXAMPLES)(schema.schema_command)
app.command("template", epilog=template.EXAMPLES)(template.template_command)


@app.callback(invoke_without_command=True)
def root(
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and end.", is_eager=True),
) -> None:
    """Check phone-call exports, convert them to the CSV that Yandex Metrica takes, and upload it."""
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - only here

        typer.echo(f"calltools {installed('calltools')} (Python {sys.version.split()[0]})")
        raise typer.Exit


def start() -> int:
    """Run the command that ``sys.argv`` asks for, and give the exit code."""
    nothing = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - until the process ends
    # A stream that was closed on purpose (``>&-``) is ``None``.
    sys.stdin, sys.stdout, sys.stderr = sys.stdin or nothing, sys.stdout or nothing, sys.stderr or nothing
    terminal.configure_streams(sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = cast("TextIO", PipeSafeStream(sys.stdout)), cast("TextIO", PipeSafeStream(sys.stderr))
    try:
        return _run_app()
    except (KeyboardInterrupt, typer.Abort):  # an answer that was broken off, too
        return _INTERRUPTED
    except OSError as fault:
        if fault.errno not in _UNWRITABLE:
            return _report_defect(fault)
        # A file would have been named before: it is standard output or standard error that takes no more.
        redirect_to_devnull(sys.stdout)
        _print_error(say("output-stream", _language_of_arguments(), reason=fault.strerror))
        return OutputError.exit_code
    except Exception as fault:  # noqa: BLE001 - the last resort: a person sees where, and no value
        return _report_defect(fault)


_INTERRUPTED: Final = 130
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def _run_app() -> int:
    try:
        code = app(standalone_mode=False)
    except CommandLineError as fault:
        typer.echo(explain_usage_error(fault, _language_of_arguments()), err=True)
        return UsageError.exit_code
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _language_of_arguments() -> Language:
    """Of a person whose options could not be read."""
    words = list(itertools.pairwise([*sys.argv, ""]))
    asked = [word.removeprefix("--lang=") for word in sys.argv if word.startswith("--lang=")]
    asked += [value for word, value in words if word == "--lang"]
    return "ru" if "ru" in asked else "en" if "en" in asked else read_settings().language


def _report_defect(fault: Exception) -> int:
    _print_error(f"{say('defect', _language_of_arguments(), fault=type(fault).__name__)}\n{traceback_places(fault)}")
    return CalltoolsError.exit_code


def _print_error(sentence: str) -> None:
    try:
        typer.echo(f"calltools: {sentence}", err=True)
    except OSError:
        redirect_to_devnull(sys.stderr)
