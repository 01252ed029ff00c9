"""Findings in words, English and Russian side by side.

A rule has a sentence (what is wrong, what was expected) and an advice (what to do). Placeholders: ``{value}`` the cell,
masked already; ``{column}`` its title; ``{detail}`` what the rule adds, or its parts ``{detail0}`` and ``{detail1}``;
``{word}`` the detail as a word of ``_WORDS``; ``{calls}`` the detail as a number of calls.
"""

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from calltools.messages import Language
from calltools.model.cells import Cells
from calltools.model.rule import Rule
from calltools.model.summary import Summary


class Wording(NamedTuple):
    """How a rule speaks: English, Russian; the finding, and what to do."""

    en: str
    ru: str
    advice_en: str
    advice_ru: str


# fmt: off
WORDING: Final[Mapping[str, Wording]] = MappingProxyType({
    # -- CT0xx the file ---------------------------------------------------------------
    "CT001": Wording(
        "the file is empty",
        "файл пуст",
        "export the calls again; an export without calls still has a header",
        "выгрузите звонки ещё раз: даже в выгрузке без звонков есть строка заголовков",
    ),
    "CT002": Wording(
        "there is a header and not one record",
        "есть строка заголовков и ни одной записи",
        "choose a period with calls and export again",
        "выберите период, в котором были звонки, и выгрузите ещё раз",
    ),
    "CT003": Wording(
        "the text is in {detail}, and Metrica reads UTF-8",
        "текст в кодировке {detail}, а Метрика читает UTF-8",
        '`calltools convert` writes UTF-8; in Excel save as "CSV UTF-8"',
        "`calltools convert` запишет UTF-8; в Excel сохраняйте как «CSV UTF-8»",
    ),
    "CT004": Wording(
        "the file begins with a byte order mark, which may become part of the first column's name",
        "файл начинается с метки порядка байтов (BOM), и она может стать частью имени первого столбца",
        "save it as UTF-8 without BOM, or run `calltools convert`",
        "сохраните его в UTF-8 без BOM или запустите `calltools convert`",
    ),
    "CT005": Wording(
        "cells are separated by a {word}, and Metrica expects a comma",
        "ячейки разделяет {word}, а Метрика ждёт запятую",
        "`calltools convert` writes commas; Excel takes the separator from the system's region",
        "`calltools convert` поставит запятые; Excel берёт разделитель из региональных настроек",
    ),
    "CT006": Wording(
        "a quoted cell that begins in this record never ends, so the lines behind it cannot be told apart",
        "ячейка в кавычках, которая начинается в этой записи, не закрыта, и следующие строки не отделить",
        'close the quote, or double it if it belongs to the text: ""',
        'закройте кавычку или удвойте её, если она часть текста: ""',
    ),
    "CT007": Wording(
        "a quote stands inside a cell that is not quoted, or text follows a closing quote",
        "кавычка стоит внутри ячейки без кавычек, или за закрывающей кавычкой идёт текст",
        'put the whole cell in quotes and double those inside: "шины 15"""',
        'возьмите всю ячейку в кавычки, а внутренние удвойте: "шины 15"""',
    ),
    "CT008": Wording(
        "the record has {detail0} cells, the header {detail1}: what stands in which column is not known",
        "ячеек в записи — {detail0}, в заголовке — {detail1}: что в каком столбце, неизвестно",
        "look for a missing delimiter, or for a comma in a text that is not quoted",
        "поищите пропавший разделитель или запятую в тексте без кавычек",
    ),
    "CT009": Wording(
        "an empty line stands between records",
        "между записями пустая строка",
        "remove it",
        "удалите её",
    ),
    "CT010": Wording(
        "the cell {column} holds a line break; programs that read line by line see two damaged records",
        "в ячейке {column} перенос строки: программы, читающие построчно, увидят две испорченные записи",
        'put a space in its place; in Excel: =SUBSTITUTE(A1,CHAR(10)," ")',
        'замените его пробелом; в Excel: =ПОДСТАВИТЬ(A1;СИМВОЛ(10);" ")',
    ),
    "CT011": Wording(
        "{column} holds a control character or the sign of a lost letter (U+FFFD)",
        "в {column} управляющий символ или знак потерянной буквы (U+FFFD)",
        "remove it at its source; in Excel =CLEAN(A1). For lost letters export again as UTF-8",
        "уберите его в источнике; в Excel =ПЕЧСИМВ(A1). Если потеряны буквы, выгрузите файл заново в UTF-8",
    ),
    "CT012": Wording(
        "{column} holds white space around the value or an invisible character, and Metrica compares byte for byte",
        "в {column} пробелы вокруг значения или невидимый символ, а Метрика сравнивает побайтно",
        'remove it; in Excel: =TRIM(SUBSTITUTE(A1,UNICHAR(160),""))',
        'уберите его; в Excel: =СЖПРОБЕЛЫ(ПОДСТАВИТЬ(A1;ЮНИСИМВ(160);""))',
    ),
    "CT013": Wording(
        "the file has {detail} GB, and Metrica takes 1 GB at most",
        "размер файла {detail} ГБ, а Метрика принимает не больше 1 ГБ",
        "split it by days",
        "разделите его по дням",
    ),
    "CT014": Wording(
        "the cell {column} holds a formula without a stored result",
        "в ячейке {column} формула без сохранённого результата",
        "open the workbook in Excel, let it compute, and save it; or paste the values",
        "откройте книгу в Excel, дождитесь пересчёта и сохраните; или вставьте значения вместо формул",
    ),
    "CT015": Wording(
        "the cell {column} holds the error {value} instead of a value",
        "в ячейке {column} ошибка {value} вместо значения",
        "mend the formula, or leave the cell empty",
        "исправьте формулу или оставьте ячейку пустой",
    ),
    "CT016": Wording(
        "the header was found in row {detail}; what stands above it was skipped",
        "заголовки найдены в строке {detail}; всё, что выше, пропущено",
        "nothing is needed; if another row is the header, say so: --header-row N",
        "ничего не нужно; если заголовки в другой строке, укажите её: --header-row N",
    ),
    "CT017": Wording(
        'the sheet "{detail0}" was read; these were not: {detail1}',
        "прочитан лист «{detail0}»; не прочитаны: {detail1}",
        "for another sheet: --sheet TITLE",
        "для другого листа: --sheet НАЗВАНИЕ",
    ),
    "CT018": Wording(
        "line ends of the file differ or are those of old Macs ({detail})",
        "концы строк в файле разные или как на старых Mac ({detail})",
        "save it again with one kind of line end, or run `calltools convert`",
        "сохраните его заново с одинаковыми концами строк или запустите `calltools convert`",
    ),
    "CT019": Wording(
        "the header stands here again among the records",
        "среди записей ещё раз стоит строка заголовков",
        "remove the line: two exports were probably put together",
        "удалите строку: вероятно, склеены две выгрузки",
    ),
    "CT020": Wording(
        "the record holds bytes that the file's encoding cannot mean",
        "в записи байты, которых в кодировке файла быть не может",
        "part of the file is in another encoding; export it again, or say which: --encoding cp1251",
        "часть файла в другой кодировке; выгрузите его заново или укажите её: --encoding cp1251",
    ),
    # -- CT1xx the header -------------------------------------------------------------
    "CT101": Wording(
        "there is no column {detail}; Metrica refuses the file without it",
        "нет столбца {detail}: без него Метрика не примет файл",
        "add it with Unix seconds; for a vendor's export run `calltools convert`",
        "добавьте его с секундами Unix; выгрузку сервиса обработайте `calltools convert`",
    ),
    "CT102": Wording(
        "there is no UserId, ClientId or Yclid column: not one dynamic call will be linked to a visit",
        "нет ни UserId, ни ClientId, ни Yclid: ни один динамический звонок не привяжется к визиту",
        "join ids from the CRM: `calltools convert --identifiers crm.xlsx`; for static numbers add StaticCall 1",
        "присоедините id из CRM: `calltools convert --identifiers crm.xlsx`; для статических номеров — StaticCall 1",
    ),
    "CT103": Wording(
        "Metrica knows no column {column}{near}, and one wrong title can spoil the whole file",
        "столбца {column} Метрика не знает{near}, а один неверный заголовок может испортить весь файл",
        "correct the title or remove the column",
        "исправьте заголовок или удалите столбец",
    ),
    "CT104": Wording(
        "the title {column} is documented as {detail}",
        "заголовок {column} в документации пишется {detail}",
        "write it so; `calltools convert` does",
        "напишите так же; `calltools convert` сделает это сам",
    ),
    "CT105": Wording(
        "the column {column} stands in the file twice (first as column {detail}); nobody knows which is taken",
        "столбец {column} в файле дважды (впервые — столбец {detail}), и неизвестно, какой из них возьмут",
        "remove or rename one of them",
        "удалите или переименуйте один из них",
    ),
    "CT106": Wording(
        "a column has no title: usually a row number that R or pandas wrote in front",
        "у столбца нет заголовка: обычно это номер строки, который дописали R или pandas",
        "remove the column; in pandas: to_csv(index=False)",
        "удалите столбец; в pandas: to_csv(index=False)",
    ),
    # -- CT2xx one cell ---------------------------------------------------------------
    "CT201": Wording(
        "ClientId {value} is not a number written in digits, so it is nobody's",
        "ClientId {value} — не число из цифр, такого посетителя нет",
        "take the value of the cookie _ym_uid; an id of your own belongs in UserId",
        "возьмите значение cookie _ym_uid; собственному id место в UserId",
    ),
    "CT202": Wording(
        "{column} {value} is 0, begins with 0, or is larger than Metrica's ids can be",
        "{column} {value}: это 0, число с нулём впереди или больше, чем бывают id Метрики",
        "leave the cell empty when the visitor is not known",
        "если посетитель неизвестен, оставьте ячейку пустой",
    ),
    "CT203": Wording(
        "{column} {value} has been turned into a number by a spreadsheet: the last digits are lost",
        "{column} {value}: таблица превратила id в число, последние цифры потеряны",
        "export again and import the column as text; widening this one does not bring the digits back",
        "выгрузите заново и загрузите столбец как текст: расширение столбца цифры не вернёт",
    ),
    "CT204": Wording(
        "ClientId {value} is an id of Google Analytics; Metrica knows nobody by it",
        "ClientId {value} — это id Google Analytics, Метрика по нему никого не знает",
        "take the column with Metrica's ClientID (ym_client_id, yaClientId, metrika_client_id)",
        "возьмите столбец с ClientID Метрики (ym_client_id, yaClientId, metrika_client_id)",
    ),
    "CT205": Wording(
        "Yclid {value} is not a number written in digits",
        "Yclid {value} — не число из цифр",
        "take the parameter yclid of the landing page's address alone; gclid and ymclid are other ids",
        "возьмите из адреса только параметр yclid; gclid и ymclid — другие id",
    ),
    "CT206": Wording(
        "UserId holds a control or invisible character, or white space around it: for Metrica that is another user",
        "в UserId управляющий или невидимый символ либо пробелы по краям: для Метрики это другой пользователь",
        "remove it where the id comes from; in Excel =TRIM(CLEAN(A1))",
        "уберите его там, откуда берётся id; в Excel =СЖПРОБЕЛЫ(ПЕЧСИМВ(A1))",
    ),
    "CT207": Wording(
        "{column} {value} has a decimal tail: a program read it as a number",
        "{column} {value}: дробный хвост, программа прочла id как число",
        "remove the tail and read the column as text (pandas: dtype=str)",
        "уберите хвост и читайте столбец как текст (pandas: dtype=str)",
    ),
    "CT208": Wording(
        "{column} {value} ends in zeros from the 16th digit on, as a spreadsheet leaves a long id",
        "{column} {value}: с 16-й цифры одни нули, так таблица оставляет длинный id",
        "compare it with its source; if the file went through Excel, export it again with the column as text",
        "сверьте с источником; если файл прошёл через Excel, выгрузите его заново, столбец — как текст",
    ),
    "CT209": Wording(
        "{column} {value} lies in a number cell, which keeps 15 digits: the last ones are already gone",
        "{column} {value} лежит в числовой ячейке, где хранится 15 цифр: последние уже потеряны",
        "export again; in Excel use Data, From Text/CSV, and set the column's type to Text before loading",
        "выгрузите заново; в Excel: Данные → Из текстового/CSV-файла, тип столбца — Текст до загрузки",
    ),
    "CT211": Wording(
        "DateTime is empty; Metrica refuses a call without its time",
        "DateTime пуст: звонок без времени Метрика не примет",
        "fill in the time of the call, or remove the record",
        "укажите время звонка или удалите запись",
    ),
    "CT212": Wording(
        "DateTime {value} is {word}, and Metrica takes whole Unix seconds in UTC",
        "DateTime {value} — {word}, а Метрика принимает целые секунды Unix по UTC",
        "`calltools convert --timezone ZONE`, with the zone of the file's clock, computes them",
        "`calltools convert --timezone ПОЯС` посчитает их; укажите пояс, по которому записано время",
    ),
    "CT213": Wording(
        "DateTime {value} holds {word}; read as seconds, the call lies thousands of years ahead",
        "DateTime {value} — это {word}: как секунды это время через тысячи лет",
        "divide by 1000, 1000000 or 1000000000 and write whole seconds",
        "разделите на 1000, 1000000 или 1000000000 и запишите целые секунды",
    ),
    "CT214": Wording(
        "DateTime {value} lies in the future; Metrica refuses such calls",
        "DateTime {value} — в будущем: такие звонки Метрика не принимает",
        'local time was probably taken for UTC: convert with --timezone; for another "now" give --as-of',
        "вероятно, местное время принято за UTC: конвертируйте с --timezone; для другого «сейчас» есть --as-of",
    ),
    "CT215": Wording(
        "DateTime {value} is zero, negative or before 2010: not the time of a call",
        "DateTime {value}: ноль, отрицательное число или до 2010 года — это не время звонка",
        "look which column of the export became DateTime",
        "проверьте, какой столбец выгрузки стал DateTime",
    ),
    "CT221": Wording(
        "Price {value} is not digits with a dot, and the call would come in without its revenue",
        "Price {value} — не цифры с точкой: звонок придёт без дохода",
        "write digits and a dot, no spaces, no sign of currency",
        "пишите цифры и точку, без пробелов и знака валюты",
    ),
    "CT222": Wording(
        "Price {value} is below zero",
        "Price {value} меньше нуля",
        "leave a refund out, or send the call again with the smaller amount",
        "возврат не передавайте; или передайте звонок ещё раз с меньшей суммой",
    ),
    "CT223": Wording(
        "Price {value} has more decimals than its currency has",
        "в Price {value} знаков после точки больше, чем бывает у этой валюты",
        "round it; look whether a thousands separator became the dot",
        "округлите; проверьте, не стал ли точкой разделитель тысяч",
    ),
    "CT231": Wording(
        "Currency {value} is no code of ISO 4217; Metrica then stores neither currency nor amount",
        "Currency {value} — не код ISO 4217: Метрика не сохранит ни валюту, ни сумму",
        "write RUB, KZT, BYN, USD, EUR or another code of three letters",
        "пишите RUB, KZT, BYN, USD, EUR или другой код из трёх букв",
    ),
    "CT232": Wording(
        "Currency {value} is not in capital letters",
        "Currency {value} — не заглавными буквами",
        "write capital letters",
        "пишите заглавными",
    ),
    "CT233": Wording(
        "Currency {value} has been replaced by {detail}",
        "валюту {value} заменила {detail}",
        "write its successor; if the amounts are in old money, recompute them",
        "пишите новую; если суммы в старых деньгах, пересчитайте их",
    ),
    "CT234": Wording(
        "Currency {value} is a code for metals, funds, tests or for no currency",
        "Currency {value} — код металла, фонда, тестов или отсутствия валюты",
        "write the currency of the amount, or leave Price and Currency empty",
        "укажите валюту суммы или оставьте Price и Currency пустыми",
    ),
    "CT241": Wording(
        "the phone {value} has no plus with a country code, so the same caller counts as another",
        "телефон {value} без плюса и кода страны: тот же человек посчитается другим",
        "say whose numbers they are: `calltools convert --region RU`; in Excel format the column as text first",
        "укажите, чьи это номера: `calltools convert --region RU`; в Excel сначала задайте столбцу формат «Текстовый»",
    ),
    "CT242": Wording(
        "the phone {value} holds spaces, brackets or hyphens; Metrica wants a plus and digits",
        "в телефоне {value} пробелы, скобки или дефисы, а Метрике нужны плюс и цифры",
        "leave the plus and the digits",
        "оставьте плюс и цифры",
    ),
    "CT243": Wording(
        "the phone {value} does not exist: no country has numbers of this length or code",
        "телефона {value} не бывает: ни в одной стране нет номеров такой длины или с таким кодом",
        "compare it with the call log; a truncated number cannot be completed",
        "сверьте с журналом звонков; обрезанный номер не восстановить",
    ),
    "CT244": Wording(
        "the phone {value} lies in a range that is assigned to nobody",
        "телефон {value} — из диапазона, который никому не выделен",
        "compare it with the call log; for a new range update phonenumberslite",
        "сверьте с журналом звонков; если диапазон новый, обновите phonenumberslite",
    ),
    "CT245": Wording(
        "PhoneNumber {value} is not a phone number with its area code",
        "PhoneNumber {value} — не телефонный номер с кодом города",
        "leave the cell empty for a withheld number; a city number needs its code",
        "для скрытого номера оставьте ячейку пустой; городскому номеру нужен код",
    ),
    "CT246": Wording(
        "the phone {value} was kept as a number: the plus is lost, and with an exponent the last digits too",
        "телефон {value} хранился числом: плюс потерян, а с экспонентой — и последние цифры",
        "keep the column as text; from 7.9E+10 nothing can be restored, export again",
        "храните столбец как текст; из 7,9E+10 номер не восстановить, выгрузите заново",
    ),
    "CT251": Wording(
        "{column} is 0 or 1, not {value}",
        "{column} — это 0 или 1, а не {value}",
        "write 1 for yes and 0 for no",
        "пишите 1 — да, 0 — нет",
    ),
    "CT261": Wording(
        "{column} {value} is not a whole number of seconds",
        "{column} {value} — не целое число секунд",
        "write seconds: 00:03:15 is 195; in Excel =ROUND(A1*86400,0)",
        "пишите секунды: 00:03:15 — это 195; в Excel =ОКРУГЛ(A1*86400;0)",
    ),
    "CT262": Wording(
        "{column} {value} is below zero",
        "{column} {value} меньше нуля",
        "leave the cell empty if the duration is not known",
        "если длительность неизвестна, оставьте ячейку пустой",
    ),
    "CT263": Wording(
        "{column} {value} is more than 24 hours",
        "{column} {value} — больше 24 часов",
        "look at the unit: it is probably milliseconds",
        "проверьте единицу: вероятно, это миллисекунды",
    ),
    "CT271": Wording(
        "{column} {value} is not a whole address with http:// or https://",
        "{column} {value} — не полный адрес с http:// или https://",
        "write the whole address",
        "пишите адрес целиком",
    ),
    "CT272": Wording(
        "{column} {value} holds a password or a token that everyone with access to the report will see",
        "в {column} {value} пароль или токен, и его увидит каждый, кому открыт отчёт",
        "remove the parameter, or leave the cell empty",
        "уберите параметр или оставьте ячейку пустой",
    ),
    "CT281": Wording(
        "{column} holds {value} in place of nothing; reports would show it as a value",
        "в {column} стоит {value} вместо пустоты: отчёты покажут это как значение",
        "leave the cell empty",
        "оставьте ячейку пустой",
    ),
    "CT282": Wording(
        "{column} begins with =, +, - or @: a spreadsheet would run it as a formula",
        "{column} начинается с =, +, - или @: таблица выполнит это как формулу",
        "nothing is needed for Metrica; put a word first if people open the file in Excel",
        "для Метрики ничего не нужно; если файл открывают в Excel, поставьте впереди слово",
    ),
    # -- CT3xx one record -------------------------------------------------------------
    "CT301": Wording(
        "the call has no UserId, ClientId or Yclid and cannot be linked to a visit",
        "у звонка нет ни UserId, ни ClientId, ни Yclid: к визиту его не привязать",
        "join ids with --identifiers FILE; for numbers that are not tied to visits: --static-call 1",
        "присоедините id: --identifiers ФАЙЛ; если номер не связан с визитами: --static-call 1",
    ),
    "CT302": Wording(
        "the call has more than one identifier; which one Metrica uses is not documented",
        "у звонка несколько идентификаторов; какой возьмёт Метрика, не описано",
        "nothing, if all mean the same visitor",
        "ничего, если все они об одном посетителе",
    ),
    "CT303": Wording(
        "there is a price without a currency; Metrica takes the counter's",
        "цена без валюты: Метрика возьмёт валюту счётчика",
        "fill in Currency, or give it once: --currency RUB",
        "заполните Currency или укажите её один раз: --currency RUB",
    ),
    "CT304": Wording(
        "there is a currency without a price",
        "валюта без цены",
        "look whether the price was lost on the way; otherwise nothing",
        "проверьте, не потерялась ли цена; если нет — ничего не нужно",
    ),
    "CT305": Wording(
        "the call is missed and yet talked {value} s",
        "звонок пропущен, а разговор — {value} с",
        "take the talk column of the export, not the total; ringing belongs in HoldDuration",
        "берите столбец разговора, а не общую длительность; гудкам место в HoldDuration",
    ),
    "CT306": Wording(
        "the call is answered and its talk is 0 s",
        "звонок принят, а разговор — 0 с",
        "nothing for single calls; for many, look which words of the export mean an answer by a person",
        "для отдельных звонков ничего; если их много, проверьте, что в выгрузке значит ответ человека",
    ),
    # -- CT4xx the whole file ---------------------------------------------------------
    "CT401": Wording(
        "the same identifier, time and phone stand already in record {detail0} ({place_en} {detail1})",
        "те же идентификатор, время и телефон уже есть в записи {detail0} ({place_ru} {detail1})",
        "remove one of them: Metrica counts both and cannot take a call back",
        "удалите одну из них: Метрика посчитает обе, а отозвать звонок нельзя",
    ),
    "CT402": Wording(
        "records of the file are identified by different columns: {detail}",
        "записи файла опознаются по разным столбцам: {detail}",
        "nothing for `calltools upload`, which sends each kind by itself; by hand, split the file",
        "для `calltools upload` ничего: он отправит каждый вид отдельно; вручную — разделите файл",
    ),
    "CT403": Wording(
        "every call is static ({calls}): Metrica will answer LINKAGE_FAILURE and show the calls all the same",
        "все звонки статические ({calls}): Метрика ответит LINKAGE_FAILURE, но звонки покажет",
        "nothing, if the numbers are not tied to visits",
        "ничего, если номера не связаны с визитами",
    ),
    "CT404": Wording(
        "all ids in {column} bear the mark of a rounding ({word}): none of them will find its visitor",
        "все id в {column} со следом округления ({word}): ни один не найдёт своего посетителя",
        "export again with the column as text; the lost digits cannot be computed",
        "выгрузите заново, столбец — как текст; потерянные цифры не вычислить",
    ),
    "CT405": Wording(
        "this phone is a first-time caller already in record {detail0} ({place_en} {detail1})",
        "этот телефон уже отмечен как первичный в записи {detail0} ({place_ru} {detail1})",
        "keep 1 in the earliest record only",
        "оставьте 1 только в самой ранней записи",
    ),
    # -- CT5xx what the service will not take -----------------------------------------
    "CT501": Wording(
        "the call is older than 21 days: its visit will probably not be found",
        "звонку больше 21 дня: его визит, скорее всего, не найдётся",
        "upload every day or week; if the file was meant for another day, give it: --as-of",
        "загружайте каждый день или неделю; если файл для другого дня, укажите его: --as-of",
    ),
    "CT502": Wording(
        "less than 48 hours are left of the 21 days for the oldest calls: {calls}",
        "из 21 дня осталось меньше 48 часов для самых старых звонков: {calls}",
        "upload now",
        "загрузите сейчас",
    ),
    # -- CT6xx mapping a vendor's export ----------------------------------------------
    "CT601": Wording(
        "the profile does not know the word {value} in the column {column}",
        "профиль не знает слова {value} в столбце {column}",
        "add it to the profile's table of values: guessing would make missed calls answered ones",
        "добавьте его в таблицу значений профиля: от догадки пропущенный звонок станет принятым",
    ),
    "CT602": Wording(
        "the time {value} happened twice in the zone, when clocks were set back",
        "время {value} в этом поясе было дважды: часы переводили назад",
        "take an export with UTC or with offsets; or decide by hand which of the two it was",
        "возьмите выгрузку с UTC или со смещением; или решите вручную, какое из двух это время",
    ),
    "CT603": Wording(
        "the time {value} never was in the zone: clocks were set forward over it",
        "времени {value} в этом поясе не было: часы перевели вперёд через него",
        "the zone is probably another one: look at --timezone",
        "вероятно, пояс другой: проверьте --timezone",
    ),
    "CT604": Wording(
        "the record itself proves another UTC offset ({detail}) than the zone given",
        "сама запись указывает на другое смещение от UTC ({detail}), чем заданный пояс",
        "look at --timezone, and at the clock of the exchange at that time",
        "проверьте --timezone и часы станции в то время",
    ),
    "CT605": Wording(
        "dates in the column {column} can be read day first and month first",
        "даты в столбце {column} можно прочесть и как день-месяц, и как месяц-день",
        "say which: --date-order dmy or mdy",
        "укажите порядок: --date-order dmy или mdy",
    ),
    "CT606": Wording(
        "no record of the file of identifiers fits this call by phone and time",
        "в файле идентификаторов нет записи, подходящей звонку по телефону и времени",
        "look whether both files cover the same days, and at --identifier-window",
        "проверьте, что файлы за одни и те же дни, и --identifier-window",
    ),
    "CT607": Wording(
        "several records with different identifiers fit this call equally well; none was taken",
        "звонку одинаково подходят несколько записей с разными идентификаторами; ни одна не взята",
        "look at these records: one phone is probably shared",
        "посмотрите эти записи: вероятно, телефон общий",
    ),
})

