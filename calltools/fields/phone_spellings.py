"""How phone numbers are spelled, and rewriting them as E.164: a plus, the country code and the number."""

import re
from typing import Final

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    NINE,
    ZERO,
    byte_lengths,
    cells_at_positions,
    count_marked_bytes,
    digits_only,
    first_bytes,
    flatnonzero_sparse,
    full_match,
    memoized,
    remove_characters,
    slice_bytes,
)
from calltools.fields.numbering_plans import NumberStatus, classify_numbers, has_caller_length
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty, offsets

#: What a spreadsheet makes of a number that was not kept as text.
_WITH_DECIMAL_TAIL: Final = rf"\+?[0-9]{{7,15}}{cell_kernels.DECIMAL_TAIL}"
NUMBER_CELL: Final = rf"{_WITH_DECIMAL_TAIL}|[+-]?[0-9](?:[.,][0-9]+)?[Ee]\+?[0-9]{{1,2}}"
#: ``~`` stands in 8~10, as people write the prefix of a call abroad from Russia: wait for the tone.
_ASCII_PUNCTUATION: Final = b" ()./~-"
_DASHES: Final = r"[\x{2010}-\x{2015}]"
_DASH_LEAD: Final = 0xE2
_PUNCTUATED: Final = r"\+?[0-9 ()./~\x{2010}-\x{2015}-]*"
#: The Russian trunk prefix with a plus before it, as in +8 (495) …: people write it, but 8 is no country code.
#: Without the punctuation behind the 8 the number would seem to be one of another country, such as Vietnam (84).
_PLUS_EIGHT: Final = r"\+8[ (./-].*"
#: The same before the prefix of a call abroad. Japan (81) has no subscriber whose number begins with 0.
_PLUS_ABROAD: Final = "+810"
#: The digit that is dialed inside a country only, as people write it behind the country code: +44 (0)20 …
_TRUNK_IN_BRACKETS: Final = r"(\+[0-9]{1,3}[ ./-]*)\(0\)"
#: The prefix of an international number in most of the world. No number inside a country begins with it.
_INTERNATIONAL_PREFIX: Final = "00"
_DIALED_00: Final = "^00[ ./-]*([1-9])"
#: Fewer digits are an extension, or a city number without its area code.
_MIN_DIGITS: Final = 7
_RUSSIAN_NATIONAL_DIGITS: Final = 10
#: Countries with calling code 7. At home their numbers are dialed with 8 instead of +7.
_REGIONS_OF_CODE_7: Final = ("RU", "KZ")


def without_plus_before_trunk(cells: Cells, assumptions: Assumptions) -> Cells:
    """Repair +8 495 … where the country is known: +7495 …, and +8 10 44 …: +44 …; every other cell stays."""
    digits = remove_punctuation(cell_kernels.clean_unless_damaged(cells))
    mask = has_plus_before_trunk(digits, assumptions)
    return cell_kernels.replace_where(cells, mask, _as_dialed_in_russia(digits.filter(pa.array(mask))))


def _as_dialed_in_russia(digits: Cells) -> Cells:
    """What +8 and more digits mean without the plus: a number abroad behind +810, else one of calling code 7."""
    abroad = pc.binary_join_element_wise("+", pc.utf8_slice_codeunits(digits, len(_PLUS_ABROAD)), "")
    home = pc.binary_join_element_wise("+7", pc.utf8_slice_codeunits(digits, 2), "")
    return pc.if_else(pc.starts_with(digits, _PLUS_ABROAD), abroad, home)


def has_plus_before_trunk(cells: Cells, assumptions: Assumptions | None) -> Mask:
    """Mask of the cells that somebody has put a plus before, as they are dialed in the region.

    These are +8 495 … and +8 10 44 …: behind +8 stand ten digits that are assigned with +7, or 10 and a number that a
    caller abroad can have.
    """
    mask = np.zeros(len(cells), bool)
    if assumptions is None or assumptions.region not in _REGIONS_OF_CODE_7 or not len(cells):
        return mask
    mask = as_mask(pc.starts_with(cells, "+8"))
    if mask.any():
        digits = remove_punctuation(cells.filter(pa.array(mask)))
        meant = _as_dialed_in_russia(digits)
        home = (byte_lengths(digits) == _RUSSIAN_NATIONAL_DIGITS + 2) & (
            classify_numbers(meant) == NumberStatus.ASSIGNED
        )
        abroad = as_mask(pc.starts_with(digits, _PLUS_ABROAD)) & ~_is_no_callers(meant)
        # Some services of Japan (81) are dialed with a 0 at home and abroad.
        mask[mask] = home | (abroad & (classify_numbers(digits) != NumberStatus.ASSIGNED))
    return mask


