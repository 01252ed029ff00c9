"""``calltools uploads``: list, show, watch and resume what was uploaded."""

from datetime import datetime
from typing import Annotated

import typer

from calltools.cli.options import format_examples
from calltools.cli.typer_app import App, expand_options
from calltools.cli.upload import open_layers
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    ResultFormat,
)
from calltools.errors import UsageError

app = App(
    help="What was uploaded: list, show, watch, resume, cancel, adopt, check.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Id = Annotated[str, typer.Argument(metavar="ID", help="L12 of the ledger, or the number of the service.")]


@app.command(
    "list",
    epilog=format_examples(
        "calltools uploads list",
        "calltools uploads list --counter 12345678",
        "calltools uploads list --output-format json",
    ),
)
@expand_options
def list_uploads(
    context: typer.Context,
    counter_option: CounterOption,
    access: AccessOptions,
    output: OutputOptions,
    *,
    output_format: Annotated[ResultFormat, typer.Option(help="What stands on standard output.")] = ResultFormat.TEXT,
) -> None:
    """A table of every uploading: what the ledger knows, what the service says, and what only the service knows."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        # A counter of the configuration filters nothing: what is held elsewhere would be hidden.
        also = layers.apply(counter_option).counter
        choice = uploads_run.ListChoice(counter_option.counter, also, output_format)
        uploads_run.print_uploads(choice, layers.apply(access), output)


@app.command(
    "show",
    epilog=format_examples(
        "calltools uploads show L12", "calltools uploads show 7654321", "calltools uploads show L12 --lang ru"
    ),
)
@expand_options
def show_upload(context: typer.Context, name: _Id, output: OutputOptions) -> None:
    """One uploading with everything that happened to it."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        uploads_run.print_upload(name, output)


@app.command(
    "watch",
    epilog=format_examples(
        "calltools uploads watch L12", "calltools uploads watch 7654321", "calltools uploads watch L12 --min-linked 5"
    ),
)
@expand_options
def watch_upload(
    context: typer.Context, name: _Id, follow: FollowOptions, access: AccessOptions, output: OutputOptions
) -> None:
    """Follow one uploading until Metrica is done with it."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        raise typer.Exit(uploads_run.follow_upload(name, layers.apply(follow), layers.apply(access), output))


@app.command(
    "resume",
    epilog=format_examples(
        "calltools uploads resume",
        "calltools uploads resume --give-up L12",
        "calltools uploads resume --on-absent resend",
    ),
)
@expand_options
def resume_uploads(  # noqa: PLR0913 - each is an option, or a group of them
    context: typer.Context,
    counter_option: CounterOption,
    absence: AbsencePolicy,
    access: AccessOptions,
    output: OutputOptions,
    *,
    resend: Annotated[str | None, typer.Option(metavar="ID", help="It is not there: send it again.")] = None,
    give_up: Annotated[str | None, typer.Option(metavar="ID", help="Leave what is held; withdraw what waits.")] = None,
    without_list: Annotated[
        bool, typer.Option("--without-list", help="Send though the list of uploadings cannot be read.")
    ] = False,
) -> None:
    """Look again for what is held, and send what waits; or decide about one uploading."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        if give_up is not None and resend is not None:
            raise UsageError("uploads-two-decisions")
        if give_up is not None:
            raise typer.Exit(uploads_run.give_up_upload(give_up, output))
        choice = uploads_run.ResumeChoice(layers.apply(counter_option).counter, resend, without_list)
        raise typer.Exit(uploads_run.resume_undecided(choice, layers.apply(absence), layers.apply(access), output))


@app.command(
    "check",
    epilog=format_examples(
        "calltools uploads check --counter 12345678",
        "calltools uploads check --counter 12345678 --from 2026-03-01 --to 2026-03-07 --min-visible 90",
        "calltools uploads check --counter 12345678 --output-format json",
    ),
)
@expand_options
def check_uploads(  # noqa: PLR0913 - each is an option, or a group of them
    context: typer.Context,
    counter_option: CounterOption,
    access: AccessOptions,
    output: OutputOptions,
    *,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="First day; 21 days by default."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last day; today by default.")
    ] = None,
    min_visible: Annotated[
        float | None,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Accepted calls that must be shown, else exit code 5."),
    ] = None,
    output_format: Annotated[ResultFormat, typer.Option(help="What stands on standard output.")] = ResultFormat.TEXT,
) -> None:
    """Accepted calls beside those that Metrica's reports show, by day of the counter's time zone."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        counter = layers.apply(counter_option).counter
        if counter is None:
            raise UsageError("upload-counter-needed")
        choice = uploads_run.CheckChoice(
            counter, first.date() if first else None, last.date() if last else None, min_visible, output_format
        )
        raise typer.Exit(uploads_run.check_uploads(choice, layers.apply(access), output))


@app.command(
    "cancel",
    epilog=format_examples(
        "calltools uploads cancel L12", "calltools uploads cancel 12", "calltools uploads cancel L12 --lang ru"
    ),
)
@expand_options
def cancel_upload(context: typer.Context, name: _Id, output: OutputOptions) -> None:
    """Withdraw what waits to be sent; its calls are free for another file."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        raise typer.Exit(uploads_run.cancel_upload(name, output))


@app.command(
    "adopt",
    epilog=format_examples(
        "calltools uploads adopt --counter 12345678",
        "calltools uploads adopt --counter 12345678 --token-file token.txt",
        "calltools uploads adopt --counter 12345678 --lang ru",
    ),
)
@expand_options
def adopt_uploads(
    context: typer.Context, counter_option: CounterOption, access: AccessOptions, output: OutputOptions
) -> None:
    """Take over what a lost ledger has sent, as accepted; calls that may be in it are held back from then on."""
    with open_layers(context, output) as layers:
        output = layers.apply(output)
        from calltools.cli import uploads_run  # noqa: PLC0415 - heavy

        counter = layers.apply(counter_option).counter
        if counter is None:
            raise UsageError("upload-counter-needed")
        raise typer.Exit(uploads_run.adopt_uploads(counter, layers.apply(access), output))
