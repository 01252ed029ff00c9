"""``calltools doctor``: whether everything that an upload needs is in order."""

import math
import platform
import sys
from contextlib import ExitStack
from typing import Final

import typer

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import exit_on_error, format_examples
from calltools.cli.typer_app import expand_options
from calltools.cli.upload_options import AccessOptions, CounterOption, OutputOptions
from calltools.errors import CalltoolsError, UsageError
from calltools.texts import MessageKey, say

EXAMPLES = format_examples("calltools doctor", "calltools doctor --counter 12345678", "calltools doctor --lang ru")
_PACKAGES: Final = ("pandas", "pandera", "pyarrow", "phonenumberslite", "openpyxl", "httpx2")
_MAY_UPLOAD: Final = frozenset({"own", "edit"})
#: Seconds: the rule about calls in the future (CT214) forgives as much.
_CLOCK_OFF: Final = 300


@expand_options
def doctor_command(
    context: typer.Context, counter_option: CounterOption, access: AccessOptions, output: OutputOptions
) -> None:
    """Look at versions, ledger, token, counter, rights and clock; nothing is sent."""
    with exit_on_error(output.language, debug=output.debug):
        found = load_layers(context)
        counter_option, access, output = found.apply(counter_option), found.apply(access), found.apply(output)
    with exit_on_error(output.language, debug=output.debug), ExitStack() as stack:
        from importlib.metadata import version  # noqa: PLC0415 - heavy

        packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        typer.echo(
            f"calltools {version('calltools')}, Python {sys.version.split()[0]}, {platform.system()}; {packages}"
        )
        codes = [_check_ledger(output, stack), _check_service(counter_option.counter, access, output, stack)]
        raise typer.Exit(max(codes))


def _check_ledger(output: OutputOptions, stack: ExitStack) -> int:
    from calltools import ledger  # noqa: PLC0415 - heavy
    from calltools.cli.connect import open_ledger  # noqa: PLC0415 - heavy

    try:
        book = stack.enter_context(open_ledger())
        faults = ledger.find_faults(book)
        _say(
            output,
            "doctor-ledger",
            folder=book.folder,
            count=len(ledger.list_parts(book)),
            held=len(ledger.held_parts(book)),
        )
    except CalltoolsError as fault:
        return _print_fault(fault, output)
    for found in faults:
        _say(output, "doctor-ledger-fault", fault=found)
    return 4 if faults else 0


def _check_service(counter: int | None, access: AccessOptions, output: OutputOptions, stack: ExitStack) -> int:
    from calltools.cli.connect import connect  # noqa: PLC0415 - heavy
    from calltools.cli.upload_console import open_console  # noqa: PLC0415 - with it

    try:
        client = stack.enter_context(connect(access, stack.enter_context(open_console(output))))
        if counter is None:
            _say(output, "doctor-token-there")
            return 0
        found = client.get_counter(counter)
    except CalltoolsError as fault:
        return _print_fault(fault, output)
    _say(output, "doctor-counter", counter=counter, permission=found.permission or "-", zone=found.time_zone or "-")
    code = _check_clock(client.clock_skew_s, output)
    if found.permission and found.permission not in _MAY_UPLOAD:
        _say(output, "doctor-no-right", permission=found.permission)
        return 4
    return code


def _check_clock(ahead: float | None, output: OutputOptions) -> int:
    """Compare with the service's clock, which tells whole seconds, a moment ago."""
    if ahead is None:
        _say(output, "doctor-clock-unknown")
        return 0
    if abs(ahead) <= _CLOCK_OFF:
        _say(output, "doctor-clock", seconds=math.ceil(abs(ahead)))
        return 0
    _say(output, "doctor-clock-ahead" if ahead > 0 else "doctor-clock-behind", seconds=round(abs(ahead)))
    return UsageError.exit_code


def _say(output: OutputOptions, key: MessageKey, **facts: object) -> None:
    typer.echo(say(key, output.language, **facts))


def _print_fault(fault: CalltoolsError, output: OutputOptions) -> int:
    typer.echo(f"calltools: {fault.say(output.language)}", err=True)
    return fault.exit_code
