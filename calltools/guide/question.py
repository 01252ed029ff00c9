"""What is asked, and why: one model for every way to ask it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.check_assumptions import find_zone
from calltools.texts import Language, render_text, say
from calltools.texts.keys import LANGUAGES, MessageKey, Text

#: ``choice``: one of the choices; ``text``: free text, such as an IANA zone; ``file``: the path of a file that exists;
#: ``new-file``: the path of a file that is going to be written.
Kind: TypeAlias = Literal["choice", "text", "file", "new-file"]
#: The answer to a question that may be left open: there is none, or it is not wanted.
NOTHING: Final = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the guide in both languages.

    Attributes:
        text: Key of a message, or the pair of English and Russian.
        facts: What it names. No personal value that is not masked.
    """

    text: MessageKey | Text
    facts: Mapping[str, object] = field(default_factory=dict)

    def say(self, language: Language = "en") -> str:
        """The sentence in the reader's language."""
        if isinstance(self.text, tuple):
            return render_text(self.text, language, **self.facts)
        return say(self.text, language, **self.facts)


def sentence(key: MessageKey, /, **facts: object) -> Sentence:
    """A sentence by its key."""
    return Sentence(key, facts)


def list_meanings(meanings: Mapping[str, Sentence]) -> Sentence:
    """Words, each with what it means: ``Вх = incoming, Исх = outgoing``."""
    english, russian = (
        ", ".join(f"{word} = {meaning.say(language)}" for word, meaning in meanings.items()) for language in LANGUAGES
    )
    return plain_sentence(english, russian)


def plain_sentence(english: str, russian: str | None = None) -> Sentence:
    """A text without facts, such as a title of the file; the same in both languages unless both are given."""
    pair = (english, english if russian is None else russian)
    return Sentence((_escape(pair[0]), _escape(pair[1])))


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A possible answer.

    Attributes:
        value: As the option takes it.
        label: What it is.
        consequence: What follows from it; ``None``: the label says it.
        also: Other words for it, in lower case, that a person may type.
    """

    value: str
    label: Sentence
    consequence: Sentence | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer that the file itself suggests.

    Attributes:
        value: The answer.
        reason: What proves it, or speaks for it.
    """

    value: str
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Question:
    """What must be said, because the files do not say it.

    Attributes:
        key: The option that answers it, without hyphens: ``timezone``; of a mapping ``column.PhoneNumber``,
            ``word.WORD``, ``time-format``.
        kind: What an answer is.
        what: What is asked.
        why: Why it is asked, and what happens without an answer.
        found: The answer that the file suggests; ``None``: it suggests none, and nothing is guessed.
        choices: Possible answers.
        free_text: Whether other answers than the choices are accepted.
        required: Whether a run without an answer is refused or loses calls; else ``NOTHING`` is an answer.
        file: The file that it is about; ``None``: all.
        changes_calls: Whether an answer changes what is written, so that ``Inspection.examples`` shows it.
        refused: Why the answer that was given is not taken; ``None``: none was given.
    """

    key: str
    kind: Kind
    what: Sentence
    why: Sentence
    found: Found | None = None
    choices: tuple[Choice, ...] = ()
    free_text: bool = False
    required: bool = True
    file: str | None = None
    changes_calls: bool = True
    refused: CalltoolsError | None = None

    @property
    def option(self) -> str:
        """The option of the command line that answers it."""
        name, dot, field_name = self.key.partition(".")
        return f"--{name} {field_name}=…" if dot else f"--{name}"

    @property
    def default(self) -> str | None:
        """The answer of somebody who only confirms; ``None``: there is none."""
        if self.found is not None:
            return self.found.value
        return None if self.required else NOTHING

    def name(self, answer: str, language: Language = "en") -> str:
        """An answer as a person knows it: its label; of a text, such as a zone, beside it."""
        label = next((one.label.say(language) for one in self.choices if one.value == answer), "")
        if self.kind != "text":
            return label or answer
        return answer if not label or answer in label else f"{answer} ({label})"

    def as_json(self, language: Language) -> dict[str, Any]:
        """The question in words, for a page or a program."""
        return {
            "key": self.key,
            "option": self.option,
            "kind": self.kind,
            "what": self.what.say(language),
            "why": self.why.say(language),
            "file": self.file,
            "found": self.found and {"value": self.found.value, "reason": self.found.reason.say(language)},
            "default": self.default,
            "choices": [
                {
                    "value": one.value,
                    "label": one.label.say(language),
                    "consequence": one.consequence and one.consequence.say(language),
                }
                for one in self.choices
            ],
            "free_text": self.free_text,
            "required": self.required,
            "changes_calls": self.changes_calls,
            "refused": self.refused and self.refused.say(language),
        }


@dataclass(frozen=True, slots=True)
class Example:
    """What becomes of one call under an answer.

    Attributes:
        place: Its line, or its row in a sheet.
        before: Title -> cell as the file has it, masked.
        after: Canonical field -> what is written, masked; a time is shown with its offset.
        left_out_by: Code of the first rule for whose sake the call is not written; ``None``: it is.
    """

    place: int
    before: Mapping[str, str]
    after: Mapping[str, str]
    left_out_by: str | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether the call is not written, because of this answer or of something else."""
        return self.left_out_by is not None


def read_answer(question: Question, typed: str, *, numbered: bool = False) -> str:
    """The answer that a person meant: the value of a choice, its label in any language, a word for it.

    Args:
        question: The question.
        typed: What was typed; empty: the default.
        numbered: Whether choices were shown with numbers, from 1, so that a number means the choice beside it. Else a
            number is a value: a page sends the value ``1`` of calls that are all static, which is the second choice.

    Raises:
        UsageError: It is no answer to this question.
    """
    text = typed.strip()
    if not text:
        if question.default is None:
            raise UsageError("guide-answer-needed")
        return question.default
    if not question.required and text.lower() in _NOTHING_WORDS:
        return NOTHING
    if numbered and text.isdecimal() and 1 <= int(text) <= len(question.choices):
        return question.choices[int(text) - 1].value
    for choice in question.choices:
        if text == choice.value:
            return choice.value
    for choice in question.choices:
        words = {choice.value.lower(), *choice.also, *(choice.label.say(one).lower() for one in ("en", "ru"))}
        if text.lower() in words:
            return choice.value
    if question.free_text:
        return _read_free_text(question, text)
    raise UsageError("guide-answer-other", given=text, count=len(question.choices))


def _read_free_text(question: Question, text: str) -> str:
    if question.key != "timezone":
        return text
    # A city, in either language; what names none is refused as the option refuses it, with what is near.
    return find_zone(text) or text


_NOTHING_WORDS: Final = frozenset({"-", "no", "none", "нет"})
