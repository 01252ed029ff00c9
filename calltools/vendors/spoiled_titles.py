"""Titles whose letters were spoiled before the file came here: read in a wrong encoding and saved so, or lost."""

from collections.abc import Iterator, Sequence
from typing import Final

#: In what the text was read, and in what it had been written.
_MISREADINGS: Final = (
    ("cp1251", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "utf-8"), ("cp866", "utf-8"), ("cp1252", "cp1251"),
    ("latin-1", "cp1251"), ("cp866", "cp1251"), ("cp1251", "cp866"), ("koi8-r", "cp1251"), ("cp1251", "koi8-r"),
)  # fmt: skip
#: Share of question marks among the letters of a header in which nothing else is left of them.
_MIN_LOST_SHARE: Final = 0.5


def respell_titles(titles: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The titles as they may have been before somebody read them in a wrong encoding, one way after the other."""
    for wrong, right in _MISREADINGS:
        respelled = tuple(_respell(title, wrong, right) for title in titles)
        if respelled != tuple(titles):
            yield respelled


def _respell(title: str, wrong: str, right: str) -> str:
    try:
        return title.encode(wrong).decode(right)
    except UnicodeError:
        # An ASCII title, or one that this misreading cannot have made.
        return title


def are_letters_lost(titles: Sequence[str]) -> bool:
    """Whether question marks stand where letters were: nothing can bring these back."""
    signs = [sign for title in titles for sign in title if not sign.isspace()]
    return bool(signs) and signs.count("?") >= _MIN_LOST_SHARE * len(signs)
