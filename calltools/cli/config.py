"""``calltools config``: which options hold, and where they come from."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from calltools.cli.layers import Layers, layers
from calltools.cli.option_keys import Key, keys
from calltools.cli.options import Lang, ending, examples, language
from calltools.cli.values import App
from calltools.messages import Language, say

app = App(help="Which options hold, and where they come from: show.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Which options hold, and where they come from."""


@app.command(
    "show",
    epilog=examples(
        "calltools config show", "calltools config show --origin", "calltools config show --origin exports/calls.csv"
    ),
)
def show(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="With the overrides for this file.")] = None,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    lang: Annotated[Lang | None, typer.Option(help="Language of sentences; default: the locale.")] = None,
) -> None:
    """Each option as the configuration has it, in the words of calltools.toml."""
    with ending(language(lang)):
        found = layers()
        matching = () if file is None else found.config.matching(file)
        said = found.told("lang")
        spoken = language(lang if lang is not None or said is None else said.value)
        for key in keys().values():
            typer.echo(_line(key, found, matching, spoken, origin=origin))


def _line(key: Key, found: Layers, matching: tuple[int, ...], spoken: Language, *, origin: bool) -> str:
    told = found.told(key.name, matching)
    value = key.default if told is None else told.value
    if value is None:
        return f"# {key.word} {say('config-not-set', spoken)}"
    shown = f"{key.word} = {_toml(value)}"
    if not origin:
        return shown
    return f"{shown}  # {say('config-default', spoken) if told is None else told.origin}"


def _toml(value: Any) -> str:
    """A value as TOML writes it; its basic strings are those of JSON."""
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return json.dumps(str(value) if isinstance(value, str | Path) else value, ensure_ascii=False)
