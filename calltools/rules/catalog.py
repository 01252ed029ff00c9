"""RULES: the catalog. Codes are given here and nowhere else, once, and never reused.

The functions know data and nothing of codes; the catalog knows codes and nothing of data.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.fields.kernels import cell_kernels
from calltools.fields.kinds import KINDS, currency, flag, identifier, money, phone, seconds, text, unix_time, url
from calltools.fields.table import FIELD_NAMES, FIELDS, IDENTIFIER_FIELDS, of_kind
from calltools.model.rule import Rule, Scope, Severity
from calltools.rules import dataset, header, row, service
from calltools.texts.manuals import english_mapping, english_readers

_TYPED_FIELDS: Final = tuple(field.name for field in FIELDS if KINDS[field.kind].typed)
_REQUIRED: Final = tuple(field.name for field in FIELDS if field.requirement.cell)
_USER_ID, _IDS = of_kind("user-id"), of_kind("user-id", "client-id", "click-id")
#: Rules of readers that say that a cell's value is not there; with those that have named the fault of a cell before.
_UNREAD: Final = ("CT014", "CT015")
_NAMED_BEFORE: Final = (*_UNREAD, "CT209", "CT601", "CT602", "CT603", "CT604")
_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

#: code -> why it was retired. A retired code still explains itself and is never given again.
RETIRED_CODES: Final[Mapping[str, str]] = MappingProxyType({})


def _rule(line: tuple[str, str, Severity, Scope], summary: str, source: object, **more: object) -> Rule:
    """A line of the catalog; the manual is the docstring of a test, or a text.

    A rule on cells yields to the readers and the mapping, unless its line says otherwise.
    """
    if line[3] is Scope.CELL:
        more = {"yields_to": _NAMED_BEFORE, **more}
    manual = source if isinstance(source, str) else source.__doc__
    return Rule(*line, summary=summary, manual=manual or "", **more)  # type: ignore[arg-type]  # checked by Rule


RULES: Final[tuple[Rule, ...]] = (
    # -- CT0xx the file --------------------
    _rule(("CT001", "file-empty", _E, Scope.FILE), "no bytes, or nothing but white space", english_readers.FILE_EMPTY),
    _rule(("CT002", "no-records", _E, Scope.FILE), "a header and not one record", english_readers.NO_RECORDS),
    _rule(
        ("CT003", "encoding-not-utf8", _E, Scope.FILE),
        "the text is not UTF-8",
        english_readers.ENCODING_NOT_UTF8,
        converting="note",
    ),
    _rule(
        ("CT004", "byte-order-mark", _W, Scope.FILE),
        "a UTF-8 byte order mark in a canonical file",
        english_readers.BYTE_ORDER_MARK,
        converting="left out",
    ),
    _rule(
        ("CT005", "delimiter-not-comma", _E, Scope.FILE),
        "semicolon, tab or pipe separates the cells",
        english_readers.DELIMITER_NOT_COMMA,
        converting="note",
    ),
    _rule(
        ("CT006", "quote-not-closed", _E, Scope.FILE),
        "a quoted cell never ends",
        english_readers.QUOTE_NOT_CLOSED,
        of_unmapped=True,
    ),
    _rule(
        ("CT007", "quote-inside-cell", _E, Scope.FILE),
        "a bare quote inside an unquoted cell, or text after a closing quote",
        english_readers.QUOTE_INSIDE_CELL,
        of_unmapped=True,
    ),
    _rule(
        ("CT008", "record-ragged", _E, Scope.FILE),
        "more or fewer cells than the header",
        english_readers.RECORD_RAGGED,
        of_unmapped=True,
    ),
    _rule(("CT009", "record-blank", _W, Scope.FILE), "an empty record between records", english_readers.RECORD_BLANK),
    _rule(
        ("CT010", "cell-multiline", _W, Scope.FILE),
        "a line break inside a cell of a canonical file",
        english_readers.CELL_MULTILINE,
        converting="left out",
    ),
    _rule(
        ("CT011", "control-character", _E, Scope.CELL),
        "a control character, bidirectional override, lone surrogate or U+FFFD",
        cell_kernels.control_character,
        columns=tuple(name for name in FIELD_NAMES if name not in _USER_ID),
        cell=cell_kernels.control_character,
        yields_to=(),
    ),
    _rule(
        ("CT012", "invisible-character", _E, Scope.CELL),
        "outer white space or an invisible character in a typed column",
        cell_kernels.invisible_character,
        columns=_TYPED_FIELDS,
        cell=cell_kernels.invisible_character,
        fix="safe",
        yields_to=(),
    ),
    _rule(
        ("CT013", "file-too-large", _E, Scope.FILE),
        "over 1 GB, the service's limit",
        english_readers.FILE_TOO_LARGE,
        converting="left out",
    ),
    _rule(
        ("CT014", "formula-without-value", _E, Scope.FILE),
        "a formula cell for which the workbook holds no stored value",
        english_readers.FORMULA_WITHOUT_VALUE,
    ),
    _rule(
        ("CT015", "error-cell", _E, Scope.FILE),
        "an error value such as #N/A in a cell of a workbook",
        english_readers.ERROR_CELL,
    ),
    _rule(
        ("CT016", "rows-above-header", _N, Scope.FILE),
        "title or blank rows were skipped to reach the header",
        english_readers.ROWS_ABOVE_HEADER,
    ),
    _rule(
        ("CT017", "sheet-chosen", _N, Scope.FILE),
        "the workbook has several sheets with records: which was read, which were not",
        english_readers.SHEET_CHOSEN,
    ),
    _rule(
        ("CT018", "line-ends-mixed", _W, Scope.FILE),
        "CR alone, or more than one kind of line end",
        english_readers.LINE_ENDS_MIXED,
        converting="left out",
    ),
    _rule(
        ("CT019", "header-repeated", _E, Scope.FILE),
        "the header again among the records",
        english_readers.HEADER_REPEATED,
        speaks_alone=True,
    ),
    _rule(
        ("CT020", "bytes-undecodable", _E, Scope.FILE),
        "bytes that the file's encoding cannot mean",
        english_readers.BYTES_UNDECODABLE,
    ),
    # -- CT1xx the header --------------------
    _rule(
        ("CT101", "column-missing", _E, Scope.HEADER),
        "no DateTime column",
        header.column_missing,
        header=header.column_missing,
    ),
    _rule(
        ("CT102", "identifier-column-missing", _E, Scope.HEADER),
        "no UserId, ClientId or Yclid column, and not all calls are static",
        header.IdentifierColumnMissing,
        observer=header.IdentifierColumnMissing,
        converting="left out",
    ),
    _rule(
        ("CT103", "column-unknown", _E, Scope.HEADER),
        "a column that the service does not know",
        header.column_unknown,
        header=header.column_unknown,
        of_exports=False,
    ),
    _rule(
        ("CT104", "column-name-inexact", _W, Scope.HEADER),
        "the right name in other letters",
        header.column_name_inexact,
        header=header.column_name_inexact,
        of_exports=False,
    ),
    _rule(
        ("CT105", "column-duplicate", _E, Scope.HEADER),
        "the same column twice",
        header.column_duplicate,
        header=header.column_duplicate,
    ),
    _rule(
        ("CT106", "column-unnamed", _E, Scope.HEADER),
        "a column with an empty title",
        header.column_unnamed,
        header=header.column_unnamed,
        of_exports=False,
    ),
    # -- CT2xx one cell --------------------
    _rule(
        ("CT201", "client-id-not-digits", _E, Scope.CELL),
        "ClientId holds anything but digits",
        identifier.client_id_not_digits,
        columns=of_kind("client-id"),
        cell=identifier.client_id_not_digits,
    ),
    _rule(
        ("CT202", "client-id-out-of-range", _E, Scope.CELL),
        "an identifier of 0, with a leading zero, or over 2^64-1",
        identifier.out_of_range,
        columns=of_kind("client-id", "click-id"),
        cell=identifier.out_of_range,
    ),
    _rule(
        ("CT203", "id-in-scientific-notation", _E, Scope.CELL),
        "an identifier such as 1.60459E+18",
        identifier.scientific_notation,
        columns=_IDS,
        cell=identifier.scientific_notation,
    ),
    _rule(
        ("CT204", "google-client-id", _E, Scope.CELL),
        "a Google client id in ClientId",
        identifier.google_client_id,
        columns=of_kind("client-id"),
        cell=identifier.google_client_id,
    ),
    _rule(
        ("CT205", "yclid-not-digits", _E, Scope.CELL),
        "Yclid holds anything but digits",
        identifier.yclid_not_digits,
        columns=of_kind("click-id"),
        cell=identifier.yclid_not_digits,
    ),
    _rule(
        ("CT206", "user-id-unprintable", _E, Scope.CELL),
        "control or invisible characters or outer white space in UserId",
        identifier.unprintable_user_id,
        columns=_USER_ID,
        cell=identifier.unprintable_user_id,
    ),
    _rule(
        ("CT207", "id-with-decimal-tail", _E, Scope.CELL),
        "an identifier such as 1234567890.0",
        identifier.decimal_tail,
        columns=_IDS,
        cell=identifier.decimal_tail,
        fix="safe",
    ),
    _rule(
        ("CT208", "id-digits-cut", _W, Scope.CELL),
        "an identifier of 19 digits or more with only zeros from the 16th on",
        identifier.digits_cut,
        columns=of_kind("client-id", "click-id"),
        cell=identifier.digits_cut,
    ),
    _rule(
        ("CT209", "id-stored-as-number", _E, Scope.FILE),
        "an identifier of 16 digits or more in a numeric cell of a workbook",
        english_readers.ID_STORED_AS_NUMBER,
    ),
    _rule(
        ("CT211", "datetime-missing", _E, Scope.CELL),
        "no time of the call",
        unix_time.missing_time,
        columns=_REQUIRED,
        cell=unix_time.missing_time,
    ),
    _rule(
        ("CT212", "datetime-not-unix", _E, Scope.CELL),
        "not a whole number of seconds",
        unix_time.not_unix,
        columns=of_kind("unix-time"),
        cell=unix_time.not_unix,
        fix="unsafe",
        detail=unix_time.describe_time_format,
    ),
    _rule(
        ("CT213", "datetime-not-seconds", _E, Scope.CELL),
        "milli-, micro- or nanoseconds by magnitude",
        unix_time.finer_than_seconds,
        columns=of_kind("unix-time"),
        cell=unix_time.finer_than_seconds,
        detail=unix_time.finer_unit,
    ),
    _rule(
        ("CT214", "datetime-in-future", _E, Scope.CELL),
        "later than now and 5 minutes",
        unix_time.in_future,
        columns=of_kind("unix-time"),
        cell=unix_time.in_future,
    ),
    _rule(
        ("CT215", "datetime-implausible", _E, Scope.CELL),
        "zero, negative or before 2010",
        unix_time.implausible_time,
        columns=of_kind("unix-time"),
        cell=unix_time.implausible_time,
    ),
    _rule(
        ("CT221", "price-not-decimal", _E, Scope.CELL),
        "decimal comma, thousands space, currency sign, exponent or text",
        money.not_decimal,
        columns=of_kind("money"),
        cell=money.not_decimal,
        fix="safe",
    ),
    _rule(
        ("CT222", "price-negative", _E, Scope.CELL),
        "a price below zero",
        money.negative_amount,
        columns=of_kind("money"),
        cell=money.negative_amount,
    ),
    _rule(
        ("CT223", "price-too-precise", _W, Scope.CELL),
        "more decimals than the currency has minor units",
        row.price_too_precise,
        row=row.price_too_precise,
        columns=("Price", "Currency"),
        at="Price",
    ),
    _rule(
        ("CT231", "currency-unknown", _E, Scope.CELL),
        "not a current ISO 4217 code",
        currency.unknown_currency,
        columns=of_kind("currency"),
        cell=currency.unknown_currency,
    ),
    _rule(
        ("CT232", "currency-not-upper-case", _E, Scope.CELL),
        "a currency code in small letters",
        currency.not_upper_case,
        columns=of_kind("currency"),
        cell=currency.not_upper_case,
        fix="safe",
    ),
    _rule(
        ("CT233", "currency-withdrawn", _E, Scope.CELL),
        "a currency that has been replaced",
        currency.withdrawn,
        columns=of_kind("currency"),
        cell=currency.withdrawn,
        fix="unsafe",
        repair=currency.successor_code,
        detail=currency.successor_code,
    ),
    _rule(
        ("CT234", "currency-not-money", _W, Scope.CELL),
        "a code for metals, funds or tests",
        currency.not_money,
        columns=of_kind("currency"),
        cell=currency.not_money,
    ),
    _rule(
        ("CT241", "phone-not-international", _E, Scope.CELL),
        "no leading plus or no country code",
        phone.not_international,
        columns=of_kind("phone"),
        cell=phone.not_international,
        fix="unsafe",
    ),
    _rule(
        ("CT242", "phone-with-punctuation", _E, Scope.CELL),
        "spaces, brackets or hyphens inside an international number",
        phone.with_punctuation,
        columns=of_kind("phone"),
        cell=phone.with_punctuation,
        fix="safe",
    ),
    _rule(
        ("CT243", "phone-impossible", _E, Scope.CELL),
        "a length or prefix that no numbering plan has",
        phone.impossible_number,
        columns=of_kind("phone"),
        cell=phone.impossible_number,
    ),
    _rule(
        ("CT244", "phone-not-assigned", _W, Scope.CELL),
        "a possible number in no assigned range",
        phone.not_assigned,
        columns=of_kind("phone"),
        cell=phone.not_assigned,
    ),
    _rule(
        ("CT245", "phone-not-a-number", _E, Scope.CELL),
        "anonymous, a SIP address, an extension, text",
        phone.not_a_number,
        columns=of_kind("phone"),
        cell=phone.not_a_number,
    ),
    _rule(
        ("CT246", "phone-stored-as-number", _E, Scope.CELL),
        "a number cell's trace, such as 79161234567.0",
        phone.stored_as_number,
        columns=of_kind("phone"),
        cell=phone.stored_as_number,
        fix="safe",
    ),
    _rule(
        ("CT251", "flag-not-0-or-1", _E, Scope.CELL),
        "a flag other than 0 or 1",
        flag.not_0_or_1,
        columns=of_kind("flag"),
        cell=flag.not_0_or_1,
        fix="safe",
    ),
    _rule(
        ("CT261", "duration-not-seconds", _E, Scope.CELL),
        "a duration that is not a whole number of seconds",
        seconds.not_whole_seconds,
        columns=of_kind("seconds"),
        cell=seconds.not_whole_seconds,
        fix="safe",
    ),
    _rule(
        ("CT262", "duration-negative", _E, Scope.CELL),
        "a duration below zero",
        seconds.negative_duration,
        columns=of_kind("seconds"),
        cell=seconds.negative_duration,
    ),
    _rule(
        ("CT263", "duration-implausible", _W, Scope.CELL),
        "a duration over 24 hours",
        seconds.implausible_duration,
        columns=of_kind("seconds"),
        cell=seconds.implausible_duration,
    ),
    _rule(
        ("CT271", "url-not-absolute", _E, Scope.CELL),
        "no http(s) scheme or no host",
        url.not_absolute,
        columns=of_kind("url"),
        cell=url.not_absolute,
    ),
    _rule(
        ("CT272", "url-with-secret", _W, Scope.CELL),
        "a password or a token-like parameter in an address",
        url.with_secret,
        columns=of_kind("url"),
        cell=url.with_secret,
    ),
    _rule(
        ("CT281", "placeholder-value", _W, Scope.CELL),
        "NULL, (not set), - or the like in place of an empty cell",
        cell_kernels.placeholder,
        columns=FIELD_NAMES,
        cell=cell_kernels.placeholder,
        fix="safe",
    ),
    _rule(
        ("CT282", "text-starts-formula", _N, Scope.CELL),
        "free text that starts with =, +, - or @",
        text.starts_formula,
        columns=of_kind("user-id", "text"),
        cell=text.starts_formula,
    ),
    # -- CT3xx one record --------------------
    _rule(
        ("CT301", "identifier-missing", _E, Scope.ROW),
        "no identifier: the call cannot be linked to a visit",
        row.identifier_missing,
        row=row.identifier_missing,
        note_where=row.static_call,
        yields_to=("CT102", *_UNREAD),
        misses=IDENTIFIER_FIELDS,
    ),
    _rule(
        ("CT302", "identifiers-several", _N, Scope.ROW),
        "more than one identifier in the record",
        row.identifiers_several,
        row=row.identifiers_several,
    ),
    _rule(
        ("CT303", "price-without-currency", _W, Scope.ROW),
        "a price above zero without a currency",
        row.price_without_currency,
        row=row.price_without_currency,
        columns=("Price",),
        at="Currency",
        yields_to=_UNREAD,
        misses=("Currency",),
    ),
    _rule(
        ("CT304", "currency-without-price", _N, Scope.ROW),
        "a currency without a price",
        row.currency_without_price,
        row=row.currency_without_price,
        columns=("Currency",),
        at="Price",
        yields_to=_UNREAD,
        misses=("Price",),
    ),
    _rule(
        ("CT305", "missed-call-with-talk", _W, Scope.ROW),
        "a missed call that was talked",
        row.missed_call_with_talk,
        row=row.missed_call_with_talk,
        columns=("CallMissed", "TalkDuration"),
        at="TalkDuration",
    ),
    _rule(
        ("CT306", "answered-call-without-talk", _N, Scope.ROW),
        "an answered call that was not talked",
        row.answered_call_without_talk,
        row=row.answered_call_without_talk,
        columns=("CallMissed", "TalkDuration"),
        at="TalkDuration",
    ),
    # -- CT4xx the whole file --------------------
    _rule(
        ("CT401", "record-duplicate", _W, Scope.DATASET),
        "same identifier, time and phone as an earlier record",
        dataset.DuplicateRecords,
        observer=dataset.DuplicateRecords,
        spans_files=True,
    ),
    _rule(
        ("CT402", "identifier-kinds-mixed", _W, Scope.DATASET),
        "records of one file use different identifier columns",
        dataset.MixedIdentifierColumns,
        observer=dataset.MixedIdentifierColumns,
    ),
    _rule(
        ("CT403", "all-calls-static", _N, Scope.DATASET),
        "every call is static",
        dataset.AllCallsStatic,
        observer=dataset.AllCallsStatic,
    ),
    _rule(
        ("CT404", "id-precision-lost", _E, Scope.DATASET),
        "a column of identifiers bears the mark of a rounding",
        dataset.IdentifierPrecisionLost,
        observer=dataset.IdentifierPrecisionLost,
    ),
    _rule(
        ("CT405", "first-time-caller-repeated", _W, Scope.DATASET),
        "one phone is a first-time caller more than once",
        dataset.RepeatedFirstTimeCallers,
        observer=dataset.RepeatedFirstTimeCallers,
    ),
    # -- CT5xx what the service will not take --------------------
    _rule(
        ("CT501", "call-outside-window", _W, Scope.SERVICE),
        "older than 21 days: the visit will probably not be found",
        service.outside_window,
        row=service.outside_window,
        columns=("DateTime",),
        at="DateTime",
    ),
    _rule(
        ("CT502", "window-closing", _N, Scope.SERVICE),
        "the oldest calls have less than 48 hours left",
        service.WindowClosing,
        observer=service.WindowClosing,
    ),
    # -- CT6xx mapping a vendor's export --------------------
    _rule(
        ("CT601", "value-not-in-profile", _E, Scope.MAPPING),
        "a word that the profile's table does not know",
        english_mapping.VALUE_NOT_IN_PROFILE,
        of_unmapped=True,
    ),
    _rule(
        ("CT602", "local-time-ambiguous", _E, Scope.MAPPING),
        "a wall-clock time that happened twice in the zone",
        english_mapping.LOCAL_TIME_AMBIGUOUS,
    ),
    _rule(
        ("CT603", "local-time-nonexistent", _E, Scope.MAPPING),
        "a wall-clock time that the zone skipped",
        english_mapping.LOCAL_TIME_NONEXISTENT,
    ),
    _rule(
        ("CT604", "zone-contradicts-record", _E, Scope.MAPPING),
        "the record proves another UTC offset than the zone given",
        english_mapping.ZONE_CONTRADICTS_RECORD,
    ),
    _rule(
        ("CT605", "date-order-undecided", _E, Scope.MAPPING),
        "dates that can be read day-first and month-first",
        english_mapping.DATE_ORDER_UNDECIDED,
    ),
    _rule(
        ("CT606", "identifier-not-joined", _W, Scope.MAPPING),
        "--identifiers was given and this call found no partner",
        english_mapping.IDENTIFIER_NOT_JOINED,
    ),
    _rule(
        ("CT607", "identifier-joined-ambiguously", _W, Scope.MAPPING),
        "more than one equally good partner; none is taken",
        english_mapping.IDENTIFIER_JOINED_AMBIGUOUSLY,
    ),
)

RULES_BY_CODE: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in RULES})
RULES_BY_NAME: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in RULES})
