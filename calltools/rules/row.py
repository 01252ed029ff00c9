"""Rules on several cells of a record: identifiers, price and currency, missed calls and talk."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, is_single_character
from calltools.fields.kinds import currency, money
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, constant_cells, non_empty
from calltools.model.rule import limit_to_pending

Columns: TypeAlias = Mapping[str, Cells]


def identifier_missing(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The record has no UserId, ClientId or Yclid.

    Why:
        Metrica finds the visit by one of the three. A dynamic call without any of them is counted but never linked to a
        visit, so the advertising that caused it gets nothing.

    Example:
        bad: ,,,1772434800,0,+74951234567
        good: ,1604591025698235234,,1772434800,0,+74951234567

    Fix:
        Join identifiers from the CRM or the form log: --identifiers FILE. If the number is not tied to visits, say so:
        StaticCall 1, or --static-call 1; the finding is then only a note.

    Source:
        Yandex Metrica, Passing call data: UserId, ClientId, Yclid; StaticCall.
    """
    count = _row_count(columns)
    missing: Mask = np.ones(count, bool)
    for name in IDENTIFIER_FIELDS:
        if name in columns:
            missing &= cell_kernels.absent(columns[name])
    return missing


def static_call(columns: Columns, _assumptions: Assumptions) -> Mask:
    """Mask of the records that say that they are static calls."""
    if "StaticCall" not in columns:
        return np.zeros(_row_count(columns), bool)
    return is_single_character(columns["StaticCall"], "1")


