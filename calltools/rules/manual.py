"""The manual of a rule: the sections of a docstring, or their Russian counterpart."""

import inspect
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from calltools.model.rule import Rule
from calltools.texts.keys import Language
from calltools.texts.manuals import RUSSIAN_MANUALS

_SECTIONS: Final = ("Why", "Example", "Fix", "Source")


@dataclass(frozen=True, slots=True)
class Manual:
    """The sections of a manual, as text.

    Attributes:
        finds: What the rule finds, one sentence.
        why: Why it matters.
        example: A bad and a good cell or record.
        fix: What to do.
        source: The documents that say so.
    """

    finds: str
    why: str
    example: str
    fix: str
    source: str


@lru_cache(maxsize=256)
def parse_manual(text: str) -> Manual:
    """Read a docstring with the sections Why, Example, Fix and Source.

    Raises:
        ValueError: A section is missing; the message names it.
    """
    clean = inspect.cleandoc(text)
    parts = re.split(rf"^({'|'.join(_SECTIONS)}):$", clean, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], (inspect.cleandoc("\n" + part) for part in parts[2::2]), strict=True))
    missing = [section for section in _SECTIONS if not found.get(section)]
    if missing or not parts[0].strip():
        raise ValueError(", ".join(missing) or "the first line")
    return Manual(parts[0].strip(), *(found[section] for section in _SECTIONS))


def manual_for(rule: Rule, language: Language) -> Manual:
    """The manual of a rule in the reader's language; both name the same sources."""
    english = parse_manual(rule.manual)
    if language != "ru":
        return english
    russian = RUSSIAN_MANUALS[rule.code]
    return Manual(russian.finds, russian.why, russian.example, russian.fix, english.source)
