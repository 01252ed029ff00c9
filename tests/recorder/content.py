"""Streams and files in a form that is the same whenever a command does the same."""

import hashlib
import re
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta

#: What differs between two runs of the same command, and its placeholder.
VARYING = (
    (re.compile(r"\bct1([0-9a-z]+)(A\d+)", re.IGNORECASE), r"<mark>\2"),
    # The doctor's comparison of two clocks.
    (re.compile(r"^((?:clock|часы):.*?)\d+( [sс]\b)", re.MULTILINE), r"\1<n>\2"),
    (re.compile(r"\bboundary=[\w-]+"), "boundary=<boundary>"),
)


class Normalizer:
    """Replaces values that vary: paths, ports, times of this hour, marks of uploads.

    Args:
        places: Absolute paths -> the placeholder of each.
        port: Of the loopback service.
    """

    def __init__(self, places, port=None):
        # The longest first: a checkout may hold its own environment.
        self._places = sorted(places.items(), key=lambda entry: -len(entry[0]))
        self._port = port
        today = datetime.now(UTC)
        days = "|".join(f"{today + timedelta(days=shift):%Y-%m-%d}" for shift in (-1, 0, 1))
        self._now = re.compile(rf"(?:{days})(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")

    def text(self, content):
        """The bytes as text; bytes that are not UTF-8 become escapes."""
        text = content.decode("utf-8", "backslashreplace")
        for place, name in self._places:
            text = text.replace(place, name)
        if self._port is not None:
            text = text.replace(f":{self._port}", ":<port>")
        for pattern, stand_in in VARYING:
            text = pattern.sub(stand_in, text)
        return self._now.sub("<now>", text)

    def name(self, path):
        """The name of a file; those of the ledger hold a random mark."""
        return re.sub(r"(spool/\d+-)[0-9a-zA-Z]+", r"\1<mark>", self.text(str(path).encode()))


def read_content(path, normalizer):
    """The content of a file: text, the members of a workbook, the layout of a database, or else a digest."""
    content = path.read_bytes()
    if path.name == "ledger.key":
        return f"{len(content)} random bytes"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: normalizer.text(archive.read(name)) for name in sorted(archive.namelist())}
        # A line an element, so that a difference is a short one.
        return "\n".join(f"== {name}\n{text}" for name, text in members.items()).replace("><", ">\n<")
    if content.startswith(b"SQLite format 3\0"):
        return layout(path)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}\n" + normalizer.text(content)
    return normalizer.text(content)


def layout(path):
    """Tables of a database as they were made, and how many rows each has."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        made = database.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        lines = []
        for name, kind, statement in made.fetchall():
            lines.append(statement)
            if kind == "table":
                (count,) = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608 - a name of its own
                lines.append(f"rows: {count}")
    return "\n".join(lines)
