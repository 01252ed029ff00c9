"""The profile language: what a TOML file of ``schemas/vendors/`` may say, as values and as JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from calltools.fields.table import FIELD_NAMES

Confidence = Literal["real-file", "documented", "code-seen"]
#: Column -> words, one of which its cell must be; ``""`` means an empty cell, ``*`` a filled one, ``>0`` a number above
#: zero.
Condition = Mapping[str, tuple[str, ...]]


#: The keys of each table of a profile; the schema lists them in this order.
TOP_KEYS: Final = (
    "name", "title", "description", "confidence", "link", "aliases", "lacks", "read", "recognize", "shapes",
    "patterns", "rows", "fields", "epoch_id", "examples", "region", "phones", "currency",
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
PHONES: Final = ("international",)
DELIMITERS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Step:
    """One way to fill a field. Its words apply in this order: pick, join, cut out, translate, compute.

    Attributes:
        columns: Source columns; all are joined (``from``), or the first filled one counts (``first_of``).
        first_of: Whether the columns are alternatives.
        join: Text between joined columns.
        constant: Text instead of columns.
        extract: Pattern with one group; the text of the group is kept.
        url_parameter: Query parameter of a URL whose value is kept.
        pluck: Key whose values in a JSON list of objects are kept; ``""``: the words of a list. Joined by ``; ``.
        values: Source word -> canonical text; any other word is unchanged and reported.
        seconds_from: Columns of a second clock with the seconds that the time lacks; the first filled one counts.
        otherwise: Canonical text for any other word, if the documentation of the vendor says so.
        format: Layouts of wall-clock times; or ``unix``, or ``iso`` for times with an offset.
        zone: Zone of these times, if the vendor fixes it.
        scale: Factor for whole numbers.
        difference: Two columns: the first minus the second, in seconds.
        sum: Columns whose durations are added.
        when: Condition of the step; in a file ``answered`` means the condition of that name in ``rows``.
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

    @property
    def titles(self) -> tuple[str, ...]:
        """All source columns that the step reads."""
        return (*self.columns, *self.sum, *self.difference, *self.seconds_from, *self.when)


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Which rows are incoming calls, and which rows are one call.

    Attributes:
        direction: Steps that give ``incoming`` or the reason to skip a row; no step: every row counts.
        context: Column with the dialplan context, for exports without a direction.
        called: Column with the called number, for exports without a direction.
        one_call_by: Columns whose first filled one is equal in all legs of a call.
        one_call_by_all: Columns that are all equal in all legs of a call.
        answered: Condition of a row with a talk; the talk of this leg counts.
        first: Columns that are taken from the earliest leg.
        incoming: Columns that are taken from the earliest incoming leg.
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
        titles: Titles for its columns.
        patterns: Title -> pattern that its whole cells match; a profile has one table of them for all its shapes.
    """

    titles: tuple[str, ...]
    patterns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProfileExample:
    """An example inside a profile.

    Attributes:
        why: What the example shows.
        source: Title -> cell; any other column is empty.
        expect: Canonical field -> cell; any other field is not compared.
        assume: Option -> value: ``timezone``, ``region``, ``currency`` and the like.
        skipped: Reason to skip the row, instead of expected cells.
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
        name: Name that ``--vendor`` takes.
        aliases: Other names of the same export.
        title: Name for people.
        description_en: What the export is.
        description_ru: The same in Russian.
        confidence: How well the format is known.
        link: Page that documents the format.
        lacks_en: What the export does not hold.
        lacks_ru: The same in Russian.
        encoding: Encoding of the file, if the vendor fixes it.
        delimiter: Delimiter of the file, if the vendor fixes it.
        quotes: ``undoubled`` if every cell is quoted and quotes inside are not doubled.
        empty: Words that mean an empty cell, beside those that every vendor uses.
        region: Country of phones without a country code.
        phones: ``international`` if the vendor writes every number with its country code and without the plus.
        currency: Currency of amounts.
        recognize: Columns that only this export has together.
        shapes: Shapes of files without a header.
        rows: Which rows count.
        fields: Canonical field -> steps; in each row the first step that gives text counts.
        epoch_id: Column whose ids hold the Unix second when the call began.
        examples: Records with what they must become.
        source_path: Path of the profile.
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
    phones: str | None = None
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
    """JSON Schema 2020-12 of a profile, for completion in editors; the file in ``schemas/`` is made from it."""
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
    example = {"source": _TABLE, "expect": _TABLE, "assume": _TABLE}
    top = {
        "confidence": {"enum": list(get_args(Confidence))},
        "description": _BILINGUAL,
        "lacks": _BILINGUAL,
        "aliases": _TEXT_OR_LIST,
        "recognize": _TEXT_OR_LIST,
        "phones": {"enum": list(PHONES)},
        "read": _object_schema(READ_KEYS, {"empty": _TEXT_OR_LIST, "quotes": {"enum": list(QUOTES)}}),
        "rows": _object_schema(ROWS_KEYS, rows),
        "shapes": {"type": "array", "items": _object_schema(("columns",), {"columns": _TEXT_OR_LIST})},
        "patterns": _TABLE,
        "fields": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(FIELD_NAMES, steps)},
        "examples": {"type": "array", "items": _object_schema(EXAMPLE_KEYS, example)},
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
