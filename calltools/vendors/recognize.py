"""Recognizing the profile by the header.

A header is compared with every profile. Exactly one must fit: none or several are an error, never a guess.
"""

import re
from codecs import lookup
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from calltools.errors import VendorError
from calltools.fields.table import FIELD_NAMES, FIELDS
from calltools.model.batch import HeaderFinder, HeaderGuess, name_in_command
from calltools.model.titles import REJECT_TITLES, fold_title, redacted_titles
from calltools.texts.keys import Word
from calltools.vendors.infer import looks_like_record
from calltools.vendors.profile import HeaderlessShape, Profile, Step
from calltools.vendors.spoiled_titles import are_letters_lost, respell_titles


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a header compares with a profile.

    Attributes:
        missing: Columns that identify the export and that the header lacks.
        duplicated: Columns that the profile reads and that the header has twice.
    """

    missing: tuple[str, ...]
    duplicated: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Whether the header is one of this export."""
        return not self.missing


@lru_cache(maxsize=16_384)
def normalize_title(title: str) -> str:
    """A title without case and with single spaces; unlike ``fold_title`` it keeps punctuation."""
    return re.sub(r"\s+", " ", title.replace("\ufeff", "")).strip().casefold()


@dataclass(frozen=True, slots=True, eq=False)
class SameObject:
    """A key that stands for one object and no equal one: profiles have no hash, and comparing them takes long."""

    it: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameObject) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


def match_header(profile: Profile, titles: Sequence[str]) -> HeaderMatch:
    """Compare a header with a profile: the one test of whether an export is the vendor's, for every command."""
    # Files of one run mostly have the same header.
    return _match_header(SameObject(profile), tuple(titles))


@lru_cache(maxsize=1024)
def _match_header(same: SameObject, titles: tuple[str, ...]) -> HeaderMatch:
    profile: Profile = same.it
    normalized = [normalize_title(title) for title in titles]
    missing = tuple(name for name in profile.recognize if normalize_title(name) not in normalized)
    missing = missing or _missing_time_columns(profile, titles) or _missing_direction_columns(profile, titles)
    duplicated = tuple(name for name in source_columns(profile) if normalized.count(normalize_title(name)) > 1)
    return HeaderMatch(missing, duplicated)


def source_columns(profile: Profile) -> tuple[str, ...]:
    """Every source column that a profile reads, or that identifies its export."""
    steps: list[Step] = [step for listed in profile.fields.values() for step in listed] + list(profile.rows.direction)
    named = [
        name for step in steps for name in (*step.columns, *step.difference, *step.sum, *step.seconds_from, *step.when)
    ]
    rows = profile.rows
    more = [rows.context, rows.called, profile.epoch_id, *rows.one_call_by, *rows.one_call_by_all]
    more += [*rows.answered, *rows.first, *rows.incoming]
    return tuple(dict.fromkeys([*profile.recognize, *named, *(name for name in more if name)]))


def refuse_mismatch(profile: Profile, titles: Sequence[str]) -> None:
    """Refuse a header that is not one of this export.

    Raises:
        VendorError: The header lacks columns that the profile needs; the error names them.
    """
    missing = match_header(profile, titles).missing
    if missing:
        raise VendorError(
            "vendor-misfit-columns",
            vendor=profile.name,
            missing=", ".join(missing),
            titles=redacted_titles(titles),
        )


def _missing_time_columns(profile: Profile, titles: Sequence[str]) -> tuple[str, ...]:
    """The columns of the time of a call, if the header has none of them: without a time no record is valid."""
    present = {normalize_title(title) for title in titles}
    named = [name for step in profile.fields["DateTime"] for name in (*step.columns, *step.difference, *step.sum)]
    return () if any(normalize_title(name) in present for name in named) else tuple(dict.fromkeys(named))


def _missing_direction_columns(profile: Profile, titles: Sequence[str]) -> tuple[str, ...]:
    """The columns that tell incoming calls from others, if the header has none of them: all rows would be alike."""
    present = {normalize_title(title) for title in titles}
    named = [*direction_columns(profile), profile.rows.context, profile.rows.called]
    needed = [name for name in named if name]
    return () if any(normalize_title(name) in present for name in needed) else tuple(dict.fromkeys(needed))


