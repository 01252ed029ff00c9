"""``calltools doctor``: whether everything that an upload needs is in order."""

import math
import platform
import sys
from contextlib import ExitStack
from typing import Final

import typer

from calltools.cli.gathering import gathered
from calltools.cli.layers import layers
from calltools.cli.options import ending, examples
from calltools.cli.uploading_options import Access, Chosen, Speaking
from calltools.errors import CalltoolsError, UsageError
from calltools.messages import say

EXAMPLES = examples("calltools doctor", "calltools doctor --counter 12345678", "calltools doctor --lang ru")
_PACKAGES: Final = ("pandas", "pandera", "pyarrow", "phonenumberslite", "openpyxl", "httpx2")
_MAY_UPLOAD: Final = frozenset({"own", "edit"})
#: Seconds: the rule about calls in the future (CT214) forgives as much.
_CLOCK_OFF: Final = 300


@gathered
def doctor(context: typer.Context, chosen: Chosen, access: Access, speaking: Speaking) -> None:
    """Look at versions, ledger, token, counter, rights and clock; nothing is sent."""
    with ending(speaking.language, debug=speaking.debug):
        found = layers(context)
        chosen, access, speaking = found.over(chosen), found.over(access), found.over(speaking)
    with ending(speaking.language, debug=speaking.debug), ExitStack() as stack:
        from importlib.metadata import version  # noqa: PLC0415 - heavy

        packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        typer.echo(
            f"calltools {version('calltools')}, Python {sys.version.split()[0]}, {platform.system()}; {packages}"
        )
        codes = [_ledger(speaking, stack), _service(chosen.counter, access, speaking, stack)]
        raise typer.Exit(max(codes))


def _ledger(speaking: Speaking, stack: ExitStack) -> int:
    from calltools.cli.far_side import opened_book  # noqa: PLC0415 - heavy
    from calltools.metrica import ledger  # noqa: PLC0415 - heavy

    try:
        book = stack.enter_context(opened_book())
        faults = ledger.faults(book)
        _say(
            speaking, "doctor-ledger", folder=book.folder, count=len(ledger.uploads(book)), held=len(ledger.held(book))
        )
    except CalltoolsError as fault:
        return _fault(fault, speaking)
    for found in faults:
        _say(speaking, "doctor-ledger-fault", fault=found)
    return 4 if faults else 0


def _service(counter: int | None, access: Access, speaking: Speaking, stack: ExitStack) -> int:
    from calltools.cli.far_side import connected  # noqa: PLC0415 - heavy
    from calltools.cli.telling import telling  # noqa: PLC0415 - with it

    try:
        client = stack.enter_context(connected(access, stack.enter_context(telling(speaking))))
        if counter is None:
            _say(speaking, "doctor-token-there")
            return 0
        found = client.counter(counter)
    except CalltoolsError as fault:
        return _fault(fault, speaking)
    _say(speaking, "doctor-counter", counter=counter, permission=found.permission or "-", zone=found.time_zone or "-")
    code = _clock(client.clock_ahead, speaking)
    if found.permission and found.permission not in _MAY_UPLOAD:
        _say(speaking, "doctor-no-right", permission=found.permission)
        return 4
    return code


def _clock(ahead: float | None, speaking: Speaking) -> int:
    """Compare with the service's clock, which tells whole seconds, a moment ago."""
    if ahead is None:
        _say(speaking, "doctor-clock-unknown")
        return 0
    if abs(ahead) <= _CLOCK_OFF:
        _say(speaking, "doctor-clock", seconds=math.ceil(abs(ahead)))
        return 0
    _say(speaking, "doctor-clock-ahead" if ahead > 0 else "doctor-clock-behind", seconds=round(abs(ahead)))
    return UsageError.exit_code


def _say(speaking: Speaking, key: str, **facts: object) -> None:
    typer.echo(say(key, speaking.language, **facts))


def _fault(fault: CalltoolsError, speaking: Speaking) -> int:
    typer.echo(f"calltools: {fault.say(speaking.language)}", err=True)
    return fault.exit_code
