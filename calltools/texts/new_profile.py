"""Questions of `vendors new`, and the comments in the profile that it writes."""

from typing import Final

MESSAGES: Final = {
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
}
