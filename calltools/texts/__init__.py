"""Every sentence the tool prints, in English and Russian side by side.

A message is a key and facts; `say` renders it in the reader's language. No sentence holds a secret or a personal
value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from calltools.texts import new_profile, output, reading, service, uploads, usage, vendors

Language = Literal["en", "ru"]

MESSAGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    usage.MESSAGES
    | reading.MESSAGES
    | vendors.MESSAGES
    | new_profile.MESSAGES
    | output.MESSAGES
    | service.MESSAGES
    | uploads.MESSAGES
)


def say(key: str, language: Language = "en", /, **facts: object) -> str:
    """The sentence for a key, with the facts put in.

    Args:
        key: A key of ``MESSAGES``.
        language: The reader's.
        facts: The values that the sentence names.
    """
    return worded(MESSAGES[key], language, **facts)


def worded(sentence: tuple[str, str], language: Language = "en", /, **facts: object) -> str:
    """A sentence that stands elsewhere in English and Russian, with the facts put in."""
    english, russian = sentence
    return (russian if language == "ru" else english).format_map(facts)


class RuleSentence(NamedTuple):
    """A rule's sentence (what is wrong, what was expected) and its advice (what to do), in English and Russian.

    Placeholders: ``{value}`` the cell, masked already; ``{column}`` its title; ``{field}`` the canonical name of its
    column; ``{detail}`` what the rule adds, or its parts ``{detail0}`` and ``{detail1}``; ``{place1}`` the second part
    as the place of a record: `` (line 3)``; ``{near}`` the detail as a title that may be meant; ``{word}`` the detail as
    a word of ``reports/wording.py``; ``{calls}`` the detail as a number of calls.
    """

    en: str
    ru: str
    advice_en: str
    advice_ru: str


@dataclass(frozen=True, slots=True)
class RussianManual:
    """A rule's manual in Russian; sources are the same documents as in English.

    Attributes:
        finds: What it finds, one sentence.
        why: Why it matters.
        bad: A bad example.
        good: A good one.
        fix: What to do.
    """

    finds: str
    why: str
    bad: str
    good: str
    fix: str
