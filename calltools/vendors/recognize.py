"""The header -> the one profile that fits; none or several are refused, never guessed."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from calltools.errors import VendorError
from calltools.fields.table import FIELDS, NAMES
from calltools.model.batch import HeaderGuess, HeaderJudge
from calltools.model.titles import told
from calltools.vendors.fitting import fit, fold, read_columns
from calltools.vendors.guessing import is_data
from calltools.vendors.profile import Profile, Shape

_CANONICAL: Final = frozenset(re.sub(r"[\W_]", "", name.casefold()) for name in NAMES)
#: Letters of a title -> the names that one slip could have made it.
_BY_LENGTH: Final = {
    length: [name for name in _CANONICAL if len(name) > 4 and abs(len(name) - length) <= 1] for length in range(4, 20)
}
_NAMES: Final = frozenset(NAMES)
_SURE: Final = frozenset(field.name for field in FIELDS if field.requirement.column)
#: Of the rows, to know an export by its shape; and where the user names the vendor.
_ENOUGH_ROWS, _ENOUGH_OF_NAMED = 0.8, 0.5
#: Titles of a row that are looked at; a row of a million cells is no header, and must not take long to say so.
_LOOKED_AT: Final = 1000
#: Known titles in a row that no record holds by chance.
_SURELY_TITLES: Final = 3
#: Share of its columns that may miss in a header that is nearly an export's.
_NEAR: Final = 0.5


def is_canonical(titles: Sequence[str]) -> bool:
    """Whether at least half the titles are canonical names; case, spaces and one typing slip are forgiven."""
    named = [title for title in titles if title.strip()]
    return bool(named) and 2 * sum(map(_is_canonical_name, named)) >= len(named)


@lru_cache(maxsize=4096)
def _is_canonical_name(title: str) -> bool:
    folded = re.sub(r"[\W_]", "", title.casefold())
    alike = _BY_LENGTH.get(len(folded), ())
    return folded in _CANONICAL or any(_one_slip(folded, name) for name in alike)


def _one_slip(one: str, other: str) -> bool:
    """Whether a letter is missing, one too many, another one, or two are swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    tails = {(one[at + 1 :], other[at:]), (one[at:], other[at + 1 :]), (one[at + 1 :], other[at + 1 :])}
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or any(a == b for a, b in tails)


def recognize(titles: Sequence[str], profiles: Sequence[Profile]) -> Profile:
    """The one profile that fits a header.

    Raises:
        VendorError: None fits, and the nearest is named; or several do.
    """
    fitting = [profile for profile in profiles if fit(profile, titles).fits]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise VendorError("vendor-several", names=", ".join(profile.name for profile in fitting))
    raise _refused(titles, profiles)


def _refused(titles: Sequence[str], profiles: Sequence[Profile]) -> VendorError:
    if is_data(titles):
        # The first record stands for the titles, and a record is a person's.
        return VendorError("vendor-headless", count=len(titles))
    missing = {profile.name: fit(profile, titles).missing for profile in profiles}
    share = {profile.name: len(missing[profile.name]) / len(profile.recognize) for profile in profiles}
    near = min(share, key=share.__getitem__, default=None)
    if near is None or share[near] > _NEAR:
        return VendorError("vendor-none", titles=told(titles))
    return VendorError("vendor-none-near", titles=told(titles), near=near, missing=", ".join(missing[near]))


def header_judge(profiles: Sequence[Profile] | Callable[[], Sequence[Profile]]) -> HeaderJudge:
    """A judge who knows the canonical names and the columns and shapes of profiles.

    Args:
        profiles: They, or a function that gives them: a file that begins with canonical names does not need them.
    """

    @lru_cache(maxsize=1)
    def learned() -> tuple[frozenset[str], tuple[Shape, ...], float]:
        everyone = profiles() if callable(profiles) else profiles
        known = frozenset(fold(name) for profile in everyone for name in read_columns(profile))
        enough = _ENOUGH_OF_NAMED if len(everyone) == 1 else _ENOUGH_ROWS
        return known, tuple(shape for profile in everyone for shape in profile.shapes), enough

    def judge(rows: Sequence[Sequence[str]]) -> HeaderGuess:
        if rows and _SURE <= {*rows[0]} <= _NAMES:
            return HeaderGuess(0, len(rows[0]), sure=True)
        known, shapes, enough = learned()
        scores = [
            sum(fold(cell) in known or _is_canonical_name(cell) for cell in row[:_LOOKED_AT] if cell) for row in rows
        ]
        best = max(range(len(rows)), key=lambda number: (scores[number], -number), default=0)
        score = scores[best] if rows else 0
        if 0 < score < _SURELY_TITLES and is_data(rows[best]):
            # A record holds a word that is somewhere a title: an answered call, a column "Answered".
            score = best = 0
        for shape in shapes:
            if score < len(shape.patterns) and _has_shape(shape, rows, enough):
                return HeaderGuess(None, len(shape.titles), shape.titles)
        return HeaderGuess(best, score)

    return judge


def _has_shape(shape: Shape, rows: Sequence[Sequence[str]], enough: float) -> bool:
    """Whether enough of the rows are as wide and look as the shape says."""
    fitting = sum(_row_fits(shape, row) for row in rows)
    return bool(rows) and fitting >= enough * len(rows)


def _row_fits(shape: Shape, row: Sequence[str]) -> bool:
    if len(row) != len(shape.titles):
        return False
    cells = dict(zip(shape.titles, row, strict=True))
    return all(re.fullmatch(pattern, cells[name].strip()) for name, pattern in shape.patterns.items())
