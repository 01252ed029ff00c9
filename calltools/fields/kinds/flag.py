"""Flags: 0 or 1."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, is_single_character
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask

#: Words with one meaning (lower case), and what they become.
_FLAG_WORDS: Final = {
    "true": "1", "false": "0", "yes": "1", "no": "0", "да": "1", "нет": "0", "1.0": "1", "0.0": "0",
    "1,0": "1", "0,0": "0", "истина": "1", "ложь": "0",
}  # fmt: skip


def not_0_or_1(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A flag holds anything but 0 or 1.

    Why:
        StaticCall, CallMissed and FirstTimeCaller are 0 or 1. What Metrica makes of true or да is not documented, and a
        missed call that counts as answered is not seen in any report.

    Example:
        bad: true
        good: 1

    Fix:
        Write 1 for yes and 0 for no; for words that can mean nothing else the repaired value stands in the finding.

    Source:
        Yandex Metrica, Passing call data, StaticCall, CallMissed, FirstTimeCaller.
    """
    return ~_is_canonical(cell_kernels.cleaned(cells))


def _is_canonical(cells: Cells) -> Mask:
    mask: Mask = is_single_character(cells, "0") | is_single_character(cells, "1") | (byte_lengths(cells) == 0)
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    # The rule is its negation on clean cells: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    return _is_canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, ~_is_canonical(cells), _replace_words)


def _replace_words(cells: Cells) -> Cells:
    clean = cell_kernels.clean_unless_damaged(cells)
    index = pc.index_in(pc.utf8_lower(clean), pa.array(list(_FLAG_WORDS)))
    # A word that is not in the table has no index, and stays.
    return pc.coalesce(pc.take(pa.array(list(_FLAG_WORDS.values())), index), clean)


KIND = Kind(
    name="flag",
    pattern="[01]",
    sound=_sound,
    normalize=_normalize,
    redact=None,
    json_type="boolean",
    examples=(
        Example("1", "1", "yes"),
        Example("TRUE", "1", "a workbook's word"),
        Example("да", "1", "Russian yes"),
        Example("0.0", "0", "a number cell's tail"),
        Example("2", None, "neither", fault="flag-not-0-or-1"),
        Example("missed", None, "a vendor's word", fault="flag-not-0-or-1"),
    ),
)