def direction_columns(profile: Profile) -> tuple[str, ...]:
    """The columns whose words are the direction; where a profile gives it by constants, those of their conditions."""
    steps = profile.rows.direction
    read = [name for step in steps for name in (*step.columns, *step.difference, *step.sum)]
    return tuple(dict.fromkeys(read or [name for step in steps for name in step.when]))


_FOLDED_NAMES: Final = frozenset(fold_title(name) for name in FIELD_NAMES)
#: Length of a folded title -> canonical names that one typing slip could turn into it.
_NAMES_BY_LENGTH: Final = {
    length: [name for name in _FOLDED_NAMES if len(name) > 4 and abs(len(name) - length) <= 1]
    for length in range(4, 20)
}
_NAMES: Final = frozenset(FIELD_NAMES)
_REQUIRED_NAMES: Final = frozenset(field.name for field in FIELDS if field.requirement.column)
#: Share of the rows that must have a shape: among all vendors, and for a vendor that the user named.
_MIN_ROW_SHARE, _MIN_ROW_SHARE_OF_ONE = 0.8, 0.5
#: Titles of a row that are compared: a row of a million cells is no header, and must not take long.
_MAX_TITLES: Final = 1000
#: A record does not hold that many known titles by chance.
_MIN_CERTAIN_TITLES: Final = 3
#: Of titles that were made readable again these suffice to see it.
_SHOWN_TITLES: Final = 3
#: Share of its columns that a header may lack and still be called nearly right.
_MAX_MISSING_SHARE: Final = 0.5


def is_canonical_header(titles: Sequence[str]) -> bool:
    """Whether at least half of the titles are canonical names, whatever their case and with one typing slip each."""
    named = [title for title in titles if title.strip() and title not in REJECT_TITLES]
    return bool(named) and 2 * sum(map(_is_canonical_name, named)) >= len(named)


@lru_cache(maxsize=16_384)
def _is_canonical_name(title: str) -> bool:
    folded = fold_title(title)
    # One slip leaves the first letter as it is, or the last one: most cells of records have neither.
    return folded in _FOLDED_NAMES or any(
        _differs_by_one_slip(folded, name)
        for name in _NAMES_BY_LENGTH.get(len(folded), ())
        if folded[0] == name[0] or folded[-1] == name[-1]
    )


