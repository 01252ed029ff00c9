"""An output in parts: ``calls-{part}.csv`` stands for ``calls-00000.csv`` and so on, with a manifest of their counts.

Which columns an output has is known at its end. Until then good records wait in files of their own, in a hidden folder
beside the parts; whoever reads records may put them there, also on another machine. Then each part is written: whole,
and again where its writer was lost. The manifest is written last, so an output without it is not finished.
"""

import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, Self, TypeAlias

import pyarrow as pa

from calltools.errors import CalltoolsError, OutputError
from calltools.fields.table import FIELD_NAMES
from calltools.files import remote
from calltools.files.atomic import AtomicFile, map_os_errors
from calltools.files.csv.writers import output_columns, write_canonical
from calltools.files.folders import MANIFEST
from calltools.files.limits import Limits
from calltools.files.outputs import find_ending
from calltools.files.remote_path import RemotePath
from calltools.files.temporary import open_temporary
from calltools.model.batch import StoredRecords
from calltools.model.cells import combine_chunks, constant_cells, non_empty

#: In the name of an output: the number of a part.
PART: Final = "{part}"
_SCHEMA_VERSION: Final = 1
#: A part ends with the batch with which it has so many records.
_PART_RECORDS: Final = 250_000
_NO_LIMITS: Final = Limits(fetched=1 << 62, fetch_seconds=1 << 31)


