"""``calltools vendors new``: read a sample, ask about its columns, draft a profile, and run it on the sample."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.kernels.byte_kernels import digits_only
from calltools.fields.kinds import normalize_columns
from calltools.fields.table import FIELD_NAMES
from calltools.files.atomic import AtomicFile
from calltools.files.packed import Unpacker, split_member
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Table
from calltools.model.cells import non_empty
from calltools.model.titles import redacted_titles
from calltools.reports.wording import format_skip_reasons
from calltools.run.source import OpenedExport, open_export
from calltools.runtime.packages import join_command
from calltools.texts import Language, say
from calltools.texts.keys import MessageKey
from calltools.vendors import profile_library, propose
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.infer import (
    InferredColumns,
    SampleColumns,
    distinct_words,
    infer_columns,
    is_plain_word,
    looks_like_record,
)
from calltools.vendors.loader import load_profile
from calltools.vendors.mapping import map_batch
from calltools.vendors.profile import Profile
from calltools.vendors.profile_tests import run_example

#: Asks a person a question: sentence and default answer -> answer.
Ask = Callable[[str, str], str]
#: Fields that a person is asked about, in this order -> key of the question.
QUESTIONS: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "DateTime": "ask-datetime",
        "PhoneNumber": "ask-phonenumber",
        "direction": "ask-direction",
        "CallMissed": "ask-callmissed",
        "TalkDuration": "ask-talkduration",
        "HoldDuration": "ask-holdduration",
    }
)
_MEANINGS: Final = ("incoming", "outgoing", "internal", "answered", "missed")
_NO_COLUMN: Final = "-"
#: Joins the titles of columns that make one time.
_COLUMN_JOINER: Final = " + "


def draft_profile(  # noqa: PLR0913 - the sample, what is known of it, and where the profile goes
    file: Path,
    answers: InferredColumns,
    language: Language,
    ask: Ask | None,
    *,
    hints: Hints | None = None,
    output: Path | None = None,
) -> tuple[str, str]:
    """Draft a commented profile for a sample.

    Args:
        file: The sample.
        answers: What the options say; the rest is inferred from the cells of the sample.
        language: Language of questions.
        ask: Asks a person about each guess; ``None``: the guesses are used as they are.
        hints: What the user says about the form of the sample; ``None``: nothing.
        output: Where the profile is going to be written, which names it; ``None``: it is named after the sample.

    Returns:
        The text of the profile, and sentences about its run on the sample.

    Raises:
        UsageError: The sample has no record, or no column with a title that an option names.
    """
    with Unpacker() as unpacker:
        path = unpacker.plain_path(split_member(file), str(file))
        return _draft_profile(path, file, answers, language, ask, hints or Hints(), output)


def _draft_profile(  # noqa: PLR0913, PLR0917 - those of ``draft_profile``, and where the plain bytes are
    path: Path,
    file: Path,
    answers: InferredColumns,
    language: Language,
    ask: Ask | None,
    hints: Hints,
    output: Path | None,
) -> tuple[str, str]:
    opened, sample = _open_sample(path, str(file), hints)
    table = opened.table
    columns = propose.sample_columns(table, sample)
    guess = _complete_guess(columns, answers, table, language)
    if ask is not None:
        guess = _ask_about_guess(guess, columns, language, ask)
    profiles = profile_library.load_profiles()
    taken = {word for one in profiles for word in (one.name, *one.aliases)}
    name = propose.suggest_profile_name((output or file).stem, taken)
    command = join_command(["calltools", "vendors", "test", str(output or f"{name}.toml")])
    draft = partial(propose.propose_profile, name, table, sample, guess, command=command)
    # What the profile makes of its example is not known before it has run, so it is drafted twice.
    without_result = load_profile(draft({}), str(file))
    cells = run_example(without_result, without_result.examples[0]) if without_result.examples else {}
    text = draft({field: cell for field, cell in cells.items() if cell})
    outcome = _try_profile(load_profile(text, str(file)), table, sample, guess, language)
    known = [say("new-known", language, vendor=profile.name) for profile in opened.fitting]
    canonical = [say("detected-canonical", language, path=file)] if opened.is_canonical else []
    return text, "\n".join([*canonical, *known, outcome])


def _open_sample(path: Path, name: str, hints: Hints) -> tuple[OpenedExport, Batch]:
    """The sample and its first records; if its first row looks like a record, its columns get numbers for titles."""
    opened = open_export(path, name, hints, profile_library.load_profiles())
    if looks_like_record(opened.table.titles) and opened.table.source.format.headerless:
        opened = open_export(path, name, replace(hints, header_row=0), ())
    table = opened.table
    sample = next((task() for task in islice(table.tasks(), 1)), None) if table.titles else None
    if sample is None or not len(sample) or looks_like_record(table.titles):
        raise UsageError("nothing-to-propose", path=name)
    return opened, sample


def parse_answers(
    columns: Sequence[str], words: Sequence[str], time_format: str | None, timezone: str, region: str | None
) -> InferredColumns:
    """The values of ``--column``, ``--word`` and the other options of ``calltools vendors new``.

    Raises:
        UsageError: A value has no ``=``, or an unknown name.
    """
    pairs = [_parse_pair(text, (*FIELD_NAMES, "direction")) for text in columns]
    titles = {name: tuple(title for other, title in pairs if other == name) for name, _ in pairs}
    meanings = {word: meaning for meaning, word in (_parse_pair(_swap_sides(text), _MEANINGS) for text in words)}
    return InferredColumns(titles, time_format, word_meanings=meanings, timezone=timezone, region=region)


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


def _complete_guess(
    columns: SampleColumns, answers: InferredColumns, table: Table, language: Language
) -> InferredColumns:
    """Infer from the sample what the answers leave open; ``-`` as a title means that the export has no such column."""
    missing = [title for titles in answers.columns.values() for title in titles if title not in {*columns, _NO_COLUMN}]
    if missing:
        raise UsageError("columns-missing", columns=", ".join(missing), there=redacted_titles(table.titles))
    given = {name: () if _NO_COLUMN in titles else titles for name, titles in answers.columns.items()}
    inferred = infer_columns(columns, given)
    return replace(
        inferred,
        time_format=answers.time_format or inferred.time_format,
        date_order_unknown=inferred.date_order_unknown and answers.time_format is None,
        word_meanings={**inferred.word_meanings, **answers.word_meanings},
        timezone=answers.timezone,
        region=answers.region or inferred.region,
        language=language,
    )


def _ask_about_guess(guess: InferredColumns, columns: SampleColumns, language: Language, ask: Ask) -> InferredColumns:
    """Ask a person to confirm or correct each guess."""
    chosen = dict(guess.columns)
    all_titles = ", ".join(columns)
    for name, key in QUESTIONS.items():
        question = say(key, language, there=all_titles)
        titles = _ask_titles(question, _COLUMN_JOINER.join(chosen.get(name, (_NO_COLUMN,))), columns, language, ask)
        chosen[name] = () if _NO_COLUMN in titles else titles
    # A corrected column may hold other words, and a time in another layout.
    inferred = infer_columns(columns, chosen)
    time_format = guess.time_format if chosen["DateTime"] == guess.columns.get("DateTime") else inferred.time_format
    if chosen["DateTime"]:
        time_format = ask(say("ask-time-format", language), time_format or "%d.%m.%Y %H:%M:%S")
    words = {**inferred.word_meanings, **guess.word_meanings}
    word_columns = [(chosen["direction"], _MEANINGS[:3]), (chosen["CallMissed"], _MEANINGS[3:])]
    for titles, meanings in word_columns:
        for word in distinct_words(columns, "".join(titles)):
            words[word] = _ask_meaning(word, words.get(word, ""), meanings, language, ask)
    return replace(
        guess,
        columns=inferred.columns,
        time_format=time_format,
        date_order_unknown=False,
        epoch_id=inferred.epoch_id,
        may_be_whole_call=False,
        word_meanings=words,
    )


def _ask_titles(question: str, default: str, columns: SampleColumns, language: Language, ask: Ask) -> tuple[str, ...]:
    """The titles of the answer; the question is repeated until the sample has all of them."""
    sentence = question
    while True:
        answer = ask(sentence, default)
        titles = (answer,) if answer in columns else tuple(answer.split(_COLUMN_JOINER))
        if {*titles} <= {*columns, _NO_COLUMN}:
            return titles
        sentence = f"{say('ask-no-such', language, title=answer)} {question}"


def _ask_meaning(word: str, guessed: str, meanings: Sequence[str], language: Language, ask: Ask) -> str:
    answer = ""
    while answer not in meanings:
        answer = ask(say("ask-word", language, word=word, meanings=", ".join(meanings)), guessed or meanings[0])
    return answer


def _try_profile(profile: Profile, table: Table, sample: Batch, guess: InferredColumns, language: Language) -> str:
    """Run the profile on the sample: a sentence about the records and fields that it fills, or why it cannot run."""
    try:
        mapped = map_batch(sample, bind_profile(profile, table.titles, MappingOptions(guess.timezone, guess.region)))
    except CalltoolsError as error:
        return error.say(language)
    assumptions = Assumptions(0, guess.timezone, guess.region)
    cells, _ = normalize_columns({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    # A time that was not understood is left as it was: only digits are a time.
    times = {"DateTime": digits_only(cells["DateTime"]) & non_empty(cells["DateTime"])}
    # The reason to skip a row is a word of the sample as long as nobody has said what it means.
    skipped: Counter[str] = Counter()
    for reason, count in mapped.skipped.items():
        skipped[reason if is_plain_word(reason) else "***"] += count
    counts = {name: int(times.get(name, non_empty(column)).sum()) for name, column in cells.items()}
    return say(
        "new-tried",
        language,
        read=sample.read,
        taken=len(mapped),
        skipped=format_skip_reasons(skipped, language) or "0",
        unknown=len(mapped.findings),
        fields=", ".join(f"{name} {count}" for name, count in counts.items()),
    )
