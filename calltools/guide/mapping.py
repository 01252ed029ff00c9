"""The questions about the columns of an export that nobody knows, and what their answers mean."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.fields.kernels.byte_kernels import full_match
from calltools.fields.redaction import redact_cells
from calltools.guide.answers import COLUMN, TIME_FORMAT, WORD, Answers
from calltools.guide.draft import COLUMN_JOINER, NO_COLUMN, Draft, split_titles
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
from calltools.model.cells import Cells, non_empty
from calltools.model.titles import redacted_titles
from calltools.texts.keys import MessageKey
from calltools.vendors.call_words import (
    FULL_NAME,
    direction_of,
    distinct_words,
    missed_flag,
    rests_on_column,
)
from calltools.vendors.time_columns import find_time_columns

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
#: The same of a column that tells both.
_BOTH: Final[Mapping[str, tuple[MessageKey, tuple[str, ...]]]] = {
    "incoming": ("guide-word-incoming-answered", (*_DIRECTIONS["incoming"][1], *_STATES["answered"][1])),
    "missed": ("guide-word-incoming-missed", _STATES["missed"][1]),
    **{meaning: _DIRECTIONS[meaning] for meaning in ("outgoing", "internal", "unknown")},
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
        unclear: tuple[MessageKey, tuple[str, ...]] = ("guide-word-unclear", ())
        return list_meanings(
            {
                word: sentence(_known_words(word, name, draft).get(_meaning(word, name, draft), unclear)[0])
                for word in distinct_words(draft.columns, titles[0])
            }
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
    for name in ("direction",) if guess.tells_both else ("direction", "CallMissed"):
        for word in distinct_words(draft.columns, "".join(guess.columns.get(name, ())[:1])):
            meaning = _meaning(word, name, draft)
            if f"{WORD}{word}" not in answers and (not meaning or _is_unsure(word, name, draft)):
                yield _ask_word(word, name, meaning, draft)


def _known_words(word: str, name: str, draft: Draft) -> Mapping[str, tuple[MessageKey, tuple[str, ...]]]:
    """What a word of the column of a field can mean."""
    return _BOTH if _tells_both(word, draft) else _DIRECTIONS if name == "direction" else _STATES


def _tells_both(word: str, draft: Draft) -> bool:
    """Whether a word stands in the column of the direction and in that of the state: one, or two with a word alike."""
    titles = [draft.guess.columns.get(name, ()) for name in ("direction", "CallMissed")]
    return all(word in distinct_words(draft.columns, "".join(one[:1])) for one in titles)


def _meaning(word: str, name: str, draft: Draft) -> str:
    """The meaning of a word in the column of a field; ``""``: not known, or none that this column can have."""
    meaning = draft.guess.word_meanings.get(word, "")
    if _tells_both(word, draft):
        return "incoming" if meaning == "answered" else meaning
    if name == "direction":
        return direction_of(meaning)
    return meaning if missed_flag(meaning, shared=False) else ""


def _is_unsure(word: str, name: str, draft: Draft) -> bool:
    """Whether a meaning is found, but must be confirmed: only the other words of the column speak for it."""
    if name != "direction":
        return False
    words = distinct_words(draft.columns, draft.guess.columns[name][0])
    none_missed = draft.guess.tells_both and not any(_meaning(one, name, draft) == "missed" for one in words)
    return rests_on_column(word) or none_missed


def _ask_word(word: str, name: str, meaning: str, draft: Draft) -> Question:
    known, column = _known_words(word, name, draft), draft.guess.columns[name][0]
    return Question(
        f"{WORD}{word}", "choice", sentence("ask-word", word=word), sentence("ask-word-why", column=column),
        found=Found(meaning, sentence("guide-word-found")) if meaning else None,
        choices=tuple(Choice(one, sentence(key), also=also) for one, (key, also) in known.items()),
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
        titles = split_titles(tuple(answer.split(COLUMN_JOINER)), draft.columns)
        if unknown := [title for title in titles if title not in {*draft.columns, NO_COLUMN}]:
            raise UsageError("columns-missing", columns=", ".join(unknown), there=redacted_titles(draft.table.titles))
    elif question.key == TIME_FORMAT:
        return read_time_format(answer, _joined_times(draft))
    return answer
