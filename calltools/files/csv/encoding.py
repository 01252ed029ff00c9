"""Encodings of text: which one a file has, and cells of bytes as text.

A fixed list of encodings is tried, because general detectors do badly on short Russian tables.
"""

import codecs
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from calltools.errors import SourceError
from calltools.model.cells import Cells, offsets, text_bytes

#: Codec -> name in messages.
DISPLAY_NAMES: Final = {
    "utf-8": "UTF-8", "cp1251": "Windows-1251", "cp866": "cp866", "koi8-r": "KOI8-R", "mac-cyrillic": "Mac Cyrillic",
    "iso8859-5": "ISO 8859-5", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE", "utf-32-le": "UTF-32 LE",
    "utf-32-be": "UTF-32 BE",
}  # fmt: skip
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# All weights below are natural logarithms of probabilities: they are added where probabilities are multiplied.
#: How likely an encoding is before any letter is read: most files of today come from Windows.
LOG_PRIORS: Final = {"cp1251": 0.0, "cp866": -2.0, "koi8-r": -5.0, "iso8859-5": -6.0, "mac-cyrillic": -8.0}
#: Letters of Russian texts per thousand.
# fmt: off
_LETTERS_PER_THOUSAND: Final = {
    "о": 110, "е": 85, "а": 80, "и": 74, "н": 67, "т": 63, "с": 55, "р": 47, "в": 45, "л": 44, "к": 35, "м": 32,
    "д": 30, "п": 28, "у": 26, "я": 20, "ы": 19, "ь": 17, "г": 17, "з": 17, "б": 16, "ч": 14, "й": 12, "х": 10,
    "ж": 9, "ш": 7, "ю": 6, "ц": 5, "щ": 4, "э": 3, "ф": 3, "ё": 1, "ъ": 1,
}
# fmt: on
_UPPERCASE_WORD: Final = re.compile(r"(?<![а-яё])[А-ЯЁ]{2,}(?![а-яё])")
_NO_LETTER, _SMALL, _CAPITAL = 0, 1, 2
#: Letters of a word in capitals at least, as in the pattern; and the weight of such a word.
_MIN_SHOUTED: Final = 2
_SHOUTED_LOG_WEIGHT: Final = math.log(1 / 12)
#: Weight of a sign that Russian tables do not hold: one in a hundred thousand.
_UNLIKELY_LOG_WEIGHT: Final = math.log(1e-5)
#: Weight of a Russian letter directly beside a Latin one: in «CRMка» there is one; in words of German or French that
#: are read as Russian (Mьller) one or two to a letter.
_MIXED_LOG_WEIGHT: Final = math.log(1e-3)
#: Inside of a word in Latin letters stands no sign that Russian texts have.
_INSIDE_LATIN: Final = re.compile(r"[A-Za-z][^\x00-\x7F][A-Za-z]")
_MIXED_LETTERS: Final = re.compile("(?=[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z])")
_COMMON_SYMBOLS: Final = frozenset("«»—–…№“”„’•°₽\u00a0")
#: By how much the best encoding must beat the second: e to the power of 6 is four hundred to one.
_MIN_LOG_MARGIN: Final = 6.0
#: Bytes that are weighed: of the beginning, and again of the lines beyond ASCII after it.
_SAMPLE_BYTES: Final = 1 << 16
#: Those that a text may hold many of are left out: white space, the end of a file of DOS, and the separators (0x1C to
#: 0x1F) that some programs put before each value.
_CONTROL_BYTES: Final = bytes(set(range(0x20)) - set(b"\t\n\r\f\x1a\x1c\x1d\x1e\x1f"))
#: Weight of a known title in the header.
_TITLE_LOG_WEIGHT: Final = 6.0
#: To count known titles, all profiles are loaded; it is not done if that many could not change the order.
_MAX_TITLES: Final = 100
_LATIN_BYTES: Final = np.array([bytes([code]).isalpha() for code in range(256)])
_NON_ASCII_BYTES: Final = bytes(range(0x80, 0x100))
_RUSSIAN_LETTER: Final = re.compile("[А-яЁё]")
#: Known titles, or letters, of a first line that decide how a file of two encodings is read.
_MIN_TITLES: Final = 2
_MIN_RUSSIAN_LETTERS: Final = 3
#: Lines beyond ASCII that are tried as UTF-8.
_MAX_LINES: Final = 2000