def identifiers_several(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The record has more than one identifier.

    Why:
        Metrica links the call by one of them. If they belong to different visits, which one wins is not documented.

    Example:
        bad: client-1042,1604591025698235234,,1772434800
        good: ,1604591025698235234,,1772434800

    Fix:
        Nothing, if both mean the same visitor. Otherwise keep the one you trust: ClientId is the visitor, Yclid the
        click.

    Source:
        Yandex Metrica, Passing call data; the sibling pages on conversions and chats allow several.
    """
    given = [~cell_kernels.absent(columns[name]) for name in IDENTIFIER_FIELDS if name in columns]
    if len(given) < 2:
        return np.zeros(_row_count(columns), bool)
    counts: NDArray[np.int8] = np.stack(given).sum(axis=0, dtype=np.int8)
    return counts > 1


def currency_contradicts_price(columns: Columns, assumptions: Assumptions) -> Mask:
    """The amount has a sign of one currency, and the column or the option says another, or nothing says any.

    Why:
        The sign gets lost, and $100 counted as 100 roubles is a hundredth of the revenue. Of two that contradict each
        other one is wrong, and nobody can tell which; where none is named, the service takes the counter's.

    Example:
        bad: Price 100 $, Currency RUB
        good: Price 100.00, Currency USD

    Fix:
        Look at the order. Write the column Currency, or give the currency of the amounts: --currency USD. A file with
        several currencies needs the column.

    Source:
        Yandex Metrica, Passing call data, Price and Currency.
    """
    if "Price" not in columns:
        return np.zeros(_row_count(columns), bool)
    price = columns["Price"]
    # A price of digits and a dot has no sign of currency.
    rows = np.flatnonzero(limit_to_pending(columns, ~money.is_canonical(price)))
    mask: Mask = np.zeros(len(price), bool)
    if not len(rows):
        return mask
    code = columns["Currency"].take(pa.array(rows)) if "Currency" in columns else constant_cells("", len(rows))
    if assumptions.currency is not None:
        code = pc.if_else(pa.array(cell_kernels.absent(code)), assumptions.currency, code)
    mask[rows] = money.contradicts_currency(price.take(pa.array(rows)), cell_kernels.cleaned(code))
    return mask


def price_too_precise(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The price has more decimals than its currency has minor units.

    Why:
        Nobody pays a tenth of a kopeck: usually the amount was computed, or a thousands separator was read as a decimal
        dot (1.234 for 1234, 1.500 for 1500).

    Example:
        bad: 1.234 RUB
        good: 1234.00 RUB

    Fix:
        Compare the amount with its source, and round it.

    Source:
        ISO 4217, minor units.
    """
    price, code = columns["Price"], columns["Currency"]
    # Most currencies have two decimals, and most prices no more than two: only the others are read.
    rows = np.flatnonzero(
        limit_to_pending(columns, non_empty(price) & (_may_have_more_decimals(price) | _may_have_other_units(code)))
    )
    mask: Mask = np.zeros(len(price), bool)
    if len(rows):
        mask[rows] = _too_precise(price.take(pa.array(rows)), code.take(pa.array(rows)))
    return mask


def price_without_currency(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The record has a price above zero and no currency.

    Why:
        Metrica then takes the counter's currency. For a file in another one the revenue is wrong by the rate, and
        nothing in the report shows it.

    Example:
        bad: 1500.00 and an empty Currency
        good: 1500.00 and RUB

    Fix:
        Write the currency beside the price, or give it once: --currency RUB.

    Source:
        Yandex Metrica, Passing call data, Price and Currency.
    """
    price = columns["Price"]
    alone = non_empty(price)
    if "Currency" in columns:
        alone &= cell_kernels.absent(columns["Currency"])
    return cell_kernels.apply_where(limit_to_pending(columns, alone), _above_zero, price)


def currency_without_price(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The record has a currency and no price.

    Why:
        The currency alone means nothing. Perhaps the price was lost on the way: a column that was not mapped, or
        amounts that could not be read.

    Example:
        bad: RUB and an empty Price
        good: RUB and 1500.00

    Fix:
        Nothing, if the call has no value. Otherwise look for the price column in the export.

    Source:
        Yandex Metrica, Passing call data, Price and Currency.
    """
    alone = non_empty(columns["Currency"])
    if "Price" in columns:
        alone &= cell_kernels.absent(columns["Price"])
    # A placeholder is no currency.
    return alone & ~cell_kernels.absent(columns["Currency"]) if alone.any() else alone


def missed_call_with_talk(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The call was missed and yet talked.

    Why:
        One of the two is wrong: usually the total duration of the call became TalkDuration, or an answer by a robot
        counts as talk.

    Example:
        bad: CallMissed 1, TalkDuration 35
        good: CallMissed 1, TalkDuration 0

    Fix:
        Take the talk column of the export, not the total. For a missed call TalkDuration is 0, the ringing time belongs
        in HoldDuration.

    Source:
        Yandex Metrica, Passing call data, CallMissed and TalkDuration.
    """
    talk = columns["TalkDuration"]
    talked = is_single_character(columns["CallMissed"], "1") & non_empty(talk) & ~is_single_character(talk, "0")
    return cell_kernels.apply_where(limit_to_pending(columns, talked), _above_zero, talk)


def answered_call_without_talk(columns: Columns, _assumptions: Assumptions) -> Mask:
    """The call was answered and not talked.

    Why:
        It happens: somebody answers and hangs up at once. Many such calls mean that the status of the export says
        "answered" for a robot or a queue.

    Example:
        bad: CallMissed 0, TalkDuration 0
        good: CallMissed 0, TalkDuration 35

    Fix:
        Nothing for single calls. If there are many, find out which words of the export mean that a person answered.

    Source:
        Yandex Metrica, Passing call data, CallMissed and TalkDuration.
    """
    return is_single_character(columns["CallMissed"], "0") & is_single_character(columns["TalkDuration"], "0")


def _row_count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _above_zero(cells: Cells) -> Mask:
    """Mask of the canonical numbers above zero; other cells are reported by the rules on cells."""
    clean = cell_kernels.cleaned(cells)
    return as_mask(pc.match_substring_regex(clean, r"^[0-9]*[.]?[0-9]*[1-9][0-9]*([.][0-9]*)?$"))


def _may_have_more_decimals(price: Cells) -> Mask:
    """Mask of the prices with a dot anywhere but in the third byte from the end."""
    mask: Mask = np.zeros(len(price), bool)
    mask[money.find_dots(price).other_rows] = True
    return mask


def _may_have_other_units(code: Cells) -> Mask:
    """Mask of the currencies that have not two decimals, and of cells that must be cleaned to be a currency."""
    mask: Mask = (byte_lengths(code) > 0) & ~currency.has_two_decimals(code)
    return mask


def _too_precise(price: Cells, code: Cells) -> Mask:
    units = currency.minor_units(cell_kernels.cleaned(code))
    too_precise: Mask = (units >= 0) & (money.count_decimals(cell_kernels.cleaned(price)) > units)
    return too_precise
