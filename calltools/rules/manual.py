"""A rule's page: the sections of a docstring, or its Russian counterpart."""

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
    """What a rule's page says.

    Attributes:
        finds: What it finds, one sentence.
        why: Why it matters.
        example: A bad and a good one.
        fix: What to do.
        source: Where it is written.
    """

    finds: str
    why: str
    example: str
    fix: str
    source: str


@lru_cache(maxsize=256)
def parse_manual(text: str) -> Manual:
    """The page in a docstring.

    Raises:
        ValueError: A section is missing.
    """
    clean = inspect.cleandoc(text)
    parts = re.split(rf"^({'|'.join(_SECTIONS)}):$", clean, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], (inspect.cleandoc("\n" + part) for part in parts[2::2]), strict=True))
    missing = [section for section in _SECTIONS if not found.get(section)]
    if missing or not parts[0].strip():
        raise ValueError(", ".join(missing) or "the first line")
    return Manual(parts[0].strip(), *(found[section] for section in _SECTIONS))


def manual_for(rule: Rule, language: Language) -> Manual:
    """A rule's manual in the reader's language; sources are the same documents in both."""
    english = parse_manual(rule.manual)
    if language != "ru":
        return english
    page = RUSSIAN_MANUALS[rule.code]
    return Manual(page.finds, page.why, page.example, page.fix, english.source)
