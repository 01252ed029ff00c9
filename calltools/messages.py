"""What the tool says about a run, in English and Russian, side by side.

Findings are worded in ``reports/wording.py``; here are the sentences about the run
itself: faults that stop it, and what was found on the way. A message is a key and
facts; the sentence is made where it is shown, in the reader's language. Each sentence
says what is wrong, where, what was expected and what to do, and never holds a secret
or a personal value.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Language = Literal["en", "ru"]

MESSAGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # -- the call -----------------------------------------------------------------
        "rule-unknown": (
            "No rule is called {word}. `calltools rules` lists them all.",
            "Правила {word} нет. Все правила показывает `calltools rules`.",
        ),
        "rule-unknown-near": (
            "No rule is called {word}. Did you mean {nearest}? `calltools rules` lists them all.",
            "Правила {word} нет. Может быть, {nearest}? Все правила показывает `calltools rules`.",
        ),
        "zone-unknown": (
            "There is no time zone {zone}. Give an IANA name such as Europe/Moscow or Asia/Almaty.",
            "Часового пояса {zone} нет. Укажите имя по IANA, например Europe/Moscow или Asia/Almaty.",
        ),
        "encoding-unknown": (
            "There is no encoding {given}. Usual ones: utf-8, cp1251, cp866, koi8-r, utf-16.",
            "Кодировки {given} нет. Обычные: utf-8, cp1251, cp866, koi8-r, utf-16.",
        ),
        "delimiter-unknown": (
            "--delimiter takes a comma, a semicolon, tab or a pipe, not {given}.",
            "--delimiter — это запятая, точка с запятой, tab или вертикальная черта, а не {given}.",
        ),
        "as-of-unreadable": (
            "--as-of {given} is not a time. Give ISO 8601 with an offset (2026-03-10T12:00:00+03:00) or Unix seconds.",
            "--as-of {given} — не время. Укажите ISO 8601 со смещением (2026-03-10T12:00:00+03:00) или секунды Unix.",
        ),
        "as-of-without-offset": (
            "--as-of {given} does not say its zone. Add an offset: 2026-03-10T12:00:00+03:00, or Z for UTC.",
            "В --as-of {given} не указан часовой пояс. Добавьте смещение: 2026-03-10T12:00:00+03:00, или Z для UTC.",
        ),
        "window-unreadable": (
            "--identifier-window {given} is not a span. Give a number and d, h or m: 21d, 12h, 90m.",
            "--identifier-window {given} — не промежуток. Укажите число и d, h или m: 21d, 12h, 90m.",
        ),
        "identifier-columns-unreadable": (
            "--identifier-columns does not understand {given}. Write phone=Title,time=Title,ClientId=Title.",
            "--identifier-columns не понимает {given}. Пишите phone=Название,time=Название,ClientId=Название.",
        ),
        "profile-wrong": (
            "The vendor profile {source} has {count} problem(s):",
            "В профиле {source} ошибки ({count}):",
        ),
        "check-failed": (
            "A fault in calltools itself: check {check} did not run ({reason}). Nothing was written. Please report it.",
            "Ошибка в самом calltools: проверка {check} не выполнилась ({reason}). Ничего не записано. Сообщите о ней.",
        ),
        # -- reading ------------------------------------------------------------------
        "file-missing": (
            "There is no file {path}.",
            "Файла {path} нет.",
        ),
    }
)


def say(key: str, language: Language = "en", /, **facts: object) -> str:
    """The sentence for a key, with the facts put in.

    Args:
        key: A key of ``MESSAGES``.
        language: The reader's.
        facts: The values that the sentence names.
    """
    english, russian = MESSAGES[key]
    return (russian if language == "ru" else english).format_map(facts)
