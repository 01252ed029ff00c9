"""Help of the command line in Russian: each English text of ``--help`` -> its Russian one.

The English texts stand at the options and commands; a text that is not here is shown in English, and a test names it.
"""

from collections.abc import Mapping
from typing import Final

# fmt: off
#: Sentences on commands and options.
RUSSIAN_HELP: Final[Mapping[str, str]] = {
    # -- the whole ---------------------------------------------------------------------
    "Check phone-call exports, convert them to the CSV that Yandex Metrica takes, and upload it.":
        "Проверяет выгрузки звонков, превращает их в CSV, который принимает Яндекс Метрика, и загружает его.",
    "Exit codes: 0 clean, 1 findings, 2 wrong call, 3 unreadable input, 4 refused, 5 accepted in part, 6 held, 130 interrupted.":
        "Коды возврата: 0 — всё в порядке, 1 — есть находки, 2 — ошибка в команде, 3 — файл не прочитан, 4 — отказ сервиса, 5 — принято частично, 6 — задержано, 130 — прервано.",
    "Print the version and end.": "Показать версию и выйти.",
    "Install completion for the current shell.": "Установить автодополнение для текущей оболочки.",
    "Show completion for the current shell, to copy it or customize the installation.":
        "Показать код автодополнения для текущей оболочки, чтобы скопировать или настроить его.",
    "Show this message and exit.": "Показать эту справку и выйти.",
    # -- commands ----------------------------------------------------------------------
    "Check canonical files or vendor exports; nothing is written but reports.":
        "Проверить файлы для Метрики или выгрузки сервисов; записываются только отчёты.",
    "Vendor export (CSV, XLSX, JSON, Parquet) or untidy canonical file -> canonical CSV.":
        "Превратить выгрузку (CSV, XLSX, JSON, Parquet) или неаккуратный файл в CSV для Метрики.",
    "Send the calls of canonical CSV files to Yandex Metrica: each exactly once.":
        "Отправить звонки из готовых CSV в Яндекс Метрику: каждый ровно один раз.",
    "Run the jobs of calltools.toml: convert, send, put away.":
        "Выполнить задания из calltools.toml: сконвертировать, отправить, убрать файлы.",
    "Get a token of Metrica, try it, and keep it in the keyring of this machine (or in --token-file).":
        "Получить токен Метрики, проверить его и сохранить в системном хранилище паролей (или в --token-file).",
    "Look at an export, ask what it does not say, show the plan, ask once, and send: each call exactly once.":
        "Посмотреть на выгрузку, спросить о том, чего в ней нет, показать план, спросить один раз и отправить: каждый звонок ровно один раз.",
    "Forget the token that login has kept.": "Забыть токен, который сохранила команда login.",
    "Files in the browser: check, mend, convert, send. On this machine only; Ctrl-C ends it.":
        "Файлы в браузере: проверить, исправить, сконвертировать, отправить. Только на этом компьютере; Ctrl-C завершает.",
    "Look at versions, ledger, token, counter, rights and clock; nothing is sent.":
        "Проверить версии, журнал загрузок, токен, счётчик, права и часы; ничего не отправляется.",
    "The catalog of what can be wrong, or one rule's manual.": "Каталог того, что может быть не так, или описание одного правила.",
    "The columns of the canonical file, for other tools.": "Столбцы файла для Метрики — в форме для других программ.",
    "An empty canonical file; the workbook validates while typing.":
        "Пустой файл для звонков; книга проверяет ввод на лету.",
    "What was uploaded: list, show, watch, resume, cancel, adopt, check.":
        "Что загружено: list, show, watch, resume, cancel, adopt, check.",
    "A table of every uploading: what the ledger knows, what the service says, and what only the service knows.":
        "Таблица всех загрузок: что знает журнал, что говорит сервис и что знает только сервис.",
    "One uploading with everything that happened to it.": "Одна загрузка и всё, что с ней было.",
    "Follow one uploading until Metrica is done with it.": "Следить за загрузкой, пока Метрика её не обработает.",
    "Look again for what is held, and send what waits; or decide about one uploading.":
        "Поискать задержанное и отправить то, что ждёт; или решить судьбу одной загрузки.",
    "Accepted calls beside those that Metrica's reports show, by day of the counter's time zone.":
        "Принятые звонки рядом с теми, что видны в отчётах Метрики, по дням в поясе счётчика.",
    "Withdraw what waits to be sent; its calls are free for another file.":
        "Отозвать то, что ждёт отправки; эти звонки можно отправить с другим файлом.",
    "Take over what a lost ledger has sent, as accepted; calls that may be in it are held back from then on.":
        "Принять на учёт отправленное при потерянном журнале; звонки, которые могли быть в нём, больше не отправляются.",
    "Known exports: list, show, detect, test, new, sample.": "Известные выгрузки: list, show, detect, test, new, sample.",
    "Invented calls in the exact form of a vendor's export, with faults on request.":
        "Выдуманные звонки точно в форме выгрузки сервиса, по желанию — с ошибками.",
    "Every known export: name, how well it is known, what it is.":
        "Все известные выгрузки: имя, насколько хорошо известна, что это.",
    "One profile: where it comes from, the mapping, what the export lacks.":
        "Один профиль: откуда он, соответствие столбцов, чего нет в выгрузке.",
    "Which profile fits a file, and why the others do not; ends with 0 when exactly one fits each, else 1.":
        "Какой профиль подходит файлу и почему не подходят другие; код 0, если каждому подходит ровно один, иначе 1.",
    "Run the examples inside profiles; ends with 1 when one of them fails.":
        "Проверить примеры внутри профилей; код 1, если хотя бы один не сошёлся.",
    "Look at a sample, ask on a terminal, propose a commented profile and run it at once.":
        "Посмотреть на образец, спросить в терминале, предложить профиль с пояснениями и сразу его испытать.",
    "Which options hold, and where they come from: show.": "Какие параметры действуют и откуда они взялись: show.",
    "Each option as the configuration has it, in the words of calltools.toml.":
        "Каждый параметр, как он задан в настройках, в записи calltools.toml.",
    # -- what is read ------------------------------------------------------------------
    "Files, folders, patterns, addresses (s3://…); - is standard input.":
        "Файлы, папки, маски, адреса (s3://…); «-» — стандартный ввод.",
    "Exports of calls: files, folders, patterns.": "Выгрузки звонков: файлы, папки, маски.",
    "Canonical files, folders, patterns; -: stdin.": "Готовые файлы, папки, маски; «-» — стандартный ввод.",
    "Files, folders, patterns.": "Файлы, папки, маски.",
    "Files, folders, patterns to begin with.": "Файлы, папки, маски, с которых начать.",
    "Whose export it is; auto looks at the header.": "Чья это выгрузка; auto узнаёт по заголовкам.",
    "IANA zone of wall-clock times, such as Europe/Moscow.": "Часовой пояс местного времени, например Europe/Moscow.",
    "Country of phone numbers without a country code.": "Страна номеров, у которых нет кода страны.",
    "Country of phones without a country code.": "Страна номеров, у которых нет кода страны.",
    "Currency of a price column that has none.": "Валюта цен, если столбец её не называет.",
    "StaticCall where the export does not say; auto: 1 without identifier, 0 with one.":
        "StaticCall, если в выгрузке его нет; auto: 1 без идентификатора, 0 с ним.",
    "Sheet of those files that are workbooks with several.": "Лист этих файлов, если это книги с несколькими листами.",
    "Sheet of that file, if it is a workbook with several.": "Лист этого файла, если это книга с несколькими листами.",
    "Second file (CRM, form log): join identifiers by phone and time.":
        "Второй файл (CRM, журнал форм): идентификаторы присоединяются по телефону и времени.",
    "How far back a record of that file may lie: 21d, 12h, 90m.":
        "Насколько раньше звонка может быть запись того файла: 21d, 12h, 90m.",
    "Its columns, where their names do not say.": "Его столбцы, если названия не говорят сами.",
    "What became of the calls (CRM): price, currency, tag; repeatable.":
        "Чем кончились звонки (CRM): цена, валюта, метка; можно несколько раз.",
    "How far back the call of such a record may lie: 90d, 12h, 90m.":
        "Насколько раньше такой записи мог быть звонок: 90d, 12h, 90m.",
    "Their columns, where their names do not say.": "Столбцы этих файлов, если названия не говорят сами.",
    "Force the encoding.": "Задать кодировку.",
    "Force the delimiter: , ; tab |": "Задать разделитель: , ; tab |",
    "Sheet of a workbook.": "Лист книги.",
    "Line or row of the header; 0: there is none.": "Строка заголовков; 0 — заголовков нет.",
    "List that holds the records of JSON, such as data[].list.": "Список с записями внутри JSON, например data[].list.",
    "How ambiguous dates are read.": "Как читать даты, у которых день и месяц можно спутать.",
    "How durations such as 3:15 are read.": "Как читать длительности вида 3:15.",
    '"Now" for the time rules: ISO 8601 or Unix seconds.': "«Сейчас» для правил о времени: ISO 8601 или секунды Unix.",
    "What standard input is called.": "Как называть стандартный ввод.",
    "Look into the folders of a folder, too.": "Заглядывать и во вложенные папки.",
    "Dialplan context of incoming calls; repeatable.": "Контекст диалплана для входящих; можно несколько раз.",
    "A number or extension of ours; repeatable.": "Наш номер или добавочный; можно несколько раз.",
    "Raise a limit that stopped a run, such as seconds=900; repeatable.":
        "Поднять предел, на котором всё остановилось, например seconds=900; можно несколько раз.",
    # -- what is found -----------------------------------------------------------------
    "Only these rules: codes, names or prefixes, by commas.": "Только эти правила: коды, имена или начала кодов через запятую.",
    "Not these rules.": "Кроме этих правил.",
    "The mildest severity that ends with 1.": "С какой важности код возврата 1.",
    "Form of the findings; text, on GitHub Actions github.": "Форма находок; text, в GitHub Actions — github.",
    "Write the findings here too ({stem}: for each input): .html .xlsx .json .jsonl .csv .sarif .xml .md .rdjson .gitlab.json; repeatable.":
        "Записать находки ещё и сюда ({stem} — для каждого файла): .html .xlsx .json .jsonl .csv .sarif .xml .md .rdjson .gitlab.json; можно несколько раз.",
    "Accept the findings that it knows, by rule, column and count.":
        "Не считать находки, которые в нём перечислены: по правилу, столбцу и числу.",
    "Write what is found as the known findings, and end with 0.": "Записать найденное как известное; код возврата 0.",
    "Language of sentences; default: the locale.": "Язык сообщений; по умолчанию — как в системе.",
    "Language of the workbook; default: the locale.": "Язык книги; по умолчанию — как в системе.",
    "Print phones and ids unmasked.": "Показывать телефоны и идентификаторы целиком.",
    "Every record through the exact road and the schema: slower, same answer.":
        "Каждую запись — точным путём и через схему: медленнее, ответ тот же.",
    "Examples of each rule in text; default 3 on a terminal.": "Сколько примеров каждого правила показать; в терминале 3.",
    "End with 0 whatever is found.": "Код возврата 0, что бы ни нашлось.",
    "Errors only.": "Только ошибки.",
    "Say more: how files were read, and each step.": "Подробнее: как прочитаны файлы, и каждый шаг.",
    "Show where a run stopped, without values.": "Показать, где всё остановилось, без значений.",
    "No progress on the terminal.": "Не показывать ход работы.",
    "Colors of text output.": "Цвета текста.",
    "Overwrite outputs and reports that exist.": "Перезаписать выходные файлы и отчёты, которые уже есть.",
    "dask: on a Dask cluster, of this machine or by --scheduler; same answer.":
        "dask: на кластере Dask — этой машины или по --scheduler; ответ тот же.",
    "Scheduler of the cluster, such as tcp://10.0.0.1:8786.": "Планировщик кластера, например tcp://10.0.0.1:8786.",
    "Processes that share many small files; default: the processors.":
        "Сколько процессов делят множество мелких файлов; по умолчанию — по числу процессоров.",
    # -- what is written ---------------------------------------------------------------
    "Canonical .csv, .csv.gz, .csv.zst or .parquet; {part} in the name: in parts, with a manifest.":
        "Файл для Метрики: .csv, .csv.gz, .csv.zst или .parquet; с {part} в имени — по частям и с описью.",
    "Records with errors, as they came, plus the codes: .csv, .csv.gz or .csv.zst.":
        "Записи с ошибками, как они пришли, и коды ошибок: .csv, .csv.gz или .csv.zst.",
    "Every cell that was rewritten: before, after, why.": "Каждая переписанная ячейка: было, стало, почему.",
    "Show the first rewritten cell of each kind.": "Показать первую переписанную ячейку каждого вида.",
    "reject: write the good records; fail: write nothing if any is bad.":
        "reject: записать хорошие записи; fail: не записывать ничего, если есть плохие.",
    "Write no records: only say what is wrong with them.": "Ничего не записывать: только сказать, что не так.",
    "Overwrite it.": "Перезаписать его.",
    "Where to write it.": "Куда записать.",
    # -- the upload --------------------------------------------------------------------
    "Number of the counter.": "Номер счётчика.",
    "Goal that the service makes for calls.": "Цель, которую сервис создаст для звонков.",
    "Letters, digits, spaces; shown in Metrica.": "Буквы, цифры, пробелы; виден в Метрике.",
    "Say what would be sent; send nothing.": "Сказать, что было бы отправлено; ничего не отправлять.",
    "Say what would be sent; send, write and move nothing.":
        "Сказать, что было бы отправлено; ничего не отправлять, не записывать и не перемещать.",
    "Check the file; no network, no ledger.": "Проверить файл; без сети и журнала.",
    "The same without network and ledger.": "То же без сети и журнала.",
    "Follow until Metrica is done.": "Дождаться, пока Метрика всё обработает.",
    "Also calls that were sent before.": "И звонки, которые уже отправлялись.",
    "Also known calls that were changed or identified since.": "И известные звонки, которые с тех пор изменились или получили идентификатор.",
    "Leave records with errors out.": "Пропустить записи с ошибками.",
    "Send though the list of uploadings cannot be read.": "Отправить, даже если список загрузок не читается.",
    "Do not ask.": "Не спрашивать.",
    "What stands on standard output.": "Что выводить в стандартный вывод.",
    "What stands on standard output: a table, or one JSON object a job.":
        "Что выводить: таблицу или по объекту JSON на задание.",
    "Calls that must be linked; upload then waits.": "Сколько звонков должно связаться с визитами; тогда upload ждёт.",
    "Between two looks.": "Сколько секунд между проверками.",
    "For how long to follow.": "Сколько секунд следить.",
    "How long a part must be missing in the service's list.": "Сколько минут части не должно быть в списке сервиса.",
    "hold: a person decides about a part that is missing; resend: it goes again.":
        "hold: о пропавшей части решает человек; resend: она уходит снова.",
    "File with the token, readable by its owner alone.": "Файл с токеном, доступный только владельцу.",
    "Read the token from standard input.": "Прочитать токен из стандартного ввода.",
    "Certificates of a private authority to trust as well.": "Сертификаты своего центра, которым тоже доверять.",
    "For one whole request.": "Сколько секунд на один запрос целиком.",
    "Say which token is used, whose it is, and its counters.": "Сказать, какой токен используется, чей он и какие у него счётчики.",
    "ClientID of your application at Yandex; else it is asked.": "ClientID вашего приложения в Яндексе; иначе будет вопрос.",
    "The token may also read your counters: names, visits.": "Токен сможет и читать ваши счётчики: названия, визиты.",
    "L12 of the ledger, or the number of the service.": "L12 из журнала или номер в сервисе.",
    "It is not there: send it again.": "Её там нет: отправить снова.",
    "Leave what is held; withdraw what waits.": "Оставить задержанное; отозвать то, что ждёт.",
    "First day; 21 days by default.": "Первый день; по умолчанию 21 день.",
    "Last day; today by default.": "Последний день; по умолчанию сегодня.",
    "Accepted calls that must be shown, else exit code 5.": "Сколько принятых звонков должно быть видно, иначе код возврата 5.",
    # -- jobs, the page ----------------------------------------------------------------
    "Names of jobs; default: all.": "Имена заданий; по умолчанию все.",
    "List the jobs, and when each last succeeded.": "Перечислить задания и когда каждое в последний раз удалось.",
    "With --list: exit code 1 if the last success of a job is older.": "Вместе с --list: код возврата 1, если последний успех задания старше.",
    "Also inputs that the jobs are done with; no call goes twice.": "И файлы, с которыми задания уже закончили; ни один звонок не уйдёт дважды.",
    "Put away also inputs of which Metrica accepted some calls only.": "Убрать и файлы, из которых Метрика приняла только часть звонков.",
    "Only print the address.": "Только показать адрес.",
    "Port on this machine; 0: one that is free.": "Порт на этом компьютере; 0 — любой свободный.",
    # -- profiles, configuration -------------------------------------------------------
    "Which column it is, - for none; FIELD may be direction; repeatable: the parts of a time are joined.":
        "Какой это столбец, «-» — никакой; ПОЛЕ бывает и direction; можно несколько раз: части времени соединяются.",
    "incoming, outgoing, internal, answered or missed; repeatable.":
        "incoming, outgoing, internal, answered или missed; можно несколько раз.",
    "As for strptime, or iso, unix, unix-ms.": "Как для strptime, или iso, unix, unix-ms.",
    "Zone of the example.": "Пояс примера.",
    "How many calls.": "Сколько звонков.",
    "Another number, other calls; the same, the same.": "Другое число — другие звонки; то же — те же.",
    "Faults of these rules in so many records.": "Ошибки этих правил в стольких записях.",
    "Share of missed calls.": "Доля пропущенных звонков.",
    "Overwrite a file that exists.": "Перезаписать файл, который уже есть.",
    "Ask nothing.": "Ничего не спрашивать.",
    "With the overrides for this file.": "С поправками для этого файла.",
    "Say where each value comes from.": "Сказать, откуда каждое значение.",
}
#: Words of the frame: titles, what stands for values, and what stands in brackets behind an option.
RUSSIAN_WORDS: Final[Mapping[str, str]] = {
    "Usage": "Использование", "Arguments": "Аргументы", "Options": "Параметры", "Commands": "Команды", "Examples": "Примеры",
    "OPTIONS": "ПАРАМЕТРЫ", "COMMAND": "КОМАНДА", "ARGS": "АРГУМЕНТЫ", "default": "по умолчанию", "required": "обязательно",
    "ADDRESS": "АДРЕС", "CHAR": "ЗНАК", "CODEC": "КОДИРОВКА", "CODES": "КОДЫ", "CODE": "КОД", "DAY": "ДЕНЬ", "FIELD": "ПОЛЕ",
    "FILE": "ФАЙЛ", "DIR": "ПАПКА", "ID": "ID", "JOB": "ЗАДАНИЕ", "LAYOUT": "ФОРМАТ", "MEANING": "СМЫСЛ", "MINUTES": "МИНУТЫ",
    "N": "N", "NAME": "ИМЯ", "OUT": "ФАЙЛ", "PATH": "ПУТЬ", "PERCENT": "ПРОЦЕНТ", "RU": "RU", "RUB": "RUB",
    "SECONDS": "СЕКУНДЫ", "TEXT": "ТЕКСТ", "TIME": "ВРЕМЯ", "TITLE": "НАЗВАНИЕ", "VALUE": "ЗНАЧЕНИЕ", "WORD": "СЛОВО", "X": "X",
    "ZONE": "ПОЯС",
}
# fmt: on
