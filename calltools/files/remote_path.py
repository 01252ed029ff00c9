"""Addresses of files elsewhere, such as ``s3://bucket/calls.csv``, as paths that show no secret.

Light: it loads nothing of a store; ``remote.py`` reads and writes.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any, Final, Self

from calltools.errors import UsageError

if sys.platform == "win32":
    from pathlib import WindowsPath as _SystemPath
else:
    from pathlib import PosixPath as _SystemPath

#: Two letters at least: one letter is a drive.
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
#: What ``Path`` makes of an address.
_COLLAPSED: Final = re.compile(r"(s3|gs|https?|sftp):/(?!/)(.*)", re.DOTALL)
_WEB: Final = frozenset({"http", "https"})
#: User and password; what stands behind the colon may be a port instead. A password should write ``/`` and the like as
#: numbers, but if it does not, it is no less a secret.
_PASSWORD: Final = re.compile(r"[^:/@?#\[\]]*:(?!\d+(?:[/?#]|\Z)).*@", re.DOTALL)
_HIDDEN: Final = "…"
#: How the query of an address is shown.
HIDDEN_QUERY: Final = f"?{_HIDDEN}"
_ARCHIVE_END: Final = re.compile(r"\.zip/", re.IGNORECASE)
_WILDCARDS: Final = re.compile(r"[*?\[]")


class RemotePath(_SystemPath):
    """The address of a file, or of a folder of files, in a store. As text it shows neither credentials nor a query.

    Attributes:
        location: The whole address, credentials included. Never to be shown.
        scheme: ``s3``, ``gs``, ``https``, ``http`` or ``sftp``, or one that nobody knows.
    """

    location: str
    scheme: str
    _shown: str

    def __new__(cls, location: str) -> Self:
        """The address as it is written."""
        found = _ADDRESS.fullmatch(location)
        scheme, rest = (found[1].lower(), found[2]) if found else ("", location)
        shown = f"{scheme}://{_mask(scheme, rest)}"
        # Its parts, of which the last one is the name, are those without a secret.
        plain = shown.removesuffix(HIDDEN_QUERY)
        address = super().__new__(cls, plain)
        if sys.version_info >= (3, 12):
            _SystemPath.__init__(address, plain)
        address.location, address.scheme, address._shown = f"{scheme}://{rest}", scheme, shown
        return address

    def __init__(self, location: str) -> None:
        """Everything is done before."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.location,)

    def __str__(self) -> str:
        return self._shown

    def __fspath__(self) -> str:
        return self._shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and self.location == other.location

    def __hash__(self) -> int:
        return hash(self.location)

    def __truediv__(self, key: Any) -> "RemotePath":
        return RemotePath(f"{self.location.rstrip('/')}/{key}")

    @property
    def parent(self) -> "RemotePath":
        """The folder, with a slash at its end."""
        return RemotePath(f"{self.location.rstrip('/').rpartition('/')[0]}/")

    def with_name(self, name: str) -> "RemotePath":
        """The same folder with another name in it."""
        return self.parent / name

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002, FBT001, FBT002 - that of Path
        """Itself."""
        return self

    def is_dir(self, **_: Any) -> bool:
        """No folder of this machine."""
        return False

    def is_file(self, **_: Any) -> bool:
        """No file of this machine."""
        return False

    def exists(self, **_: Any) -> bool:
        """Nothing on this machine."""
        return False

    @property
    def is_web(self) -> bool:
        """Whether it is of the web, where there are no folders."""
        return self.scheme in _WEB

    @property
    def is_folder(self) -> bool:
        """Whether it means all files in a folder: its store has folders, and it ends with a slash."""
        return self.scheme not in _WEB and self.location.endswith("/")

    @property
    def is_pattern(self) -> bool:
        """Whether it names files by ``*``, ``?`` or ``[]``; in addresses of the web these are letters."""
        return self.scheme not in _WEB and _WILDCARDS.search(self.location) is not None

    def split_member(self) -> "tuple[RemotePath, str | None]":
        """``s3://bucket/archive.zip/member.csv`` as archive and member; any other address as it is, also of the web."""
        return (self, None) if self.is_web else self.split_name()

    def split_name(self) -> "tuple[RemotePath, str | None]":
        """The same by the name alone, also of the web, where it may be the address of a file that is in no archive."""
        found = _ARCHIVE_END.search(self.location)
        if found is None or found.end() == len(self.location):
            return self, None
        return RemotePath(self.location[: found.end() - 1]), self.location[found.end() :]


def as_path(given: str | os.PathLike[str]) -> Path:
    """A path of this machine, or an address if the text is one, also where ``Path`` has taken a slash off it.

    Raises:
        UsageError: No path can be this text.
    """
    if isinstance(given, RemotePath):
        return given
    text = os.fspath(given)
    if "\0" in text:
        raise UsageError("path-unusable", path=text)
    if _ADDRESS.fullmatch(text):
        return RemotePath(text)
    found = _COLLAPSED.fullmatch(given.as_posix()) if isinstance(given, Path) else None
    return Path(given) if found is None else RemotePath(f"{found[1]}://{found[2]}")


def is_remote(text: str) -> bool:
    """Whether a text is an address and no path."""
    return _ADDRESS.fullmatch(text) is not None


def _mask(scheme: str, rest: str) -> str:
    """What stands behind ``://`` without credentials, and without what may sign a request."""
    if found := _PASSWORD.match(rest):
        rest = f"{_HIDDEN}@{rest[found.end() :]}"
    before, mark, query = rest.partition("?")
    place, slash, path = before.partition("/")
    if "@" in place:
        place = f"{_HIDDEN}@{place.rpartition('@')[2]}"
    path = path.partition("#")[0] if scheme in _WEB else path
    secret = mark and (scheme in _WEB or "=" in query)
    return f"{place}{slash}{path}{HIDDEN_QUERY if secret else mark + query}"
