"""Finding the columns of a second file: by their titles, or by the names that the user gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from calltools.errors import UsageError
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.batch import HeaderGuess
from calltools.model.titles import fold_title, plain_title, redacted_titles

#: What a record of a file of outcomes says of a call.
RESULT_FIELDS: Final = ("Price", "Currency", "Tag")

#: Role -> groups of folded titles. Clear titles come before those with several meanings, such as ``Номер``: a group
#: counts only if no title of the groups before it is found.
KnownTitles: TypeAlias = Mapping[str, tuple[frozenset[str], ...]]
_KNOWN: Final[KnownTitles] = {
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
#: Of the file of identifiers.
IDENTIFIER_TITLES: Final[KnownTitles] = {
    **_KNOWN,
    **{name: (frozenset({name.lower()}),) for name in IDENTIFIER_FIELDS if name not in _KNOWN},
}
#: Of a file of outcomes. It has several times: that of the money comes before that of the deal.
OUTCOME_TITLES: Final[KnownTitles] = {
    **IDENTIFIER_TITLES,
    "time": (
        frozenset(
            {"датаоплаты", "датаивремяоплаты", "времяоплаты", "датапродажи", "датаивремяпродажи", "датазакрытия",
             "датазакрытиясделки", "датаивремязакрытия", "датазаказа", "датаивремязаказа", "paymentdate", "paidat",
             "saledate", "soldat", "closedate", "closedat", "closingdate", "orderdate", "ordereddate", "orderedat"}
        ),
        *_KNOWN["time"],
    ),
    "Price": (
        frozenset(
            {"price", "amount", "revenue", "opportunity", "dealvalue", "dealamount", "saleamount", "orderamount",
             "суммасделки", "суммаоплаты", "суммапродажи", "суммазаказа", "бюджет", "бюджетсделки", "выручка", "доход",
             "оплачено"}
        ),
        frozenset({"sum", "total", "value", "сумма", "цена", "стоимость", "итого"}),
    ),
    "Currency": (frozenset({"currency", "currencycode", "currencyid", "валюта", "кодвалюты", "валютасделки"}),),
    "Tag": (
        frozenset({"tag", "outcome", "тег", "метка", "результат", "итогсделки"}),
        frozenset(
            {"tags", "stage", "dealstage", "status", "dealstatus", "теги", "этап", "этапсделки", "стадия",
             "стадиясделки", "статус", "статуссделки", "статусзаказа"}
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MatchColumns:
    """Positions, from 0, of the columns of the second file; identifiers by field."""

    phone: int
    time: int
    identifiers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """Positions, from 0, of the columns of a file of outcomes.

    Attributes:
        time: When it came to the outcome.
        phone: Whose it is; ``None``: only identifiers say that.
        identifiers: Identifier field -> position.
        results: ``Price``, ``Currency``, ``Tag`` -> position, those that the file has.
    """

    time: int
    phone: int | None
    identifiers: Mapping[str, int]
    results: Mapping[str, int]


def find_match_columns(titles: Sequence[str], explicit: Mapping[str, str]) -> MatchColumns:
    """The columns of the file of identifiers.

    Args:
        titles: Its header.
        explicit: Role (``phone``, ``time``, or an identifier field) -> title that the user names for it.

    Raises:
        UsageError: A column is missing, or several columns fit.
    """
    found = {role: _find_positions(titles, role, explicit, IDENTIFIER_TITLES) for role in IDENTIFIER_TITLES}
    unclear = [role for role, positions in found.items() if len(positions) > 1]
    unclear += [role for role in ("phone", "time") if not found[role]]
    ids = {name: found[name][0] for name in IDENTIFIER_FIELDS if found[name]}
    unclear += [] if ids else ["ClientId"]
    if unclear:
        raise UsageError("identifier-columns-unclear", missing=", ".join(unclear), titles=redacted_titles(titles))
    return MatchColumns(found["phone"][0], found["time"][0], ids)


def find_outcome_columns(titles: Sequence[str], explicit: Mapping[str, str], path: object) -> OutcomeColumns:
    """The columns of a file of outcomes.

    Args:
        titles: Its header.
        explicit: Role (``phone``, ``time``, an identifier field, or one of ``RESULT_FIELDS``) -> title that the user
            names for it.
        path: What the user calls the file.

    Raises:
        UsageError: A column is missing, or several columns fit.
    """
    found = {role: _find_positions(titles, role, explicit, OUTCOME_TITLES) for role in OUTCOME_TITLES}
    unclear = [role for role, positions in found.items() if len(positions) > 1]
    unclear += [] if found["time"] else ["time"]
    ids = {name: found[name][0] for name in IDENTIFIER_FIELDS if found[name]}
    unclear += [] if ids or found["phone"] else ["phone"]
    results = {name: found[name][0] for name in RESULT_FIELDS if found[name]}
    unclear += [] if "Price" in results or "Tag" in results else ["Price"]
    if unclear:
        raise UsageError(
            "outcome-columns-unclear", path=path, missing=", ".join(unclear), titles=redacted_titles(titles)
        )
    return OutcomeColumns(found["time"][0], next(iter(found["phone"]), None), ids, results)


def guess_header(
    rows: Sequence[Sequence[str]], explicit: Mapping[str, str], known: KnownTitles = IDENTIFIER_TITLES
) -> HeaderGuess:
    """The row with the most known or named titles; the first row if no row has any."""
    scores = [_count_known_titles(row, explicit, known) for row in rows]
    best = max(scores, default=0)
    return HeaderGuess(scores.index(best) if scores else None, best)


def _count_known_titles(titles: Sequence[str], explicit: Mapping[str, str], known: KnownTitles) -> int:
    named = set(map(plain_title, explicit.values()))
    folded = set().union(*(group for groups in known.values() for group in groups))
    return sum(plain_title(title) in named or fold_title(title) in folded for title in titles)


def is_identifier_column(title: str, explicit: Mapping[str, str]) -> bool:
    """Whether a column with this title holds ids, of which number cells of a workbook lose digits (CT209)."""
    named = {plain_title(explicit[name]) for name in IDENTIFIER_FIELDS if name in explicit}
    return plain_title(title) in named or any(
        fold_title(title) in group for name in IDENTIFIER_FIELDS for group in IDENTIFIER_TITLES[name]
    )


def _find_positions(titles: Sequence[str], role: str, explicit: Mapping[str, str], known: KnownTitles) -> list[int]:
    if role in explicit:
        wanted = plain_title(explicit[role])
        named = [place for place, title in enumerate(titles) if plain_title(title) == wanted]
        if not named:
            option = "outcome-columns" if known is OUTCOME_TITLES else "identifier-columns"
            shown = redacted_titles(titles)
            raise UsageError("identifier-column-missing", title=explicit[role], titles=shown, option=option)
        return named
    for group in known[role]:
        if alike := [place for place, title in enumerate(titles) if fold_title(title) in group]:
            return alike
    return []
