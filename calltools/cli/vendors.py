"""``calltools vendors``: which exports are known, which one a file is, and a profile of your own."""

from pathlib import Path
from typing import Annotated

import typer

from calltools.cli.options import Lang, ending, examples, language

app = typer.Typer(
    help="Known exports: list, show, detect, test, new.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language of sentences; default: the locale.")]


@app.command("list", epilog=examples("calltools vendors list", "calltools vendors list --lang ru"))
def list_(*, lang: _LangOption = None) -> None:
    """Every known export: name, how well it is known, what it is."""
    with ending(language(lang)):
        from calltools.cli.vendor_pages import listing  # noqa: PLC0415 - heavy

        typer.echo(listing(language(lang)))


@app.command(epilog=examples("calltools vendors show my-pbx.toml", "calltools vendors show NAME --lang ru"))
def show(name: Annotated[str, typer.Argument(metavar="NAME|PATH.toml")], *, lang: _LangOption = None) -> None:
    """One profile: where it comes from, the mapping, what the export lacks."""
    with ending(language(lang)):
        from calltools.cli.vendor_pages import page  # noqa: PLC0415 - heavy

        typer.echo(page(name, language(lang)))


@app.command(epilog=examples("calltools vendors detect export.csv", "calltools vendors detect journal.xlsx"))
def detect(file: Annotated[Path, typer.Argument(metavar="FILE")], *, lang: _LangOption = None) -> None:
    """Which profile fits a file, and why the others do not; ends with 0 when exactly one fits, else 1."""
    with ending(language(lang)):
        from calltools.cli.vendor_pages import detection  # noqa: PLC0415 - heavy

        text, found = detection(file, language(lang))
        typer.echo(text)
        raise typer.Exit(0 if found else 1)


@app.command("test", epilog=examples("calltools vendors test", "calltools vendors test my-pbx.toml"))
def run_examples(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]")] = None, *, lang: _LangOption = None
) -> None:
    """Run the examples inside profiles; ends with 1 when one of them fails."""
    with ending(language(lang)):
        from calltools.cli.vendor_pages import trial  # noqa: PLC0415 - heavy

        text, passed = trial(paths or [], language(lang))
        typer.echo(text)
        raise typer.Exit(0 if passed else 1)


@app.command(epilog=examples("calltools vendors new export.csv", "calltools vendors new export.csv -o my-pbx.toml"))
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite it.")] = False,
    lang: _LangOption = None,
) -> None:
    """Look at a sample and propose a commented profile; examples in it hold no real number."""
    with ending(language(lang)):
        from calltools.cli.vendor_pages import proposal  # noqa: PLC0415 - heavy

        text = proposal(file, output, force=force)
        if output is None:
            typer.echo(text)
