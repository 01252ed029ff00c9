"""A line at a terminal that changes while something is waited for, with a spinner and a clock."""

from typing import Any


class LiveLine:
    """The line; it is there from its first text until it is stopped."""

    def __init__(self) -> None:
        self._progress: Any = None

    def update(self, text: str) -> None:
        """Show a text in place of the one before."""
        if self._progress is None:
            self._progress = _start(text)
        self._progress.update(self._progress.task_ids[0], description=text)

    def stop(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _start(text: str) -> Any:
    # rich is heavy, and only a person at a terminal needs it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    progress = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
    progress.add_task(text, total=None)
    progress.start()
    return progress
