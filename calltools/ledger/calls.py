"""Calls of a canonical file: read one by one in constant memory, fingerprinted with a key, and scanned for a plan.

Nothing here loads pandas: a file that is known to be clean is planned without it.
"""

import csv
import hashlib
import hmac
import io
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.errors import SourceError
from calltools.fields.kernels.cell_kernels import PLACEHOLDER_SPELLINGS
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS, Field
from calltools.model.cells import Mask, Numbers

#: The cells of one call, in the order of ``FIELD_NAMES``; ``""`` is absent.
Call: TypeAlias = tuple[str, ...]
#: Takes a call and its cells joined by ``SEPARATOR``; gives the fingerprint of the call and that of its content.
Fingerprinter: TypeAlias = Callable[[Call, bytes], tuple[bytes, bytes]]

#: Lengths of the two fingerprints. Two calls that collide at 16 bytes are not to be expected in any ledger; the
#: content is compared only for one call, so 8 bytes suffice.
CALL_FINGERPRINT_BYTES: Final = 16
CONTENT_FINGERPRINT_BYTES: Final = 8
#: No cell holds it: a control character in a cell is an error of the file (CT011, CT206, CT283). ``scan_calls`` refuses
#: it all the same: with it two calls could have one fingerprint.
SEPARATOR: Final = "\x1f"
#: The columns that fingerprints join by position, as the first release did (decision 13). Stored fingerprints cannot
#: be computed again, so this tuple never changes.
POSITIONAL_FIELDS: Final = (
    "UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration",
    "HoldDuration", "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
)  # fmt: skip
#: Those of them that, with the counter, make two records the same call.
POSITIONAL_IDENTITY_FIELDS: Final = ("UserId", "ClientId", "Yclid", "DateTime", "PhoneNumber")

_PLACEHOLDERS: Final = frozenset(PLACEHOLDER_SPELLINGS)
#: The limit of one cell is that of the CSV reader in ``files``.
_MAX_CELL_CHARACTERS: Final = 64 << 20
_BUFFER_BYTES: Final = 1 << 18
_BLOCK_BYTES: Final = 1 << 20
_STATIC_INDEX: Final = FIELD_NAMES.index("StaticCall")
_TIME_INDEX: Final = FIELD_NAMES.index("DateTime")
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


