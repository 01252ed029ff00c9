"""Packed bytes, ``.gz .bz2 .xz .zst``: known by their first bytes, unpacked piece by piece, damage told as such."""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, Final, NamedTuple, Protocol
from zipfile import BadZipFile

from calltools.errors import LimitError, SourceError

_CHUNK_BYTES: Final = 1 << 20
#: Memory that unpacking may take; ``xz -9`` and ``zstd --ultra -22`` take less, only ``zstd --long=28`` takes more.
_WINDOW_LOG: Final = 27
_MEMORY_BYTES: Final = 1 << 28
_SIGNATURE_BYTES: Final = 8


class _Decompressor(Protocol):
    """What the decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipDecompressor:
    """That of gzip, which alone has other names for this."""

    def __init__(self) -> None:
        self._below = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._below.eof

    @property
    def unused_data(self) -> bytes:
        return self._below.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._below.decompress(self._below.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length
        return piece


# A Python may have been built without the modules of these two, and most runs need neither.


def _bzip2_decompressor() -> _Decompressor:
    import bz2  # noqa: PLC0415 - as said

    return bz2.BZ2Decompressor()


def _xz_decompressor() -> _Decompressor:
    import lzma  # noqa: PLC0415 - as said

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY_BYTES)


def _zstd_decompressor() -> _Decompressor:
    zstd = load_zstd()
    found: _Decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
    return found


def load_zstd() -> ModuleType:
    """The module for zstd: of the standard library, or the same for older versions of Python."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - loaded for such files only
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd


class Packing(NamedTuple):
    """How the bytes of one file are packed.

    Attributes:
        name: In messages.
        signature: First bytes.
        start: Gives a decompressor for one stream; a file may hold several, one after the other.
        padded: Whether zero bytes may stand between streams and at the end.
    """

    name: str
    signature: bytes
    start: Callable[[], _Decompressor]
    padded: bool = False


_PACKINGS: Final = (
    Packing("gzip", b"\x1f\x8b", _GzipDecompressor, padded=True),
    Packing("bzip2", b"BZh", _bzip2_decompressor),
    Packing("xz", b"\xfd7zXZ\0", _xz_decompressor, padded=True),
    Packing("zstd", b"\x28\xb5\x2f\xfd", _zstd_decompressor),
)
FAULTS: Final = (EOFError, zlib.error, BadZipFile, ValueError, NotImplementedError)
#: Errors of modules that are loaded for such files only.
_FAULT_NAMES: Final = frozenset({"LZMAError", "ZstdError"})


def find_packing(path: Path) -> Packing | None:
    """How a file is packed, by its first bytes; ``None``: it is not.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_SIGNATURE_BYTES)
    return next((packing for packing in _PACKINGS if head.startswith(packing.signature)), None)


def read_head(path: Path, size: int) -> bytes:
    """The first plain bytes of a file, packed or not; empty if what is packed cannot be unpacked.

    Raises:
        OSError: It cannot be read.
    """
    packing = find_packing(path)
    with path.open("rb") as stream:
        if packing is None:
            return stream.read(size)
        with suppress(SourceError), map_faults("", packing.name):
            return next(decompress(stream, packing), b"")[:size]
    return b""


def decompress(stream: BinaryIO, packing: Packing) -> Iterator[bytes]:
    """The plain bytes of all streams in a file; bytes that belong to none are a fault, and so is a stream without end.

    The modules of the standard library read a file as if it ended where something unknown follows a stream.
    """
    data = stream.read(_CHUNK_BYTES)
    while data:
        decompressor = packing.start()
        while not decompressor.eof:
            if piece := decompressor.decompress(data, _CHUNK_BYTES):
                yield piece
            data = b""
            if decompressor.needs_input and not decompressor.eof:
                data = stream.read(_CHUNK_BYTES)
                if not data:
                    raise EOFError
        data = decompressor.unused_data or stream.read(_CHUNK_BYTES)
        while packing.padded and data and not data.strip(b"\0"):
            data = stream.read(_CHUNK_BYTES)
        data = data.lstrip(b"\0") if packing.padded else data


@contextmanager
def map_faults(name: str, what: str) -> Iterator[None]:
    """Turn what decompressors raise into SourceError.

    Raises:
        SourceError: The packed data is damaged, or this Python cannot unpack it.
        LimitError: It can be unpacked only with a lot of memory.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno is not None:
            raise
        raise SourceError("packed-damaged", path=name, what=what) from fault
    except Exception as fault:
        # zipfile has a plain RuntimeError for a module that is not there.
        if type(fault) is RuntimeError or (isinstance(fault, ImportError) and fault.name in sys.stdlib_module_names):
            raise SourceError("packed-no-module", path=name, what=what) from fault
        if not isinstance(fault, FAULTS) and type(fault).__name__ not in _FAULT_NAMES:
            raise
        if "memory" in str(fault).lower():
            raise LimitError("packed-memory", path=name, what=what, limit=_MEMORY_BYTES >> 20) from fault
        raise SourceError("packed-damaged", path=name, what=what) from fault
