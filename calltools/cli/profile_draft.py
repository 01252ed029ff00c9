"""``calltools vendors new``: read a sample, ask about its columns, draft a profile, and run it on the sample."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.cli.dialog import Dialog
from calltools.errors import UsageError
from calltools.fields.table import FIELD_NAMES
from calltools.files.atomic import AtomicFile
from calltools.files.packed import Unpacker, split_member
from calltools.guide.answers import COLUMN, TIME_FORMAT, WORD, Answers
from calltools.guide.draft import (
    COLUMN_JOINER,
    Draft,
    SampleResult,
    open_draft,
    said_columns,
)
from calltools.guide.mapping import ask_about_mapping, read_mapping_answer
from calltools.guide.question import Example, Question
from calltools.reports.wording import format_skip_reasons
from calltools.run.context import RunOptions
from calltools.texts import Language, say

_MEANINGS: Final = ("incoming", "outgoing", "internal", "answered", "missed")


def draft_profile(  # noqa: PLR0913 - the sample, what is known of it, and where the profile goes
    file: Path,
    answers: Answers,
    options: RunOptions,
    language: Language,
    dialog: Dialog | None,
    *,
    output: Path | None = None,
) -> tuple[str, str]:
    """Draft a commented profile for a sample.

    Args:
        file: The sample.
        answers: What the options say about its columns; the rest is inferred from its cells.
        options: How it is read, the zone of its example, the country of its phones.
        language: Of the comments.
        dialog: Asks a person about each guess; ``None``: the guesses are used as they are.
        output: Where the profile is going to be written, which names it; ``None``: it is named after the sample.

    Returns:
        The text of the profile, and sentences about its run on the sample.

    Raises:
        UsageError: The sample has no record, or no column with a title that an option names.
    """
    with Unpacker() as unpacker:
        path = unpacker.plain_path(split_member(file), str(file))

        def draft(given: Answers) -> Draft:
            return open_draft(path, str(file), options.hints, said_columns(given, options))

        drafted = draft(answers)
        if dialog is not None:
            drafted = draft(dialog.ask_all(answers, lambda given: _Columns(draft(given), given)))
        text, result = drafted.write(language, output)
    known = [say("new-known", language, vendor=profile.name) for profile in drafted.opened.fitting]
    canonical = [say("detected-canonical", language, path=file)] if drafted.opened.is_canonical else []
    return text, "\n".join([*canonical, *known, format_sample_result(result, language)])


@dataclass(frozen=True, slots=True)
class _Columns:
    """What is left to ask about the columns of a sample."""

    draft: Draft
    answers: Answers

    @property
    def questions(self) -> Sequence[Question]:
        """What must still be said."""
        return ask_about_mapping(self.draft, self.answers)

    def examples(self, _question: Question, _answer: str) -> Sequence[Example]:
        """None: the cells of each column stand beside it."""
        return ()

    def read(self, question: Question, answer: str) -> str:
        """The answer as the profile takes it."""
        return read_mapping_answer(self.draft, question, answer)


def format_sample_result(result: SampleResult, language: Language) -> str:
    """What a drafted profile makes of its sample, as a sentence."""
    if result.fault is not None:
        return result.fault.say(language)
    return say(
        "new-tried",
        language,
        read=result.read,
        taken=result.taken,
        skipped=format_skip_reasons(Counter(result.skipped), language) or "0",
        unknown=result.unknown,
        fields=", ".join(f"{name} {count}" for name, count in result.filled.items()),
    )


def parse_answers(columns: Sequence[str], words: Sequence[str], time_format: str | None) -> dict[str, str]:
    """The values of ``--column``, ``--word`` and ``--time-format`` as answers.

    Raises:
        UsageError: A value has no ``=``, or an unknown name.
    """
    answers: dict[str, str] = {}
    for text in columns:
        name, title = _parse_pair(text, (*FIELD_NAMES, "direction"))
        key = f"{COLUMN}{name}"
        # The parts of a time are given one by one.
        answers[key] = f"{answers[key]}{COLUMN_JOINER}{title}" if key in answers else title
    for text in words:
        meaning, word = _parse_pair(_swap_sides(text), _MEANINGS)
        answers[f"{WORD}{word}"] = meaning
    return answers | ({} if time_format is None else {TIME_FORMAT: time_format})


def write_profile(text: str, output: Path, *, force: bool) -> None:
    """Write the profile to a file.

    Raises:
        OutputError: The file exists and ``force`` is not given, or it cannot be written.
    """
    with AtomicFile(output, force=force) as stream:
        stream.write(text.encode())


def _parse_pair(text: str, names: Sequence[str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name.strip() not in names:
        raise UsageError("answer-unreadable", given=text, names=", ".join(names))
    return name.strip(), value.strip()


def _swap_sides(text: str) -> str:
    word, _, meaning = text.rpartition("=")
    return f"{meaning.strip()}={word.strip()}"
