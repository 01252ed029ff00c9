"""The table of commands, and how the process starts and ends."""

import errno
import os
import sys
from pathlib import Path
from typing import Final, TextIO, cast

import typer

from calltools.cli import (
    config,
    convert,
    doctor,
    login,
    rules,
    run,
    schema,
    send,
    terminal,
    ui,
    upload,
    uploads,
    validate,
    vendors,
)
from calltools.cli.terminal import PipeSafeStream, redirect_to_devnull
from calltools.cli.typer_app import App, CommandLineError, begin_lines, explain_usage_error
from calltools.errors import CalltoolsError, OutputError, UsageError, package_fault, traceback_places
from calltools.settings import language_of_arguments
from calltools.texts import say

app = App(
    name="calltools",
    help="Check phone-call exports, convert them to the CSV that Yandex Metrica takes, and upload it.",
    epilog="Exit codes: 0 clean, 1 findings, 2 wrong call, 3 unreadable input, 4 refused, 5 accepted in part, "
    "6 held, 130 interrupted.",
    # Rich help and rich tracebacks cost a tenth of a second at each start, and a traceback may show values.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate_command)
app.command("convert", epilog=convert.EXAMPLES)(convert.convert_command)
app.command("upload", epilog=upload.EXAMPLES)(upload.upload_command)
app.command("send", epilog=send.EXAMPLES)(send.send_command)
app.command("run", epilog=run.EXAMPLES)(run.run_command)
app.add_typer(uploads.app, name="uploads")
app.command("login", epilog=login.LOGIN_EXAMPLES)(login.login_command)
app.command("logout", epilog=login.LOGOUT_EXAMPLES)(login.logout_command)
app.command("ui", epilog=ui.EXAMPLES)(ui.ui_command)
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor_command)
app.add_typer(vendors.app, name="vendors")
app.add_typer(config.app, name="config")
app.command("rules", epilog=rules.EXAMPLES)(rules.rules_command)
app.command("schema", epilog=schema.SCHEMA_EXAMPLES)(schema.schema_command)
app.command("template", epilog=schema.TEMPLATE_EXAMPLES)(schema.template_command)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and end.", is_eager=True),
) -> None:
    """Check phone-call exports, convert them to the CSV that Yandex Metrica takes, and upload it."""
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - only here

        typer.echo(f"calltools {installed('calltools')} (Python {sys.version.split()[0]})")
        raise typer.Exit
    if context.invoked_subcommand is None:
        language = language_of_arguments(sys.argv)
        typer.echo(begin_lines(say("call-begin-file", language), language), err=True)
        raise typer.Exit(UsageError.exit_code)


def start() -> int:
    """Run the command of ``sys.argv``; return the exit code."""
    devnull = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    # A stream that the shell has closed (``>&-``) is ``None``.
    sys.stdin, sys.stdout, sys.stderr = sys.stdin or devnull, sys.stdout or devnull, sys.stderr or devnull
    terminal.configure_streams(sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = cast("TextIO", PipeSafeStream(sys.stdout)), cast("TextIO", PipeSafeStream(sys.stderr))
    try:
        return _run_app()
    except (KeyboardInterrupt, typer.Abort):  # typer aborts when a question is answered by Ctrl-C
        return _INTERRUPTED
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            return _report_defect(error)
        # Errors of files are ``CalltoolsError``: this one is of standard output or standard error.
        redirect_to_devnull(sys.stdout)
        _print_error(say("output-stream", language_of_arguments(sys.argv), reason=error.strerror))
        return OutputError.exit_code
    except Exception as error:  # noqa: BLE001 - a traceback of Python's could show values of the user's file
        return _report_defect(error)


_INTERRUPTED: Final = 130
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def _run_app() -> int:
    try:
        code = app(standalone_mode=False)
    except CommandLineError as error:
        typer.echo(explain_usage_error(error, language_of_arguments(sys.argv)), err=True)
        return UsageError.exit_code
    except SystemExit as exit_request:
        code = exit_request.code
    # Here and not when Python ends: an error of the stream still gets its sentence and its exit code.
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _report_defect(error: Exception) -> int:
    """Say that calltools has a fault, or which package it is that does not let it work."""
    if (broken := package_fault(error)) is not None:
        _print_error(broken.say(language_of_arguments(sys.argv)))
        return broken.exit_code
    _print_error(
        f"{say('defect', language_of_arguments(sys.argv), fault=type(error).__name__)}\n{traceback_places(error)}"
    )
    return CalltoolsError.exit_code


def _print_error(sentence: str) -> None:
    try:
        typer.echo(f"calltools: {sentence}", err=True)
    except OSError:
        redirect_to_devnull(sys.stderr)
