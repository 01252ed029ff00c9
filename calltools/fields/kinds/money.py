"""Amounts: digits with a dot."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields import any_cell
from calltools.fields.field import Example, Kind
from calltools.fields.shapes import first_bytes, last_bytes, lengths, matches, own_bytes, rewritten, rows_with
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, filled, offsets, remembered, where_true

_CANONICAL: Final = r"[0-9]+(?:[.][0-9]+)?"
_TO_THIRD: Final = 3
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
    legible = any_cell.legible(cells)
    return ~_canonical(legible) & ~negative(cells)


def negative(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
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
    legible = any_cell.legible(cells)
    begins = first_bytes(legible)
    candidates = (begins == ord("-")) | (begins == 0xE2)
    return matches(legible, _NEGATIVE) if candidates.any() else candidates


def decimals(cells: Cells) -> NDArray[np.int64]:
    """Decimals of each canonical amount, without trailing zeros; 0 for anything else."""
    there = dots(cells)
    held = there.third.copy()
    held[there.others] = True
    dotted = np.flatnonzero(_canonical(cells) & held)
    found = np.zeros(len(cells), np.int64)
    if len(dotted):
        tail = pc.replace_substring_regex(cells.take(pa.array(dotted)), r"^[0-9]+[.]|0+$", "")
        found[dotted] = pc.utf8_length(tail).to_numpy()
    return found


@dataclass(frozen=True, slots=True)
class Dots:
    """Where dots stand in cells.

    Attributes:
        third: Cells with a dot in the third byte from the end, as in most prices.
        others: The rows of all other dots, in order; one may be there several times.
    """

    third: Mask
    others: Numbers


@remembered
def dots(cells: Cells) -> Dots:
    """Where dots stand."""
    data, first = own_bytes(cells)
    dotted = np.append(data == ord("."), False)
    at = np.where(lengths(cells) >= _TO_THIRD, offsets(cells)[1:] - (first + _TO_THIRD), len(data))
    third: Mask = dotted[at]
    dotted[at] = False
    positions = where_true(dotted) + first
    return Dots(third, np.searchsorted(offsets(cells), positions, side="right") - 1)


def _canonical(cells: Cells) -> Mask:
    """Digits with at most one dot among them, or nothing."""
    data, _ = own_bytes(cells)
    mask: Mask = ~rows_with(cells, ((data - np.uint8(0x30)) > 9) & (data != ord(".")))
    there = dots(cells)
    mask &= ~(there.third & (lengths(cells) == _TO_THIRD))
    if len(there.others):
        mask[there.others[1:][np.diff(there.others) == 0]] = False
        mask[there.others[there.third[there.others]]] = False
        mask &= (first_bytes(cells) != ord(".")) & (last_bytes(cells) != ord("."))
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return _canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    others = ~_canonical(cells)
    if not others.any():
        return cells
    some = cells.filter(pa.array(others))
    lost = any_cell.control_character(some)
    clean = any_cell.replaced(any_cell.legible(some), lost, some.filter(pa.array(lost)))
    readable = matches(clean, _READABLE) & filled(clean)
    return any_cell.replaced(cells, others, any_cell.replaced(clean, readable, _read(clean.filter(pa.array(readable)))))


def _read(cells: Cells) -> Cells:
    if not len(cells):
        return cells
    dotted = rewritten(cells, _READABLE, r"\1.\2")[1]
    return pc.replace_substring_regex(pc.replace_substring(dotted, " ", ""), r"[.]$", "")


KIND = Kind(
    name="money",
    pattern=r"[0-9]+([.][0-9]+)?",
    sound=_sound,
    normalize=_normalize,
    hide=None,
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
