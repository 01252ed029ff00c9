"""Calls of a plain file: read one by one in constant memory, and scanned for a plan.

Nothing here loads pandas: a file that is known to be clean is planned without it. The other forms of the same calls are
written as a plain file before they come here (``uploading.checking``).
"""

import codecs
import csv
import hashlib
import hmac
import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from calltools.errors import SourceError
from calltools.fields.kernels.cell_kernels import PLACEHOLDER_SPELLINGS
from calltools.fields.table import FIELD_NAMES, FIELDS
from calltools.ledger.fingerprints import (
    CALL_FINGERPRINT_BYTES,
    CONTENT_FINGERPRINT_BYTES,
    SEPARATOR,
    STORED_PARTIAL_BYTES,
    Call,
    Fingerprinter,
    partial_count,
)
from calltools.model.cells import Mask, Numbers

_PLACEHOLDERS: Final = frozenset(PLACEHOLDER_SPELLINGS)
#: The limit of one cell is that of the CSV reader in ``files``.
_MAX_CELL_CHARACTERS: Final = 64 << 20
_BUFFER_BYTES: Final = 1 << 18
#: Where the header of a plain file must end.
_HEAD_BYTES: Final = 1 << 18
_BLOCK_BYTES: Final = 1 << 20
_REQUIRED_NAMES: Final = frozenset(field.name for field in FIELDS if field.requirement.column)
_STATIC_INDEX: Final = FIELD_NAMES.index("StaticCall")
_TIME_INDEX: Final = FIELD_NAMES.index("DateTime")
_MISSED_INDEX: Final = FIELD_NAMES.index("CallMissed")
_MAX_TIME_DIGITS: Final = 18
_MAX_CELL_QUOTES: Final = 2 * len(FIELD_NAMES)


def keyed_digest(key: bytes) -> hmac.HMAC:
    """Start the digest of a file. It is keyed: a plain digest of a file with one call could be guessed."""
    return hmac.new(key, digestmod=hashlib.sha256)


def file_digest(key: bytes, path: Path) -> str:
    """Digest a file; hexadecimal.

    Raises:
        OSError: The file cannot be read.
    """
    digest = keyed_digest(key)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def is_plain_file(path: Path) -> bool:
    """Whether calls are read from the file itself: UTF-8, commas, and exact titles in its first line.

    ``validate`` passes more: titles in other letters, lines above the header, workbooks. What is sent is the same.

    Raises:
        SourceError: The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        # The last letter may be cut in two.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
        return has_exact_titles(next(csv.reader(io.StringIO(text, newline=""), strict=True), []))
    except (csv.Error, UnicodeDecodeError):
        return False
    except OSError as fault:
        raise SourceError("upload-unreadable", path=path, reason=fault.strerror) from fault


def has_exact_titles(titles: Sequence[str]) -> bool:
    """Whether a header names only columns of the service, letter for letter and once each, and has all it must."""
    return _REQUIRED_NAMES <= {*titles} <= {*FIELD_NAMES} and len({*titles}) == len(titles)


class CallFile:
    """A plain file that was found clean. Its calls can be read more than once.

    Attributes:
        path: The file.
        digest: Keyed digest of the bytes that ``calls`` has read; set when it has read to the end.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.digest = ""
        self._key = key

    def calls(self) -> Iterator[Call]:
        """Read the calls, in order, as they are sent: a placeholder is an empty cell.

        Raises:
            SourceError: The file is not plain after all, or cannot be read.
        """
        return map(without_placeholders, self.written_calls())

    def written_calls(self) -> Iterator[Call]:
        """Read the calls, in order, as they stand in the file.

        Raises:
            SourceError: The file is not plain after all, or cannot be read.
        """
        try:
            with self.path.open("rb", buffering=0) as below:
                # The digest is of the same read: a second read could find other bytes.
                stream = _DigestingStream(below, self._key)
                text = io.TextIOWrapper(io.BufferedReader(stream, _BUFFER_BYTES), "utf-8-sig", newline="")
                yield from self._read_calls(text)
                self.digest = stream.hexdigest()
        except (csv.Error, UnicodeDecodeError) as fault:
            raise SourceError("upload-not-canonical", path=self.path, reason=type(fault).__name__) from fault
        except OSError as fault:
            raise SourceError("upload-unreadable", path=self.path, reason=fault.strerror) from fault

    def _read_calls(self, text: io.TextIOWrapper) -> Iterator[Call]:
        # The limit belongs to the whole process. It is raised and never lowered, because another reader may have
        # raised it more, and two files may be read in turns.
        csv.field_size_limit(max(_MAX_CELL_CHARACTERS, csv.field_size_limit()))
        rows = csv.reader(text, strict=True)
        titles = next(rows, [])
        if not has_exact_titles(titles):
            raise SourceError("upload-not-canonical", path=self.path, reason="header")
        width = len(titles)
        # An absent column takes the empty cell that is appended to each row.
        canonical = itemgetter(*(titles.index(name) if name in titles else width for name in FIELD_NAMES))
        for row in rows:
            if not any(row):
                continue
            if len(row) != width:
                raise SourceError("upload-not-canonical", path=self.path, reason=f"line {rows.line_num}")
            row.append("")
            yield canonical(row)


