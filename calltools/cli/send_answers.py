"""Answers of the guide as options of the command line, and the one command that does the same without questions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from calltools.cli.options import DateOrderChoice, DurationFormatChoice, ReadingOptions, StaticCallChoice
from calltools.guide import Answers
from calltools.guide.answers import split_second_file, split_words
from calltools.runtime.packages import join_command

#: Key of a question -> what makes the option's value of an answer; of the other keys the answer is the value.
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "static-call": StaticCallChoice,
    "date-order": DateOrderChoice,
    "duration-format": DurationFormatChoice,
    "header-row": int,
    "own-number": lambda text: [*split_words(text)],
    "inbound-context": lambda text: [*split_words(text)],
}
_READING: Final = frozenset(field.name for field in fields(ReadingOptions))
#: Options of one run only, or that the command names anyway.
_NOT_REPEATED: Final = frozenset({"plan", "dry_run", "yes", "check", "files"})


def apply_to_reading(reading: ReadingOptions, answers: Answers) -> ReadingOptions:
    """The options of reading with the answers; those of other questions are left out."""
    values = {key: _READERS.get(key, str)(text) for key, text in option_answers(answers).items()}
    named = {key.replace("-", "_"): value for key, value in values.items()}
    return replace(reading, **{name: value for name, value in named.items() if name in _READING})  # type: ignore[arg-type]


def option_answers(answers: Answers) -> dict[str, str]:
    """The answers that are options, by their names: without those left open and those about single columns."""
    given = {key: text for key, text in answers.items() if text and "." not in key and key != "time-format"}
    if "identifiers" in given:
        given |= split_second_file(given["identifiers"])
    return given


def command_again(
    files: Sequence[str], groups: Iterable[Any], given: frozenset[str], answers: Answers, *, wait: bool
) -> str:
    """The command that does the same without questions, as a shell takes it.

    Args:
        files: What was named.
        groups: The groups of options of the command.
        given: Names of the options that stood on the command line: they are repeated.
        answers: What was answered.
        wait: Whether the upload was followed.
    """
    said = option_answers(answers)
    words = ["calltools", "send", *(f"./{name}" if name.startswith("-") else name for name in files)]
    repeated: dict[str, list[str]] = {}
    for group in groups:
        for field in fields(group):
            name = field.name.replace("_", "-")
            if field.name in given - _NOT_REPEATED and name not in said:
                repeated.setdefault(name, [*_words(name, getattr(group, field.name))])
    for listed in repeated.values():
        words += listed
    for name, text in said.items():
        values = split_words(text) if name in {"own-number", "inbound-context"} else [text]
        for value in values:
            words += _words(name, value)
    words += ["--wait"] if wait and "wait" not in repeated else []
    return join_command([*words, "--yes"])


def _words(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _words(name, one)
    elif value is True:
        yield f"--{name}"
    elif value is not None and value is not False:  # 0 is a value, too
        text = f"{value:g}" if isinstance(value, float) else str(value)
        # A value that begins with a hyphen would be taken for an option.
        yield from [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
