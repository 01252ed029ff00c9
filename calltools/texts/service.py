"""Messages about Metrica's service, the token and the ledger."""

from typing import Final

MESSAGES: Final = {
    "token-missing": (
        "There is no token of Metrica. Put it into CALLTOOLS_TOKEN, or give --token-file FILE or --token-stdin.",
        "Нет токена Метрики. Поместите его в CALLTOOLS_TOKEN или укажите --token-file ФАЙЛ или --token-stdin.",
    ),
    "token-malformed": (
        "What stands in {where} is no token: a token is one line of latin letters, digits and signs, without spaces "
        "and without the word OAuth.",
        "В {where} не токен: токен — это одна строка из латинских букв, цифр и знаков, без пробелов и без слова OAuth.",
    ),
    "token-file-open": (
        "The token file {path} can be read by others (mode {mode}). Close it: chmod 600 {path}.",
        "Файл с токеном {path} доступен другим (права {mode}). Закройте его: chmod 600 {path}.",
    ),
    "token-file-unreadable": (
        "The token file {path} cannot be read: {reason}.",
        "Файл с токеном {path} не читается: {reason}.",
    ),
    "keyring-unusable": (
        "The system keyring gives no token ({reason}). Use CALLTOOLS_TOKEN, --token-file or --token-stdin.",
        "Системное хранилище паролей не отдаёт токен ({reason}). Используйте CALLTOOLS_TOKEN, --token-file или "
        "--token-stdin.",
    ),
    "api-url-wrong": (
        "CALLTOOLS_API_URL must be https://HOST with nothing but a port and a path after it.",
        "CALLTOOLS_API_URL — это https://ХОСТ, после которого могут стоять только порт и путь.",
    ),
    "api-url-open": (
        "CALLTOOLS_API_URL: http:// to {host} would send phone numbers and the token unprotected. It is allowed only "
        "to this machine (127.0.0.1, localhost); write https://.",
        "CALLTOOLS_API_URL: по http:// на {host} номера и токен ушли бы незащищёнными. Так можно только на свою "
        "машину (127.0.0.1, localhost); напишите https://.",
    ),
    "ca-file-unreadable": (
        "--ca-file {path} holds no certificate in PEM form that can be read ({reason}).",
        "В --ca-file {path} нет читаемого сертификата в формате PEM ({reason}).",
    ),
    "service-says": ("The service says: {answer}", "Ответ сервиса: {answer}"),
    "service-file-refused": (
        "The service refused the file (HTTP {status}); none of its calls was stored. Mend it and send it again.",
        "Сервис не принял файл (HTTP {status}); ни один звонок не сохранён. Исправьте файл и отправьте снова.",
    ),
    "service-file-large": (
        "The file is too large for the service (HTTP {status}); none of its calls was stored. Send fewer at a time.",
        "Файл слишком велик для сервиса (HTTP {status}); ни один звонок не сохранён. Отправляйте меньшими частями.",
    ),
    "service-token-refused": (
        "The service does not accept the token (HTTP {status}): it has expired, was withdrawn or is mistyped. Get a "
        "new one; nothing was stored.",
        "Сервис не принимает токен (HTTP {status}): он истёк, отозван или записан с ошибкой. Получите новый; "
        "ничего не сохранено.",
    ),
    "service-access-denied": (
        "The service does not let this token do that (HTTP {status}); nothing was stored. The token needs the right "
        "metrika:offline_data or metrika:write, and its account the right to edit the counter.",
        "Сервис не разрешает это с таким токеном (HTTP {status}); ничего не сохранено. Токену нужно право "
        "metrika:offline_data или metrika:write, а его владельцу — право изменять счётчик.",
    ),
    "service-not-found": (
        "The service knows no such counter or uploading (HTTP {status}). Check the number, and that the token belongs "
        "to an account that sees the counter.",
        "Сервис не знает такого счётчика или загрузки (HTTP {status}). Проверьте номер и то, что владельцу токена "
        "этот счётчик доступен.",
    ),
    "service-refused": (
        "The service refused the request (HTTP {status}); nothing was stored.",
        "Сервис отклонил запрос (HTTP {status}); ничего не сохранено.",
    ),
    "service-redirect": (
        "{host} points to another address (HTTP {status}). calltools follows no redirects, so that calls and token "
        "reach nobody else. Check CALLTOOLS_API_URL and the network.",
        "{host} отсылает на другой адрес (HTTP {status}). calltools не следует перенаправлениям, чтобы звонки и токен "
        "не попали к чужим. Проверьте CALLTOOLS_API_URL и сеть.",
    ),
    "service-quota": (
        "The limit of requests is used up (HTTP {status}); nothing was stored. Run again after {until}.",
        "Лимит запросов исчерпан (HTTP {status}); ничего не сохранено. Запустите снова после {until}.",
    ),
    "service-quota-soon": (
        "The service asks for fewer requests (HTTP {status}); nothing was stored. Run again in a few minutes.",
        "Сервис просит реже слать запросы (HTTP {status}); ничего не сохранено. Запустите снова через несколько минут.",
    ),
    "service-no-connection": (
        "No connection to {host} ({reason}); nothing was sent. Check the network and run again.",
        "Нет соединения с {host} ({reason}); ничего не отправлено. Проверьте сеть и запустите снова.",
    ),
    "service-untrusted": (
        "The certificate of {host} is not trusted ({reason}); nothing was sent. If it was issued by your own "
        "authority, give its certificate by --ca-file.",
        "Сертификату {host} нет доверия ({reason}); ничего не отправлено. Если его выдал ваш собственный центр, "
        "укажите сертификат центра: --ca-file.",
    ),
    "service-broken": (
        "The connection to {host} broke before the answer was there. Run again.",
        "Соединение с {host} оборвалось до ответа. Запустите снова.",
    ),
    "service-silent": (
        "{host} did not answer in time. Run again later, or give it longer by --timeout.",
        "{host} не ответил вовремя. Запустите позже или дайте больше времени: --timeout.",
    ),
    "service-down": (
        "{host} has a fault of its own (HTTP {status}). Run again later.",
        "На {host} своя ошибка (HTTP {status}). Запустите позже.",
    ),
    "service-nonsense": (
        "The answer of {host} is not one of Metrica's (HTTP {status}). Check CALLTOOLS_API_URL, or run again later.",
        "Ответ {host} не похож на ответ Метрики (HTTP {status}). Проверьте CALLTOOLS_API_URL или запустите позже.",
    ),
    "service-list-endless": (
        "The list of uploadings has no end ({count} so far). Run again later.",
        "Список загрузок не кончается (уже {count}). Запустите позже.",
    ),
    "unclear-held": (
        "It is not known whether the calls arrived, so they are not sent again by themselves: "
        "`calltools uploads resume` looks for them.",
        "Неизвестно, дошли ли звонки, поэтому сами они повторно не отправляются: `calltools uploads resume` поищет их.",
    ),
    "unclear-broken": (
        "The connection to {host} broke after {sent} of {size} bytes, without an answer.",
        "Соединение с {host} оборвалось после {sent} из {size} байт, ответа не было.",
    ),
    "unclear-silent": (
        "{host} did not answer in time ({sent} of {size} bytes were sent).",
        "{host} не ответил вовремя (отправлено {sent} из {size} байт).",
    ),
    "unclear-status": (
        "{host} answered with HTTP {status}, which does not say whether the calls were stored.",
        "{host} ответил HTTP {status}; из этого не видно, сохранены ли звонки.",
    ),
    "unclear-answer": (
        "{host} answered with HTTP {status}, but not with an uploading of Metrica's.",
        "{host} ответил HTTP {status}, но это не ответ Метрики о загрузке.",
    ),
    "unclear-cut": (
        "The answer of {host} (HTTP {status}) broke off.",
        "Ответ {host} (HTTP {status}) оборвался.",
    ),
    "unclear-file": (
        "The copy of the calls could not be read to its end while it was sent ({sent} of {size} bytes).",
        "Копию звонков не удалось дочитать во время отправки ({sent} из {size} байт).",
    ),
    "ledger-network": (
        "The state folder {path} lies on a network file system ({kind}), where a crash could lose what was sent. "
        "Name a local folder in CALLTOOLS_STATE_DIR. Nothing was sent.",
        "Папка состояния {path} лежит на сетевой файловой системе ({kind}): при сбое память об отправке может "
        "пропасть. Укажите локальную папку в CALLTOOLS_STATE_DIR. Ничего не отправлено.",
    ),
    "ledger-unusable": (
        "The state folder {path} cannot be used: {reason}. Free it or name another in CALLTOOLS_STATE_DIR.",
        "Папкой состояния {path} нельзя пользоваться: {reason}. Исправьте это или укажите другую в "
        "CALLTOOLS_STATE_DIR.",
    ),
    "ledger-damaged": (
        "The memory of the uploads in {path} is damaged, so calls could be sent twice. Nothing was sent. Restore the "
        "folder from a backup; without one, move it away only if no call of it may be sent again by mistake.",
        "Память о загрузках в {path} повреждена: звонки могли бы уйти дважды. Ничего не отправлено. Восстановите "
        "папку из резервной копии; если её нет, убирайте папку, только если повторная отправка исключена.",
    ),
    "ledger-key-lost": (
        "The key {path} is missing or is not the one that the ledger was written with, so known calls cannot be told "
        "from new ones. Nothing was sent. Restore the key from a backup.",
        "Ключа {path} нет, или журнал загрузок написан с другим ключом: известные звонки не отличить от новых. "
        "Ничего не отправлено. Восстановите ключ из резервной копии.",
    ),
    "ledger-newer": (
        "The ledger was written by a later version of calltools (form {version}, this one knows {known}). Nothing was "
        "sent. Update calltools.",
        "Журнал загрузок записан более новой версией calltools (форма {version}, эта знает {known}). Ничего не "
        "отправлено. Обновите calltools.",
    ),
    "ledger-busy": (
        "Another process has kept the ledger in {path} busy for too long. Run again when it has ended.",
        "Другой процесс слишком долго занимает журнал загрузок в {path}. Повторите, когда он закончит.",
    ),
    "ledger-locked": (
        "Process {pid} is uploading to counter {counter}. Nothing was sent. Run again when it has ended.",
        "В счётчик {counter} уже загружает процесс {pid}. Ничего не отправлено. Повторите, когда он закончит.",
    ),
    "ledger-locked-somehow": (
        "Another process has just begun to upload to counter {counter}. Nothing was sent. Run again when it has ended.",
        "Другой процесс только что начал загрузку в счётчик {counter}. Ничего не отправлено. Повторите, когда он "
        "закончит.",
    ),
    "ledger-plan-stale": (
        "Since the upload of {path} was planned, another upload has taken some of its calls. Nothing was sent. Run "
        "again.",
        "После составления плана для {path} часть его звонков взяла другая загрузка. Ничего не отправлено. Повторите.",
    ),
    "ledger-part-damaged": (
        "The stored copy of the calls of {name} is gone or altered. Nothing was sent of it.",
        "Сохранённая копия звонков {name} пропала или изменена. Из неё ничего не отправлено.",
    ),
    "ledger-not-held": (
        "{name} is not held, it is {state}: there is nothing to decide. `calltools uploads list` shows what is held.",
        "{name} не ждёт решения, её состояние — {state}. Что ждёт решения, покажет `calltools uploads list`.",
    ),
    "ledger-unknown-id": (
        "There is no upload {name}. `calltools uploads list` shows them all.",
        "Загрузки {name} нет. Все загрузки показывает `calltools uploads list`.",
    ),
    "doctor-ledger": (
        "ledger: {folder}, uploads {count}, held {held}",
        "журнал загрузок: {folder}, загрузок {count}, отложено {held}",
    ),
    "doctor-ledger-fault": ("ledger is damaged: {fault}", "журнал загрузок повреждён: {fault}"),
    "doctor-token-there": (
        "token: there; give --counter N to try it",
        "токен: есть; чтобы проверить его, укажите --counter N",
    ),
    "doctor-counter": (
        "counter {counter}: the token works, permission {permission}, time zone {zone}",
        "счётчик {counter}: токен действует, права {permission}, часовой пояс {zone}",
    ),
    "doctor-no-right": (
        "with the permission {permission} nothing can be uploaded: own or edit is needed",
        "с правами {permission} загружать нельзя: нужны own или edit",
    ),
    "doctor-clock": (
        "clock: agrees with that of the service to {seconds} s",
        "часы: расходятся с часами сервиса не больше чем на {seconds} с",
    ),
    "doctor-clock-ahead": (
        "clock: {seconds} s ahead of that of the service. Times of calls and the terms of held uploads are judged by "
        "it: set the clock of this machine.",
        "часы: на {seconds} с впереди часов сервиса. По ним судят о времени звонков и о сроках отложенных загрузок: "
        "выставьте время на этой машине.",
    ),
    "doctor-clock-behind": (
        "clock: {seconds} s behind that of the service. Times of calls and the terms of held uploads are judged by "
        "it: set the clock of this machine.",
        "часы: на {seconds} с позади часов сервиса. По ним судят о времени звонков и о сроках отложенных загрузок: "
        "выставьте время на этой машине.",
    ),
    "doctor-clock-unknown": (
        "clock: the service's answer bears no time to compare with",
        "часы: в ответе сервиса нет времени, сравнить не с чем",
    ),
}