def _differs_by_one_slip(first: str, second: str) -> bool:
    """Whether two texts differ by one letter that is missing, added or replaced, or by two neighbors swapped."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return first == second
    # The first difference decides: what follows it must be equal after one of the four repairs.
    at = next(
        (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    tails = {(first[at + 1 :], second[at:]), (first[at:], second[at + 1 :]), (first[at + 1 :], second[at + 1 :])}
    swapped = first[at : at + 2] == second[at : at + 2][::-1] and first[at + 2 :] == second[at + 2 :]
    return swapped or any(a == b for a, b in tails)


def recognize_profile(
    titles: Sequence[str], profiles: Sequence[Profile], name: str, encoding: str | None = None
) -> Profile:
    """The only profile that fits the header of a file, whose name the remedies need.

    ``encoding`` is the one that the user has forced: where letters are lost or spoiled, it may have done that.

    Raises:
        VendorError: No profile fits (the error names the nearest), or several do.
    """
    fitting = [profile for profile in profiles if match_header(profile, titles).matches]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = tuple(profile.name for profile in fitting)
        raise VendorError("vendor-several", names=", ".join(names), choices=names)
    error = _recognition_error(titles, profiles, name_in_command(name))
    # UTF-8 that is read as another encoding looks as if somebody had saved it so; read as UTF-8 somebody has.
    spoiled_by_option = error.key == "vendor-letters-spoiled" and lookup(encoding or "utf-8").name != "utf-8"
    if encoding is not None and (spoiled_by_option or are_letters_lost(titles)):
        raise VendorError("vendor-encoding-wrong", encoding=encoding)
    raise error


def _recognition_error(titles: Sequence[str], profiles: Sequence[Profile], path: str | Word) -> VendorError:
    if looks_like_record(titles):
        # The file has no header: the titles are a record with personal data, so the message does not show them.
        return VendorError("vendor-headless", count=len(titles), path=path)
    if are_letters_lost(titles):
        return VendorError("vendor-letters-lost")
    for respelled in respell_titles(titles):
        spoiled = [profile for profile in profiles if match_header(profile, respelled).matches]
        if spoiled:
            shown = redacted_titles(respelled[:_SHOWN_TITLES])
            return VendorError("vendor-letters-spoiled", vendor=spoiled[0].name, titles=shown)
    missing = {profile.name: match_header(profile, titles).missing for profile in profiles}
    share = {profile.name: len(missing[profile.name]) / len(profile.recognize) for profile in profiles}
    near = min(share, key=share.__getitem__, default=None)
    if near is None or share[near] > _MAX_MISSING_SHARE:
        return VendorError("vendor-none", titles=redacted_titles(titles), path=path)
    facts = {"titles": redacted_titles(titles), "near": near, "missing": ", ".join(missing[near])}
    return VendorError("vendor-none-near", **facts, path=path)


def create_header_finder(profiles: Sequence[Profile] | Callable[[], Sequence[Profile]]) -> HeaderFinder:
    """A header finder that knows the canonical names, and the columns and shapes of profiles.

    Args:
        profiles: Profiles, or a function that loads them: a file with a canonical header does not need them.
    """

    def is_header(row: Sequence[str]) -> bool:
        loaded = profiles() if callable(profiles) else profiles
        return is_canonical_header(row) or any(match_header(profile, row).matches for profile in loaded)

    def find_header(rows: Sequence[Sequence[str]]) -> HeaderGuess:
        if rows and _REQUIRED_NAMES <= {*rows[0]} <= _NAMES:
            return HeaderGuess(0, len(rows[0]), certain=True, fits=True)
        known, all_have_letters, shapes, enough = _vocabulary(
            SameObject(profiles() if callable(profiles) else profiles)
        )
        scores = [
            sum(
                normalize_title(cell) in known or _is_canonical_name(cell)
                for cell in row[:_MAX_TITLES]
                # Most cells of records have no letter, and such a look is many times faster.
                if cell and not (all_have_letters and cell.lower() == cell.upper())
            )
            for row in rows
        ]
        best = max(range(len(rows)), key=lambda number: (scores[number], -number), default=0)
        score = scores[best] if rows else 0
        if 0 < score < _MIN_CERTAIN_TITLES and looks_like_record(rows[best]):
            # A word of the record is also a title of some vendor, such as "Answered".
            score = best = 0
        for shape in shapes:
            if score < len(shape.patterns) and _has_shape(shape, rows, enough):
                return HeaderGuess(None, len(shape.titles), shape.titles)
        return HeaderGuess(best, score, fits=len(rows) == 1 and score > 0 and is_header(rows[0]))

    return find_header


@lru_cache(maxsize=4)
def _vocabulary(same: SameObject) -> tuple[frozenset[str], bool, tuple[HeaderlessShape, ...], float]:
    """What some profiles know: titles, whether all have letters, shapes, and the share of rows with one; once a run."""
    loaded: Sequence[Profile] = same.it
    known = frozenset(normalize_title(name) for profile in loaded for name in source_columns(profile))
    enough = _MIN_ROW_SHARE_OF_ONE if len(loaded) == 1 else _MIN_ROW_SHARE
    all_have_letters = all(title.lower() != title.upper() for title in known)
    return known, all_have_letters, tuple(shape for profile in loaded for shape in profile.shapes), enough


def _has_shape(shape: HeaderlessShape, rows: Sequence[Sequence[str]], enough: float) -> bool:
    """Whether enough rows have the width and the cell patterns of a shape."""
    fitting = sum(_row_has_shape(shape, row) for row in rows)
    return bool(rows) and fitting >= enough * len(rows)


def _row_has_shape(shape: HeaderlessShape, row: Sequence[str]) -> bool:
    if len(row) != len(shape.titles):
        return False
    cells = dict(zip(shape.titles, row, strict=True))
    return all(re.fullmatch(pattern, cells[name].strip()) for name, pattern in shape.patterns.items())
