"""Comparing a header with a profile: columns that are missing or duplicated."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calltools.errors import VendorError
from calltools.model.titles import redacted_titles
from calltools.vendors.profile import Profile, Step


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a header compares with a profile.

    Attributes:
        missing: Columns by which the export is recognized and that the header lacks.
        duplicated: Columns that the profile reads and that stand twice.
    """

    missing: tuple[str, ...]
    duplicated: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Whether the header is this export's."""
        return not self.missing


def normalize_title(title: str) -> str:
    """A title without case and with single spaces."""
    return re.sub(r"\s+", " ", title.replace("\ufeff", "")).strip().casefold()


def match_header(profile: Profile, titles: Sequence[str]) -> HeaderMatch:
    """Compare a header with a profile."""
    there = [normalize_title(title) for title in titles]
    missing = tuple(name for name in profile.recognize if normalize_title(name) not in there)
    doubled = tuple(name for name in source_columns(profile) if there.count(normalize_title(name)) > 1)
    return HeaderMatch(missing, doubled)


def source_columns(profile: Profile) -> tuple[str, ...]:
    """Every source column that a profile reads or is recognized by."""
    steps: list[Step] = [step for listed in profile.fields.values() for step in listed] + list(profile.rows.direction)
    named = [
        name for step in steps for name in (*step.columns, *step.difference, *step.sum, *step.seconds_from, *step.when)
    ]
    rows = profile.rows
    more = [rows.context, rows.called, profile.epoch_id, *rows.one_call_by, *rows.one_call_by_all]
    more += [*rows.answered, *rows.first, *rows.incoming]
    return tuple(dict.fromkeys([*profile.recognize, *named, *(name for name in more if name)]))


def refuse_mismatch(profile: Profile, titles: Sequence[str]) -> None:
    """Refuse a header that is not this export's.

    Raises:
        VendorError: What the profile needs and the file does not have.
    """
    missing = match_header(profile, titles).missing or _missing_time_columns(profile, titles)
    if missing:
        raise VendorError(
            "vendor-misfit",
            vendor=profile.name,
            missing=", ".join(missing),
            titles=redacted_titles(titles),
        )


def _missing_time_columns(profile: Profile, titles: Sequence[str]) -> tuple[str, ...]:
    """The columns that give the time of a call, when the header has none of them: without it nothing can be made."""
    there = {normalize_title(title) for title in titles}
    named = [name for step in profile.fields["DateTime"] for name in (*step.columns, *step.difference, *step.sum)]
    return () if any(normalize_title(name) in there for name in named) else tuple(dict.fromkeys(named))
