"""``calltools login`` and ``logout``: get a token, try it, keep it where it belongs; forget it."""

import re
import sys
import warnings
from contextlib import ExitStack
from getpass import GetPassWarning, getpass
from typing import TYPE_CHECKING, Final

import typer

from calltools.cli.options import format_examples, is_terminal
from calltools.cli.typer_app import expand_options
from calltools.cli.upload import open_layers
from calltools.cli.upload_options import AccessOptions, LoginOptions, OutputOptions
from calltools.errors import AccessDeniedError, CredentialError, ServiceError, UsageError
from calltools.settings import read_settings, token_from_environment
from calltools.texts import say

if TYPE_CHECKING:  # heavy
    from calltools.cli.upload_console import UploadConsole
    from calltools.metrica.client import Client
    from calltools.metrica.responses import Counter

LOGIN_EXAMPLES = format_examples("calltools login", "calltools login --list", "calltools login --token-file token.txt")
LOGOUT_EXAMPLES = format_examples(
    "calltools logout", "calltools logout --token-file token.txt", "calltools logout --lang ru"
)
#: As Yandex makes them. A token does not fit, so that one pasted at the wrong question is noticed.
_CLIENT_ID: Final = re.compile(r"[0-9a-f]{32}")


@expand_options
def login_command(
    context: typer.Context,
    login: LoginOptions,
    access: AccessOptions,
    output: OutputOptions,
) -> None:
    """Get a token of Metrica, try it, and keep it in the keyring of this machine (or in --token-file)."""
    with open_layers(context, output) as layers, ExitStack() as stack:
        output, access, login = layers.apply(output), layers.apply(access), layers.apply(login)
        from calltools.cli.service_access import find_usual_token, open_client_with  # noqa: PLC0415 - heavy
        from calltools.cli.upload_console import open_console  # noqa: PLC0415 - heavy

        console = stack.enter_context(open_console(output))
        if login.list:
            token = find_usual_token(access, console)
            console.notify_always("token-found", where=token.where)
            client = stack.enter_context(open_client_with(token, access, console))
            _report_counters(client, read_counters(client), console)
            return
        get_token(login, access, console, stack)


