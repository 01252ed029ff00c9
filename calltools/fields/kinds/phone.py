"""Phone numbers: a plus, the country code and the number (E.164).

Whether a number exists is asked of ``numbering_plans``, for a whole column at once.
"""

import re
from typing import Final, NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
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
from calltools.fields.numbering_plans import NumberStatus, classify_numbers
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty, offsets

#: What a spreadsheet makes of a number that was not kept as text.
_WITH_DECIMAL_TAIL: Final = rf"\+?[0-9]{{7,15}}{cell_kernels.DECIMAL_TAIL}"
_NUMBER_CELL: Final = rf"{_WITH_DECIMAL_TAIL}|[+-]?[0-9](?:[.,][0-9]+)?[Ee]\+?[0-9]{{1,2}}"
#: ``~`` stands in 8~10, as people write the prefix of a call abroad from Russia: wait for the tone.
_ASCII_PUNCTUATION: Final = b" ()./~-"
_DASHES: Final = r"[\x{2010}-\x{2015}]"
_DASH_LEAD: Final = 0xE2
_PUNCTUATED: Final = r"\+?[0-9 ()./~\x{2010}-\x{2015}-]*"
#: The Russian trunk prefix with a plus before it, as in +8 (495) …: people write it, but 8 is no country code.
#: Without the punctuation behind the 8 the number would seem to be one of another country, such as Vietnam (84).
_PLUS_EIGHT: Final = r"\+8[ (./-].*"
#: The prefix of an international number in most of the world. No number inside a country begins with it.
_INTERNATIONAL_PREFIX: Final = "00"
#: Fewer digits are an extension, or a city number without its area code.
_MIN_DIGITS: Final = 7
_RUSSIAN_NATIONAL_DIGITS: Final = 10
#: What a report shows: of the last seven digits the fourth and the third from the end, and before these the head.
_HIDDEN_DIGITS: Final = 7
_MIN_SHOWN_DIGITS: Final = 2
_MAX_SHOWN_DIGITS: Final = 4
#: Countries with calling code 7. At home their numbers are dialed with 8 instead of +7.
_REGIONS_OF_CODE_7: Final = ("RU", "KZ")


