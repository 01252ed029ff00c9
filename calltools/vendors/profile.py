"""The profile language: what a TOML file of ``schemas/vendors/`` may say, as values and as JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from calltools.fields.table import FIELD_NAMES

Confidence = Literal["real-file", "documented", "code-seen"]
#: Column -> words of which one must stand there; ``""`` is an empty cell, ``*`` a filled one, ``>0`` a number above
#: zero.
Condition = Mapping[str, tuple[str, ...]]


#: The keys of each table of a profile; the schema lists them in this order.
TOP_KEYS: Final = (
    "name", "title", "description", "confidence", "link", "aliases", "lacks", "read", "recognize", "shapes",
    "patterns", "rows", "fields", "epoch_id", "examples", "region", "currency",
)  # fmt: skip
READ_KEYS: Final = ("encoding", "delimiter", "quotes", "empty")
ROWS_KEYS: Final = ("direction", "context", "called", "one_call_by", "one_call_by_all", "answered", "first", "incoming")
STEP_KEYS: Final = (
    "from", "first_of", "join", "constant", "extract", "url_parameter", "pluck", "values", "otherwise",
    "seconds_from", "format", "zone", "scale", "difference", "sum", "when",
)  # fmt: skip
EXAMPLE_KEYS: Final = ("why", "source", "expect", "assume", "skipped")
ASSUME_KEYS: Final = ("timezone", "region", "currency", "date_order", "static_call", "own_number", "inbound_context")
SCALES: Final = ("0.001", "0.000001", "60", "3600")
QUOTES: Final = ("undoubled",)


@dataclass(frozen=True, slots=True)
class Step:
    """One way to fill a field. The words work in this order: pick, join, cut out, translate, compute.

    Attributes:
        columns: Source columns; of ``first_of`` the first filled one counts, of ``from`` all are joined.
        first_of: Whether the columns are alternatives.
        join: Between several columns.
        constant: A text instead of columns.
        extract: A pattern with one group; what it matches is kept.
        url_parameter: The value of a query parameter of an address.
        pluck: A key: of a JSON list of objects the values, of a list of words the words; joined by ``; ``.
        values: Source word -> canonical text; another word is left alone and named.
        seconds_from: Columns of a clock that shows the seconds which the time lacks; the first filled one counts.
        otherwise: For any other word, where the vendor's documentation says so.
        format: Layouts of wall-clock times; or ``unix``, or ``iso`` for times that say their offset.
        zone: Of these times, when the vendor fixes it.
        scale: A factor for whole numbers.
        difference: Two columns: the first minus the second, in seconds.
        sum: Columns whose durations are added.
        when: Only where this holds; in a file ``answered`` stands for the condition of that name in ``rows``.
    """

    columns: tuple[str, ...] = ()
    first_of: bool = False
    join: str = " "
    constant: str | None = None
    extract: str | None = None
    url_parameter: str | None = None
    pluck: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    seconds_from: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    zone: str | None = None
    scale: str | None = None
    difference: tuple[str, ...] = ()
    sum: tuple[str, ...] = ()
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Which rows are incoming calls, and which rows are one call.

    Attributes:
        direction: Gives ``incoming`` or the reason for which a row is skipped; no step: every row counts.
        context: Column with the dialplan context, for exports without a direction.
        called: Column with the called number, for the same.
        one_call_by: Columns of which the first filled one is the same in all legs of a call.
        one_call_by_all: Columns that are the same, all of them, in all legs of a call.
        answered: Where somebody talked; of several legs, the one whose talk counts.
        first: Columns taken from the earliest leg.
        incoming: Columns taken from the earliest incoming leg.
    """

    direction: tuple[Step, ...] = ()
    context: str | None = None
    called: str | None = None
    one_call_by: tuple[str, ...] = ()
    one_call_by_all: tuple[str, ...] = ()
    answered: Condition = field(default_factory=dict)
    first: tuple[str, ...] = ()
    incoming: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderlessShape:
    """A file without a header.

    Attributes:
        titles: Names for its columns.
        patterns: Name -> what its cells match whole. A file says it once for all its shapes.
    """

    titles: tuple[str, ...]
    patterns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProfileExample:
    """An example inside a profile.

    Attributes:
        why: What it shows.
        source: Title -> cell; columns that are not named are empty.
        expect: Canonical field -> cell; fields that are not named are not looked at.
        assume: ``timezone``, ``region``, ``currency`` and the like.
        skipped: The reason for which the row is left out instead.
    """

    why: str
    source: Mapping[str, str]
    expect: Mapping[str, str]
    assume: Mapping[str, str]
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One export of one vendor.

    Attributes:
        name: What ``--vendor`` takes.
        aliases: Other names of the same export.
        title: For people.
        description_en: What the export is.
        description_ru: The same in Russian.
        confidence: How well the format is known.
        link: Where it is documented.
        lacks_en: What the export does not hold.
        lacks_ru: The same in Russian.
        encoding: Where the vendor fixes it.
        delimiter: Where the vendor fixes it.
        quotes: ``undoubled`` where every cell is quoted and quotes inside are not doubled.
        empty: Words that mean nothing, beside those that mean nothing everywhere.
        region: Country of numbers without a country code.
        currency: Of amounts.
        recognize: Columns that are there together in this export only.
        shapes: For files without a header.
        rows: Which rows count.
        fields: Canonical field -> steps; the first that gives something counts.
        epoch_id: Column whose ids hold the second in which the call began.
        examples: Examples.
        source_path: Where the profile was read.
    """

    name: str
    title: str
    description_en: str
    description_ru: str
    confidence: Confidence
    link: str
    recognize: tuple[str, ...]
    fields: Mapping[str, tuple[Step, ...]]
    aliases: tuple[str, ...] = ()
    lacks_en: str = ""
    lacks_ru: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    quotes: str | None = None
    empty: tuple[str, ...] = ()
    region: str | None = None
    currency: str | None = None
    shapes: tuple[HeaderlessShape, ...] = ()
    rows: RowSelection = field(default_factory=RowSelection)
    epoch_id: str | None = None
    examples: tuple[ProfileExample, ...] = ()
    source_path: str = ""


_TEXT_OR_LIST: Final = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_TEXT: Final = {"type": "string"}
_TABLE: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_BILINGUAL: Final = {"type": "object", "additionalProperties": False, "properties": {"en": _TEXT, "ru": _TEXT}}
_CONDITION: Final = {"type": "object", "additionalProperties": _TEXT_OR_LIST}


def build_profile_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a profile."""
    step = _object_schema(
        STEP_KEYS,
        {
            "from": _TEXT_OR_LIST,
            "first_of": _TEXT_OR_LIST,
            "format": _TEXT_OR_LIST,
            "sum": _TEXT_OR_LIST,
            "seconds_from": _TEXT_OR_LIST,
            "difference": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
            "values": _TABLE,
            "when": {"oneOf": [{"const": "answered"}, _CONDITION]},
            "scale": {"enum": list(SCALES)},
        },
    )
    steps = {"oneOf": [step, {"type": "array", "items": step}]}
    rows = {
        "direction": steps,
        "answered": _CONDITION,
        "one_call_by": _TEXT_OR_LIST,
        "one_call_by_all": _TEXT_OR_LIST,
        "first": _TEXT_OR_LIST,
        "incoming": _TEXT_OR_LIST,
    }
    trial = {"source": _TABLE, "expect": _TABLE, "assume": _TABLE}
    top = {
        "confidence": {"enum": list(get_args(Confidence))},
        "description": _BILINGUAL,
        "lacks": _BILINGUAL,
        "aliases": _TEXT_OR_LIST,
        "recognize": _TEXT_OR_LIST,
        "read": _object_schema(READ_KEYS, {"empty": _TEXT_OR_LIST, "quotes": {"enum": list(QUOTES)}}),
        "rows": _object_schema(ROWS_KEYS, rows),
        "shapes": {"type": "array", "items": _object_schema(("columns",), {"columns": _TEXT_OR_LIST})},
        "patterns": _TABLE,
        "fields": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(FIELD_NAMES, steps)},
        "examples": {"type": "array", "items": _object_schema(EXAMPLE_KEYS, trial)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "calltools vendor profile",
        **_object_schema(TOP_KEYS, top),
        "required": ["name", "title", "confidence", "recognize", "fields"],
    }


def _object_schema(names: tuple[str, ...], known: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: known.get(name, _TEXT) for name in names},
    }
