"""FIELDS: the one table of canonical columns, in file order, and the classes of which it consists.

The schema, its exports, the template, the keys of profiles and the header of the CSV are derived from it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask
from calltools.texts.keys import Language, Text, pick_language


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be present. The word "required" alone would not tell a column from its cells.

    Attributes:
        column: Whether the file must have the column.
        cell: Whether each of its cells must be filled.
        group: The file must have at least one column of the group, and each dynamic call a filled cell in one of them.
    """

    column: bool = False
    cell: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One line of a kind's table of examples, which tests run and readers of the code learn from.

    Attributes:
        text: A cell as people write it.
        canonical: What normalizing makes of it; ``None``: it is unchanged.
        why: What the example shows, in a few words.
        assumptions: What the user says: ``region``, ``timezone``, ``date_order``.
        fault: Name of the rule that reports it if it is not rewritten; ``None`` if there is no fault.
    """

    text: str
    canonical: str | None
    why: str
    assumptions: tuple[tuple[str, str], ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its pattern, its kernels and its examples.

    Two functions judge a cell: ``sound`` proves quickly that it has no fault, so that the masks of the rules need not
    run on a column that is wholly sound. Property tests hold these laws (tests/fields/test_kinds.py): a sound cell has
    no fault and is not rewritten; ``normalize`` is idempotent, and what it rewrote has none of the faults that it can
    repair.

    Attributes:
        name: As in the table of fields.
        pattern: Matches canonical text from beginning to end; common subset of RE2 and ``re``.
        sound: Mask of the cells that are proven to have no fault, ``""`` included. It may be false for a good cell,
            never true for a faulty one.
        normalize: Rewrites each cell as canonical text, or leaves it unchanged. It returns the same object if no cell
            changes.
        redact: Shortens cells for reports; ``None``: this kind holds no personal data.
        examples: See ``Example``.
        typed: Whether invisible characters are faults (CT012); in free text they are not.
        json_type: What the text means, for schema exports.
    """

    name: str
    pattern: str
    sound: Callable[[Cells, Assumptions], Mask]
    normalize: Callable[[Cells, Assumptions], Cells]
    redact: Callable[[Cells], Cells] | None
    examples: tuple[Example, ...]
    typed: bool = True
    json_type: Literal["string", "integer", "number", "boolean"] = "string"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the canonical file.

    Attributes:
        name: The title in the file, as Metrica documents it.
        kind: A name of ``KINDS``.
        requirement: What must be present.
        titles: See ``title``.
        descriptions: See ``description``.
        example: A canonical cell.
        source: The document of the service that describes it.
    """

    name: str
    kind: str
    requirement: Requirement
    titles: Text
    descriptions: Text
    example: str
    source: str

    def title(self, language: Language) -> str:
        """What it is called, for people."""
        return pick_language(self.titles, language)

    def description(self, language: Language) -> str:
        """What it means and how it is written."""
        return pick_language(self.descriptions, language)


_IDENTIFIER: Final = Requirement(group="identifier")
_OPTIONAL: Final = Requirement()
_CALLS: Final = "Yandex Metrica, Management API, Passing call data"
_LOGS: Final = "Yandex Metrica, Logs API, visit fields"

# fmt: off
FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "UserId", "user-id", _IDENTIFIER,
        ("Own user ID", "Свой ID посетителя"),
        ("Your own id of the visitor, as passed to Metrica with setUserID. At least one identifier is needed.",
         "Ваш собственный id посетителя, переданный в Метрику методом setUserID. Нужен хотя бы один идентификатор."),
        "client-1042", _CALLS,
    ),
    Field(
        "ClientId", "client-id", _IDENTIFIER,
        ("Metrica client ID", "ClientID Метрики"),
        ("The visitor's id in Metrica (cookie _ym_uid): digits only, at most 20, below 2^64. Not Google's client id.",
         "Id посетителя в Метрике (cookie _ym_uid): только цифры, не больше 20, меньше 2^64. Не client id Google."),
        "1604591025698235234", _LOGS,
    ),
    Field(
        "Yclid", "click-id", _IDENTIFIER,
        ("Yandex click ID", "ID клика Яндекса"),
        ("Click id that Yandex Direct adds to the landing URL (yclid): digits only.",
         "Id клика, который Яндекс Директ добавляет к адресу страницы (yclid): только цифры."),
        "5871026893748593412", _CALLS,
    ),
    Field(
        "DateTime", "unix-time", Requirement(column=True, cell=True),
        ("Time of the call", "Время звонка"),
        ("When the call began: whole seconds since 1970-01-01 00:00:00 UTC. Not milliseconds, not local time.",
         "Начало звонка: целые секунды с 1970-01-01 00:00:00 UTC. Не миллисекунды и не местное время."),
        "1772434800", _CALLS,
    ),
    Field(
        "StaticCall", "flag", _OPTIONAL,
        ("Static call", "Статический звонок"),
        ("1: the number is not tied to a visit, the call is shown in reports and never linked; 0: dynamic tracking.",
         "1: номер не связан с визитом, звонок виден в отчётах, но не привязывается; 0: динамический коллтрекинг."),
        "0", _CALLS,
    ),
    Field(
        "Price", "money", _OPTIONAL,
        ("Value of the call", "Ценность звонка"),
        ("Revenue of the call: digits with a dot as decimal sign; no sign of currency, no thousands separator.",
         "Доход от звонка: цифры, дробная часть после точки; без знака валюты и без разделителя тысяч."),
        "1500.50", _CALLS,
    ),
    Field(
        "Currency", "currency", _OPTIONAL,
        ("Currency", "Валюта"),
        ("Three capital letters of ISO 4217.", "Три заглавные буквы по ISO 4217."),
        "RUB", _CALLS,
    ),
    Field(
        "PhoneNumber", "phone", _OPTIONAL,
        ("Phone number", "Номер телефона"),
        ("The caller's number: plus, country code, area code, number; no spaces, brackets or hyphens.",
         "Номер звонившего: плюс, код страны, код города, номер; без пробелов, скобок и дефисов."),
        "+74950000000", _CALLS,
    ),
    Field(
        "TalkDuration", "seconds", _OPTIONAL,
        ("Talk, seconds", "Разговор, секунды"),
        ("Conversation only, whole seconds; 0 for a missed call.",
         "Только разговор, целые секунды; 0 для пропущенного звонка."),
        "136", _CALLS,
    ),
    Field(
        "HoldDuration", "seconds", _OPTIONAL,
        ("Wait, seconds", "Ожидание, секунды"),
        ("Wait for an answer, whole seconds.", "Ожидание ответа, целые секунды."),
        "12", _CALLS,
    ),
    Field(
        "CallMissed", "flag", _OPTIONAL,
        ("Missed", "Пропущенный"),
        ("1: nobody answered; 0: answered.", "1: никто не ответил; 0: ответили."),
        "0", _CALLS,
    ),
    Field(
        "Tag", "text", _OPTIONAL,
        ("Tag", "Метка"),
        ("Free text: quality or outcome of the call.", "Свободный текст: качество или итог звонка."),
        "целевой", _CALLS,
    ),
    Field(
        "FirstTimeCaller", "flag", _OPTIONAL,
        ("First-time caller", "Первичный звонок"),
        ("1: the caller's first call; 0: a repeated one.", "1: первый звонок этого абонента; 0: повторный."),
        "1", _CALLS,
    ),
    Field(
        "URL", "url", _OPTIONAL,
        ("Page of the call", "Страница звонка"),
        ("Address of the page that the call is tied to, with http:// or https://.",
         "Адрес страницы, с которой связан звонок, с http:// или https://."),
        "https://example.com/catalog", _CALLS,
    ),
    Field(
        "CallTrackerURL", "url", _OPTIONAL,
        ("Card of the call", "Карточка звонка"),
        ("Address of the call's card in the call tracker. Not a recording.",
         "Адрес карточки звонка в коллтрекинге. Не запись разговора."),
        "https://tracker.example.com/calls/1042", _CALLS,
    ),
)
# fmt: on

FIELDS_BY_NAME: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in FIELDS})
FIELD_NAMES: Final[tuple[str, ...]] = tuple(FIELDS_BY_NAME)
IDENTIFIER_FIELDS: Final[tuple[str, ...]] = tuple(
    field.name for field in FIELDS if field.requirement.group == "identifier"
)
PHONE_FIELD: Final = "PhoneNumber"


def caller_fields(fields: Sequence[Field] = FIELDS) -> tuple[str, ...]:
    """Names of the fields that tell who called: the identifiers and the phone."""
    return (*(field.name for field in fields if field.requirement.group == "identifier"), PHONE_FIELD)


def identity_fields(filled: Collection[str], fields: Sequence[Field] = FIELDS) -> tuple[str, ...]:
    """Names of the fields in which two records of the same call are alike.

    These are the time and what tells the caller; where nothing tells the caller, all fields: several people may call
    in the same second.

    Args:
        filled: Names of the fields that the record has.
        fields: The columns of the record.
    """
    callers = caller_fields(fields)
    if any(name in filled for name in callers):
        return ("DateTime", *callers)
    return tuple(field.name for field in fields)


def of_kind(*kinds: str, fields: Sequence[Field] = FIELDS) -> tuple[str, ...]:
    """Names of the fields of these kinds, in the order of the table."""
    return tuple(field.name for field in fields if field.kind in kinds)
