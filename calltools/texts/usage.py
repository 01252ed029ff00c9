"""Messages about options, configuration and the baseline."""

from typing import Final

MESSAGES: Final = {
    "call-help": ("Help: {command} --help", "Справка: {command} --help"),
    "call-meant": ("Did you mean {near}?", "Может быть, {near}?"),
    "call-missing": ("{what} is missing.", "Не указано: {what}."),
    "call-value-missing": ("{option} needs a value.", "У {option} не указано значение."),
    "call-option-unknown": ("There is no option {word}.", "Параметра {word} нет."),
    "call-command-unknown": ("There is no command {word}.", "Команды {word} нет."),
    "call-choice-wrong": ("{word} is not possible here.", "{word} здесь не подходит."),
    "call-choices": ("Possible: {choices}.", "Возможно: {choices}."),
    "rule-unknown": (
        "No rule is called {word}. `calltools rules` lists them all.",
        "Правила {word} нет. Все правила показывает `calltools rules`.",
    ),
    "rule-unknown-near": (
        "No rule is called {word}. Did you mean {nearest}? `calltools rules` lists them all.",
        "Правила {word} нет. Может быть, {nearest}? Все правила показывает `calltools rules`.",
    ),
    "config-wrong": (
        "What is wrong with the configuration {source} ({count}):",
        "В настройках {source} ошибки ({count}):",
    ),
    "config-unreadable": (
        "The configuration {path} cannot be read: {reason}.",
        "Файл настроек {path} не читается: {reason}.",
    ),
    "config-unknown": (
        "there is no such option; `calltools config show` lists them all",
        "такого параметра нет; все показывает `calltools config show`",
    ),
    "config-unknown-near": (
        "there is no such option; the nearest is {near}",
        "такого параметра нет; ближайший — {near}",
    ),
    "config-twice": (
        "{word} is given twice, with dashes and with underscores",
        "{word} указан дважды: через дефис и через подчёркивание",
    ),
    "config-not-per-file": (
        "this holds for a whole run; write it outside the overrides",
        "это относится ко всему запуску; напишите вне overrides",
    ),
    "config-not-flag": ("true or false is expected", "здесь должно быть true или false"),
    "config-not-number": (
        "a whole number is expected, {least} or more",
        "здесь должно быть целое число, не меньше {least}",
    ),
    "config-not-amount": ("a number is expected, {least} or more", "здесь должно быть число, не меньше {least}"),
    "config-not-between": (
        "a number from {least} to {most} is expected",
        "здесь должно быть число от {least} до {most}",
    ),
    "config-secret": (
        "a token does not belong here: give it by CALLTOOLS_TOKEN, --token-file or --token-stdin",
        "токену здесь не место: его дают CALLTOOLS_TOKEN, --token-file или --token-stdin",
    ),
    "config-by-hand": (
        "this holds for one run: give --{word} on the command line",
        "это относится к одному запуску: укажите --{word} в команде",
    ),
    "config-not-text": ("a text in quotes is expected", "здесь должен быть текст в кавычках"),
    "config-not-set": ("is not set", "не задан"),
    "config-default": ("default", "по умолчанию"),
    "baseline-unreadable": (
        "The baseline {path} cannot be read: {reason}. --write-baseline {path} makes one.",
        "Файл известных находок {path} не читается: {reason}. Создаёт его --write-baseline {path}.",
    ),
    "baseline-not-one": (
        "{path} is not a baseline; the fault is at {where}. Give a file that --write-baseline has made.",
        "{path} — не файл известных находок; ошибка в {where}. Нужен файл, созданный --write-baseline.",
    ),
    "baseline-version": (
        "The baseline {path} is of version {version}, and this calltools reads {expected}. "
        "Make it anew by --write-baseline {path} --force.",
        "Файл известных находок {path} версии {version}, а эта программа читает версию {expected}. "
        "Создайте его заново: --write-baseline {path} --force.",
    ),
    "baseline-accepted": (
        "Findings that the baseline {path} knows: {count}. They are not shown.",
        "Находок, известных по {path}: {count}. Они не показаны.",
    ),
    "baseline-fewer": (
        "The baseline {path} knows {count} more than are found. Lower it by the same command with "
        "--write-baseline {path} --force.",
        "В {path} находок больше, чем нашлось сейчас, лишних: {count}. Уберёт их та же команда с "
        "--write-baseline {path} --force.",
    ),
    "baseline-written": (
        "Known findings written to {path}: {count}.",
        "Записано в {path} известных находок: {count}.",
    ),
    "baseline-not-written": (
        "{path} is not written: a file could not be read.",
        "{path} не записан: один из файлов не прочитан.",
    ),
    "zone-unknown": (
        "There is no time zone {zone}. Give an IANA name such as Europe/Moscow or Asia/Almaty.",
        "Часового пояса {zone} нет. Укажите имя по IANA, например Europe/Moscow или Asia/Almaty.",
    ),
    "zone-unknown-near": (
        "There is no time zone {zone}. Did you mean {near}? Names are those of IANA, such as Asia/Almaty.",
        "Часового пояса {zone} нет. Может быть, {near}? Нужно имя по IANA, например Asia/Almaty.",
    ),
    "region-unknown": (
        "--region {region} is no country. Give the two letters of its code: RU, KZ, BY, DE and so on.",
        "--region {region} — не страна. Укажите её код из двух латинских букв: RU, KZ, BY, DE и так далее.",
    ),
    "currency-unknown": (
        "--currency {currency} is no currency of ISO 4217. Give its three letters: RUB, KZT, BYN, EUR and so on.",
        "--currency {currency} — не валюта по ISO 4217. Укажите три латинские буквы: RUB, KZT, BYN, EUR и так далее.",
    ),
    "currency-withdrawn": (
        "--currency {currency}: this currency has been replaced by {successor}. Give {successor} if the amounts are in it.",
        "--currency {currency}: эту валюту заменила {successor}. Укажите {successor}, если суммы в ней.",
    ),
    "encoding-unknown": (
        "There is no encoding {given}. Usual ones: utf-8, cp1251, cp866, koi8-r, utf-16.",
        "Кодировки {given} нет. Обычные: utf-8, cp1251, cp866, koi8-r, utf-16.",
    ),
    "limit-option": (
        "Raise the limit by --limit {name}=… if the file is right.",
        "Если файл верный, поднимите предел: --limit {name}=….",
    ),
    "limit-unreadable": (
        "--limit takes NAME=VALUE, a whole number with or without KiB, MiB, GiB; not {given}. Names: {names}.",
        "--limit — это ИМЯ=ЗНАЧЕНИЕ, целое число с KiB, MiB, GiB или без; а не {given}. Имена: {names}.",
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
        "--identifier-window {given} is not a span of time. Give a number and d, h or m: 21d, 12h, 90m.",
        "--identifier-window {given} — не промежуток времени. Укажите число и d, h или m: 21d, 12h, 90m.",
    ),
    "identifier-columns-unreadable": (
        "--identifier-columns does not understand {given}. Write phone=Title,time=Title,ClientId=Title.",
        "--identifier-columns не понимает {given}. Пишите phone=Название,time=Название,ClientId=Название.",
    ),
    "profile-wrong": (
        "What is wrong with the vendor profile {source} ({count}):",
        "В профиле {source} ошибки ({count}):",
    ),
    "check-failed": (
        "A fault in calltools itself: check {check} did not run ({reason}). Nothing was written. Please report it.",
        "Ошибка в самом calltools: проверка {check} не выполнилась ({reason}). Ничего не записано. Сообщите о ней.",
    ),
}