def read_byte_order_mark(head: bytes) -> tuple[str | None, int]:
    """The encoding that a byte order mark names, and the length of the mark."""
    for sign, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(sign):
            return encoding, len(sign)
    return None, 0


def sniff_encoding(head: bytes, name: str, *, is_whole_file: bool, count_known_titles: Callable[[str], int]) -> str:
    """The encoding of a text without a byte order mark.

    Args:
        head: The beginning of the file.
        name: Name of the file in messages.
        is_whole_file: Whether ``head`` is the whole file.
        count_known_titles: Counts the known titles in the first rows of a decoded text.

    Raises:
        SourceError: The file is not text, or two encodings are about equally likely.
    """
    if b"\0" in head:
        if wide := _utf16_without_mark(head):
            return wide
        # A zero here or there is a control character like any other.
        head = head.replace(b"\0", b"\x01")
    if _is_binary(head):
        raise SourceError("file-binary", path=name)
    if _is_utf8(head, is_whole=is_whole_file):
        return "utf-8"
    lines = list(islice((line for line in head.split(b"\n")[:-1] if not line.isascii()), _MAX_LINES))
    if _is_mostly_utf8(lines) and not _has_titles_of_one_byte_a_letter(lines[0], count_known_titles):
        return "utf-8"
    # Two files may have been put together: it is read as its first line says, which is the header of one of them.
    if lines and _is_russian_in_utf8(lines[0]):
        return "utf-8"
    telling = _distinctive_bytes(head)
    letters = _without_ascii(telling)
    likely = {encoding: _log_likelihood(letters, encoding) for encoding in LOG_PRIORS}
    (best, encoding), (second, _) = _two_likeliest(likely)
    common = 0
    if best - second < _TITLE_LOG_WEIGHT * _MAX_TITLES:
        titles = {one: count_known_titles(telling.decode(one, "replace")) for one in likely}
        common = min(titles.values())
        likely = {one: so_far + _TITLE_LOG_WEIGHT * titles[one] for one, so_far in likely.items()}
        (best, encoding), (second, _) = _two_likeliest(likely)
    read = telling.decode(encoding, "replace")
    if _MIXED_LETTERS.search(read) or _INSIDE_LATIN.search(read):
        # Titles that all encodings read alike, such as those in ASCII, do not say that it is Russian.
        best, second = best - _TITLE_LOG_WEIGHT * common, second - _TITLE_LOG_WEIGHT * common
    # Even the best encoding must read the letters better than noise.
    beyond = len(telling) - len(telling.translate(None, _NON_ASCII_BYTES))
    if best - second < _MIN_LOG_MARGIN or best <= _UNLIKELY_LOG_WEIGHT * beyond / 2:
        raise SourceError("encoding-unsure", path=name)
    return encoding


