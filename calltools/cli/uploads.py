"""``calltools uploads``: what went, what is under way, and what is held."""

from typing import Annotated

import typer

from calltools.cli.gathering import gathered
from calltools.cli.options import ending, examples
from calltools.cli.upload import Form
from calltools.cli.uploading_options import Access, Speaking

app = typer.Typer(
    help="What was uploaded: list, show, watch, resume.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Counter = Annotated[int | None, typer.Option(min=1, metavar="N", help="Only of this counter.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="L12 of the ledger, or the number of the service.")]


@app.command("list", epilog=examples("calltools uploads list", "calltools uploads list --counter 12345678"))
@gathered
def list_(
    access: Access,
    speaking: Speaking,
    *,
    counter: _Counter = None,
    output_format: Annotated[Form, typer.Option(help="What stands on standard output.")] = Form.TEXT,
) -> None:
    """Every uploading that the ledger knows, with what the service says of it where it can be reached."""
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        uploads_work.listed(counter, output_format, access, speaking)


@app.command("show", epilog=examples("calltools uploads show L12", "calltools uploads show 7654321"))
@gathered
def show(name: _Id, speaking: Speaking) -> None:
    """One uploading with everything that happened to it."""
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        uploads_work.shown(name)


@app.command("watch", epilog=examples("calltools uploads watch L12", "calltools uploads watch 7654321"))
@gathered
def watch(  # noqa: PLR0913 - each is an option
    name: _Id,
    access: Access,
    speaking: Speaking,
    *,
    poll_interval: Annotated[float, typer.Option(min=0.05, metavar="SECONDS", help="Between two looks.")] = 60,
    wait_limit: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For how long.")] = 10_800,
    min_linked: Annotated[float | None, typer.Option(min=0, max=100, metavar="PERCENT")] = None,
) -> None:
    """Follow one uploading until Metrica is done with it."""
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        clocks = uploads_work.Clocks(poll_interval, wait_limit, min_linked)
        raise typer.Exit(uploads_work.watched(name, clocks, access, speaking))


@app.command("resume", epilog=examples("calltools uploads resume", "calltools uploads resume --give-up L12"))
@gathered
def resume(
    access: Access,
    speaking: Speaking,
    *,
    counter: _Counter = None,
    resend: Annotated[str | None, typer.Option(metavar="ID", help="It is not there: send it again.")] = None,
    give_up: Annotated[str | None, typer.Option(metavar="ID", help="Leave it; its calls stay known.")] = None,
) -> None:
    """Look again for what is held, and send what waits; or decide about one uploading."""
    with ending(speaking.language, debug=speaking.debug):
        from calltools.cli import uploads_work  # noqa: PLC0415 - heavy

        if give_up is not None:
            raise typer.Exit(uploads_work.given_up(give_up))
        raise typer.Exit(uploads_work.resumed(counter, resend, access, speaking))