def with_international_plus(cells: Cells, region: str | None) -> Cells:
    """Put the plus before digits that begin with a country code, in an export that writes every number so.

    Args:
        cells: Phones as the export has them.
        region: The country that the numbers without a country code are dialed in. In Russia and Kazakhstan 8 and ten
            digits stay: a number of these countries as it is dialed there.

    Returns:
        The cells; what would be no possible number with the plus stays as it is.
    """
    digits = digits_only(cells) & (byte_lengths(cells) > _MIN_DIGITS)
    if not digits.any():
        return cells
    picked = cells.filter(pa.array(digits))
    plus = pc.binary_join_element_wise("+", picked, "")
    kept = _is_no_callers(plus) | has_plus_before_trunk(plus, Assumptions(0, region=region))
    digits[digits] = ~kept
    return cell_kernels.replace_where(cells, digits, plus.filter(pa.array(~kept)))


def is_plus_and_digits(cells: Cells) -> Mask:
    """Mask of the cells that are a plus and digits, and nothing else."""
    plus = has_plus(cells)
    if not plus.any():
        # Most exports: each punctuation sign of the column would be looked at.
        return plus
    data, first = slice_bytes(cells)
    others = flatnonzero_sparse((data - np.uint8(0x30)) > 9)
    # What is no digit may only be the first byte, which must be the plus.
    inside = others[~np.isin(others + first, offsets(cells)[:-1])]
    return plus & ~cells_at_positions(cells, inside + first) & (byte_lengths(cells) > 1)


def is_long_enough(cells: Cells) -> Mask:
    """Mask of the cells that are no extension, if they are plus and digits.

    Two numbering plans have a few assigned numbers of six digits; these are taken for extensions, too.
    """
    mask: Mask = byte_lengths(cells) > _MIN_DIGITS
    return mask


def has_plus(cells: Cells) -> Mask:
    """Mask of the cells that begin with a plus."""
    mask: Mask = first_bytes(cells) == ord("+")
    return mask


def is_number_like(cells: Cells) -> Mask:
    """Mask of the cells that are digits with the punctuation of phone numbers, and have enough of them."""
    data, _ = slice_bytes(cells)
    return full_match(cells, _PUNCTUATED) & (count_marked_bytes(cells, (data - np.uint8(0x30)) <= 9) >= _MIN_DIGITS)


def remove_punctuation(cells: Cells) -> Cells:
    """The cells without the punctuation of phone numbers."""
    # Nearly all punctuation is ASCII, and dropping bytes is faster than a regular expression.
    plain = remove_characters(cells, _ASCII_PUNCTUATION)
    return pc.replace_substring_regex(plain, _DASHES, "") if (slice_bytes(plain)[0] == _DASH_LEAD).any() else plain


def is_impossible_as_written(cells: Cells) -> Mask:
    """Mask of the numbers, with their punctuation, that no numbering plan has."""
    clean = _without_bracketed_trunk(cells)
    return _is_impossible(remove_punctuation(clean)) | full_match(clean, _PLUS_EIGHT) | _is_trunk_left(clean)


def _without_bracketed_trunk(cells: Cells) -> Cells:
    """Numbers without the (0) behind their country code, where the rest is assigned and with the 0 it is not."""
    mask = _is_trunk_left(cells)
    if not mask.any():
        return cells
    without = pc.replace_substring_regex(cells.filter(pa.array(mask)), f"^{_TRUNK_IN_BRACKETS}", r"\1")
    assigned = classify_numbers(remove_punctuation(without)) == NumberStatus.ASSIGNED
    mask[mask] = assigned
    return cell_kernels.replace_where(cells, mask, without.filter(pa.array(assigned)))


def _is_trunk_left(cells: Cells) -> Mask:
    """Mask of the numbers with a (0) behind the country code that is no digit of theirs, as it is in Italy."""
    mask = full_match(cells, f"{_TRUNK_IN_BRACKETS}.*")
    mask[mask] = classify_numbers(remove_punctuation(cells.filter(pa.array(mask)))) != NumberStatus.ASSIGNED
    return mask


def _is_impossible(numbers: Cells) -> Mask:
    mask: Mask = number_status(numbers) == NumberStatus.IMPOSSIBLE
    return mask


def _is_no_callers(numbers: Cells) -> Mask:
    """Mask of the numbers that are impossible, or that are not assigned and as long as no telephone has one."""
    status = number_status(numbers)
    no_service = status == NumberStatus.NOT_ASSIGNED
    no_service[no_service] = ~has_caller_length(numbers.filter(pa.array(no_service)))
    mask: Mask = (status == NumberStatus.IMPOSSIBLE) | no_service
    return mask


@memoized
def number_status(cells: Cells) -> NDArray[np.int8]:
    """The ``NumberStatus`` of each cell, by the numbering plans; one answer for all rules on a column."""
    return classify_numbers(cells)


