"""The columns of the second file, found by their titles or named by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calltools.errors import UsageError
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.batch import HeaderGuess
from calltools.model.titles import fold_title, redacted_titles

#: Folded titles, the telling ones before those that often mean something else (``Номер`` may be an order's):
#: a group counts only where the groups before it found nothing.
_KNOWN: Final[Mapping[str, tuple[frozenset[str], ...]]] = {
    "phone": (
        frozenset(
            {"phone", "phonenumber", "tel", "telephone", "mobile", "mobilephone", "callerphone", "contactphone",
             "clientphone", "customerphone", "contactphonenumber", "телефон", "номертелефона", "телефонклиента",
             "телефонконтакта", "мобильный", "мобильныйтелефон", "контактныйтелефон"}
        ),
        frozenset({"caller", "callerid", "callernumber", "number", "номер", "контакт", "абонент"}),
    ),
    "time": (
        frozenset(
            {"datetime", "createdat", "timestamp", "visittime", "visitdatetime", "starttime", "датавремя",
             "датаивремя", "датасоздания", "времясоздания", "датавизита", "времявизита", "датазаявки"}
        ),
        frozenset({"time", "date", "created", "visitdate", "дата", "время", "создан", "создано"}),
    ),
    "UserId": (frozenset({"userid", "ownuserid", "crmid", "crmuserid"}),),
    "ClientId": (
        frozenset(
            {"clientid", "ymclientid", "yaclientid", "metrikaclientid", "metricaclientid", "ymuid", "yandexclientid",
             "clientidметрики", "clientidяндекса", "clientidметрика", "clientidяндексметрики", "metrika", "metrica"}
        ),
    ),
    "Yclid": (frozenset({"yclid", "yaclid", "yandexclid"}),),
}  # fmt: skip
_KNOWN_TITLES: Final = {
    **_KNOWN,
    **{name: (frozenset({name.lower()}),) for name in IDENTIFIER_FIELDS if name not in _KNOWN},
}


@dataclass(frozen=True, slots=True)
class MatchColumns:
    """Which columns of the second file hold what: positions from 0."""

    phone: int
    time: int
    identifiers: Mapping[str, int]


def find_match_columns(titles: Sequence[str], explicit: Mapping[str, str]) -> MatchColumns:
    """The columns of the second file, by their titles or as the user says.

    Args:
        titles: Its header.
        explicit: ``phone``, ``time``, ``ClientId``, ``Yclid``, ``UserId`` -> title.

    Raises:
        UsageError: A column is not found, or several could be meant.
    """
    found = {what: _find_positions(titles, what, explicit) for what in _KNOWN_TITLES}
    unclear = [what for what, places in found.items() if len(places) > 1]
    unclear += [what for what in ("phone", "time") if not found[what]]
    ids = {name: found[name][0] for name in IDENTIFIER_FIELDS if found[name]}
    unclear += [] if ids else ["ClientId"]
    if unclear:
        raise UsageError("identifier-columns-unclear", missing=", ".join(unclear), titles=redacted_titles(titles))
    return MatchColumns(found["phone"][0], found["time"][0], ids)


def guess_header(rows: Sequence[Sequence[str]], explicit: Mapping[str, str]) -> HeaderGuess:
    """The row that holds the most of the columns asked for; the first row where none does."""
    scores = [_count_known_titles(row, explicit) for row in rows]
    best = max(scores, default=0)
    return HeaderGuess(scores.index(best) if scores else None, best)


def _count_known_titles(titles: Sequence[str], explicit: Mapping[str, str]) -> int:
    named = set(explicit.values())
    known = set().union(*(group for groups in _KNOWN_TITLES.values() for group in groups))
    return sum(title.strip() in named or fold_title(title) in known for title in titles)


def is_identifier_column(title: str, explicit: Mapping[str, str]) -> bool:
    """Whether a column so titled holds ids, so that a workbook's number in it has lost digits (CT209)."""
    named = {explicit[name] for name in IDENTIFIER_FIELDS if name in explicit}
    return title.strip() in named or any(
        fold_title(title) in group for name in IDENTIFIER_FIELDS for group in _KNOWN_TITLES[name]
    )


def _find_positions(titles: Sequence[str], role: str, explicit: Mapping[str, str]) -> list[int]:
    if role in explicit:
        named = [place for place, title in enumerate(titles) if title.strip() == explicit[role]]
        if not named:
            raise UsageError("identifier-column-missing", title=explicit[role], titles=redacted_titles(titles))
        return named
    for group in _KNOWN_TITLES[role]:
        if alike := [place for place, title in enumerate(titles) if fold_title(title) in group]:
            return alike
    return []