@expand_options
def logout_command(context: typer.Context, access: AccessOptions, output: OutputOptions) -> None:
    """Forget the token that login has kept."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.metrica.token_store import find_keyring, forget_file, forget_in_keyring  # noqa: PLC0415 - heavy

        path = access.token_file
        if path is None:
            find_keyring()
        forgotten = forget_in_keyring() if path is None else forget_file(path)
        typer.echo(say("logout-done" if forgotten else "logout-nothing", output.language), err=True)
        if token_from_environment() is not None:
            typer.echo(say("login-environment", output.language), err=True)


def get_token(login: LoginOptions, access: AccessOptions, console: "UploadConsole", stack: ExitStack) -> None:
    """Ask a person for a token, try it, and keep it.

    Args:
        login: How it is got.
        access: How the service is reached, and the file that keeps it.
        console: Says what happens.
        stack: Closes the client.

    Raises:
        CredentialError: It is no token.
        ServiceError: The service does not know it.
        UsageError: Nobody is there, or nothing can keep it.
    """
    from calltools.cli.service_access import open_client_with  # noqa: PLC0415 - heavy
    from calltools.metrica.token import Token, parse_pasted_token  # noqa: PLC0415 - heavy
    from calltools.metrica.token_store import (  # noqa: PLC0415 - heavy
        find_keyring,
        keep_in_file,
        keep_in_keyring,
        prepare_token_file,
    )
    from calltools.runtime.process import forbid_core_dumps  # noqa: PLC0415 - heavy

    path = access.token_file
    # First of all: nobody should get a token for nothing.
    keyring, trusted = find_keyring() if path is None else ("", True)
    if path is not None:
        prepare_token_file(path)
    forbid_core_dumps()
    text = parse_pasted_token(sys.stdin.readline() if access.token_stdin else _ask_for_token(login, console))
    where = "stdin" if access.token_stdin else say("login-terminal", console.options.language)
    token = Token(text, where)
    client = stack.enter_context(open_client_with(token, access, console))
    # A token that the service does not know is not kept; the error says so.
    counters = read_counters(client)
    if path is None:
        keep_in_keyring(text)
        console.notify_always("login-kept", keyring=keyring)
        if not trusted:
            console.notify_always("login-clear-text", keyring=keyring)
    else:
        keep_in_file(path, text)
        console.notify_always("login-kept-file", path=path)
    if token_from_environment() is not None:
        console.notify_always("login-environment")
    _report_counters(client, counters, console)


def _ask_for_token(login: LoginOptions, console: "UploadConsole") -> str:
    """Show the address at which a token is got, and read the token hidden.

    Raises:
        UsageError: Nobody is there to answer, or the answer is no number of an application.
    """
    from calltools.metrica.protocol import (  # noqa: PLC0415 - heavy
        NEW_APPLICATION_URL,
        READ_RIGHT,
        REDIRECT_URL,
        UPLOAD_RIGHT,
        authorize_url,
    )

    language = console.options.language
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError("login-no-terminal")
    client_id = login.client_id
    if client_id is None:
        rights = f"{UPLOAD_RIGHT}, {READ_RIGHT}" if login.read_counters else UPLOAD_RIGHT
        console.notify_always("login-application", url=NEW_APPLICATION_URL, redirect=REDIRECT_URL, rights=rights)
        typer.echo(say("login-ask-application", language), nl=False, err=True)
        client_id = sys.stdin.readline().strip()
    if not _CLIENT_ID.fullmatch(client_id):
        # Not shown: what was pasted may be the token.
        raise CredentialError("login-application-wrong")
    url = authorize_url(client_id, may_read=login.read_counters)
    console.notify_always("login-address", url=url)
    if read_settings().has_display:
        typer.launch(url)
    return _read_hidden(say("login-ask-token", language))


def _read_hidden(question: str) -> str:
    """What a person types while the terminal shows nothing; empty at its end (Ctrl-D).

    Raises:
        UsageError: The terminal cannot hide it.
    """
    with warnings.catch_warnings():
        # Otherwise it would warn, and show the token.
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(question, stream=sys.stderr)
        except GetPassWarning:
            raise UsageError("login-no-terminal") from None
        except EOFError:
            return ""


def read_counters(client: "Client") -> "list[Counter] | None":
    """The counters that the token may see; ``None``: the service does not show them to it.

    Raises:
        ServiceError: The service does not know the token, or cannot be reached.
    """
    try:
        return client.list_counters()
    except AccessDeniedError:
        # A token that may only upload is denied the list; that does not make it a bad one.
        return None


def _report_counters(client: "Client", counters: "list[Counter] | None", console: "UploadConsole") -> None:
    """Print whose token it is and to which counters it may upload: the counters on standard output, one a line."""
    if counters is None:
        console.notify_always("login-counters-hidden")
        return
    language = console.options.language
    words = {None: "-", True: say("login-may-upload", language), False: say("login-may-not-upload", language)}
    rows = [(str(one.id), one.name or "-", one.site or "-", words[one.may_upload]) for one in counters]
    console.print_table(rows, names={1, 2})
    usable = [one for one in counters if one.may_upload]
    console.notify_always(
        "login-account", login=_find_login(client, counters) or "-", count=len(counters), usable=len(usable)
    )
    if usable:
        console.notify("login-next", counter=usable[0].id)
    else:
        console.notify_always("login-no-counter")


def _find_login(client: "Client", counters: "list[Counter]") -> str:
    own = [one.owner for one in counters if one.permission == "own" and one.owner]
    if own or not counters:
        return own[0] if own else ""
    try:
        return client.get_login(counters[0].id)
    except ServiceError:
        # Only a name is missing.
        return ""
