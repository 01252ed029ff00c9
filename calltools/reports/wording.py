"""Findings in words, in the reader's language: the sentences of ``reports/sentences`` with the facts put in."""

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Address
from calltools.model.cells import Cells
from calltools.model.rule import Rule
from calltools.model.summary import Summary
from calltools.texts import Language
from calltools.texts.manuals import RUSSIAN_MANUALS
from calltools.texts.sentences import RULE_SENTENCES

# fmt: off
_DETAIL_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "semicolon": ("semicolon", "точка с запятой"), "tab": ("tab", "табуляция"), "pipe": ("pipe", "вертикальная черта"),
    "comma": ("comma", "запятая"),
    "iso-8601": ("an ISO 8601 date", "дата по ISO 8601"), "dotted-date": ("a date with dots", "дата с точками"),
    "slashed-date": ("a date with slashes", "дата с косыми чертами"),
    "excel-serial": ("a spreadsheet's day number", "номер дня из таблицы"),
    "month-name": ("a date in words or text", "дата словами или текст"),
    "twice": ("a time that happened twice in the zone", "время, которое в этом поясе было дважды"),
    "never": ("a time that the zone skipped", "время, которого в этом поясе не было"),
    "number": ("not a whole number", "не целое число"),
    "text": ("text", "текст"),
    "milliseconds": ("milliseconds", "миллисекунды"), "microseconds": ("microseconds", "микросекунды"),
    "nanoseconds": ("nanoseconds", "наносекунды"),
    "binary": ("all are exact doubles", "все — точные числа double"),
    "decimal": ("zeros from the 16th digit on", "с 16-й цифры нули"),
})

_SKIP_REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "outgoing": ("outgoing", "исходящие"), "internal": ("internal", "внутренние"), "leg": ("legs", "плечи звонка"),
    "held": ("held back", "задержано"), "callback": ("callbacks", "обратные"), "not-call": ("not calls", "не звонки"),
    "robot": ("robots", "роботы"), "test": ("tests", "тестовые"), "fax": ("faxes", "факсы"),
    "unknown": ("direction not said", "направление не указано"),
})
# fmt: on

PLACES: Final[Mapping[Address, tuple[str, str]]] = MappingProxyType(
    {"line": ("line", "строка"), "cell": ("row", "строка"), "record": ("", "")}
)
_COUNT_WORDS: Final = {
    "en": ("read", "written", "skipped", "rejected"),
    "ru": ("прочитано", "записано", "пропущено", "отклонено"),
}


def render_sentences(findings: pa.Table, language: Language, address: Address | None = None) -> Cells:
    """Findings of one rule in words, all at once.

    Args:
        findings: Columns ``code`` (the same in each), ``value``, ``column``, ``field`` and ``detail``; masked already.
        language: The reader's.
        address: How the records of the file are looked up; ``None``: as lines.
    """
    if not findings.num_rows:
        return pa.array([], pa.string())
    wording = RULE_SENTENCES[findings["code"][0].as_py()]
    template = wording.ru if language == "ru" else wording.en
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
    if name == "place1":
        return _placed(_detail_part(detail, 1), language, address)
    return DETAILS[name](detail, language)


def _render_did_you_mean(detail: Cells, language: Language) -> Cells:
    named = pc.binary_join_element_wise(" (может быть, " if language == "ru" else " (did you mean ", detail, ")", "")
    return pc.if_else(pc.equal(detail, ""), "", named)


def _render_call_counts(detail: Cells, language: Language) -> Cells:
    return pa.array([format_call_count(int(text or 0), language) for text in detail.to_pylist()], pa.string())


def _one_array(column: pa.ChunkedArray | pa.Array) -> Cells:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _detail_part(detail: Cells, number: int) -> Cells:
    pattern = r"^([^\x1f]*)\x1f?.*$" if number == 0 else r"^[^\x1f]*\x1f?(.*)$"
    return pc.replace_substring_regex(detail, pattern, r"\1")


