"""What ``calltools vendors new`` does: look at a sample, ask, write a profile, and run it at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.table import NAMES
from calltools.files.opening import open_table
from calltools.files.safely import Beside
from calltools.messages import Language, say
from calltools.model.batch import Batch, Hints, Table
from calltools.model.cells import Cells
from calltools.model.titles import told
from calltools.vendors import library, propose
from calltools.vendors.loader import load
from calltools.vendors.mapping import MappingOptions, map_batch, prepare
from calltools.vendors.profile import Profile
from calltools.vendors.propose import Guess
from calltools.vendors.recognize import header_judge
from calltools.vendors.trials import outcome

#: Asks a person: sentence and default -> answer.
Ask = Callable[[str, str], str]
_ASKED: Final = ("DateTime", "PhoneNumber", "direction", "CallMissed", "TalkDuration", "HoldDuration")
_MEANINGS: Final = ("incoming", "outgoing", "internal", "answered", "missed")
_NONE: Final = "-"


def proposal(file: Path, said: Guess, language: Language, ask: Ask | None) -> tuple[str, str]:
    """A commented profile for a sample, and what it made of the sample.

    Args:
        file: The sample.
        said: What the options say; the rest is guessed.
        language: Of questions.
        ask: Asks a person about each guess; ``None``: there is nobody.

    Raises:
        UsageError: The sample has no header, or a column that was named is not there.
    """
    table = open_table(file, str(file), Hints(), header_judge(library.profiles()))
    if not table.titles:
        raise UsageError("nothing-to-propose", path=file)
    sample = next((task() for task in islice(table.tasks(), 1)), None)
    known = _known(propose.guess(table, sample), said, table)
    if ask is not None:
        known = _asked(known, propose.columns_of(table, sample), language, ask)
    bare = load(propose.propose(file.stem, table, sample, known, {}), str(file))
    expect = outcome(bare, bare.trials[0]) if bare.trials else {}
    text = propose.propose(file.stem, table, sample, known, {name: cell for name, cell in expect.items() if cell})
    return text, _tried(load(text, str(file)), table, sample, known, language)


def answers(columns: Sequence[str], words: Sequence[str], time_format: str | None, timezone: str, region: str) -> Guess:
    """What the options say.

    Raises:
        UsageError: One of them cannot be read.
    """
    pairs = dict(_pair(text, (*NAMES, "direction")) for text in columns)
    meanings = {word: meaning for meaning, word in (_pair(_turned(text), _MEANINGS) for text in words)}
    return Guess(pairs, time_format, meanings, timezone, region)


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


def _known(guessed: Guess, said: Guess, table: Table) -> Guess:
    """The guess, with what was said in place of it; ``-`` for a column means that there is none."""
    missing = [title for title in said.columns.values() if title not in {*table.titles, _NONE}]
    if missing:
        raise UsageError("columns-missing", columns=", ".join(missing), there=told(table.titles))
    columns = {name: title for name, title in {**guessed.columns, **said.columns}.items() if title != _NONE}
    return replace(
        said,
        columns=columns,
        time_format=said.time_format or guessed.time_format,
        words={**guessed.words, **said.words},
    )


def _asked(known: Guess, columns: Mapping[str, Cells | None], language: Language, ask: Ask) -> Guess:
    """A person confirms or corrects each guess."""
    found = dict(known.columns)
    there = ", ".join(columns)
    for name in _ASKED:
        title = ""
        while title not in {*columns, _NONE}:
            title = ask(say(f"ask-{name.lower()}", language, there=there), found.get(name, _NONE))
        found[name] = title
    found = {name: title for name, title in found.items() if title != _NONE}
    layout = known.time_format
    if "DateTime" in found:
        layout = ask(say("ask-time-format", language), known.time_format or "%d.%m.%Y %H:%M:%S")
    words = dict(known.words)
    asked = [(found.get("direction"), _MEANINGS[:3]), (found.get("CallMissed"), _MEANINGS[3:])]
    for column, meanings in asked:
        for word in propose.words_of(columns, column):
            words[word] = _meaning(word, words.get(word, ""), meanings, language, ask)
    return replace(known, columns=found, time_format=layout, words=words)


def _meaning(word: str, guessed: str, meanings: Sequence[str], language: Language, ask: Ask) -> str:
    said = _NONE
    while said not in meanings:
        said = ask(say("ask-word", language, word=word, meanings=", ".join(meanings)), guessed or meanings[0])
    return said


def _tried(profile: Profile, table: Table, sample: Batch | None, known: Guess, language: Language) -> str:
    """What the profile makes of the sample, in a sentence."""
    if sample is None:
        return say("new-untried", language)
    try:
        mapped = map_batch(sample, prepare(profile, table.titles, MappingOptions(known.timezone, known.region)))
    except CalltoolsError as fault:
        return fault.say(language)
    skipped = ", ".join(f"{reason} {count}" for reason, count in sorted(mapped.skipped.items()))
    return say(
        "new-tried",
        language,
        read=sample.read,
        taken=len(mapped),
        skipped=skipped or "0",
        unknown=len(mapped.findings),
        fields=", ".join(mapped.columns.column_names),
    )
