"""An export that nobody knows: its columns are asked about, and the answers become a profile."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import CalltoolsError, UsageError
from calltools.fields.kernels.byte_kernels import digits_only, full_match
from calltools.fields.kinds import normalize_columns
from calltools.fields.redaction import redact_cells
from calltools.files.folders import FoundFile
from calltools.files.packed import Packed, Unpacker
from calltools.guide.answers import Answers
from calltools.guide.question import (
    Choice,
    Found,
    Question,
    Sentence,
    list_meanings,
    plain_sentence,
    sentence,
)
from calltools.guide.time_formats import read_cells, read_time_format, write_time_format
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Source, Table
from calltools.model.cells import Cells, non_empty
from calltools.model.titles import redacted_titles
from calltools.run.context import RunOptions
from calltools.run.source import OpenedExport, open_export
from calltools.runtime.packages import join_command
from calltools.texts.keys import Language, MessageKey
from calltools.vendors import profile_library, propose
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.infer import (
    FULL_NAME,
    InferredColumns,
    SampleColumns,
    distinct_words,
    infer_columns,
    is_plain_word,
    looks_like_record,
)
from calltools.vendors.loader import load_profile
from calltools.vendors.mapping import map_batch
from calltools.vendors.profile_tests import run_example
from calltools.vendors.time_columns import find_time_columns

#: Begin of the key of a question about the column of a field, and about a word of the vendor.
COLUMN: Final = "column."
WORD: Final = "word."
TIME_FORMAT: Final = "time-format"
#: An answer in place of a title: no column holds the field.
NO_COLUMN: Final = "-"
#: Joins the titles of columns that make one time.
COLUMN_JOINER: Final = " + "
#: Fields that a person is asked about, in this order -> what is asked, and why.
_FIELDS: Final[Mapping[str, tuple[MessageKey, MessageKey]]] = {
    "DateTime": ("ask-datetime", "ask-datetime-why"),
    "PhoneNumber": ("ask-phonenumber", "ask-phonenumber-why"),
    "direction": ("ask-direction", "ask-direction-why"),
    "CallMissed": ("ask-callmissed", "ask-callmissed-why"),
    "TalkDuration": ("ask-talkduration", "ask-talkduration-why"),
    "HoldDuration": ("ask-holdduration", "ask-holdduration-why"),
    "Price": ("ask-price", "ask-price-why"),
    "Currency": ("ask-currency", "ask-currency-why"),
}
#: Word of the direction, or of the state, as a profile has it -> what it is, and other words for it.
_DIRECTIONS: Final[Mapping[str, tuple[MessageKey, tuple[str, ...]]]] = {
    "incoming": ("guide-word-incoming", ("входящий", "входящие", "входящий звонок", "вх", "in", "inbound")),
    "outgoing": ("guide-word-outgoing", ("исходящий", "исходящие", "исх", "out", "outbound")),
    "internal": ("guide-word-internal", ("внутренний", "внутренние", "local")),
    "unknown": ("guide-word-other", ("другое", "прочее", "other")),
}
_STATES: Final[Mapping[str, tuple[MessageKey, tuple[str, ...]]]] = {
    "answered": (
        "guide-word-answered",
        ("отвечен", "отвечено", "отвеченный", "принят", "принятый", "состоялся", "разговор", "да", "yes"),
    ),
    "missed": (
        "guide-word-missed",
        ("пропущен", "пропущенный", "пропущено", "не отвечен", "неотвечен", "потерян", "нет", "no"),
    ),
}
_AMOUNT: Final = r"[-+]?[0-9][0-9 \x{a0}\x{202f}]*([.,][0-9]{1,4})?( ?(₽|руб[.]?|р[.]|RUB|USD|EUR|[$€₸]))?"
_MONEY_TITLE: Final = r"(?i)price|revenue|amount|\bsum\b|budget|доход|выручк|сумм|бюджет|цена|оплат"
_CURRENCY_CODE: Final = "[A-Z]{3}"
_MIN_SHARE: Final = 0.6
_SAMPLE_CELLS: Final = 3
#: Of a cell that is shown.
_SHOWN_LETTERS: Final = 30
_PHONE: Final = r"[+]?[0-9(][0-9 ()./-]{5,20}[0-9]"
_DURATION: Final = r"[0-9]{1,6}([.,][0-9]+)?|[0-9]{1,3}:[0-9]{2}(:[0-9]{2})?|[0-9]+ ?(s|sec|с|сек)[.]?"
_FULL_NAME: Final = re.compile(FULL_NAME)


@dataclass(frozen=True, slots=True)
class Draft:
    """A sample of an export that nobody knows, and what is guessed of it.

    Attributes:
        name: What the user calls the file.
        opened: The file.
        sample: Its first records.
        columns: Title -> cells of the sample.
        guess: What the columns hold, with the answers so far.
        is_complete: Whether nothing is left to ask.
    """

    name: str
    opened: OpenedExport
    sample: Batch
    columns: SampleColumns
    guess: InferredColumns
    is_complete: bool = False

    @property
    def table(self) -> Table:
        """The table of the file."""
        return self.opened.table

    @property
    def source(self) -> Source:
        """How the file is read."""
        return self.opened.table.source

    @property
    def facts(self) -> tuple[Sentence, ...]:
        """What is known of it."""
        return (sentence("guide-found-unknown", titles=redacted_titles(self.table.titles)),)

    @property
    def profile_name(self) -> str:
        """A name for the profile, made from that of the file."""
        profiles = profile_library.load_profiles()
        return propose.suggest_profile_name(
            Path(self.name).stem, {word for one in profiles for word in (one.name, *one.aliases)}
        )

    def write(self, language: Language, output: Path | None = None) -> tuple[str, "Outcome"]:
        """The profile as commented TOML, and what it makes of the sample.

        Args:
            language: Of the comments.
            output: Where it is going to be written, which names it; ``None``: it is named after the sample.
        """
        guess = replace(self.guess, language=language)
        name = (self if output is None else replace(self, name=output.name)).profile_name
        command = join_command(["calltools", "vendors", "test", str(output or f"{name}.toml")])
        draft = partial(propose.propose_profile, name, self.table, self.sample, guess, command=command)
        # What the profile makes of its example is not known before it has run, so it is drafted twice.
        without_result = load_profile(draft({}), self.name)
        cells = run_example(without_result, without_result.examples[0]) if without_result.examples else {}
        text = draft({field: cell for field, cell in cells.items() if cell})
        return text, _try_profile(text, self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a drafted profile makes of its sample.

    Attributes:
        read: Records.
        taken: Incoming calls.
        skipped: Reason -> records that are left out.
        unknown: Words that nobody has explained.
        filled: Field -> cells that are filled; a time counts only if it was understood.
        fault: Why it cannot run.
    """

    read: int = 0
    taken: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    fault: CalltoolsError | None = None


