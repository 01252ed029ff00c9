"""Calls of a canonical file: read one by one, in constant memory and without pandas, and fingerprinted with a key."""

import csv
import hashlib
import hmac
import io
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias

from calltools.errors import SourceError
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS, Field

#: The cells of one call under ``NAMES``, in that order; ``""`` is absent.
Call: TypeAlias = tuple[str, ...]

#: Characters of one cell, as many as the CSV reader of the tool takes.
_MAX_CELL_CHARACTERS: Final = 64 << 20
_BUFFER_BYTES: Final = 1 << 18


class CallFile:
    """A file that was validated and found clean: its calls, as often as they are asked for.

    After the calls have been read to the end, ``digest`` says what was read.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.digest = ""
        self._key = key

    def calls(self) -> Iterator[Call]:
        """The calls in order.

        Raises:
            SourceError: It is not a canonical file after all, or cannot be read.
        """
        try:
            with self.path.open("rb", buffering=0) as below:
                stream = _DigestingStream(below, self._key)
                text = io.TextIOWrapper(io.BufferedReader(stream, _BUFFER_BYTES), "utf-8-sig", newline="")
                yield from self._read_calls(text)
                self.digest = stream.hexdigest()
        except (csv.Error, UnicodeDecodeError) as fault:
            raise SourceError("upload-not-canonical", path=self.path, reason=type(fault).__name__) from fault
        except OSError as fault:
            raise SourceError("upload-unreadable", path=self.path, reason=fault.strerror) from fault

    def _read_calls(self, text: io.TextIOWrapper) -> Iterator[Call]:
        # The limit belongs to the whole process: it is raised and never lowered, because others may have raised it
        # more, and two files may be read in turns. Nothing else of ours depends on it.
        csv.field_size_limit(max(_MAX_CELL_CHARACTERS, csv.field_size_limit()))
        rows = csv.reader(text, strict=True)
        titles = next(rows, [])
        self._check_header(titles)
        width = len(titles)
        # An absent column is the empty cell that is put after the last one.
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


class _DigestingStream(io.RawIOBase):
    """A stream that digests what is read through it."""

    def __init__(self, below: io.FileIO, key: bytes) -> None:
        super().__init__()
        self._below = below
        self._digest = hmac.new(key, digestmod=hashlib.sha256)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count = self._below.readinto(buffer)
        self._digest.update(memoryview(buffer)[:count])
        return count

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


#: Bytes of the fingerprint of a call, and of the one over everything that is written of it.
CALL_FINGERPRINT_BYTES: Final = 16
CONTENT_FINGERPRINT_BYTES: Final = 8
#: No cell holds it: a control character in a cell is an error of the file (CT011).
SEPARATOR: Final = "\x1f"
#: The columns of version 1.
PLACED: Final = (
    "UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration",
    "HoldDuration", "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
)  # fmt: skip
#: Those of them that make it the same call, with the counter.
PLACED_IDENTITY: Final = ("UserId", "ClientId", "Yclid", "DateTime", "PhoneNumber")

_BLOCK_BYTES: Final = 1 << 20

#: A call and all its cells, joined in the order of the table -> its fingerprint, and the one over all of it.
Fingerprinter: TypeAlias = Callable[[Call, bytes], tuple[bytes, bytes]]


def make_fingerprinter(key: bytes, counter: int, fields: Sequence[Field] = FIELDS) -> Fingerprinter:
    """What makes the fingerprints of calls to a counter.

    Args:
        key: The ledger's.
        counter: Where the calls go.
        fields: The columns of a call, in their order.
    """
    call_prefix, content_prefix = (
        f"call{SEPARATOR}{counter}{SEPARATOR}".encode(),
        f"rest{SEPARATOR}{counter}{SEPARATOR}".encode(),
    )
    names = [field.name for field in fields]
    identifiers = [field.name for field in fields if field.requirement.group == "identifier"]
    identity = _text(names, PLACED_IDENTITY, [name for name in identifiers if name not in PLACED_IDENTITY])
    everything = _text(names, PLACED, [name for name in names if name not in PLACED])
    digest, as_joined = hmac.digest, names == [*PLACED]

    def fingerprints(call: Call, joined: bytes) -> tuple[bytes, bytes]:
        # The same bytes either way: joining once more takes time.
        rest = joined if as_joined else everything(call).encode()
        return (
            digest(key, call_prefix + identity(call).encode(), "sha256")[:CALL_FINGERPRINT_BYTES],
            digest(key, content_prefix + rest, "sha256")[:CONTENT_FINGERPRINT_BYTES],
        )

    return fingerprints


def file_digest(key: bytes, path: Path) -> str:
    """Keyed digest of a file, hexadecimal: a plain one of a file with a single call could be guessed."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _text(names: Sequence[str], placed: Sequence[str], later: Sequence[str]) -> Callable[[Call], str]:
    """What joins cells of a call: each of the placed columns; of a later one that is filled, its name and its cell."""
    pick = itemgetter(*map(names.index, placed))
    # By name, not by the order of the table: a row may be put anywhere in it.
    added = [(name, names.index(name)) for name in sorted(later)]

    def text(call: Call) -> str:
        found = SEPARATOR.join(pick(call))
        for name, place in added:
            if call[place]:
                found += f"{SEPARATOR}{name}{SEPARATOR}{call[place]}"
        return found

    return text
