"""Messages about files that cannot be read: text, workbooks, JSON, the file of identifiers."""

from typing import Final

MESSAGES: Final = {
    "file-missing": (
        "There is no file {path}.",
        "Файла {path} нет.",
    ),
    "defect": (
        "A fault in calltools itself ({fault}). Nothing half-written is left. Please report the places below.",
        "Ошибка в самом calltools ({fault}). Недописанного не осталось. Пожалуйста, сообщите места ниже.",
    ),
    "reader-ended": (
        "The process that reads {path} was ended from outside, most likely because memory ran out. Free some memory, or "
        "split the file.",
        "Процесс, который читает {path}, прерван извне — скорее всего, кончилась память. Освободите память или "
        "разделите файл.",
    ),
    "encoding-unsure": (
        "The encoding of {path} cannot be told: several fit equally well. Name it: --encoding cp1251, cp866, "
        "koi8-r or utf-8.",
        "Кодировку файла {path} не определить: подходят несколько. Укажите её: --encoding cp1251, cp866, "
        "koi8-r или utf-8.",
    ),
    "encoding-wrong": (
        "{path} is no text in {encoding}. Leave the encoding out, it is then found in the file; or name the one in which "
        "the file was saved: --encoding cp1251, cp866, koi8-r or utf-8.",
        "{path} — не текст в кодировке {encoding}. Не указывайте кодировку, тогда она определится по файлу; или укажите "
        "ту, в которой файл сохранён: --encoding cp1251, cp866, koi8-r или utf-8.",
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
}
