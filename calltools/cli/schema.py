"""``calltools schema``: the columns of the canonical file in another notation."""

from calltools.errors import UsageError
from calltools.exports import EXPORTS


def schema(which: str) -> str:
    """The text of a schema export.

    Raises:
        UsageError: There is no such export.
    """
    if which not in EXPORTS:
        raise UsageError("schema-unknown", given=which, known=", ".join(EXPORTS))
    return EXPORTS[which]()