def not_international(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The phone has no leading plus or no country code.

    Why:
        Metrica wants the number with its country code. 8 (495) … is a way of dialing inside Russia; taken as it is, the
        same caller counts as another one, and repeated calls look like first ones.

    Example:
        bad: 8 (495) 123-45-67
        good: +74951234567

    Fix:
        Run `calltools convert --region RU` with the country whose numbers they are. In Excel format the column as text
        first, or the plus is lost again.

    Source:
        Yandex Metrica, Passing call data, PhoneNumber: country and area code, no spaces; ITU-T E.164.
    """
    suspects = _suspect_cells(cells)
    return suspects.number_like & ~_has_plus(suspects.cells)


def with_punctuation(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """An international number holds spaces, brackets, hyphens or dots.

    Why:
        Metrica takes a plus and digits. With punctuation the number is another text, and unique callers are counted
        wrong.

    Example:
        bad: +7 (495) 123-45-67
        good: +74951234567

    Fix:
        Remove everything but the plus and the digits; the repaired number stands in the finding.

    Source:
        Yandex Metrica, Passing call data, PhoneNumber: no spaces.
    """
    suspects = _suspect_cells(cells)
    punctuated = suspects.number_like & _has_plus(suspects.cells)
    return cell_kernels.apply_where(punctuated, lambda written: ~_is_impossible_as_written(written), suspects.cells)


def impossible_number(cells: Cells, assumptions: Assumptions | None = None) -> Mask:
    """No numbering plan has a number of this length or with this country code.

    Why:
        Nobody can call from it: a digit is missing or one too many, or the country code does not exist. Metrica would
        keep it and show a caller who does not exist. Somebody has put a plus before +8 495 …, which is dialed inside
        Russia and Kazakhstan: as an international number it would be one of Vietnam.

    Example:
        bad: +7965123
        good: +74951234567

    Fix:
        Look at the number in the call log. A truncated number cannot be completed; leave the cell empty if the call
        itself is right. With `--region RU` the finding shows +7 495 … for +8 495 ….

    Source:
        ITU-T E.164; numbering plans as in the metadata of libphonenumber.
    """
    clean = cell_kernels.cleaned(cells)
    candidates = ~_is_proven(clean) & _has_plus(clean)
    numbers = cell_kernels.apply_where(
        candidates, lambda written: _is_number_like(written) & ~full_match(written, _NUMBER_CELL), clean
    )
    return cell_kernels.apply_where(numbers, _is_impossible_as_written, clean) | _has_plus_before_trunk(
        clean, assumptions
    )


def without_plus_before_trunk(cells: Cells, assumptions: Assumptions) -> Cells:
    """Repair +8 495 … where the country is known: +7495 …; every other cell stays."""
    digits = _remove_punctuation(cell_kernels.clean_unless_damaged(cells))
    russian = pc.binary_join_element_wise("+7", pc.utf8_slice_codeunits(digits, 2), "")
    mask = _has_plus_before_trunk(digits, assumptions)
    return cell_kernels.replace_where(cells, mask, russian.filter(pa.array(mask)))


def _has_plus_before_trunk(cells: Cells, assumptions: Assumptions | None) -> Mask:
    """Mask of the cells that are +8 and ten digits, where +7 and these digits are assigned and the region dials so."""
    mask = np.zeros(len(cells), bool)
    if assumptions is None or assumptions.region not in _REGIONS_OF_CODE_7 or not len(cells):
        return mask
    mask = as_mask(pc.starts_with(cells, "+8"))
    if mask.any():
        digits = _remove_punctuation(cells.filter(pa.array(mask)))
        russian = pc.binary_join_element_wise("+7", pc.utf8_slice_codeunits(digits, 2), "")
        mask[mask] = (byte_lengths(digits) == _RUSSIAN_NATIONAL_DIGITS + 2) & (
            classify_numbers(russian) == NumberStatus.ASSIGNED
        )
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
    kept = _is_impossible(plus) | _has_plus_before_trunk(plus, Assumptions(0, region=region))
    digits[digits] = ~kept
    return cell_kernels.replace_where(cells, digits, plus.filter(pa.array(~kept)))


def not_assigned(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The number is possible but lies in a range that is assigned to nobody.

    Why:
        Usually a digit is wrong. It can also be a new range that the installed number plans do not know yet, so this is
        only a warning. The number in Metrica's own documentation is such a one.

    Example:
        bad: +70123456789
        good: +74951234567

    Fix:
        Compare the number with the call log. If it is right, update the package phonenumberslite.

    Source:
        Numbering plans as in the metadata of libphonenumber.
    """
    clean = cell_kernels.cleaned(cells)
    mask: Mask = _number_status(clean) == NumberStatus.NOT_ASSIGNED
    return mask


def not_a_number(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The cell is no phone number: text, a SIP address, an extension, or a number without its area code.

    Why:
        A withheld number comes as "anonymous", an internal call as an extension of three digits. Metrica counts each
        such text as one caller who calls all day.

    Example:
        bad: anonymous
        good: an empty cell

    Fix:
        Leave the cell empty for a withheld number. A city number of six digits needs its area code, which the file does
        not have.

    Source:
        Yandex Metrica, Passing call data, PhoneNumber: country and area code.
    """
    suspects = _suspect_cells(cells)
    return suspects.mask & ~suspects.number_like


def stored_as_number(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The phone bears the trace of a number cell: 79161234567.0 or 7.9161E+10.

    Why:
        A spreadsheet or a program made a number of it: the plus is lost, and with an exponent so are the last digits.

    Example:
        bad: 74951234567.0
        good: +74951234567

    Fix:
        Keep the column as text. From …67.0 the number can be restored; from 7.4951E+10 it cannot: export again.

    Source:
        IEEE 754 double precision; Microsoft Support: Excel keeps 15 digits and drops a leading plus.
    """
    clean = cell_kernels.cleaned(cells)
    return cell_kernels.apply_where(~_is_proven(clean), lambda rest: full_match(rest, _NUMBER_CELL), clean)


class _SuspectCells(NamedTuple):
    """What several rules ask of a column of phones.

    Attributes:
        cells: The cells as ``cleaned`` gives them.
        mask: Cells that are neither empty nor canonical, and bear no trace of a number cell.
        number_like: Those of them that are digits with punctuation, so that they may be repaired.
    """

    cells: Cells
    mask: Mask
    number_like: Mask


@memoized
def _suspect_cells(cells: Cells) -> _SuspectCells:
    # One answer for three rules: it takes longer than all the rest of them.
    clean = cell_kernels.cleaned(cells)
    mask = non_empty(clean) & ~(_is_plus_and_digits(clean) & _long_enough(clean))
    if mask.any():
        mask[mask] = ~full_match(clean.filter(pa.array(mask)), _NUMBER_CELL)
    return _SuspectCells(clean, mask, cell_kernels.apply_where(mask, _is_number_like, clean))


def _is_plus_and_digits(cells: Cells) -> Mask:
    data, first = slice_bytes(cells)
    others = flatnonzero_sparse((data - np.uint8(0x30)) > 9)
    # What is no digit may only be the first byte, which must be the plus.
    inside = others[~np.isin(others + first, offsets(cells)[:-1])]
    return _has_plus(cells) & ~cells_at_positions(cells, inside + first) & (byte_lengths(cells) > 1)


def _long_enough(cells: Cells) -> Mask:
    """Mask of the cells that are no extension, if they are plus and digits.

    Two numbering plans have a few assigned numbers of six digits; these are taken for extensions, too.
    """
    mask: Mask = byte_lengths(cells) > _MIN_DIGITS
    return mask


def _has_plus(cells: Cells) -> Mask:
    mask: Mask = first_bytes(cells) == ord("+")
    return mask


def _is_number_like(cells: Cells) -> Mask:
    """Mask of the cells that are digits with the punctuation of phone numbers, and have enough of them."""
    data, _ = slice_bytes(cells)
    return full_match(cells, _PUNCTUATED) & (count_marked_bytes(cells, (data - np.uint8(0x30)) <= 9) >= _MIN_DIGITS)


def _remove_punctuation(cells: Cells) -> Cells:
    """The cells without the punctuation of phone numbers."""
    # Nearly all punctuation is ASCII, and dropping bytes is faster than a regular expression.
    plain = remove_characters(cells, _ASCII_PUNCTUATION)
    return pc.replace_substring_regex(plain, _DASHES, "") if (slice_bytes(plain)[0] == _DASH_LEAD).any() else plain


def _is_impossible_as_written(cells: Cells) -> Mask:
    """Mask of the numbers, with their punctuation, that no numbering plan has."""
    return _is_impossible(_remove_punctuation(cells)) | full_match(cells, _PLUS_EIGHT)


def _is_impossible(numbers: Cells) -> Mask:
    mask: Mask = _number_status(numbers) == NumberStatus.IMPOSSIBLE
    return mask


@memoized
def _number_status(cells: Cells) -> NDArray[np.int8]:
    return classify_numbers(cells)


def _is_proven(cells: Cells) -> Mask:
    """Mask of the cells that have no fault: empty, or a number of an assigned range.

    No rule above may fire on them: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    """
    mask: Mask = ~non_empty(cells) | ((_number_status(cells) == NumberStatus.ASSIGNED) & _long_enough(cells))
    return mask


def _sound(cells: Cells, assumptions: Assumptions) -> Mask:
    mask: Mask = _is_proven(cells) & ~_has_plus_before_trunk(cells, assumptions)
    return mask


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    others = _is_not_canonical(cells)
    if others.any() and assumptions.region in _REGIONS_OF_CODE_7:
        # Nearly all numbers of a Russian export are rewritten here, without a call of the parser.
        cells = _rewrite_russian_trunk(cells, others)
        others = _is_not_canonical(cells)
    # +8 495 … stays as it is written: its finding shows the number, and nothing of it may be left out.
    others &= ~_has_plus_before_trunk(cells, assumptions)
    return cell_kernels.rewrite_where(cells, others, lambda written: _rewrite_distinct(written, assumptions.region))


def comparable_numbers(cells: Cells, region: str | None) -> Cells:
    """Numbers in a form that is equal for all spellings of one number; an extension or another text stays as it is.

    Args:
        cells: Numbers as people and exports write them.
        region: Country of numbers without a country code; ``None``: unknown.
    """
    clean = cell_kernels.cleaned(cells)
    numbers = _is_number_like(clean) | full_match(clean, _NUMBER_CELL)
    whole = _normalize(clean.filter(pa.array(numbers)), Assumptions(0, region=region))
    # Without a region one file may have the plus where the user leaves it out.
    return cell_kernels.replace_where(clean, numbers, pc.utf8_ltrim(_remove_punctuation(whole), "+"))


def _is_not_canonical(cells: Cells) -> Mask:
    return non_empty(cells) & ~_is_plus_and_digits(cells)


def _rewrite_distinct(cells: Cells, region: str | None) -> Cells:
    """Rewrite what is left with the parser of phonenumbers, which is slow: each distinct text once."""
    encoded = cells.dictionary_encode()
    clean = cell_kernels.clean_unless_damaged(encoded.dictionary)
    with_tail = full_match(clean, _WITH_DECIMAL_TAIL)
    clean = cell_kernels.rewrite_where(
        clean, with_tail, lambda tailed: pc.replace_substring_regex(tailed, f"{cell_kernels.DECIMAL_TAIL}$", "")
    )
    texts = [
        _format_e164(text, region) if number_like else text
        for text, number_like in zip(clean.to_pylist(), _is_number_like(clean), strict=True)
    ]
    return pc.take(_keep_if_possible(pa.array(texts, pa.string()), clean), encoded.indices)


def _keep_if_possible(numbers: Cells, before: Cells) -> Cells:
    """The numbers, but as they were before where a country code was added and no plan has such a number.

    With a country code that cannot be right, a reader of the report could not see what the file holds.
    """
    added = _has_plus(numbers) & ~_has_plus(before)
    added[added] = _is_impossible(numbers.filter(pa.array(added)))
    return cell_kernels.replace_where(numbers, added, before.filter(pa.array(added)))


def _rewrite_russian_trunk(cells: Cells, others: Mask) -> Cells:
    """Rewrite 8 or 7 and ten digits as +7 and these digits, where such a number is assigned.

    8 is what people dial inside Russia and Kazakhstan, and a 7 has lost its plus. Where the number is not assigned,
    the parser decides: 810 … is a call abroad.
    """
    digits = _remove_punctuation(cells.filter(pa.array(others)))
    national = pc.binary_join_element_wise("+7", pc.utf8_slice_codeunits(digits, 1), "")
    eleven = (byte_lengths(digits) == _RUSSIAN_NATIONAL_DIGITS + 1) & digits_only(digits)
    trunk = eleven & np.isin(first_bytes(digits), (ord("8"), ord("7")))
    trunk[trunk] = classify_numbers(national.filter(pa.array(trunk))) == NumberStatus.ASSIGNED
    rewritten = np.zeros(len(cells), bool)
    rewritten[others] = trunk
    return cell_kernels.replace_where(cells, rewritten, national.filter(pa.array(trunk)))


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


def _redact(cells: Cells) -> Cells:
    """At most the first four digits, and two near the end: five digits stay unknown, however the number is spelled.

    The digits are counted from the end, so that two spellings of one number, such as a cell and its repair, show the
    same digits: together they do not tell more than one of them.
    """
    plain = pc.replace_substring_regex(cells, f"{cell_kernels.DECIMAL_TAIL}$", "")
    # Words beside a number may be a name.
    spelled = pc.replace_substring_regex(plain, "[^0-9+() .-]", "")
    digits = pc.replace_substring_regex(spelled, "[^0-9]", "")
    shown = pc.subtract(pc.utf8_length(digits), _HIDDEN_DIGITS).to_numpy().clip(0, _MAX_SHOWN_DIGITS)
    # A number of fewer digits shows nothing: two digits of few are many.
    shown[shown < _MIN_SHOWN_DIGITS] = 0
    masked = pc.if_else(pc.equal(pc.utf8_length(cells), 0), "", "***")
    tail = pc.binary_join_element_wise("***", pc.utf8_slice_codeunits(digits, -4, -2), "**", "")
    for count in range(_MIN_SHOWN_DIGITS, _MAX_SHOWN_DIGITS + 1):
        head = pc.replace_substring_regex(spelled, rf"^((?:[^0-9]*[0-9]){{{count}}}).*$", r"\1")
        masked = pc.if_else(pa.array(shown == count), pc.binary_join_element_wise(head, tail, ""), masked)
    return cell_kernels.redacted_except_placeholders(cells, masked)


_RUSSIA: Final = (("region", "RU"),)

KIND = Kind(
    name="phone",
    pattern=r"\+[0-9]{7,15}",
    sound=_sound,
    normalize=_normalize,
    redact=_redact,
    examples=(
        Example("+74950000000", "+74950000000", "plus and digits"),
        Example("+7 (495) 000-00-00", "+74950000000", "punctuation"),
        Example("8 (495) 000-00-00", "+74950000000", "dialed inside Russia", _RUSSIA),
        Example("74950000000", "+74950000000", "no plus", _RUSSIA),
        Example("810442079460000", "+442079460000", "dialed abroad from Russia", _RUSSIA),
        Example("8~10 44 2079460000", "+442079460000", "the same with the tone", _RUSSIA),
        Example("00442079460000", "+442079460000", "dialed abroad from most countries", _RUSSIA),
        Example("(202) 555-0123", "+12025550123", "dialed inside the USA", (("region", "US"),)),
        Example("74950000000.0", "+74950000000", "a number cell's tail", _RUSSIA),
        Example("8 (495) 000-00-00", None, "no country was given", fault="phone-not-international"),
        Example("7.495E+10", None, "digits are lost", _RUSSIA, "phone-stored-as-number"),
        Example("+7965123", None, "truncated", _RUSSIA, "phone-impossible"),
        Example("+8 (495) 000-00-00", None, "8 alone is no country code", _RUSSIA, "phone-impossible"),
        Example("+84950000000", None, "the same without punctuation", _RUSSIA, "phone-impossible"),
        Example("123456", None, "no area code", _RUSSIA, "phone-not-a-number"),
        Example("anonymous", None, "withheld", _RUSSIA, "phone-not-a-number"),
    ),
)
