"""``schema``: the pandera schema of canonical calls, for the pipelines of others."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from calltools.library.options import LibraryOptions, build_options
from calltools.run import resolve

if TYPE_CHECKING:
    from calltools.validation.frame_schema import DataFrameSchema


def schema(*, warnings: bool = False, **options: Unpack[LibraryOptions]) -> "DataFrameSchema":
    """The ``pandera.DataFrameSchema`` of a pandas frame of canonical calls: text, null or ``""`` is absent.

    Its checks are the rules on cells and on records that can make an error, each named by its code; they run the code
    of ``check``, and their verdict is the same. What needs the whole table (``CT019``, ``CT404`` ...), is left to
    ``check``. "Now" is when a frame is validated, unless ``as_of`` says otherwise.

    Args:
        warnings: Also rules of the severity warning; they raise ``SchemaWarning``.
        options: Those of ``validate`` that judge cells: ``as_of``, ``region``, ``currency``, ``select``, ``ignore``.

    Raises:
        UsageError: The call is wrong.
    """
    from calltools.validation.frame_schema import build_frame_schema  # noqa: PLC0415 - loads pandera

    context = resolve(build_options(options))
    assumptions, fixed = context.assumptions, context.options.as_of is not None
    return build_frame_schema(
        context.ruleset.rules(),
        lambda: assumptions if fixed else replace(assumptions, now=int(time.time())),
        warnings=warnings,
    )
