"""What code may name of the texts: the keys of messages and labels, as types that mypy checks. Nothing here renders.

The types are made from the tables: after a change of a key run ``python -m tests.texts.generate_keys``.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Language = Literal["en", "ru"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
#: English, Russian.
Text: TypeAlias = tuple[str, str]


def pick_language(text: Text, language: Language) -> str:
    """The half of a text that the reader understands."""
    return text[LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class Word:
    """A fact that is itself worded: ``say`` puts it into a sentence in the language of the sentence."""

    key: "MessageKey"


# Generated from here on.
# fmt: off
MessageKey = Literal[
    "address-certificate", "address-credentials", "address-forbidden", "address-host-key", "address-missing",
    "address-open", "address-read-only", "address-scheme", "address-seconds", "address-size", "address-timeout",
    "address-unreachable", "advice-file", "advice-fills", "advice-given", "advice-given-by-profile", "advice-mends",
    "answer-unreadable", "api-url-open", "api-url-wrong", "as-of-unreadable", "as-of-without-offset", "ask-callmissed",
    "ask-datetime", "ask-direction", "ask-holdduration", "ask-no-such", "ask-phonenumber", "ask-talkduration",
    "ask-time-format", "ask-word", "baseline-accepted", "baseline-fewer", "baseline-not-one", "baseline-not-written",
    "baseline-unreadable", "baseline-version", "baseline-written", "blank-line", "blank-lines", "ca-file-unreadable",
    "call-choice-wrong", "call-choices", "call-command-missing", "call-command-unknown", "call-else", "call-file",
    "call-help", "call-meant", "call-missing", "call-not-day", "call-not-readable", "call-not-text",
    "call-option-later", "call-option-unknown", "call-value-extra", "call-value-missing", "call-word-extra",
    "called-unknown", "calls-few", "calls-many", "calls-one", "change-empty", "change-line", "change-none",
    "check-days-swapped", "check-failed", "check-few", "check-sampled", "check-titles", "check-total", "check-untimed",
    "check-zone", "cluster-empty", "cluster-killed", "cluster-lost", "cluster-refused", "cluster-unreachable",
    "cluster-versions", "columnar-bytes", "columnar-damaged", "columnar-encrypted", "columnar-memory",
    "columnar-seconds", "columnar-type", "columns-missing", "confidence-all-code-seen", "confidence-all-documented",
    "confidence-all-real-file", "confidence-code-seen", "confidence-documented", "confidence-real-file",
    "config-by-hand", "config-default", "config-not-amount", "config-not-between", "config-not-flag",
    "config-not-number", "config-not-per-file", "config-not-set", "config-not-text", "config-not-whole-between",
    "config-secret", "config-twice", "config-unknown", "config-unknown-near", "config-unreadable", "config-wrong",
    "count-read", "count-rejected", "count-skipped", "count-written", "counts-total", "counts-total-unread",
    "csv-header-row-beyond", "csv-no-rows", "csv-record-too-long", "currency-unknown", "currency-withdrawn",
    "data-errors", "data-errors-record", "defect", "delimiter-comma", "delimiter-pipe", "delimiter-semicolon",
    "delimiter-tab", "delimiter-unknown", "detail-binary", "detail-compact-date", "detail-dashed-date",
    "detail-date-only", "detail-decimal", "detail-dotted-date", "detail-excel-serial", "detail-iso-8601", "detail-leg",
    "detail-leg-stray", "detail-legs", "detail-microseconds", "detail-milliseconds", "detail-month-name",
    "detail-nanoseconds", "detail-never", "detail-no-such-date", "detail-number", "detail-other-date", "detail-padded",
    "detail-short-year", "detail-slashed-date", "detail-text", "detail-twice", "detected", "detected-by-header",
    "detected-by-shape", "detected-canonical", "detected-none", "doctor-clock", "doctor-clock-ahead",
    "doctor-clock-behind", "doctor-clock-unknown", "doctor-counter", "doctor-ledger", "doctor-ledger-fault",
    "doctor-no-right", "doctor-token-there", "durations-unclear", "encoding-unknown", "encoding-unsure",
    "encoding-wrong", "family-cell", "family-dataset", "family-file", "family-header", "family-mapping",
    "family-record", "family-service", "fields-column", "fields-description", "fields-example", "fields-meaning",
    "fields-needed", "fields-pattern", "fields-title", "file-binary", "file-folder", "file-missing", "file-special",
    "file-unreadable", "header-row-beyond", "id-proves", "identifier-column-missing", "identifier-columns-unclear",
    "identifier-columns-unreadable", "identifier-date-order-needed", "identifier-records-unusable",
    "identifier-timezone-needed", "incoming-unknown", "incoming-unknown-there", "input-none", "input-text-stream",
    "inputs-left-out", "json-columns", "json-damaged", "json-encoding", "json-key-repeated", "json-lists-several",
    "json-not-records", "json-records-path", "json-too-deep", "json-too-large", "keyring-missing", "keyring-none",
    "keyring-unusable", "ledger-behind", "ledger-busy", "ledger-damaged", "ledger-key-lost", "ledger-locked",
    "ledger-locked-somehow", "ledger-lost", "ledger-network", "ledger-newer", "ledger-no-folder", "ledger-no-home",
    "ledger-not-held", "ledger-opening", "ledger-part-damaged", "ledger-part-unsendable", "ledger-plan-stale",
    "ledger-relative", "ledger-unknown-id", "ledger-unrecorded", "ledger-unusable", "left-folder", "left-hidden",
    "left-lock", "left-named", "left-other", "left-own", "limit-option", "limit-unreadable", "login-account",
    "login-address", "login-application", "login-application-wrong", "login-ask-application", "login-ask-token",
    "login-clear-text", "login-counters-hidden", "login-environment", "login-kept", "login-kept-file",
    "login-may-not-upload", "login-may-upload", "login-next", "login-no-counter", "login-no-terminal", "login-terminal",
    "logout-done", "logout-nothing", "manual-example", "manual-fix", "manual-source", "manual-why", "needed-group",
    "needed-no", "needed-yes", "new-known", "new-tried", "not-detected", "not-detected-at-all", "nothing-to-propose",
    "option-unknown", "option-unknown-near", "option-value-wrong", "outcome-columns-unclear", "outcome-currencies",
    "outcome-currency-needed", "outcome-no-call", "outcome-unusable", "outcomes-currencies", "outcomes-currency",
    "outcomes-damaged", "outcomes-no-call", "outcomes-nothing", "outcomes-own", "outcomes-person", "outcomes-price",
    "outcomes-repeated", "outcomes-time", "output-ending", "output-exists", "output-folder", "output-full",
    "output-is-input", "output-link", "output-no-folder", "output-nothing", "output-rejects-folder", "output-same-name",
    "output-stream", "output-twice", "output-unwritable", "package-broken", "package-missing", "packed-damaged",
    "packed-encrypted", "packed-memory", "packed-method", "packed-nested", "packed-no-module", "packed-no-table",
    "packed-ratio", "packed-several", "packed-size", "packed-unsafe", "part-accepted", "part-given-up", "part-held",
    "part-line", "part-linked", "part-listed", "part-released", "part-sent", "part-separator", "part-waiting",
    "pattern-nothing", "place-line", "place-row", "profile-layout", "profile-missing", "profile-no-such-column",
    "profile-not-a-list", "profile-not-a-table", "profile-not-one-of", "profile-not-text", "profile-not-toml",
    "profile-one-group", "profile-one-pick", "profile-pattern", "profile-two-columns", "profile-unknown-word",
    "profile-wrong", "progress-file", "progress-files", "progress-records", "propose-all-incoming", "propose-click",
    "propose-day-first", "propose-direction", "propose-epoch", "propose-example", "propose-head", "propose-incoming",
    "propose-left", "propose-no-clock", "propose-no-time", "propose-patterns", "propose-recognize", "propose-region",
    "propose-shape", "propose-status", "propose-whole-call", "proxy-ignored", "range-changed", "range-unreadable",
    "reader-ended", "reading-access-denied", "reading-no-connection", "reading-quota", "reading-quota-soon",
    "reading-refused", "reading-token-refused", "reading-untrusted", "region-unknown", "rejects-of-several",
    "report-clean", "report-dates-dmy", "report-dates-mdy", "report-dates-ymd", "report-ending-unknown", "report-files",
    "report-files-left-out", "report-fix", "report-found", "report-header-line", "report-header-none",
    "report-header-row", "report-in-all", "report-in-files", "report-joined", "report-left-out", "report-more",
    "report-more-rules", "report-next", "report-next-convert", "report-next-upload", "report-none-incoming",
    "report-not-taken", "report-nothing-new", "report-outcome-files", "report-outcome-more", "report-outcomes",
    "report-record", "report-records", "report-records-others", "report-repaired", "report-rewritten", "report-unread",
    "report-unseen", "report-unusable", "report-unverified", "report-vendor", "report-withheld", "rule-unknown",
    "rule-unknown-near", "sample-ending", "sample-fault-count", "sample-fault-impossible", "sample-faults-many",
    "sample-none", "sample-written", "scheduler-without-engine", "service-access-denied", "service-broken",
    "service-down", "service-file-large", "service-file-refused", "service-list-endless", "service-list-repeats",
    "service-no-connection", "service-nonsense", "service-not-found", "service-quota", "service-quota-soon",
    "service-redirect", "service-refused", "service-says", "service-silent", "service-token-refused",
    "service-untrusted", "severity-error", "severity-note", "severity-warning", "sheet-unknown", "sheets-several",
    "skip-callback", "skip-fax", "skip-held", "skip-internal", "skip-leg", "skip-not-call", "skip-outgoing",
    "skip-robot", "skip-test", "skip-total", "skip-unknown", "source-archive", "source-column-doubled", "source-html",
    "source-mhtml", "source-not-calls", "source-ole", "source-other", "source-xml-spreadsheet", "state-absent",
    "state-acked", "state-acked-partial", "state-ambiguous", "state-duplicated", "state-frozen", "state-given-up",
    "state-held", "state-linkage-failure", "state-not-sent", "state-other", "state-planned", "state-poll-timeout",
    "state-processed", "state-rejected", "state-released", "state-reserved", "state-sending", "state-throttled",
    "status-exported", "status-linkage-failure", "status-matched", "status-prepared", "status-processed",
    "status-uploaded", "step-accept", "step-accept-part", "step-adopt", "step-fail-linkage", "step-fail-to-send",
    "step-find", "step-find-many", "step-find-part", "step-freeze", "step-give-up", "step-hold", "step-look",
    "step-lose", "step-miss", "step-process", "step-reject", "step-release", "step-resend", "step-reserve", "step-send",
    "step-settle", "step-throttle", "step-tire", "table-mixed", "table-none", "template-calls", "template-columns",
    "template-ending-unknown", "template-example", "template-wrong", "timezone-needed", "timezone-needed-suggested",
    "title-meant", "token-denied", "token-file-mounted", "token-file-open", "token-file-other", "token-file-unreadable",
    "token-file-unwritable", "token-found", "token-malformed", "token-missing", "too-many-columns", "trial-failed",
    "trials", "unclear-answer", "unclear-broken", "unclear-cut", "unclear-file", "unclear-held", "unclear-replayed",
    "unclear-silent", "unclear-status", "unusable-damaged", "unusable-identifier", "unusable-no-phone",
    "unusable-option", "unusable-phone", "unusable-time", "upload-again", "upload-asked-in-vain",
    "upload-batch-doubled", "upload-batch-given-up", "upload-batch-held", "upload-batch-linked-few",
    "upload-batch-linked-unknown", "upload-batch-lost", "upload-batch-none", "upload-batch-partial",
    "upload-batch-refused", "upload-batch-released", "upload-batch-static", "upload-batch-unknown-end",
    "upload-batch-unlinked", "upload-batch-waiting", "upload-batch-watched", "upload-changed", "upload-clean-before",
    "upload-comment-wrong", "upload-confirm", "upload-counter-hidden", "upload-counter-needed", "upload-counter-unread",
    "upload-declined", "upload-dry-run", "upload-ended", "upload-ended-held", "upload-errors", "upload-followed",
    "upload-foreign", "upload-held", "upload-interrupted", "upload-ledger", "upload-left-out", "upload-list-needed",
    "upload-looking", "upload-no-right", "upload-no-visits", "upload-not-canonical", "upload-nothing", "upload-plan",
    "upload-plan-adopted", "upload-plan-changed", "upload-plan-doubled", "upload-plan-identified", "upload-plan-left",
    "upload-plan-maybe-reduced", "upload-plan-part", "upload-plan-reduced", "upload-plan-replaces",
    "upload-plan-unchanged", "upload-plan-waiting", "upload-quota-wait", "upload-replaced", "upload-seen",
    "upload-seen-hidden", "upload-seen-watched", "upload-sending", "upload-service", "upload-status",
    "upload-stdin-twice", "upload-unreadable", "upload-visits", "upload-without-list", "upload-yes-needed",
    "uploads-absence-counted", "uploads-absence-unproven", "uploads-adopted", "uploads-adopted-held", "uploads-columns",
    "uploads-ledger-only", "uploads-none", "uploads-not-resent", "uploads-not-waiting", "uploads-nothing-adopted",
    "uploads-nothing-held", "uploads-others-left", "uploads-two-decisions", "vendor-encoding-wrong", "vendor-headless",
    "vendor-headless-named", "vendor-incoming", "vendor-known-by", "vendor-lacks", "vendor-letters-lost",
    "vendor-letters-spoiled", "vendor-misfit", "vendor-misfit-columns", "vendor-misfit-other", "vendor-none",
    "vendor-none-near", "vendor-or", "vendor-says-currency", "vendor-says-identifiers", "vendor-says-incoming",
    "vendor-says-timezone", "vendor-several", "vendor-unknown-name", "vendor-without", "vendors-also", "vendors-more",
    "vendors-own", "vendors-without", "verbose-assumed", "verbose-columns", "verbose-not-said", "verbose-rules",
    "window-unreadable", "workbook-cells", "workbook-damaged", "workbook-doctype", "workbook-memory", "workbook-parts",
    "workbook-password", "workbook-ratio", "workbook-seconds", "workbook-unpacked", "workbook-unreadable",
    "workbook-zip-unsafe", "zone-contradicted", "zone-unknown", "zone-unknown-near"
]

HtmlLabel = Literal[
    "advice", "all", "answered", "as_of", "by_day", "by_hour", "calls", "calls_none", "cell", "count", "day",
    "days_cut", "days_of_week", "errors", "examples", "examples_none", "file", "file_not_ready", "files", "filter",
    "found", "hold", "identified", "line", "lost", "lost_on", "masked", "message", "minutes", "missed", "more_files",
    "no_match", "not_ready", "notes", "nothing_wrong", "only_error", "only_note", "only_warning", "over", "place",
    "ready", "record", "records", "repaired", "row", "rule", "seconds", "severity", "share", "skip", "sort_hint",
    "strip", "strip_most", "strip_most_one", "talk", "tied", "title", "unidentified", "unmasked", "unread", "upto",
    "value", "warnings", "weekday", "where", "whole_file", "why", "window", "window_why", "wrong", "zero", "zone",
    "zone_unknown"
]

WorkbookLabel = Literal[
    "advice", "after", "charts", "code", "column", "commented", "controls", "drawings", "file", "fix", "found",
    "headline", "line", "listed", "lost", "macros", "marked", "message", "more", "nothing", "pivots", "place", "record",
    "repaired", "results", "row", "rule", "severity", "signature", "threads", "too_large", "unmarkable", "unread",
    "value", "what", "whole"
]
