"""What makes a process of ours start faster: garbage collector, environment, Arrow without pandas. Light."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def configure_interpreter() -> None:
    """Before anything is loaded: what would slow that down, in a process of ours."""
    # Loading makes half a million objects that stay; to look through them again and again is a fifth of the start.
    gc.set_threshold(500_000)
    # Nothing here multiplies matrices, and a second thread would wait for work by spinning.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Milliseconds for which Arrow keeps what has been freed: it will be wanted again, and fresh pages cost clearing.
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1000")


@contextmanager
def arrow_without_pandas() -> Iterator[None]:
    """Let Arrow make its first array inside: it would import pandas for it, which takes longer than to read a file.

    Afterwards pandas can be imported by who needs it. Not for a process that is not ours: with it Arrow no
    longer knows the Series of others.
    """
    finder = _PandasImportBlocker()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def load_arrow() -> None:
    """Load it, without pandas."""
    with arrow_without_pandas():
        import pyarrow as pa  # noqa: PLC0415 - heavy

        pa.array([])


class _PandasImportBlocker:
    @staticmethod
    def find_spec(fullname: str, *_: object) -> None:
        """Refuse pandas, know nothing of others."""
        if fullname == "pandas":
            raise ImportError(fullname)
