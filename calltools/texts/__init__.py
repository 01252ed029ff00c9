"""Every sentence the tool prints, in English and Russian side by side.

A message is a key and facts; `say` renders it in the reader's language. No sentence holds a secret or a personal
value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from calltools.texts import guide, jobs, reading, reporting, uploads, usage, vendors
from calltools.texts.keys import Language, MessageKey, Text, Word, pick_language

__all__ = [
    "MESSAGES",
    "Language",
    "MessageKey",
    "RussianManual",
    "Word",
    "escape_character",
    "escape_control_characters",
    "render_text",
    "say",
]

MESSAGES: Final[Mapping[str, Text]] = MappingProxyType(
    usage.MESSAGES
    | reading.MESSAGES
    | vendors.MESSAGES
    | reporting.MESSAGES
    | uploads.MESSAGES
    | guide.MESSAGES
    | jobs.MESSAGES
)


#: Characters of a fact that would command a terminal or reorder what it shows. A line break is one only in a name: a
#: list of several lines is a fact, too.
_COMMANDS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SHORT_ESCAPES: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_NAMES: Final = frozenset({"path", "name", "source", "goal"})


def escape_control_characters(text: str) -> str:
    r"""The text of one line with control characters written out, such as ``\x07``."""
    return _COMMANDS.sub(lambda found: escape_character(found[0]), text).replace("\n", r"\n")


def escape_character(sign: str) -> str:
    r"""A character written out: ``\n``, ``\x07``, ``\u200b``."""
    number = ord(sign)
    if sign in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[sign]
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _safe_fact(name: str, fact: object, language: Language) -> object:
    if isinstance(fact, Word):
        return say(fact.key, language)
    if hasattr(fact, "__fspath__") or (isinstance(fact, str) and name in _NAMES):
        return escape_control_characters(str(fact))
    return _COMMANDS.sub(lambda found: escape_character(found[0]), fact) if isinstance(fact, str) else fact


def say(key: MessageKey, language: Language = "en", /, **facts: object) -> str:
    """The sentence for a key, with the facts put in.

    Args:
        key: Of the sentence.
        language: The reader's.
        facts: The values that the sentence names; a ``Word`` is said in the same language.
    """
    return render_text(MESSAGES[key], language, **facts)


def render_text(text: Text, language: Language, /, **facts: object) -> str:
    """A text that stands in a table of its room, such as the forms of input, with the facts put in."""
    words = {name: _safe_fact(name, fact, language) for name, fact in facts.items()}
    return pick_language(text, language).format_map(words)


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

    @property
    def example(self) -> str:
        """Both examples, as an English manual holds them."""
        return f"плохо: {self.bad}\nхорошо: {self.good}"
