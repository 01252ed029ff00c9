"""A first look at files: what they are, and how many records they have."""

from collections.abc import Sequence
from dataclasses import dataclass

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFile
from calltools.files.packed import Packed, Unpacker
from calltools.model.batch import Source
from calltools.run import RunOptions
from calltools.run.source import open_export
from calltools.ui.work import Progress
from calltools.vendors import profile_library


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is.

    Attributes:
        source: How it is read; ``None``: it cannot be read.
        vendors: Names of the profiles that fit.
        is_canonical: Whether it is Metrica's own form.
        records: How many records it has.
        error: Why it cannot be read.
    """

    source: Source | None = None
    vendors: tuple[str, ...] = ()
    is_canonical: bool = False
    records: int | None = None
    error: CalltoolsError | None = None


def look_at_files(files: Sequence[FoundFile], options: RunOptions, progress: Progress) -> list[Look]:
    """Open each file and count its records."""
    profiles = profile_library.load_profiles()
    looks = []
    with Unpacker() as unpacker:
        for one in files:
            progress.file, progress.records = one.name, 0
            try:
                path = unpacker.plain_path(Packed(one.path, one.member), one.name, options.limits)
                opened = open_export(path, one.name, options.hints, profiles, limits=options.limits)
                for task in opened.table.tasks():
                    progress.refuse_to_go_on()
                    progress.records += task().read
            except CalltoolsError as error:
                looks.append(Look(error=error))
                continue
            names = tuple(profile.name for profile in opened.fitting)
            looks.append(Look(opened.table.source, names, opened.is_canonical, progress.records))
    return looks
