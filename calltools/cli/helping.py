"""A second process for large files, and a start that does not wait for pandas."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from calltools.lean import arrow_without_pandas
from calltools.workers.helper import Helper


@contextmanager
def helping(files: Sequence[str]) -> Iterator[Helper]:
    """The helper of a run, started ahead where a file is large; it loads meanwhile what this process loads, too."""
    with Helper() as helper:
        for name in files:
            helper.start_ahead(Path(name))
        with arrow_without_pandas():
            import pyarrow as pa  # noqa: PLC0415 - heavy

            # pandas is loaded with pandera, when there is something to judge.
            pa.array([])
        yield helper
