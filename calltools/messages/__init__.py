"""What the tool says about a run, in English and Russian, side by side, by subject.

Findings are worded in ``reports/sentences``; here are the sentences about the run
itself: faults that stop it, and what was found on the way. A message is a key and
facts; the sentence is made where it is shown, in the reader's language. Each sentence
says what is wrong, where, what was expected and what to do, and never holds a secret
or a personal value.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from calltools.messages import call, new_profile, output, reading, service, uploads, vendors

Language = Literal["en", "ru"]

MESSAGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    call.MESSAGES
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
