"""Messages about vendors and their profiles."""

from typing import Final

MESSAGES: Final = {
    "profile-not-toml": (
        "this is not TOML: {reason}",
        "это не TOML: {reason}",
    ),
    "profile-missing": (
        "{what} is missing",
        "не хватает {what}",
    ),
    "profile-unknown-word": (
        "the vocabulary has no such word; the nearest is {near}",
        "такого слова в словаре нет; ближайшее — {near}",
    ),
    "profile-not-a-table": (
        "a table is expected",
        "здесь должна быть таблица",
    ),
    "profile-not-a-list": (
        "a list is expected",
        "здесь должен быть список",
    ),
    "profile-not-text": (
        "a text in quotes is expected, or a list of texts",
        "здесь должен быть текст в кавычках или список текстов",
    ),
    "profile-not-one-of": (
        "one of these is expected: {allowed}",
        "здесь должно быть одно из: {allowed}",
    ),
    "profile-one-pick": (
        "exactly one of these is expected: {picks}",
        "здесь должно быть ровно одно из: {picks}",
    ),
    "profile-two-columns": (
        "a list of two columns is expected, the later time first",
        "здесь должны быть два столбца, первым — более позднее время",
    ),
    "profile-layout": (
        "{layout} is no layout of a time; write %d.%m.%Y %H:%M:%S and the like, unix or iso",
        "{layout} — не формат времени; пишите %d.%m.%Y %H:%M:%S и подобное, unix или iso",
    ),
    "profile-pattern": (
        "the pattern cannot be read: {reason}",
        "шаблон не читается: {reason}",
    ),
    "profile-one-group": (
        "the pattern needs exactly one group in brackets",
        "в шаблоне должна быть ровно одна группа в скобках",
    ),
    "profile-no-such-column": (
        "the shape has no such column; the nearest is {near}",
        "такого столбца среди названий нет; ближайший — {near}",
    ),
    "vendor-unknown-name": (
        "No vendor is called {name} (nearest: {near}). Known: {names}. A path of your own profile ends in .toml.",
        "Сервиса {name} нет (ближайший: {near}). Известны: {names}. Путь к своему профилю кончается на .toml.",
    ),
    "vendor-none": (
        "No known export has this header: {titles}. Name the vendor with --vendor (calltools vendors list), use "
        "--vendor none for a canonical file, or make a profile: calltools vendors new FILE.",
        "Среди известных выгрузок нет такой, с заголовками: {titles}. Назовите сервис: --vendor (calltools vendors list); для файла в "
        "формате Метрики есть --vendor none; свой профиль делает calltools vendors new ФАЙЛ.",
    ),
    "vendor-headless": (
        "The first line is a record and not a header, and no known export without a header has {count} columns that look "
        "so. By their place alone columns are not guessed: where a program joined values with commas, they shift. "
        "Export with a header or as JSON, or describe the columns: calltools vendors new FILE.",
        "Первая строка — запись, а не заголовок, и ни одна известная выгрузка без заголовка не состоит из {count} таких "
        "столбцов. По одному месту столбцы не угадываются: там, где программа склеила значения запятыми, они "
        "сдвигаются. Выгрузите с заголовком или в JSON либо опишите столбцы: calltools vendors new ФАЙЛ.",
    ),
    "vendor-headless-named": (
        "This is not an export of {vendor}: the first line is a record and not a header, and its exports without a "
        "header do not have {count} columns that look so. By their place alone columns are not guessed: where a program "
        "joined values with commas, they shift. Export with a header or as JSON. calltools vendors detect FILE says "
        "which one fits.",
        "Это не выгрузка {vendor}: первая строка — запись, а не заголовок, и в его выгрузках без заголовка нет {count} "
        "таких столбцов. По одному месту столбцы не угадываются: там, где программа склеила значения запятыми, они "
        "сдвигаются. Выгрузите с заголовком или в JSON. Какой профиль подходит, скажет calltools vendors detect ФАЙЛ.",
    ),
    "vendor-none-near": (
        "No known export has this header: {titles}. The nearest is {near}, which also needs {missing}: export again with "
        "these columns, or make a profile: calltools vendors new FILE.",
        "Среди известных выгрузок нет такой, с заголовками: {titles}. Ближе всех {near}, но ей нужны ещё столбцы {missing}: выгрузите "
        "файл снова вместе с ними или сделайте свой профиль: calltools vendors new ФАЙЛ.",
    ),
    "vendor-several": (
        "Several profiles fit this header: {names}. Say which: --vendor NAME.",
        "Этим заголовкам подходят несколько профилей: {names}. Укажите один: --vendor ИМЯ.",
    ),
    "vendor-misfit": (
        "This is not an export of {vendor}: it needs the columns {missing}, the file has {titles}. "
        "calltools vendors detect FILE says which one fits.",
        "Это не выгрузка {vendor}: ей нужны столбцы {missing}, а в файле {titles}. "
        "Какой профиль подходит, скажет calltools vendors detect ФАЙЛ.",
    ),
    "vendor-misfit-other": (
        "This is not an export of {vendor}: it needs the columns {missing}, the file has {titles}. "
        "The header is that of {other}: --vendor {other}.",
        "Это не выгрузка {vendor}: ей нужны столбцы {missing}, а в файле {titles}. "
        "Заголовки как у {other}: --vendor {other}.",
    ),
    "vendor-without": (
        "There is no converter for {title}: {reason}. If you have its export, describe it: "
        "`calltools vendors new FILE -o my.toml`, then --vendor my.toml.",
        "Для {title} конвертера нет: {reason}. Если у вас есть его выгрузка, опишите её: "
        "`calltools vendors new ФАЙЛ -o my.toml`, затем --vendor my.toml.",
    ),
    "vendors-without": (
        "Known by name, without a converter:",
        "Известны по названию, но конвертера нет:",
    ),
    "vendors-also": ("Also: {names}", "Другие имена: {names}"),
    "vendors-own": ("Your own profile: {path}", "Ваш собственный профиль: {path}"),
    "vendors-more": (
        "The mapping of one of them: calltools vendors show NAME. Which one a file is: calltools vendors detect FILE. "
        "A profile of your own: calltools vendors new FILE.",
        "Что из чего берётся: calltools vendors show ИМЯ. Чья это выгрузка: calltools vendors detect ФАЙЛ. "
        "Свой профиль: calltools vendors new ФАЙЛ.",
    ),
    "incoming-unknown-there": (
        "An export of {vendor} does not say which calls are incoming. Name the contexts in the column {column}: "
        "--inbound-context NAME, or your own numbers: --own-number X (both repeatable). Contexts at the beginning "
        "of the file: {there}.",
        "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите контексты из столбца {column}: "
        "--inbound-context ИМЯ, или свои номера: --own-number X (оба можно повторять). Контексты в начале файла: "
        "{there}.",
    ),
    "incoming-unknown": (
        "An export of {vendor} does not say which calls are incoming. Name the contexts in the column {column}: "
        "--inbound-context NAME, or your own numbers: --own-number X (both repeatable).",
        "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите контексты из столбца {column}: "
        "--inbound-context ИМЯ, или свои номера: --own-number X (можно повторять).",
    ),
    "called-unknown": (
        "An export of {vendor} does not say which calls are incoming. Give your own numbers as they stand in the "
        "column {column}: --own-number X (repeatable).",
        "В выгрузке {vendor} не сказано, какие звонки входящие. Назовите свои номера так, как они записаны "
        "в столбце {column}: --own-number X (можно повторять).",
    ),
    "timezone-needed": (
        "Times of this {vendor} export are wall-clock times and do not say their zone. Give it, for example --timezone Europe/Moscow.",
        "Время в этой выгрузке {vendor} местное, и пояс не указан. Задайте его, например --timezone Europe/Moscow.",
    ),
    "timezone-needed-suggested": (
        "Times of this {vendor} export are wall-clock times and do not say their zone. The ids of its records agree on "
        "--timezone {suggestion}: if that is right, give it.",
        "Время в этой выгрузке {vendor} местное, и пояс не указан. Id записей указывают на --timezone {suggestion}: "
        "если это верно, задайте его.",
    ),
    "zone-contradicted": (
        "The zone {zone} contradicts the file: the ids of its records prove UTC{offset}. Give --timezone {suggestion}.",
        "Пояс {zone} противоречит файлу: id записей указывают на UTC{offset}. Задайте --timezone {suggestion}.",
    ),
    "detected": (
        "{path} is an export of {vendor}: --vendor {vendor}",
        "{path} — выгрузка {vendor}: --vendor {vendor}",
    ),
    "detected-by-header": ("known by the columns {columns}", "узнана по столбцам {columns}"),
    "detected-by-shape": (
        "there is no header: known by the number of columns and the look of their cells",
        "заголовков нет: узнана по числу столбцов и виду ячеек",
    ),
    "detected-none": (
        "{path} is no export that is known. A profile of your own: calltools vendors new {path}",
        "{path} — неизвестная выгрузка. Свой профиль: calltools vendors new {path}",
    ),
    "not-detected": (
        "not {vendor}: missing {missing}; found {there}",
        "не {vendor}: нет {missing}; есть {there}",
    ),
    "not-detected-at-all": (
        "less than half of their columns is here: {vendors}",
        "нет и половины нужных столбцов: {vendors}",
    ),
    "vendor-known-by": ("Known by the columns {columns}", "Узнаётся по столбцам {columns}"),
    "vendor-or": ("or", "или"),
    "vendor-incoming": ("incoming", "входящие"),
    "vendor-says-timezone": (
        "Times do not say their zone: --timezone ZONE is needed.",
        "Время без пояса: нужен --timezone ПОЯС.",
    ),
    "vendor-says-incoming": (
        "The direction is not said: --own-number NUMBER or, where contexts are known, --inbound-context NAME is needed.",
        "Направление не указано: нужен --own-number НОМЕР или, если известны контексты, --inbound-context ИМЯ.",
    ),
    "vendor-says-currency": (
        "Price is taken only with --currency RUB or the like.",
        "Price берётся только с --currency RUB или другой валютой.",
    ),
    "vendor-says-identifiers": (
        "There are no identifiers: --identifiers FILE joins them, --static-call 1 sends calls without them.",
        "Идентификаторов нет: --identifiers ФАЙЛ присоединит их, --static-call 1 пропустит звонки без них.",
    ),
    "detected-canonical": (
        "{path} has a canonical header: no vendor is needed.",
        "У {path} заголовки в формате Метрики: сервис указывать не нужно.",
    ),
    "trials": (
        "{vendor}: {good} of {count} examples came out as expected",
        "{vendor}: примеров сошлось {good} из {count}",
    ),
    "trial-failed": (
        "  example {number} ({why}): {field} should be {expected}, and is {got}",
        "  пример {number} ({why}): {field} должно быть {expected}, а получилось {got}",
    ),
    "nothing-to-propose": (
        "{path} holds no calls to look at, or a workbook without a header. Give a sample with a header and some calls.",
        "В {path} нет звонков, или это книга без заголовков. Дайте пример с заголовками и несколькими звонками.",
    ),
}
