"""``calltools vendors``: which exports are known, which one a file is, and a profile of your own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from calltools.cli.options import (
    FormOptions,
    LangOption,
    RecursiveOption,
    exit_on_error,
    format_error,
    format_examples,
    is_terminal,
    resolve_language,
)
from calltools.cli.typer_app import App, expand_options
from calltools.errors import SourceError, UnfitFileError

app = App(
    help="Known exports: list, show, detect, test, new, sample.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(
    "list",
    epilog=format_examples(
        "calltools vendors list", "calltools vendors list --lang ru", "calltools vendors list | grep -i cloud"
    ),
)
def list_vendors(*, lang: LangOption = None) -> None:
    """Every known export: name, how well it is known, what it is."""
    with exit_on_error(resolve_language(lang)):
        from calltools.cli.vendor_pages import vendor_listing  # noqa: PLC0415 - heavy

        typer.echo(vendor_listing(resolve_language(lang)))


@app.command(
    epilog=format_examples(
        "calltools vendors show NAME", "calltools vendors show NAME --lang ru", "calltools vendors show my-pbx.toml"
    )
)
def show(name: Annotated[str, typer.Argument(metavar="NAME|PATH.toml")], *, lang: LangOption = None) -> None:
    """One profile: where it comes from, the mapping, what the export lacks."""
    with exit_on_error(resolve_language(lang)):
        from calltools.cli.vendor_pages import vendor_page  # noqa: PLC0415 - heavy

        typer.echo(vendor_page(name, resolve_language(lang)))


@app.command(
    epilog=format_examples(
        "calltools vendors detect export.csv",
        "calltools vendors detect exports/",
        "calltools vendors detect journal.xlsx --sheet Звонки --header-row 3",
    )
)
@expand_options
def detect(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, folders, patterns.", show_default=False)
    ],
    form: FormOptions,
    *,
    recursive: RecursiveOption = False,
    lang: LangOption = None,
) -> None:
    """Which profile fits a file, and why the others do not; ends with 0 when exactly one fits each, else 1."""
    language = resolve_language(lang)
    with exit_on_error(language):
        from calltools.cli.inputs import find_inputs  # noqa: PLC0415 - heavy
        from calltools.cli.run_options import parse_hints  # noqa: PLC0415 - heavy
        from calltools.cli.vendor_pages import detect_profile  # noqa: PLC0415 - heavy
        from calltools.files.packed import Packed  # noqa: PLC0415 - heavy

        hints = parse_hints(form)
        found = find_inputs(files, [], language, recursive=recursive)
        codes = []
        for number, (path, name, member) in enumerate(found):
            if number:
                typer.echo()
            try:
                text, fits = detect_profile(Packed(path, member), name, language, hints)
            except (SourceError, UnfitFileError) as error:
                if len(found) == 1:
                    raise
                error.about_file = None if "path" in error.facts else name
                typer.echo(format_error(error, language), err=True)
                codes.append(SourceError.exit_code)
            else:
                typer.echo(text)
                codes.append(0 if fits else 1)
        raise typer.Exit(max(codes))


@app.command(
    "test",
    epilog=format_examples(
        "calltools vendors test",
        "calltools vendors test my-pbx.toml",
        "calltools vendors test profiles/*.toml --lang ru",
    ),
)
def run_profile_examples(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]")] = None, *, lang: LangOption = None
) -> None:
    """Run the examples inside profiles; ends with 1 when one of them fails."""
    with exit_on_error(resolve_language(lang)):
        from calltools.cli.vendor_pages import run_profile_tests  # noqa: PLC0415 - heavy

        text, passed = run_profile_tests(paths or [], resolve_language(lang))
        typer.echo(text)
        raise typer.Exit(0 if passed else 1)


@app.command(
    epilog=format_examples(
        "calltools vendors sample NAME -o export.csv",
        "calltools vendors sample NAME -o export.json --records 500 --missed 30",
        "calltools vendors sample canonical -o calls.xlsx --faults CT241=3,CT209=1",
    )
)
def sample(  # noqa: PLR0913 - each is an option
    name: Annotated[str, typer.Argument(metavar="NAME|canonical")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")],
    records: Annotated[int, typer.Option(min=0, max=10_000_000, metavar="N", help="How many calls.")] = 100,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another number, other calls; the same, the same.")] = 1,
    faults: Annotated[
        str, typer.Option(metavar="CT241=3,CT209=1", help="Faults of these rules in so many records.")
    ] = "",
    missed: Annotated[
        float | None, typer.Option(min=0, max=100, metavar="PERCENT", help="Share of missed calls.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
    lang: LangOption = None,
) -> None:
    """Invented calls in the exact form of a vendor's export, with faults on request."""
    language = resolve_language(lang)
    with exit_on_error(language):
        from calltools.model.batch import quote_argument  # noqa: PLC0415 - heavy
        from calltools.run.sample import SampleOptions, parse_faults, write_sample  # noqa: PLC0415 - heavy
        from calltools.texts import say  # noqa: PLC0415 - heavy

        options = SampleOptions(records, seed, missed, parse_faults(faults))
        arguments = write_sample(name, output, options, force=force)
        words = " ".join(["calltools", "convert", quote_argument(str(output)), *arguments.split()])
        typer.echo(say("sample-written", language, count=records, path=output, command=words), err=True)


@app.command(
    epilog=format_examples(
        "calltools vendors new export.csv",
        "calltools vendors new export.csv -o my-pbx.toml",
        'calltools vendors new export.csv -o my-pbx.toml --column "PhoneNumber=Кто" --word "вх=incoming"',
    )
)
@expand_options
def new(  # noqa: PLR0913 - each is an option
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    form: FormOptions,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write it.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=TITLE",
            help="Which column it is, - for none; FIELD may be direction; repeatable: the parts of a time are joined.",
        ),
    ] = None,
    word: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD=MEANING", help="incoming, outgoing, internal, answered or missed; repeatable."),
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(metavar="LAYOUT", help="As for strptime, or iso, unix, unix-ms.")
    ] = None,
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="Zone of the example.")] = "Europe/Moscow",
    region: Annotated[str | None, typer.Option(metavar="RU", help="Country of phones without a country code.")] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite it.")] = False,
    lang: LangOption = None,
) -> None:
    """Look at a sample, ask on a terminal, propose a commented profile and run it at once."""
    with exit_on_error(resolve_language(lang)):
        from calltools.cli import profile_draft  # noqa: PLC0415 - heavy
        from calltools.cli.dialog import Dialog  # noqa: PLC0415 - heavy
        from calltools.cli.run_options import parse_hints  # noqa: PLC0415 - heavy
        from calltools.run import RunOptions, resolve  # noqa: PLC0415 - heavy

        language = resolve_language(lang)
        answers = profile_draft.parse_answers(column or [], word or [], time_format)
        options = RunOptions(hints=parse_hints(form), timezone=timezone, region=region.upper() if region else None)
        resolve(options)
        interactive = not no_input and is_terminal(sys.stdin) and is_terminal(sys.stderr)
        dialog = Dialog(language) if interactive else None
        text, summary = profile_draft.draft_profile(file, answers, options, language, dialog, output=output)
        if output is None:
            typer.echo(text)
        else:
            profile_draft.write_profile(text, output, force=force)
        typer.echo(summary, err=True)