class CallFile:
    """A canonical file that was found clean. Its calls can be read more than once.

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
            SourceError: The file is not canonical after all, or cannot be read.
        """
        return map(without_placeholders, self.written_calls())

    def written_calls(self) -> Iterator[Call]:
        """Read the calls, in order, as they stand in the file.

        Raises:
            SourceError: The file is not canonical after all, or cannot be read.
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
        self._check_header(titles)
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

    def _check_header(self, titles: list[str]) -> None:
        unknown = [title for title in titles if title not in FIELD_NAMES]
        missing = "DateTime" not in titles or not {*titles} & {*IDENTIFIER_FIELDS}
        if unknown or missing or len({*titles}) < len(titles):
            raise SourceError("upload-not-canonical", path=self.path, reason="header")


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


def make_fingerprinter(key: bytes, counter: int, fields: Sequence[Field] = FIELDS) -> Fingerprinter:
    """Make the function that fingerprints the calls of one counter.

    Args:
        key: The key of the ledger.
        counter: The counter; the same call in two counters has two fingerprints.
        fields: The columns of a call, in order.
    """
    call_prefix, content_prefix = (
        f"call{SEPARATOR}{counter}{SEPARATOR}".encode(),
        f"rest{SEPARATOR}{counter}{SEPARATOR}".encode(),
    )
    names = [field.name for field in fields]
    identifiers = [field.name for field in fields if field.requirement.group == "identifier"]
    later_identifiers = [name for name in identifiers if name not in POSITIONAL_IDENTITY_FIELDS]
    identity = _cell_joiner(names, POSITIONAL_IDENTITY_FIELDS, later_identifiers)
    everything = _cell_joiner(names, POSITIONAL_FIELDS, [name for name in names if name not in POSITIONAL_FIELDS])
    digest, as_joined = hmac.digest, names == [*POSITIONAL_FIELDS]

    def fingerprints(call: Call, joined: bytes) -> tuple[bytes, bytes]:
        # The bytes are the same either way; to join the cells once more takes time.
        content = joined if as_joined else everything(call).encode()
        return (
            digest(key, call_prefix + identity(call).encode(), "sha256")[:CALL_FINGERPRINT_BYTES],
            digest(key, content_prefix + content, "sha256")[:CONTENT_FINGERPRINT_BYTES],
        )

    return fingerprints


def _cell_joiner(names: Sequence[str], positional: Sequence[str], later: Sequence[str]) -> Callable[[Call], str]:
    """Make the function that joins cells of a call: all positional ones, and the filled later ones with their names.

    So a column that the service adds leaves the fingerprints of calls without it as they are.
    """
    pick = itemgetter(*map(names.index, positional))
    # Sorted by name: a new row may be anywhere in the table of fields.
    added = [(name, names.index(name)) for name in sorted(later)]

    def join(call: Call) -> str:
        text = SEPARATOR.join(pick(call))
        for name, place in added:
            if call[place]:
                text += f"{SEPARATOR}{name}{SEPARATOR}{call[place]}"
        return text

    return join


@dataclass(frozen=True, slots=True)
class CallScan:
    """What a plan must know of each call of a file: about 30 bytes a call. A call is known by its place in the file.

    Attributes:
        call_fingerprints: ``CALL_FINGERPRINT_BYTES`` bytes a call, over counter and identity.
        content_fingerprints: ``CONTENT_FINGERPRINT_BYTES`` bytes a call, over all columns.
        written_fingerprints: Place -> ``CALL_FINGERPRINT_BYTES`` bytes over the identity with its placeholders, as the
            call was known when these were sent; only of calls with placeholders.
        filled: Index in ``combinations`` for each call.
        combinations: Every set of filled columns that occurs, in the order of the table. There are few.
        dynamic: Where the call is not static.
        times: DateTime of the call: Unix seconds.
        csv_bytes: Bytes of the call as CSV with all columns; an upper bound of what is written.
    """

    call_fingerprints: NDArray[np.void]
    content_fingerprints: NDArray[np.void]
    written_fingerprints: Mapping[int, bytes]
    filled: NDArray[np.uint32]
    combinations: Sequence[tuple[str, ...]]
    dynamic: Mask
    times: Numbers
    csv_bytes: Numbers

    def __len__(self) -> int:
        return len(self.filled)

    def is_filled(self, name: str) -> Mask:
        """Mask of the calls whose cell in this column is filled."""
        mask: Mask = np.array([name in names for names in self.combinations], bool)[self.filled]
        return mask

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


def scan_calls(file: CallFile, key: bytes, counter: int) -> CallScan:
    """Read a file once and keep of each call what a plan needs.

    Raises:
        SourceError: The file cannot be read as a canonical file.
    """
    call_fingerprints, content_fingerprints = bytearray(), bytearray()
    filled, dynamic, times, sizes = array("I"), bytearray(), array("q"), array("q")
    combinations: dict[tuple[str, ...], int] = {}
    fingerprint = make_fingerprinter(key, counter)
    written: dict[int, bytes] = {}
    for place, raw in enumerate(file.written_calls()):
        call = without_placeholders(raw)
        if call is not raw:
            written[place] = fingerprint(raw, SEPARATOR.join(raw).encode())[0]
        joined = SEPARATOR.join(call)
        if joined.count(SEPARATOR) != len(call) - 1:
            raise SourceError("upload-not-canonical", path=file.path, reason=f"U+001F, call {place + 1}")
        encoded = joined.encode()
        of_call, of_content = fingerprint(call, encoded)
        call_fingerprints += of_call
        content_fingerprints += of_content
        filled.append(combinations.setdefault(tuple(compress(FIELD_NAMES, call)), len(combinations)))
        dynamic.append(call[_STATIC_INDEX] != "1")
        times.append(_to_seconds(call[_TIME_INDEX]))
        sizes.append(len(encoded) + 1 + (_max_quotes(joined) if _needs_quotes(joined) else 0))
    return CallScan(
        np.frombuffer(call_fingerprints, f"V{CALL_FINGERPRINT_BYTES}"),
        np.frombuffer(content_fingerprints, f"V{CONTENT_FINGERPRINT_BYTES}"),
        written,
        np.frombuffer(filled, np.uint32),
        tuple(combinations),
        np.frombuffer(dynamic, bool),
        np.frombuffer(times, np.int64),
        np.frombuffer(sizes, np.int64),
    )


def _to_seconds(cell: str) -> int:
    # A file that was found clean has nothing else here; one that a rule was ignored for may.
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= _MAX_TIME_DIGITS else 0


def _needs_quotes(joined: str) -> bool:
    return "," in joined or '"' in joined or "\n" in joined or "\r" in joined


def _max_quotes(joined: str) -> int:
    """Number of quotes that writing adds, at most."""
    return _MAX_CELL_QUOTES + joined.count('"')