def _placed(place: Cells, language: Language, address: Address) -> Cells:
    """The place of another record, with its file where that is another one: `` (line 3, march.csv)``."""
    word = PLACES[address][language == "ru"]
    if word:
        return pc.binary_join_element_wise(f" ({word} ", place, ")", "")
    # The sentence has named the number of the record, which is all that this form has for a place.
    file = pc.replace_substring_regex(place, r"^[0-9]*(?:, )?", "")
    return pc.if_else(pc.equal(file, ""), "", pc.binary_join_element_wise(" (", file, ")", ""))


def _translate_words(keys: Cells, language: Language) -> Cells:
    place = pc.index_in(keys, pa.array(list(_DETAIL_WORDS)))
    words = pa.array([pair[language == "ru"] for pair in _DETAIL_WORDS.values()])
    return pc.coalesce(pc.take(words, place), keys)


DETAILS: Final = MappingProxyType(
    {
        "detail": lambda detail, _: detail,
        "near": _render_did_you_mean,
        "word": _translate_words,
        "calls": _render_call_counts,
    }
)


CODE_FAMILIES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "0": ("the file", "файл"),
        "1": ("the header", "заголовки"),
        "2": ("one cell", "одна ячейка"),
        "3": ("one record", "одна запись"),
        "4": ("the whole file", "весь файл"),
        "5": ("what the service will not take", "чего не примет сервис"),
        "6": ("mapping a vendor's export", "разбор выгрузки сервиса"),
    }
)
SEVERITY_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"error": ("error", "ошибка"), "warning": ("warning", "предупреждение"), "note": ("note", "замечание")}
)
MANUAL_SECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Why": ("Why", "Почему"),
        "Example": ("Example", "Пример"),
        "Fix": ("Fix", "Что делать"),
        "Source": ("Source", "Источник"),
    }
)


def format_rule_title(rule: Rule, language: Language) -> str:
    """One line on a rule for the catalog."""
    if language == "en":
        return rule.summary
    finds = RUSSIAN_MANUALS[rule.code].finds.removesuffix(".")
    # A Latin first word is the name of a column.
    return finds if finds[0].isascii() else finds[0].lower() + finds[1:]


def format_advice(code: str, language: Language) -> str:
    """What to do about a rule's findings."""
    wording = RULE_SENTENCES[code]
    text = wording.advice_ru if language == "ru" else wording.advice_en
    return re.sub(r"\{\w+\}", "", text)


def russian_plural(count: int, one: str, few: str, many: str) -> str:
    """A Russian noun with a number: 1 строка, 2 строки, 5 строк."""
    tens, units = count % 100, count % 10
    if units == 1 and tens != 11:
        return f"{count} {one}"
    if 2 <= units <= 4 and not 12 <= tens <= 14:
        return f"{count} {few}"
    return f"{count} {many}"


def format_call_count(count: int, language: Language) -> str:
    """A number of calls."""
    if language == "ru":
        return russian_plural(count, "звонок", "звонка", "звонков")
    return f"{count} call" + ("" if count == 1 else "s")


def format_counts_line(summary: Summary, language: Language) -> str:
    """The line that adds up: ``read 2834 = written 1780 + skipped 1040 (outgoing 1040) + rejected 14``."""
    read, written, skipped, rejected = _COUNT_WORDS[language]
    terms = [] if summary.written is None else [f"{written} {summary.written}"]
    if summary.skipped.total():
        terms.append(f"{skipped} {summary.skipped.total()} ({format_skip_reasons(summary.skipped, language)})")
    terms.append(f"{rejected} {summary.rejected}")
    if summary.written is None:
        return f"{read} {summary.read}, " + ", ".join(terms)
    return f"{read} {summary.read} = " + " + ".join(terms)


def format_skip_reasons(skipped: Counter[str], language: Language) -> str:
    """Why records were left out, the most frequent first."""
    named = (
        (_SKIP_REASONS.get(reason, (reason, reason))[language == "ru"], count)
        for reason, count in skipped.most_common()
    )
    return ", ".join(f"{reason} {count}" for reason, count in named if count)
