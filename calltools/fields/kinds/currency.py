"""Currencies: three-letter codes of ISO 4217.

Codes are compared as numbers made of their three bytes (``_code_indices``), for whole columns at once.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import iso4217
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, load_words, memoized
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, non_empty, offsets

_CODE_BYTES: Final = 3
_THREE_BYTES: Final = np.uint64((1 << 24) - 1)
#: For each of three bytes: how far the word is shifted to the right, and where its five bits are then.
_FIVE_BIT_SHIFTS: Final = ((0, 0), (3, 5), (6, 10))
#: Withdrawn code -> its successor (ISO 4217, list three).
SUCCESSORS: Final = {
    "RUR": "RUB", "BYR": "BYN", "BYB": "BYN", "HRK": "EUR", "BGN": "EUR", "LTL": "EUR", "LVL": "EUR", "EEK": "EUR",
    "DEM": "EUR", "FRF": "EUR", "ITL": "EUR", "ANG": "XCG", "UAK": "UAH", "TRL": "TRY", "ROL": "RON", "AZM": "AZN",
    "TMM": "TMT", "GEK": "GEL", "MRO": "MRU", "STD": "STN", "VEF": "VES", "ZWL": "ZWG", "SLL": "SLE", "CUC": "CUP",
}  # fmt: skip
#: Codes for metals, funds, units of account, tests, and for "no currency".
_NOT_MONEY_CODES: Final = frozenset(
    {
        "XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XBA", "XBB", "XBC", "XBD", "XSU", "XUA", "BOV", "CHE", "CHW",
        "CLF", "COU", "MXV", "USN", "UYI", "UYW",
    }
)  # fmt: skip


def unknown_currency(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Currency is not a current code of ISO 4217.

    Why:
        For a currency that it does not know Metrica stores nothing: neither the currency nor the amount.

    Example:
        bad: РУБ
        good: RUB

    Fix:
        Write the three capital letters of ISO 4217: RUB, KZT, BYN, USD, EUR.

    Source:
        Yandex Metrica, Offline conversion data: an unknown currency makes amount and currency null; ISO 4217.
    """
    upper = pc.utf8_upper(cell_kernels.cleaned(cells))
    return non_empty(upper) & ~_is_one_of(upper, current_codes()) & ~_is_one_of(upper, tuple(SUCCESSORS))