_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "semicolon": ("semicolon", "точка с запятой"), "tab": ("tab", "табуляция"), "pipe": ("pipe", "вертикальная черта"),
    "comma": ("comma", "запятая"),
    "iso-8601": ("a date of ISO 8601", "дата по ISO 8601"), "dotted-date": ("a date with dots", "дата с точками"),
    "slashed-date": ("a date with slashes", "дата с косыми чертами"),
    "excel-serial": ("a day number of a spreadsheet", "номер дня из таблицы"),
    "month-name": ("a date or text in words", "дата словами или текст"),
    "number": ("not a whole number", "не целое число"),
    "text": ("text", "текст"),
    "milliseconds": ("milliseconds", "миллисекунды"), "microseconds": ("microseconds", "микросекунды"),
    "nanoseconds": ("nanoseconds", "наносекунды"),
    "binary": ("all are exact doubles", "все — точные числа double"),
    "decimal": ("zeros from the 16th digit on", "с 16-й цифры нули"),
})

_REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "outgoing": ("outgoing", "исходящие"), "internal": ("internal", "внутренние"), "leg": ("legs", "плечи звонка"),
    "held": ("held back", "задержано"), "callback": ("callbacks", "обратные"), "not-call": ("not calls", "не звонки"),
    "robot": ("robots", "роботы"), "test": ("tests", "тестовые"),
})
# fmt: on

