"""What the columns of a sample are: by what their cells look like, and behind that by their titles."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.shapes import digits_only, matches
from calltools.messages import Language
from calltools.model.cells import Cells, Mask, filled
from calltools.vendors.time_layouts import Times, times_of

#: Title -> cells of the sample.
Columns = Mapping[str, Cells]

_DURATION: Final = r"[0-9]{1,5}([.][0-9]+)?|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_MILLISECONDS: Final = r"(?:^|[^a-z])(?:ms|msec|мс|millis\w*)(?:$|[^a-z])|_ms$"
_PHONE: Final = r"[+]?[0-9(][0-9 ()./-]{5,20}[0-9]"
_TITLES: Final[Mapping[str, str]] = {
    "caller": r"caller|from|src|source|client|customer|contact|\bani\b|откуда|кто|клиент|абонент|звонивш|звонил",
    "called": r"\bto\b|called|callee|dst|dest|line|\bdid\b|virtual|tracking|company|\bour\b|"
    r"куда|кому|линия|компани|виртуал",
    "phone": r"phone|number|номер|телефон",
    "TalkDuration": r"talk|bill_?sec|in call|conversation|разговор",
    "whole": r"duration|length|\blen\b|seconds|\bsec|длит|продолж",
    "HoldDuration": r"wait|hold|ring|queue|ожидан|ответа|дозвон",
    "direction": r"direction|\bdir\b|flow|направл|тип|вид|type",
    "CallMissed": r"status|state|missed|lost|disposition|result|answered|success|outcome|"
    r"итог|стату|пропущ|результат|исход|успеш",
    "ClientId": r"ym_?client|ya_?client|metrika|metrica|client_?id|ym_uid",
    "Yclid": r"yclid",
    "Tag": r"\btags?\b|метк|тег",
    "URL": r"landing|page|url|страниц|сайт",
}
_INCOMING: Final = r"^i$|^in|^вх"
_OUTGOING: Final = r"^o$|^out|^исх"
_INTERNAL: Final = r"intern|local|внутр"
_MISSED: Final = (
    r"miss|no.?answer|not.?answer|unanswer|busy|cancel|abandon|fail|lost|reject|voice.?mail|"
    r"пропущ|не ?отв|не ?прин|не ?дозв|не ?усп|занят|потер|сброш|отклон"
)
_ANSWERED: Final = r"answer|success|complete|connect|talk|принят|отвеч|успеш|разговор|состоял|соедин"
_YES, _NO = {"1", "true", "yes", "да", "истина"}, {"0", "false", "no", "нет", "ложь"}
_ENOUGH: Final = 0.6
_FEW_WORDS: Final = 12
_LOOKED_AT: Final = 1_000
#: A record shows a time or a number early; a row of a million cells must not take long.
_TITLES_LOOKED_AT: Final = 100


@dataclass(frozen=True, slots=True)
class Guess:
    """What a sample looks like, or what somebody says it is.

    Attributes:
        columns: Canonical field, or ``direction``, -> titles of its columns; what no column fills is left out.
        time_format: Layout of the times, ``iso``, ``unix``, or ``unix-ms`` for milliseconds.
        unsure_order: Whether nothing says that days come before months.
        words: Word of the direction or status column -> ``incoming``, ``outgoing``, ``internal``, ``answered``,
            ``missed``; ``""`` where nobody knows.
        whole_call: Whether the talk may be the whole call.
        timezone: Of the example.
        region: Country of phones without a country code; ``None``: all have one, or nothing tells it.
        language: Of comments.
    """

    columns: Mapping[str, tuple[str, ...]]
    time_format: str | None = None
    unsure_order: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    whole_call: bool = False
    timezone: str = "Europe/Moscow"
    region: str | None = None
    language: Language = "en"


def guess(columns: Columns, said: Mapping[str, tuple[str, ...]] | None = None) -> Guess:
    """What the columns of a sample look like.

    Args:
        columns: Of the sample.
        said: Of which fields somebody says the columns; none of them: no column fills it.
    """
    looked_at = {title: cells.slice(0, _LOOKED_AT) for title, cells in columns.items()}
    said = said or {}
    times = times_of({title: looked_at[title] for title in said.get("DateTime", looked_at)}) or Times(())
    found = {"DateTime": times.titles, **said}
    for name, find in _FINDERS.items():
        if name not in said:
            taken = {title for titles in found.values() for title in titles}
            title = find({title: cells for title, cells in looked_at.items() if title not in taken})
            found[name] = () if title is None else (title,)
    found = {name: titles for name, titles in found.items() if titles}
    direction, status, talk, phone = (
        "".join(found.get(name, ())[:1]) for name in ("direction", "CallMissed", "TalkDuration", "PhoneNumber")
    )
    words = {word: _direction(word) for word in words_of(columns, direction)}
    words |= {word: _status(word, status) for word in words_of(columns, status)}
    whole_call = talk != "" and "TalkDuration" not in said and not _titled(talk, "TalkDuration")
    region = _region(looked_at[phone]) if phone else None
    return Guess(found, times.layout, times.unsure_order, words, whole_call=whole_call, region=region)


def is_data(titles: Sequence[str]) -> bool:
    """Whether what should be titles is a record: it holds a time, or the number of a telephone."""
    # Both hold digits, titles seldom do.
    cells = {
        str(place): pa.array([title], pa.string())
        for place, title in enumerate(titles[:_TITLES_LOOKED_AT])
        if re.search("[0-9]", title)
    }
    return times_of(cells) is not None or any(_share(matches(one, _PHONE), one) for one in cells.values())


def words_of(columns: Columns, title: str | None) -> list[str]:
    """The distinct words of a column, if they are few."""
    if title is None or title not in columns:
        return []
    words = sorted(word for word in columns[title].unique().to_pylist() if word)
    return words if len(words) <= _FEW_WORDS else []


def is_milliseconds(title: str) -> bool:
    """Whether a title says so."""
    return re.search(_MILLISECONDS, title.lower()) is not None


def _share(mask: Mask, cells: Cells) -> float:
    there = filled(cells)
    return float((mask & there).sum() / max(int(there.sum()), 1))


def _titled(title: str, name: str) -> bool:
    return re.search(_TITLES[name], title.lower()) is not None


def _best(columns: Columns, score: Callable[[str, Cells], float]) -> str | None:
    """The title with the highest score, if that is above zero; of equals the first."""
    scores = {title: score(title, cells) for title, cells in columns.items()}
    best = max(scores, key=scores.__getitem__, default=None)
    return best if best is not None and scores[best] > 0 else None


def _phone(columns: Columns) -> str | None:
    """Of several columns of numbers that of the caller: it is called so, or its numbers differ most."""

    def score(title: str, cells: Cells) -> float:
        digits = pc.utf8_length(pc.replace_substring_regex(cells, "[^0-9]", "")).to_numpy(zero_copy_only=False)
        plausible = _share(matches(cells, _PHONE) & (digits >= 7) & (digits <= 15), cells)
        named = 2 * _titled(title, "caller") + _titled(title, "phone") - 3 * _titled(title, "called")
        enough = _ENOUGH / 2 if named > 0 else _ENOUGH
        return 4 + named + len(cells.unique()) / max(len(cells), 1) if plausible > enough else 0

    return _best(columns, score)


def _region(phones: Cells) -> str | None:
    """Eleven digits that begin with 8 are Russian; of other numbers without a plus nobody can tell."""
    digits = pc.replace_substring_regex(phones, "[^0-9+]", "")
    return "RU" if _share(matches(digits, "[78][3-9][0-9]{9}"), digits) > 1 - _ENOUGH else None


def _known_words(cells: Cells, known: Callable[[str], str]) -> float:
    words = [word for word in cells.unique().to_pylist() if word]
    return sum(bool(known(word)) for word in words) / len(words) if 0 < len(words) <= _FEW_WORDS else 0


def _direction_column(columns: Columns) -> str | None:
    """A column of few words, of which half say a direction; or one that is called so."""

    def score(title: str, cells: Cells) -> float:
        known, named = _known_words(cells, _direction), _titled(title, "direction")
        few = 0 < len(set(cells.unique().to_pylist()) - {""}) <= _FEW_WORDS
        surely = re.search(r"direction|направл", title.lower()) is not None
        return known + named if known >= 0.5 or (surely and few) else 0

    return _best(columns, score)


def _status_column(columns: Columns) -> str | None:
    def score(title: str, cells: Cells) -> float:
        known, named = _known_words(cells, lambda word: _status(word, title)), _titled(title, "CallMissed")
        return known + named if known > 0 and (named or known >= 0.5) else 0

    return _best(columns, score)


def _seconds(name: str, *also: str) -> Callable[[Columns], str | None]:
    def score(title: str, cells: Cells) -> float:
        named = 2 * _titled(title, name) + any(_titled(title, one) for one in also)
        whole = is_milliseconds(title) and _share(digits_only(cells), cells) > _ENOUGH
        return named if whole or _share(matches(cells, _DURATION), cells) > _ENOUGH else 0

    return lambda columns: _best(columns, score)


def _looking(name: str, pattern: str) -> Callable[[Columns], str | None]:
    """A column with such a title whose filled cells look so."""

    def score(title: str, cells: Cells) -> float:
        there = bool(filled(cells).any())
        return _titled(title, name) if not there or _share(matches(cells, pattern), cells) > _ENOUGH else 0

    return lambda columns: _best(columns, score)


_FINDERS: Final[Mapping[str, Callable[[Columns], str | None]]] = {
    "ClientId": _looking("ClientId", "[0-9]{8,20}"),
    "Yclid": _looking("Yclid", "[0-9]+"),
    "PhoneNumber": _phone,
    "direction": _direction_column,
    "CallMissed": _status_column,
    "HoldDuration": _seconds("HoldDuration"),
    "TalkDuration": _seconds("TalkDuration", "whole"),
    "URL": _looking("URL", "https?://.*"),
    "Tag": _looking("Tag", ".*"),
}


def _direction(word: str) -> str:
    small = word.lower()
    if re.search(_INTERNAL, small):
        return "internal"
    return "incoming" if re.search(_INCOMING, small) else "outgoing" if re.search(_OUTGOING, small) else ""


def _status(word: str, title: str) -> str:
    """What a word of the status says; yes and no answer what the title asks."""
    small = word.lower()
    if small in _YES | _NO:
        asks = title.lower() if _titled(title, "CallMissed") else ""
        asked = "missed" if re.search(_MISSED, asks) else "answered" if re.search(_ANSWERED, asks) else ""
        other = {"missed": "answered", "answered": "missed", "": ""}
        return asked if small in _YES else other[asked]
    if re.search(_MISSED, small):
        return "missed"
    return "answered" if re.search(_ANSWERED, small) else ""
