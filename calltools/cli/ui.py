"""``calltools ui``: the same work in the browser, on this machine only."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from calltools.cli.configuration.file import Config
from calltools.cli.configuration.layers import OptionLayers, load_layers
from calltools.cli.options import FindingOptions, ReadingOptions, exit_on_error, format_examples, resolve_language
from calltools.cli.typer_app import expand_options
from calltools.cli.upload_options import AbsencePolicy, CounterOption, FollowOptions, SendOptions
from calltools.errors import PackageError, Problem
from calltools.runtime.packages import BrokenPackage
from calltools.runtime.startup import load_arrow
from calltools.settings import read_settings
from calltools.texts import say

if TYPE_CHECKING:  # heavy
    from calltools.guide.counters import UploadTarget
    from calltools.run import RunOptions

EXAMPLES = format_examples(
    "calltools ui",
    "calltools ui export.xlsx",
    "calltools ui exports/ --timezone Europe/Moscow --no-browser --port 8765",
)


@expand_options
def ui_command(  # noqa: PLR0913 - options of its own, and groups
    context: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", help="Files, folders, patterns to begin with.")
    ] = None,
    *,
    reading: ReadingOptions,
    showing: FindingOptions,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port on this machine; 0: one that is free.")
    ] = 0,
) -> None:
    """Files in the browser: check, mend, convert, send. On this machine only; Ctrl-C ends it."""

    def check(config: Config) -> Iterable[Problem]:
        from calltools.cli.job_options import find_wrong_values  # noqa: PLC0415 - heavy

        # Each page reads the options of its files: a wrong one would fail there, again and again.
        return find_wrong_values(config, (), resolve_language(showing.lang))

    with exit_on_error(resolve_language(showing.lang), debug=showing.debug):
        load_arrow()
        layers = load_layers(context, check)
        reading, showing = layers.apply(reading), layers.apply(showing)
    language = resolve_language(showing.lang)
    with exit_on_error(language, debug=showing.debug):
        _refuse_missing_packages()
        from calltools.cli.run_options import build_run_options  # noqa: PLC0415 - heavy
        from calltools.cli.session_run import find_exports  # noqa: PLC0415 - heavy
        from calltools.ui.server import open_page  # noqa: PLC0415 - an extra

        options = build_run_options(reading, showing)
        found = find_exports(files, [], options, reading, showing) if files else []
        chosen = None if showing.lang is None else language
        with open_page(
            found,
            options,
            port=port,
            language=chosen,
            config=layers.config.path,
            may_fork=True,
            settings_for=partial(find_settings, layers, reading, showing),
        ) as page:
            typer.echo(say("ui-address", language, address=page.address))
            typer.echo(say("ui-end", language), err=True)
            if not no_browser and read_settings().has_display:
                import webbrowser  # noqa: PLC0415 - only here

                webbrowser.open(page.opener.as_uri())
            with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
                page.serve()


def find_settings(
    layers: OptionLayers, reading: ReadingOptions, showing: FindingOptions, name: str
) -> "tuple[RunOptions, UploadTarget]":
    """The options of a file by its name, and where its calls go, as the configuration has them.

    Args:
        layers: The layers of the command.
        reading: What holds for every file.
        showing: The same.
        name: Of the file.

    Raises:
        UsageError: A value cannot be parsed.
    """
    from calltools.cli.run_options import build_file_options  # noqa: PLC0415 - heavy
    from calltools.cli.upload_run import choose_options  # noqa: PLC0415 - heavy
    from calltools.guide.counters import UploadTarget  # noqa: PLC0415 - heavy

    chosen = choose_options(layers, name, CounterOption(), SendOptions(), FollowOptions(), AbsencePolicy())
    target = UploadTarget(chosen.counter or None, chosen.send.goal, chosen.send.comment)
    return build_file_options(layers, reading, showing, name), target


def _refuse_missing_packages() -> None:
    """Say which extra is missing before anything is made.

    Raises:
        PackageError: It is.
    """
    for module, distribution in (
        ("starlette", "starlette"),
        ("uvicorn", "uvicorn"),
        ("python_multipart", "python-multipart"),
    ):
        try:
            import_module(module)
        except ImportError as fault:
            raise PackageError(BrokenPackage(module, distribution, f"{fault}", extra="ui")) from None
