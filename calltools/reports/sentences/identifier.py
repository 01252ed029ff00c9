"""Sentences of the rules on identifiers."""

from typing import Final

from calltools.reports.sentences.wording import RuleSentence

# fmt: off
IDENTIFIER_SENTENCES: Final = {
    "CT201": RuleSentence(
        "{field} {value} is not digits only, so it belongs to no visitor",
        "{field} {value} — не только цифры: такого посетителя нет",
        "take the value of the cookie _ym_uid; an id of your own belongs in UserId",
        "возьмите значение cookie _ym_uid; собственному id место в UserId",
    ),
    "CT202": RuleSentence(
        "{column} {value} is 0, begins with 0, or is larger than Metrica's ids can be",
        "{column} {value} — это 0, число с нулём впереди или больше любого id Метрики",
        "leave the cell empty if the visitor is not known",
        "если посетитель неизвестен, оставьте ячейку пустой",
    ),
    "CT203": RuleSentence(
        "{column} {value} has been turned into a number by a spreadsheet: the last digits are lost",
        "{column} {value}: таблица превратила id в число, последние цифры потеряны",
        "export again and import the column as text; widening this one does not bring the digits back",
        "выгрузите заново и загрузите столбец как текст: расширение столбца цифры не вернёт",
    ),
    "CT204": RuleSentence(
        "{field} {value} is an id of Google Analytics, which Metrica does not know",
        "{field} {value} — это id Google Analytics, Метрика его не знает",
        "take the column with Metrica's ClientID (ym_client_id, yaClientId, metrika_client_id)",
        "возьмите столбец с ClientID Метрики (ym_client_id, yaClientId, metrika_client_id)",
    ),
    "CT205": RuleSentence(
        "{field} {value} is not digits only",
        "{field} {value} — не только цифры",
        "take the yclid parameter of the landing page's address and nothing else; gclid and ymclid are other ids",
        "возьмите из адреса страницы только параметр yclid; gclid и ymclid — другие id",
    ),
    "CT206": RuleSentence(
        "{field} has a control or invisible character in it, or white space around it: to Metrica that is another user",
        "в {field} управляющий или невидимый символ либо пробелы по краям: для Метрики это другой пользователь",
        "remove it where the id comes from; in Excel: =TRIM(CLEAN(A1))",
        "уберите его там, откуда берётся id; в Excel: =СЖПРОБЕЛЫ(ПЕЧСИМВ(A1))",
    ),
    "CT207": RuleSentence(
        "{column} {value} has a decimal tail: a program read the id as a number",
        "{column} {value} с дробным хвостом: программа прочла id как число",
        "remove the tail and read the column as text (pandas: dtype=str)",
        "уберите хвост и читайте столбец как текст (pandas: dtype=str)",
    ),
    "CT208": RuleSentence(
        "{column} {value} has only zeros from the 16th digit on, as a spreadsheet leaves a long id",
        "{column} {value}: с 16-й цифры одни нули, так таблица портит длинные id",
        "compare it with the source; if the file went through Excel, export it again with the column as text",
        "сверьте с источником; если файл прошёл через Excel, выгрузите его заново со столбцом в виде текста",
    ),
    "CT209": RuleSentence(
        "{column} {value} lies in a number cell, which keeps 15 digits: the last ones are already gone",
        "{column} {value} в числовой ячейке, а она хранит 15 цифр: последние уже потеряны",
        "export again; in Excel use Data, From Text/CSV, and set the column's type to Text before loading",
        "выгрузите заново; в Excel: Данные → Из текстового/CSV-файла, до загрузки задайте столбцу тип «Текст»",
    ),
}
# fmt: on
