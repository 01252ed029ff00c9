"""``calltools run``: the jobs of the configuration, one after the other, again and again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from calltools.cli.configuration.file import Config
from calltools.cli.options import format_examples
from calltools.cli.typer_app import expand_options
from calltools.cli.upload import open_layers
from calltools.cli.upload_options import AccessOptions, OutputOptions, ResultFormat
from calltools.errors import Problem

EXAMPLES = format_examples(
    "calltools run",
    "calltools run romashka --plan",
    "calltools run --list --max-age 36h",
)


@dataclass(frozen=True, slots=True)
class JobRunOptions:
    """What is done with the jobs."""

    plan: Annotated[bool, typer.Option("--plan", help="Say what would be sent; send, write and move nothing.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same without network and ledger.")] = False
    list: Annotated[bool, typer.Option("--list", help="List the jobs, and when each last succeeded.")] = False
    max_age: Annotated[
        str | None,
        typer.Option(metavar="36h", help="With --list: exit code 1 if the last success of a job is older."),
    ] = None
    all: Annotated[bool, typer.Option("--all", help="Also inputs that the jobs are done with; no call goes twice.")] = (
        False
    )
    accept_partial: Annotated[
        bool, typer.Option("--accept-partial", help="Put away also inputs of which Metrica accepted some calls only.")
    ] = False
    output_format: Annotated[
        ResultFormat, typer.Option(help="What stands on standard output: a table, or one JSON object a job.")
    ] = ResultFormat.TEXT


@expand_options
def run_command(
    context: typer.Context,
    jobs: Annotated[
        list[str] | None, typer.Argument(metavar="JOB", help="Names of jobs; default: all.", show_default=False)
    ] = None,
    *,
    options: JobRunOptions,
    access: AccessOptions,
    output: OutputOptions,
) -> None:
    """Run the jobs of calltools.toml: convert, send, put away."""

    def check(config: Config) -> Iterable[Problem]:
        from calltools.cli.job_options import find_wrong_values, known_tables  # noqa: PLC0415 - heavy

        return find_wrong_values(config, known_tables(config, jobs or []), output.language)

    with open_layers(context, output, check) as layers:
        output, access = layers.apply(output), layers.apply(access)
        from calltools.cli.run_jobs import list_jobs, run_jobs  # noqa: PLC0415 - heavy

        command = list_jobs if options.list else run_jobs
        raise typer.Exit(command(jobs or [], options, access, output, layers))