_COUNTS: Final = {
    "en": ("read", "written", "skipped", "rejected"),
    "ru": ("прочитано", "записано", "пропущено", "отклонено"),
}


def sentence(  # noqa: PLR0913 - the parts of a finding
    code: str, language: Language, *, value: str | None, after: str | None, column: str | None, detail: str | None
) -> str:
    """One finding in words.

    Args:
        code: The rule's.
        language: The reader's.
        value: The cell, masked.
        after: The repaired cell, masked.
        column: Its title in the file.
        detail: What the rule adds.
    """
    row = {"code": code, "value": value, "after": after, "column": column, "detail": detail}
    table = pa.table({name: pa.array([text], pa.string()) for name, text in row.items()})
    text: str = sentences(table, language)[0].as_py()
    return text


def sentences(findings: pa.Table, language: Language) -> Cells:
    """Findings of one rule in words, all at once.

    Args:
        findings: Columns ``code`` (the same in each), ``value``, ``column`` and ``detail``; masked already.
        language: The reader's.
    """
    if not findings.num_rows:
        return pa.array([], pa.string())
    wording = WORDING[findings["code"][0].as_py()]
    template = wording.ru if language == "ru" else wording.en
    parts = [_part(part, findings, language) for part in re.split(r"(\{\w+\})", template) if part]
    if all(isinstance(part, str) for part in parts):
        return pa.repeat(pa.scalar("".join(map(str, parts)), pa.string()), findings.num_rows)
    return pc.binary_join_element_wise(*parts, "")


