"""Sentences of the rules on files and headers."""

from typing import Final

from calltools.texts import RuleSentence

# fmt: off
FILE_SENTENCES: Final = {
    # -- CT0xx the file ---------------------------------------------------------------
    "CT001": RuleSentence(
        "the file is empty",
        "файл пуст",
        "export the calls again; even an export without calls has a header",
        "выгрузите звонки ещё раз: даже в выгрузке без звонков есть строка заголовков",
    ),
    "CT002": RuleSentence(
        "there is a header but not a single record",
        "есть строка заголовков, но нет ни одной записи",
        "choose a period with calls and export again",
        "выберите период, в котором были звонки, и выгрузите ещё раз",
    ),
    "CT003": RuleSentence(
        "the file is encoded in {detail}, and Metrica reads UTF-8",
        "файл в кодировке {detail}, а Метрика читает UTF-8",
        '`calltools convert` writes UTF-8; in Excel save as "CSV UTF-8"',
        "`calltools convert` запишет UTF-8; в Excel сохраняйте как «CSV UTF-8»",
    ),
    "CT004": RuleSentence(
        "the file begins with a byte order mark (BOM), which may become part of the first column's name",
        "файл начинается с метки порядка байтов (BOM), и она может стать частью имени первого столбца",
        "save it as UTF-8 without BOM, or run `calltools convert`",
        "сохраните его в UTF-8 без BOM или запустите `calltools convert`",
    ),
    "CT005": RuleSentence(
        "cells are separated by a {word}, and Metrica expects commas",
        "между ячейками {word}, а Метрика ждёт запятые",
        "`calltools convert` writes commas; Excel takes its separator from the regional settings",
        "`calltools convert` поставит запятые; Excel берёт разделитель из региональных настроек",
    ),
    "CT006": RuleSentence(
        "a quoted cell that begins in this record is never closed, so the lines after it cannot be told apart",
        "ячейка в кавычках, которая начинается в этой записи, не закрыта, и следующие строки не разделить на записи",
        'close the quote, or double it if it is part of the text: ""',
        'закройте кавычку или удвойте её, если она часть текста: ""',
    ),
    "CT007": RuleSentence(
        "there is a quote inside a cell that is not quoted, or text after a closing quote",
        "кавычка стоит внутри ячейки без кавычек, или за закрывающей кавычкой идёт текст",
        'put the whole cell in quotes and double those inside: "шины 15"""',
        'возьмите всю ячейку в кавычки, а внутренние удвойте: "шины 15"""',
    ),
    "CT008": RuleSentence(
        "cells in the record: {detail0}, in the header: {detail1}; which belongs to which column is not known",
        "ячеек в записи — {detail0}, а в заголовке — {detail1}: неизвестно, что к какому столбцу относится",
        "look for a missing delimiter, or for a comma in a text that is not quoted",
        "поищите пропавший разделитель или запятую в тексте без кавычек",
    ),
    "CT009": RuleSentence(
        "there is an empty line between records",
        "между записями есть пустая строка",
        "remove it",
        "удалите её",
    ),
    "CT010": RuleSentence(
        "{column} contains a line break: a program that reads line by line sees two damaged records",
        "в {column} перенос строки: программа, читающая построчно, увидит две испорченные записи",
        'put a space in its place; in Excel: =SUBSTITUTE(A1,CHAR(10)," ")',
        'замените его пробелом; в Excel: =ПОДСТАВИТЬ(A1;СИМВОЛ(10);" ")',
    ),
    "CT011": RuleSentence(
        "{column} contains a control character, or the sign U+FFFD in place of a lost letter",
        "в {column} управляющий символ или знак U+FFFD на месте потерянной буквы",
        "remove it at the source; in Excel: =CLEAN(A1). If letters are lost, export again as UTF-8",
        "уберите его в источнике; в Excel: =ПЕЧСИМВ(A1). Если потеряны буквы, выгрузите файл заново в UTF-8",
    ),
    "CT012": RuleSentence(
        "{column} has white space around the value or an invisible character in it, and Metrica compares byte for byte",
        "в {column} пробелы вокруг значения или невидимый символ, а Метрика сравнивает побайтно",
        'remove it; in Excel: =TRIM(SUBSTITUTE(A1,UNICHAR(160),""))',
        'уберите его; в Excel: =СЖПРОБЕЛЫ(ПОДСТАВИТЬ(A1;ЮНИСИМВ(160);""))',
    ),
    "CT013": RuleSentence(
        "the file has {detail} GB, and Metrica takes 1 GB at most",
        "размер файла {detail} ГБ, а Метрика принимает не больше 1 ГБ",
        "split it, by days for example",
        "разделите его, например по дням",
    ),
    "CT014": RuleSentence(
        "{column} contains a formula, and its result is not stored in the workbook",
        "в {column} формула, а её результат в книге не сохранён",
        "open the workbook in Excel, let it compute, and save it; or paste the values",
        "откройте книгу в Excel, дождитесь пересчёта и сохраните; или вставьте значения вместо формул",
    ),
    "CT015": RuleSentence(
        "{column} contains the error {value} instead of a value",
        "в {column} ошибка {value} вместо значения",
        "correct the formula, or leave the cell empty",
        "исправьте формулу или оставьте ячейку пустой",
    ),
    "CT016": RuleSentence(
        "the header was found in row {detail}; everything above it was skipped",
        "заголовки найдены в строке {detail}; всё, что выше, пропущено",
        "nothing to do; if the header is another row, name it: --header-row N",
        "ничего делать не нужно; если заголовки в другой строке, укажите её: --header-row N",
    ),
    "CT017": RuleSentence(
        'the sheet "{detail0}" was read; these were not: {detail1}',
        "прочитан лист «{detail0}»; не прочитаны: {detail1}",
        "to read another sheet: --sheet TITLE",
        "чтобы прочитать другой лист: --sheet НАЗВАНИЕ",
    ),
    "CT018": RuleSentence(
        "the file mixes line ends, or has those of old Macs ({detail})",
        "концы строк в файле разные или как на старых Mac ({detail})",
        "save it again with one kind of line end, or run `calltools convert`",
        "сохраните его заново с одинаковыми концами строк или запустите `calltools convert`",
    ),
    "CT019": RuleSentence(
        "the header stands here again, among the records",
        "среди записей ещё раз стоит строка заголовков",
        "remove the line: two exports were probably put together",
        "удалите строку: вероятно, склеены две выгрузки",
    ),
    "CT020": RuleSentence(
        "the record has bytes that are impossible in the encoding of the file",
        "в записи есть байты, невозможные в кодировке файла",
        "part of the file is in another encoding; export it again, or name the encoding: --encoding cp1251",
        "часть файла в другой кодировке; выгрузите его заново или укажите кодировку: --encoding cp1251",
    ),
    # -- CT1xx the header -------------------------------------------------------------
    "CT101": RuleSentence(
        "there is no column {detail}; Metrica refuses the file without it",
        "нет столбца {detail}: без него Метрика не примет файл",
        "add it, with the time in Unix seconds; a vendor's export goes through `calltools convert`",
        "добавьте его с временем в секундах Unix; выгрузку сервиса сначала преобразуйте: `calltools convert`",
    ),
    "CT102": RuleSentence(
        "there is no UserId, ClientId or Yclid column: no dynamic call can be linked to a visit",
        "нет ни UserId, ни ClientId, ни Yclid: ни один динамический звонок не привяжется к визиту",
        "join ids from the CRM: `calltools convert --identifiers crm.xlsx`; for static numbers add StaticCall 1",
        "присоедините id из CRM: `calltools convert --identifiers crm.xlsx`; для статических номеров добавьте StaticCall 1",
    ),
    "CT103": RuleSentence(
        "Metrica does not know the column {column}{near}, and one wrong title can spoil the whole file",
        "столбца {column} Метрика не знает{near}, а один неверный заголовок может испортить весь файл",
        "correct the title or remove the column",
        "исправьте заголовок или удалите столбец",
    ),
    "CT104": RuleSentence(
        'the title "{column}" is spelled {detail} in Metrica\'s documentation',
        "заголовок «{column}» в документации Метрики пишется {detail}",
        "spell it that way; `calltools convert` does",
        "напишите так же; `calltools convert` сделает это сам",
    ),
    "CT105": RuleSentence(
        "there are two columns {column} (the first is column {detail}); which one Metrica takes is not known",
        "столбцов {column} в файле два (первый — столбец {detail}), и неизвестно, какой из них возьмёт Метрика",
        "remove or rename one of them",
        "удалите или переименуйте один из них",
    ),
    "CT106": RuleSentence(
        "a column has no title: often it is the row number that R or pandas puts in front",
        "у столбца нет заголовка: часто это номер строки, который дописали R или pandas",
        "remove the column; in pandas: to_csv(index=False)",
        "удалите столбец; в pandas: to_csv(index=False)",
    ),
}
# fmt: on
