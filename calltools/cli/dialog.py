"""Questions at a terminal: one at a time, the found answer as the default, calls before and after, and a way back."""

import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Final, Protocol

import typer

from calltools.cli.reporters import report_width
from calltools.cli.typed_words import BACK, HELP
from calltools.errors import UsageError
from calltools.fields.table import FIELDS_BY_NAME
from calltools.guide.answers import Answers
from calltools.guide.draft import NO_COLUMN
from calltools.guide.question import Example, Question, read_answer
from calltools.reports.escape import escape_invisible
from calltools.reports.wording import format_rule_title
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import Language, MessageKey, say

#: Rules on calls without an identifier.
_OF_IDENTIFIERS: Final = ("CT102", "CT301")
#: Lists of more choices show these first; the others may be typed.
_SHOWN_CHOICES: Final = 15
#: So many are shown also where the answer is found.
_FEW_CHOICES: Final = 6


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

    @property
    def may_go_back(self) -> bool:
        """Whether a question was answered here."""
        return bool(self._asked)

    def take_back(self, answers: Answers) -> dict[str, str]:
        """The answers without the last one that was given here."""
        last = self._asked.pop()
        return {key: text for key, text in answers.items() if key != last}

    def ask_all(self, answers: Answers, look: Callable[[Answers], View]) -> dict[str, str]:
        """Ask until nothing is left; gives all answers.

        Args:
            answers: Those that are known.
            look: What is left to ask with some answers.

        Raises:
            typer.Abort: The input has ended.
        """
        given = dict(answers)
        while True:
            view = look(given)
            question = next(iter(view.questions), None)
            if question is None:
                return given
            if question.refused is not None and question.key in self._asked:
                # It is asked again, so the question before it is the one before the refused answer.
                given = {key: text for key, text in given.items() if key != question.key}
                self._asked.remove(question.key)
            answer = self._ask(question, view, may_go_back=self.may_go_back)
            if answer is None:
                given = self.take_back(given)
                continue
            given[question.key] = answer
            self._asked = [key for key in self._asked if key != question.key] + [question.key]

    def _ask(self, question: Question, view: View, *, may_go_back: bool) -> str | None:
        """The answer; ``None``: back to the question before."""
        self._show(question)
        shown = question.default or (question.choices[0].value if question.choices else None)
        if question.changes_calls and shown:
            self._show_examples(question, view.examples(question, shown), shown)
        while True:
            typed = self._prompt(question, may_go_back=may_go_back)
            if typed.lower() in HELP:
                self._show(question)
                self._fold(f"  {say('dialog-help', self.language)}", "  ")
                continue
            if typed.lower() in BACK:
                if may_go_back:
                    return None
                self.echo(f"  {say('dialog-first', self.language)}")
                continue
            try:
                answer = view.read(question, read_answer(question, typed, numbered=True))
            except UsageError as fault:
                self._fold(f"  {fault.say(self.language)}", "  ")
                continue
            if question.changes_calls and answer and answer != shown:
                self._show_examples(question, view.examples(question, answer), answer)
            return answer

    def _show(self, question: Question) -> None:
        self.echo()
        if question.refused is not None:
            reason, name = question.refused.say(self.language), question.refused.about_file
            told = reason if name is None else say("dialog-refused-of", self.language, path=name, reason=reason)
            self._fold(f"! {escape_invisible(told)}", "  ")
        self._fold(f"? {question.what.say(self.language)}", "  ")
        self._fold(f"  {question.why.say(self.language)}", "  ")
        is_found = question.found is not None and question.found.value != NO_COLUMN
        if is_found and len(question.choices) > _FEW_CHOICES:
            # Nobody reads a list whose answer is already there; its words may be typed all the same.
            key: MessageKey = (
                "dialog-others-free" if question.kind == "text" and question.free_text else "dialog-others"
            )
            others = ", ".join(one.label.say(self.language) for one in question.choices)
            self._fold(f"  {say(key, self.language, others=escape_invisible(others))}", "  ")
        else:
            self._show_choices(question)
        if question.found is not None and is_found and not self._is_only_choice(question):
            facts = {
                "value": escape_invisible(question.name(question.found.value, self.language)),
                "reason": question.found.reason.say(self.language),
            }
            self._fold(f"  {say('dialog-found', self.language, **facts)}", "  ")

    @staticmethod
    def _is_only_choice(question: Question) -> bool:
        """Whether what is found stands there already, as the only choice and with the same words."""
        return len(question.choices) == 1 and (question.choices[0].value, question.choices[0].consequence) == (
            question.found and question.found.value,
            question.found and question.found.reason,
        )

    def _show_choices(self, question: Question) -> None:
        for number, choice in enumerate(question.choices[:_SHOWN_CHOICES], start=1):
            label = choice.label.say(self.language)
            shown = label if question.kind != "text" or choice.value in label else f"{choice.value}  {label}"
            then = "" if choice.consequence is None else f": {choice.consequence.say(self.language)}"
            self._fold(f"{number:>4}  {escape_invisible(shown + then)}", "      ")
        if more := question.choices[_SHOWN_CHOICES:]:
            listed = ", ".join(one.label.say(self.language) for one in more)
            self._fold(f"      {say('dialog-more', self.language, more=escape_invisible(listed))}", "      ")

    def _show_examples(self, question: Question, examples: Sequence[Example], answer: str) -> None:
        if not examples:
            return
        name = escape_invisible(question.name(answer, self.language))
        self._fold(f"  {say('dialog-examples', self.language, answer=name)}", "  ")
        fields = [*dict.fromkeys(field for one in examples for field in one.after)]
        titles = [FIELDS_BY_NAME[field].title(self.language) for field in fields]
        head = ("", *examples[0].before, "", *titles)
        rows = [
            (f"    {one.place}", *one.before.values(), "->", *(one.after.get(field, "-") for field in fields))
            if not one.is_left_out
            else (f"    {one.place}", *one.before.values(), "->", self._say_left_out(one))
            for one in examples
        ]
        shown_head, *shown_rows = (tuple(map(escape_invisible, row)) for row in (head, *rows))
        for line in format_table(shown_head, shown_rows, self._width):
            self.echo(line)

    def _say_left_out(self, example: Example) -> str:
        """That a call is not sent; why, where it is not for want of an identifier, which a question is about."""
        rule = RULES_BY_CODE.get(example.left_out_by or "")
        if rule is None or rule.code in _OF_IDENTIFIERS:
            return say("dialog-left-out", self.language)
        return say("dialog-left-out-why", self.language, reason=format_rule_title(rule, self.language))

    def _prompt(self, question: Question, *, may_go_back: bool) -> str:
        if question.default:
            default = escape_invisible(question.name(question.default, self.language))
            prompt = say("dialog-prompt-default", self.language, default=default)
        elif question.default is None:
            prompt = say("dialog-prompt", self.language)
        else:
            prompt = say("dialog-prompt-none", self.language)
        back = f" ({say('dialog-back', self.language)})" if may_go_back else ""
        typer.echo(f"  {prompt}{back}: ", nl=False, err=True)
        line = ""
        with suppress(KeyboardInterrupt):
            line = sys.stdin.readline()
        if not line:
            self.echo()
            self._fold(f"  {say('dialog-stopped', self.language)}", "  ")
            raise typer.Abort
        return line.strip()

    @property
    def _width(self) -> int:
        return report_width(sys.stderr)

    def _fold(self, text: str, indent: str) -> None:
        """Print a text in lines of the terminal."""
        # Words only: a path is never cut.
        folded = textwrap.fill(
            text, self._width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
            drop_whitespace=True,
        )  # fmt: skip
        self.echo(folded)

    def echo(self, text: str = "") -> None:
        """Print a line for the person."""
        typer.echo(text, err=True)


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Rows of cells as lines that a terminal does not fold; nothing is cut.

    Args:
        head: Titles; where they do not fit side by side, they take several lines.
        rows: Cells, the first of which says which record it is; a row may have fewer than the head.
        width: Of the terminal. Where the columns do not fit at all, each cell has a line of its own.
    """
    heads = [[title] for title in head]
    lines = _align([*zip_longest(*heads, fillvalue=""), *rows])
    if max(map(len, lines)) > width:
        columns = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
        heads = [
            textwrap.wrap(title, max(most, 1), break_long_words=False)
            for title, most in zip(head, columns, strict=False)
        ]
        lines = _align([*zip_longest(*heads, fillvalue=""), *rows])
    if max(map(len, lines)) <= width:
        return lines
    listed = []
    for place, *cells in rows:
        listed.append(place)
        for title, cell in zip(head[1:], cells, strict=False):
            words = f"{title}: {cell}" if title else cell
            listed += textwrap.wrap(words, width, initial_indent=" " * 6, subsequent_indent=" " * 8) if cell else []
    return listed


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, with the columns below one another and without the empty ones."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def missing_answers(questions: Sequence[Question], language: Language) -> UsageError:
    """The refusal of a run that nobody can be asked about: what is missing, and the options that say it."""
    options = ", ".join(dict.fromkeys(question.option for question in questions))
    what = " ".join(question.what.say(language) for question in questions)
    return UsageError("guide-missing", what=what, options=options)
