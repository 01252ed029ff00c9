"""Whether a header is that of a profile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calltools.errors import VendorError
from calltools.model.titles import told
from calltools.vendors.profile import Profile, Step


@dataclass(frozen=True, slots=True)
class Fit:
    """How a header compares with a profile.

    Attributes:
        missing: Columns by which the export is recognized and that the header lacks.
        doubled: Columns that the profile reads and that stand twice.
    """

    missing: tuple[str, ...]
    doubled: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the header is this export's."""
        return not self.missing


def fold(title: str) -> str:
    """A title without case and with single spaces."""
    return re.sub(r"\s+", " ", title.replace("\ufeff", "")).strip().casefold()


def fit(profile: Profile, titles: Sequence[str]) -> Fit:
    """Compare a header with a profile."""
    there = [fold(title) for title in titles]
    missing = tuple(name for name in profile.recognize if fold(name) not in there)
    doubled = tuple(name for name in read_columns(profile) if there.count(fold(name)) > 1)
    return Fit(missing, doubled)


def read_columns(profile: Profile) -> tuple[str, ...]:
    """Every source column that a profile reads or is recognized by."""
    steps: list[Step] = [step for listed in profile.fields.values() for step in listed] + list(profile.rows.direction)
    named = [
        name for step in steps for name in (*step.columns, *step.difference, *step.sum, *step.seconds_from, *step.when)
    ]
    rows = profile.rows
    more = [rows.context, rows.called, profile.epoch_id, *rows.one_call_by, *rows.one_call_by_all]
    more += [*rows.answered, *rows.first, *rows.incoming]
    return tuple(dict.fromkeys([*profile.recognize, *named, *(name for name in more if name)]))


def refuse_misfit(profile: Profile, titles: Sequence[str]) -> None:
    """Refuse a header that is not this export's.

    Raises:
        VendorError: What the profile needs and the file does not have.
    """
    missing = fit(profile, titles).missing or _without_time(profile, titles)
    if missing:
        raise VendorError(
            "vendor-misfit",
            vendor=profile.name,
            missing=", ".join(missing),
            titles=told(titles),
        )


def _without_time(profile: Profile, titles: Sequence[str]) -> tuple[str, ...]:
    """The columns that give the time of a call, when the header has none of them: without it nothing can be made."""
    there = {fold(title) for title in titles}
    named = [name for step in profile.fields["DateTime"] for name in (*step.columns, *step.difference, *step.sum)]
    return () if any(fold(name) in there for name in named) else tuple(dict.fromkeys(named))