def open_draft(path: Path, name: str, hints: Hints, answers: InferredColumns) -> Draft:
    """The sample, with the guesses about its columns.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        hints: What the user says about its form.
        answers: What the user says about its columns; the rest is inferred from the cells.

    Raises:
        UsageError: The sample has no record, or no column with a title that was named.
    """
    opened = open_export(path, name, hints, profile_library.load_profiles())
    if looks_like_record(opened.table.titles) and opened.table.source.format.headerless:
        opened = open_export(path, name, replace(hints, header_row=0), ())
    table = opened.table
    sample = next((task() for task in islice(table.tasks(), 1)), None) if table.titles else None
    if sample is None or not len(sample) or looks_like_record(table.titles):
        raise UsageError("nothing-to-propose", path=name)
    columns = propose.sample_columns(table, sample)
    return Draft(name, opened, sample, columns, complete_guess(columns, answers, table))


def draft_for(found: FoundFile, options: RunOptions, answers: Answers) -> Draft | None:
    """The sample of a file that no profile fits, with the answers so far; ``None``: it tells nothing.

    Raises:
        UsageError: An answer names a column that the file has not.
    """
    with Unpacker() as unpacker:
        path = unpacker.plain_path(Packed(found.path, found.member), found.name, options.limits)
        try:
            return open_draft(path, found.name, options.hints, said_columns(answers, options))
        except UsageError as fault:
            if fault.key != "nothing-to-propose":
                raise
            return None


def said_columns(answers: Answers, options: RunOptions) -> InferredColumns:
    """What the answers say about the columns."""
    return InferredColumns(
        {
            key.removeprefix(COLUMN): tuple(text.split(COLUMN_JOINER))
            for key, text in answers.items()
            if key.startswith(COLUMN) and text
        },
        answers.get(TIME_FORMAT) or None,
        word_meanings={key.removeprefix(WORD): text for key, text in answers.items() if key.startswith(WORD)},
        timezone=options.timezone or "Europe/Moscow",
        region=options.region,
    )


