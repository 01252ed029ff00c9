"""RULES: the catalog. Every code is given here, once, and never reused.

The tests of rules know data and no codes; the catalog knows codes and no data.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from calltools.fields import phone_spellings
from calltools.fields.kernels import cell_kernels
from calltools.fields.kinds import KINDS, currency, flag, identifier, money, phone, seconds, text, unix_time, url
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS, of_kind
from calltools.model.cells import Cells
from calltools.model.rule import CellTest, HeaderTest, Observer, RowTest, Rule, Scope, Severity
from calltools.rules import dataset, header, row, service
from calltools.rules.repeated_keys import RecordKeys, RepeatedKeyObserver
from calltools.texts.manuals import english_mapping as mapping
from calltools.texts.manuals import english_readers as readers

_TYPED_FIELDS: Final = tuple(field.name for field in FIELDS if KINDS[field.kind].typed)
_REQUIRED_FIELDS: Final = tuple(field.name for field in FIELDS if field.requirement.cell)
_USER_ID, _IDS = of_kind("user-id"), of_kind("user-id", "client-id", "click-id")
_ALL_BUT_USER_ID: Final = tuple(name for name in FIELD_NAMES if name not in _USER_ID)
#: Rules of workbook readers that report a cell without a value.
_UNREAD: Final = ("CT014", "CT015")
#: Rules of readers and of the mapping that have reported a cell before the rules on cells see it.
_REPORTED_BEFORE: Final = (*_UNREAD, "CT209", "CT601", "CT602", "CT603", "CT604", "CT610")
_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

#: code -> why it was retired. A retired code still explains itself and is never given again.
RETIRED_CODES: Final[Mapping[str, str]] = MappingProxyType({})


def _file_rule(code: str, name: str, severity: Severity, summary: str, manual: str, **more: object) -> Rule:
    """A rule whose faults a reader of files finds."""
    return _rule(code, name, severity, summary, manual, **{"scope": Scope.FILE, **more})


def _mapping_rule(code: str, name: str, severity: Severity, summary: str, manual: str, **more: object) -> Rule:
    """A rule whose faults the mapping of a vendor's export or the matching of identifiers finds."""
    return _rule(code, name, severity, summary, manual, **{"scope": Scope.MAPPING, **more})


def _header_rule(code: str, name: str, severity: Severity, summary: str, test: HeaderTest, **more: object) -> Rule:
    """A rule on the titles of a canonical file."""
    return _rule(code, name, severity, summary, test.__doc__, **{"scope": Scope.HEADER, "header": test, **more})


def _cell_rule(  # noqa: PLR0913, PLR0917 - a line of the table: six columns
    code: str, name: str, severity: Severity, summary: str, test: CellTest, columns: tuple[str, ...], **more: object
) -> Rule:
    """A rule on the cells of some columns. Unless its line says otherwise, it yields to the readers and the mapping."""
    given = {"scope": Scope.CELL, "cell": test, "columns": columns, "yields_to": _REPORTED_BEFORE, **more}
    return _rule(code, name, severity, summary, test.__doc__, **given)


def _row_rule(code: str, name: str, severity: Severity, summary: str, test: RowTest, **more: object) -> Rule:
    """A rule on several cells of a record."""
    return _rule(code, name, severity, summary, test.__doc__, **{"scope": Scope.ROW, "row": test, **more})


def _observer_rule(
    code: str, name: str, severity: Severity, summary: str, observer: Callable[[], Observer], **more: object
) -> Rule:
    """A rule on the whole table."""
    given = {"scope": Scope.DATASET, "observer": observer, **more}
    return _rule(code, name, severity, summary, observer.__doc__, **given)


def _repeated_key_rule(  # noqa: PLR0913 - a line of the table: six columns
    code: str,
    name: str,
    severity: Severity,
    summary: str,
    key: Callable[[Mapping[str, Cells]], RecordKeys | None],
    *,
    field: str | None = None,
    **more: object,
) -> Rule:
    """A rule on records with the key of an earlier one."""
    given = {"scope": Scope.DATASET, "observer": partial(RepeatedKeyObserver, key, field), **more}
    return _rule(code, name, severity, summary, key.__doc__, **given)