def rewrite_as_e164(cells: Cells, assumptions: Assumptions) -> Cells:
    """The cells rewritten as a plus and digits, as far as the number and its country are certain."""
    others = _is_not_canonical(cells)
    if others.any() and assumptions.region in _REGIONS_OF_CODE_7:
        # Nearly all numbers of a Russian export are rewritten here, without a call of the parser.
        cells, rewritten = _rewrite_russian_trunk(cells, others)
        others &= ~rewritten
    # +8 495 … stays as it is written: its finding shows the number, and nothing of it may be left out.
    others[others] = ~has_plus_before_trunk(cells.filter(pa.array(others)), assumptions)
    return cell_kernels.rewrite_where(cells, others, lambda written: _rewrite_distinct(written, assumptions.region))


def _is_not_canonical(cells: Cells) -> Mask:
    return non_empty(cells) & ~is_plus_and_digits(cells)


def _rewrite_distinct(cells: Cells, region: str | None) -> Cells:
    """Rewrite what is left with the parser of phonenumbers, which is slow: each distinct text once."""
    encoded = cells.dictionary_encode()
    clean = cell_kernels.clean_unless_damaged(encoded.dictionary)
    with_tail = full_match(clean, _WITH_DECIMAL_TAIL)
    clean = cell_kernels.rewrite_where(
        clean, with_tail, lambda tailed: pc.replace_substring_regex(tailed, f"{cell_kernels.DECIMAL_TAIL}$", "")
    )
    international = clean if region is None else pc.replace_substring_regex(clean, _DIALED_00, r"+\1")
    spelled = _without_bracketed_trunk(international)
    certain = is_number_like(clean) & ~_is_trunk_left(spelled)
    texts = [
        _format_e164(text, region) if one else before
        for text, one, before in zip(spelled.to_pylist(), certain, clean.to_pylist(), strict=True)
    ]
    return pc.take(_keep_if_possible(pa.array(texts, pa.string()), clean), encoded.indices)


def _keep_if_possible(numbers: Cells, before: Cells) -> Cells:
    """The numbers, but as they were before where a country code was added and no caller can have such a number.

    With a country code that cannot be right, a reader of the report could not see what the file holds. Digits that are
    too many, such as an extension behind the number, may come to the length of a service of that country.
    """
    added = has_plus(numbers) & ~has_plus(before)
    added[added] = _is_no_callers(numbers.filter(pa.array(added)))
    return cell_kernels.replace_where(numbers, added, before.filter(pa.array(added)))


def _rewrite_russian_trunk(cells: Cells, others: Mask) -> tuple[Cells, Mask]:
    """Rewrite 8 or 7 and ten digits as +7 and these digits, where such a number is assigned; gives the mask of these.

    8 is what people dial inside Russia and Kazakhstan, and a 7 has lost its plus. Where the number is not assigned,
    the parser decides: 810 … is a call abroad.
    """
    digits = remove_punctuation(cells if others.all() else cells.filter(pa.array(others)))
    trunk, national = _as_national_digits(digits)
    assigned = classify_numbers(national) == NumberStatus.ASSIGNED
    trunk[trunk] = assigned
    rewritten = np.zeros(len(cells), bool)
    rewritten[others] = trunk
    if rewritten.all():
        return national, rewritten
    return cell_kernels.replace_where(cells, rewritten, national.filter(pa.array(assigned))), rewritten


def _as_national_digits(cells: Cells) -> tuple[Mask, Cells]:
    """Mask of the cells that are 8 or 7 and ten digits, and +7 and these ten digits for each of them."""
    size = _RUSSIAN_NATIONAL_DIGITS + 1
    mask = byte_lengths(cells) == size
    data, first = slice_bytes(cells)
    if mask.all():
        # As nearly always: the bytes of the column are a table with a row a cell.
        table = data.reshape(-1, size)
    else:
        table = data[(offsets(cells)[:-1][mask] - first)[:, None] + np.arange(size)]
    good = (table[:, 0] == ord("8")) | (table[:, 0] == ord("7"))
    digits = (table - np.uint8(ZERO)) <= NINE - ZERO
    if not digits.all():
        good &= digits.all(axis=1)
    mask[mask] = good
    table = table if good.all() else table[good]
    national = np.empty((len(table), size + 1), np.uint8)
    national[:, 0], national[:, 1], national[:, 2:] = ord("+"), ord("7"), table[:, 1:]
    ends = np.arange(0, national.size + 1, size + 1, dtype=np.int32)
    return mask, pa.Array.from_buffers(pa.string(), len(table), [None, pa.py_buffer(ends), pa.py_buffer(national)])


def _format_e164(text: str, region: str | None) -> str:
    """The number as plus and digits; the text unchanged when its country is not known."""
    if re.fullmatch(_PLUS_EIGHT, text):
        return text
    if text.startswith("+"):
        return "".join(character for character in text if character.isdigit() or character == "+")
    if region is None:
        return text
    digits = "".join(filter(str.isdigit, text))
    if digits.startswith(_INTERNATIONAL_PREFIX):
        # The parser knows the prefix of the region only, and would take these for digits of a national number.
        return f"+{digits[len(_INTERNATIONAL_PREFIX) :]}"
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