def _utf16_without_mark(head: bytes) -> str:
    """UTF-16 without a mark has a zero in every other byte."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    for encoding, here, there in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if here > 0.3 * half and there < 0.05 * half:
            return encoding
    return ""


def _is_binary(head: bytes) -> bool:
    """Whether more than one byte in twenty is a control character; fewer of them are a damaged text."""
    return len(head) - len(head.translate(None, _CONTROL_BYTES)) > 0.05 * len(head)


def _is_utf8(head: bytes, *, is_whole: bool) -> bool:
    try:
        # Many lines are looked at, and making a decoder for each takes longer than decoding it.
        codecs.utf_8_decode(head, "strict", is_whole)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(lines: Sequence[bytes]) -> bool:
    """Whether nine in ten of the lines beyond ASCII are UTF-8; the others are then damaged records."""
    bad = (line for line in lines if not _is_utf8(line, is_whole=True))
    # Of a file in one byte a letter few lines are looked at.
    return bool(lines) and sum(1 for _ in islice(bad, len(lines) // 10 + 1)) <= 0.1 * len(lines)


def _has_titles_of_one_byte_a_letter(line: bytes, count_known_titles: Callable[[str], int]) -> bool:
    if _is_utf8(line, is_whole=True):
        return False
    return max(count_known_titles(line.decode(encoding, "replace")) for encoding in LOG_PRIORS) >= _MIN_TITLES


def _is_russian_in_utf8(line: bytes) -> bool:
    return _is_utf8(line, is_whole=True) and len(_RUSSIAN_LETTER.findall(line.decode())) >= _MIN_RUSSIAN_LETTERS


def _distinctive_bytes(head: bytes) -> bytes:
    """The beginning, and some lines beyond ASCII after it, without UTF-8: the bytes that tell encodings apart."""
    lines = [line for line in head[_SAMPLE_BYTES:].splitlines(keepends=True) if not line.isascii()]
    sample = head[:_SAMPLE_BYTES] + b"".join(lines)[:_SAMPLE_BYTES]
    # A line that is UTF-8 tells nothing of the encoding of the others. The last one counts, too: it may be whole.
    return b"".join(
        line for line in sample.splitlines(keepends=True) if line.isascii() or not _is_utf8(line, is_whole=True)
    )


def _without_ascii(head: bytes) -> bytes:
    """The bytes beyond ASCII and those directly beside them; they keep runs apart, and tell which letter is beside."""
    codes = np.frombuffer(head, np.uint8)
    beyond = codes >= 0x80
    kept = beyond.copy()
    kept[1:] |= beyond[:-1]
    kept[:-1] |= beyond[1:]
    return codes[kept].tobytes()


def _two_likeliest(likely: Mapping[str, float]) -> list[tuple[float, str]]:
    return sorted(((score, encoding) for encoding, score in likely.items()), reverse=True)[:2]


def _log_likelihood(head: bytes, encoding: str) -> float:
    """Log-likelihood of an encoding, and of the letters beyond ASCII read in it; ASCII counts only beside them.

    It is ``text_log_likelihood`` of the decoded text: each of these encodings has one byte a letter, so that bytes are
    counted and no text is made, in a tenth of the time.
    """
    cases, weights, small_weights = _byte_tables(encoding)
    codes = np.frombuffer(head, np.uint8)
    case = cases[codes]
    russian, latin = case != _NO_LETTER, _LATIN_BYTES[codes]
    mixed = np.count_nonzero(russian[:-1] & latin[1:]) + np.count_nonzero(latin[:-1] & russian[1:])
    # Begins and ends of runs of capitals; a small letter before or after such a run takes one letter of it.
    edges = np.flatnonzero(np.diff(case == _CAPITAL, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    around = np.concatenate([[_NO_LETTER], case, [_NO_LETTER]])
    begins, ends = begins + (around[begins] == _SMALL), ends - (around[ends + 1] == _SMALL)
    shouted = ends - begins >= _MIN_SHOUTED
    in_word = np.zeros(len(codes) + 1, np.int8)
    in_word[begins[shouted]] = 1
    in_word[ends[shouted]] -= 1
    lowered = np.cumsum(in_word[:-1], dtype=np.int8).view(bool)
    total = float(weights @ np.bincount(codes[~lowered], minlength=256))
    total += float(small_weights @ np.bincount(codes[lowered], minlength=256))
    case[lowered] = _SMALL
    swapped = np.count_nonzero((case[:-1] == _SMALL) & (case[1:] == _CAPITAL))
    total += int(shouted.sum()) * _SHOUTED_LOG_WEIGHT + _UNLIKELY_LOG_WEIGHT * swapped
    total += _MIXED_LOG_WEIGHT * mixed
    return total + LOG_PRIORS[encoding]


@lru_cache(maxsize=len(LOG_PRIORS))
def _byte_tables(encoding: str) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """For each byte: its case, the weight of its letter, and that of its small letter."""
    letters = [bytes([code]).decode(encoding, "replace") for code in range(256)]
    cases = [
        _SMALL if re.match("[а-яё]", one) else _CAPITAL if re.match("[А-ЯЁ]", one) else _NO_LETTER for one in letters
    ]
    weights, small = (
        np.array([0.0 if one.isascii() else _letter_log_weight(one) for one in some])
        for some in (letters, [one.lower() for one in letters])
    )
    return np.array(cases, np.uint8), weights, small


def text_log_likelihood(text: str) -> float:
    """Log-likelihood of the letters beyond ASCII, if the text is Russian."""
    # A word in capitals is improbable once, not with each of its letters: it is weighed as one in small letters.
    text, shouted = _UPPERCASE_WORD.subn(lambda word: word[0].lower(), text)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    signs, counts = np.unique(codes[codes > 0x7F], return_counts=True)
    weights = (_letter_log_weight(chr(sign)) for sign in signs.tolist())
    total: float = sum(weight * count for weight, count in zip(weights, counts.tolist(), strict=True))
    total += shouted * _SHOUTED_LOG_WEIGHT
    total += _MIXED_LOG_WEIGHT * len(_MIXED_LETTERS.findall(text))
    # A capital after a small letter: a wrong encoding swaps the two cases, as KOI8-R read as Windows-1251 does.
    return total + _UNLIKELY_LOG_WEIGHT * len(re.findall(r"[а-яё][А-ЯЁ]", text))


@lru_cache(maxsize=1024)
def _letter_log_weight(sign: str) -> float:
    small = sign.lower()
    if small in _LETTERS_PER_THOUSAND:
        share = _LETTERS_PER_THOUSAND[small] / 1000
        return math.log(share if sign == small else share / 12)
    return math.log(0.002) if sign in _COMMON_SYMBOLS else _UNLIKELY_LOG_WEIGHT


def is_utf8_block(data: memoryview) -> bool:
    """Whether a whole block is UTF-8; then each cell is, because ASCII stands between cells."""
    # Arrow checks UTF-8 in a cast. One cell of the whole block takes a third of the time of all cells.
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def single_chunk(column: pa.ChunkedArray) -> pa.BinaryArray:
    """The column as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def view_as_text(column: pa.ChunkedArray) -> Cells:
    """Cells of bytes that are known to be UTF-8, as text, without a copy."""
    cells = single_chunk(column)
    return pa.Array.from_buffers(pa.string(), len(cells), cells.buffers(), cells.null_count, cells.offset)


def decode_cells(column: pa.ChunkedArray, encoding: str) -> Cells:
    """Cells of bytes in an encoding of one byte a letter, as text.

    Raises:
        UnicodeDecodeError: A byte stands for no letter.
    """
    cells = single_chunk(column)
    ends = offsets(cells)
    raw = text_bytes(cells)[ends[0] : ends[-1]]
    # Most columns of most files are plain ASCII.
    if not len(raw) or raw.max() < 0x80:
        return view_as_text(column)
    text = pa.py_buffer(raw.tobytes().decode(encoding).encode())
    # All cells are decoded in one call; where each ends in the UTF-8 form is a running sum of letter lengths.
    grown = np.zeros(len(raw) + 1, np.int32)
    np.cumsum(_utf8_byte_lengths(encoding)[raw], out=grown[1:])
    return pa.Array.from_buffers(pa.string(), len(cells), [None, pa.py_buffer(grown[ends - ends[0]]), text])


@lru_cache(maxsize=4)
def _utf8_byte_lengths(encoding: str) -> NDArray[np.int32]:
    """Byte -> length of its letter in UTF-8."""
    return np.array([len(bytes([byte]).decode(encoding, "replace").encode()) for byte in range(256)], np.int32)
