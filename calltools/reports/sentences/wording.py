"""How a rule speaks."""

from typing import NamedTuple


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
