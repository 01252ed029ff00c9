"""Advice as the page gives it: where it names an option of a command, the page names its own question, with a link."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from markupsafe import Markup, escape

from calltools.texts import Language
from calltools.texts.keys import UiLabel
from calltools.texts.ui_labels import ui_label

#: Option -> the name of its question, for those that can be answered on the page at any time.
OFFERED: Final[Mapping[str, UiLabel]] = MappingProxyType(
    {
        "timezone": "ask_timezone",
        "region": "ask_region",
        "currency": "ask_currency",
        "static-call": "ask_static_call",
        "sheet": "ask_sheet",
        "date-order": "ask_date_order",
        "duration-format": "ask_duration_format",
        "header-row": "ask_header_row",
        "identifier-window": "ask_identifier_window",
        "outcome-window": "ask_outcome_window",
        "as-of": "ask_as_of",
    }
)
_FILES: Final[Mapping[str, UiLabel]] = MappingProxyType({"identifiers": "ask_identifiers", "outcomes": "ask_outcomes"})
_OPTION: Final = re.compile(r"--([a-z][a-z-]*)")
_CONVERT: Final = "calltools convert "


def format_advice(text: str, base: str, language: Language, answers: Mapping[str, str]) -> Markup:
    """A sentence as HTML. Its parts in backticks are code, but for those that the page offers itself.

    Args:
        text: The sentence, as every report has it.
        base: The path of the page.
        language: Of the sentence.
        answers: Key of a question -> what was answered.
    """
    parts = text.split("`")
    return Markup("").join(
        _format_code(part, base, language, answers) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def _format_code(code: str, base: str, language: Language, answers: Mapping[str, str]) -> Markup:
    # The last one is what the advice is about; those before it were given already.
    for option in reversed(_OPTION.findall(code)):
        if option in OFFERED:
            title, given = ui_label(OFFERED[option], language), answers.get(option)
            told = f"{title}: {given}" if given and code == f"--{option} {given}" else title
            words = ui_label("advice_question", language, title=told)
            return _link(f"{base}/questions?ask={option}#q-{option}", words)
        if option in _FILES:
            return _link(f"{base}/files", ui_label("advice_file", language, title=ui_label(_FILES[option], language)))
        if not code.startswith(_CONVERT):
            break
    if code.startswith(_CONVERT) and " -o " in code:
        return _link(f"{base}/results", ui_label("advice_results", language))
    return Markup("<code>{}</code>").format(code)


def _link(address: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, words)
