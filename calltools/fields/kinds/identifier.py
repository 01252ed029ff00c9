"""Identifiers of visitors: the numbers that Metrica gives, and the ids of the site's owner."""

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    byte_lengths,
    cells_with_marked_bytes,
    digits_only,
    first_bytes,
    full_match,
    last_bytes,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty

#: The largest unsigned 64-bit number, as text: ids are compared as text, never made numbers.
_MAX_UNSIGNED_64: Final = "18446744073709551615"
_SCIENTIFIC: Final = r"[+-]?[0-9]+(?:[.,][0-9]+)?[Ee]\+[0-9]+|[0-9]+[.,][0-9]+[Ee][0-9]+"
_GOOGLE: Final = r"(?:GA[0-9]+\.[0-9]+\.)?[0-9]{1,11}\.[0-9]{1,11}"
#: A spreadsheet keeps 15 digits of a number, so that an id of 19 digits then ends in four zeros or more.
_KEPT_DIGITS: Final = 15
_SUSPICIOUS_LENGTH: Final = 19


def scientific_notation(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The identifier is written with an exponent, such as 1.60459E+18.

    Why:
        A spreadsheet turned the id into a number and shows it short. The digits that are not shown are lost in this
        file: no visitor has the id that is left, and the call is not linked.

    Example:
        bad: 1.60459E+18
        good: 1604591025698235234

    Fix:
        Export again, and keep the column as text: in Excel use Data, From Text/CSV, and set the column's type to Text
        before the data is loaded. Widening the column of this file does not bring the digits back.

    Source:
        Microsoft Support, "Keeping leading zeros and large numbers": Excel keeps 15 significant digits.
    """
    return full_match(cell_kernels.cleaned(cells), _SCIENTIFIC)


def decimal_tail(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The identifier ends in a decimal zero, such as 1234567890.0.

    Why:
        A program read the column as numbers and wrote it back. Metrica compares ids as text, so this one belongs to
        nobody.

    Example:
        bad: 1234567890.0
        good: 1234567890

    Fix:
        Remove the tail; the repaired id stands in the finding. Read the column as text (in pandas dtype=str): an id of
        16 digits or more loses its last digits on the same way.

    Source:
        IEEE 754 double precision; Yandex Metrica, Passing call data, ClientId.
    """
    return full_match(cell_kernels.cleaned(cells), cell_kernels.WITH_DECIMAL_TAIL)


def google_client_id(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """ClientId holds an id of Google Analytics.

    Why:
        Two numbers with a dot between them are Google's client id (cookie _ga). Metrica has ids of its own (cookie
        _ym_uid) and knows nobody by Google's.

    Example:
        bad: 1234567890.1604591025
        good: 1604591025698235234

    Fix:
        Take the column with Metrica's ClientID: in exports it is usually called ym_client_id, yaClientId or
        metrika_client_id; clientId and ua_client_id are Google's.

    Source:
        Yandex Metrica, getClientID; Google Analytics, client id format.
    """
    clean = cell_kernels.cleaned(cells)
    return full_match(clean, _GOOGLE) & ~full_match(clean, cell_kernels.WITH_DECIMAL_TAIL)


def client_id_not_digits(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """ClientId holds anything but digits.

    Why:
        Metrica's ClientID is a whole number written in digits. Anything else belongs to no visitor, and the call stays
        without its visit.

    Example:
        bad: client-1604591025
        good: 1604591025698235234

    Fix:
        Take the value of the cookie _ym_uid or of the getClientID method. An id of your own belongs in UserId.

    Source:
        Yandex Metrica, Logs API, ym:s:clientID (UInt64); getClientID.
    """
    return _holds_non_digits(cells) & ~google_client_id(cells)


def yclid_not_digits(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """Yclid holds anything but digits.

    Why:
        The click id of Yandex Direct is a number written in digits. A value cut out of an address with a part of the
        next parameter, or a Google click id, finds no click.

    Example:
        bad: 5871026893748593412&utm_source=yandex
        good: 5871026893748593412

    Fix:
        Take the parameter yclid of the landing page's address, without what follows it. gclid and ymclid are other ids.

    Source:
        Yandex Metrica, Passing call data, Yclid.
    """
    return _holds_non_digits(cells)


def out_of_range(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The identifier is 0, has a leading zero, or is larger than Metrica's ids can be.

    Why:
        Metrica's ids are unsigned 64-bit numbers from 1 to 18446744073709551615. 0 is what programs write for an
        unknown visitor, and a longer number is two values run together.

    Example:
        bad: 0
        good: 1604591025698235234

    Fix:
        Leave the cell empty when the visitor is not known.

    Source:
        Yandex Metrica, Logs API, ym:s:clientID: UInt64.
    """
    clean = cell_kernels.cleaned(cells)
    digits = digits_only(clean) & non_empty(clean)
    size = byte_lengths(clean)
    longest = size == len(_MAX_UNSIGNED_64)
    over = longest & as_mask(pc.greater(clean, _MAX_UNSIGNED_64)) if longest.any() else longest
    faulty: Mask = digits & ((first_bytes(clean) == ord("0")) | (size > len(_MAX_UNSIGNED_64)) | over)
    return faulty


def digits_cut(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The identifier has 19 digits or more and only zeros from the 16th on.

    Why:
        A spreadsheet keeps 15 digits of a number and puts zeros in place of the others. One id in about six thousand
        ends so by chance; a column of them does not.

    Example:
        bad: 1604591025698230000
        good: 1604591025698235234

    Fix:
        Compare the id with its source. If the file went through Excel, export again with the column as text: the lost
        digits cannot be brought back.

    Source:
        Microsoft Support: Excel keeps 15 significant digits.
    """
    clean = cell_kernels.cleaned(cells)
    long = byte_lengths(clean) >= _SUSPICIOUS_LENGTH
    mask: Mask = np.zeros(len(cells), bool)
    if long.any():
        mask[long] = full_match(clean.filter(pa.array(long)), f"[0-9]{{{_KEPT_DIGITS}}}0{{4,5}}")
    return mask & ~out_of_range(cells)


def unprintable_user_id(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """UserId holds a control or another invisible character, or white space around it.

    Why:
        Metrica compares UserId byte for byte with what the page passed to setUserID. An unseen character makes it
        another user.

    Example:
        bad: client-1042 followed by a TAB
        good: client-1042

    Fix:
        Remove the character where the id comes from. In Excel: =TRIM(CLEAN(A1)).

    Source:
        Yandex Metrica, Passing call data, UserId; setUserID.
    """
    invisible = cell_kernels.invisible_character(cells) & ~cell_kernels.placeholder(cells)
    return cell_kernels.control_character(cells) | invisible


def _holds_non_digits(cells: Cells) -> Mask:
    clean = cell_kernels.cleaned(cells)
    mask: Mask = ~digits_only(clean)
    for known in (_SCIENTIFIC, cell_kernels.WITH_DECIMAL_TAIL):
        mask &= ~full_match(clean, known)
    return mask


def _is_sound_metrica_id(cells: Cells, _assumptions: Assumptions) -> Mask:
    # Faster than the rules, and more careful: of 20 digits nothing is proven. No rule may fire on what is sound here:
    # tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    size = byte_lengths(cells)
    sound: Mask = digits_only(cells) & (size < len(_MAX_UNSIGNED_64)) & (first_bytes(cells) != ord("0"))
    # Only ids that end in a zero can have been cut, so few texts are sliced.
    long = np.flatnonzero(sound & (size == _SUSPICIOUS_LENGTH) & (last_bytes(cells) == ord("0")))
    if len(long):
        tail = pc.utf8_slice_codeunits(cells.take(pa.array(long)), _KEPT_DIGITS)
        sound[long] &= ~as_mask(pc.equal(tail, "0000"))
    return sound


def _is_sound_user_id(cells: Cells, _assumptions: Assumptions) -> Mask:
    data, _ = slice_bytes(cells)
    # Not proven: characters beyond printable ASCII, and those that a decimal tail, an exponent or a formula needs.
    odd = ((data - np.uint8(0x21)) > 0x7E - 0x21) | (data == ord(".")) | (data == ord(",")) | (data == ord("+"))
    begins = first_bytes(cells)
    sound: Mask = ~cells_with_marked_bytes(cells, odd)
    return sound & ~np.isin(begins, np.frombuffer(b"=-@", np.uint8)) & ~cell_kernels.placeholder(cells)


def _normalize_metrica_id(cells: Cells, assumptions: Assumptions) -> Cells:
    if _is_sound_metrica_id(cells, assumptions).all():
        return cells
    return cell_kernels.drop_decimal_tail(cell_kernels.clean_unless_damaged(cells))


def _normalize_user_id(cells: Cells, _assumptions: Assumptions) -> Cells:
    # White space stays: Metrica compares a UserId byte for byte, and only its owner knows which bytes are right.
    # Around a number with a decimal tail it goes: a spreadsheet wrote both.
    return cell_kernels.drop_decimal_tail(cell_kernels.clear_where(cells, cell_kernels.placeholder(cells)))


def _redact(cells: Cells) -> Cells:
    """The first four characters and the last two; nothing of an id of nine characters or fewer."""
    size = pc.utf8_length(cells)
    shortened = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(cells, 0, 4), pc.utf8_slice_codeunits(cells, -2), "…"
    )
    short = pc.if_else(pc.greater(size, 9), shortened, "…")
    return cell_kernels.redacted_except_placeholders(cells, pc.if_else(pc.equal(size, 0), "", short))


_NUMBER_EXAMPLES: Final = (
    Example("1604591025698235234", "1604591025698235234", "19 digits"),
    Example("16045910256982352341", None, "20 digits fit in 64 bits without a sign"),
    Example(" 1604591025698235234\u00a0", "1604591025698235234", "white space around it"),
    Example("1234567890.0", "1234567890", "a number cell's tail"),
    Example("(not set)", "", "a placeholder is nothing"),
    Example("1.60459E+18", None, "digits are lost", fault="id-in-scientific-notation"),
    Example("1604591025698230000", None, "15 digits are left", fault="id-digits-cut"),
    Example("0", None, "nobody", fault="client-id-out-of-range"),
)

CLIENT_ID = Kind(
    name="client-id",
    pattern=r"[1-9][0-9]{0,19}",
    sound=_is_sound_metrica_id,
    normalize=_normalize_metrica_id,
    redact=_redact,
    examples=_NUMBER_EXAMPLES,
)
CLICK_ID = replace(CLIENT_ID, name="click-id")
USER_ID = Kind(
    name="user-id",
    pattern=r"[^\x00-\x20\x7F]([^\x00-\x1F\x7F]*[^\x00-\x20\x7F])?",
    sound=_is_sound_user_id,
    normalize=_normalize_user_id,
    redact=_redact,
    typed=False,
    examples=(
        Example("client-1042", "client-1042", "any id of your own"),
        Example("1042.0", "1042", "a number cell's tail"),
        Example(" 1042.0", "1042", "a number cell's tail, and white space"),
        Example("1,60459E+18", None, "digits are lost", fault="id-in-scientific-notation"),
        Example("client 1042 ", None, "byte for byte", fault="user-id-unprintable"),
    ),
)