def complete_guess(columns: SampleColumns, answers: InferredColumns, table: Table) -> InferredColumns:
    """Infer from the sample what the answers leave open; ``-`` as a title means that the export has no such column.

    Raises:
        UsageError: An answer names a title that the sample has not.
    """
    said = {name: _split_titles(titles, columns) for name, titles in answers.columns.items()}
    missing = [(name, one) for name, titles in said.items() for one in titles if one not in {*columns, NO_COLUMN}]
    if missing:
        listed = ", ".join(title for _, title in missing)
        raise UsageError("columns-missing", columns=listed, there=redacted_titles(table.titles), field=missing[0][0])
    given = {name: () if NO_COLUMN in titles else titles for name, titles in said.items()}
    inferred = infer_columns(columns, given)
    return replace(
        inferred,
        time_format=answers.time_format or inferred.time_format,
        date_order_unknown=inferred.date_order_unknown and answers.time_format is None,
        word_meanings={**inferred.word_meanings, **answers.word_meanings},
        timezone=answers.timezone,
        region=answers.region or inferred.region,
        may_be_whole_call=inferred.may_be_whole_call and "TalkDuration" not in said,
    )


def _split_titles(titles: tuple[str, ...], columns: SampleColumns) -> tuple[str, ...]:
    """The titles of an answer; one title may itself have a plus in it."""
    whole = COLUMN_JOINER.join(titles)
    return (whole,) if whole in columns else titles


def ask_about_mapping(draft: Draft, answers: Answers) -> list[Question]:
    """What must still be said about the columns: first which they are, then how times and words are read."""
    questions = [*_column_questions(draft, answers)]
    if not questions:
        questions = [*_reading_questions(draft, answers)]
    return questions


def _column_questions(draft: Draft, answers: Answers) -> Iterator[Question]:
    for name, (what, why) in _FIELDS.items():
        if f"{COLUMN}{name}" in answers or not _is_askable(name, draft):
            continue
        titles = COLUMN_JOINER.join(draft.guess.columns.get(name, ())) or NO_COLUMN
        likely = {title: cells for title, cells in draft.columns.items() if _may_hold(name, title, draft)}
        shown = likely or draft.columns
        yield Question(
            f"{COLUMN}{name}",
            "choice",
            sentence(what),
            sentence(why),
            found=Found(titles, _reason(name, draft)),
            choices=(
                *(Choice(title, plain_sentence(title), _show_cells(cells)) for title, cells in shown.items()),
                Choice(NO_COLUMN, sentence("guide-column-none"), also=("нет", "no", "none")),
            ),
            # Any title of the file is an answer, and two of them with a plus.
            free_text=True,
            file=draft.name,
        )


def _is_askable(name: str, draft: Draft) -> bool:
    """Whether to ask for the column of a field: about money only where there is some."""
    if name in {"Price", "Currency"}:
        needed = name == "Price" or "Price" in draft.guess.columns
        return needed and any(_may_hold(name, title, draft) for title in draft.columns)
    return True


def _may_hold(name: str, title: str, draft: Draft) -> bool:
    """Whether a column could hold a field, by its cells."""
    cells = draft.columns[title]
    match name:
        case "DateTime":
            return _holds_times(cells)
        case "PhoneNumber":
            return _share(full_match(cells, _PHONE), cells) > _MIN_SHARE / 2 and not _holds_times(cells)
        case "direction" | "CallMissed":
            words = distinct_words(draft.columns, title)
            return bool(words) and not full_match(pa.array(words), _AMOUNT).all()
        case "TalkDuration" | "HoldDuration":
            return _share(full_match(cells, _DURATION), cells) > _MIN_SHARE
        case "Price":
            named = re.search(_MONEY_TITLE, title) is not None
            return named and _share(full_match(cells, _AMOUNT), cells) > _MIN_SHARE
        case _:
            return _share(full_match(cells, _CURRENCY_CODE), cells) > _MIN_SHARE


def _holds_times(cells: Cells) -> bool:
    return find_time_columns({"": cells}) is not None


def _share(mask: object, cells: Cells) -> float:
    filled = non_empty(cells)
    return float((mask & filled).sum() / max(int(filled.sum()), 1))  # type: ignore[operator]  # masks of numpy


