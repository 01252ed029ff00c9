"""``schema``: the pandera schema of canonical calls, for the pipelines of others."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from calltools.library.options import build_options
from calltools.run import resolve

if TYPE_CHECKING:
    from calltools.validation.frame_schema import DataFrameSchema


def schema(  # noqa: PLR0913 - each is an option of the command line
    *,
    warnings: bool = False,
    as_of: int | str | datetime | None = None,
    region: str | None = None,
    currency: str | None = None,
    select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
) -> "DataFrameSchema":
    """The ``pandera.DataFrameSchema`` of a pandas frame of canonical calls: text, null or ``""`` is absent.

    Its checks are the rules on cells and on records that can make an error, each named by its code; they run the code
    of ``check``, and their verdict is the same. What needs the whole table (CT019, CT401, CT404) is left to ``check``.

    Args:
        warnings: Also rules of the severity warning; they raise ``SchemaWarning``.
        as_of: "Now" for the time rules; ``None``: when a frame is validated.
        region: Country of numbers without a country code: +8 495 … is then an error of Russian numbers.
        currency: Of prices without one.
        select: Rules to apply; nothing: all.
        ignore: Rules not to apply.

    Raises:
        UsageError: An option is wrong.
    """
    from calltools.validation.frame_schema import build_frame_schema  # noqa: PLC0415 - loads pandera

    given = {"as_of": as_of, "region": region, "currency": currency, "select": select, "ignore": ignore}
    context = resolve(build_options(given))
    assumptions, fixed = context.assumptions, context.options.as_of is not None
    return build_frame_schema(
        context.ruleset.rules(),
        lambda: assumptions if fixed else replace(assumptions, now=int(time.time())),
        warnings=warnings,
    )
