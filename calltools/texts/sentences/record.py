"""Sentences of the rules on records, whole files, the service and the mapping."""

from typing import Final

from calltools.texts import RuleSentence

# fmt: off
RECORD_SENTENCES: Final = {
    # -- CT3xx one record -------------------------------------------------------------
    "CT301": RuleSentence(
        "the call has no UserId, ClientId or Yclid and cannot be linked to a visit",
        "у звонка нет ни UserId, ни ClientId, ни Yclid: к визиту его не привязать",
        "join ids with --identifiers FILE; for numbers not tied to visits --static-call 1 is enough",
        "присоедините id: --identifiers ФАЙЛ; если номер не связан с визитами, хватит --static-call 1",
    ),
    "CT302": RuleSentence(
        "the call has more than one identifier; which one Metrica uses is not documented",
        "у звонка несколько идентификаторов; какой возьмёт Метрика, не описано",
        "nothing to do if all are of the same visitor",
        "если все они одного посетителя, ничего делать не нужно",
    ),
    "CT303": RuleSentence(
        "there is a price without a currency; Metrica takes the counter's",
        "цена без валюты: Метрика возьмёт валюту счётчика",
        "fill in Currency, or give it once: --currency RUB",
        "заполните Currency или укажите её один раз: --currency RUB",
    ),
    "CT304": RuleSentence(
        "there is a currency without a price",
        "валюта без цены",
        "check whether the price was lost on the way; if not, nothing to do",
        "проверьте, не потерялась ли цена; если нет, ничего делать не нужно",
    ),
    "CT305": RuleSentence(
        "the call is marked as missed, and yet its talk is {value} s",
        "звонок отмечен пропущенным, а разговор — {value} с",
        "take the talk column of the export, not the total; ringing belongs in HoldDuration",
        "берите столбец разговора, а не общую длительность; гудкам место в HoldDuration",
    ),
    "CT306": RuleSentence(
        "the call is marked as answered, and its talk is 0 s",
        "звонок отмечен принятым, а разговор — 0 с",
        "nothing to do for single calls; if they are many, check which words of the export mean an answer by a person",
        "если таких звонков мало, ничего; если много, проверьте, какие слова выгрузки значат ответ человека",
    ),
    # -- CT4xx the whole file ---------------------------------------------------------
    "CT401": RuleSentence(
        "the same identifier, time and phone are already in record {detail0}{place1}",
        "те же идентификатор, время и телефон уже есть в записи {detail0}{place1}",
        "remove one of them: Metrica counts both and cannot take a call back",
        "удалите одну из них: Метрика посчитает обе, а отозвать звонок нельзя",
    ),
    "CT402": RuleSentence(
        "records of the file are identified by different columns: {detail}",
        "записи файла опознаются по разным столбцам: {detail}",
        "nothing to do for `calltools upload`, which sends each kind by itself; to upload by hand, split the file",
        "для `calltools upload` ничего делать не нужно: он отправит каждый вид отдельно; вручную — разделите файл",
    ),
    "CT403": RuleSentence(
        "every call is static ({calls}): Metrica will answer LINKAGE_FAILURE and show the calls all the same",
        "все звонки статические ({calls}): Метрика ответит LINKAGE_FAILURE, но звонки покажет",
        "nothing to do if the numbers are not tied to visits",
        "если номера не связаны с визитами, ничего делать не нужно",
    ),
    "CT404": RuleSentence(
        "all ids in {column} bear the mark of rounding ({word}): none of them will find its visitor",
        "на всех id в {column} след округления ({word}): ни один не найдёт своего посетителя",
        "export again with the column as text; the lost digits cannot be computed",
        "выгрузите заново со столбцом в виде текста; потерянные цифры не вычислить",
    ),
    "CT405": RuleSentence(
        "this phone is a first-time caller already in record {detail0}{place1}",
        "этот телефон уже отмечен как звонящий впервые в записи {detail0}{place1}",
        "keep 1 in the earliest record only",
        "оставьте 1 только в самой ранней записи",
    ),
    # -- CT5xx what the service will not take -----------------------------------------
    "CT501": RuleSentence(
        "the call is older than 21 days: its visit will probably not be found",
        "звонку больше 21 дня: его визит, скорее всего, не найдётся",
        "upload every day or week; if the file was meant for another day, name it: --as-of TIME",
        "загружайте каждый день или неделю; если файл готовили к другому дню, укажите его: --as-of",
    ),
    "CT502": RuleSentence(
        "for the oldest calls less than 48 hours are left of the 21 days: {calls}",
        "для самых старых звонков из 21 дня осталось меньше 48 часов: {calls}",
        "upload now",
        "загрузите сейчас",
    ),
    # -- CT6xx mapping a vendor's export ----------------------------------------------
    "CT601": RuleSentence(
        "the profile does not know the word {value} in the column {column}",
        "профиль не знает слова {value} в столбце {column}",
        "add it to the profile's table of values: a guess could make missed calls answered ones",
        "добавьте его в таблицу значений профиля: от догадки пропущенный звонок может стать принятым",
    ),
    "CT602": RuleSentence(
        "the time {value} happened twice in the zone, when clocks were set back",
        "время {value} в этом поясе было дважды: часы переводили назад",
        "take an export with UTC or with offsets; or decide by hand which of the two it was",
        "возьмите выгрузку с UTC или со смещением; или решите вручную, какое из двух это время",
    ),
    "CT603": RuleSentence(
        "the time {value} never was in the zone: clocks were set forward over it",
        "времени {value} в этом поясе не было: часы перевели вперёд",
        "the zone is probably another one: check --timezone",
        "вероятно, пояс другой: проверьте --timezone",
    ),
    "CT604": RuleSentence(
        "the record itself proves another UTC offset ({detail}) than the zone given",
        "сама запись указывает на другое смещение от UTC ({detail}), чем заданный пояс",
        "check --timezone, and the clock of the PBX at that time",
        "проверьте --timezone и часы АТС в то время",
    ),
    "CT605": RuleSentence(
        "dates in the column {column} can be read day first and month first",
        "даты в столбце {column} можно прочесть и как день-месяц, и как месяц-день",
        "say which: --date-order dmy or mdy",
        "укажите порядок: --date-order dmy или mdy",
    ),
    "CT606": RuleSentence(
        "no record of the file of identifiers fits this call by phone and time",
        "в файле идентификаторов нет записи, подходящей звонку по телефону и времени",
        "check whether both files cover the same days, and --identifier-window",
        "проверьте, что файлы за одни и те же дни, и --identifier-window",
    ),
    "CT607": RuleSentence(
        "several records with different identifiers fit this call equally well; none was taken",
        "звонку одинаково подходят несколько записей с разными идентификаторами; ни одна не взята",
        "look at these records: the phone is probably shared",
        "посмотрите эти записи: вероятно, телефон общий",
    ),
}
# fmt: on
