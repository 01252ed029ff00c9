"""What an upload tells while it goes on: words on standard error, lines for scripts on standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import typer

from calltools.cli.heard import let_go
from calltools.cli.options import is_terminal, where
from calltools.cli.uploading_options import Speaking
from calltools.errors import CalltoolsError
from calltools.messages import say

#: On a terminal these sentences take the place of one another.
_CHANGING = frozenset({"upload-followed", "upload-status"})


@final
class Telling:
    """Told what happens, as a key of ``MESSAGES`` and its facts; a context is made of it by ``telling``."""

    def __init__(self, speaking: Speaking) -> None:
        self.speaking = speaking
        self._live: Any = None
        self._watched = is_terminal(sys.stderr)

    def __call__(self, key: str, /, **facts: object) -> None:
        """Say a sentence, unless that was not wanted."""
        if self.speaking.quiet:
            return
        if key in _CHANGING and self._watched:
            self._change(say(key, self.speaking.language, **facts))
        else:
            self.must(key, **facts)

    def detail(self, key: str, /, **facts: object) -> None:
        """Say what only somebody who asks for more wants to know."""
        if self.speaking.verbose:
            self(key, **facts)

    def must(self, key: str, /, **facts: object) -> None:
        """Say what must be said even when quiet."""
        self._echo(say(key, self.speaking.language, **facts), err=True)

    def fault(self, fault: CalltoolsError) -> None:
        """Say why something did not go."""
        self._echo(f"calltools: {fault.say(self.speaking.language)}", err=True)
        if self.speaking.debug:
            self._echo(where(fault), err=True)

    def aside(self, text: str) -> None:
        """A line for people that needs no translation."""
        self._echo(text, err=True)

    def line(self, text: str) -> None:
        """A line for scripts."""
        self._echo(text, err=False)

    def still(self) -> None:
        """End the line that changes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _echo(self, text: str, *, err: bool) -> None:
        self.still()
        try:
            typer.echo(text, err=err)
        except OSError:
            # The disk of the log is full. What is under way goes on, and the exit code
            # tells how it ended.
            let_go(sys.stderr if err else sys.stdout)

    def _change(self, text: str) -> None:
        if self._live is None:
            self._live = _started_line(text)
        self._live.update(self._live.task_ids[0], description=text)


def _started_line(text: str) -> Any:
    """A line with a clock. rich is heavy, and only a person at a terminal needs it."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    live = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
    live.add_task(text, total=None)
    live.start()
    return live


@contextmanager
def telling(speaking: Speaking) -> Iterator[Telling]:
    """Somebody to tell; at the end the terminal is as it was."""
    tell = Telling(speaking)
    try:
        yield tell
    finally:
        tell.still()
