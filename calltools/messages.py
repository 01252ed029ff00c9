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
        # -- reading ------------------------------------------------------------------
        "file-missing": (
            "There is no file {path}.",
            "Файла {path} нет.",
        ),
        "defect": (
            "A fault in calltools itself ({fault}). Nothing half-written is left. Please report the places below.",
            "Ошибка в самом calltools ({fault}). Недописанного не осталось. Пожалуйста, сообщите места ниже.",
        ),
        # -- text files ---------------------------------------------------------------
        "encoding-unsure": (
            "The encoding of {path} cannot be told: several fit equally well. Name it: --encoding cp1251, cp866, "
            "koi8-r or utf-8.",
            "Кодировку файла {path} не определить: подходят несколько. Укажите её: --encoding cp1251, cp866, "
            "koi8-r или utf-8.",
        ),
        "file-binary": (
            "{path} is not a table: it holds bytes that no text has. Export the calls as CSV, XLSX or JSON.",
            "{path} — не таблица: в нём байты, которых в тексте не бывает. Выгрузите звонки в CSV, XLSX или JSON.",
        ),
        "csv-no-rows": (
            "The first MiB of {path} holds no line that could be a header: a line end is missing, or it is no list of "
            "calls. Export the calls again as CSV, XLSX or JSON.",
            "В первом мегабайте {path} нет строки, похожей на заголовки: потерян конец строки, либо это не список звонков. "
            "Выгрузите звонки заново в CSV, XLSX или JSON.",
        ),
        "csv-header-row-beyond": (
            "{path} has no such header row: rows up to line {last} were looked at. Check --header-row.",
            "В {path} нет такой строки заголовков: просмотрены строки до {last}. Проверьте --header-row.",
        ),
        "csv-record-too-long": (
            "The record that begins on line {line} is longer than {limit} MiB. This is not a list of calls, or a line "
            "end is missing.",
            "Запись, которая начинается в строке {line}, длиннее {limit} МиБ. Это не список звонков, либо потерян конец "
            "строки.",
        ),
        "too-many-columns": (
            "{path} has {count} columns or more, the limit is {limit}. Check whether lines have become columns.",
            "В файле {path} столбцов не меньше {count}, предел — {limit}. Проверьте, не стали ли строки столбцами.",
        ),
        # -- vendors ------------------------------------------------------------------
        "profile-not-toml": (
            "this is not TOML: {reason}",
            "это не TOML: {reason}",
        ),
        "profile-missing": (
            "{what} is missing",
            "не хватает {what}",
        ),
        "profile-unknown-word": (
            "the vocabulary has no such word; the nearest is {near}",
            "такого слова в словаре нет; ближайшее — {near}",
        ),
        "profile-not-a-table": (
            "a table is expected",
            "здесь должна быть таблица",
        ),
        "profile-not-a-list": (
            "a list is expected",
            "здесь должен быть список",
        ),
        "profile-not-text": (
            "a text in quotes is expected, or a list of texts",
            "здесь должен быть текст в кавычках или список текстов",
        ),
        "profile-not-one-of": (
            "one of these is expected: {allowed}",
            "здесь должно быть одно из: {allowed}",
        ),
        "profile-one-pick": (
            "exactly one of these is expected: {picks}",
            "здесь должно быть ровно одно из: {picks}",
        ),
        "profile-two-columns": (
            "a list of two columns is expected, the later time first",
            "здесь должны быть два столбца, первым — более позднее время",
        ),
        "profile-layout": (
            "{layout} is no layout of a time; write %d.%m.%Y %H:%M:%S and the like, unix or iso",
            "{layout} — не формат времени; пишите %d.%m.%Y %H:%M:%S и подобное, unix или iso",
        ),
        "profile-pattern": (
            "the pattern cannot be read: {reason}",
            "шаблон не читается: {reason}",
        ),
        "profile-one-group": (
            "the pattern needs exactly one group in brackets",
            "в шаблоне должна быть ровно одна группа в скобках",
        ),
        "profile-no-such-column": (
            "the shape has no such column; the nearest is {near}",
            "такого столбца среди названий нет; ближайший — {near}",
        ),
        "vendor-unknown-name": (
            "No vendor is called {name} (nearest: {near}). Known: {names}. A path of your own profile ends in .toml.",
            "Сервиса {name} нет (ближайший: {near}). Известны: {names}. Путь к своему профилю кончается на .toml.",
        ),
        "vendor-none": (
            "No known export has this header: {titles}. Name the vendor with --vendor (calltools vendors list), use "
            "--vendor none for a canonical file, or make a profile: calltools vendors new FILE.",
            "Среди известных выгрузок нет такой, с заголовками: {titles}. Назовите сервис: --vendor (calltools vendors list); для файла в "
            "формате Метрики есть --vendor none; свой профиль делает calltools vendors new ФАЙЛ.",
        ),
        "vendor-headless": (
            "The first line is a record and not a header, and no known export without a header has {count} columns that look "
            "so. By their place alone columns are not guessed: where a program joined values with commas, they shift. "
            "Export with a header or as JSON, or describe the columns: calltools vendors new FILE.",
            "Первая строка — запись, а не заголовок, и ни одна известная выгрузка без заголовка не состоит из {count} таких "
            "столбцов. По одному месту столбцы не угадываются: там, где программа склеила значения запятыми, они "
            "сдвигаются. Выгрузите с заголовком или в JSON либо опишите столбцы: calltools vendors new ФАЙЛ.",
        ),
        "vendor-headless-named": (
            "This is not an export of {vendor}: the first line is a record and not a header, and its exports without a "
            "header do not have {count} columns that look so. By their place alone columns are not guessed: where a program "
            "joined values with commas, they shift. Export with a header or as JSON. calltools vendors detect FILE says "
            "which one fits.",
            "Это не выгрузка {vendor}: первая строка — запись, а не заголовок, и в его выгрузках без заголовка нет {count} "
            "таких столбцов. По одному месту столбцы не угадываются: там, где программа склеила значения запятыми, они "
            "сдвигаются. Выгрузите с заголовком или в JSON. Какой профиль подходит, скажет calltools vendors detect ФАЙЛ.",
        ),
        "vendor-none-near": (
            "No known export has this header: {titles}. The nearest is {near}, which also needs {missing}: export again with "
            "these columns, or make a profile: calltools vendors new FILE.",
            "Среди известных выгрузок нет такой, с заголовками: {titles}. Ближе всех {near}, но ей нужны ещё столбцы {missing}: выгрузите "
            "файл снова вместе с ними или сделайте свой профиль: calltools vendors new ФАЙЛ.",
        ),
        "vendor-several": (
            "Several profiles fit this header: {names}. Say which: --vendor NAME.",
            "Этим заголовкам подходят несколько профилей: {names}. Укажите один: --vendor ИМЯ.",
        ),
        "vendor-misfit": (
            "This is not an export of {vendor}: it needs the columns {missing}, the file has {titles}. "
            "calltools vendors detect FILE says which one fits.",
            "Это не выгрузка {vendor}: ей нужны столбцы {missing}, а в файле {titles}. "
            "Какой профиль подходит, скажет calltools vendors detect ФАЙЛ.",
        ),
        "vendor-misfit-other": (
            "This is not an export of {vendor}: it needs the columns {missing}, the file has {titles}. "
            "The header is that of {other}: --vendor {other}.",
            "Это не выгрузка {vendor}: ей нужны столбцы {missing}, а в файле {titles}. "
            "Заголовки как у {other}: --vendor {other}.",
        ),
        "vendor-without": (
            "There is no converter for {title}: {reason}. If you have its export, describe it: "
            "`calltools vendors new FILE -o my.toml`, then --vendor my.toml.",
            "Для {title} конвертера нет: {reason}. Если у вас есть его выгрузка, опишите её: "
            "`calltools vendors new ФАЙЛ -o my.toml`, затем --vendor my.toml.",
        ),
        "vendors-without": (
            "Known by name, without a converter:",
            "Известны по названию, но конвертера нет:",
        ),
        "vendors-also": ("Also: {names}", "Другие имена: {names}"),
        "vendors-own": ("Your own profile: {path}", "Ваш собственный профиль: {path}"),
        "vendors-more": (
            "The mapping of one of them: calltools vendors show NAME. Which one a file is: calltools vendors detect FILE. "
            "A profile of your own: calltools vendors new FILE.",
            "Что из чего берётся: calltools vendors show ИМЯ. Чья это выгрузка: calltools vendors detect ФАЙЛ. "
            "Свой профиль: calltools vendors new ФАЙЛ.",
        ),
        "incoming-unknown-there": (
            "An export of {vendor} does not say which calls are incoming. Name the contexts in the column {column}: "
            "--inbound-context NAME, or your own numbers: --own-number X (both repeatable). Contexts at the beginning "
            "of the file: {there}.",
            "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите контексты из столбца {column}: "
            "--inbound-context ИМЯ, или свои номера: --own-number X (оба можно повторять). Контексты в начале файла: "
            "{there}.",
        ),
        "incoming-unknown": (
            "An export of {vendor} does not say which calls are incoming. Name the contexts in the column {column}: "
            "--inbound-context NAME, or your own numbers: --own-number X (both repeatable).",
            "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите контексты из столбца {column}: "
            "--inbound-context ИМЯ, или свои номера: --own-number X (можно повторять).",
        ),
        "called-unknown": (
            "An export of {vendor} does not say which calls are incoming. Give your own numbers as they stand in the "
            "column {column}: --own-number X (repeatable).",
            "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите свои номера так, как они записаны "
            "в столбце {column}: --own-number X (можно повторять).",
        ),
        "timezone-needed": (
            "Times of this {vendor} export are wall-clock times and do not say their zone. Give it, for example --timezone Europe/Moscow.",
            "Время в этой выгрузке {vendor} местное, и пояс не указан. Задайте его, например --timezone Europe/Moscow.",
        ),
        "timezone-needed-suggested": (
            "Times of this {vendor} export are wall-clock times and do not say their zone. The ids of its records agree on "
            "--timezone {suggestion}: if that is right, give it.",
            "Время в этой выгрузке {vendor} местное, и пояс не указан. Id записей указывают на --timezone {suggestion}: "
            "если это верно, задайте его.",
        ),
        "zone-contradicted": (
            "The zone {zone} contradicts the file: the ids of its records prove UTC{offset}. Give --timezone {suggestion}.",
            "Пояс {zone} противоречит файлу: id записей указывают на UTC{offset}. Задайте --timezone {suggestion}.",
        ),
        "detected": (
            "{path} is an export of {vendor}: --vendor {vendor}",
            "{path} — выгрузка {vendor}: --vendor {vendor}",
        ),
        "detected-by-header": ("known by the columns {columns}", "узнана по столбцам {columns}"),
        "detected-by-shape": (
            "there is no header: known by the number of columns and the look of their cells",
            "заголовков нет: узнана по числу столбцов и виду ячеек",
        ),
        "detected-none": (
            "{path} is no export that is known. A profile of your own: calltools vendors new {path}",
            "{path} — неизвестная выгрузка. Свой профиль: calltools vendors new {path}",
        ),
        "not-detected": (
            "not {vendor}: missing {missing}; found {there}",
            "не {vendor}: нет {missing}; есть {there}",
        ),
        "not-detected-at-all": (
            "less than half of their columns is here: {vendors}",
            "нет и половины нужных столбцов: {vendors}",
        ),
        "vendor-known-by": ("Known by the columns {columns}", "Узнаётся по столбцам {columns}"),
        "vendor-or": ("or", "или"),
        "vendor-incoming": ("incoming", "входящие"),
        "vendor-says-timezone": (
            "Times do not say their zone: --timezone ZONE is needed.",
            "Время без пояса: нужен --timezone ПОЯС.",
        ),
        "vendor-says-incoming": (
            "The direction is not said: --own-number NUMBER or, where contexts are known, --inbound-context NAME is needed.",
            "Направление не указано: нужен --own-number НОМЕР или, если известны контексты, --inbound-context ИМЯ.",
        ),
        "vendor-says-currency": (
            "Price is taken only with --currency RUB or the like.",
            "Price берётся только с --currency RUB или другой валютой.",
        ),
        "vendor-says-identifiers": (
            "There are no identifiers: --identifiers FILE joins them, --static-call 1 sends calls without them.",
            "Идентификаторов нет: --identifiers ФАЙЛ присоединит их, --static-call 1 пропустит звонки без них.",
        ),
        "detected-canonical": (
            "{path} has a canonical header: no vendor is needed.",
            "У {path} заголовки в формате Метрики: сервис указывать не нужно.",
        ),
        "trials": (
            "{vendor}: {good} of {count} examples came out as expected",
            "{vendor}: примеров сошлось {good} из {count}",
        ),
        "trial-failed": (
            "  example {number} ({why}): {field} should be {expected}, and is {got}",
            "  пример {number} ({why}): {field} должно быть {expected}, а получилось {got}",
        ),
        "nothing-to-propose": (
            "{path} holds no calls to look at, or a workbook without a header. Give a sample with a header and some calls.",
            "В {path} нет звонков, или это книга без заголовков. Дайте пример с заголовками и несколькими звонками.",
        ),
        # -- identifiers --------------------------------------------------------------
        "identifier-columns-unclear": (
            "The file of identifiers has no clear column for: {missing}. Its titles are: {titles}. Name them: "
            "--identifier-columns phone=Title,time=Title,ClientId=Title.",
            "В файле идентификаторов не найти столбец: {missing}. Его заголовки: {titles}. Назовите столбцы: "
            "--identifier-columns phone=Название,time=Название,ClientId=Название.",
        ),
        "identifier-column-missing": (
            "The file of identifiers has no column {title}. Its titles are: {titles}.",
            "В файле идентификаторов нет столбца {title}. Его заголовки: {titles}.",
        ),
        "identifier-timezone-needed": (
            "The times in column {column} of the file of identifiers are wall-clock times. Say where its clocks stand, "
            "for example: --timezone Europe/Moscow.",
            "В столбце {column} файла идентификаторов — местное время. Укажите часовой пояс, "
            "например: --timezone Europe/Moscow.",
        ),
        "identifier-records-unusable": (
            "No record of the file of identifiers can be used. Of {read}: {damaged} are damaged, {phone} have no readable phone (a number "
            "without a country code needs --region), {time} no readable time, {identifier} no usable identifier (a "
            "workbook that keeps ids as numbers has lost their last digits).",
            "Ни одна запись файла идентификаторов не годится. Из {read}: повреждены {damaged}, у {phone} не читается телефон (номеру без "
            "кода страны нужен --region), у {time} — время, у {identifier} нет годного идентификатора (если id в книге "
            "хранятся как числа, их последние цифры потеряны).",
        ),
        # -- output -------------------------------------------------------------------
        "output-is-input": (
            "The output {path} is one of the inputs. Give it another name: the input is never changed.",
            "Выходной файл {path} — это один из входных. Дайте ему другое имя: входной файл не меняется никогда.",
        ),
        "output-twice": (
            "{path} is named for two outputs. Give each its own name.",
            "Файл {path} указан для двух выходных файлов. Дайте каждому своё имя.",
        ),
        "output-exists": (
            "{path} already exists. Give another name, or --force to overwrite it.",
            "Файл {path} уже есть. Дайте другое имя или укажите --force, чтобы перезаписать.",
        ),
        "output-link": (
            "{path} is a link; what it points to would be replaced. Give the file itself.",
            "{path} — ссылка; заменился бы файл, на который она указывает. Укажите сам файл.",
        ),
        "output-folder": (
            "{path} is a folder. Give the name of a file in it.",
            "{path} — папка. Укажите имя файла в ней.",
        ),
        "output-no-folder": (
            "There is no folder for {path}. Make it first.",
            "Папки для файла {path} нет. Сначала создайте её.",
        ),
        "output-stream": (
            "Standard output takes no more ({reason}); what it got is not the whole. Make room and run again.",
            "Стандартный вывод больше не принимает данные ({reason}); выведено не всё. Освободите место и запустите ещё раз.",
        ),
        "output-full": (
            "The disk is full: {path} was not written. Nothing half-written is left. Make room and run again.",
            "Диск заполнен: {path} не записан, недописанного не осталось. Освободите место и запустите ещё раз.",
        ),
        "output-unwritable": (
            "{path} cannot be written: {reason}. Nothing half-written is left.",
            "Не удалось записать {path}: {reason}. Недописанного не осталось.",
        ),
        # -- workbooks and JSON --------------------------------------------------------
        "file-folder": (
            "{path} is a folder without table files (csv, xlsx, xls, ods, json and the like). Name a file.",
            "{path} — папка, и в ней нет файлов с таблицами (csv, xlsx, xls, ods, json и подобных). Укажите файл.",
        ),
        "file-unreadable": (
            "{path} cannot be read: {reason}. Check that the file is there and that you may read it.",
            "Файл {path} не читается: {reason}. Проверьте, что он на месте и что у вас есть право его читать.",
        ),
        "file-special": (
            "{path} is a device or a pipe, not a file. To read from a pipe give `-` and send the data to standard input.",
            "{path} — устройство или канал, а не файл. Чтобы читать из канала, укажите `-` и подайте данные на вход.",
        ),
        "source-html": (
            "{path} is a web page (HTML), whatever its name says. Open it in a spreadsheet and save it as XLSX or CSV.",
            "{path} — веб-страница (HTML), как бы файл ни назывался. Откройте его в Excel и сохраните как XLSX или CSV.",
        ),
        "source-mhtml": (
            "{path} is a saved web page (MHTML), not a workbook. Open it in a spreadsheet and save it as XLSX or CSV.",
            "{path} — сохранённая веб-страница (MHTML), а не книга. Откройте её в Excel и сохраните как XLSX или CSV.",
        ),
        "source-xml-spreadsheet": (
            "{path} is an XML spreadsheet of 2003. Open it in a spreadsheet and save it as XLSX or CSV.",
            "{path} — таблица XML формата 2003 года. Откройте её в Excel и сохраните как XLSX или CSV.",
        ),
        "source-archive": (
            "{path} is an archive ({what}), not a table. Unpack it and give the file inside.",
            "{path} — архив ({what}), а не таблица. Распакуйте его и укажите файл из него.",
        ),
        "source-other": (
            "{path} is not a table: it holds {what}. Export the calls as CSV, XLSX or JSON.",
            "{path} — не таблица: внутри {what}. Выгрузите звонки в CSV, XLSX или JSON.",
        ),
        "source-ole": (
            "{path} is an old Office file (OLE) without a workbook, or a part of it is missing. If it opens in Excel, save "
            "it as XLSX.",
            "{path} — старый файл Office (OLE), но книги в нём нет, или часть файла потеряна. Если он открывается в Excel, "
            "сохраните его как XLSX.",
        ),
        "workbook-password": (
            "{path} is protected with a password. Save a copy without one: File, Info, Protect Workbook, Encrypt.",
            "{path} защищён паролем. Сохраните копию без пароля: Файл, Сведения, Защита книги, Зашифровать.",
        ),
        "workbook-damaged": (
            "The workbook {path} is damaged and cannot be read. Open it in a spreadsheet and save it again as XLSX.",
            "Книга {path} повреждена и не читается. Откройте её в Excel и сохраните заново как XLSX.",
        ),
        "workbook-zip-unsafe": (
            "The parts of {path} overlap, repeat, lie outside or are larger than it says. No spreadsheet writes that: "
            "do not trust the file, ask its sender for a CSV.",
            "Части файла {path} перекрываются, повторяются, лежат вне его или больше, чем в нём сказано. "
            "Excel так не пишет: не доверяйте файлу, попросите у отправителя CSV.",
        ),
        "workbook-doctype": (
            "{part} in {path} declares an XML document type. No spreadsheet writes that: do not trust the file, "
            "ask its sender for a CSV.",
            "{part} в {path} объявляет тип документа XML. Excel так не пишет: не доверяйте файлу, "
            "попросите у отправителя CSV.",
        ),
        "workbook-parts": (
            "{path} has {count} parts, the limit is {limit}. Save the sheet with the calls as a workbook of its own.",
            "В {path} частей: {count}, предел — {limit}. Сохраните лист со звонками отдельной книгой.",
        ),
        "workbook-unpacked": (
            "{path} unpacks to {size} MiB, the limit is {limit} MiB. Save the calls as CSV or in several files.",
            "{path} в распакованном виде занимает {size} МиБ, предел — {limit} МиБ. "
            "Сохраните звонки в CSV или в нескольких файлах.",
        ),
        "workbook-ratio": (
            "{part} in {path} unpacks to {ratio} times its size, the limit is {limit}: it may be a zip bomb. "
            "If you trust the file, save the calls as CSV.",
            "{part} в {path} распаковывается в {ratio} раз, предел — {limit}: это может быть zip-бомба. "
            "Если доверяете файлу, сохраните звонки в CSV.",
        ),
        "workbook-cells": (
            "The sheets of {path} span more than {limit} cells from the first filled one to the last. "
            "Delete stray cells far from the table, or save the calls as CSV.",
            "Листы {path} от первой заполненной ячейки до последней занимают больше {limit} ячеек. "
            "Удалите случайные ячейки вдали от таблицы или сохраните звонки в CSV.",
        ),
        "workbook-seconds": (
            "Reading {path} took longer than {limit} seconds. Save the sheet with the calls as CSV.",
            "Чтение {path} заняло больше {limit} секунд. Сохраните лист со звонками в CSV.",
        ),
        "workbook-memory": (
            "Reading {path} took more than {limit} MiB of memory or broke off. Delete stray cells far from the table, "
            "or save the sheet with the calls as CSV.",
            "Чтение {path} потребовало больше {limit} МиБ памяти или оборвалось. Удалите случайные ячейки вдали "
            "от таблицы или сохраните лист со звонками в CSV.",
        ),
        "sheet-unknown": (
            "{path} has no sheet {sheet}. Its sheets: {sheets}.",
            "В {path} нет листа {sheet}. Листы книги: {sheets}.",
        ),
        "sheets-several": (
            "Several sheets of {path} could hold the calls: {sheets}. Name one with --sheet.",
            "Звонки могут быть на нескольких листах {path}: {sheets}. Укажите нужный: --sheet.",
        ),
        "header-row-beyond": (
            "{path} has no row {row}, which should be the header. Check --header-row.",
            "В {path} нет строки {row}, где должен быть заголовок. Проверьте --header-row.",
        ),
        "json-damaged": (
            "{path} is not valid JSON at line {line}, column {column}. Export it again.",
            "{path} — неверный JSON: строка {line}, столбец {column}. Выгрузите файл заново.",
        ),
        "json-encoding": (
            "{path} is JSON in an encoding other than UTF-8 or UTF-16. Save it as UTF-8.",
            "{path} — JSON не в UTF-8 и не в UTF-16. Сохраните его в UTF-8.",
        ),
        "json-too-deep": (
            "{path} is nested too deeply. A list of records, each a flat or nearly flat object, was expected.",
            "В {path} слишком много вложенных уровней. Ожидался список записей, каждая — почти плоский объект.",
        ),
        "json-not-records": (
            "{path} holds no list of records: item {item} is not an object. Expected: [{{…}}, {{…}}], JSON Lines, "
            "or one such list inside an object.",
            "В {path} нет списка записей: элемент {item} — не объект. Ожидается [{{…}}, {{…}}], JSON Lines "
            "или один такой список внутри объекта.",
        ),
        "json-lists-several": (
            "{path} holds several lists of records: {lists}. Save the one with the calls as a file of its own.",
            "В {path} несколько списков записей: {lists}. Сохраните список звонков отдельным файлом.",
        ),
        "json-key-repeated": (
            "In {path} the key {title} stands twice in one record, so its value is not certain. Export the file again.",
            "В {path} ключ {title} встречается в одной записи дважды, и значение неоднозначно. Выгрузите файл заново.",
        ),
        "json-too-large": (
            "{path} is {size} MiB of JSON, the limit is {limit} MiB. Split it or export the calls as CSV.",
            "{path} — JSON размером {size} МиБ, предел — {limit} МиБ. Разделите его или выгрузите звонки в CSV.",
        ),
        "json-columns": (
            "The records of {path} have more than {limit} different keys. Check that it is a list of calls.",
            "В записях {path} больше {limit} разных ключей. Проверьте, что это список звонков.",
        ),
        # -- reports ------------------------------------------------------------------
        "report-ending-unknown": (
            "--report {path}: no report has this ending. Known ones: {endings}.",
            "--report {path}: отчёта с таким расширением нет. Есть такие: {endings}.",
        ),
        "report-read-csv": (
            "{name}: text, {encoding}, cells separated by {delimiter}",
            "{name}: текст, {encoding}, разделитель — {delimiter}",
        ),
        "report-read-workbook": (
            "{name}: workbook, sheet {sheet}",
            "{name}: книга, лист {sheet}",
        ),
        "report-read-json": (
            "{name}: JSON, {encoding}",
            "{name}: JSON, {encoding}",
        ),
        "verbose-assumed": (
            "time zone: {timezone}; country: {region}; currency: {currency}; order of dates: {order}; now: {now}",
            "часовой пояс: {timezone}; страна: {region}; валюта: {currency}; порядок дат: {order}; сейчас: {now}",
        ),
        "verbose-columns": ("columns taken: {columns}", "взяты столбцы: {columns}"),
        "verbose-rules": ("rules applied: {count} of {all}", "применено правил: {count} из {all}"),
        "verbose-not-said": ("not said", "не указано"),
        "report-header-line": ("header on line {row}", "заголовок в строке {row}"),
        "report-header-row": ("header in row {row}", "заголовок в строке {row} листа"),
        "report-dates-dmy": ("dates are day first", "в датах сначала день"),
        "report-dates-mdy": ("dates are month first", "в датах сначала месяц"),
        "report-left-out": (
            "{count} more findings were left out: the format has a limit. The whole list: --report findings.csv.",
            "Ещё находок не показано: {count}; у формата есть предел. Полный список: --report findings.csv.",
        ),
        "report-files-left-out": (
            "Files left out for want of room: {count}; the log lists their findings.",
            "Не поместилось файлов: {count}; их находки перечислены в журнале.",
        ),
        "report-header-none": ("no header", "без заголовка"),
        "report-keys": ("columns are the keys of records", "столбцы — ключи записей"),
        "report-vendor": ("read as an export of {vendor}", "прочитано как выгрузка {vendor}"),
        "report-none-incoming": (
            "NO RECORD counts as an incoming call. Look whether it is the right vendor, and at --own-number and "
            "--inbound-context if you gave them.",
            "НИ ОДНА ЗАПИСЬ не считается входящим звонком. Проверьте, тот ли это сервис, и --own-number и "
            "--inbound-context, если вы их указали.",
        ),
        "report-unverified": (
            "This profile is UNVERIFIED: the format is known only in part. Compare a few calls with the export before you "
            "rely on the result.",
            "Этот профиль НЕ ПРОВЕРЕН: формат известен лишь отчасти. Прежде чем полагаться на результат, сверьте "
            "несколько звонков с выгрузкой.",
        ),
        "report-record": ("record", "запись"),
        "report-more": ("and {count} more like this", "и ещё таких же: {count}"),
        "report-more-rules": (
            "and {count} more findings of {codes}: the log lists them",
            "и ещё находки {codes}, всего {count}: они перечислены в журнале",
        ),
        "report-in-all": ("{count} in all, at {places}", "всего {count}; места: {places}"),
        "report-in-files": ("{count} in all, by file: {places}", "всего {count}, по файлам: {places}"),
        "report-repaired": ("; it should read ", "; правильно: "),
        "report-fix": ("fix: {advice}", "что делать: {advice}"),
        "report-found": (
            "errors: {errors}, warnings: {warnings}, notes: {notes}",
            "ошибок: {errors}, предупреждений: {warnings}, замечаний: {notes}",
        ),
        "report-nothing-new": (
            "{name}: nothing new is wrong; accepted by the baseline: {count}",
            "{name}: нового ничего; принято по списку известных: {count}",
        ),
        "report-clean": ("{name}: nothing is wrong", "{name}: всё в порядке"),
        "report-next": (
            "Next: `calltools rules {code}` explains the rule and how to mend the file.",
            "Дальше: `calltools rules {code}` объяснит правило и как исправить файл.",
        ),
        "report-next-convert": (
            "Next: `calltools convert {name} -o clean.csv` mends errors by itself, {count} of them; `calltools rules {code}` explains the most frequent rule.",
            "Дальше: `calltools convert {name} -o clean.csv` сам исправит часть ошибок ({count}); `calltools rules {code}` объяснит самое частое правило.",
        ),
        "report-next-upload": (
            "Next: `calltools upload {name} --counter N --plan` shows what would be sent.",
            "Дальше: `calltools upload {name} --counter N --plan` покажет, что будет отправлено.",
        ),
        "report-files": ("FILES", "ФАЙЛЫ"),
        "report-rewritten": ("cells rewritten: {fields}", "переписано ячеек: {fields}"),
        "report-joined": (
            "identifiers from the second file: joined {joined}, no partner {unjoined}, several partners {ambiguous}",
            "идентификаторы из второго файла: найдено {joined}, нет пары {unjoined}, несколько пар {ambiguous}",
        ),
        "report-unusable": (
            "records of the second file that could not be used: {reasons}",
            "записи второго файла, которые не удалось использовать: {reasons}",
        ),
        "unusable-damaged": ("damaged", "повреждены"),
        "unusable-phone": ("no readable phone (is --region given?)", "не читается телефон (указан ли --region?)"),
        "unusable-time": ("no readable time", "не читается время"),
        "unusable-identifier": ("no usable identifier", "нет годного идентификатора"),
        "report-withheld": (
            "callers who withheld their number: {count}",
            "звонков со скрытым номером: {count}",
        ),
        "report-not-taken": (
            "columns not taken, because nothing says their currency: {columns}. Give --currency RUB or the like.",
            "столбцы не взяты, потому что их валюта неизвестна: {columns}. Укажите --currency RUB или другую.",
        ),
        "severity-error": ("error", "ошибка"),
        "severity-warning": ("warning", "предупреждение"),
        "severity-note": ("note", "замечание"),
        "delimiter-comma": ("comma", "запятая"),
        "delimiter-semicolon": ("semicolon", "точка с запятой"),
        "delimiter-tab": ("tab", "табуляция"),
        "delimiter-pipe": ("pipe", "вертикальная черта"),
        # -- the service --------------------------------------------------------------
        "token-missing": (
            "There is no token of Metrica. Put it into CALLTOOLS_TOKEN, or give --token-file FILE or --token-stdin.",
            "Нет токена Метрики. Поместите его в CALLTOOLS_TOKEN или укажите --token-file ФАЙЛ или --token-stdin.",
        ),
        "token-malformed": (
            "What stands in {where} is no token: a token is one line of latin letters, digits and signs, without spaces "
            "and without the word OAuth.",
            "В {where} не токен: токен — это одна строка из латинских букв, цифр и знаков, без пробелов и без слова "
            "OAuth.",
        ),
        "token-file-open": (
            "The token file {path} can be read by others (mode {mode}). Close it: chmod 600 {path}.",
            "Файл с токеном {path} доступен другим (права {mode}). Закройте его: chmod 600 {path}.",
        ),
        "token-file-unreadable": (
            "The token file {path} cannot be read: {reason}.",
            "Файл с токеном {path} не читается: {reason}.",
        ),
        "keyring-unusable": (
            "The system keyring gives no token ({reason}). Use CALLTOOLS_TOKEN, --token-file or --token-stdin.",
            "Системное хранилище паролей не отдаёт токен ({reason}). Используйте CALLTOOLS_TOKEN, --token-file или "
            "--token-stdin.",
        ),
        "api-url-wrong": (
            "CALLTOOLS_API_URL must be https://HOST with nothing but a port and a path after it.",
            "CALLTOOLS_API_URL — это https://ХОСТ, после которого могут стоять только порт и путь.",
        ),
        "api-url-open": (
            "CALLTOOLS_API_URL: http:// to {host} would send phone numbers and the token unprotected. It is allowed only "
            "to this machine (127.0.0.1, localhost); write https://.",
            "CALLTOOLS_API_URL: по http:// на {host} номера и токен ушли бы незащищёнными. Так можно только на свою "
            "машину (127.0.0.1, localhost); напишите https://.",
        ),
        "ca-file-unreadable": (
            "--ca-file {path} holds no certificate in PEM form that can be read ({reason}).",
            "В --ca-file {path} нет читаемого сертификата в формате PEM ({reason}).",
        ),
        "service-says": ("The service says: {answer}", "Ответ сервиса: {answer}"),
        "service-file-refused": (
            "The service refused the file (HTTP {status}); none of its calls was stored. Mend it and send it again.",
            "Сервис не принял файл (HTTP {status}); ни один звонок не сохранён. Исправьте файл и отправьте снова.",
        ),
        "service-file-large": (
            "The file is too large for the service (HTTP {status}); none of its calls was stored. Send fewer at a time.",
            "Файл слишком велик для сервиса (HTTP {status}); ни один звонок не сохранён. Отправляйте меньшими частями.",
        ),
        "service-token-refused": (
            "The service does not accept the token (HTTP {status}): it has expired, was withdrawn or is mistyped. Get a "
            "new one; nothing was stored.",
            "Сервис не принимает токен (HTTP {status}): он истёк, отозван или записан с ошибкой. Получите новый; "
            "ничего не сохранено.",
        ),
        "service-access-denied": (
            "The service does not let this token do that (HTTP {status}); nothing was stored. The token needs the right "
            "metrika:offline_data or metrika:write, and its account the right to edit the counter.",
            "Сервис не разрешает это с таким токеном (HTTP {status}); ничего не сохранено. Токену нужно право "
            "metrika:offline_data или metrika:write, а его владельцу — право изменять счётчик.",
        ),
        "service-not-found": (
            "The service knows no such counter or uploading (HTTP {status}). Check the number, and that the token belongs "
            "to an account that sees the counter.",
            "Сервис не знает такого счётчика или загрузки (HTTP {status}). Проверьте номер и то, что владельцу токена "
            "этот счётчик доступен.",
        ),
        "service-refused": (
            "The service refused the request (HTTP {status}); nothing was stored.",
            "Сервис отклонил запрос (HTTP {status}); ничего не сохранено.",
        ),
        "service-redirect": (
            "{host} points to another address (HTTP {status}). calltools follows no redirects, so that calls and token "
            "reach nobody else. Check CALLTOOLS_API_URL and the network.",
            "{host} отсылает на другой адрес (HTTP {status}). calltools не следует перенаправлениям, чтобы звонки и токен "
            "не попали к чужим. Проверьте CALLTOOLS_API_URL и сеть.",
        ),
        "service-quota": (
            "The limit of requests is used up (HTTP {status}); nothing was stored. Run again after {until}.",
            "Лимит запросов исчерпан (HTTP {status}); ничего не сохранено. Запустите снова после {until}.",
        ),
        "service-quota-soon": (
            "The service asks for fewer requests (HTTP {status}); nothing was stored. Run again in a few minutes.",
            "Сервис просит реже слать запросы (HTTP {status}); ничего не сохранено. Запустите снова через несколько минут.",
        ),
        "service-no-connection": (
            "No connection to {host} ({reason}); nothing was sent. Check the network and run again.",
            "Нет соединения с {host} ({reason}); ничего не отправлено. Проверьте сеть и запустите снова.",
        ),
        "service-untrusted": (
            "The certificate of {host} is not trusted ({reason}); nothing was sent. If it was issued by your own "
            "authority, give its certificate by --ca-file.",
            "Сертификату {host} нет доверия ({reason}); ничего не отправлено. Если его выдал ваш собственный центр, "
            "укажите сертификат центра: --ca-file.",
        ),
        "service-broken": (
            "The connection to {host} broke before the answer was there. Run again.",
            "Соединение с {host} оборвалось до ответа. Запустите снова.",
        ),
        "service-silent": (
            "{host} did not answer in time. Run again later, or give it longer by --timeout.",
            "{host} не ответил вовремя. Запустите позже или дайте больше времени: --timeout.",
        ),
        "service-down": (
            "{host} has a fault of its own (HTTP {status}). Run again later.",
            "На {host} своя ошибка (HTTP {status}). Запустите позже.",
        ),
        "service-nonsense": (
            "The answer of {host} is not one of Metrica's (HTTP {status}). Check CALLTOOLS_API_URL, or run again later.",
            "Ответ {host} не похож на ответ Метрики (HTTP {status}). Проверьте CALLTOOLS_API_URL или запустите позже.",
        ),
        "service-list-endless": (
            "The list of uploadings has no end ({count} so far). Run again later.",
            "Список загрузок не кончается (уже {count}). Запустите позже.",
        ),
        "unclear-held": (
            "It is not known whether the calls arrived, so they are not sent again by themselves: "
            "`calltools uploads resume` looks for them.",
            "Неизвестно, дошли ли звонки, поэтому сами они повторно не отправляются: `calltools uploads resume` "
            "поищет их.",
        ),
        "unclear-broken": (
            "The connection to {host} broke after {sent} of {size} bytes, without an answer.",
            "Соединение с {host} оборвалось после {sent} из {size} байт, ответа не было.",
        ),
        "unclear-silent": (
            "{host} did not answer in time ({sent} of {size} bytes were sent).",
            "{host} не ответил вовремя (отправлено {sent} из {size} байт).",
        ),
        "unclear-status": (
            "{host} answered with HTTP {status}, which does not say whether the calls were stored.",
            "{host} ответил HTTP {status}; из этого не видно, сохранены ли звонки.",
        ),
        "unclear-answer": (
            "{host} answered with HTTP {status}, but not with an uploading of Metrica's.",
            "{host} ответил HTTP {status}, но это не ответ Метрики о загрузке.",
        ),
        "unclear-cut": (
            "The answer of {host} (HTTP {status}) broke off.",
            "Ответ {host} (HTTP {status}) оборвался.",
        ),
        "unclear-file": (
            "The copy of the calls could not be read to its end while it was sent ({sent} of {size} bytes).",
            "Копию звонков не удалось дочитать во время отправки ({sent} из {size} байт).",
        ),
        # -- the ledger -------------------------------------------------------------------
        "ledger-network": (
            "The state folder {path} lies on a network file system ({kind}), where a crash could lose what was sent. "
            "Name a local folder in CALLTOOLS_STATE_DIR. Nothing was sent.",
            "Папка состояния {path} лежит на сетевой файловой системе ({kind}): при сбое память об отправке может "
            "пропасть. Укажите локальную папку в CALLTOOLS_STATE_DIR. Ничего не отправлено.",
        ),
        "ledger-unusable": (
            "The state folder {path} cannot be used: {reason}. Free it or name another in CALLTOOLS_STATE_DIR.",
            "Папкой состояния {path} нельзя пользоваться: {reason}. Исправьте это или укажите другую в "
            "CALLTOOLS_STATE_DIR.",
        ),
        "ledger-damaged": (
            "The memory of the uploads in {path} is damaged, so calls could be sent twice. Nothing was sent. Restore the "
            "folder from a backup; without one, move it away only if no call of it may be sent again by mistake.",
            "Память о загрузках в {path} повреждена: звонки могли бы уйти дважды. Ничего не отправлено. Восстановите "
            "папку из резервной копии; если её нет, убирайте папку, только если повторная отправка исключена.",
        ),
        "ledger-key-lost": (
            "The key {path} is missing or is not the one that the ledger was written with, so known calls cannot be told "
            "from new ones. Nothing was sent. Restore the key from a backup.",
            "Ключа {path} нет, или журнал загрузок написан с другим ключом: известные звонки не отличить от новых. "
            "Ничего не отправлено. Восстановите ключ из резервной копии.",
        ),
        "ledger-newer": (
            "The ledger was written by a later version of calltools (form {version}, this one knows {known}). Nothing was "
            "sent. Update calltools.",
            "Журнал загрузок записан более новой версией calltools (форма {version}, эта знает {known}). Ничего не "
            "отправлено. Обновите calltools.",
        ),
        "ledger-busy": (
            "Another process has kept the ledger in {path} busy for too long. Run again when it has ended.",
            "Другой процесс слишком долго занимает журнал загрузок в {path}. Повторите, когда он закончит.",
        ),
        "ledger-locked": (
            "Process {pid} is uploading to counter {counter}. Nothing was sent. Run again when it has ended.",
            "В счётчик {counter} уже загружает процесс {pid}. Ничего не отправлено. Повторите, когда он закончит.",
        ),
        "ledger-locked-somehow": (
            "Another process has just begun to upload to counter {counter}. Nothing was sent. Run again when it has ended.",
            "Другой процесс только что начал загрузку в счётчик {counter}. Ничего не отправлено. Повторите, когда он "
            "закончит.",
        ),
        "ledger-plan-stale": (
            "Since the upload of {path} was planned, another upload has taken some of its calls. Nothing was sent. Run "
            "again.",
            "После составления плана для {path} часть его звонков взяла другая загрузка. Ничего не отправлено. Повторите.",
        ),
        "ledger-part-damaged": (
            "The stored copy of the calls of {name} is gone or altered. Nothing was sent of it.",
            "Сохранённая копия звонков {name} пропала или изменена. Из неё ничего не отправлено.",
        ),
        "ledger-not-held": (
            "{name} is not held, it is {state}: there is nothing to decide. `calltools uploads list` shows what is held.",
            "{name} не ждёт решения, её состояние — {state}. Что ждёт решения, покажет `calltools uploads list`.",
        ),
        "ledger-unknown-id": (
            "There is no upload {name}. `calltools uploads list` shows them all.",
            "Загрузки {name} нет. Все загрузки показывает `calltools uploads list`.",
        ),
        "upload-not-canonical": (
            "{path} is not a canonical file of calls ({reason}). `calltools convert` makes one.",
            "{path} — не канонический файл звонков ({reason}). Его делает `calltools convert`.",
        ),
        "upload-unreadable": (
            "{path} cannot be read: {reason}.",
            "{path} не прочитать: {reason}.",
        ),
        "upload-changed": (
            "{path} was changed while its upload was being prepared. Nothing was sent. Run again.",
            "{path} изменился, пока готовилась загрузка. Ничего не отправлено. Повторите.",
        ),
        "upload-errors": (
            "{path} holds {count} errors: nothing was sent. Mend them, or leave the bad records out by --skip-bad.",
            "В {path} ошибок: {count}. Ничего не отправлено. Исправьте их или оставьте плохие записи: --skip-bad.",
        ),
        "upload-left-out": ("left out because of errors: {count}", "не отправлены из-за ошибок: {count}"),
        "upload-dry-run": (
            "{path}: {count} calls could be uploaded; nothing was sent",
            "{path}: можно загрузить звонков {count}; ничего не отправлено",
        ),
        "upload-counter-needed": (
            "Say which counter: --counter N, its number in Metrica.",
            "Укажите счётчик: --counter N, его номер в Метрике.",
        ),
        "upload-comment-wrong": (
            "--comment takes letters, digits and spaces, at most {limit}: the service refuses anything else.",
            "--comment — это буквы, цифры и пробелы, не больше {limit}: другого сервис не принимает.",
        ),
        "upload-stdin-twice": (
            "Standard input cannot hold both the file and the token. Use --token-file or CALLTOOLS_TOKEN.",
            "Со стандартного входа нельзя прочитать и файл, и токен. Используйте --token-file или CALLTOOLS_TOKEN.",
        ),
        "upload-ledger": ("ledger: {folder}, uploads {count}", "журнал загрузок: {folder}, загрузок {count}"),
        "upload-service": (
            "service: {host}, at most {seconds} s for a request",
            "сервис: {host}, не больше {seconds} с на запрос",
        ),
        "upload-plan": (
            "{path} to counter {counter}: {sent} of {records} calls to send",
            "{path} в счётчик {counter}: к отправке звонков {sent} из {records}",
        ),
        "upload-plan-part": (
            "  part {part} of {parts}: {records} calls by {kind}",
            "  часть {part} из {parts}: звонков {records} по {kind}",
        ),
        "upload-plan-unchanged": ("  sent before: {count}", "  отправлены раньше: {count}"),
        "upload-plan-changed": (
            "  sent before, changed since: {count}; --changed sends them again",
            "  отправлены раньше и с тех пор изменились: {count}; --changed отправит их снова",
        ),
        "upload-plan-doubled": (
            "  the same call twice in the file, sent once: {count}",
            "  повторы внутри файла, отправляются один раз: {count}",
        ),
        "upload-plan-left": (
            "  left from an earlier run and sent first: {name}, {rows} calls",
            "  осталось от прошлого запуска, уйдёт первым: {name}, звонков {rows}",
        ),
        "upload-held": (
            "It is not known whether {count} calls of this file have arrived ({names}), so nothing of it was sent. "
            "`calltools uploads resume` looks again.",
            "Неизвестно, дошли ли звонки этого файла: {count} ({names}), поэтому из него ничего не отправлено. "
            "`calltools uploads resume` проверит ещё раз.",
        ),
        "upload-nothing": (
            "nothing to send: of each of the {records} calls it is said above why",
            "отправлять нечего: о каждом из звонков ({records}) выше сказано, почему",
        ),
        "upload-declined": (
            "nothing was sent; {count} calls stay where they are",
            "ничего не отправлено, звонков осталось: {count}",
        ),
        "upload-confirm": (
            "Send {count} calls? It cannot be taken back. [y/N] ",
            "Отправить звонков: {count}? Отозвать их потом нельзя. [д/Н] ",
        ),
        "upload-yes-needed": (
            "Nobody can be asked here: give --yes to send, or --plan to see what would be sent.",
            "Спросить некого: укажите --yes, чтобы отправить, или --plan, чтобы увидеть, что уйдёт.",
        ),
        "upload-sending": (
            "sending {name}: {rows} calls, part {part} of {parts}",
            "отправка {name}: звонков {rows}, часть {part} из {parts}",
        ),
        "upload-again": ("no answer; trying again in {seconds} s", "ответа нет; новая попытка через {seconds} с"),
        "upload-quota-wait": (
            "quota used up; {rows} calls wait {seconds} s",
            "квота исчерпана; звонков ждёт: {rows}, секунд: {seconds}",
        ),
        "upload-looking": (
            "{name}: not known whether {rows} calls arrived; looking for them in the list of uploadings",
            "{name}: неизвестно, дошли ли звонки ({rows}); ищу их в списке загрузок",
        ),
        "upload-followed": (
            "{name}: the service has {rows} calls; following what it does with them",
            "{name}: звонки ({rows}) у сервиса; слежу за обработкой",
        ),
        "upload-status": (
            "{name}: {rows} calls, {status}",
            "{name}: звонков {rows}, {status}",
        ),
        "upload-asked-in-vain": (
            "{name}: {rows} calls were accepted; the service does not answer just now",
            "{name}: звонков принято {rows}; сервис сейчас не отвечает",
        ),
        "upload-interrupted": (
            "Interrupted. What was sent and what was not:",
            "Прервано. Что ушло, а что нет:",
        ),
        "upload-batch-held": (
            "{name}: not known whether its {sent} calls have arrived; they are held and not sent again. "
            "`calltools uploads resume` looks again.",
            "{name}: неизвестно, дошли ли её звонки ({sent}); они отложены и повторно не отправляются. "
            "`calltools uploads resume` проверит ещё раз.",
        ),
        "upload-batch-doubled": (
            "{name}: the service has it more than once ({reason}). Nothing is sent again; ask Metrica's support.",
            "{name}: у сервиса она больше одного раза ({reason}). Повторно ничего не уйдёт; обратитесь в поддержку Метрики.",
        ),
        "upload-batch-none": (
            "{name}: the service accepted no call of {sent}.",
            "{name}: сервис не принял ни одного звонка из {sent}.",
        ),
        "upload-batch-partial": (
            "{name}: the service accepted {accepted} of {sent} calls; it does not say which.",
            "{name}: сервис принял звонков {accepted} из {sent}; каких именно, он не сообщает.",
        ),
        "upload-batch-unlinked": (
            "{name}: none of its {dynamic} dynamic calls could be linked to a visit. Look at the identifiers and at the age of the calls.",
            "{name}: ни одного из динамических звонков ({dynamic}) не удалось связать с визитом. Проверьте идентификаторы и давность звонков.",
        ),
        "upload-batch-static": (
            "{name}: all {sent} calls are static, so none was to be linked: LINKAGE_FAILURE is the success here.",
            "{name}: все звонки ({sent}) статические, связывать было нечего: LINKAGE_FAILURE здесь означает успех.",
        ),
        "upload-batch-watched": (
            "{name}: the service has its {sent} calls and still works on them. `calltools uploads watch {name}` goes on.",
            "{name}: звонки ({sent}) у сервиса, он ещё обрабатывает их. Следить дальше: `calltools uploads watch {name}`.",
        ),
        "upload-batch-linked-unknown": (
            "{name}: the service does not say how many of its {dynamic} dynamic calls are linked, so --min-linked cannot be "
            "met.",
            "{name}: сервис не сообщает, сколько динамических звонков из {dynamic} связано, поэтому условие --min-linked не "
            "выполнено.",
        ),
        "upload-batch-linked-few": (
            "{name}: linked {linked} of {dynamic} dynamic calls, fewer than --min-linked asks for.",
            "{name}: связано динамических звонков {linked} из {dynamic} — меньше, чем требует --min-linked.",
        ),
        "upload-clean-before": (
            "{path}: these bytes were found clean before by this version, so they are not checked again",
            "{path}: эти же байты эта версия уже проверила и ошибок не нашла, повторной проверки нет",
        ),
        "upload-plan-waiting": (
            "  in parts that an earlier run has left: {count}",
            "  в частях, оставшихся от прошлого запуска: {count}",
        ),
        "upload-batch-waiting": (
            "{name}: nothing was sent of its {sent} calls. They wait: the next `calltools upload` to this counter or "
            "`calltools uploads resume` sends them.",
            "{name}: из её звонков ({sent}) ничего не отправлено. Они ждут: их отправит следующая `calltools upload` в этот "
            "счётчик или `calltools uploads resume`.",
        ),
        "upload-batch-refused": (
            "{name}: the service refused it; none of its {sent} calls was stored. Upload the file again when it is mended.",
            "{name}: сервис её отклонил; ни один из звонков ({sent}) не сохранён. Загрузите файл снова, когда причина устранена.",
        ),
        "upload-batch-released": (
            "{name}: withdrawn; none of its {sent} calls was sent.",
            "{name}: отозвана; ни один из её звонков ({sent}) не отправлен.",
        ),
        "upload-batch-given-up": (
            "{name}: left as it is; its {sent} calls stay known and go again only by --all.",
            "{name}: оставлена как есть; её звонки ({sent}) считаются известными и уйдут снова только с --all.",
        ),
        "step-reserve": ("{rows} calls set aside to be sent", "отложено для отправки звонков: {rows}"),
        "step-send": ("attempt {n} begins: {rows} calls", "начата попытка {n}, звонков: {rows}"),
        "step-accept": (
            "the service has all {rows} calls, as uploading {upload_id}",
            "сервис принял все звонки ({rows}), загрузка {upload_id}",
        ),
        "step-accept-part": (
            "the service accepted {accepted} of {rows} calls, as uploading {upload_id}",
            "сервис принял звонков {accepted} из {rows}, загрузка {upload_id}",
        ),
        "step-reject": (
            "the service refused it; {rows} calls are free again",
            "сервис отклонил её; звонки ({rows}) снова свободны",
        ),
        "step-fail-to-send": ("no connection; {rows} calls wait", "нет соединения; звонков ждёт: {rows}"),
        "step-throttle": ("quota used up; {rows} calls wait", "квота исчерпана; звонков ждёт: {rows}"),
        "step-lose": (
            "no clear end: {rows} calls may have arrived or not",
            "исход неясен: звонки ({rows}) могли дойти, а могли и нет",
        ),
        "step-find": (
            "found in the list, as uploading {upload_id}: the service has its {rows} calls",
            "найдена в списке, загрузка {upload_id}: звонки ({rows}) у сервиса",
        ),
        "step-find-part": (
            "found in the list, as uploading {upload_id}: accepted {accepted} of {rows} calls",
            "найдена в списке, загрузка {upload_id}: принято звонков {accepted} из {rows}",
        ),
        "step-find-many": (
            "found in the list more than once: {rows} calls are there twice",
            "найдена в списке не один раз: звонки ({rows}) там дважды",
        ),
        "step-miss": (
            "not in the list; {rows} calls stay held",
            "в списке её нет; звонки ({rows}) остаются отложенными",
        ),
        "step-settle": (
            "missing for long enough: {rows} calls count as not arrived",
            "её нет достаточно долго: звонки ({rows}) считаются не дошедшими",
        ),
        "step-hold": ("held: a person decides about {rows} calls", "отложена: о звонках ({rows}) решает человек"),
        "step-resend": ("to be sent again: {rows} calls", "будет отправлена снова, звонков: {rows}"),
        "step-give-up": (
            "left as it is: {rows} calls stay known",
            "оставлена как есть: звонки ({rows}) считаются известными",
        ),
        "step-release": ("withdrawn: {rows} calls are free again", "отозвана: звонки ({rows}) снова свободны"),
        "step-look": ("the service says {status}", "сервис сообщает: {status}"),
        "step-process": (
            "the service is done: linked {linked} of {rows} calls",
            "сервис закончил: связано звонков {linked} из {rows}",
        ),
        "step-fail-linkage": (
            "the service is done: none of {rows} calls is linked",
            "сервис закончил: не связан ни один звонок из {rows}",
        ),
        "step-tire": (
            "no longer watched; the service still works on {rows} calls",
            "наблюдение прекращено; сервис ещё обрабатывает звонки ({rows})",
        ),
        "uploads-not-resent": (
            "{name}: nobody could look whether its {rows} calls are there, so they are not sent again. Try once more when "
            "the list of uploadings can be read.",
            "{name}: нельзя было посмотреть, есть ли там её звонки ({rows}), поэтому снова они не отправлены. Повторите, "
            "когда список загрузок станет доступен.",
        ),
        "uploads-none": ("no uploads yet", "загрузок ещё не было"),
        "uploads-nothing-held": ("nothing is held and nothing waits", "ничего не отложено и ничего не ждёт отправки"),
        "uploads-ledger-only": (
            "What the service says is missing here: {reason}",
            "Здесь нет того, что говорит сервис: {reason}",
        ),
        "doctor-ledger": (
            "ledger: {folder}, uploads {count}, held {held}",
            "журнал загрузок: {folder}, загрузок {count}, отложено {held}",
        ),
        "doctor-ledger-fault": ("ledger is damaged: {fault}", "журнал загрузок повреждён: {fault}"),
        "doctor-token-there": (
            "token: there; give --counter N to try it",
            "токен: есть; чтобы проверить его, укажите --counter N",
        ),
        "doctor-counter": (
            "counter {counter}: the token works, permission {permission}, time zone {zone}",
            "счётчик {counter}: токен действует, права {permission}, часовой пояс {zone}",
        ),
        "doctor-no-right": (
            "with the permission {permission} nothing can be uploaded: own or edit is needed",
            "с правами {permission} загружать нельзя: нужны own или edit",
        ),
        "doctor-clock": (
            "clock: agrees with that of the service to {seconds} s",
            "часы: расходятся с часами сервиса не больше чем на {seconds} с",
        ),
        "doctor-clock-ahead": (
            "clock: {seconds} s ahead of that of the service. Times of calls and the terms of held uploads are judged by "
            "it: set the clock of this machine.",
            "часы: на {seconds} с впереди часов сервиса. По ним судят о времени звонков и о сроках отложенных загрузок: "
            "выставьте время на этой машине.",
        ),
        "doctor-clock-behind": (
            "clock: {seconds} s behind that of the service. Times of calls and the terms of held uploads are judged by "
            "it: set the clock of this machine.",
            "часы: на {seconds} с позади часов сервиса. По ним судят о времени звонков и о сроках отложенных загрузок: "
            "выставьте время на этой машине.",
        ),
        "doctor-clock-unknown": (
            "clock: the service's answer bears no time to compare with",
            "часы: в ответе сервиса нет времени, сравнить не с чем",
        ),
        "answer-unreadable": (
            "{given} cannot be read. What stands before or behind = is one of: {names}.",
            "Не понять {given}. С одной стороны от = должно стоять одно из: {names}.",
        ),
        "columns-missing": (
            "The sample has no column {columns}. It has: {there}.",
            "В образце нет столбца {columns}. Есть: {there}.",
        ),
        "ask-datetime": (
            "Column with the time of the call, or two as DATE + TIME ({there}); - for none",
            "Столбец с временем звонка или два в виде ДАТА + ВРЕМЯ ({there}); - если нет",
        ),
        "ask-phonenumber": ("Column with the caller's number; - for none", "Столбец с номером звонящего; - если нет"),
        "ask-direction": (
            "Column that tells incoming from outgoing; - for none",
            "Столбец с направлением звонка; - если нет",
        ),
        "ask-callmissed": (
            "Column that tells answered from missed; - for none",
            "Столбец со статусом (принят, пропущен); - если нет",
        ),
        "ask-talkduration": (
            "Column with the length of the talk; - for none",
            "Столбец с длительностью разговора; - если нет",
        ),
        "ask-holdduration": ("Column with the time on hold; - for none", "Столбец с временем ожидания; - если нет"),
        "ask-no-such": ("There is no column {title}.", "Столбца {title} нет."),
        "ask-time-format": (
            "Layout of the time, as for strptime, or iso, or unix, or unix-ms for milliseconds",
            "Формат времени, как в strptime, или iso, или unix, или unix-ms для миллисекунд",
        ),
        "ask-word": ("What is {word}: {meanings}", "Что значит «{word}»: {meanings}"),
        "new-known": (
            "There is a profile for this export already: --vendor {vendor}.",
            "Для этой выгрузки профиль уже есть: --vendor {vendor}.",
        ),
        "new-tried": (
            "Tried on the sample: read {read}, incoming {taken}, left out {skipped}, words to look at {unknown}; "
            "filled: {fields}.",
            "Проверено на образце: прочитано {read}, входящих {taken}, не считаются {skipped}, непонятных слов {unknown}; "
            "заполнено: {fields}.",
        ),
        "propose-head": (
            "Proposed from a sample. Look at each line marked with LOOK, then run:",
            "Предложено по образцу. Посмотрите строки с пометкой ПРОВЕРЬТЕ, затем запустите:",
        ),
        "propose-recognize": (
            "LOOK: columns that stand together in this export only.",
            "ПРОВЕРЬТЕ: столбцы, которые вместе есть только в этой выгрузке.",
        ),
        "propose-region": (
            "LOOK: are there numbers without a country code? Then say whose they are.",
            "ПРОВЕРЬТЕ: есть номера без кода страны? Тогда укажите, чьи они.",
        ),
        "propose-shape": (
            "The file has no header: these names stand for its columns.",
            "В файле нет заголовков: столбцы названы здесь.",
        ),
        "propose-patterns": (
            "LOOK: what cells match; four in five records must.",
            "ПРОВЕРЬТЕ: вид ячеек; подходить должны четыре записи из пяти.",
        ),
        "propose-all-incoming": (
            "LOOK: no column says which calls are incoming, so all of them count.",
            "ПРОВЕРЬТЕ: столбца с направлением не нашлось, и входящими считаются все звонки.",
        ),
        "propose-incoming": (
            "Incoming counts; any other word on the right is the reason for which a row is left out.",
            "Считаются incoming; любое другое слово справа — причина, по которой строка не берётся.",
        ),
        "propose-direction": (
            "LOOK: which of them is incoming? {words}",
            "ПРОВЕРЬТЕ: что из этого входящий звонок (incoming)? {words}",
        ),
        "propose-no-time": ("LOOK: no column looks like a time.", "ПРОВЕРЬТЕ: столбца со временем не нашлось."),
        "propose-day-first": (
            "LOOK: days before months? Nothing in the sample says so.",
            "ПРОВЕРЬТЕ: сначала день, потом месяц? По образцу этого не понять.",
        ),
        "propose-whole-call": (
            "LOOK: is this the talk alone, or the whole call?",
            "ПРОВЕРЬТЕ: это один разговор или весь звонок?",
        ),
        "propose-click": ("The click stands in the address.", "Клик записан в адресе."),
        "propose-status": (
            "LOOK: is it missed (1) or answered (0)? {words}",
            "ПРОВЕРЬТЕ: пропущен (1) или принят (0)? {words}",
        ),
        "propose-left": ("LOOK: nothing is taken from: {titles}", "ПРОВЕРЬТЕ: ничего не взято из: {titles}"),
        "propose-example": (
            "LOOK: is this what should come out? Digits of long numbers are invented; words are not, so read them.",
            "ПРОВЕРЬТЕ: то ли получилось? Цифры длинных номеров выдуманы, слова — нет, поэтому прочтите их.",
        ),
        # -- schema exports and templates ---------------------------------------------
        "template-ending-unknown": (
            "A template is a workbook or a text table: name it .xlsx or .csv, not {path}.",
            "Шаблон — это книга или текстовая таблица: назовите его .xlsx или .csv, а не {path}.",
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
