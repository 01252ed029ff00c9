"""Findings in words, in the reader's language: the sentences of ``texts/sentences.py`` with the facts put in."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Address, Given, Source, is_plain_argument, name_in_command, quote_argument
from calltools.model.cells import Cells
from calltools.model.finding import DETAIL_SEPARATOR
from calltools.model.rule import Rule, Severity
from calltools.model.summary import Summary, total_of
from calltools.reports.reporter import repository_path
from calltools.rules.catalog import RULES
from calltools.texts import Language, MessageKey, say
from calltools.texts.keys import Text, pick_language
from calltools.texts.manuals import RUSSIAN_MANUALS
from calltools.texts.sentences import OPTION_ADVICE, RULE_SENTENCES

_SEVERITIES: Final[Mapping[Severity, MessageKey]] = MappingProxyType(
    {Severity.ERROR: "severity-error", Severity.WARNING: "severity-warning", Severity.NOTE: "severity-note"}
)
#: Third sign of a code -> what the rules of the family look at.
CODE_FAMILIES: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "0": "family-file",
        "1": "family-header",
        "2": "family-cell",
        "3": "family-record",
        "4": "family-dataset",
        "5": "family-service",
        "6": "family-mapping",
    }
)
#: What the detail of a finding says in a word; any other detail is shown as it is.
DETAIL_WORDS: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "semicolon": "delimiter-semicolon",
        "tab": "delimiter-tab",
        "pipe": "delimiter-pipe",
        "comma": "delimiter-comma",
        "iso-8601": "detail-iso-8601",
        "dotted-date": "detail-dotted-date",
        "slashed-date": "detail-slashed-date",
        "dashed-date": "detail-dashed-date",
        "compact-date": "detail-compact-date",
        "date-only": "detail-date-only",
        "no-such-date": "detail-no-such-date",
        "other-date": "detail-other-date",
        "short-year": "detail-short-year",
        "excel-serial": "detail-excel-serial",
        "month-name": "detail-month-name",
        "twice": "detail-twice",
        "never": "detail-never",
        "padded": "detail-padded",
        "number": "detail-number",
        "text": "detail-text",
        "milliseconds": "detail-milliseconds",
        "microseconds": "detail-microseconds",
        "nanoseconds": "detail-nanoseconds",
        "binary": "detail-binary",
        "decimal": "detail-decimal",
    }
)
#: Rules whose repaired cells ``calltools convert`` writes -> options on which the repair rests.
WRITTEN_FIXES: Final[Mapping[str, frozenset[str]]] = {
    rule.code: frozenset() if rule.fix == "safe" else frozenset(OPTION_ADVICE[rule.code])
    for rule in RULES
    if rule.fix == "safe" or (rule.fix and rule.cell and rule.repair is None)
}
#: Why records of files of outcomes gave a call nothing, in the order in which they are told.
OUTCOME_REASONS: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "own": "outcomes-own",
        "currencies": "outcomes-currencies",
        "rejected": "outcomes-rejected",
        "no-call": "outcomes-no-call",
        "damaged": "outcomes-damaged",
        "person": "outcomes-person",
        "time": "outcomes-time",
        "price": "outcomes-price",
        "currency": "outcomes-currency",
        "nothing": "outcomes-nothing",
        "repeated": "outcomes-repeated",
    }
)
_SKIP_REASONS: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "outgoing": "skip-outgoing",
        "internal": "skip-internal",
        "leg": "skip-leg",
        "held": "skip-held",
        "callback": "skip-callback",
        "not-call": "skip-not-call",
        "robot": "skip-robot",
        "test": "skip-test",
        "fax": "skip-fax",
        "unknown": "skip-unknown",
        "total": "skip-total",
    }
)
#: ``None``: the sentence has named the number of the record, which is all that this form has for a place.
PLACES: Final[Mapping[Address, MessageKey | None]] = MappingProxyType(
    {"line": "place-line", "cell": "place-row", "record": None}
)


def render_sentences(findings: pa.Table, language: Language, address: Address | None = None) -> Cells:
    """Findings of one rule in words, all at once.

    Args:
        findings: Columns ``code`` (the same in each), ``value``, ``column``, ``field`` and ``detail``; masked already.
        language: The reader's.
        address: How the records of the file are looked up; ``None``: as lines.
    """
    if not findings.num_rows:
        return pa.array([], pa.string())
    sentence, _ = RULE_SENTENCES[findings["code"][0].as_py()]
    template = pick_language(sentence, language)
    parts = [
        _render_part(part, findings, language, address or "line") for part in re.split(r"(\{\w+\})", template) if part
    ]
    if all(isinstance(part, str) for part in parts):
        return pa.repeat(pa.scalar("".join(map(str, parts)), pa.string()), findings.num_rows)
    return pc.binary_join_element_wise(*parts, "")


def _render_part(part: str, findings: pa.Table, language: Language, address: Address) -> str | Cells:
    if not (part.startswith("{") and part.endswith("}")):
        return part
    name = part[1:-1]
    if name in {"value", "column", "field"}:
        return pc.fill_null(_one_array(findings[name]), "")
    detail = pc.fill_null(_one_array(findings["detail"]), "")
    if name in {"detail0", "detail1"}:
        return _detail_part(detail, int(name[-1]))
    if name in _PLACED_DETAILS:
        return _PLACED_DETAILS[name](detail, language, address)
    return DETAILS[name](detail, language)


def _render_second_place(detail: Cells, language: Language, address: Address) -> Cells:
    return _placed(_detail_part(detail, 1), language, address)


def _render_outcome(detail: str, language: Language) -> str:
    """What became of records of files of outcomes: of one call, or of a file for one reason (``run/outcomes``)."""
    reason, first, *rest = detail.split(DETAIL_SEPARATOR)
    if reason == "currencies":
        return say("outcome-currencies", language, currencies=first)
    facts = {"count": first, "read": rest[0]}
    if reason == "no-call":
        return say("outcome-no-call", language, **facts)
    return say("outcome-unusable", language, reason=say(OUTCOME_REASONS[reason], language), **facts)


def _render_damaged_legs(detail: Cells, language: Language, address: Address) -> Cells:
    """Where the damaged legs of a call are; an empty detail: the record is one, and its call is not known."""

    def render(text: str) -> str:
        if not text:
            return say("detail-leg-stray", language)
        places, records = text.split(DETAIL_SEPARATOR)
        word = PLACES[address]
        numbers = records if word is None else places
        key: MessageKey = "detail-legs" if "," in numbers else "detail-leg"
        return say(key, language, place=f" ({say(word or 'report-record', language)} {numbers})")

    return pa.array([render(text) for text in detail.to_pylist()], pa.string())


def _render_did_you_mean(detail: Cells, language: Language) -> Cells:
    before, after = say("title-meant", language, title="\n").split("\n")
    return pc.if_else(pc.equal(detail, ""), "", pc.binary_join_element_wise(before, detail, after, ""))


def _render_call_counts(detail: Cells, language: Language) -> Cells:
    return pa.array([format_call_count(int(text or 0), language) for text in detail.to_pylist()], pa.string())


def _render_outcomes(detail: Cells, language: Language) -> Cells:
    return pa.array([_render_outcome(text, language) for text in detail.to_pylist()], pa.string())


def _render_blank(detail: Cells, language: Language) -> Cells:
    """A detail of CT009: empty for one line, else count, first and last of a run of lines."""
    template = say("blank-lines", language, count=r"\1", first=r"\2", last=r"\3")
    runs = pc.replace_substring_regex(detail, r"^([0-9]+)\x1f([0-9]+)\x1f([0-9]+)$", template)
    return pc.if_else(pc.equal(detail, ""), say("blank-line", language), runs)


def _one_array(column: pa.ChunkedArray | pa.Array) -> Cells:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _detail_part(detail: Cells, number: int) -> Cells:
    pattern = r"^([^\x1f]*)\x1f?.*$" if number == 0 else r"^[^\x1f]*\x1f?(.*)$"
    return pc.replace_substring_regex(detail, pattern, r"\1")


def _placed(place: Cells, language: Language, address: Address) -> Cells:
    """The place of another record, with its file where that is another one: `` (line 3, march.csv)``."""
    word = PLACES[address]
    if word is not None:
        return pc.binary_join_element_wise(f" ({say(word, language)} ", place, ")", "")
    file = pc.replace_substring_regex(place, r"^[0-9]*(?:, )?", "")
    return pc.if_else(pc.equal(file, ""), "", pc.binary_join_element_wise(" (", file, ")", ""))


def _translate_words(details: Cells, language: Language) -> Cells:
    place = pc.index_in(details, pa.array(list(DETAIL_WORDS)))
    words = pa.array([say(key, language) for key in DETAIL_WORDS.values()])
    return pc.coalesce(pc.take(words, place), details)


def _render_proof(detail: Cells, language: Language) -> Cells:
    before, after = say("id-proves", language, time="\n").split("\n")
    return pc.if_else(pc.equal(detail, ""), "", pc.binary_join_element_wise(before, detail, after, ""))


DETAILS: Final = MappingProxyType(
    {
        "detail": lambda detail, _: detail,
        "blank": _render_blank,
        "near": _render_did_you_mean,
        "proof": _render_proof,
        "word": _translate_words,
        "calls": _render_call_counts,
        "outcome": _render_outcomes,
    }
)
_PLACED_DETAILS: Final[Mapping[str, Callable[[Cells, Language, Address], Cells]]] = MappingProxyType(
    {"place1": _render_second_place, "legs": _render_damaged_legs}
)


def severity_name(severity: Severity, language: Language) -> str:
    """The severity in the reader's language."""
    return say(_SEVERITIES[severity], language)


