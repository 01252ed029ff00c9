"""Faster start of a process that calltools owns: garbage collector, environment, Arrow without pandas.

Imports nothing heavy. What each setting saves is in ``benchmarks/README.md``.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def configure_interpreter() -> None:
    """Set what makes imports cheaper; to be called before anything heavy is imported."""
    # Imports make half a million objects that stay; the collector would look through them again and again.
    gc.set_threshold(500_000)
    # No matrices are multiplied here, and OpenBLAS starts a thread for each processor when numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def arrow_without_pandas() -> Iterator[None]:
    """Let Arrow make its first array inside without importing pandas, which takes longer than reading a file.

    Arrow looks for pandas once, at its first conversion. After this block pandas can be imported as usual, but Arrow
    does not recognize a Series that somebody passes to it. So this is not for a process that calltools does not own.
    """
    finder = _PandasImportBlocker()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def load_arrow() -> None:
    """Import Arrow without pandas."""
    with arrow_without_pandas():
        import pyarrow as pa  # noqa: PLC0415 - heavy

        pa.array([])


class _PandasImportBlocker:
    @staticmethod
    def find_spec(fullname: str, *_: object) -> None:
        """Refuse pandas; leave every other module to the next finder."""
        if fullname == "pandas":
            raise ImportError(fullname)
