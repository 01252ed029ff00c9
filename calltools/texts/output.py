"""Messages about output files, and the sentences of reports about a file as a whole."""

from typing import Final

MESSAGES: Final = {
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
    "report-ending-unknown": (
        "--report {path}: no report has this ending. Known ones: {endings}.",
        "--report {path}: отчёта с таким расширением нет. Есть такие: {endings}.",
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
    "report-dates-ymd": ("dates are year first", "в датах сначала год"),
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
    "template-ending-unknown": (
        "A template is a workbook or a text table: name it .xlsx or .csv, not {path}.",
        "Шаблон — это книга или текстовая таблица: назовите его .xlsx или .csv, а не {path}.",
    ),
}