def format_rule_title(rule: Rule, language: Language) -> str:
    """One line on a rule for the catalog."""
    if language == "en":
        return rule.summary
    finds = RUSSIAN_MANUALS[rule.code].finds.removesuffix(".")
    # A Latin first word is the name of a column.
    return finds if finds[0].isascii() else finds[0].lower() + finds[1:]


def format_advice(code: str, language: Language, source: Source | None) -> str:
    """What to do about a rule's findings in a file, by what was said of it; ``None``: in no certain one."""
    # Most advice names no option, and is the same for all files.
    return _format_advice(code, language, source if code in OPTION_ADVICE else None)


@lru_cache(maxsize=512)
def _format_advice(code: str, language: Language, source: Source | None) -> str:
    _, advice = RULE_SENTENCES[code]
    clauses = {
        name: _format_clause(name.replace("_", "-"), texts, language, source)
        for name, texts in OPTION_ADVICE.get(code, {}).items()
    }
    return pick_language(advice, language).format(**clauses)


def _format_clause(option: str, texts: tuple[Text, Text], language: Language, source: Source | None) -> str:
    """What the advice says of an option, in a run with or without it."""
    command = format_arguments(source, language)
    given = next((one for one in ([] if source is None else source.given) if one.option == option), None)
    if source is None or given is None:
        return pick_language(texts[0], language).format(command=command)
    by_profile: MessageKey = "advice-given-by-file" if given.by_file else "advice-given-by-profile"
    key: MessageKey = by_profile if given.by_profile else "advice-given"
    mends = "" if source.converting else say("advice-mends", language, command=command)
    # An option that says "no" fills in nothing that helps.
    fills = "" if source.converting or given.value == "0" else say("advice-fills", language, command=command)
    said = say(key, language, option=option, value=given.value if given.by_profile else _quote_value(given))
    return pick_language(texts[1], language).format(given=said, mends=mends, fills=fills)


