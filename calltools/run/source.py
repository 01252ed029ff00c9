"""Opening an export: its table, and the profiles whose export it is. Every command opens its files here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.rejects import starts_like_rejects
from calltools.model.batch import Batch, Hints, ReadTask, Table
from calltools.vendors import recognize
from calltools.vendors.not_calls import refuse_not_calls
from calltools.vendors.profile import Profile

#: Bytes up to which a file is small: its calls cost more than its records.
SMALL_FILE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class OpenedExport:
    """A file, opened.

    Attributes:
        table: Its table.
        fitting: The profiles whose export it is, of those that were asked for.
        is_canonical: Whether its header is canonical, so that no profile is needed.
    """

    table: Table
    fitting: tuple[Profile, ...]
    is_canonical: bool


def open_export(  # noqa: PLR0913 - which file, how, and by which profiles
    path: Path,
    name: str,
    hints: Hints,
    profiles: Sequence[Profile] | Callable[[], Sequence[Profile]],
    *,
    named: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    exact_only: bool = False,
) -> OpenedExport:
    """Open a file and compare its header with profiles.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        hints: What the user says about its form.
        profiles: Profiles, or a function that loads them: a file with a canonical header does not need them.
        named: Whether the user named the vendor, and ``profiles`` is its profile: the canonical form is not tried.
        limits: Of the reader.
        exact_only: Read without the fast path.

    Raises:
        NotCallsError: The file is of another kind than calls.
        SourceError: It cannot be read as a table.
        UsageError: The user must say which sheet, or which list of records, is meant.
    """
    find_header = recognize.create_header_finder(profiles)

    def read(how: Hints) -> OpenedExport:
        table = open_table(path, name, how, find_header, limits=limits, exact_only=exact_only)
        is_canonical = not named and recognize.is_canonical_header(table.titles)
        known = () if is_canonical or not table.titles else profiles() if callable(profiles) else profiles
        fitting = tuple(one for one in known if recognize.match_header(one, table.titles).matches)
        return OpenedExport(table, fitting, is_canonical)

    # Rejects are written alike for all vendors: what a vendor fixes does not hold for them.
    rejects = path.is_file() and starts_like_rejects(path)
    vendor = (profiles() if callable(profiles) else profiles)[0] if named else None
    tried = hints if rejects or vendor is None else _merge_hints(hints, vendor)
    opened = read(tried)
    if not opened.fitting and tried != hints:
        # Somebody saved the export again: what the vendor fixes is what it is tried with first, not a condition.
        again = read(replace(hints, quotes=tried.quotes))
        opened = again if again.fitting else opened
    quotes = opened.fitting[0].quotes if len(opened.fitting) == 1 else None
    if quotes != tried.quotes and not rejects and opened.fitting:
        # Only the header tells which profile it is, and only the profile tells how its quotes are read.
        opened = replace(opened, table=read(replace(tried, quotes=quotes)).table)
    if not opened.fitting:
        refuse_not_calls(opened.table.titles, name)
    return opened


def _merge_hints(hints: Hints, profile: Profile) -> Hints:
    """The hints of the user; what they leave open comes from the profile that the user named."""
    return replace(
        hints,
        encoding=hints.encoding or profile.encoding,
        delimiter=hints.delimiter or profile.delimiter,
        quotes=profile.quotes,
    )


@dataclass(slots=True)
class KeptBatches:
    """The batches of a small table, each read once: dates, zones and durations are looked at before the run reads them.

    Attributes:
        read: The tasks of the table, which read the file.
    """

    read: Callable[[], Iterator[ReadTask]]
    _batches: list[Batch] = field(default_factory=list)
    _rest: Iterator[ReadTask] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # In another process the file is read again: its records need not travel.
        return KeptBatches, (self.read,)

    def tasks(self) -> Iterator[ReadTask]:
        """Tasks that give the batches; the first time, what a task reads is read when it is asked for."""
        place = 0
        while self._has(place):
            yield partial(self._batches.__getitem__, place)
            place += 1

    def holds_any(self) -> bool:
        """Whether a batch was read."""
        return bool(self._batches)

    def _has(self, place: int) -> bool:
        if place < len(self._batches):
            return True
        try:
            self._rest = self.read() if self._rest is None else self._rest
            task = next(self._rest, None)
            if task is not None:
                self._batches.append(task())
        except BaseException:
            # What could not be read is read again, so that everybody who asks hears of it.
            self._batches, self._rest = [], None
            raise
        return task is not None
