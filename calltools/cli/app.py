"""The commands, and how the process starts and ends."""

import contextlib
import io
import os
import sys

import typer

from calltools.cli import config, convert, doctor, rules, schema, template, upload, uploads, validate, vendors
from calltools.cli.options import where
from calltools.messages import say
from calltools.settings import from_environment

app = typer.Typer(
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
app.command("validate", epilog=validate.EXAMPLES)(validate.validate)
app.command("convert", epilog=convert.EXAMPLES)(convert.convert)
app.command("upload", epilog=upload.EXAMPLES)(upload.upload)
app.add_typer(uploads.app, name="uploads")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
app.add_typer(vendors.app, name="vendors")
app.add_typer(config.app, name="config")
app.command("rules", epilog=rules.EXAMPLES)(rules.rules)
app.command("schema", epilog=schema.EXAMPLES)(schema.schema)
app.command("template", epilog=template.EXAMPLES)(template.template)


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A Windows console or a C locale must not turn a Russian sentence into a traceback.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough (``| head``). Python would complain once more while closing.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:  # noqa: BLE001 - the last resort: a person sees where, and no value
        typer.echo(f"calltools: {say('defect', from_environment().language, fault=type(fault).__name__)}", err=True)
        typer.echo(where(fault), err=True)
        return 70
    return 0
