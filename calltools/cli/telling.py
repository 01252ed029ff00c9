"""What an upload tells while it goes on: words on standard error, lines for scripts on standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import typer

from calltools.cli.heard import redirect_to_devnull
from calltools.cli.options import is_terminal, traceback_places
from calltools.cli.uploading_options import OutputOptions
from calltools.errors import CalltoolsError
from calltools.messages import say

#: On a terminal these sentences take the place of one another.
_LIVE_MESSAGES = frozenset({"upload-followed", "upload-status"})


@final
class UploadConsole:
    """Told what happens, as a key of ``MESSAGES`` and its facts; a context is made of it by ``telling``."""

    def __init__(self, options: OutputOptions) -> None:
        self.options = options
        self._live: Any = None
        self._on_terminal = is_terminal(sys.stderr)

    def __call__(self, key: str, /, **facts: object) -> None:
        """Say a sentence, unless that was not wanted."""
        if self.options.quiet:
            return
        if key in _LIVE_MESSAGES and self._on_terminal:
            self._update_live_line(say(key, self.options.language, **facts))
        else:
            self.print_always(key, **facts)

    def print_detail(self, key: str, /, **facts: object) -> None:
        """Say what only somebody who asks for more wants to know."""
        if self.options.verbose:
            self(key, **facts)

    def print_always(self, key: str, /, **facts: object) -> None:
        """Say what must be said even when quiet."""
        self._echo(say(key, self.options.language, **facts), err=True)

    def print_error(self, fault: CalltoolsError) -> None:
        """Say why something did not go."""
        self._echo(f"calltools: {fault.say(self.options.language)}", err=True)
        if self.options.debug:
            self._echo(traceback_places(fault), err=True)

    def print_note(self, text: str) -> None:
        """A line for people that needs no translation."""
        self._echo(text, err=True)

    def print_line(self, text: str) -> None:
        """A line for scripts."""
        self._echo(text, err=False)

    def stop_live_line(self) -> None:
        """End the line that changes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _echo(self, text: str, *, err: bool) -> None:
        self.stop_live_line()
        try:
            typer.echo(text, err=err)
        except OSError:
            # The disk of the log is full. What is under way goes on, and the exit code
            # tells how it ended.
            redirect_to_devnull(sys.stderr if err else sys.stdout)

    def _update_live_line(self, text: str) -> None:
        if self._live is None:
            self._live = _start_live_line(text)
        self._live.update(self._live.task_ids[0], description=text)


def _start_live_line(text: str) -> Any:
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
def open_console(options: OutputOptions) -> Iterator[UploadConsole]:
    """Somebody to tell; at the end the terminal is as it was."""
    tell = UploadConsole(options)
    try:
        yield tell
    finally:
        tell.stop_live_line()
