"""Inferring what the columns of a sample hold, from their cells and from their titles."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import digits_only, full_match
from calltools.model.cells import Cells, Mask, non_empty
from calltools.texts.keys import Language
from calltools.vendors.call_words import (
    MAX_WORDS,
    STATE_TITLE,
    call_meaning,
    direction_meaning,
    direction_of,
    distinct_words,
    state_meaning,
)
from calltools.vendors.epoch_ids import agrees_with_times
from calltools.vendors.time_columns import TimeColumns, find_time_columns
from calltools.vendors.transforms import join_filled

#: Title -> cells of the sample.
SampleColumns = Mapping[str, Cells]

_DURATION_PATTERN: Final = r"[0-9]{1,5}([.][0-9]+)?|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_MILLISECONDS_TITLE: Final = r"(?:^|[^a-z])(?:ms|msec|мс|millis\w*)(?:$|[^a-z])|_ms$"
_PHONE_PATTERN: Final = r"[+]?[0-9(][0-9 ()./-]{5,20}[0-9]"
_TITLE_PATTERNS: Final[Mapping[str, str]] = {
    "caller": r"caller|from|src|source|client|customer|contact|\bani\b|откуда|кто|клиент|абонент|звонивш|звонил",
    "called": r"\bto\b|called|callee|dst|dest|line|\bdid\b|virtual|tracking|company|\bour\b|"
    r"куда|кому|линия|компани|виртуал",
    "phone": r"phone|number|номер|телефон",
    "TalkDuration": r"talk|bill_?sec|in call|conversation|разговор",
    "whole": r"duration|length|\blen\b|seconds|\bsec|длит|продолж",
    "HoldDuration": r"wait|hold|ring|queue|ожидан|ответа|дозвон",
    "direction": r"direction|\bdir\b|flow|направл|тип|вид|type",
    "CallMissed": STATE_TITLE,
    "ClientId": r"ym_?client|ya_?client|metrika|metrica|client_?id|ym_uid",
    "Yclid": r"yclid",
    "Tag": r"\btags?\b|метк|тег",
    "URL": r"landing|page|url|страниц|сайт",
}
_MIN_SHARE: Final = 0.6
_SAMPLE_RECORDS: Final = 1_000
#: Cells of a row that are tested: a row of a million cells must not take long, and a record has a time or phone early.
_MAX_TITLES: Final = 100


@dataclass(frozen=True, slots=True)
class InferredColumns:
    """What the columns of a sample hold, inferred or said by the user.

    Attributes:
        columns: Canonical field, or ``direction``, -> titles of its columns; a field without a column is left out.
        time_format: ``strptime`` layout of the times, or ``iso``, ``unix``, ``unix-ms`` for milliseconds.
        date_order_unknown: Whether the dates can be read with the day first or the month first.
        time_of_day_missing: Whether the column of dates holds no time of day, and no other column does.
        word_meanings: Word of the direction or status column -> ``incoming``, ``outgoing``, ``internal``, ``unknown``,
            ``answered``, ``missed``; ``""`` if nobody knows. A missed call of a column of directions is incoming.
        may_be_whole_call: Whether the column of the talk may hold the length of the whole call.
        timezone: Zone of the example.
        region: Country of phones without a country code; ``None``: all have one, or it is unknown.
        language: Language of the comments.
        epoch_id: Column whose ids hold the Unix second of the call: by it the zone is checked.
    """

    columns: Mapping[str, tuple[str, ...]]
    time_format: str | None = None
    date_order_unknown: bool = False
    word_meanings: Mapping[str, str] = field(default_factory=dict)
    time_of_day_missing: bool = False
    may_be_whole_call: bool = False
    timezone: str = "Europe/Moscow"
    region: str | None = None
    language: Language = "en"
    epoch_id: str | None = None

    @property
    def tells_both(self) -> bool:
        """Whether one column tells the direction and whether a call was missed."""
        return self.columns.get("direction", ()) == self.columns.get("CallMissed", ()) != ()


def infer_columns(columns: SampleColumns, given: Mapping[str, tuple[str, ...]] | None = None) -> InferredColumns:
    """What the columns of a sample probably hold.

    Args:
        columns: Title -> cells of the sample.
        given: Field -> titles that the user says; no title: no column holds the field.
    """
    looked_at = {title: cells.slice(0, _SAMPLE_RECORDS) for title, cells in columns.items()}
    given = given or {}
    times = find_time_columns({title: looked_at[title] for title in given.get("DateTime", looked_at)}) or TimeColumns(
        ()
    )
    epoch_id = _find_epoch_id(looked_at, times)
    found = {"DateTime": times.titles, **given}
    for name, find in _FINDERS.items():
        if name not in given:
            # Ids of long digits look like phones.
            taken = {epoch_id, *(title for titles in found.values() for title in titles)}
            if name == "direction":
                # One column may tell both.
                taken -= {*given.get("CallMissed", ())}
            left = {title: cells for title, cells in looked_at.items() if title not in taken}
            title = find(_of_incoming(left, found.get("direction", ()), looked_at) if name == "PhoneNumber" else left)
            found[name] = () if title is None else (title,)
    if not found["CallMissed"] and "CallMissed" not in given and _tells_missed(columns, found["direction"]):
        found["CallMissed"] = found["direction"]
    found = {name: titles for name, titles in found.items() if titles}
    direction, status, talk, phone = (
        "".join(found.get(name, ())[:1]) for name in ("direction", "CallMissed", "TalkDuration", "PhoneNumber")
    )
    words = {word: call_meaning(word) for word in distinct_words(columns, direction)}
    if status != direction:
        words |= {word: state_meaning(word, status) or words.get(word, "") for word in distinct_words(columns, status)}
    whole_call = talk != "" and "TalkDuration" not in given and not _title_matches(talk, "TalkDuration")
    region = _infer_region(looked_at[phone]) if phone else None
    return InferredColumns(
        found,
        times.layout,
        times.date_order_unknown,
        words,
        time_of_day_missing=times.clock_missing,
        may_be_whole_call=whole_call,
        region=region,
        epoch_id=epoch_id,
    )


def _tells_missed(columns: SampleColumns, direction: tuple[str, ...]) -> bool:
    """Whether a column of directions has a word of its own for missed calls."""
    meanings = {call_meaning(word) for title in direction[:1] for word in distinct_words(columns, title)}
    return "missed" in meanings and bool(meanings & {"incoming", "answered"})


def _of_incoming(columns: SampleColumns, direction: tuple[str, ...], all_columns: SampleColumns) -> SampleColumns:
    """The cells of incoming calls, as far as words say which these are: only their callers go to Metrica."""
    if not direction:
        return columns
    words = all_columns[direction[0]].to_pylist()
    incoming = pa.array([direction_of(call_meaning(word)) == "incoming" for word in words])
    if not pc.any(incoming).as_py():
        return columns
    return {title: cells.filter(incoming) for title, cells in columns.items()}


def _find_epoch_id(columns: SampleColumns, times: TimeColumns) -> str | None:
    """The first column whose ids agree with the wall-clock times."""
    if times.layout is None or not times.layout.startswith("%"):
        return None
    texts = join_filled([columns[title] for title in times.titles], " ")
    others = {title: cells for title, cells in columns.items() if title not in times.titles}
    return next((title for title, cells in others.items() if agrees_with_times(cells, texts, times.layout)), None)


def looks_like_record(titles: Sequence[str]) -> bool:
    """Whether a row that should hold titles is a record: one of its cells is a time or a phone number."""
    # Times and phones hold digits, titles seldom do.
    cells = {
        str(place): pa.array([title], pa.string())
        for place, title in enumerate(titles[:_MAX_TITLES])
        if re.search("[0-9]", title)
    }
    return find_time_columns(cells) is not None or any(
        _share_of_filled(full_match(one, _PHONE_PATTERN), one) for one in cells.values()
    )


def title_says_milliseconds(title: str) -> bool:
    """Whether a title says that its column holds milliseconds."""
    return re.search(_MILLISECONDS_TITLE, title.lower()) is not None


def _share_of_filled(mask: Mask, cells: Cells) -> float:
    filled = non_empty(cells)
    return float((mask & filled).sum() / max(int(filled.sum()), 1))


def _title_matches(title: str, name: str) -> bool:
    return re.search(_TITLE_PATTERNS[name], title.lower()) is not None


def _best_title(columns: SampleColumns, score: Callable[[str, Cells], float]) -> str | None:
    """The title of the column with the highest score above zero; of equal ones the first."""
    scores = {title: score(title, cells) for title, cells in columns.items()}
    best = max(scores, key=scores.__getitem__, default=None)
    return best if best is not None and scores[best] > 0 else None


def _find_phone(columns: SampleColumns) -> str | None:
    """The column of the caller among columns of phones: by its title, and by how many of its cells are filled."""

    def score(title: str, cells: Cells) -> float:
        digits = pc.utf8_length(pc.replace_substring_regex(cells, "[^0-9]", "")).to_numpy(zero_copy_only=False)
        plausible = _share_of_filled(full_match(cells, _PHONE_PATTERN) & (digits >= 7) & (digits <= 15), cells)
        named = (
            2 * _title_matches(title, "caller") + _title_matches(title, "phone") - 3 * _title_matches(title, "called")
        )
        enough = _MIN_SHARE / 2 if named > 0 else _MIN_SHARE
        if plausible <= enough:
            return 0
        filled = float(non_empty(cells).mean())
        return 4 + named + 2 * filled + len(cells.unique()) / max(len(cells), 1)

    return _best_title(columns, score)


def _infer_region(phones: Cells) -> str | None:
    """RU if most phones have eleven digits as in Russia; other phones without a plus do not show their country."""
    digits = pc.replace_substring_regex(phones, "[^0-9+]", "")
    return "RU" if _share_of_filled(full_match(digits, "[78][3-9][0-9]{9}"), digits) > 1 - _MIN_SHARE else None


def _known_word_share(cells: Cells, known: Callable[[str], str]) -> float:
    words = [word for word in cells.unique().to_pylist() if word]
    return sum(bool(known(word)) for word in words) / len(words) if 0 < len(words) <= MAX_WORDS else 0


def _find_direction(columns: SampleColumns) -> str | None:
    """A column of few words, half of them known directions; or one whose title says direction.

    Or one that tells the state, too, such as «Входящий», «Пропущенный», «Отклонённый».
    """

    def score(title: str, cells: Cells) -> float:
        known, named = _known_word_share(cells, direction_meaning), _title_matches(title, "direction")
        if 0 < known < 0.5 and named and _known_word_share(cells, call_meaning) >= 0.5:
            return known + named
        few = 0 < len(set(cells.unique().to_pylist()) - {""}) <= MAX_WORDS
        surely = re.search(r"direction|направл", title.lower()) is not None
        return known + named if known >= 0.5 or (surely and few) else 0

    return _best_title(columns, score)


def _find_status(columns: SampleColumns) -> str | None:
    def score(title: str, cells: Cells) -> float:
        known, named = (
            _known_word_share(cells, lambda word: state_meaning(word, title)),
            _title_matches(title, "CallMissed"),
        )
        return known + named if known > 0 and (named or known >= 0.5) else 0

    return _best_title(columns, score)


def _duration_finder(name: str, *also: str) -> Callable[[SampleColumns], str | None]:
    def score(title: str, cells: Cells) -> float:
        named = 2 * _title_matches(title, name) + any(_title_matches(title, one) for one in also)
        whole = title_says_milliseconds(title) and _share_of_filled(digits_only(cells), cells) > _MIN_SHARE
        return named if whole or _share_of_filled(full_match(cells, _DURATION_PATTERN), cells) > _MIN_SHARE else 0

    return lambda columns: _best_title(columns, score)


def _pattern_finder(name: str, pattern: str) -> Callable[[SampleColumns], str | None]:
    """A finder of a column with a known title whose filled cells match a pattern."""

    def score(title: str, cells: Cells) -> float:
        filled = bool(non_empty(cells).any())
        return (
            _title_matches(title, name)
            if not filled or _share_of_filled(full_match(cells, pattern), cells) > _MIN_SHARE
            else 0
        )

    return lambda columns: _best_title(columns, score)


_FINDERS: Final[Mapping[str, Callable[[SampleColumns], str | None]]] = {
    "ClientId": _pattern_finder("ClientId", "[0-9]{8,20}"),
    "Yclid": _pattern_finder("Yclid", "[0-9]+"),
    "direction": _find_direction,
    # Behind the direction: only the callers of incoming calls count.
    "PhoneNumber": _find_phone,
    "CallMissed": _find_status,
    "HoldDuration": _duration_finder("HoldDuration"),
    "TalkDuration": _duration_finder("TalkDuration", "whole"),
    "URL": _pattern_finder("URL", "https?://.*"),
    "Tag": _pattern_finder("Tag", ".*"),
}
