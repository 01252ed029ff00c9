"""Phone numbers: a plus, the country code and the number (E.164).

Whether a number exists is asked of ``numbering_plans``, for a whole column at once.
"""

from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    full_match,
    memoized,
)
from calltools.fields.numbering_plans import NumberStatus
from calltools.fields.phone_spellings import (
    NUMBER_CELL,
    has_plus,
    has_plus_before_trunk,
    is_impossible_as_written,
    is_long_enough,
    is_number_like,
    is_plus_and_digits,
    number_status,
    remove_punctuation,
    rewrite_as_e164,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, non_empty

#: What a report shows: of the last seven digits the fourth and the third from the end, and before these the head.
_HIDDEN_DIGITS: Final = 7
_MIN_SHOWN_DIGITS: Final = 2
_MAX_SHOWN_DIGITS: Final = 4


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
    return suspects.number_like & ~has_plus(suspects.cells)


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
    punctuated = suspects.number_like & has_plus(suspects.cells)
    return cell_kernels.apply_where(punctuated, lambda written: ~is_impossible_as_written(written), suspects.cells)


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
    candidates = ~_is_proven(clean) & has_plus(clean)
    numbers = cell_kernels.apply_where(
        candidates, lambda written: is_number_like(written) & ~full_match(written, NUMBER_CELL), clean
    )
    return cell_kernels.apply_where(numbers, is_impossible_as_written, clean) | has_plus_before_trunk(
        clean, assumptions
    )


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
    mask: Mask = number_status(clean) == NumberStatus.NOT_ASSIGNED
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
    return cell_kernels.apply_where(~_is_proven(clean), lambda rest: full_match(rest, NUMBER_CELL), clean)


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
    mask = non_empty(clean) & ~(is_plus_and_digits(clean) & is_long_enough(clean))
    if mask.any():
        mask[mask] = ~full_match(clean.filter(pa.array(mask)), NUMBER_CELL)
    return _SuspectCells(clean, mask, cell_kernels.apply_where(mask, is_number_like, clean))


def _is_proven(cells: Cells) -> Mask:
    """Mask of the cells that have no fault: empty, or a number of an assigned range.

    No rule above may fire on them: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    """
    mask: Mask = ~non_empty(cells) | ((number_status(cells) == NumberStatus.ASSIGNED) & is_long_enough(cells))
    return mask


def _sound(cells: Cells, assumptions: Assumptions) -> Mask:
    mask: Mask = _is_proven(cells) & ~has_plus_before_trunk(cells, assumptions)
    return mask


def comparable_numbers(cells: Cells, region: str | None) -> Cells:
    """Numbers in a form that is equal for all spellings of one number; an extension or another text stays as it is.

    Args:
        cells: Numbers as people and exports write them.
        region: Country of numbers without a country code; ``None``: unknown.
    """
    clean = cell_kernels.without_decimal_tail(cell_kernels.cleaned(cells))
    numbers = is_number_like(clean) | full_match(clean, NUMBER_CELL)
    whole = rewrite_as_e164(clean.filter(pa.array(numbers)), Assumptions(0, region=region))
    # Without a region one file may have the plus where the user leaves it out.
    return cell_kernels.replace_where(clean, numbers, pc.utf8_ltrim(remove_punctuation(whole), "+"))


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
    normalize=rewrite_as_e164,
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
