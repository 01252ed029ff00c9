"""Kernels for cells of any kind.

They find the generic faults (control and invisible characters, placeholders), clean cells of them, and test or
rewrite the cells of a mask.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import (
    ByteArray,
    byte_lengths,
    cells_with_marked_bytes,
    first_bytes,
    full_match,
    memoized,
    slice_bytes,
)
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, constant_cells, non_empty, offsets, text_bytes

#: What a spreadsheet or a program adds to whole numbers: ``.0``. A decimal comma occurs in Russian exports.
DECIMAL_TAIL: Final = "[.,]0+"
#: A whole number with such a tail. Three zeros behind up to three digits are none: 12,000 may be twelve thousand. But
#: nothing is no thousand.
WITH_DECIMAL_TAIL: Final = f"(?:[0-9]{{4,}}{DECIMAL_TAIL}|[0-9]{{1,3}}[.,](?:00?|0000+)|0+{DECIMAL_TAIL})"

#: Words that exports and spreadsheets write instead of an empty cell (lower case).
PLACEHOLDERS: Final = frozenset(
    {
        "null", "(null)", "none", "(none)", "[none]", "nan", "n/a", "#n/a", "na", "nil", "undefined", "\\n",
        "-", "--", "—", "–", "[]", "{}", '=""', "(not set)", "(not provided)", "not set", "(пусто)", "#н/д",
        "<не указано>", "<не заполнено>", "не указано", "не заполнено", "не определено", "не определен", "нет данных",
    }
)  # fmt: skip
#: All spellings that occur: comparing whole cells is faster than folding the case of each.
PLACEHOLDER_SPELLINGS: Final = tuple(
    sorted({"NaN"}.union(*({word, word.upper(), word.capitalize(), word.title()} for word in PLACEHOLDERS)))
)
_MAX_PLACEHOLDER_BYTES: Final = max(len(word.encode()) for word in PLACEHOLDER_SPELLINGS)

#: A longer cell can be absent only if it is nothing but white space. The eight bytes are for spaces around a word.
MAX_ABSENT_BYTES: Final = _MAX_PLACEHOLDER_BYTES + 8
_RUSSIAN_LEAD: Final = 0xD0
# First bytes of invisible characters and of spaces beyond ASCII.
_INVISIBLE_LEAD_BYTES: Final = np.zeros(256, bool)
_INVISIBLE_LEAD_BYTES[[0xC2, 0xCD, 0xD8, 0xE1, 0xE2, 0xE3, 0xEF]] = True
#: First byte -> the fewest bytes of an absent cell that begins with it. So the code USD is not compared with
#: "undefined", which is longer.
_MIN_ABSENT_BYTES: Final = np.full(256, MAX_ABSENT_BYTES + 1, np.int64)
for _word in PLACEHOLDER_SPELLINGS:
    _MIN_ABSENT_BYTES[_word.encode()[0]] = min(_MIN_ABSENT_BYTES[_word.encode()[0]], len(_word.encode()))
# Control characters and the space, alone or before a placeholder.
_MIN_ABSENT_BYTES[list(range(0x21))] = 1
_MIN_ABSENT_BYTES[_INVISIBLE_LEAD_BYTES] = 1
_ABSENT_FIRST_BYTES: Final = _MIN_ABSENT_BYTES <= MAX_ABSENT_BYTES
# ``first_bytes`` gives 0 for an empty cell, which holds no placeholder.
_ABSENT_FIRST_BYTES[0] = False
_RUSSIAN_SECOND_BYTES: Final = np.zeros(256, bool)
_RUSSIAN_SECOND_BYTES[[word.encode()[1] for word in PLACEHOLDER_SPELLINGS if word.encode()[0] == _RUSSIAN_LEAD]] = True

# RE2 classes. Line breaks are left out: a cell of several lines is a fault of its own (CT010).
_CONTROL: Final = (
    r"[\x00-\x09\x0B\x0C\x0E-\x1F\x7F\x{80}-\x{9F}\x{2028}\x{2029}\x{202A}-\x{202E}\x{2066}-\x{2069}\x{FFFD}]"
)
_SPACES: Final = r"[\x{A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]"
#: Characters without a width, which ``cleaned`` takes out of a cell.
ZERO_WIDTH_SIGNS: Final = "".join(
    map(
        chr,
        (0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2066), *range(0x206A, 0x2070), 0xFEFF),
    )
)
_ZERO_WIDTH: Final = f"[{ZERO_WIDTH_SIGNS}]"
_OUTER: Final = r"^[ \t\n\r]|[ \t\n\r]$"
_INVISIBLE: Final = f"{_OUTER}|{_SPACES}|{_ZERO_WIDTH}"
#: What people and programs put around a value so that a spreadsheet leaves it alone; one group of each has the value.
_GUARDS: Final = (r"'+([^'].*)", r'="([^"]+)"', r"(?i:tel|p): ?([+0-9(][0-9 ()+./-]{5,})")
_GUARDED: Final = f"(?s:{'|'.join(_GUARDS)})"
_GUARD_FIRST_BYTES: Final = np.zeros(256, bool)
_GUARD_FIRST_BYTES[list(b"'=tTpP")] = True
#: Control characters that stand around a value as a guard. Others turn text around, or stand in place of a letter.
_CONTROL_GUARDS: Final = "".join(map(chr, (*range(0x20), 0x7F)))


def without_decimal_tail(cells: Cells) -> Cells:
    """Whole numbers as they were before a number cell, or a column of floats, has held them: 600 for 600.0."""
    return replace_where(cells, *_tails_dropped(cells))


def control_character(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    r"""The cell holds a control character, a bidirectional override, a lone surrogate or U+FFFD.

    Why:
        Such a character is never part of a value. NUL, TAB or a C1 control is left by a broken export; U+FFFD says that
        a letter was lost when the file was read in a wrong encoding; an override shows text other than it is.

    Example:
        bad: Отдел\tпродаж
        good: Отдел продаж

    Fix:
        Remove the character at its source. In Excel =CLEAN(A1) removes control characters. If you see U+FFFD, save the
        export again as UTF-8: the lost letter cannot be guessed.

    Source:
        Unicode Standard, sections 23.1 (control codes) and 23.9 (noncharacters); RFC 4180, section 2.
    """
    # A TAB before or after a value is white space around it (CT012). Other control characters around a value of a typed
    # column are guards (CT283), to which this rule yields.
    return apply_where(
        may_hold_odd_bytes(cells, space=False),
        lambda odd: as_mask(pc.match_substring_regex(pc.utf8_trim(odd, "\t"), _CONTROL)),
        cells,
    )


def invisible_character(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The cell has white space around its value, or an invisible character inside it.

    Why:
        Metrica compares values byte for byte: an id with a no-break space after it belongs to no visitor. Such
        characters come with text copied from a web page or a messenger, and nobody sees them.

    Example:
        bad: 1604591025698235234 followed by a no-break space
        good: 1604591025698235234

    Fix:
        Remove it; the repaired value stands in the finding. In Excel: =TRIM(SUBSTITUTE(A1,UNICHAR(160),"")).

    Source:
        Unicode Standard, section 6.2 (spaces) and section 23.2 (layout controls).
    """
    return _matches_where(cells, may_hold_odd_bytes(cells, space=True), _INVISIBLE)


