"""Where the calls go: the counter, chosen from those that the token may upload to, and the goal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from calltools.errors import UsageError
from calltools.guide.answers import Answers
from calltools.guide.question import Choice, Found, Question, sentence
from calltools.metrica.responses import Counter

#: Keys of the questions about where calls go.
UPLOAD_KEYS: Final = frozenset({"counter", "goal"})


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """What the options say about where calls go.

    Attributes:
        counter: The counter; ``None``: not said.
        goal: The goal; ``None``: not said, ``""``: none.
        comment: What the uploading says beside; calls with different comments go to the same place.
    """

    counter: int | None = None
    goal: str | None = None
    comment: str = field(default="", compare=False)


def ask_about_upload(
    counters: Sequence[Counter] | None, answers: Answers, target: UploadTarget = UploadTarget()
) -> list[Question]:
    """What must be said before calls are sent.

    Args:
        counters: Those that the token sees; ``None``: it may not list any.
        answers: The answers so far.
        target: What the options say.
    """
    questions = []
    if target.counter is None and not answers.get("counter"):
        questions.append(_ask_counter(counters))
    if target.goal is None and "goal" not in answers:
        questions.append(
            Question(
                "goal",
                "text",
                sentence("guide-goal"),
                sentence("guide-goal-why"),
                free_text=True,
                required=False,
                changes_calls=False,
            )
        )
    return questions


def _ask_counter(counters: Sequence[Counter] | None) -> Question:
    usable = [one for one in counters or () if one.may_upload]
    choices = tuple(Choice(str(one.id), sentence("guide-counter-label", label=one.label)) for one in usable)
    if counters is None:
        why = sentence("guide-counter-why-hidden")
    else:
        why = sentence("guide-counter-why" if usable else "guide-counter-why-none")
    only = Found(choices[0].value, sentence("guide-counter-only")) if len(choices) == 1 else None
    return Question(
        "counter",
        "text",
        sentence("guide-counter"),
        why,
        found=only,
        choices=choices,
        free_text=True,
        changes_calls=False,
    )


def read_counter(answer: str) -> int:
    """The number of a counter.

    Raises:
        UsageError: It is none.
    """
    if not (answer.isascii() and answer.isdigit() and 0 < int(answer) < 1 << 63):
        raise UsageError("guide-counter-number", given=answer)
    return int(answer)
