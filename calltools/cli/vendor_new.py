"""What ``calltools vendors new`` does: look at a sample, ask, write a profile, and run it at once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.normalize import normalize
from calltools.fields.shapes import digits_only
from calltools.fields.table import NAMES
from calltools.files.opening import open_table
from calltools.files.safely import Beside
from calltools.messages import Language, say
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Table
from calltools.model.cells import filled
from calltools.model.titles import told
from calltools.reports.wording import reasons
from calltools.vendors import library, propose
from calltools.vendors.fitting import fit
from calltools.vendors.guessing import Columns, Guess, guess, is_data, words_of
from calltools.vendors.loader import load
from calltools.vendors.mapping import MappingOptions, map_batch, prepare
from calltools.vendors.profile import Profile
from calltools.vendors.recognize import header_judge
from calltools.vendors.trials import outcome

#: Asks a person: sentence and default -> answer.
Ask = Callable[[str, str], str]
#: What a person is asked for, in this order, and the key of the question.
QUESTIONS: Final[Mapping[str, str]] = MappingProxyType(
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
_NONE: Final = "-"
#: Between columns that make one time.
_AND: Final = " + "


def proposal(file: Path, said: Guess, language: Language, ask: Ask | None) -> tuple[str, str]:
    """A commented profile for a sample, and what it made of the sample.

    Args:
        file: The sample.
        said: What the options say; the rest is guessed.
        language: Of questions.
        ask: Asks a person about each guess; ``None``: there is nobody.

    Raises:
        UsageError: The sample holds no call, or a column that was named is not there.
    """
    table, sample = _opened(file)
    columns = propose.columns_of(table, sample)
    known = _known(columns, said, table, language)
    if ask is not None:
        known = _asked(known, columns, language, ask)
    taken = {word for one in library.profiles() for word in (one.name, *one.aliases)}
    name = propose.plain_name(file.stem, taken)
    bare = load(propose.propose(name, table, sample, known, {}), str(file))
    expect = outcome(bare, bare.trials[0]) if bare.trials else {}
    text = propose.propose(name, table, sample, known, {name: cell for name, cell in expect.items() if cell})
    tried = _tried(load(text, str(file)), table, sample, known, language)
    fits = [one.name for one in library.profiles() if fit(one, table.titles).fits]
    return text, "\n".join([*(say("new-known", language, vendor=vendor) for vendor in fits), tried])


def _opened(file: Path) -> tuple[Table, Batch]:
    """The sample and its first records. Where the first of them stands for the header, its columns get numbers."""
    table = open_table(file, str(file), Hints(), header_judge(library.profiles()))
    if is_data(table.titles) and table.source.format.headerless:
        table = open_table(file, str(file), Hints(header_row=0), header_judge(()))
    sample = next((task() for task in islice(table.tasks(), 1)), None) if table.titles else None
    if sample is None or not len(sample) or is_data(table.titles):
        raise UsageError("nothing-to-propose", path=file)
    return table, sample


def answers(
    columns: Sequence[str], words: Sequence[str], time_format: str | None, timezone: str, region: str | None
) -> Guess:
    """What the options say.

    Raises:
        UsageError: One of them cannot be read.
    """
    pairs = [_pair(text, (*NAMES, "direction")) for text in columns]
    titles = {name: tuple(title for other, title in pairs if other == name) for name, _ in pairs}
    meanings = {word: meaning for meaning, word in (_pair(_turned(text), _MEANINGS) for text in words)}
    return Guess(titles, time_format, words=meanings, timezone=timezone, region=region)


def write(text: str, output: Path, *, force: bool) -> None:
    """Write the profile."""
    with Beside(output, force=force) as stream:
        stream.write(text.encode())


def _pair(text: str, names: Sequence[str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name.strip() not in names:
        raise UsageError("answer-unreadable", given=text, names=", ".join(names))
    return name.strip(), value.strip()


def _turned(text: str) -> str:
    word, _, meaning = text.rpartition("=")
    return f"{meaning.strip()}={word.strip()}"


def _known(columns: Columns, said: Guess, table: Table, language: Language) -> Guess:
    """What the sample looks like where nothing was said; ``-`` for a column means that there is none."""
    missing = [title for titles in said.columns.values() for title in titles if title not in {*columns, _NONE}]
    if missing:
        raise UsageError("columns-missing", columns=", ".join(missing), there=told(table.titles))
    wanted = {name: () if _NONE in titles else titles for name, titles in said.columns.items()}
    guessed = guess(columns, wanted)
    return replace(
        guessed,
        time_format=said.time_format or guessed.time_format,
        unsure_order=guessed.unsure_order and said.time_format is None,
        words={**guessed.words, **said.words},
        timezone=said.timezone,
        region=said.region or guessed.region,
        language=language,
    )


def _asked(known: Guess, columns: Columns, language: Language, ask: Ask) -> Guess:
    """A person confirms or corrects each guess."""
    found = dict(known.columns)
    there = ", ".join(columns)
    for name, key in QUESTIONS.items():
        question = say(key, language, there=there)
        titles = _titles(question, _AND.join(found.get(name, (_NONE,))), columns, language, ask)
        found[name] = () if _NONE in titles else titles
    # Another column may hold other words, and a time in another layout.
    again = guess(columns, found)
    layout = known.time_format if found["DateTime"] == known.columns.get("DateTime") else again.time_format
    if found["DateTime"]:
        layout = ask(say("ask-time-format", language), layout or "%d.%m.%Y %H:%M:%S")
    words = {**again.words, **known.words}
    asked = [(found["direction"], _MEANINGS[:3]), (found["CallMissed"], _MEANINGS[3:])]
    for titles, meanings in asked:
        for word in words_of(columns, "".join(titles)):
            words[word] = _meaning(word, words.get(word, ""), meanings, language, ask)
    return replace(known, columns=again.columns, time_format=layout, unsure_order=False, whole_call=False, words=words)


def _titles(question: str, default: str, columns: Columns, language: Language, ask: Ask) -> tuple[str, ...]:
    """Columns that are there; asked again until they are."""
    asked = question
    while True:
        answer = ask(asked, default)
        titles = (answer,) if answer in columns else tuple(answer.split(_AND))
        if {*titles} <= {*columns, _NONE}:
            return titles
        asked = f"{say('ask-no-such', language, title=answer)} {question}"


def _meaning(word: str, guessed: str, meanings: Sequence[str], language: Language, ask: Ask) -> str:
    said = _NONE
    while said not in meanings:
        said = ask(say("ask-word", language, word=word, meanings=", ".join(meanings)), guessed or meanings[0])
    return said


def _tried(profile: Profile, table: Table, sample: Batch, known: Guess, language: Language) -> str:
    """What the profile makes of the sample, in a sentence."""
    try:
        mapped = map_batch(sample, prepare(profile, table.titles, MappingOptions(known.timezone, known.region)))
    except CalltoolsError as fault:
        return fault.say(language)
    assumptions = Assumptions(0, known.timezone, known.region)
    cells, _ = normalize({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    times = {"DateTime": digits_only(cells["DateTime"]) & filled(cells["DateTime"])}
    counts = {name: int(times.get(name, filled(column)).sum()) for name, column in cells.items()}
    return say(
        "new-tried",
        language,
        read=sample.read,
        taken=len(mapped),
        skipped=reasons(Counter(mapped.skipped), language) or "0",
        unknown=len(mapped.findings),
        fields=", ".join(f"{name} {count}" for name, count in counts.items()),
    )
