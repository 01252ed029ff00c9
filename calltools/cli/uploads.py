"""``calltools uploads``: what went, what is under way, and what is held."""

from typing import Annotated

import typer

from calltools.cli.gathering import gathered
from calltools.cli.layers import layers
from calltools.cli.options import ending, examples
from calltools.cli.uploading_options import Absence, Access, Chosen, Following, Form, Speaking
from calltools.cli.values import App

app = App(
    help="What was uploaded: list, show, watch, resume.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Id = Annotated[str, typer.Argument(metavar="ID", help="L12 of the ledger, or the number of the service.")]


@app.command(
    "list",
    epilog=examples(
        "calltools uploads list",
        "calltools uploads list --counter 12345678",
        "calltools uploads list --output-format json",
    ),
)
@gathered
def list_(
    context: typer.Context,
    chosen: Chosen,
    access: Access,
    speaking: Speaking,
    *,
    output_format: Annotated[Form, typer.Option(help="What stands on standard output.")] = Form.TEXT,
) -> None:
    """Every uploading: what the ledger knows, with what the service says, and what only the service knows."""
    with ending(speaking.language, debug=speaking.debug):
        found = layers(context)
        speaking = found.over(speaking)
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        uploads_work.listed(found.over(chosen).counter, output_format, found.over(access), speaking)


@app.command(
    "show",
    epilog=examples(
        "calltools uploads show L12", "calltools uploads show 7654321", "calltools uploads show L12 --lang ru"
    ),
)
@gathered
def show(context: typer.Context, name: _Id, speaking: Speaking) -> None:
    """One uploading with everything that happened to it."""
    with ending(speaking.language, debug=speaking.debug):
        speaking = layers(context).over(speaking)
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        uploads_work.shown(name, speaking)


@app.command(
    "watch",
    epilog=examples(
        "calltools uploads watch L12", "calltools uploads watch 7654321", "calltools uploads watch L12 --min-linked 5"
    ),
)
@gathered
def watch(context: typer.Context, name: _Id, following: Following, access: Access, speaking: Speaking) -> None:
    """Follow one uploading until Metrica is done with it."""
    with ending(speaking.language, debug=speaking.debug):
        found = layers(context)
        speaking = found.over(speaking)
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        raise typer.Exit(uploads_work.watched(name, found.over(following), found.over(access), speaking))


@app.command(
    "resume",
    epilog=examples(
        "calltools uploads resume",
        "calltools uploads resume --give-up L12",
        "calltools uploads resume --on-absent resend",
    ),
)
@gathered
def resume(  # noqa: PLR0913 - each is an option, or a group of them
    context: typer.Context,
    chosen: Chosen,
    absence: Absence,
    access: Access,
    speaking: Speaking,
    *,
    resend: Annotated[str | None, typer.Option(metavar="ID", help="It is not there: send it again.")] = None,
    give_up: Annotated[str | None, typer.Option(metavar="ID", help="Leave it; its calls stay known.")] = None,
) -> None:
    """Look again for what is held, and send what waits; or decide about one uploading."""
    with ending(speaking.language, debug=speaking.debug):
        found = layers(context)
        speaking = found.over(speaking)
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        if give_up is not None:
            raise typer.Exit(uploads_work.given_up(give_up, speaking))
        search = uploads_work.Search(found.over(chosen).counter, resend, found.over(absence))
        raise typer.Exit(uploads_work.resumed(search, found.over(access), speaking))
