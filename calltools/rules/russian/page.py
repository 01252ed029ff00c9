"""What a Russian page says."""

from dataclasses import dataclass


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
