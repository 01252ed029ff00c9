"""Labels of the HTML report and of the workbook report, and the names of the sheets that calltools adds to a workbook."""

from collections.abc import Mapping
from typing import Final

from calltools.texts import render_text
from calltools.texts.keys import HtmlLabel, Language, Text, WorkbookLabel

#: Titles of the sheets that calltools adds, by language; a sheet of either language is one of an earlier run.
FINDINGS_SHEETS: Final[Mapping[Language, str]] = {"en": "calltools findings", "ru": "Находки calltools"}
SUMMARY_SHEETS: Final[Mapping[Language, str]] = {"en": "calltools summary", "ru": "Итоги calltools"}
OWN_SHEET_TITLES: Final = frozenset({*FINDINGS_SHEETS.values(), *SUMMARY_SHEETS.values()})
#: What stands in the template beside the cell that names the zone of its dates; a file of either language is read.
ZONE_CELL_LABELS: Final[Mapping[Language, str]] = {
    "en": "Time zone of dates in DateTime:",
    "ru": "Часовой пояс дат в DateTime:",
}
#: Author of the comments.
COMMENT_AUTHOR: Final = "calltools"

# fmt: off
HTML_LABELS: Final[Mapping[str, Text]] = {
    "title": ("Call file report", "Отчёт по файлу звонков"),
    "skip": ("Skip to what is wrong", "Сразу к ошибкам"),
    "as_of": ("As of {time}, time of {zone}; calltools {version}", "На {time} по поясу {zone}; calltools {version}"),
    "files": ("Files", "Файлы"),
    "file": ("File", "Файл"),
    "records": ("Records", "Записей"),
    "errors": ("Errors", "Ошибок"),
    "warnings": ("Warnings", "Предупреждений"),
    "notes": ("Notes", "Замечаний"),
    "more_files": ("Of {count} more files with errors only the table tells.", "Ещё файлов с ошибками, о которых говорит только таблица: {count}."),
    "good_files": ("Files without errors: {count}. They stand in the table only.", "Файлов без ошибок: {count}. Они только в таблице."),
    "no_data": ("no data", "нет данных"),
    "path": ("File: {path}", "Файл: {path}"),
    "ready": ("Ready to upload: no errors.", "Можно загружать: ошибок нет."),
    "not_ready": ("Not ready to upload: {records} of {read} records have errors.",
                  "Загружать рано: записей с ошибками {records} из {read}."),
    "lost_calls": ("Calls older than 21 days: {count}. Metrica will probably not find their visits.",
                   "Звонков старше 21 дня: {count}. Их визиты Метрика, скорее всего, уже не найдёт."),
    "file_not_ready": ("Not ready to upload: the file itself has errors.",
                       "Загружать рано: ошибки есть в самом файле."),
    "unread": ("The file could not be read.", "Файл прочитать не удалось."),
    "where": ("Where it sits", "Где ошибки в файле"),
    "strip": ("Findings along the file, from record 1 to record {last}; records in a column: {width}.",
              "Сколько найдено по ходу файла, от записи 1 до записи {last}; записей в столбике: {width}."),
    "strip_most": ("Most of it: records {first}–{last}, found {count}.",
                   "Гуще всего: записи {first}–{last}, найдено {count}."),
    "strip_most_one": ("Most of it: record {first}, found {count}.", "Гуще всего: запись {first}, найдено {count}."),
    "only_error": ("Errors", "Ошибки"),
    "only_warning": ("Warnings", "Предупреждения"),
    "only_note": ("Notes", "Замечания"),
    "wrong": ("What is wrong", "Что не так"),
    "nothing_wrong": ("Nothing was found.", "Ничего не найдено."),
    "severity": ("Severity", "Важность"),
    "rule": ("Rule", "Правило"),
    "found": ("Found", "Найдено"),
    "advice": ("What to do", "Что делать"),
    "why": ("Why it matters", "Почему это важно"),
    "advice_and_examples": ("What to do; examples: {shown} of {count}", "Что делать; примеры: {shown} из {count}"),
    "place": ("Place", "Место"),
    "value": ("Cell", "Ячейка"),
    "message": ("What is wrong with it", "Что с ней не так"),
    "repaired": ("Repaired", "Исправленная"),
    "line": ("line {number}", "строка {number}"),
    "record": ("record {number}", "запись {number}"),
    "row": ("row {number}", "строка {number}"),
    "whole_file": ("the file", "весь файл"),
    "filter": ("Show only rules with", "Показать правила со словом"),
    "all": ("All", "Все"),
    "sort_hint": ("Click a column title to sort.", "Чтобы отсортировать, нажмите на заголовок столбца."),
    "no_match": ("No rule fits.", "Таких правил нет."),
    "calls": ("The calls", "Звонки"),
    "calls_none": ("No call has a time that can be read.", "Ни у одного звонка не читается время."),
    "calls_shown": ("calls; the file does not say which were missed", "звонки; какие из них пропущены, в файле не сказано"),
    "answered": ("answered", "принятые"),
    "missed": ("missed", "пропущенные"),
    "by_hour": ("By weekday and hour", "По дням недели и часам"),
    "zone": ("Hours and days of {zone}.", "Часы и дни по поясу {zone}."),
    "zone_unknown": ("Hours and days of UTC: no zone was named.", "Часы и дни по UTC: часовой пояс не назван."),
    "weekday": ("Weekday", "День"),
    "cell": ("{day}, {hour}:00: {answered} answered, {missed} missed",
             "{day}, {hour}:00: принято {answered}, пропущено {missed}"),
    "cell_calls": ("{day}, {hour}:00: {count} calls", "{day}, {hour}:00: звонков {count}"),
    "busiest": ("Most calls: {day}, {hour}:00 to {next}:00, {count}.", "Больше всего: {day}, с {hour}:00 до {next}:00, звонков {count}."),
    "by_day": ("By day", "По дням"),
    "day": ("Day", "День"),
    "days_cut": ("The last {count} days of {all}.", "Последние {count} дней из {all}."),
    "talk_all": ("Length of talk", "Длительность разговора"),
    "talk": ("Length of talk, answered calls", "Длительность разговора, принятые звонки"),
    "hold": ("Time on hold", "Ожидание ответа"),
    "upto": ("up to {end}", "до {end}"),
    "over": ("over {end}", "дольше {end}"),
    "zero": ("0 s", "0 с"),
    "seconds": ("{count} s", "{count} с"),
    "minutes": ("{count} min", "{count} мин"),
    "count": ("Calls", "Звонков"),
    "share": ("Share", "Доля"),
    "identified": ("Who can be tied to a visit", "Кого можно связать с визитом"),
    "unidentified": ("without an identifier", "без идентификатора"),
    "window": ("The window of 21 days", "Окно в 21 день"),
    "window_why": ("Metrica looks for a call's visit 21 days back. After the day in the table the calls of a day are lost.",
                   "Метрика ищет визит звонка не дальше 21 дня назад. После указанного дня звонки уже не связать с визитами."),
    "lost": ("Older than 21 days", "Старше 21 дня"),
    "lost_on": ("Upload until", "Загрузить по"),
    "tied": ("With an identifier", "С идентификатором"),
    "masked": ("Phone numbers and ids are masked.", "Телефоны и идентификаторы скрыты."),
    "uploads": ("What has been uploaded", "Что уже загружено"),
    "uploads_why": ("Uploads with calls of this file, as the ledger of this machine knows them. What was sent, accepted and linked is of the whole upload.",
                    "Загрузки, в которых были звонки этого файла, по журналу загрузок на этой машине. Отправлено, принято и связано — по всей загрузке."),
    "uploads_earlier": ("Earlier uploads with calls of this file: {count}.", "Более ранних загрузок со звонками этого файла: {count}."),
    "calls_of_file": ("Calls of this file", "Звонков этого файла"),
    "uploaded_on": ("Uploaded", "Загружено"),
    "counter": ("Counter", "Счётчик"),
    "sent": ("Sent", "Отправлено"),
    "accepted": ("Accepted", "Принято"),
    "linked": ("Linked to visits", "Связано с визитами"),
    "unmasked": ("This page shows phone numbers and ids. Treat it as personal data.",
                 "На этой странице видны телефоны и идентификаторы. Это персональные данные."),
    "days_of_week": ("Mon Tue Wed Thu Fri Sat Sun", "Пн Вт Ср Чт Пт Сб Вс"),
}

