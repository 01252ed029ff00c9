"""Reading a canonical file call by call: memory does not grow with it; no pandas (Arrow would load it)."""

import csv
import hashlib
import hmac
import io
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias

from calltools.errors import SourceError
from calltools.fields.table import IDENTIFIER_FIELDS, FIELD_NAMES

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