def spreadsheet_guard(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A sign stands before the value so that a spreadsheet leaves it alone.

    Why:
        An apostrophe, ="…", tel:, p: or a control character such as 0x1F keeps Excel from making a number of an id or a
        phone. Who opens the file does not see it; Metrica takes it for a part of the value, and the id belongs to no
        visitor.

    Example:
        bad: '+74951234567
        good: +74951234567

    Fix:
        Take the sign off; the value without it stands in the finding. `calltools convert` does it in typed columns.

    Source:
        Exports of CRM systems and ad cabinets; Yandex Metrica, Passing call data: digits only, or a plus and digits.
    """
    may_be_guarded = _GUARD_FIRST_BYTES[first_bytes(cells)] | may_hold_odd_bytes(cells, space=False)
    return apply_where(may_be_guarded, _are_guarded, cells)


def _are_guarded(cells: Cells) -> Mask:
    """Whether a value without damage stands behind guards."""
    visible = _strip_invisible(cells)
    freed = _free(visible)
    return as_mask(pc.not_equal(freed, visible)) & non_empty(freed) & ~control_character(freed)


@memoized
def without_guards(cells: Cells) -> Cells:
    """The cells without the guards of spreadsheets around their values; the same object if none has any."""
    return rewrite_where(cells, spreadsheet_guard(cells), lambda some: _free(_strip_invisible(some)))


def _free(visible: Cells) -> Cells:
    """Cells without outer white space as they are behind their guards; control characters inside them stay."""
    freed = pc.utf8_trim(visible, _CONTROL_GUARDS + " ")
    if full_match(freed, _GUARDED).any():
        for guard in _GUARDS:
            # White space may stand behind the guard, too.
            freed = pc.utf8_trim(pc.replace_substring_regex(freed, f"(?s)^{guard}$", r"\1"), _CONTROL_GUARDS + " ")
    return freed


def placeholder(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A word stands in place of an empty cell.

    Why:
        NULL, (not set) or a dash means "nothing" to people; Metrica takes it for a value, and reports then show a tag
        called "-" or an address called "(not set)".

    Example:
        bad: (not set)
        good: an empty cell

    Fix:
        Leave the cell empty. In Excel: Find and Replace, whole cells, with nothing.

    Source:
        Placeholders seen in exports of call trackers; Yandex Metrica, Passing call data: an empty cell is absent.
    """
    return apply_where(_may_be_placeholder(cells), lambda short: _are_placeholders(_strip_invisible(short)), cells)


@memoized
def absent(cells: Cells) -> Mask:
    """Mask of the cells without a value: empty, only white space, or a placeholder."""
    candidates = _may_be_placeholder(cells)
    return ~non_empty(cells) | apply_where(candidates, _blank_or_placeholder, cells)


def _blank_or_placeholder(cells: Cells) -> Mask:
    clean = _strip_invisible(cells)
    return ~non_empty(clean) | _are_placeholders(clean)


@memoized
def cleaned(cells: Cells) -> Cells:
    """The cells without generic faults, as a kind reads them; those faults have rules of their own.

    Outer white space, zero-width characters and the guards of spreadsheets are removed, and other spaces become plain
    ones. A placeholder, or a cell with a control character, becomes ``""``. The same object is returned when there is
    nothing to clean.
    """
    odd = may_hold_odd_bytes(cells, space=True) | placeholder(cells) | spreadsheet_guard(cells)
    return rewrite_where(cells, odd, _clean)


def _clean(cells: Cells) -> Cells:
    freed = _free(_strip_invisible(cells))
    return pc.if_else(pa.array(_are_placeholders(freed) | control_character(freed)), "", freed)


def clean_unless_damaged(cells: Cells) -> Cells:
    """The cells as ``cleaned`` gives them, but a cell with a control character in or instead of a value is unchanged.

    Normalizing begins with this: a damaged cell has no certain repair, and must still be there for its rule (CT011).
    """
    damaged = control_character(cells) & ~spreadsheet_guard(cells)
    return replace_where(cleaned(cells), damaged, cells.filter(pa.array(damaged)))


def drop_decimal_tail(cells: Cells) -> Cells:
    """The cells with ``1042.0`` rewritten as ``1042``; all others are unchanged."""
    return replace_where(cells, *_tails_dropped(cleaned(cells)))


def _tails_dropped(cells: Cells) -> tuple[Mask, Cells]:
    """The cells that are a whole number with a tail, and those numbers without it."""
    tailed = full_match(cells, WITH_DECIMAL_TAIL)
    return tailed, pc.replace_substring_regex(cells.filter(pa.array(tailed)), f"{DECIMAL_TAIL}$", "")


def replace_where(cells: Cells, where: Mask, texts: Cells) -> Cells:
    """The cells with those of the mask replaced by ``texts``, which has one item for each of them, in order."""
    if not where.any():
        return cells
    return pc.replace_with_mask(cells, pa.array(where), texts)


def clear_where(cells: Cells, where: Mask) -> Cells:
    """The cells with those of the mask emptied."""
    return rewrite_where(cells, where, lambda gone: constant_cells("", len(gone)))


def rewrite_where(cells: Cells, where: Mask, rewrite: Callable[[Cells], Cells]) -> Cells:
    """The cells with those of the mask rewritten; ``rewrite`` gets only these, and is not called if there are none.

    The same object is returned then, by which callers know that nothing has changed.
    """
    if not where.any():
        return cells
    return pc.replace_with_mask(cells, pa.array(where), rewrite(cells.filter(pa.array(where))))


def apply_where(candidates: Mask, test: Callable[[Cells], Mask], cells: Cells) -> Mask:
    """The mask of a test that runs on the candidates only; it is false for all other cells."""
    mask: Mask = np.zeros(len(cells), bool)
    if candidates.any():
        mask[candidates] = test(cells.filter(pa.array(candidates)))
    return mask


def redacted_except_placeholders(cells: Cells, shortened: Cells) -> Cells:
    """The shortened cells, but placeholders unchanged: they are nobody's data."""
    return pc.if_else(pa.array(placeholder(cells)), cells, shortened)


def may_hold_odd_bytes(cells: Cells, *, space: bool) -> Mask:
    """Mask of the cells that may hold a control or an invisible character: cheap, and it misses none.

    Args:
        cells: Any text.
        space: Whether spaces and all bytes beyond ASCII are odd, too (for invisible characters). Otherwise only bytes
            that can begin a control character are, so that Russian letters are not.
    """
    data, _ = slice_bytes(cells)
    if not len(data):
        return np.zeros(len(cells), bool)
    lowest, highest = data.min(), data.max()
    if lowest > 0x20 - (not space) and highest < 0x7F:
        return np.zeros(len(cells), bool)
    odd = (data <= 0x20) | (data >= 0x7F) if space else _mark_control_bytes(data, ascii_only=highest < 0x80)
    return cells_with_marked_bytes(cells, odd)


def _mark_control_bytes(data: ByteArray, *, ascii_only: bool) -> Mask:
    odd: Mask = data == 0x7F
    low = data < 0x20
    if low.any():
        odd |= low & (data != 0x0A) & (data != 0x0D)
    if not ascii_only:
        # Lead bytes of U+0080-U+00BF, U+2000-U+2FFF, surrogates and U+F000-U+FFFF; the second byte decides.
        # Letters of most scripts have other lead bytes, so few second bytes must be read.
        leads = np.flatnonzero((data == 0xC2) | (data >= 0xE2))
        lead, follows = data[leads], data[np.minimum(leads + 1, len(data) - 1)]
        # A lead byte at the very end has no second byte: the text was cut there.
        follows[leads == len(data) - 1] = 0
        found = (lead == 0xC2) & (follows < 0xA0)
        found |= (lead == 0xE2) & ((follows == 0x80) | (follows == 0x81))
        found |= (lead == 0xED) & (follows >= 0xA0)
        found |= (lead == 0xEF) & (follows == 0xBF)
        odd[leads[found]] = True
    return odd


@lru_cache(maxsize=1)
def _placeholder_cells() -> Cells:
    # Not a constant of the module: the first Arrow array imports pandas, which commands without data do not need.
    return pa.array(PLACEHOLDER_SPELLINGS)


def _are_placeholders(cells: Cells) -> Mask:
    return as_mask(pc.is_in(cells, _placeholder_cells()))


@memoized
def _may_be_placeholder(cells: Cells) -> Mask:
    """Mask of the short cells that begin as a placeholder does, or with white space or an invisible character."""
    sizes, begins = byte_lengths(cells), first_bytes(cells)
    mask: Mask = _ABSENT_FIRST_BYTES[begins] & (sizes <= MAX_ABSENT_BYTES)
    rows = np.flatnonzero(mask)
    if not len(rows):
        return mask
    mask[rows] = sizes[rows] >= _MIN_ABSENT_BYTES[begins[rows]]
    # Most Russian words begin with the same byte as the Russian placeholders: compare the second one, too.
    russian = rows[begins[rows] == _RUSSIAN_LEAD]
    mask[russian] &= _RUSSIAN_SECOND_BYTES[text_bytes(cells).take(offsets(cells)[:-1][russian] + 1, mode="clip")]
    return mask


def _strip_invisible(cells: Cells) -> Cells:
    # Most cells with outer white space are ASCII otherwise, and compiling regular expressions takes long.
    if _INVISIBLE_LEAD_BYTES[slice_bytes(cells)[0]].any():
        visible = pc.replace_substring_regex(cells, _ZERO_WIDTH, "")
        cells = pc.replace_substring_regex(visible, _SPACES, " ")
    return pc.utf8_trim(cells, " \n\r\t")


def _matches_where(cells: Cells, candidates: Mask, pattern: str) -> Mask:
    return apply_where(candidates, lambda odd: as_mask(pc.match_substring_regex(odd, pattern)), cells)
