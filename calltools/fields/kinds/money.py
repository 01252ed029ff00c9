"""Amounts of money: digits with a decimal dot."""

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
    flatnonzero_sparse,
    full_match,
    last_bytes,
    memoized,
    rewrite_matches,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, non_empty, offsets

_THIRD_FROM_END: Final = 3
_NEGATIVE: Final = r"[-\x{2212}][0-9]+(?:[.,][0-9]+)?"
_SIGN: Final = r"(?:₽|руб\.?|р\.|\$|€|₸|RUB|USD|EUR|KZT|BYN)"
#: Amounts with one reading only: a space between thousands, a decimal comma, a sign of currency.
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
    clean = cell_kernels.cleaned(cells)
    return ~_is_canonical(clean) & ~negative_amount(cells)


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
    clean = cell_kernels.cleaned(cells)
    begins = first_bytes(clean)
    # 0xE2 is the first byte of U+2212, the minus sign of typography.
    candidates = (begins == ord("-")) | (begins == 0xE2)
    return full_match(clean, _NEGATIVE) if candidates.any() else candidates


def count_decimals(cells: Cells) -> NDArray[np.int64]:
    """Decimals of each canonical amount, without trailing zeros; 0 for any other cell."""
    dots = find_dots(cells)
    dotted = dots.third_from_end.copy()
    dotted[dots.other_rows] = True
    rows = np.flatnonzero(_is_canonical(cells) & dotted)
    counts = np.zeros(len(cells), np.int64)
    if len(rows):
        decimals = pc.replace_substring_regex(cells.take(pa.array(rows)), r"^[0-9]+[.]|0+$", "")
        counts[rows] = pc.utf8_length(decimals).to_numpy()
    return counts


@dataclass(frozen=True, slots=True)
class DotPositions:
    """The dots in a column of cells.

    Attributes:
        third_from_end: Mask of the cells whose third byte from the end is a dot, as in most prices.
        other_rows: The row of each other dot, in order; a row with several dots occurs several times.
    """

    third_from_end: Mask
    other_rows: Numbers


@memoized
def find_dots(cells: Cells) -> DotPositions:
    """Find all dots. Prices with two decimals are told apart without a search for the cell of each dot."""
    data, first = slice_bytes(cells)
    # The item behind the last byte is for cells that are too short: they have no third byte from the end.
    dotted = np.append(data == ord("."), False)
    at = np.where(byte_lengths(cells) >= _THIRD_FROM_END, offsets(cells)[1:] - (first + _THIRD_FROM_END), len(data))
    third: Mask = dotted[at]
    # Only the other dots are left, which are few.
    dotted[at] = False
    positions = flatnonzero_sparse(dotted) + first
    return DotPositions(third, np.searchsorted(offsets(cells), positions, side="right") - 1)


def _is_canonical(cells: Cells) -> Mask:
    """Mask of the cells that are digits with at most one dot between them, or empty."""
    data, _ = slice_bytes(cells)
    mask: Mask = ~cells_with_marked_bytes(cells, ((data - np.uint8(0x30)) > 9) & (data != ord(".")))
    dots = find_dots(cells)
    # A dot with nothing before it, as in ".50".
    mask &= ~(dots.third_from_end & (byte_lengths(cells) == _THIRD_FROM_END))
    if len(dots.other_rows):
        # Two dots: two of the other ones, or one of them and the one before the decimals.
        mask[dots.other_rows[1:][np.diff(dots.other_rows) == 0]] = False
        mask[dots.other_rows[dots.third_from_end[dots.other_rows]]] = False
        mask &= (first_bytes(cells) != ord(".")) & (last_bytes(cells) != ord("."))
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    # The rule is its negation on clean cells: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    return _is_canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, ~_is_canonical(cells), _to_amount)


def _to_amount(cells: Cells) -> Cells:
    clean = cell_kernels.clean_unless_damaged(cells)
    return cell_kernels.rewrite_where(clean, full_match(clean, _READABLE) & non_empty(clean), _to_canonical)


def _to_canonical(cells: Cells) -> Cells:
    dotted = rewrite_matches(cells, _READABLE, r"\1.\2")[1]
    # Without decimals the second group is empty, and the dot has nothing behind it.
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
