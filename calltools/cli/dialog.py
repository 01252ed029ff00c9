"""Questions at a terminal: one at a time, the found answer as the default, calls before and after, and a way back."""

import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import typer

from calltools.errors import UsageError
from calltools.guide.answers import Answers
from calltools.guide.question import Example, Question, read_answer
from calltools.reports.escape import escape_invisible
from calltools.texts import Language, say

#: Words that lead to the question before.
_BACK: Final = frozenset({"back", "<", "назад"})
#: Lists of more choices show these first; the others may be typed.
_SHOWN_CHOICES: Final = 15


class View(Protocol):
    """What a look with some answers has left to ask."""

    @property
    def questions(self) -> Sequence[Question]:
        """What must still be said, the next one first."""

    def examples(self, question: Question, answer: str) -> Sequence[Example]:
        """Calls before and after under an answer."""

    def read(self, question: Question, answer: str) -> str:
        """The answer as the option takes it; raises ``UsageError`` if it is none."""


class Dialog:
    """A person at a terminal.

    Args:
        language: Of the questions.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        #: Keys that were answered here, in this order.
        self._asked: list[str] = []

    def ask_all(self, answers: Answers, look: Callable[[Answers], View]) -> dict[str, str]:
        """Ask until nothing is left; gives all answers.

        Args:
            answers: Those that are known.
            look: What is left to ask with some answers.

        Raises:
            typer.Abort: The input has ended.
        """
        given = dict(answers)
        mine: list[str] = []
        while True:
            view = look(given)
            question = next(iter(view.questions), None)
            if question is None:
                self._asked += mine
                return given
            answer = self._ask(question, view, may_go_back=bool(mine))
            if answer is None:
                del given[mine.pop()]
                continue
            given[question.key] = answer
            mine = [key for key in mine if key != question.key] + [question.key]

    def _ask(self, question: Question, view: View, *, may_go_back: bool) -> str | None:
        """The answer; ``None``: back to the question before."""
        self._show(question)
        shown = question.default or (question.choices[0].value if question.choices else None)
        if question.changes_calls and shown:
            self._show_examples(view.examples(question, shown), shown)
        while True:
            typed = self._prompt(question, may_go_back=may_go_back)
            if typed.lower() in _BACK:
                if may_go_back:
                    return None
                self.echo(f"  {say('dialog-first', self.language)}")
                continue
            try:
                answer = view.read(question, read_answer(question, typed))
            except UsageError as fault:
                self.echo(f"  {fault.say(self.language)}")
                continue
            if question.changes_calls and answer and answer != shown:
                self._show_examples(view.examples(question, answer), answer)
            return answer

    def _show(self, question: Question) -> None:
        self.echo()
        if question.refused is not None:
            self.echo(f"! {question.refused.say(self.language)}")
        self.echo(f"? {question.what.say(self.language)}")
        self.echo(f"  {question.why.say(self.language)}")
        rows = []
        for number, choice in enumerate(question.choices[:_SHOWN_CHOICES], start=1):
            label = choice.label.say(self.language)
            named = "" if label == choice.value else choice.value
            then = "" if choice.consequence is None else choice.consequence.say(self.language)
            rows.append((f"{number:>4}", escape_invisible(named), escape_invisible(label), escape_invisible(then)))
        for row in _align(rows):
            self.echo(row)
        if len(question.choices) > _SHOWN_CHOICES:
            more = ", ".join(one.value for one in question.choices[_SHOWN_CHOICES:])
            self.echo(f"      {say('dialog-more', self.language, more=escape_invisible(more))}")
        if question.found is not None:
            facts = {"value": question.found.value, "reason": question.found.reason.say(self.language)}
            self.echo(f"  {say('dialog-found', self.language, **facts)}")

    def _show_examples(self, examples: Sequence[Example], answer: str) -> None:
        if not examples:
            return
        self.echo(f"  {say('dialog-examples', self.language, answer=escape_invisible(answer))}")
        rows = []
        for one in examples:
            after = ", ".join(f"{name} {text}" for name, text in one.after.items())
            if one.is_left_out and not after:
                after = say("dialog-left-out", self.language)
            rows.append((f"    {one.place}", *one.before.values(), "->", after or "-"))
        for row in _align([tuple(map(escape_invisible, row)) for row in rows]):
            self.echo(row)

    def _prompt(self, question: Question, *, may_go_back: bool) -> str:
        if question.default:
            prompt = say("dialog-prompt-default", self.language, default=escape_invisible(question.default))
        elif question.default is None:
            prompt = say("dialog-prompt", self.language)
        else:
            prompt = say("dialog-prompt-none", self.language)
        back = f" ({say('dialog-back', self.language)})" if may_go_back else ""
        typer.echo(f"  {prompt}{back}: ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line:
            raise typer.Abort
        return line.strip()

    def echo(self, text: str = "") -> None:
        """Print a line for the person."""
        typer.echo(text, err=True)


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, with the columns below one another and without the empty ones."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def missing_answers(questions: Sequence[Question], language: Language) -> UsageError:
    """The refusal of a run that nobody can be asked about: what is missing, and the options that say it."""
    options = ", ".join(dict.fromkeys(question.option for question in questions))
    what = " ".join(question.what.say(language) for question in questions)
    return UsageError("guide-missing", what=what, options=options)
