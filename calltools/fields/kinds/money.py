"""Amounts: digits with a dot."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    byte_lengths,
    cells_with_marked_bytes,
    first_bytes,
    full_match,
    last_bytes,
    rewrite_matches,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, flatnonzero_sparse, memoized, non_empty, offsets

_CANONICAL: Final = r"[0-9]+(?:[.][0-9]+)?"
_THIRD_FROM_END: Final = 3
_NEGATIVE: Final = r"[-\x{2212}][0-9]+(?:[.,][0-9]+)?"
_SIGN: Final = r"(?:₽|руб\.?|р\.|\$|€|₸|RUB|USD|EUR|KZT|BYN)"
#: Amounts that can be read in one way only: thousands apart by spaces, a decimal comma, a sign of currency.
_READABLE: Final = rf"{_SIGN}? ?([0-9]{{1,3}}(?: [0-9]{{3}})+|[0-9]+)(?:[.,]([0-9]{{1,2}}))? ?{_SIGN}?"


def not_decimal(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Price is not a decimal number with a dot.

    Why:
        Metrica reads digits and a dot. A comma, a space between thousands or a sign of currency makes the amount
        unreadable, and the call comes in without its revenue.

    Example:
        bad: 1 234,50 ₽
        good: 1234.50

    Fix:
        Write digits and a dot; the repaired amount stands in the finding where only one reading exists. In Excel: the
        cell's format "Number", decimal sign dot, no thousands separator.

    Source:
        Yandex Metrica, Passing call data, Price: dot as decimal separator.
    """
    legible = cell_kernels.cleaned(cells)
    return ~_is_canonical(legible) & ~negative_amount(cells)


def negative_amount(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Price is below zero.

    Why:
        Revenue of a call is zero or more. A refund is not a call; sent as one it lowers the revenue of a visit that
        earned it.

    Example:
        bad: -500.00
        good: 500.00

    Fix:
        Leave the refund out, or send the call again with the smaller amount: the service overwrites it.

    Source:
        Yandex Metrica, FAQ: re-sending a call with another revenue overwrites it.
    """
    legible = cell_kernels.cleaned(cells)
    begins = first_bytes(legible)
    candidates = (begins == ord("-")) | (begins == 0xE2)
    return full_match(legible, _NEGATIVE) if candidates.any() else candidates


def count_decimals(cells: Cells) -> NDArray[np.int64]:
    """Decimals of each canonical amount, without trailing zeros; 0 for anything else."""
    there = find_dots(cells)
    held = there.third_from_end.copy()
    held[there.other_rows] = True
    dotted = np.flatnonzero(_is_canonical(cells) & held)
    found = np.zeros(len(cells), np.int64)
    if len(dotted):
        tail = pc.replace_substring_regex(cells.take(pa.array(dotted)), r"^[0-9]+[.]|0+$", "")
        found[dotted] = pc.utf8_length(tail).to_numpy()
    return found


@dataclass(frozen=True, slots=True)
class DotPositions:
    """Where dots stand in cells.

    Attributes:
        third_from_end: Cells with a dot in the third byte from the end, as in most prices.
        other_rows: The rows of all other dots, in order; one may be there several times.
    """

    third_from_end: Mask
    other_rows: Numbers


@memoized
def find_dots(cells: Cells) -> DotPositions:
    """Where dots stand."""
    data, first = slice_bytes(cells)
    dotted = np.append(data == ord("."), False)
    at = np.where(byte_lengths(cells) >= _THIRD_FROM_END, offsets(cells)[1:] - (first + _THIRD_FROM_END), len(data))
    third: Mask = dotted[at]
    dotted[at] = False
    positions = flatnonzero_sparse(dotted) + first
    return DotPositions(third, np.searchsorted(offsets(cells), positions, side="right") - 1)


def _is_canonical(cells: Cells) -> Mask:
    """Digits with at most one dot among them, or nothing."""
    data, _ = slice_bytes(cells)
    mask: Mask = ~cells_with_marked_bytes(cells, ((data - np.uint8(0x30)) > 9) & (data != ord(".")))
    there = find_dots(cells)
    mask &= ~(there.third_from_end & (byte_lengths(cells) == _THIRD_FROM_END))
    if len(there.other_rows):
        mask[there.other_rows[1:][np.diff(there.other_rows) == 0]] = False
        mask[there.other_rows[there.third_from_end[there.other_rows]]] = False
        mask &= (first_bytes(cells) != ord(".")) & (last_bytes(cells) != ord("."))
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return _is_canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    others = ~_is_canonical(cells)
    if not others.any():
        return cells
    some = cells.filter(pa.array(others))
    lost = cell_kernels.control_character(some)
    clean = cell_kernels.replace_where(cell_kernels.cleaned(some), lost, some.filter(pa.array(lost)))
    readable = full_match(clean, _READABLE) & non_empty(clean)
    return cell_kernels.replace_where(
        cells, others, cell_kernels.replace_where(clean, readable, _to_canonical(clean.filter(pa.array(readable))))
    )


def _to_canonical(cells: Cells) -> Cells:
    if not len(cells):
        return cells
    dotted = rewrite_matches(cells, _READABLE, r"\1.\2")[1]
    return pc.replace_substring_regex(pc.replace_substring(dotted, " ", ""), r"[.]$", "")


KIND = Kind(
    name="money",
    pattern=r"[0-9]+([.][0-9]+)?",
    sound=_sound,
    normalize=_normalize,
    redact=None,
    json_type="number",
    examples=(
        Example("1234.50", "1234.50", "digits and a dot"),
        Example("12,50", "12.50", "decimal comma"),
        Example("1 234,50", "1234.50", "thousands apart"),
        Example("100.00 ₽", "100.00", "sign of currency"),
        Example("1,234.50", None, "comma or thousands?", fault="price-not-decimal"),
        Example("1.2E+3", None, "an exponent", fault="price-not-decimal"),
        Example("-500", None, "below zero", fault="price-negative"),
    ),
)
