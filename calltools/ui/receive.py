"""What a form sends: short fields are kept, files go to the private folder piece by piece, however large they are."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from calltools.files.atomic import map_os_errors

if TYPE_CHECKING:  # a type only
    from python_multipart.multipart import MultipartCallbacks

#: Name of the field that holds the token of the form; it is the first one, so that nothing is kept without it.
TOKEN_FIELD: Final = "token"  # noqa: S105 - a name
_MAX_FIELD_BYTES: Final = 64 << 10
_MAX_FIELDS: Final = 2_000
_MAX_FILES: Final = 10_000


class BadFormError(Exception):
    """A form that no page of ours has sent."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that arrived.

    Attributes:
        path: Where its bytes are; the name of this file is ours.
        name: What the user calls it; of a file of a folder its path in there. Any text.
        field: The field of the form.
        size: Bytes.
    """

    path: Path
    name: str
    field: str
    size: int

    def remove(self) -> None:
        """Delete it."""
        remove_copy(self.path)


def remove_copy(path: Path) -> None:
    """Delete a file that arrived, with its folder."""
    path.unlink(missing_ok=True)
    path.parent.rmdir()


@dataclass(slots=True)
class ReceivedForm:
    """A form that arrived.

    Attributes:
        fields: The values of each field, in order.
        files: The files, in order.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[ReceivedFile] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return next(iter(self.fields.get(name, ())), default)


def safe_name(name: str) -> str:
    """The last part of a name with nothing in it that means something to a system of files."""
    last = name.replace("\\", "/").rpartition("/")[2]
    # The end tells what it is; 60 characters are at most 240 bytes.
    return re.sub(r"[^\w .()-]", "_", last).strip(" .-")[-60:] or "file"


async def receive_form(request: Request, folder: Path, is_token: Callable[[str], bool]) -> ReceivedForm:
    """Read a form with files to its end.

    Args:
        request: Its body is ``multipart/form-data``.
        folder: Files are put here.
        is_token: Whether the token of a form is ours.

    Raises:
        BadFormError: It has no token of ours before all else, too many parts, or is cut off. Its files are removed.
        OutputError: The disk is full.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise BadFormError
    parts = _Parts(folder, is_token)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
        parts.refuse_cut_form()
    except (FormParserError, ClientDisconnect, BadFormError) as fault:
        parts.remove()
        raise BadFormError from fault
    except BaseException:
        parts.remove()
        raise
    return parts.form


@dataclass(slots=True)
class _Parts:
    """Takes the parts of a form as the parser finds them."""

    folder: Path
    is_token: Callable[[str], bool]
    form: ReceivedForm = field(default_factory=ReceivedForm)
    is_complete: bool = False
    _header: bytes = b""
    _value: bytes = b""
    _disposition: bytes = b""
    _name: str = ""
    _file: BinaryIO | None = None
    _path: Path = Path()
    _file_name: str = ""
    _text: bytearray = field(default_factory=bytearray)
    _is_trusted: bool = False
    _count: int = 0

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._take,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def refuse_cut_form(self) -> None:
        """Refuse a form whose end has not come.

        Raises:
            BadFormError: It has not.
        """
        if not self.is_complete:
            raise BadFormError

    def remove(self) -> None:
        """Remove the files."""
        if self._file is not None:
            self._file.close()
            remove_copy(self._path)
        for one in self.form.files:
            one.remove()

    def _begin(self) -> None:
        self._count += 1
        if self._count > _MAX_FIELDS + _MAX_FILES:
            raise BadFormError
        self._disposition, self._file, self._text = b"", None, bytearray()

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > _MAX_FIELD_BYTES:
            raise BadFormError

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            return
        if not self._is_trusted or len(self.form.files) >= _MAX_FILES:
            raise BadFormError
        self._file_name = options[b"filename"].decode("utf-8", "replace")
        with map_os_errors(self.folder):
            # Alone in a folder: what lies beside a file may be taken for its second file.
            self._path = Path(tempfile.mkdtemp(dir=self.folder)) / safe_name(self._file_name)
            self._file = self._path.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            with map_os_errors(self.folder):
                self._file.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _MAX_FIELD_BYTES:
            raise BadFormError

    def _close(self) -> None:
        if self._file is not None:
            size = self._file.tell()
            with map_os_errors(self.folder):
                self._file.close()
            received = ReceivedFile(self._path, self._file_name, self._name, size)
            self._file = None
            if self._file_name:
                self.form.files.append(received)
            else:
                # A browser sends this where no file was chosen.
                received.remove()
            return
        text = self._text.decode("utf-8", "replace")
        if not self._is_trusted:
            if self._name != TOKEN_FIELD or not self.is_token(text):
                raise BadFormError
            self._is_trusted = True
        self.form.fields.setdefault(self._name, []).append(text)

    def _end(self) -> None:
        self.is_complete = True