def without_placeholders(call: Call) -> Call:
    """The call with an empty cell for each placeholder (CT281), such as NULL; the same object if it has none."""
    if _PLACEHOLDERS.isdisjoint(call):
        return call
    return tuple("" if cell in _PLACEHOLDERS else cell for cell in call)


class _DigestingStream(io.RawIOBase):
    """A stream that digests the bytes that are read through it."""

    def __init__(self, below: io.FileIO, key: bytes) -> None:
        super().__init__()
        self._below = below
        self._digest = keyed_digest(key)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count = self._below.readinto(buffer)
        self._digest.update(memoryview(buffer)[:count])
        return count

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class CallScan:
    """What a plan must know of each call of a file: about 80 bytes a call. A call is known by its place in the file.

    Attributes:
        call_fingerprints: ``CALL_FINGERPRINT_BYTES`` bytes a call, over counter and identity.
        content_fingerprints: ``CONTENT_FINGERPRINT_BYTES`` bytes a call, over all columns.
        partial_fingerprints: ``CALL_FINGERPRINT_BYTES`` bytes each, call by call; ``partial_places`` has their calls.
        earlier_fingerprints: ``Fingerprinter.earlier_fingerprint`` of each call; empty where no ledger needs them.
        written: Place -> fingerprints of the call and of its content with its placeholders, as they were when these
            were sent; only of calls with placeholders.
        filled: Index in ``combinations`` for each call.
        combinations: Every set of filled columns that occurs, in the order of the table. There are few.
        dynamic: Where the call is not static.
        times: DateTime of the call: Unix seconds.
        missed: Where CallMissed is 1.
        csv_bytes: Bytes of the call as CSV with all columns; an upper bound of what is written.
    """

    call_fingerprints: NDArray[np.void]
    content_fingerprints: NDArray[np.void]
    partial_fingerprints: NDArray[np.void]
    earlier_fingerprints: NDArray[np.void]
    written: Mapping[int, tuple[bytes, bytes]]
    filled: NDArray[np.uint32]
    combinations: Sequence[tuple[str, ...]]
    dynamic: Mask
    times: Numbers
    missed: Mask
    csv_bytes: Numbers

    def __len__(self) -> int:
        return len(self.filled)

    def is_filled(self, name: str) -> Mask:
        """Mask of the calls whose cell in this column is filled."""
        mask: Mask = np.array([name in names for names in self.combinations], bool)[self.filled]
        return mask

    def partial_counts(self) -> Numbers:
        """Number of the partial fingerprints of each call; 0: nothing tells who called."""
        counts: Numbers = np.array([partial_count(names) for names in self.combinations], np.int64)[self.filled]
        return counts

    def partial_places(self) -> Numbers:
        """The call of each partial fingerprint."""
        places: Numbers = np.repeat(np.arange(len(self)), self.partial_counts())
        return places

    def columns(self, places: Numbers) -> frozenset[str]:
        """Names of the columns that are filled in any of these calls."""
        return frozenset().union(*(self.combinations[n] for n in np.unique(self.filled[places]).tolist()))

    def duplicates(self) -> Mask:
        """Mask of the calls that occur earlier in the file."""
        high, low = self._fingerprint_halves()
        order = np.lexsort((low, high))
        again = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
        mask: Mask = np.zeros(len(self), bool)
        # The sort is stable: among equal ones the first in the file comes first.
        mask[order[1:][again]] = True
        return mask

    def sort_by_fingerprint(self, places: Numbers) -> Numbers:
        """Sort places by fingerprint: SQLite walks a table whose key it is fastest in this order."""
        high, low = self._fingerprint_halves()
        order: Numbers = places[np.lexsort((low[places], high[places]))]
        return order

    def _fingerprint_halves(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        halves = self.call_fingerprints.view(">u8").reshape(-1, 2)
        return halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)


