"""Rules on the header of a canonical file: missing, unknown, inexact, repeated and unnamed columns."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow.compute as pc

from calltools.errors import nearest_word
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Numbers, as_mask, count_in_each
from calltools.model.finding import Findings
from calltools.model.titles import REJECT_TITLES, fold_title

_NAME_BY_FOLDED_TITLE = {re.sub(r"[^a-z]", "", name.lower()): name for name in FIELD_NAMES}


@lru_cache(maxsize=64)
def canonical_positions(titles: tuple[str, ...]) -> Mapping[str, int]:
    """Canonical field -> position of its column, in the order of the table of fields.

    An exact title has precedence over an inexact one, and the first over later ones.
    """
    positions: dict[str, int] = {}
    for exact in (True, False):
        for position, title in enumerate(titles):
            name = title if exact else _NAME_BY_FOLDED_TITLE.get(fold_title(title))
            if name in FIELD_NAMES and name not in positions:
                positions[name] = position
    return MappingProxyType({field.name: positions[field.name] for field in FIELDS if field.name in positions})


def column_missing(titles: tuple[str, ...]) -> list[tuple[int | None, str | None]]:
    """There is no DateTime column.

    Why:
        Without the time of a call Metrica refuses the whole file.

    Example:
        bad: ClientId,PhoneNumber
        good: ClientId,DateTime,PhoneNumber

    Fix:
        Add the column DateTime with Unix seconds. If this is a vendor's export, run `calltools convert --vendor NAME`.

    Source:
        Yandex Metrica, Passing call data: required columns.
    """
    present = canonical_positions(titles)
    return [(None, field.name) for field in FIELDS if field.requirement.column and field.name not in present]


def column_unknown(titles: tuple[str, ...]) -> list[tuple[int | None, str | None]]:
    """A column has a title that the service does not know.

    Why:
        What Metrica does with such a column is not documented, and clients report that one misspelled title spoils the
        whole file. A misspelled title also means that its values are not taken.

    Example:
        bad: TalkDuraton
        good: TalkDuration

    Fix:
        Correct the title, or remove the column. `calltools schema markdown` lists all of them.

    Source:
        Yandex Metrica, Passing call data: columns of the file.
    """
    return [
        (position, _nearest_name(title))
        for position, title in enumerate(titles)
        if title.strip() and fold_title(title) not in _NAME_BY_FOLDED_TITLE and title not in REJECT_TITLES
    ]


def column_name_inexact(titles: tuple[str, ...]) -> list[tuple[int | None, str | None]]:
    """A column has the right name in other letters.

    Why:
        The documentation spells ClientId, support pages ClientID. Whether Metrica minds is not documented; the
        documented spelling is safe.

    Example:
        bad: ClientID
        good: ClientId

    Fix:
        Write the title as documented; `calltools convert` does.

    Source:
        Yandex Metrica, Passing call data: columns of the file.
    """
    return [
        (position, _NAME_BY_FOLDED_TITLE[fold_title(title)])
        for position, title in enumerate(titles)
        if title not in FIELD_NAMES and fold_title(title) in _NAME_BY_FOLDED_TITLE
    ]


def column_duplicate(titles: tuple[str, ...]) -> list[tuple[int | None, str | None]]:
    """Two columns have the same title.

    Why:
        One of the two is taken, and nobody can say which. Titles that differ in case or spaces only are the same
        column.

    Example:
        bad: ClientId,DateTime,clientid
        good: ClientId,DateTime

    Fix:
        Remove or rename one of them.

    Source:
        Yandex Metrica, Passing call data; RFC 4180, section 2.
    """
    counts = Counter(fold_title(title) for title in titles if title.strip())
    first = {fold_title(title): position for position, title in reversed(list(enumerate(titles)))}
    return [
        (position, str(first[fold_title(title)] + 1))
        for position, title in enumerate(titles)
        if title.strip() and counts[fold_title(title)] > 1 and position == _second_position(titles, title)
    ]


def column_unnamed(titles: tuple[str, ...]) -> list[tuple[int | None, str | None]]:
    """A column has no title.

    Why:
        Usually it is the row number that R or pandas writes in front. Metrica cannot know what its values are.

    Example:
        bad: ,ClientId,DateTime
        good: ClientId,DateTime

    Fix:
        Remove the column: in pandas to_csv(index=False), in R write.csv(row.names = FALSE).

    Source:
        Yandex Metrica, Passing call data: columns of the file.
    """
    return [(position, None) for position, title in enumerate(titles) if not title.strip()]


class IdentifierColumnMissing:
    """The file has none of the columns UserId, ClientId, Yclid, and not all its calls are static.

    Why:
        Metrica finds the visit by an identifier. Without one of these columns no dynamic call of the file can be
        linked, and the upload ends as LINKAGE_FAILURE.

    Example:
        bad: DateTime,PhoneNumber
        good: ClientId,DateTime,PhoneNumber

    Fix:
        Add ClientId from the call tracker, or join it: `calltools convert --identifiers crm.xlsx`. If all numbers are
        static, add StaticCall with 1.

    Source:
        Yandex Metrica, Passing call data: at least one identifier.
    """

    def __init__(self) -> None:
        self._has_column = False
        self._has_dynamic_call = False
        self._has_records = False

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, _assumptions: Assumptions) -> Sequence[Any]:
        """Whether each batch has an identifier column, and a call that is not static."""
        has_column = any(name in columns for name in IDENTIFIER_FIELDS)
        if has_column or "StaticCall" not in columns:
            return [(has_column, True)] * (len(ends) - 1)
        dynamic = as_mask(pc.not_equal(columns["StaticCall"], "1"))
        return [(False, bool(count)) for count in count_in_each(dynamic, ends).tolist()]

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add what a batch has; the finding comes at the end of the table."""
        self._has_records = True
        self._has_column |= digest[0]
        self._has_dynamic_call |= digest[1]
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for the file if it has dynamic calls and no column of identifiers."""
        missing = self._has_records and self._has_dynamic_call and not self._has_column
        return Findings.from_rows([{"code": ""}] if missing else [])


def _second_position(titles: tuple[str, ...], title: str) -> int:
    alike = [position for position, other in enumerate(titles) if fold_title(other) == fold_title(title)]
    return int(np.sort(alike)[1])


def _nearest_name(title: str) -> str | None:
    return _NAME_BY_FOLDED_TITLE.get(nearest_word(fold_title(title), _NAME_BY_FOLDED_TITLE, 0.7))