def _part(part: str, findings: pa.Table, language: Language) -> str | Cells:
    if not (part.startswith("{") and part.endswith("}")):
        return part
    name = part[1:-1]
    if name in _PLACES:
        return _PLACES[name]
    if name in {"value", "column"}:
        return pc.fill_null(_whole(findings[name]), "")
    detail = pc.fill_null(_whole(findings["detail"]), "")
    if name in {"detail0", "detail1"}:
        return _nth(detail, int(name[-1]))
    return _DETAILS[name](detail, language)


def _meant(detail: Cells, language: Language) -> Cells:
    named = pc.binary_join_element_wise(" (может быть, " if language == "ru" else " (did you mean ", detail, ")", "")
    return pc.if_else(pc.equal(detail, ""), "", named)


def _counted(detail: Cells, language: Language) -> Cells:
    return pa.array([calls(int(text or 0), language) for text in detail.to_pylist()], pa.string())


_PLACES: Final = {"place_en": "line or row", "place_ru": "строка"}


def _whole(column: pa.ChunkedArray | pa.Array) -> Cells:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _nth(detail: Cells, number: int) -> Cells:
    pattern = r"^([^\x1f]*)\x1f?.*$" if number == 0 else r"^[^\x1f]*\x1f?(.*)$"
    return pc.replace_substring_regex(detail, pattern, r"\1")


