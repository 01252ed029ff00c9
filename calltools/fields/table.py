"""FIELDS: the one table, a row a canonical column, in the order in which the file is written.

Everything else that must know the columns derives from it: the pandera schema, the schema exports,
the template, the keys of a profile, the header of the written CSV.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from calltools.fields.field import Field, Requirement

_IDENTIFIER: Final = Requirement(group="identifier")
_OPTIONAL: Final = Requirement()
_CALLS: Final = "Yandex Metrica, Management API, Passing call data"
_LOGS: Final = "Yandex Metrica, Logs API, visit fields"

# fmt: off
FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "UserId", "user-id", _IDENTIFIER,
        "Own user ID", "Свой ID посетителя",
        "Your own id of the visitor, as passed to Metrica with setUserID. At least one identifier is needed.",
        "Ваш собственный id посетителя, переданный в Метрику методом setUserID. Нужен хотя бы один идентификатор.",
        "client-1042", _CALLS,
    ),
    Field(
        "ClientId", "client-id", _IDENTIFIER,
        "Metrica client ID", "ClientID Метрики",
        "The visitor's id in Metrica (cookie _ym_uid): digits only, at most 20, below 2^64. Not Google's client id.",
        "Id посетителя в Метрике (cookie _ym_uid): только цифры, не больше 20, меньше 2^64. Не client id Google.",
        "1604591025698235234", _LOGS,
    ),
    Field(
        "Yclid", "click-id", _IDENTIFIER,
        "Yandex click ID", "ID клика Яндекса",
        "Click id that Yandex Direct adds to the landing URL (yclid): digits only.",
        "Id клика, который Яндекс Директ добавляет к адресу страницы (yclid): только цифры.",
        "5871026893748593412", _CALLS,
    ),
    Field(
        "DateTime", "unix-time", Requirement(column=True, cell=True),
        "Time of the call", "Время звонка",
        "When the call began: whole seconds since 1970-01-01 00:00:00 UTC. Not milliseconds, not local time.",
        "Начало звонка: целые секунды с 1970-01-01 00:00:00 UTC. Не миллисекунды и не местное время.",
        "1772434800", _CALLS,
    ),
    Field(
        "StaticCall", "flag", _OPTIONAL,
        "Static call", "Статический звонок",
        "1: the number is not tied to a visit, the call is shown in reports and never linked; 0: dynamic tracking.",
        "1: номер не связан с визитом, звонок виден в отчётах, но не привязывается; 0: динамический коллтрекинг.",
        "0", _CALLS,
    ),
    Field(
        "Price", "money", _OPTIONAL,
        "Value of the call", "Ценность звонка",
        "Revenue of the call: digits with a dot as decimal sign; no sign of currency, no thousands separator.",
        "Доход от звонка: цифры, дробная часть после точки; без знака валюты и без разделителя тысяч.",
        "1500.50", _CALLS,
    ),
    Field(
        "Currency", "currency", _OPTIONAL,
        "Currency", "Валюта",
        "Three capital letters of ISO 4217.",
        "Три заглавные буквы по ISO 4217.",
        "RUB", _CALLS,
    ),
    Field(
        "PhoneNumber", "phone", _OPTIONAL,
        "Phone number", "Номер телефона",
        "The caller's number: plus, country code, area code, number; no spaces, brackets or hyphens.",
        "Номер звонившего: плюс, код страны, код города, номер; без пробелов, скобок и дефисов.",
        "+74950000000", _CALLS,
    ),
    Field(
        "TalkDuration", "seconds", _OPTIONAL,
        "Talk, seconds", "Разговор, секунды",
        "Conversation only, whole seconds; 0 for a missed call.",
        "Только разговор, целые секунды; 0 для пропущенного звонка.",
        "136", _CALLS,
    ),
    Field(
        "HoldDuration", "seconds", _OPTIONAL,
        "Wait, seconds", "Ожидание, секунды",
        "Wait for an answer, whole seconds.",
        "Ожидание ответа, целые секунды.",
        "12", _CALLS,
    ),
    Field(
        "CallMissed", "flag", _OPTIONAL,
        "Missed", "Пропущенный",
        "1: nobody answered; 0: answered.",
        "1: никто не ответил; 0: ответили.",
        "0", _CALLS,
    ),
    Field(
        "Tag", "text", _OPTIONAL,
        "Tag", "Метка",
        "Free text: quality or outcome of the call.",
        "Свободный текст: качество или итог звонка.",
        "целевой", _CALLS,
    ),
    Field(
        "FirstTimeCaller", "flag", _OPTIONAL,
        "First-time caller", "Первичный звонок",
        "1: the caller's first call; 0: a repeated one.",
        "1: первый звонок этого абонента; 0: повторный.",
        "1", _CALLS,
    ),
    Field(
        "URL", "url", _OPTIONAL,
        "Page of the call", "Страница звонка",
        "Address of the page that the call is tied to, with http:// or https://.",
        "Адрес страницы, с которой связан звонок, с http:// или https://.",
        "https://example.com/catalog", _CALLS,
    ),
    Field(
        "CallTrackerURL", "url", _OPTIONAL,
        "Card of the call", "Карточка звонка",
        "Address of the call's card in the call tracker. Not a recording.",
        "Адрес карточки звонка в коллтрекинге. Не запись разговора.",
        "https://tracker.example.com/calls/1042", _CALLS,
    ),
)
# fmt: on

FIELDS_BY_NAME: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in FIELDS})
FIELD_NAMES: Final[tuple[str, ...]] = tuple(FIELDS_BY_NAME)
IDENTIFIER_FIELDS: Final[tuple[str, ...]] = tuple(field.name for field in FIELDS if field.requirement.group == "identifier")


def of_kind(*kinds: str, fields: Sequence[Field] = FIELDS) -> tuple[str, ...]:
    """The columns that hold values of these kinds, in the order of the table."""
    return tuple(field.name for field in fields if field.kind in kinds)
