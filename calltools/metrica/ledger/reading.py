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
from calltools.fields.table import IDENTIFIERS, NAMES

#: The cells of one call under ``NAMES``, in that order; ``""`` is absent.
Call: TypeAlias = tuple[str, ...]

#: Characters of one cell, as many as the CSV reader of the tool takes.
_LONGEST: Final = 64 << 20
_BUFFER: Final = 1 << 18


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
                stream = _Digesting(below, self._key)
                text = io.TextIOWrapper(io.BufferedReader(stream, _BUFFER), "utf-8-sig", newline="")
                yield from self._calls(text)
                self.digest = stream.hexdigest()
        except (csv.Error, UnicodeDecodeError) as fault:
            raise SourceError("upload-not-canonical", path=self.path, reason=type(fault).__name__) from fault
        except OSError as fault:
            raise SourceError("upload-unreadable", path=self.path, reason=fault.strerror) from fault

    def _calls(self, text: io.TextIOWrapper) -> Iterator[Call]:
        # The limit belongs to the whole process: it is raised and never lowered, because others may have raised it
        # more, and two files may be read in turns. Nothing else of ours depends on it.
        csv.field_size_limit(max(_LONGEST, csv.field_size_limit()))
        rows = csv.reader(text, strict=True)
        titles = next(rows, [])
        self._refuse_foreign(titles)
        width = len(titles)
        # An absent column is the empty cell that is put after the last one.
        canonical = itemgetter(*(titles.index(name) if name in titles else width for name in NAMES))
        for row in rows:
            if not any(row):
                continue
            if len(row) != width:
                raise SourceError("upload-not-canonical", path=self.path, reason=f"line {rows.line_num}")
            row.append("")
            yield canonical(row)

    def _refuse_foreign(self, titles: list[str]) -> None:
        unknown = [title for title in titles if title not in NAMES]
        missing = "DateTime" not in titles or not {*titles} & {*IDENTIFIERS}
        if unknown or missing or len({*titles}) < len(titles):
            raise SourceError("upload-not-canonical", path=self.path, reason="header")


class _Digesting(io.RawIOBase):
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
