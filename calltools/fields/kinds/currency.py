"""Currencies: codes of ISO 4217."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import iso4217
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, load_words
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, memoized, non_empty, offsets

_CODE_BYTES: Final = 3
_THREE_BYTES: Final = np.uint64((1 << 24) - 1)
#: How far each of three bytes is moved, and where its five bits then stand.
_FIVE_BIT_SHIFTS: Final = ((0, 0), (3, 5), (6, 10))
#: Codes that were withdrawn, and what came after them (ISO 4217, list three).
_SUCCESSORS: Final = {
    "RUR": "RUB", "BYR": "BYN", "BYB": "BYN", "HRK": "EUR", "BGN": "EUR", "LTL": "EUR", "LVL": "EUR", "EEK": "EUR",
    "DEM": "EUR", "FRF": "EUR", "ITL": "EUR", "ANG": "XCG", "UAK": "UAH", "TRL": "TRY", "ROL": "RON", "AZM": "AZN",
    "TMM": "TMT", "GEK": "GEL", "MRO": "MRU", "STD": "STN", "VEF": "VES", "ZWL": "ZWG", "SLL": "SLE", "CUC": "CUP",
}  # fmt: skip
#: Metals, funds, accounting units, and codes for tests and for no currency.
_NOT_MONEY_CODES: Final = frozenset(
    [
        "XXX",
        "XTS",
        "XAU",
        "XAG",
        "XPT",
        "XPD",
        "XDR",
        "XBA",
        "XBB",
        "XBC",
        "XBD",
        "XSU",
        "XUA",
        "BOV",
        "CHE",
        "CHW",
        "CLF",
        "COU",
        "MXV",
        "USN",
        "UYI",
        "UYW",
    ]
)


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
    return non_empty(upper) & ~_is_one_of(upper, _current_codes()) & ~_is_one_of(upper, tuple(_SUCCESSORS))


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
    legible = cell_kernels.cleaned(cells)
    return ~_is_one_of(legible, _current_codes()) & _is_one_of(pc.utf8_upper(legible), _current_codes())


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
    return _is_one_of(pc.utf8_upper(cell_kernels.cleaned(cells)), tuple(_SUCCESSORS))


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
    """The code that replaced each withdrawn one; ``""`` for any other cell."""
    known = pa.array(list(_SUCCESSORS))
    place = pc.index_in(pc.utf8_upper(cell_kernels.cleaned(cells)), known)
    return pc.fill_null(pc.take(pa.array(list(_SUCCESSORS.values())), place), "")


def minor_units(cells: Cells) -> NDArray[np.int64]:
    """Decimals that each currency has; -1 where the cell is no current currency."""
    found: NDArray[np.int64] = _code_table().units[_code_indices(cells)]
    return found


def has_two_decimals(cells: Cells) -> Mask:
    """Currencies of two decimals, and codes to which none are given."""
    mask: Mask = _code_table().has_two[_code_indices(cells)]
    return mask


@lru_cache(maxsize=1)
def _exponents() -> dict[str, int]:
    return {one.code: one.exponent if one.exponent is not None else -1 for one in iso4217.Currency}


@lru_cache(maxsize=1)
def _current_codes() -> tuple[str, ...]:
    return tuple(code for code in _exponents() if code not in _SUCCESSORS)


@lru_cache(maxsize=1)
def _money_codes() -> tuple[str, ...]:
    return tuple(code for code in _current_codes() if code not in _NOT_MONEY_CODES)


@dataclass(frozen=True, slots=True)
class _CodeTable:
    """All codes that mean anything, current or not.

    Attributes:
        codes: In the order of their places; the last place is that of any other text.
        words: The three bytes of each, as a number.
        units: Decimals of each; -1 for none.
        has_two: Whether its decimals are two, or none are given.
        index_by_bits: Five bits of each of three bytes -> the place of the one code that they may be.
    """

    codes: tuple[str, ...]
    words: NDArray[np.uint64]
    units: NDArray[np.int64]
    has_two: Mask
    index_by_bits: NDArray[np.int16]


@lru_cache(maxsize=1)
def _code_table() -> _CodeTable:
    exponents = _exponents()
    codes = tuple(dict.fromkeys([*exponents, *_SUCCESSORS, *_NOT_MONEY_CODES]))
    words = np.array([*(int.from_bytes(code.encode(), "little") for code in codes), 0], np.uint64)
    place_of = np.full(1 << 15, len(codes), np.int16)
    place_of[_pack_five_bits(words[:-1])] = np.arange(len(codes))
    units = np.array([*(exponents.get(code, -1) for code in codes), -1])
    has_two = np.array([exponents.get(code) in {2, -1} for code in codes] + [False])
    return _CodeTable(codes, words, units, has_two, place_of)


def _pack_five_bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Of the first three bytes, those bits in which the letters of one case differ."""
    first, second, third = (words >> np.uint64(shift) & np.uint64(0x1F << place) for shift, place in _FIVE_BIT_SHIFTS)
    place: NDArray[np.int64] = (first | second | third).view(np.int64)
    return place


@memoized
def _code_indices(cells: Cells) -> NDArray[np.int16]:
    """The place of each code in the table. Codes are three bytes: compared as numbers, all at once."""
    table = _code_table()
    spelled = load_words(cells, offsets(cells)[:-1]) & _THREE_BYTES
    places = table.index_by_bits[_pack_five_bits(spelled)]
    places[(table.words[places] != spelled) | (byte_lengths(cells) != _CODE_BYTES)] = len(table.codes)
    return places


@lru_cache(maxsize=8)
def _membership(codes: tuple[str, ...]) -> Mask:
    """Of each place of the table, whether its code is one of these."""
    return np.array([code in codes for code in _code_table().codes] + [False])


def _is_one_of(cells: Cells, codes: tuple[str, ...]) -> Mask:
    mask: Mask = _membership(codes)[_code_indices(cells)]
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return _is_one_of(cells, _money_codes()) | ~non_empty(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    others = non_empty(cells) & ~_is_one_of(cells, _current_codes())
    if not others.any():
        return cells
    some = cells.filter(pa.array(others))
    lost = cell_kernels.control_character(some)
    clean = cell_kernels.replace_where(cell_kernels.cleaned(some), lost, some.filter(pa.array(lost)))
    small = not_upper_case(clean)
    return cell_kernels.replace_where(
        cells, others, cell_kernels.replace_where(clean, small, pc.utf8_upper(clean.filter(pa.array(small))))
    )


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
