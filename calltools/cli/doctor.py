"""``calltools doctor``: check everything that an upload needs."""

import math
import platform
import sys
from contextlib import ExitStack
from typing import Final

import typer

from calltools.cli.options import format_examples
from calltools.cli.typer_app import expand_options
from calltools.cli.upload import open_layers
from calltools.cli.upload_options import AccessOptions, CounterOption, OutputOptions
from calltools.errors import CalltoolsError, LedgerError, PackageError, ServiceError, UsageError
from calltools.texts import say
from calltools.texts.keys import MessageKey

EXAMPLES = format_examples("calltools doctor", "calltools doctor --counter 12345678", "calltools doctor --lang ru")
_PACKAGES: Final = ("pandas", "pandera", "pyarrow", "phonenumberslite", "openpyxl", "httpx2")
#: The rule about calls in the future (CT214) tolerates as much.
_MAX_CLOCK_SKEW_S: Final = 300


@expand_options
def doctor_command(
    context: typer.Context, counter_option: CounterOption, access: AccessOptions, output: OutputOptions
) -> None:
    """Look at versions, ledger, token, counter, rights and clock; nothing is sent."""
    with open_layers(context, output) as layers, ExitStack() as stack:
        output = layers.apply(output)
        counter, access = layers.apply(counter_option).counter, layers.apply(access)
        packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
        typer.echo(
            f"calltools {_version('calltools')}, Python {sys.version.split()[0]}, {platform.system()}; {packages}"
        )
        _check_packages(output)
        codes = [_check_ledger(output, stack), _check_service(counter, access, output, stack)]
        raise typer.Exit(max(codes))


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - heavy

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "-"


def _check_packages(output: OutputOptions) -> None:
    """Import every package that a command may need; one that cannot be used ends the check: the rest needs them all."""
    from calltools.runtime.packages import find_broken_packages  # noqa: PLC0415 - heavy

    codes = [_print_error(PackageError(broken), output) for broken in find_broken_packages()]
    if codes:
        raise typer.Exit(max(codes))


def _check_ledger(output: OutputOptions, stack: ExitStack) -> int:
    from calltools.cli.service_access import open_ledger  # noqa: PLC0415 - heavy
    from calltools.ledger import find_faults, held_parts, list_parts  # noqa: PLC0415 - heavy

    try:
        ledger = stack.enter_context(open_ledger())
        faults = find_faults(ledger)
        _say(
            output,
            "doctor-ledger",
            folder=ledger.folder,
            count=len(list_parts(ledger)),
            held=len(held_parts(ledger)),
        )
    except CalltoolsError as error:
        return _print_error(error, output)
    for fault in faults:
        _say(output, "doctor-ledger-fault", fault=fault)
    return LedgerError.exit_code if faults else 0


def _check_service(counter: int | None, access: AccessOptions, output: OutputOptions, stack: ExitStack) -> int:
    from calltools.cli.service_access import find_usual_token, open_client_with  # noqa: PLC0415 - heavy
    from calltools.cli.upload_console import open_console  # noqa: PLC0415 - heavy

    try:
        console = stack.enter_context(open_console(output))
        token = find_usual_token(access, console)
        _say(output, "token-found", where=token.where)
        client = stack.enter_context(open_client_with(token, access, console))
        if counter is None:
            _say(output, "doctor-token-there")
            return 0
        answer = client.get_counter(counter)
    except CalltoolsError as error:
        return _print_error(error, output)
    _say(
        output,
        "doctor-counter",
        counter=answer.label,
        permission=answer.permission or "-",
        zone=answer.time_zone or "-",
    )
    code = _check_clock(client.clock_skew_s, output)
    if answer.may_upload is False:
        _say(output, "doctor-no-right", permission=answer.permission)
        return ServiceError.exit_code
    return code


def _check_clock(skew: float | None, output: OutputOptions) -> int:
    """Compare the clock of this machine with the service's; gives the exit code.

    Args:
        skew: Seconds by which this machine is ahead, to a second or so: the service's ``Date`` has whole seconds.
        output: How it is printed.
    """
    if skew is None:
        _say(output, "doctor-clock-unknown")
        return 0
    if abs(skew) <= _MAX_CLOCK_SKEW_S:
        _say(output, "doctor-clock", seconds=math.ceil(abs(skew)))
        return 0
    _say(output, "doctor-clock-ahead" if skew > 0 else "doctor-clock-behind", seconds=round(abs(skew)))
    return UsageError.exit_code


def _say(output: OutputOptions, key: MessageKey, **facts: object) -> None:
    typer.echo(say(key, output.language, **facts))


def _print_error(error: CalltoolsError, output: OutputOptions) -> int:
    typer.echo(f"calltools: {error.say(output.language)}", err=True)
    return error.exit_code
