"""Files that are not of calls: conversions, orders, expenses, reports. Each is known by titles that only it has."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from calltools.errors import NotCallsError
from calltools.model.titles import fold_title
from calltools.texts.keys import Language
from calltools.vendors.profile_library import schemas_folder

#: Columns of the canonical file that nothing but calls have.
_CALL_COLUMNS: Final = frozenset(
    fold_title(name)
    for name in ("PhoneNumber", "StaticCall", "TalkDuration", "HoldDuration", "CallMissed", "CallTrackerURL")
)


@dataclass(frozen=True, slots=True)
class NotCalls:
    """A kind of file that is not of calls.

    Attributes:
        titles: Groups of titles, each of which stands together only in such files.
        shown: Titles that a message names beside them, where they are there.
        what: Language -> what it is.
        goes: Language -> who takes it.
    """

    titles: tuple[tuple[str, ...], ...]
    shown: tuple[str, ...]
    what: Mapping[Language, str]
    goes: Mapping[Language, str]


@lru_cache(maxsize=1)
def load_kinds(schemas: Path) -> Mapping[str, NotCalls]:
    """The kinds of files that are not of calls, in the order of the file.

    Args:
        schemas: The folder of schemas.
    """
    document = tomllib.loads((schemas / "not_calls.toml").read_text(encoding="utf-8"))
    return {
        name: NotCalls(tuple(map(tuple, kind["titles"])), tuple(kind.get("shown", ())), kind["what"], kind["goes"])
        for name, kind in document.items()
    }


def refuse_not_calls(titles: Sequence[str], name: str) -> None:
    """Refuse a file that is not of calls by its name: what was uploaded as calls could not be taken back.

    Args:
        titles: A header that no profile knows.
        name: Name of the file in messages.

    Raises:
        NotCallsError: It is one.
    """
    there = {fold_title(title): title for title in reversed(titles)}
    if there.keys() & _CALL_COLUMNS:
        return
    for kind in load_kinds(schemas_folder()).values():
        for group in kind.titles:
            if there.keys() >= {fold_title(title) for title in group}:
                seen = [there[fold_title(one)] for one in (*kind.shown, *group) if fold_title(one) in there]
                raise NotCallsError(name, ", ".join(seen), kind.what, kind.goes)