def not_upper_case(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Currency is a known code in small letters.

    Why:
        ISO 4217 knows capital letters only, and Metrica does not say that it takes others.

    Example:
        bad: rub
        good: RUB

    Fix:
        Write capital letters; the repaired code stands in the finding. In Excel: =UPPER(A1).

    Source:
        ISO 4217; Yandex Metrica, Passing call data, Currency.
    """
    clean = cell_kernels.cleaned(cells)
    return ~_is_one_of(clean, current_codes()) & _is_one_of(pc.utf8_upper(clean), current_codes())


def withdrawn(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Currency is a code that another one has replaced.

    Why:
        RUR went out of use in 1998. Metrica does not take withdrawn codes, and the amount is lost with them. Some
        successors also have another value: 1000 RUR became 1 RUB.

    Example:
        bad: RUR
        good: RUB

    Fix:
        Write the successor. If the amounts are in today's money, as with exports that never changed RUR to RUB, they
        stay as they are.

    Source:
        ISO 4217, list three (historic codes).
    """
    return _is_one_of(pc.utf8_upper(cell_kernels.cleaned(cells)), tuple(SUCCESSORS))


def not_money(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Currency is a code for a metal, a fund, a test, or for no currency.

    Why:
        XXX means "no currency" and XTS is for tests; gold has no rate in Metrica's reports. Nobody is paid for a
        call in them.

    Example:
        bad: XXX
        good: RUB

    Fix:
        Write the currency of the amount, or leave Price and Currency empty.

    Source:
        ISO 4217, list one: codes that begin with X, and fund codes.
    """
    return _is_one_of(cell_kernels.cleaned(cells), tuple(_NOT_MONEY_CODES))


def successor_code(cells: Cells, _assumptions: Assumptions | None = None) -> Cells:
    """The successor of each withdrawn code; ``""`` for any other cell."""
    index = pc.index_in(pc.utf8_upper(cell_kernels.cleaned(cells)), pa.array(list(SUCCESSORS)))
    return pc.fill_null(pc.take(pa.array(list(SUCCESSORS.values())), index), "")


def minor_units(cells: Cells) -> NDArray[np.int64]:
    """Decimals of each currency; -1 where the cell is no current currency, or has none by ISO 4217."""
    units: NDArray[np.int64] = _code_table().units[_code_indices(cells)]
    return units


def has_two_decimals(cells: Cells) -> Mask:
    """Mask of the currencies with two decimals, and of the codes for which ISO 4217 gives none."""
    mask: Mask = _code_table().has_two[_code_indices(cells)]
    return mask


@lru_cache(maxsize=1)
def _exponents() -> dict[str, int]:
    return {entry.code: entry.exponent if entry.exponent is not None else -1 for entry in iso4217.Currency}


@lru_cache(maxsize=1)
def current_codes() -> tuple[str, ...]:
    """The codes in force, also those that are not money."""
    return tuple(code for code in _exponents() if code not in SUCCESSORS)


@lru_cache(maxsize=1)
def money_codes() -> tuple[str, ...]:
    """The codes in force that are money."""
    return tuple(code for code in current_codes() if code not in _NOT_MONEY_CODES)


@dataclass(frozen=True, slots=True)
class _CodeTable:
    """All known codes, current or not. The arrays have one item for each code, and a last one for any other text.

    Attributes:
        codes: The codes; the position here is the index into the other arrays.
        words: The three bytes of the code, as a number.
        units: Decimals of the currency; -1 for none.
        has_two: Whether it has two decimals, or none are given.
        index_by_bits: Five bits of each of three bytes -> the index of the only code that can have them.
    """

    codes: tuple[str, ...]
    words: NDArray[np.uint64]
    units: NDArray[np.int64]
    has_two: Mask
    index_by_bits: NDArray[np.int16]


@lru_cache(maxsize=1)
def _code_table() -> _CodeTable:
    exponents = _exponents()
    codes = tuple(dict.fromkeys([*exponents, *SUCCESSORS, *_NOT_MONEY_CODES]))
    words = np.array([*(int.from_bytes(code.encode(), "little") for code in codes), 0], np.uint64)
    # Three times five bits tell all 26 ** 3 codes apart, so that the table is complete and needs no hashing.
    index_by_bits = np.full(1 << 15, len(codes), np.int16)
    index_by_bits[_pack_five_bits(words[:-1])] = np.arange(len(codes))
    units = np.array([*(exponents.get(code, -1) for code in codes), -1])
    has_two = np.array([exponents.get(code) in {2, -1} for code in codes] + [False])
    return _CodeTable(codes, words, units, has_two, index_by_bits)


def _pack_five_bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The lower five bits of the first three bytes in a row: the bits in which letters of one case differ."""
    first, second, third = (words >> np.uint64(shift) & np.uint64(0x1F << at) for shift, at in _FIVE_BIT_SHIFTS)
    packed: NDArray[np.int64] = (first | second | third).view(np.int64)
    return packed


@memoized
def _code_indices(cells: Cells) -> NDArray[np.int16]:
    """The index of each cell in the table of codes; the last index for any other text."""
    table = _code_table()
    words = load_words(cells, offsets(cells)[:-1]) & _THREE_BYTES
    indices = table.index_by_bits[_pack_five_bits(words)]
    # Other characters share the five bits of a letter, so compare the whole bytes with those of the code.
    indices[(table.words[indices] != words) | (byte_lengths(cells) != _CODE_BYTES)] = len(table.codes)
    return indices


@lru_cache(maxsize=8)
def _membership(codes: tuple[str, ...]) -> Mask:
    """Of each index of the table, whether its code is one of these."""
    return np.array([code in codes for code in _code_table().codes] + [False])


def _is_one_of(cells: Cells, codes: tuple[str, ...]) -> Mask:
    mask: Mask = _membership(codes)[_code_indices(cells)]
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    # No rule above may fire on a current code of money: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    return _is_one_of(cells, money_codes()) | ~non_empty(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, non_empty(cells) & ~_is_one_of(cells, current_codes()), _to_code)


def _to_code(cells: Cells) -> Cells:
    clean = cell_kernels.clean_unless_damaged(cells)
    return cell_kernels.rewrite_where(clean, not_upper_case(clean), pc.utf8_upper)


KIND = Kind(
    name="currency",
    pattern="[A-Z]{3}",
    sound=_sound,
    normalize=_normalize,
    redact=None,
    examples=(
        Example("RUB", "RUB", "ISO 4217"),
        Example("rub", "RUB", "small letters"),
        Example("RUR", None, "withdrawn in 1998", fault="currency-withdrawn"),
        Example("руб", None, "a word", fault="currency-unknown"),
        Example("XXX", None, "no currency", fault="currency-not-money"),
    ),
)
