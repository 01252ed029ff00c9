"""``calltools config``: which options hold, and where they come from."""

from typing import Annotated

import typer

from calltools.cli.configuration.keys import OptionKey, option_keys
from calltools.cli.configuration.layers import OptionLayers, load_layers
from calltools.cli.options import LangOption, exit_on_error, format_examples, resolve_language
from calltools.cli.typer_app import App
from calltools.texts import Language, say
from calltools.toml_reader import format_toml

app = App(help="Which options hold, and where they come from: show.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Which options hold, and where they come from."""


@app.command(
    "show",
    epilog=format_examples(
        "calltools config show", "calltools config show --origin", "calltools config show --origin exports/calls.csv"
    ),
)
def show_options(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="With the overrides for this file.")] = None,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    lang: LangOption = None,
) -> None:
    """Each option as the configuration has it, in the words of calltools.toml."""
    with exit_on_error(resolve_language(lang)):
        layers = load_layers()
        matching = () if file is None else layers.config.matching_overrides(file)
        configured = layers.lookup("lang")
        language = resolve_language(lang if lang is not None or configured is None else configured.value)
        for key in option_keys().values():
            typer.echo(_option_line(key, layers, matching, language, origin=origin))


def _option_line(
    key: OptionKey, layers: OptionLayers, matching: tuple[int, ...], language: Language, *, origin: bool
) -> str:
    found = layers.lookup(key.name, matching)
    value = key.default if found is None else found.value
    if value is None:
        return f"# {key.spelling} {say('config-not-set', language)}"
    line = f"{key.spelling} = {format_toml(value)}"
    if not origin:
        return line
    return f"{line}  # {say('config-default', language) if found is None else found.origin}"
