"""Free text: any characters but control characters."""

import numpy as np
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, offsets, text_bytes

_FORMULA_FIRST_BYTES = np.zeros(256, bool)
_FORMULA_FIRST_BYTES[[ord(sign) for sign in "=+-@"]] = True


def starts_formula(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The text starts with =, +, - or @.

    Why:
        Metrica takes it as it is. But whoever opens the file in a spreadsheet runs it as a formula, and what the
        caller's tag says then becomes what the spreadsheet does.

    Example:
        bad: =HYPERLINK("https://example.com")
        good: Заявка с сайта

    Fix:
        Nothing is needed for the upload. Put another word first if people open the file in a spreadsheet.

    Source:
        OWASP, CSV Injection; CWE-1236.
    """
    ends = offsets(cells)
    rows = np.flatnonzero(np.diff(ends) > 0)
    mask: Mask = np.zeros(len(cells), bool)
    if len(rows):
        mask[rows] = _FORMULA_FIRST_BYTES[text_bytes(cells)[ends[:-1][rows]]]
    return mask & ~cell_kernels.placeholder(cells) if mask.any() else mask


def _sound(cells: Cells, assumptions: Assumptions) -> Mask:
    # Free text has no pattern of its own, so it is sound where none of its rules can fire.
    faulty = cell_kernels.may_hold_odd_bytes(cells, space=False)
    faulty |= cell_kernels.placeholder(cells)
    faulty |= starts_formula(cells, assumptions)
    return ~faulty


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    return cell_kernels.clear_where(cells, cell_kernels.placeholder(cells))


def _redact(cells: Cells) -> Cells:
    return pc.replace_substring_regex(cells, r"[0-9][0-9() +-]{5,}[0-9]", "***")


KIND = Kind(
    name="text",
    pattern=r"[^\x00-\x09\x0B\x0C\x0E-\x1F\x7F]*",
    sound=_sound,
    normalize=_normalize,
    redact=_redact,
    typed=False,
    examples=(
        Example("Заявка с сайта", "Заявка с сайта", "any text"),
        Example("(not set)", "", "a placeholder is nothing"),
        Example("=1+1", None, "left alone, and named", fault="text-starts-formula"),
    ),
)
