"""Refusals of a run as questions: which question a refusal asks, and which answer it refuses."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from calltools.errors import CalltoolsError, UsageError
from calltools.guide import ask
from calltools.guide.question import Found, Question, sentence
from calltools.texts.keys import MessageKey

#: Fault -> the answer that it refuses.
REFUSED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zone-unknown": "timezone",
        "zone-unknown-near": "timezone",
        "zone-contradicted": "timezone",
        "region-unknown": "region",
        "currency-unknown": "currency",
        "currency-withdrawn": "currency",
        "sheet-unknown": "sheet",
        "header-row-beyond": "header-row",
        "csv-header-row-beyond": "header-row",
        "json-records-path": "records",
        "identifier-records-unusable": "identifiers",
        "vendor-misfit": "vendor",
        "vendor-misfit-other": "vendor",
        "vendor-misfit-columns": "vendor",
        "vendor-headless-named": "vendor",
        "vendor-unknown-name": "vendor",
        "vendor-unknown-name-near": "vendor",
        "vendor-without": "vendor",
    }
)
#: Refusals of an answer that another file may take.
CONTRADICTED_BY_FILE: Final = frozenset(
    {"zone-contradicted", "sheet-unknown", "json-records-path", "header-row-beyond", "csv-header-row-beyond"}
)
#: Faults of a second file that name the option that they refuse.
NAMING_THEIR_OPTION: Final = frozenset({"second-sheet-unknown", "identifier-column-missing"})


def question_of_fault(fault: CalltoolsError, name: str) -> Question | None:
    """The question that a refusal asks; ``None``: no answer helps."""
    build = _BY_FAULT.get(fault.key)
    return None if build is None else build(fault, name)


def _fact(fault: CalltoolsError, name: str) -> str:
    return str(fault.facts.get(name, ""))


def _listed(fault: CalltoolsError) -> tuple[str, ...]:
    choices = fault.facts.get("choices", ())
    return tuple(map(str, choices)) if isinstance(choices, list | tuple) else ()


_BY_FAULT: Final[Mapping[MessageKey, Callable[[CalltoolsError, str], Question]]] = MappingProxyType(
    {
        "sheets-several": lambda fault, name: ask.ask_sheet(name, _listed(fault)),
        "json-lists-several": lambda fault, name: ask.ask_records(name, _listed(fault), _fact(fault, "first")),
        "vendor-several": lambda fault, name: ask.ask_vendor(name, _listed(fault)),
        "timezone-needed": lambda _fault, name: ask.ask_zone(name),
        "timezone-needed-suggested": lambda fault, name: ask.ask_zone(name, proven=_fact(fault, "suggestion")),
        "identifier-timezone-needed": lambda _fault, _name: ask.ask_zone(None),
        "durations-unclear": lambda fault, name: ask.ask_duration_format(
            name, column=_fact(fault, "column"), minutes=_fact(fault, "minutes"), hours=_fact(fault, "hours")
        ),
        "called-unknown": lambda fault, name: ask.ask_own_number(name, _fact(fault, "column")),
        "incoming-unknown": lambda fault, name: ask.ask_inbound_context(name, _fact(fault, "column"), ""),
        "incoming-unknown-there": lambda fault, name: ask.ask_inbound_context(
            name, _fact(fault, "column"), _fact(fault, "there")
        ),
        "identifier-sheets-several": lambda fault, _name: ask.ask_identifiers_sheet(
            _fact(fault, "path"), _listed(fault)
        ),
        "identifier-columns-unclear": lambda fault, _name: ask.ask_identifier_columns(
            _fact(fault, "missing"), _fact(fault, "titles")
        ),
        "outcome-sheets-several": lambda fault, _name: ask.ask_outcomes_sheet(_fact(fault, "path"), _listed(fault)),
        "outcome-columns-unclear": lambda fault, _name: ask.ask_outcome_columns(
            _fact(fault, "path"), _fact(fault, "missing"), _fact(fault, "titles")
        ),
        "outcome-currency-needed": lambda fault, _name: ask.ask_outcome_currency(_fact(fault, "path")),
        "identifier-date-order-needed": lambda fault, name: ask.ask_date_order_of_second_file(
            name, _fact(fault, "column")
        ),
    }
)


def with_refusal(question: Question, answer: str, fault: CalltoolsError | None) -> Question:
    """The question with the reason why an answer is not taken; the answer that the reason suggests is the default."""
    if fault is None:
        return question
    suggestion = fault.facts.get("suggestion")
    if question.key == "timezone" and isinstance(suggestion, str) and "/" in suggestion:
        question = replace(question, found=Found(suggestion, sentence("guide-zone-proven")))
    if question.key == "timezone" and fault.facts.get("near"):
        question = replace(question, found=Found(str(fault.facts["near"]), sentence("guide-zone-near")))
    if question.found is not None and question.found.value == answer:
        question = replace(question, found=None)
    if (key := _SAID_WITHOUT_OPTION.get(fault.key)) is not None:
        said = UsageError(key, **fault.facts)
        said.about_file = fault.about_file
        fault = said
    return replace(question, refused=fault)


#: Refusal that names an option -> the same for a person who is asked.
_SAID_WITHOUT_OPTION: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "zone-contradicted": "guide-zone-contradicted",
        "zone-unknown": "guide-zone-unknown",
        "zone-unknown-near": "guide-zone-unknown-near",
        "header-row-beyond": "guide-header-row-beyond",
        "csv-header-row-beyond": "guide-header-row-beyond-line",
        "as-of-unreadable": "guide-as-of-unreadable",
        "as-of-without-offset": "guide-as-of-unreadable",
        "window-unreadable": "guide-window-unreadable",
    }
)


def ask_again(key: str, name: str) -> Question:
    """The question of an answer that is refused although nothing else would ask for it: a plain one."""
    build = _AGAIN.get(key)
    if build is not None:
        return build(name)
    return Question(key, "text", sentence("guide-again", option=f"--{key}"), sentence("guide-again-why"),
                    free_text=True, required=False, file=name, changes_calls=False)  # fmt: skip


def _asked_again(question: Question) -> Question:
    """A question whose reason would count calls, which nobody has counted."""
    return replace(question, why=sentence("guide-again-why"))


_AGAIN: Final[Mapping[str, Callable[[str], Question]]] = MappingProxyType(
    {
        "timezone": ask.ask_zone,
        "identifiers": lambda name: _asked_again(ask.ask_identifiers(name, 0, ())),
        "currency": lambda name: _asked_again(ask.ask_currency(name, (), 0)),
        **{key: partial(ask.ask_typed, key) for key in ask.TYPED},
    }
)