@dataclass(frozen=True, slots=True)
class Part:
    """A part to write.

    Attributes:
        target: Where it goes.
        stored: Its records.
        columns: Of the output.
        folder: Where it is written before it gets its name.
    """

    target: Path
    stored: tuple[StoredRecords, ...]
    columns: tuple[str, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """What the manifest says of a part.

    Attributes:
        name: Its name.
        size: Its bytes.
        records: Its records.
        sha256: The digest of its bytes.
    """

    name: str
    size: int
    records: int
    sha256: str


#: Writes parts and gives what is written, in their order.
WriteParts: TypeAlias = Callable[[Sequence[Part]], Iterable[WrittenPart]]


def is_in_parts(output: object) -> bool:
    """Whether the name of an output stands for parts."""
    return isinstance(output, Path) and PART in output.name


def list_parts(output: Path) -> list[Path]:
    """The manifest of an output in parts, there or not, and the parts that are there."""
    return [output.with_name(MANIFEST), *_find_parts(output)]


def store_records(columns: pa.Table, folder: Path) -> StoredRecords:
    """Put canonical records into a file of their own.

    Args:
        columns: Canonical columns as text; ``""`` is an empty cell, a missing column is empty.
        folder: Where.

    Raises:
        OutputError: It cannot be written there.
    """
    names = [name for name in FIELD_NAMES if name in columns.column_names]
    cells = {name: combine_chunks(columns[name]) for name in names}
    filled = {name: one for name, one in cells.items() if non_empty(one).any()}
    path = folder / f"{uuid.uuid4().hex}.arrow"
    if columns.num_rows:
        # Records without a filled cell are records, too.
        batch = pa.record_batch({**filled, "": pa.nulls(columns.num_rows)})
        with _open_new(path) as stream, pa.ipc.new_stream(stream, batch.schema) as sink:
            sink.write_batch(batch)
    return StoredRecords(path, columns.num_rows, frozenset(filled))


def write_parts(parts: Sequence[Part], _shared: object = None) -> list[WrittenPart]:
    """Write parts; what was there under their names is replaced.

    Raises:
        OutputError: One cannot be written.
    """
    return [_write_part(part) for part in parts]


def _write_part(part: Part) -> WrittenPart:
    with _open_new(part.target, part.folder) as stream:
        batches = chain.from_iterable(_read_stored(one, part.columns) for one in part.stored)
        write_canonical(stream, find_ending(part.target), part.columns, batches)  # type: ignore[arg-type]  # a file
        stream.flush()
        size = stream.tell()
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # as above
    return WrittenPart(part.target.name, size, sum(one.count for one in part.stored), digest)


@contextmanager
def _open_new(path: Path, folder: Path | None = None) -> Iterator[IO[bytes]]:
    """A file that gets its name, or goes to its address, when all of it is there.

    Args:
        path: Its place.
        folder: Where it is written before; ``None``: where it is needed only for this run, so it is written there.
    """
    if isinstance(path, RemotePath):
        with map_os_errors(path), tempfile.NamedTemporaryFile(prefix="calltools-") as stream:
            yield stream
            stream.flush()
            remote.put(Path(stream.name), path)
        return
    before = path if folder is None else folder / f"{path.name}.{uuid.uuid4().hex}"
    with map_os_errors(path):
        try:
            # Whoever may not read what is written here may not read it by the way, either.
            with open(before, "x+b", opener=partial(os.open, mode=0o600)) as stream:
                yield stream
                stream.flush()
                if folder is not None:
                    os.fsync(stream.fileno())
            if folder is not None:
                before.replace(path)
        except BaseException:
            with suppress(OSError):
                before.unlink()
            raise


def _read_stored(stored: StoredRecords, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The records with these columns."""
    if not stored.count:
        return
    with open_temporary() as copy, map_os_errors(stored.path):
        if isinstance(stored.path, RemotePath):
            remote.fetch(stored.path, copy, _NO_LIMITS)
            copy.seek(0)
            source: Any = copy
        else:
            source = pa.memory_map(str(stored.path))
        with pa.ipc.open_stream(source) as stream:
            for batch in stream:
                empty = constant_cells("", len(batch))
                yield pa.record_batch({name: batch[name] if name in stored.filled else empty for name in names})


class PartsWriter:
    """Writes canonical records as parts; they and then their manifest appear when it is closed. A context manager.

    Leaving the context removes what ``close`` has not finished.

    Args:
        output: The path of the parts; ``PART`` in its name stands for their numbers. The folder is made if only it is
            missing.
        force: Replace the parts and the manifest that are there.
    """

    def __init__(self, output: Path, *, force: bool) -> None:
        self._output = output
        self._force = force
        self._stored: list[StoredRecords] = []
        self._before = 0
        self._folder: Path | None = None
        self._made: Path | None = None
        self._write_parts: WriteParts = write_parts
        self._is_begun = False

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: A part or a manifest is there already, or the folder cannot be made.
        """
        if not isinstance(self._output, RemotePath):
            self._make_parent(self._output.parent)
        manifest, *parts = list_parts(self._output)
        if isinstance(manifest, RemotePath):
            remote.refuse_occupied(manifest, force=self._force)
        elif manifest.exists():
            parts = [manifest, *parts]
        if parts and not self._force:
            raise OutputError("output-exists", path=parts[0])
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what is not finished."""
        self.discard()

    def use_workers(self, write: WriteParts) -> Path:
        """Let others write the parts; gives the folder where they, too, may store records."""
        self._write_parts = write
        folder = self._output.parent if isinstance(self._output, RemotePath) else self._output.parent.resolve()
        self._folder = folder / f".calltools-{uuid.uuid4().hex}"
        if isinstance(self._folder, RemotePath):
            remote.make_folder(self._folder)
        else:
            with map_os_errors(self._folder):
                self._folder.mkdir()
        return self._folder

    def start_file(self) -> None:
        """What follows comes from another file."""
        self._before = len(self._stored)

    def drop_file(self) -> None:
        """Forget the records since ``start_file``."""
        del self._stored[self._before :]

    def write(self, columns: pa.Table) -> None:
        """Add records."""
        if self._folder is None:
            # To an address only finished parts go.
            beside = None if isinstance(self._output, RemotePath) else self._output.parent
            with map_os_errors(self._output):
                self._folder = Path(tempfile.mkdtemp(prefix=".calltools-", dir=beside))
        self.add(store_records(columns, self._folder))

    def add(self, stored: StoredRecords) -> None:
        """Add records that are stored already."""
        if stored.count:
            self._stored.append(stored)

    def complete(self) -> None:
        """Nothing is left to do before ``close``: no handle is open."""

    def close(self, counts: Mapping[str, Any]) -> None:
        """Write the parts, then the manifest.

        Args:
            counts: What the manifest says of the records that were read.

        Raises:
            OutputError: The disk is full, or the store refuses.
        """
        # From here on an old output is none any more: its manifest goes first.
        for path in list_parts(self._output) if self._force else ():
            _remove(path)
        self._is_begun = True
        try:
            columns = output_columns({name for one in self._stored for name in one.filled})
            written = list(self._write_parts(list(self._cut(columns))))
            with AtomicFile(self._output.with_name(MANIFEST), force=self._force) as stream:
                stream.write(_format_manifest(columns, written, counts).encode())
        except BaseException:
            self.withdraw()
            raise
        self._clear()

    def withdraw(self) -> None:
        """Take back what ``close`` has put in its place, the manifest first."""
        if self._is_begun:
            for path in list_parts(self._output):
                _remove(path)
        self._is_begun = False

    def discard(self) -> None:
        """Leave nothing behind that is not finished."""
        self._clear()
        if self._made is not None:
            with suppress(OSError):
                self._made.rmdir()

    def _cut(self, columns: tuple[str, ...]) -> Iterator[Part]:
        """The parts; at least one, which is empty if there are no records."""
        number, records, held = 0, 0, list[StoredRecords]()
        for one in self._stored:
            held.append(one)
            records += one.count
            if records >= _PART_RECORDS:
                yield self._part(number, held, columns)
                number, records, held = number + 1, 0, []
        if held or not number:
            yield self._part(number, held, columns)

    def _part(self, number: int, stored: Sequence[StoredRecords], columns: tuple[str, ...]) -> Part:
        target = self._output.with_name(self._output.name.replace(PART, f"{number:05}"))
        if not isinstance(target, RemotePath):
            target = target.absolute()
        return Part(target, tuple(stored), columns, self._folder or target.parent)

    def _make_parent(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if not folder.parent.is_dir():
            raise OutputError("output-no-folder", path=folder)
        with map_os_errors(folder):
            folder.mkdir()
        self._made = folder

    def _clear(self) -> None:
        """Remove the records that wait."""
        folder, self._folder, self._stored = self._folder, None, []
        if isinstance(folder, RemotePath):
            remote.remove_folder(folder / "")
        elif folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _find_parts(output: Path) -> list[Path]:
    before, _, after = output.name.partition(PART)
    if isinstance(output, RemotePath):
        with suppress(CalltoolsError):
            found: list[Path] = [one.address for one in remote.list_files(output.parent) if not one.is_folder]
            return [one for one in found if _is_part(one.name, before, after)]
        return []
    if not output.parent.is_dir():
        return []
    return sorted(one for one in output.parent.iterdir() if _is_part(one.name, before, after))


def _is_part(name: str, before: str, after: str) -> bool:
    number = name.removeprefix(before).removesuffix(after)
    return f"{before}{number}{after}" == name and number.isdecimal() and len(number) >= 5


def _remove(path: Path) -> None:
    if isinstance(path, RemotePath):
        remote.remove(path)
    else:
        with map_os_errors(path):
            path.unlink(missing_ok=True)


def _format_manifest(columns: Sequence[str], parts: Sequence[WrittenPart], counts: Mapping[str, Any]) -> str:
    """The same output, the same bytes; it begins as reports do, so that a folder of inputs may hold it."""
    total = {
        "parts": len(parts),
        "bytes": sum(part.size for part in parts),
        "records": sum(part.records for part in parts),
    }
    listed = [{"name": part.name, "bytes": part.size, "records": part.records, "sha256": part.sha256} for part in parts]
    head = json.dumps(
        {"schema_version": _SCHEMA_VERSION, "tool": {"name": "calltools", "version": version("calltools")}}
    )
    rest = {"columns": list(columns), "counts": counts, "total": total, "parts": listed}
    return f"{head[:-1]},\n{json.dumps(rest, ensure_ascii=False, indent=1)[2:]}\n"
