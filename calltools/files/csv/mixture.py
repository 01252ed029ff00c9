"""Records in UTF-8 within a file of one byte a letter: two exports that were put together.

Nearly every byte is a letter in Windows-1251, so that Russian text in UTF-8 decodes without an error, as rubbish. The
reverse needs nothing: text of one byte a letter is hardly ever valid UTF-8.
"""

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from calltools.fields.kernels.byte_kernels import flatnonzero_sparse
from calltools.files.csv.encoding import LOG_PRIORS, single_chunk, text_log_likelihood
from calltools.model.cells import Numbers, offsets, text_bytes

#: By how much UTF-8 must read a text better: e to the power of 10 is twenty thousand to one. Two Russian letters give
#: 20 and more. A letter and a sign that happen to be one, as the number of a platform in Windows-1251, give 9 at most.
MIN_LOG_ADVANTAGE: Final = 10.0
#: The same for encodings without Russian letters, whose own letters are as unlikely as any other sign.
_MIN_LOG_ADVANTAGE_FOREIGN: Final = 20.0
#: The two bytes of a Russian letter in UTF-8, read as one letter each.
_RUSSIAN_PAIR: Final = re.compile(r"[\xd0\xd1][\x80-\xbf]")
_RUSSIAN_LETTER: Final = re.compile("[А-яЁё]")
_REMEMBERED_CELLS: Final = 4096


def is_record_of_utf8(cells: Sequence[str], encoding: str) -> bool:
    """Whether the cells of a record, or one of them, are Russian text in UTF-8 and not in the encoding of the file.

    Args:
        cells: Their bytes, read as latin-1.
        encoding: Codec of the file, with one byte a letter.
    """
    if not any(not cell.isascii() and _RUSSIAN_PAIR.search(cell) for cell in cells):
        return False
    advantages = [utf8_log_advantage(cell.encode("latin-1"), encoding) for cell in cells if not cell.isascii()]
    needed = MIN_LOG_ADVANTAGE if _is_russian(encoding) else _MIN_LOG_ADVANTAGE_FOREIGN
    # Short words of several cells prove together what none of them proves, if no cell speaks against it.
    return max(advantages) >= needed or sum(advantages) >= needed


@lru_cache(maxsize=_REMEMBERED_CELLS)
def utf8_log_advantage(data: bytes, encoding: str) -> float:
    """By how much likelier a text is in UTF-8 than in another encoding; minus infinity: no Russian in UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return -np.inf
    if not _RUSSIAN_LETTER.search(text):
        return -np.inf
    return text_log_likelihood(text) - text_log_likelihood(data.decode(encoding, "replace"))


def has_record_of_utf8(columns: Sequence[pa.ChunkedArray], encoding: str) -> bool:
    """Whether ``is_record_of_utf8`` is true of a row of binary columns."""
    arrays = [single_chunk(column) for column in columns]
    rows = np.unique(np.concatenate([np.zeros(0, np.int64), *map(_rows_with_russian_pair, arrays)]))
    return any(
        is_record_of_utf8([array[row].as_buffer().to_pybytes().decode("latin-1") for array in arrays], encoding)
        for row in rows.tolist()
    )


def _rows_with_russian_pair(cells: pa.BinaryArray) -> Numbers:
    """Rows that may hold a Russian letter in UTF-8 and nothing against it beside it; hardly any in most files."""
    ends, data = offsets(cells), text_bytes(cells)
    raw = data[ends[0] : ends[-1]]
    if not len(raw) or raw.max() < 0x80:
        return np.zeros(0, np.int64)
    at = flatnonzero_sparse(((raw[:-1] & 0xFE) == 0xD0) & ((raw[1:] & 0xC0) == 0x80)) + ends[0]
    row = np.searchsorted(ends, at, side="right") - 1
    # After a letter in UTF-8 the cell ends, or ASCII follows, or the first byte of another letter with its second one.
    last = len(data) - 1
    third, fourth = data[np.minimum(at + 2, last)], data[np.minimum(at + 3, last)]
    goes_on = (third < 0x80) | ((third >= 0xC2) & ((fourth & 0xC0) == 0x80))
    rows: Numbers = row[(at + 1 < ends[row + 1]) & ((at + 2 >= ends[row + 1]) | goes_on)]
    return rows


def _is_russian(encoding: str) -> bool:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return False
    return name in {codecs.lookup(known).name for known in LOG_PRIORS}
