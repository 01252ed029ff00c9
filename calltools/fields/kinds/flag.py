"""Flags: 0 or 1."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, is_single_character
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask

#: Words that can mean nothing else (lower case).
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
    return _is_canonical(cells)


def _normalize(cells: Cells, _assumptions: Assumptions) -> Cells:
    others = ~_is_canonical(cells)
    if not others.any():
        return cells
    some = cells.filter(pa.array(others))
    legible = cell_kernels.cleaned(some)
    read = pc.index_in(pc.utf8_lower(legible), pa.array(list(_FLAG_WORDS)))
    words = pc.take(pa.array(list(_FLAG_WORDS.values())), read)
    known = pc.coalesce(words, legible)
    lost = cell_kernels.control_character(some)
    return cell_kernels.replace_where(
        cells, others, cell_kernels.replace_where(known, lost, some.filter(pa.array(lost)))
    )


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