#: Begins a statement with a table ``asked (number, fp)``: the fingerprints of ``bind_fingerprints``, numbered from 0.
#: A real table would have to be filled row by row, which takes longer than to look them up.
ASKED: Final = """
WITH RECURSIVE
    numbers (number) AS (SELECT 0 WHERE ?3 > 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < ?3),
    asked (number, fp) AS (SELECT number, substr(?1, number * ?2 + 1, ?2) FROM numbers)
"""


def bind_fingerprints(fingerprints: NDArray[np.void]) -> tuple[bytes, int, int]:
    """The three values of ``ASKED``: the fingerprints one after the other, the length of one, their number."""
    return fingerprints.tobytes(), fingerprints.itemsize, len(fingerprints)


def shorten_fingerprints(fingerprints: NDArray[np.void]) -> NDArray[np.void]:
    """The fingerprints as the table of partial ones has them."""
    shorter: NDArray[np.void] = fingerprints.view(f"V{STORED_PARTIAL_BYTES}")
    return shorter[:: fingerprints.itemsize // STORED_PARTIAL_BYTES]


def scan_calls(file: CallFile, key: bytes, counter: int, *, earlier: bool = False) -> CallScan:
    """Read a file once and keep of each call what a plan needs.

    Args:
        file: The file.
        key: The key of the ledger.
        counter: The counter.
        earlier: Whether ``CallScan.earlier_fingerprints`` are needed.

    Raises:
        SourceError: The file cannot be read as a plain file.
    """
    of_calls, of_contents, of_parts, of_earlier = (bytearray() for _ in range(4))
    filled, dynamic, times, missed, sizes = array("I"), bytearray(), array("q"), bytearray(), array("q")
    combinations: dict[tuple[str, ...], int] = {}
    fingerprinter = Fingerprinter(key, counter)
    written: dict[int, tuple[bytes, bytes]] = {}
    for place, raw in enumerate(file.written_calls()):
        call = without_placeholders(raw)
        if call is not raw:
            found = fingerprinter.fingerprints(raw, _filled_names(raw), SEPARATOR.join(raw).encode())
            of_identity = found.call if found.partial else fingerprinter.earlier_fingerprint(raw)
            written[place] = of_identity, found.content
        joined = SEPARATOR.join(call)
        if joined.count(SEPARATOR) != len(call) - 1:
            raise SourceError("upload-not-canonical", path=file.path, reason=f"U+001F, call {place + 1}")
        encoded = joined.encode()
        names = _filled_names(call)
        of_call, of_content, partial = fingerprinter.fingerprints(call, names, encoded)
        of_calls += of_call
        of_contents += of_content
        of_parts += b"".join(partial)
        if earlier:
            of_earlier += fingerprinter.earlier_fingerprint(call)
        filled.append(combinations.setdefault(names, len(combinations)))
        dynamic.append(call[_STATIC_INDEX] != "1")
        times.append(_to_seconds(call[_TIME_INDEX]))
        missed.append(call[_MISSED_INDEX] == "1")
        sizes.append(len(encoded) + 1 + (_max_quotes(joined) if _needs_quotes(joined) else 0))
    return CallScan(
        np.frombuffer(of_calls, f"V{CALL_FINGERPRINT_BYTES}"),
        np.frombuffer(of_contents, f"V{CONTENT_FINGERPRINT_BYTES}"),
        np.frombuffer(of_parts, f"V{CALL_FINGERPRINT_BYTES}"),
        np.frombuffer(of_earlier, f"V{CALL_FINGERPRINT_BYTES}"),
        written,
        np.frombuffer(filled, np.uint32),
        tuple(combinations),
        np.frombuffer(dynamic, bool),
        np.frombuffer(times, np.int64),
        np.frombuffer(missed, bool),
        np.frombuffer(sizes, np.int64),
    )


def _filled_names(call: Call) -> tuple[str, ...]:
    return tuple(compress(FIELD_NAMES, call))


def _to_seconds(cell: str) -> int:
    # A file that was found clean has nothing else here; one that a rule was ignored for may.
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= _MAX_TIME_DIGITS else 0


def _needs_quotes(joined: str) -> bool:
    return "," in joined or '"' in joined or "\n" in joined or "\r" in joined


def _max_quotes(joined: str) -> int:
    """Number of quotes that writing adds, at most."""
    return _MAX_CELL_QUOTES + joined.count('"')
