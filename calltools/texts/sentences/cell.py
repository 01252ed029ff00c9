"""Sentences and advice of the rules on one cell (CT2xx)."""

from typing import Final

from calltools.texts import RuleSentence

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


# fmt: off
CELL_SENTENCES: Final = {
    "CT211": RuleSentence(
        "{field} is empty; Metrica refuses a call without its time",
        "{field} пуст: звонок без времени Метрика не примет",
        "fill in the time of the call, or remove the record",
        "укажите время звонка или удалите запись",
    ),
    "CT212": RuleSentence(
        "{field} {value} is {word}, and Metrica takes whole Unix seconds in UTC",
        "{field} {value} — {word}, а Метрика принимает целые секунды Unix по UTC",
        "`calltools convert --timezone ZONE`, with the zone of the file's clock, computes them; "
        "a spreadsheet's day number must be formatted as a date first",
        "их посчитает `calltools convert --timezone ПОЯС` с поясом, по которому записано время; "
        "номеру дня из таблицы сначала задайте формат даты",
    ),
    "CT213": RuleSentence(
        "{field} {value} is in {word}; read as seconds, the call lies thousands of years ahead",
        "{field} {value} — это {word}: если читать их как секунды, до звонка тысячи лет",
        "divide by 1000, 1000000 or 1000000000 and write whole seconds",
        "разделите на 1000, 1000000 или 1000000000 и запишите целые секунды",
    ),
    "CT214": RuleSentence(
        "{field} {value} lies in the future; Metrica refuses such calls",
        "{field} {value} — в будущем: такие звонки Метрика не принимает",
        'local time was probably taken for UTC: convert with --timezone; another "now" is set by --as-of',
        "вероятно, местное время приняли за UTC: конвертируйте с --timezone; другое «сейчас» задаёт --as-of",
    ),
    "CT215": RuleSentence(
        "{field} {value} is zero, negative or before 2010: not the time of a call",
        "{field} {value} — ноль, отрицательное число или до 2010 года: это не время звонка",
        "check which column of the export became DateTime",
        "проверьте, какой столбец выгрузки стал DateTime",
    ),
    "CT221": RuleSentence(
        "{field} {value} is not digits with a dot, and the call would come in without its revenue",
        "{field} {value} — не число из цифр и точки: звонок придёт без дохода",
        "write digits and a dot, without spaces or a currency sign",
        "пишите цифры и точку, без пробелов и знака валюты",
    ),
    "CT222": RuleSentence(
        "{field} {value} is below zero",
        "{field} {value} меньше нуля",
        "leave a refund out, or send the call again with the smaller amount",
        "возврат не передавайте; или передайте звонок ещё раз с меньшей суммой",
    ),
    "CT223": RuleSentence(
        "Price {value} has more decimals than its currency has",
        "в Price {value} знаков после точки больше, чем бывает у этой валюты",
        "round it; check whether a thousands separator became the dot",
        "округлите; проверьте, не стал ли точкой разделитель тысяч",
    ),
    "CT231": RuleSentence(
        "{field} {value} is not a code of ISO 4217; Metrica then stores neither currency nor amount",
        "{field} {value} — не код ISO 4217: Метрика не сохранит ни валюту, ни сумму",
        "write RUB, KZT, BYN, USD, EUR or another code of three letters",
        "пишите RUB, KZT, BYN, USD, EUR или другой код из трёх букв",
    ),
    "CT232": RuleSentence(
        "{field} {value} is not in capital letters",
        "{field} {value} написана не заглавными буквами",
        "write capital letters",
        "пишите заглавными буквами",
    ),
    "CT233": RuleSentence(
        "Currency {value} has been replaced by {detail}",
        "валюту {value} заменила {detail}",
        "write the new code; if the amounts are in old money, recalculate them",
        "пишите новый код; если суммы в старых деньгах, пересчитайте их",
    ),
    "CT234": RuleSentence(
        "{field} {value} is a code for a metal, a fund, tests or no currency",
        "{field} {value} — код металла, фонда, тестов или отсутствия валюты",
        "write the currency of the amount, or leave Price and Currency empty",
        "укажите валюту суммы или оставьте Price и Currency пустыми",
    ),
    "CT241": RuleSentence(
        "the phone {value} has no plus with a country code, so the same caller counts as another",
        "телефон {value} без плюса и кода страны: тот же человек посчитается другим",
        "say which country the numbers are from: `calltools convert --region RU`; in Excel format the column as text first",
        "укажите, какой страны номера: `calltools convert --region RU`; в Excel сначала задайте столбцу формат «Текстовый»",
    ),
    "CT242": RuleSentence(
        "the phone {value} has spaces, brackets or hyphens in it, and Metrica wants a plus and digits",
        "в телефоне {value} пробелы, скобки или дефисы, а Метрике нужны плюс и цифры",
        "keep only the plus and the digits",
        "оставьте только плюс и цифры",
    ),
    "CT243": RuleSentence(
        "the phone {value} cannot exist: no country has numbers of this length or code",
        "телефона {value} не бывает: ни в одной стране нет номеров такой длины или с таким кодом",
        "compare it with the call log; a truncated number cannot be completed",
        "сверьте с журналом звонков; обрезанный номер не восстановить",
    ),
    "CT244": RuleSentence(
        "the phone {value} lies in a range that is assigned to nobody",
        "телефон {value} — из диапазона, который никому не выделен",
        "compare it with the call log; if the range is new, update phonenumberslite",
        "сверьте с журналом звонков; если диапазон новый, обновите phonenumberslite",
    ),
    "CT245": RuleSentence(
        "{field} {value} is not a phone number with its area code",
        "{field} {value} — не телефонный номер с кодом города",
        "leave the cell empty for a withheld number; a city number needs its area code",
        "для скрытого номера оставьте ячейку пустой; городскому номеру нужен код",
    ),
    "CT246": RuleSentence(
        "the phone {value} was kept as a number: the plus is lost, and with an exponent the last digits too",
        "телефон {value} хранился числом: плюс потерян, а если есть E+, то и последние цифры",
        "keep the column as text; nothing can be restored from 7.9E+10, export again",
        "храните столбец как текст; из 7,9E+10 номер не восстановить, выгрузите заново",
    ),
    "CT251": RuleSentence(
        "{column} must be 0 or 1, and is {value}",
        "в {column} должно быть 0 или 1, а стоит {value}",
        "write 1 for yes and 0 for no",
        "пишите 1 — да, 0 — нет",
    ),
    "CT261": RuleSentence(
        "{column} {value} is not a whole number of seconds",
        "{column} {value} — не целое число секунд",
        "write seconds: 00:03:15 is 195; in Excel: =ROUND(A1*86400,0)",
        "пишите секунды: 00:03:15 — это 195; в Excel: =ОКРУГЛ(A1*86400;0)",
    ),
    "CT262": RuleSentence(
        "{column} {value} is below zero",
        "{column} {value} меньше нуля",
        "leave the cell empty if the duration is not known",
        "если длительность неизвестна, оставьте ячейку пустой",
    ),
    "CT263": RuleSentence(
        "{column} {value} is more than 24 hours",
        "{column} {value} — больше 24 часов",
        "check the unit: it is probably milliseconds",
        "проверьте единицу: вероятно, это миллисекунды",
    ),
    "CT271": RuleSentence(
        "{column} {value} is not a whole address with http:// or https://",
        "{column} {value} — не полный адрес с http:// или https://",
        "write the whole address",
        "пишите адрес целиком",
    ),
    "CT272": RuleSentence(
        "{column} {value} has a password or a token in it, which everyone with access to the report will see",
        "в {column} {value} пароль или токен, и его увидит каждый, кому открыт отчёт",
        "remove the parameter, or leave the cell empty",
        "уберите параметр или оставьте ячейку пустой",
    ),
    "CT281": RuleSentence(
        "{column} says {value} where it should be empty; reports would show it as a value",
        "в {column} стоит {value}, хотя ячейка должна быть пустой: отчёты покажут это как значение",
        "leave the cell empty",
        "оставьте ячейку пустой",
    ),
    "CT282": RuleSentence(
        "{column} begins with =, +, - or @: a spreadsheet would run it as a formula",
        "{column} начинается с =, +, - или @: Excel выполнит это как формулу",
        "nothing to do for Metrica; if people open the file in Excel, put a word in front",
        "для Метрики ничего делать не нужно; если файл открывают в Excel, поставьте впереди слово",
    ),
}
# fmt: on