def _worded(keys: Cells, language: Language) -> Cells:
    place = pc.index_in(keys, pa.array(list(_WORDS)))
    words = pa.array([pair[language == "ru"] for pair in _WORDS.values()])
    return pc.coalesce(pc.take(words, place), keys)


_DETAILS: Final = MappingProxyType(
    {"detail": lambda detail, _: detail, "near": _meant, "word": _worded, "calls": _counted}
)


FAMILIES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "0": ("the file", "файл"),
        "1": ("the header", "заголовки"),
        "2": ("one cell", "одна ячейка"),
        "3": ("one record", "одна запись"),
        "4": ("the whole file", "весь файл"),
        "5": ("what the service will not take", "чего не примет сервис"),
        "6": ("mapping a vendor's export", "разбор выгрузки сервиса"),
    }
)
SEVERITIES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"error": ("error", "ошибка"), "warning": ("warning", "предупреждение"), "note": ("note", "заметка")}
)
SECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Why": ("Why", "Почему"),
        "Example": ("Example", "Пример"),
        "Fix": ("Fix", "Что делать"),
        "Source": ("Source", "Источник"),
    }
)


def rule_title(rule: Rule, language: Language) -> str:
    """One line on a rule for the catalog."""
    if language == "en":
        return rule.summary
    text = re.sub(r"\s*[«\"(]?\{\w+\}[»\")]?", "", WORDING[rule.code].ru)
    return re.sub(r"\s+([,:;.])", r"\1", text).strip(" :—")


