"""The words of calls: what a word of a column of directions, or of states, means."""

import re
from collections.abc import Mapping
from typing import Final

from calltools.model.cells import Cells

#: Not every word that begins so: Incomplete, In progress, Initiated, Out of service.
_INCOMING_BEGIN: Final = r"^in?$|^in[ _-]?call|^inb|^incom(?!p)|^вх"
_OUTGOING_BEGIN: Final = r"^o(?:ut)?$|^out[ _-]?call|^outb|^outg|^исх"
#: Behind another word: Missed inbound, «Пропущенный (вх.)».
_INCOMING_WITHIN: Final = r"inbound|incoming|входящ|(?:^|[^а-яё])вх(?:[^а-яё]|$)"
_OUTGOING_WITHIN: Final = r"outbound|outgoing|исходящ|(?:^|[^а-яё])исх(?:[^а-яё]|$)"
_INTERNAL_WORD: Final = r"intern(?!ation)|внутр"
#: A local call comes from the same city, or from the same office; only where nothing else is said is it the office.
_LOCAL_WORD: Final = r"local"
_MISSED_WORD: Final = (
    r"miss|no.?answer|not.?answer|unanswer|busy|cancel|abandon|fail|lost|reject|voice.?mail|"
    r"пропущ|не ?отв|(?:без|нет) ?отв|не ?прин|не ?дозв|не ?усп|занят|потер|сброш|отклон"
)
_ANSWERED_WORD: Final = r"answer|success|complete|connect|talk|принят|отвеч|успеш|разговор|состоял|соедин"
#: Right before a word of an answer: there was none. Elsewhere in the same cell it says nothing that can be relied on.
_NEGATED: Final = rf"(?:\b(?:не|нет|без|not|no|non)[\s_-]*|\bun|\bin(?=compl))(?:{_ANSWERED_WORD})"
_NEGATION: Final = r"\b(?:не|нет|без|not|no|non)(?:\b|_)|\bdis"
#: A title that asks whether calls were missed, or what became of them.
STATE_TITLE: Final = (
    r"status|state|missed|lost|disposition|result|answered|success|outcome|"
    r"итог|стату|пропущ|результат|исход|успеш"
)
_YES, _NO = {"1", "true", "yes", "да", "истина"}, {"0", "false", "no", "нет", "ложь"}
#: A column with more distinct cells holds no words of a program.
MAX_WORDS: Final = 12
_MAX_WORD_CHARACTERS: Final = 40
#: Words of which states consist that are capitalized like a full name: No Answer, Missed Call.
_WORDS_OF_STATES: Final = frozenset(
    {
        "answer", "answered", "attended", "busy", "call", "canceled", "cancelled", "completed", "connected", "dialed",
        "ended", "failed", "hang", "inbound", "incoming", "internal", "line", "lost", "mail", "missed", "no", "not",
        "outbound", "outgoing", "received", "rejected", "transferred", "unanswered", "up", "voice",
    }
)  # fmt: skip
#: A first and a family name, two capitalized words beside each other: «Иванов Пётр», "John Smith", "П. Иванов".
FULL_NAME: Final = (
    r"\b[A-ZА-ЯЁ](?:[a-zа-яё]+|[.])(?: ?[A-ZА-ЯЁ][.])*(?:, ?| )?[A-ZА-ЯЁ](?:[a-zа-яё]+|[.])(?: [A-ZА-ЯЁ][a-zа-яё]+)*"
)
#: Five digits in a row or with the punctuation of phones, a mail address, an object or a list, a full name.
_MAY_BE_PERSONAL: Final = re.compile(rf"(?:[0-9][ ()+-]*){{5}}|@|[{{}}\[\]<>\"\\]|{FULL_NAME}")


def direction_meaning(word: str) -> str:
    """``incoming``, ``outgoing`` or ``internal``, as far as the word itself says it; else ``""``."""
    small = word.lower()
    if re.search(_INTERNAL_WORD, small):
        return "internal"
    for incoming, outgoing in ((_INCOMING_BEGIN, _OUTGOING_BEGIN), (_INCOMING_WITHIN, _OUTGOING_WITHIN)):
        found = [bool(re.search(incoming, small)), bool(re.search(outgoing, small))]
        if sum(found) == 1:
            return "incoming" if found[0] else "outgoing"
    return "internal" if re.search(_LOCAL_WORD, small) else ""


def state_meaning(word: str, title: str = "") -> str:
    """``missed``, ``answered`` or ``""``; *yes* and *no* answer the question in the title, such as "Missed"."""
    small = word.lower()
    if small in _YES | _NO:
        asks = title.lower() if re.search(STATE_TITLE, title.lower()) else ""
        asked = "missed" if re.search(_MISSED_WORD, asks) else "answered" if re.search(_ANSWERED_WORD, asks) else ""
        other = {"missed": "answered", "answered": "missed", "": ""}
        return asked if small in _YES else other[asked]
    if re.search(_MISSED_WORD, small) or re.search(_NEGATED, small):
        return "missed"
    return "answered" if re.search(_ANSWERED_WORD, small) and not re.search(_NEGATION, small) else ""


def call_meaning(word: str) -> str:
    """The meaning of a word in a column of directions that may tell the state, too.

    A state without a direction is that of an incoming call: «Входящий», «Исходящий», «Пропущенный».
    """
    direction, state = direction_meaning(word), state_meaning(word)
    if direction in {"outgoing", "internal"}:
        return direction
    return "missed" if state == "missed" else direction or state


def direction_of(meaning: str) -> str:
    """The direction, or the reason to skip a row, that a meaning says; ``""`` if unknown."""
    return "incoming" if meaning in {"missed", "answered"} else meaning


def missed_flag(meaning: str, *, shared: bool) -> str:
    """CallMissed by the meaning of a word; ``""``: it does not say.

    Args:
        meaning: Of the word.
        shared: Whether its column tells the direction, too, so that an incoming call without a word for missed was
            answered.
    """
    if meaning == "missed":
        return "1"
    return "0" if meaning == "answered" or (shared and meaning == "incoming") else ""


def rests_on_column(word: str) -> bool:
    """Whether the direction of a word is known only from the other words of its column."""
    return direction_meaning(word) == "" and state_meaning(word) != ""


def distinct_words(columns: Mapping[str, Cells], title: str | None) -> list[str]:
    """The distinct words of a column, sorted; empty if there are many.

    A cell that may be a person's, or is no word at all, is left out: a profile is shown, kept and passed on.
    """
    if title is None or title not in columns:
        return []
    words = sorted(word for word in columns[title].unique().to_pylist() if word)
    return [word for word in words if is_plain_word(word)] if len(words) <= MAX_WORDS else []


def is_plain_word(text: str) -> bool:
    """Whether a cell is a short word of a program, such as a state: no number of a person, no name, no JSON."""
    if _WORDS_OF_STATES.issuperset(re.findall(r"\w+", text.lower())):
        return True
    return len(text) <= _MAX_WORD_CHARACTERS and not _MAY_BE_PERSONAL.search(text)
