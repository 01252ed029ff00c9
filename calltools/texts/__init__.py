"""Every sentence the tool prints, in English and Russian side by side.

A message is a key and facts; `say` renders it in the reader's language. No sentence holds a secret or a personal
value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from calltools.texts import reading, reporting, uploads, usage, vendors
from calltools.texts.keys import Language, MessageKey, Text, Word, pick_language

__all__ = ["MESSAGES", "Language", "MessageKey", "RussianManual", "Word", "render_text", "say"]

MESSAGES: Final[Mapping[str, Text]] = MappingProxyType(
    usage.MESSAGES | reading.MESSAGES | vendors.MESSAGES | reporting.MESSAGES | uploads.MESSAGES
)


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
    words = {name: say(fact.key, language) if isinstance(fact, Word) else fact for name, fact in facts.items()}
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