WORKBOOK_LABELS: Final[Mapping[str, Text]] = {
    "severity": ("Severity", "Важность"),
    "code": ("Code", "Код"),
    "rule": ("Rule", "Правило"),
    "file": ("File", "Файл"),
    "place": ("Place", "Место"),
    "column": ("Column", "Столбец"),
    "value": ("Cell", "Ячейка"),
    "message": ("What is wrong", "Что не так"),
    "advice": ("What to do", "Что делать"),
    "repaired": ("Repaired", "Исправленная"),
    "found": ("Found", "Найдено"),
    "line": ("line {number}", "строка {number}"),
    "record": ("record {number}", "запись {number}"),
    "row": ("row {number}", "строка {number}"),
    "whole": ("the file", "весь файл"),
    "fix": ("What to do: {advice}", "Что делать: {advice}"),
    "after": ("Repaired: {after}", "Правильно: {after}"),
    "more": ("… and {count} more", "… и ещё {count}"),
    "unread": ("could not be read: {error}", "прочитать не удалось: {error}"),
    "headline": ("What is wrong with the calls", "Что не так со звонками"),
    "what": ("What is wrong", "Что не так"),
    "nothing": ("Nothing is wrong.", "Всё в порядке."),
    "listed": ("Listed and marked: the first {listed} of {count} findings; the counts here are of all.",
               "В списке и на листе отмечены первые {listed} из {count} находок; счёт здесь — по всем."),
    "commented": ("Marked cells: {marked}. With a comment: the first {commented}; more would make Excel slow.",
                  "Отмечено ячеек: {marked}. С примечанием — первые {commented}: с бо́льшим числом Excel замедлится."),
    "marked": ("Marked cells: {marked}, each with a comment.", "Отмечено ячеек: {marked}, у каждой примечание."),
    "records": ('The sheet "{sheet}" holds the records of the file, every cell as text. Mend the marked cells there, save the workbook, and check it in place of the file.',
                "На листе «{sheet}» — записи файла, каждая ячейка текстом. Исправьте там отмеченные ячейки, сохраните книгу и проверьте её вместо файла."),
    "lost": ("Not kept from the original: {parts}.", "Из исходной книги не сохранено: {parts}."),
    "too_large": ("The workbook is too large to be marked ({records} records); the findings stand in a sheet of their own.",
                  "Книга слишком велика, чтобы отметить ячейки (записей: {records}); находки — на отдельном листе."),
    "too_many": ("The file has {records} records; cells are marked in up to {limit}. The findings stand in a sheet of their own. `calltools convert` with `-o` and `--rejects` writes the {rejected} wrong records to a file of their own, whose cells can be marked.",
                 "В файле записей: {records}; ячейки отмечаются, если их не больше {limit}. Находки — на отдельном листе. `calltools convert` с `-o` и `--rejects` сохранит неверные записи ({rejected}) в отдельный файл, в нём ячейки можно отметить."),
    "unmarkable": ("Only .xlsx workbooks can be marked; the findings stand in a sheet of their own.",
                   "Отметить ячейки можно только в книге .xlsx; находки — на отдельном листе."),
    "charts": ("charts", "диаграммы"),
    "drawings": ("drawings and pictures", "рисунки и фигуры"),
    "macros": ("macros", "макросы"),
    "pivots": ("slicers", "срезы"),
    "controls": ("form controls", "элементы управления"),
    "signature": ("the digital signature", "цифровая подпись"),
    "results": ("stored results of formulas", "сохранённые результаты формул"),
    "threads": ("threads of comments", "обсуждения в примечаниях"),
}
# fmt: on


def html_label(key: HtmlLabel, language: Language, /, **facts: object) -> str:
    """A word or sentence of the page."""
    return render_text(HTML_LABELS[key], language, **facts)


def workbook_label(key: WorkbookLabel, language: Language, /, **facts: object) -> str:
    """A word or sentence of the workbook."""
    return render_text(WORKBOOK_LABELS[key], language, **facts)