def format_arguments(source: Source | None, language: Language) -> str:
    """The name of a file and the options of its run, as arguments of a command; options are alike for several files."""
    if source is None:
        return say("advice-file", language)
    named = is_plain_argument(source.name) and isinstance(name_in_command(source.name), str)
    name = quote_argument(repository_path(source.name)) if named else say("advice-file", language)
    return " ".join([name, *format_options(source.given)])


def format_options(given: Sequence[Given]) -> Iterator[str]:
    """What the options said, as arguments of a command."""
    yield from (f"--{one.option} {_quote_value(one)}" for one in given if not one.by_profile)


def _quote_value(given: Given) -> str:
    """The value as an argument; reports that are published hold no path of this machine that they need not."""
    return quote_argument(repository_path(given.value) if PurePath(given.value).is_absolute() else given.value)


def format_call_count(count: int, language: Language) -> str:
    """A number of calls: 1 call, 2 calls; 1 звонок, 2 звонка, 5 звонков."""
    if language == "ru":
        return say(_russian_calls(count), language, count=count)
    return say("calls-one" if count == 1 else "calls-many", language, count=count)


def _russian_calls(count: int) -> MessageKey:
    tens, units = count % 100, count % 10
    if units == 1 and tens != 11:
        return "calls-one"
    return "calls-few" if 2 <= units <= 4 and not 12 <= tens <= 14 else "calls-many"