def advice(code: str, language: Language) -> str:
    """What to do about a rule's findings."""
    wording = WORDING[code]
    text = wording.advice_ru if language == "ru" else wording.advice_en
    return re.sub(r"\{\w+\}", "", text)


def plural(count: int, one: str, few: str, many: str) -> str:
    """A Russian noun with a number: 1 строка, 2 строки, 5 строк."""
    tens, units = count % 100, count % 10
    if units == 1 and tens != 11:
        return f"{count} {one}"
    if 2 <= units <= 4 and not 12 <= tens <= 14:
        return f"{count} {few}"
    return f"{count} {many}"


def calls(count: int, language: Language) -> str:
    """A number of calls."""
    if language == "ru":
        return plural(count, "звонок", "звонка", "звонков")
    return f"{count} call" + ("" if count == 1 else "s")


def counts_line(summary: Summary, language: Language) -> str:
    """The line that adds up: ``read 2834 = written 1780 + skipped 1040 (outgoing 1040) + rejected 14``."""
    read, written, skipped, rejected = _COUNTS[language]
    terms = [] if summary.written is None else [f"{written} {summary.written}"]
    if summary.skipped.total():
        terms.append(f"{skipped} {summary.skipped.total()} ({_reasons(summary.skipped, language)})")
    terms.append(f"{rejected} {summary.rejected}")
    if summary.written is None:
        return f"{read} {summary.read}, " + ", ".join(terms)
    return f"{read} {summary.read} = " + " + ".join(terms)


def _reasons(skipped: Counter[str], language: Language) -> str:
    named = (
        (_REASONS.get(reason, (reason, reason))[language == "ru"], count) for reason, count in skipped.most_common()
    )
    return ", ".join(f"{reason} {count}" for reason, count in named if count)