def _rule(code: str, name: str, severity: Severity, summary: str, manual: str | None, **more: object) -> Rule:
    return Rule(code, name, severity, summary=summary, manual=manual or "", **more)  # type: ignore[arg-type]  # checked by Rule


# fmt: off
RULES: Final[tuple[Rule, ...]] = (
    # -- CT0xx the file --------------------
    _file_rule("CT001", "file-empty", _E, "no bytes, or nothing but white space", readers.FILE_EMPTY),
    _file_rule("CT002", "no-records", _E, "a header and not one record", readers.NO_RECORDS),
    _file_rule("CT003", "encoding-not-utf8", _E, "the text is not UTF-8", readers.ENCODING_NOT_UTF8, converting="note"),
    _file_rule("CT004", "byte-order-mark", _W, "a UTF-8 byte order mark in a canonical file",
        readers.BYTE_ORDER_MARK, converting="left out"),
    _file_rule("CT005", "delimiter-not-comma", _E, "semicolon, tab or pipe separates the cells",
        readers.DELIMITER_NOT_COMMA, converting="note"),
    _file_rule("CT006", "quote-not-closed", _E, "a quoted cell never ends", readers.QUOTE_NOT_CLOSED, of_unmapped=True),
    _file_rule("CT007", "quote-inside-cell", _E, "a bare quote inside an unquoted cell, or text after a closing quote",
        readers.QUOTE_INSIDE_CELL, of_unmapped=True),
    _file_rule("CT008", "record-ragged", _E, "more or fewer cells than the header",
        readers.RECORD_RAGGED, of_unmapped=True),
    _file_rule("CT009", "record-blank", _W, "an empty record between records", readers.RECORD_BLANK),
    _file_rule("CT010", "cell-multiline", _W, "a line break inside a cell of a canonical file",
        readers.CELL_MULTILINE, converting="left out"),
    _cell_rule("CT011", "control-character", _E,
        "a control character, bidirectional override, lone surrogate or U+FFFD",
        cell_kernels.control_character, _ALL_BUT_USER_ID, yields_to=("CT283",)),
    _cell_rule("CT012", "invisible-character", _E, "outer white space or an invisible character in a typed column",
        cell_kernels.invisible_character, _TYPED_FIELDS, fix="safe", yields_to=()),
    _file_rule("CT013", "file-too-large", _E, "over 1 GB, the service's limit",
        readers.FILE_TOO_LARGE, converting="left out"),
    _file_rule("CT014", "formula-without-value", _E, "a formula cell for which the workbook holds no stored value",
        readers.FORMULA_WITHOUT_VALUE),
    _file_rule("CT015", "error-cell", _E, "an error value such as #N/A in a cell of a workbook", readers.ERROR_CELL),
    _file_rule("CT016", "rows-above-header", _N, "title or blank rows were skipped to reach the header",
        readers.ROWS_ABOVE_HEADER),
    _file_rule("CT017", "sheet-chosen", _N,
        "the workbook has several sheets with records: which was read, which were not",
        readers.SHEET_CHOSEN),
    _file_rule("CT018", "line-ends-mixed", _W, "CR alone, or more than one kind of line end",
        readers.LINE_ENDS_MIXED, converting="left out"),
    _file_rule("CT019", "header-repeated", _E, "the header again among the records",
        readers.HEADER_REPEATED, excludes_others=True),
    _file_rule("CT020", "bytes-undecodable", _E, "bytes that are not in the encoding of the file",
        readers.BYTES_UNDECODABLE),
    _file_rule("CT021", "rows-hidden", _W, "rows that the sheet of a workbook hides were read, too",
        readers.ROWS_HIDDEN),
    # -- CT1xx the header --------------------
    _header_rule("CT101", "column-missing", _E, "no DateTime column", header.column_missing),
    _observer_rule("CT102", "identifier-column-missing", _E,
        "no UserId, ClientId or Yclid column, and not all calls are static",
        header.IdentifierColumnMissing, converting="left out", scope=Scope.HEADER),
    _header_rule("CT103", "column-unknown", _E, "a column that the service does not know",
        header.column_unknown, of_exports=False),
    _header_rule("CT104", "column-name-inexact", _W, "the right name in other letters",
        header.column_name_inexact, of_exports=False),
    _header_rule("CT105", "column-duplicate", _E, "the same column twice", header.column_duplicate),
    _header_rule("CT106", "column-unnamed", _E, "a column with an empty title",
        header.column_unnamed, of_exports=False),
    # -- CT2xx one cell --------------------
    _cell_rule("CT201", "client-id-not-digits", _E, "ClientId holds anything but digits",
        identifier.client_id_not_digits, of_kind("client-id")),
    _cell_rule("CT202", "client-id-out-of-range", _E, "an identifier of 0, with a leading zero, or over 2^64-1",
        identifier.out_of_range, of_kind("client-id", "click-id")),
    _cell_rule("CT203", "id-in-scientific-notation", _E, "an identifier such as 1.60459E+18",
        identifier.scientific_notation, _IDS),
    _cell_rule("CT204", "google-client-id", _E, "a Google client id in ClientId",
        identifier.google_client_id, of_kind("client-id")),
    _cell_rule("CT205", "yclid-not-digits", _E, "Yclid holds anything but digits",
        identifier.yclid_not_digits, of_kind("click-id")),
    _cell_rule("CT206", "user-id-unprintable", _E, "control or invisible characters or outer white space in UserId",
        identifier.unprintable_user_id, _USER_ID),
    _cell_rule("CT207", "id-with-decimal-tail", _E, "an identifier such as 1234567890.0",
        identifier.decimal_tail, _IDS, fix="safe"),
    _cell_rule("CT208", "id-digits-cut", _W, "an identifier of 19 digits or more with only zeros from the 16th on",
        identifier.digits_cut, of_kind("client-id", "click-id")),
    _file_rule("CT209", "id-stored-as-number", _E,
        "an identifier of 16 digits or more in a numeric cell of a workbook, or in a column of floats",
        readers.ID_STORED_AS_NUMBER),
    _cell_rule("CT211", "datetime-missing", _E, "no time of the call", unix_time.missing_time, _REQUIRED_FIELDS),
    _cell_rule("CT212", "datetime-not-unix", _E, "not a whole number of seconds",
        unix_time.not_unix, of_kind("unix-time"), fix="unsafe", detail=unix_time.describe_time_format),
    _cell_rule("CT213", "datetime-not-seconds", _E, "milli-, micro- or nanoseconds by magnitude",
        unix_time.finer_than_seconds, of_kind("unix-time"), detail=unix_time.finer_unit),
    _cell_rule("CT214", "datetime-in-future", _E, "later than now and 5 minutes",
        unix_time.in_future, of_kind("unix-time"), by_now=True),
    _cell_rule("CT215", "datetime-implausible", _E, "zero, negative or before 2010",
        unix_time.implausible_time, of_kind("unix-time")),
    _cell_rule("CT221", "price-not-decimal", _E, "decimal comma, thousands space, currency sign, exponent or text",
        money.not_decimal, of_kind("money"), fix="safe",
        yields_to=(*_REPORTED_BEFORE, "CT235")),
    _cell_rule("CT222", "price-negative", _E, "a price below zero", money.negative_amount, of_kind("money")),
    _row_rule("CT223", "price-too-precise", _W, "more decimals than the currency has minor units",
        row.price_too_precise, columns=("Price", "Currency"), at="Price", scope=Scope.CELL, yields_to=_REPORTED_BEFORE),
    _cell_rule("CT231", "currency-unknown", _E, "not a current ISO 4217 code",
        currency.unknown_currency, of_kind("currency")),
    _cell_rule("CT232", "currency-not-upper-case", _E, "a currency code in small letters",
        currency.not_upper_case, of_kind("currency"), fix="safe"),
    _cell_rule("CT233", "currency-withdrawn", _E, "a currency that has been replaced",
        currency.withdrawn, of_kind("currency"), fix="unsafe", repair=currency.successor_code,
        detail=currency.successor_code),
    _cell_rule("CT234", "currency-not-money", _W, "a code for metals, funds or tests",
        currency.not_money, of_kind("currency")),
    _row_rule("CT235", "currency-contradicts-price", _E, "a price with a sign of a currency that is not the one named",
        row.currency_contradicts_price, columns=("Price",), at="Price", scope=Scope.CELL),
    _cell_rule("CT241", "phone-not-international", _E, "no leading plus or no country code",
        phone.not_international, of_kind("phone"), fix="unsafe"),
    _cell_rule("CT242", "phone-with-punctuation", _E, "spaces, brackets or hyphens inside an international number",
        phone.with_punctuation, of_kind("phone"), fix="safe"),
    _cell_rule("CT243", "phone-impossible", _E, "a length or prefix that no numbering plan has",
        phone.impossible_number, of_kind("phone"), fix="unsafe", repair=phone_spellings.without_plus_before_trunk),
    _cell_rule("CT244", "phone-not-assigned", _W, "a possible number in no assigned range",
        phone.not_assigned, of_kind("phone")),
    _cell_rule("CT245", "phone-not-a-number", _E, "anonymous, a SIP address, an extension, text",
        phone.not_a_number, of_kind("phone")),
    _cell_rule("CT246", "phone-stored-as-number", _E, "a number cell's trace, such as 79161234567.0",
        phone.stored_as_number, of_kind("phone"), fix="safe"),
    _cell_rule("CT251", "flag-not-0-or-1", _E, "a flag other than 0 or 1",
        flag.not_0_or_1, of_kind("flag"), fix="safe"),
    _cell_rule("CT261", "duration-not-seconds", _E, "a duration that is not a whole number of seconds",
        seconds.not_whole_seconds, of_kind("seconds"), fix="safe"),
    _cell_rule("CT262", "duration-negative", _E, "a duration below zero",
        seconds.negative_duration, of_kind("seconds")),
    _cell_rule("CT263", "duration-implausible", _W, "a duration over 24 hours",
        seconds.implausible_duration, of_kind("seconds")),
    _observer_rule("CT264", "minutes-read-as-hours", _N, "all durations are whole minutes, and many take an hour",
        dataset.MinutesReadAsHours),
    _cell_rule("CT271", "url-not-absolute", _E, "no http(s) scheme, no host, or a host or port that cannot be",
        url.not_absolute, of_kind("url")),
    _cell_rule("CT272", "url-with-secret", _W, "a password or a token-like parameter in an address",
        url.with_secret, of_kind("url")),
    _cell_rule("CT281", "placeholder-value", _W, "NULL, (not set), - or the like in place of an empty cell",
        cell_kernels.placeholder, FIELD_NAMES, fix="safe"),
    _cell_rule("CT282", "text-starts-formula", _N, "free text that starts with =, +, - or @",
        text.starts_formula, of_kind("user-id", "text")),
    _cell_rule("CT283", "spreadsheet-guard", _E, "a sign before a value that keeps a spreadsheet from changing it",
        cell_kernels.spreadsheet_guard, tuple(name for name in _TYPED_FIELDS if name not in of_kind("user-id")),
        fix="safe", yields_to=()),
    # -- CT3xx one record --------------------
    _row_rule("CT301", "identifier-missing", _E, "no identifier: the call cannot be linked to a visit",
        row.identifier_missing, note_where=row.static_call, looks_at=(*IDENTIFIER_FIELDS, "StaticCall"),
        yields_to=("CT102", *_UNREAD), misses=IDENTIFIER_FIELDS),
    _row_rule("CT302", "identifiers-several", _N, "more than one identifier in the record", row.identifiers_several),
    _row_rule("CT303", "price-without-currency", _W, "a price above zero without a currency",
        row.price_without_currency, columns=("Price",), at="Currency", yields_to=_UNREAD, misses=("Currency",)),
    _row_rule("CT304", "currency-without-price", _N, "a currency without a price",
        row.currency_without_price, columns=("Currency",), at="Price", yields_to=_UNREAD, misses=("Price",)),
    _row_rule("CT305", "missed-call-with-talk", _W, "a missed call that was talked",
        row.missed_call_with_talk, columns=("CallMissed", "TalkDuration"), at="TalkDuration"),
    _row_rule("CT306", "answered-call-without-talk", _N, "an answered call that was not talked",
        row.answered_call_without_talk, columns=("CallMissed", "TalkDuration"), at="TalkDuration"),
    # -- CT4xx the whole table --------------------
    _repeated_key_rule("CT401", "record-duplicate", _W, "the same call as an earlier record",
        dataset.duplicate_records, spans_files=True),
    _observer_rule("CT402", "identifier-kinds-mixed", _W, "records of one file use different identifier columns",
        dataset.MixedIdentifierColumns),
    _observer_rule("CT403", "all-calls-static", _N, "every call is static", dataset.AllCallsStatic),
    _observer_rule("CT404", "id-precision-lost", _E, "a column of identifiers bears the mark of a rounding",
        dataset.IdentifierPrecisionLost),
    _repeated_key_rule("CT405", "first-time-caller-repeated", _W, "one phone is a first-time caller more than once",
        dataset.repeated_first_time_callers, field="FirstTimeCaller"),
    # -- CT5xx what the service does not take --------------------
    _row_rule("CT501", "call-outside-window", _W, "older than 21 days: the visit will probably not be found",
        service.outside_window, columns=("DateTime",), at="DateTime", scope=Scope.SERVICE, by_now=True),
    _observer_rule("CT502", "window-closing", _N, "the oldest calls have less than 48 hours left",
        service.WindowClosing, scope=Scope.SERVICE, by_now=True),
    # -- CT6xx mapping a vendor's export --------------------
    _mapping_rule("CT601", "value-not-in-profile", _E, "a word that the profile's table does not know",
        mapping.VALUE_NOT_IN_PROFILE, of_unmapped=True),
    _mapping_rule("CT602", "local-time-ambiguous", _E, "a wall-clock time that happened twice in the zone",
        mapping.LOCAL_TIME_AMBIGUOUS),
    _mapping_rule("CT603", "local-time-nonexistent", _E, "a wall-clock time that the zone skipped",
        mapping.LOCAL_TIME_NONEXISTENT),
    _mapping_rule("CT604", "zone-contradicts-record", _E, "the record proves another UTC offset than the zone given",
        mapping.ZONE_CONTRADICTS_RECORD),
    _mapping_rule("CT605", "date-order-undecided", _E, "dates that can be read day-first and month-first, or do both",
        mapping.DATE_ORDER_UNDECIDED),
    _mapping_rule("CT606", "identifier-not-joined", _W, "--identifiers was given and this call found no partner",
        mapping.IDENTIFIER_NOT_JOINED),
    _mapping_rule("CT607", "identifier-joined-ambiguously", _W, "more than one equally good partner; none is taken",
        mapping.IDENTIFIER_JOINED_AMBIGUOUSLY),
    _mapping_rule("CT608", "outcome-not-taken", _W, "records of --outcomes reached no call, or have several currencies",
        mapping.OUTCOME_NOT_TAKEN),
    _mapping_rule("CT609", "outcome-beside-own-value", _N, "the export has a value of its own, which stays",
        mapping.OUTCOME_BESIDE_OWN_VALUE),
    _mapping_rule("CT610", "dates-swapped", _E, "a spreadsheet read some day-first dates month-first",
        mapping.DATES_SWAPPED, fix="unsafe"),
    _mapping_rule("CT611", "leg-damaged", _E, "a leg of the call is damaged, so that nobody knows what became of it",
        mapping.LEG_DAMAGED, of_unmapped=True),
)
# fmt: on

RULES_BY_CODE: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in RULES})
RULES_BY_NAME: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in RULES})