def format_counts_line(summary: Summary, language: Language, number: Callable[[int], str] = str) -> str:
    """The line that adds up: ``read 2834 = written 1780 + skipped 1040 (outgoing 1040) + rejected 14``.

    Args:
        summary: The counts.
        language: The reader's.
        number: Writes a count; scripts read the line as it is without.
    """
    read = f"{say('count-read', language)} {number(summary.read)}"
    terms = [] if summary.written is None else [f"{say('count-written', language)} {number(summary.written)}"]
    if skipped := summary.skipped.total():
        reasons = format_skip_reasons(summary.skipped, language, number)
        terms.append(f"{say('count-skipped', language)} {number(skipped)} ({reasons})")
    terms.append(f"{say('count-rejected', language)} {number(summary.rejected)}")
    return ", ".join([read, *terms]) if summary.written is None else f"{read} = {' + '.join(terms)}"


def format_total_line(summaries: Sequence[Summary], language: Language, number: Callable[[int], str] = str) -> str:
    """The line that adds up the counts of several files, and says how many were not read."""
    unread = sum(summary.error is not None for summary in summaries)
    key: MessageKey = "counts-total-unread" if unread else "counts-total"
    counts = format_counts_line(total_of(summaries), language, number)
    return say(key, language, files=number(len(summaries)), unread=number(unread), counts=counts)


def worst_first(summaries: Iterable[Summary]) -> list[Summary]:
    """All files of a run: those that were not read, then by errors, warnings and notes, the most first."""
    return sorted(
        summaries,
        key=lambda one: (one.error is None, *(-one.by_severity[severity] for severity in Severity)),
    )


def format_skip_reasons(skipped: Counter[str], language: Language, number: Callable[[int], str] = str) -> str:
    """Why records were left out, the most frequent first."""
    return ", ".join(
        f"{_skip_reason(reason, language)} {number(count)}" for reason, count in skipped.most_common() if count
    )


def short_names(names: Iterable[str]) -> dict[str, str]:
    """What files are called in a report for people: the last parts of their paths, as many as tell them apart."""
    parts = {name: [part for part in name.replace("\\", "/").split("/") if part] or [name] for name in names}
    lengths = dict.fromkeys(parts, 1)
    while True:
        shown = {name: "/".join(own[-lengths[name] :]) for name, own in parts.items()}
        counts = Counter(shown.values())
        longer = [name for name, text in shown.items() if counts[text] > 1 and lengths[name] < len(parts[name])]
        if not longer:
            return shown
        for name in longer:
            lengths[name] += 1


def _skip_reason(reason: str, language: Language) -> str:
    """A reason that has no sentence is shown as it is."""
    return say(_SKIP_REASONS[reason], language) if reason in _SKIP_REASONS else reason
