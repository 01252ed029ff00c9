"""Objects between two processes of ours: pickled, with column buffers sent beside the pickle uncopied."""

import pickle
import struct
from typing import IO, Any, Final

_COUNT_STRUCT: Final = struct.Struct("<I")


def write_object(stream: IO[bytes], value: object) -> None:
    """Write one thing.

    Raises:
        OSError: Nobody reads any more.
    """
    columns: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=columns.append)
    pieces = [memoryview(body), *(column.raw() for column in columns)]
    stream.write(_COUNT_STRUCT.pack(len(pieces)))
    stream.write(struct.pack(f"<{len(pieces)}Q", *map(len, pieces)))
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def read_object(stream: IO[bytes]) -> Any:
    """Read one thing. Only from a process of ours: what is pickled can do anything.

    Raises:
        EOFError: The other process has ended.
    """
    (count,) = _COUNT_STRUCT.unpack(_read_exactly(stream, _COUNT_STRUCT.size))
    sizes = struct.unpack(f"<{count}Q", _read_exactly(stream, 8 * count))
    body, *columns = [_read_exactly(stream, size) for size in sizes]
    return pickle.loads(body, buffers=columns)  # noqa: S301 - from a process of ours


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise EOFError
    return read
