"""Options that the commands of the upload share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from calltools.cli.options import Lang, language
from calltools.messages import Language, say


@dataclass(frozen=True, slots=True)
class Access:
    """How the service is reached."""

    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the token, readable by its owner alone.")
    ] = None
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates of a private authority to trust as well.")
    ] = None
    timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="For one whole request.")] = 900


@dataclass(frozen=True, slots=True)
class Speaking:
    """How what happens is told."""

    lang: Annotated[Lang | None, typer.Option(help="Language of sentences; default: the locale.")] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show where a run stopped, without values.")] = False

    @property
    def language(self) -> Language:
        """The reader's."""
        return language(self.lang)

    def tell(self, key: str, /, **facts: object) -> None:
        """Say a sentence on standard error, unless that was not wanted."""
        if not self.quiet:
            typer.echo(say(key, self.language, **facts), err=True)
