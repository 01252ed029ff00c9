"""How far a long run has come: on standard error, on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from calltools.cli.options import is_terminal


@contextmanager
def show_progress(name: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A function that is told how many records have been read so far."""
    if not shown or not is_terminal(sys.stderr):
        yield lambda _: None
        return
    # rich is heavy, and only a person at a terminal needs it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed:,}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda count: bar.update(task, completed=count)
