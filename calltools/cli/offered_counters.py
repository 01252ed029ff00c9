"""The counters that a guided run offers: those that the token sees, asked for once."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import typer

from calltools.cli.login import get_token, read_counters
from calltools.cli.service_access import find_usual_token, open_client_with
from calltools.cli.typed_words import YES, ask_line
from calltools.cli.upload_console import UploadConsole
from calltools.cli.upload_options import AccessOptions, LoginOptions
from calltools.errors import CredentialError
from calltools.metrica.responses import Counter


@dataclass(slots=True)
class OfferedCounters:
    """The counters of one run."""

    _counters: Sequence[Counter] | None = None
    _is_asked: bool = False

    def list(self, access: AccessOptions, console: UploadConsole, *, is_open: bool) -> Sequence[Counter] | None:
        """The counters that the token sees; a person without a token may get one first.

        Args:
            access: Where the token and the service are.
            console: Hears what is to be said of the token.
            is_open: Whether the counter is not known yet; else nobody asks the service.

        Returns:
            ``None``: the token may not list any, or the counter is known.

        Raises:
            CredentialError: There is no token, and the person does not want one now.
        """
        if self._is_asked:
            return self._counters
        try:
            token = find_usual_token(access, console)
        except CredentialError as fault:
            if fault.key != "token-missing" or not _wants_login(fault, console):
                raise
            with ExitStack() as stack:
                get_token(LoginOptions(read_counters=True), access, console, stack)
            token = find_usual_token(access, console)
        if is_open:
            with open_client_with(token, access, console) as client:
                self._counters = read_counters(client)
        self._is_asked = True
        return self._counters


def _wants_login(fault: CredentialError, console: UploadConsole) -> bool:
    typer.echo(f"\n{fault.say(console.options.language)}", err=True)
    return ask_line(console.options.language, "send-login").lower() in {"", *YES}
