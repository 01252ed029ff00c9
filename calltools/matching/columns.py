"""Finding the columns of the second file: by their titles, or by the names that the user gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calltools.errors import UsageError
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.batch import HeaderGuess
from calltools.model.titles import fold_title, redacted_titles

#: Role -> groups of folded titles. Clear titles come before those with several meanings, such as ``Номер``: a group
#: counts only if no title of the groups before it is found.
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
             "датаивремя", "датасоздания", "времясоздания", "датавизита", "времявизита", "датазаявки", "времязаявки",
             "датаобращения", "времяобращения", "датавремяобращения", "датаивремяобращения", "датаивремясоздания",
             "датасделки", "датасозданиясделки", "датасозданияконтакта", "датапервогообращения", "датапоступления"}
        ),
        frozenset({"time", "date", "created", "visitdate", "дата", "время", "создан", "создано"}),
    ),
    "UserId": (frozenset({"userid", "ownuserid", "crmid", "crmuserid"}),),
    "ClientId": (
        frozenset(
            {"clientid", "ymclientid", "yaclientid", "metrikaclientid", "metricaclientid", "ymuid", "yandexclientid",
             "clientidметрики", "clientidяндекса", "clientidметрика", "clientidяндексметрики", "metrika", "metrica",
             "яндексclientid", "метрикаclientid", "метрикиclientid", "яндексметрикаclientid", "clientidяндекс",
             "clientidяндексметрика", "idклиентаметрики", "idклиентавметрике", "idклиентаяндексметрики",
             "idпосетителяметрики", "yandexmetrikaclientid", "yandexmetricaclientid", "ymetrikaclientid"}
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
    """Positions, from 0, of the columns of the second file; identifiers by field."""

    phone: int
    time: int
    identifiers: Mapping[str, int]


def find_match_columns(titles: Sequence[str], explicit: Mapping[str, str]) -> MatchColumns:
    """The columns of the second file.

    Args:
        titles: Header of the second file.
        explicit: Role (``phone``, ``time``, or an identifier field) -> title that the user names for it.

    Raises:
        UsageError: A column is missing, or several columns fit.
    """
    found = {role: _find_positions(titles, role, explicit) for role in _KNOWN_TITLES}
    unclear = [role for role, positions in found.items() if len(positions) > 1]
    unclear += [role for role in ("phone", "time") if not found[role]]
    ids = {name: found[name][0] for name in IDENTIFIER_FIELDS if found[name]}
    unclear += [] if ids else ["ClientId"]
    if unclear:
        raise UsageError("identifier-columns-unclear", missing=", ".join(unclear), titles=redacted_titles(titles))
    return MatchColumns(found["phone"][0], found["time"][0], ids)


def guess_header(rows: Sequence[Sequence[str]], explicit: Mapping[str, str]) -> HeaderGuess:
    """The row with the most known or named titles; the first row if no row has any."""
    scores = [_count_known_titles(row, explicit) for row in rows]
    best = max(scores, default=0)
    return HeaderGuess(scores.index(best) if scores else None, best)


def _count_known_titles(titles: Sequence[str], explicit: Mapping[str, str]) -> int:
    named = set(explicit.values())
    known = set().union(*(group for groups in _KNOWN_TITLES.values() for group in groups))
    return sum(title.strip() in named or fold_title(title) in known for title in titles)


def is_identifier_column(title: str, explicit: Mapping[str, str]) -> bool:
    """Whether a column with this title holds ids, of which number cells of a workbook lose digits (CT209)."""
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