def _reason(name: str, draft: Draft) -> Sentence:
    """What speaks for a guess: how the first times are read, what the words mean."""
    guess = draft.guess
    titles = guess.columns.get(name, ())
    if not titles:
        return sentence("guide-column-none-fits")
    if name == "DateTime" and guess.time_format:
        return read_cells(draft.columns, titles, guess.time_format)
    if name in {"direction", "CallMissed"}:
        words = distinct_words(draft.columns, titles[0])
        known = _DIRECTIONS if name == "direction" else _STATES
        unclear: tuple[MessageKey, tuple[str, ...]] = ("guide-word-unclear", ())
        return list_meanings(
            {word: sentence(known.get(guess.word_meanings.get(word, ""), unclear)[0]) for word in words}
        )
    return _show_cells(draft.columns[titles[0]])


def _show_cells(cells: Cells) -> Sentence:
    """Three cells of a column, masked by what they look like."""
    distinct = pc.unique(cells.filter(pa.array(non_empty(cells)))).slice(0, _SAMPLE_CELLS)
    if not len(distinct):
        return sentence("guide-column-empty")
    if not _holds_times(distinct):
        is_phone = full_match(distinct, _PHONE).any()
        distinct = redact_cells("PhoneNumber" if is_phone else "", distinct)
    shown = [_FULL_NAME.sub("***", text)[:_SHOWN_LETTERS] for text in distinct.to_pylist()]
    return plain_sentence(", ".join(shown))


def _reading_questions(draft: Draft, answers: Answers) -> Iterator[Question]:
    guess = draft.guess
    times = guess.columns.get("DateTime", ())
    if times and TIME_FORMAT not in answers and (guess.time_format is None or guess.date_order_unknown):
        found = None
        if guess.time_format is not None and not guess.date_order_unknown:
            found = Found(write_time_format(guess.time_format), read_cells(draft.columns, times, guess.time_format))
        yield Question(
            TIME_FORMAT, "text", sentence("ask-time-format"),
            sentence("ask-time-format-why", cells=", ".join(_joined_times(draft)[:_SAMPLE_CELLS])),
            found=found, free_text=True, file=draft.name,
        )  # fmt: skip
    for name, words in (("direction", _DIRECTIONS), ("CallMissed", _STATES)):
        for word in distinct_words(draft.columns, "".join(guess.columns.get(name, ())[:1])):
            if f"{WORD}{word}" not in answers and not guess.word_meanings.get(word):
                yield Question(
                    f"{WORD}{word}", "choice",
                    sentence("ask-word", word=word), sentence("ask-word-why", column=guess.columns[name][0]),
                    choices=tuple(Choice(one, sentence(key), also=also) for one, (key, also) in words.items()),
                    file=draft.name,
                )  # fmt: skip


def _joined_times(draft: Draft) -> list[str]:
    parts = [draft.columns[title].to_pylist() for title in draft.guess.columns.get("DateTime", ())]
    return [" ".join(filter(None, texts)) for texts in zip(*parts, strict=True)]


def read_mapping_answer(draft: Draft, question: Question, answer: str) -> str:
    """An answer about the columns as the profile takes it.

    Raises:
        UsageError: The sample has no such column, or its times are not written so.
    """
    if question.key.startswith(COLUMN):
        titles = _split_titles(tuple(answer.split(COLUMN_JOINER)), draft.columns)
        if unknown := [title for title in titles if title not in {*draft.columns, NO_COLUMN}]:
            raise UsageError("columns-missing", columns=", ".join(unknown), there=redacted_titles(draft.table.titles))
    elif question.key == TIME_FORMAT:
        return read_time_format(answer, _joined_times(draft))
    return answer


def _try_profile(text: str, draft: Draft) -> Outcome:
    """Run a profile on the sample."""
    guess = draft.guess
    try:
        profile = load_profile(text, draft.name)
        options = MappingOptions(guess.timezone, guess.region)
        mapped = map_batch(draft.sample, bind_profile(profile, draft.table.titles, options)).sum_counts()
    except CalltoolsError as error:
        return Outcome(fault=error)
    assumptions = Assumptions(0, guess.timezone, guess.region)
    cells, _ = normalize_columns({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    # A time that was not understood is left as it was: only digits are a time.
    times = {"DateTime": digits_only(cells["DateTime"]) & non_empty(cells["DateTime"])}
    # The reason to skip a row is a word of the sample as long as nobody has said what it means.
    skipped: Counter[str] = Counter()
    for reason, count in mapped.skipped.items():
        skipped[reason if is_plain_word(reason) else "***"] += count
    counts = {name: int(times.get(name, non_empty(column)).sum()) for name, column in cells.items()}
    return Outcome(draft.sample.read, len(mapped), skipped, len(mapped.findings), counts)


MAPPING_KEYS: Final = (COLUMN, WORD, TIME_FORMAT)
