"""What ``calltools vendors new`` does: read a sample, ask, write a profile, and run it at once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.kernels.byte_kernels import digits_only
from calltools.fields.kinds import normalize_columns
from calltools.fields.table import FIELD_NAMES
from calltools.files.atomic import AtomicFile
from calltools.files.opening import open_table
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Table
from calltools.model.cells import non_empty
from calltools.model.titles import redacted_titles
from calltools.reports.wording import format_skip_reasons
from calltools.texts import Language, MessageKey, say
from calltools.vendors import profile_library, propose
from calltools.vendors.header_match import match_header
from calltools.vendors.infer import InferredColumns, SampleColumns, distinct_words, infer_columns, looks_like_record
from calltools.vendors.loader import load_profile
from calltools.vendors.mapping import MappingOptions, bind_profile, map_batch
from calltools.vendors.profile import Profile
from calltools.vendors.profile_tests import run_example
from calltools.vendors.recognize import create_header_finder

#: Asks a person: sentence and default -> answer.
Ask = Callable[[str, str], str]
#: What a person is asked for, in this order, and the key of the question.
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
#: Between columns that make one time.
_COLUMN_JOINER: Final = " + "


def draft_profile(file: Path, answers: InferredColumns, language: Language, ask: Ask | None) -> tuple[str, str]:
    """A commented profile for a sample, and what it made of the sample.

    Args:
        file: The sample.
        answers: What the options say; the rest is guessed.
        language: Of questions.
        ask: Asks a person about each guess; ``None``: there is nobody.

    Raises:
        UsageError: The sample holds no call, or a column that was named is not there.
    """
    table, sample = _open_sample(file)
    columns = propose.sample_columns(table, sample)
    known = _complete_guess(columns, answers, table, language)
    if ask is not None:
        known = _ask_about_guess(known, columns, language, ask)
    taken = {word for one in profile_library.load_profiles() for word in (one.name, *one.aliases)}
    name = propose.suggest_profile_name(file.stem, taken)
    bare = load_profile(propose.propose_profile(name, table, sample, known, {}), str(file))
    expect = run_example(bare, bare.examples[0]) if bare.examples else {}
    text = propose.propose_profile(name, table, sample, known, {name: cell for name, cell in expect.items() if cell})
    tried = _try_profile(load_profile(text, str(file)), table, sample, known, language)
    fits = [one.name for one in profile_library.load_profiles() if match_header(one, table.titles).matches]
    return text, "\n".join([*(say("new-known", language, vendor=vendor) for vendor in fits), tried])


def _open_sample(file: Path) -> tuple[Table, Batch]:
    """The sample and its first records. Where the first of them stands for the header, its columns get numbers."""
    table = open_table(file, str(file), Hints(), create_header_finder(profile_library.load_profiles()))
    if looks_like_record(table.titles) and table.source.format.headerless:
        table = open_table(file, str(file), Hints(header_row=0), create_header_finder(()))
    sample = next((task() for task in islice(table.tasks(), 1)), None) if table.titles else None
    if sample is None or not len(sample) or looks_like_record(table.titles):
        raise UsageError("nothing-to-propose", path=file)
    return table, sample


def parse_answers(
    columns: Sequence[str], words: Sequence[str], time_format: str | None, timezone: str, region: str | None
) -> InferredColumns:
    """What the options say.

    Raises:
        UsageError: One of them cannot be read.
    """
    pairs = [_parse_pair(text, (*FIELD_NAMES, "direction")) for text in columns]
    titles = {name: tuple(title for other, title in pairs if other == name) for name, _ in pairs}
    meanings = {word: meaning for meaning, word in (_parse_pair(_swap_sides(text), _MEANINGS) for text in words)}
    return InferredColumns(titles, time_format, word_meanings=meanings, timezone=timezone, region=region)


def write_profile(text: str, output: Path, *, force: bool) -> None:
    """Write the profile."""
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
    """What the sample looks like where nothing was said; ``-`` for a column means that there is none."""
    missing = [title for titles in answers.columns.values() for title in titles if title not in {*columns, _NO_COLUMN}]
    if missing:
        raise UsageError("columns-missing", columns=", ".join(missing), there=redacted_titles(table.titles))
    wanted = {name: () if _NO_COLUMN in titles else titles for name, titles in answers.columns.items()}
    guessed = infer_columns(columns, wanted)
    return replace(
        guessed,
        time_format=answers.time_format or guessed.time_format,
        date_order_unknown=guessed.date_order_unknown and answers.time_format is None,
        word_meanings={**guessed.word_meanings, **answers.word_meanings},
        timezone=answers.timezone,
        region=answers.region or guessed.region,
        language=language,
    )


def _ask_about_guess(known: InferredColumns, columns: SampleColumns, language: Language, ask: Ask) -> InferredColumns:
    """A person confirms or corrects each guess."""
    found = dict(known.columns)
    there = ", ".join(columns)
    for name, key in QUESTIONS.items():
        question = say(key, language, there=there)
        titles = _ask_titles(question, _COLUMN_JOINER.join(found.get(name, (_NO_COLUMN,))), columns, language, ask)
        found[name] = () if _NO_COLUMN in titles else titles
    # Another column may hold other words, and a time in another layout.
    again = infer_columns(columns, found)
    layout = known.time_format if found["DateTime"] == known.columns.get("DateTime") else again.time_format
    if found["DateTime"]:
        layout = ask(say("ask-time-format", language), layout or "%d.%m.%Y %H:%M:%S")
    words = {**again.word_meanings, **known.word_meanings}
    asked = [(found["direction"], _MEANINGS[:3]), (found["CallMissed"], _MEANINGS[3:])]
    for titles, meanings in asked:
        for word in distinct_words(columns, "".join(titles)):
            words[word] = _ask_meaning(word, words.get(word, ""), meanings, language, ask)
    return replace(
        known,
        columns=again.columns,
        time_format=layout,
        date_order_unknown=False,
        may_be_whole_call=False,
        word_meanings=words,
    )


def _ask_titles(question: str, default: str, columns: SampleColumns, language: Language, ask: Ask) -> tuple[str, ...]:
    """Columns that are there; asked again until they are."""
    asked = question
    while True:
        answer = ask(asked, default)
        titles = (answer,) if answer in columns else tuple(answer.split(_COLUMN_JOINER))
        if {*titles} <= {*columns, _NO_COLUMN}:
            return titles
        asked = f"{say('ask-no-such', language, title=answer)} {question}"


def _ask_meaning(word: str, guessed: str, meanings: Sequence[str], language: Language, ask: Ask) -> str:
    said = _NO_COLUMN
    while said not in meanings:
        said = ask(say("ask-word", language, word=word, meanings=", ".join(meanings)), guessed or meanings[0])
    return said


def _try_profile(profile: Profile, table: Table, sample: Batch, known: InferredColumns, language: Language) -> str:
    """What the profile makes of the sample, in a sentence."""
    try:
        mapped = map_batch(sample, bind_profile(profile, table.titles, MappingOptions(known.timezone, known.region)))
    except CalltoolsError as fault:
        return fault.say(language)
    assumptions = Assumptions(0, known.timezone, known.region)
    cells, _ = normalize_columns({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    times = {"DateTime": digits_only(cells["DateTime"]) & non_empty(cells["DateTime"])}
    counts = {name: int(times.get(name, non_empty(column)).sum()) for name, column in cells.items()}
    return say(
        "new-tried",
        language,
        read=sample.read,
        taken=len(mapped),
        skipped=format_skip_reasons(Counter(mapped.skipped), language) or "0",
        unknown=len(mapped.findings),
        fields=", ".join(f"{name} {count}" for name, count in counts.items()),
    )
