"""Amounts of money: digits with a decimal dot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
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
from calltools.model.cells import Cells, Mask, Numbers, as_mask, non_empty, offsets

_THIRD_FROM_END: Final = 3
#: Digits behind a separator of thousands.
_THOUSANDS: Final = 3
_NEGATIVE: Final = r"[-\x{2212}][0-9]+(?:[.,][0-9]+)?"
#: Signs and words beside an amount, in small letters -> the currencies that they can mean.
CURRENCIES_BY_SIGN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "₽": ("RUB",),
        **dict.fromkeys(("руб", "руб.", "р.", "рублей"), ("RUB", "BYN")),
        "$": ("USD", "AUD", "BBD", "BMD", "BND", "BRL", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "DOP", "FJD", "GYD",
              "HKD", "JMD", "KYD", "LRD", "MXN", "NAD", "NIO", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "UYU", "XCD",
              "ARS"),
        "€": ("EUR",),
        **dict.fromkeys(("₸", "тг", "тг.", "тенге"), ("KZT",)),
        **dict.fromkeys(("₴", "грн", "грн."), ("UAH",)),
        "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"),
        "¥": ("JPY", "CNY"),
        "₺": ("TRY",), "₾": ("GEL",), "₼": ("AZN",), "֏": ("AMD",),
        "сум": ("UZS",), "сом": ("KGS",),
        "kr": ("SEK", "NOK", "DKK", "ISK"),
        "zł": ("PLN",),
        **{
            code.lower(): (code,)
            for code in ("AMD", "AZN", "BYN", "CNY", "EUR", "GBP", "GEL", "KGS", "KZT", "PLN", "RUB", "TRY", "UAH",
                         "USD", "UZS")
        },
    }
)  # fmt: skip
#: The longest first, so that руб. is not read as руб.
_SIGN: Final = f"(?i:{'|'.join(map(re.escape, sorted(CURRENCIES_BY_SIGN, key=len, reverse=True)))})"
_NUMBER: Final = "([0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.,]([0-9]{1,2}))?"
#: Amounts with one reading only: a space between thousands, a decimal comma, a sign of currency on one side.
_READABLE: Final = f"{_SIGN}? ?{_NUMBER} ?{_SIGN}?"
#: The signs as they are left when digits, spaces, dots and commas are gone; and each with a code that it can mean.
_BARE_SIGNS: Final = sorted({sign.rstrip(".") for sign in CURRENCIES_BY_SIGN})
_MEANINGS: Final = sorted(f"{sign.rstrip('.')} {code}" for sign, codes in CURRENCIES_BY_SIGN.items() for code in codes)
_SIGN_ON_BOTH_SIDES: Final = f"{_SIGN}.*{_SIGN}"
_ALL_BUT_SIGN: Final = "[0-9 .,]+"


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
    return ~is_canonical(clean) & ~negative_amount(cells)


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


@memoized
def is_canonical(cells: Cells) -> Mask:
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


def contradicts_currency(prices: Cells, codes: Cells) -> Mask:
    """Mask of the readable amounts whose own sign of currency cannot mean the code beside them.

    An amount without a sign contradicts nothing. Where the code is empty the sign is all that says the currency, and it
    gets lost with it; of zero nothing gets lost.
    """
    clean = cell_kernels.cleaned(prices)
    mask: Mask = ~is_canonical(clean)
    if mask.any():
        mask &= non_empty(codes) | full_match(clean, ".*[1-9].*")
    if mask.any():
        amounts, given = clean.filter(pa.array(mask)), codes.filter(pa.array(mask))
        signs = pc.utf8_lower(pc.replace_substring_regex(amounts, _ALL_BUT_SIGN, ""))
        pairs = pc.binary_join_element_wise(signs, pc.utf8_upper(given), " ")
        mask[mask] = as_mask(pc.is_in(signs, pa.array(_BARE_SIGNS))) & ~as_mask(pc.is_in(pairs, pa.array(_MEANINGS)))
    return mask


def has_sign(cells: Cells) -> Mask:
    """Mask of the amounts that have a sign or a word of a currency: with another one beside them they contradict it."""
    clean = cell_kernels.cleaned(cells)
    mask: Mask = ~is_canonical(clean)
    if mask.any():
        signs = pc.utf8_lower(pc.replace_substring_regex(clean.filter(pa.array(mask)), _ALL_BUT_SIGN, ""))
        mask[mask] = as_mask(pc.is_in(signs, pa.array(_BARE_SIGNS)))
    return mask


def count_decimals(cells: Cells) -> NDArray[np.int64]:
    """Decimals of each canonical amount, without trailing zeros; 0 for any other cell.

    Three of them count as they stand: 1.500 is far more likely 1500 with its thousands apart than one and a half.
    """
    dots = find_dots(cells)
    dotted = dots.third_from_end.copy()
    dotted[dots.other_rows] = True
    rows = np.flatnonzero(is_canonical(cells) & dotted)
    counts = np.zeros(len(cells), np.int64)
    if len(rows):
        decimals = pc.replace_substring_regex(cells.take(pa.array(rows)), r"^[0-9]+[.]", "")
        without_zeros = byte_lengths(pc.utf8_rtrim(decimals, "0"))
        counts[rows] = np.where(byte_lengths(decimals) == _THOUSANDS, _THOUSANDS, without_zeros)
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


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    # The rule is its negation on clean cells: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    return is_canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, ~is_canonical(cells), _to_amount)


def _to_amount(cells: Cells) -> Cells:
    clean = cell_kernels.clean_unless_damaged(cells)
    readable = full_match(clean, _READABLE) & non_empty(clean) & ~full_match(clean, _SIGN_ON_BOTH_SIDES)
    return cell_kernels.rewrite_where(clean, readable, _to_canonical)


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
